/*
 * NAME
 *	compare - which sessions two rule sets judge differently
 *
 * DESCRIPTION
 *	Every session that could be is judged by both: by the listener that each rule
 *	set chooses for it, whatever it is called.  A session differs where the verdict
 *	of its first refusal, or its reply, does; names of tables, listeners and rules,
 *	and the order of what does not meet, make no difference (but a listener's name
 *	does in a reply that has it).  A session is in exactly one difference, or in none.
 *
 *	Addresses are taken as they are written (policy/session.h, "two readings").
 *
 * OWNERSHIP
 *	The result refers to the rule sets and to the grids that it has.
 */
#ifndef POLICY_COMPARE_H
#define POLICY_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/decide.h"
#include "policy/doors.h"
#include "policy/party.h"

struct ruleset;

enum compare_side {
	SIDE_OLD,
	SIDE_NEW,
};

/* Of which sessions a difference speaks, as to looking up the client's name. */
enum name_lookup {
	LOOKUP_ANY,    /* however it ends; what is said of the name does not hold where it failed */
	LOOKUP_DONE,   /* the name was found, or that there is none */
	LOOKUP_FAILED, /* it could not be looked up just now */
};

/* What made decisions that are alike, in the order in which it stands in the files; of many only the first. */
#define DECIDERS 3
struct deciders {
	struct decision list[DECIDERS];
	size_t count;
	bool more;
};

struct difference {
	const struct listener *listeners[WORLD_SIDES]; /* that judge; NULL: none does */
	const struct door *door;
	bool local; /* mail submitted on the machine itself */
	bool authenticated;
	bool relay[WORLD_SIDES]; /* how each takes the recipient */
	unsigned relay_kinds;    /* pairs of these that the door's recipients have */
	enum name_lookup lookup;
	struct decision decisions[WORLD_SIDES];
	struct deciders deciders[WORLD_SIDES];
	struct party who;         /* "by" is empty */
	struct networks unproved; /* where who has no clients: those for whom no session can be shown */
	bool besides;             /* of these: sessions besides those of another difference, if there are any */
};

struct comparison {
	struct difference *list; /* what opens first, then what closes, then other words or another refusal */
	size_t count;
	bool incomplete; /* not everything could be tried (LIMIT_PROOF_...) */
	struct doors doors;
	struct grid **grids; /* of the doors */
	size_t grid_count;
};

/* Compares the sides of the world, up to STAGE_RCPT or STAGE_DATA.  Returns NULL where there is no memory. */
struct comparison *compare(const struct world *world, enum stage last);
void comparison_free(struct comparison *comparison);

/* 1 where the new one accepts what the old one did not, -1 where it is the other way round, else 0. */
int difference_opens(const struct difference *difference);

/* Whether two decisions tell the client the same. */
bool decisions_alike(const struct decision *one, const struct decision *other);

#endif
