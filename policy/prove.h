/*
 * NAME
 *	prove - exactly who may relay through a listener
 *
 * DESCRIPTION
 *	A client may relay without a login (or with some login) if there is a session
 *	from it, with values that can be shown, in which a relay recipient is accepted at
 *	rcpt.  Clients for which that takes the same are one row.
 *
 * OWNERSHIP
 *	The result refers to the rule set, not to the world.
 */
#ifndef POLICY_PROVE_H
#define POLICY_PROVE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/cover.h"
#include "policy/party.h"

struct listener;
struct world;

struct relay_row {
	bool authenticated;
	struct party who; /* "by" is all that could let them */
};

struct relayers {
	const struct listener *listener;
	struct relay_row *rows; /* those without a login first */
	size_t count;
	/*
	 * Clients, without a login and with one, that might relay, were expressions true together
	 * for which no value was found; and whether there was more than could be tried
	 * (LIMIT_PROOF_...), so that any client might.
	 */
	struct networks unproved[2];
	bool incomplete;
};

/* Returns NULL where there is no memory.  The world has the rule set of the listener as side 0. */
struct relayers *prove_listener(const struct world *world, const struct listener *listener);
void relayers_free(struct relayers *relayers);

/* Whether the listener takes nothing but mail that is submitted on the machine itself. */
bool listener_is_local(const struct listener *listener);

#endif
