/*
 * NAME
 *	promise - whether no session breaks what a rule file promises ("never")
 *
 * DESCRIPTION
 *	A promise holds where a survey of every session that could be finds none that
 *	it speaks of and whose recipient is accepted.  Where one is found, it is shown:
 *	the shortest, and the engine has confirmed it as it would judge it live.
 */
#ifndef POLICY_PROMISE_H
#define POLICY_PROMISE_H

#include "policy/witness.h"

struct promise;
struct world;

enum promise_state {
	PROMISE_HOLDS,
	PROMISE_BROKEN,     /* by a session that is shown */
	PROMISE_NOT_PROVED, /* only by sessions for which no value was found, or there was too much to try */
	PROMISE_NO_MEMORY,
};
#define PROMISE_STATE_COUNT (PROMISE_NO_MEMORY + 1)

/*
 * Checks a promise of the rule set that the world was made for.  *ret_witness and
 * *ret_course, what accepts it, are written where PROMISE_BROKEN is returned.
 */
enum promise_state promise_check(const struct world *world, const struct promise *promise, struct witness *ret_witness,
                                 struct witness_course *ret_course);

#endif
