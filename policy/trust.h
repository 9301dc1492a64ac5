/*
 * NAME
 *	trust - clients who may relay by their address alone
 *
 * DESCRIPTION
 *	Whoever has such an address can have a message relayed without a login and without
 *	a verified name, to recipients that no list has to name: all else that a rule may
 *	ask for (HELO, sender, size, TLS) a stranger says as he likes.
 *
 *	Only sessions with values that can be shown count.
 *
 * OWNERSHIP
 *	Refers to the rule set of the world, which is its side 0.
 */
#ifndef POLICY_TRUST_H
#define POLICY_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/cover.h"
#include "policy/location.h"

struct listener;
struct world;

/* Those whom a block or rule of a listener lets. */
struct trust {
	const struct listener *listener;
	const struct location *by;
	bool all_except;         /* it is a relay block for all except those listed */
	uint64_t *classes;       /* of addresses, of the world's territory */
	struct networks clients; /* the fewest that have them; not for all except */
};

struct trusts {
	struct trust *list;
	size_t count;
};

/*
 * Finds who is trusted by the listeners but those for mail of the machine itself; nothing at a listener where that
 * takes more decisions than may be asked for, which are taken off.  Returns false where there is no memory.
 */
bool trusts_find(const struct world *world, size_t *decisions, struct trusts *ret_trusts);
void trusts_destroy(struct trusts *trusts);

#endif
