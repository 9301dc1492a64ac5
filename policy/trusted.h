/*
 * NAME
 *	trusted - whether the client of a session may relay by its address alone
 *
 * DESCRIPTION
 *	What policy/trust.h has found of a rule set, kept for look-ups while sessions go
 *	on: for each listener a bit for each class of addresses, so that a look-up is that of
 *	the address itself, whatever the number of networks.
 *
 *	A listener whose rules can be combined in more ways than were tried trusts nobody here.
 *
 * OWNERSHIP, THREADS
 *	Refers to the rule set, which must outlive it.  Immutable.
 */
#ifndef POLICY_TRUSTED_H
#define POLICY_TRUSTED_H

#include <stdbool.h>

struct address;
struct listener;
struct trusted;
struct trusts;
struct world;

/* The trusts are those of the world.  Returns NULL where there is no memory. */
struct trusted *trusted_new(const struct world *world, const struct trusts *trusts);
void trusted_free(struct trusted *trusted);

/* Whether the listener, one of the rule set, lets this address relay.  trusted may be NULL: nobody is. */
bool trusted_has(const struct trusted *trusted, const struct listener *listener, const struct address *client);

#endif
