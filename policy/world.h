/*
 * NAME
 *	world - values to try rule sets with: one for each class that has any
 *
 * DESCRIPTION
 *	For proofs.  For every kind of fact the values fall into finitely many classes,
 *	and the world has one value of each, and for addresses a territory.
 *	It is made for one rule set, or for two (the sides) at once: a class is then a pair.
 *
 *	Texts are found by trying: each key that a pattern names, a text below it, texts
 *	that no pattern names, and texts that expressions may find (policy/sample.h);
 *	each is looked up as a session's would be.  Without expressions no class is
 *	missed.  With them a class may have a value that is not found; a region is then
 *	needed to know of it: what is known of infinitely many texts before expressions
 *	are asked.
 *
 * OWNERSHIP
 *	The world refers to the rule sets, which must outlive it.
 *
 * THREADS
 *	Immutable once built.
 */
#ifndef POLICY_WORLD_H
#define POLICY_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/fact.h"
#include "policy/territory.h"

struct ruleset;
struct world;

#define WORLD_SIDES 2

/* A value, and the sets of each side that it is in. */
struct specimen {
	const char *text;
	const char *routed; /* of mailboxes: behind a source route (RFC 5321 appendix C), which makes any relay */
	const uint64_t *sets[WORLD_SIDES]; /* NULL for a side that there is not */
	bool local[WORLD_SIDES];           /* of mailboxes: local as a recipient, whatever the local address */
};

/* sides: 1 or 2 rule sets.  Returns NULL where there is no memory. */
struct world *world_new(const struct ruleset *const *sides, unsigned side_count);
void world_free(struct world *world);

unsigned world_side_count(const struct world *world);
const struct ruleset *world_side(const struct world *world, unsigned side);

/* Values of a kind: VALUE_NAME, VALUE_MAILBOX (without the null sender), VALUE_LOGIN, VALUE_WORD. */
size_t world_count(const struct world *world, enum value_kind kind);
struct specimen world_specimen(const struct world *world, enum value_kind kind, size_t index);

/* Regions of a kind, without text: names below a key, logins with a realm, local parts at any domain. */
size_t world_region_count(const struct world *world, enum value_kind kind);
struct specimen world_region(const struct world *world, enum value_kind kind, size_t index);

/* All addresses, and the sets of those of one of its classes. */
const struct territory *world_territory(const struct world *world);
struct specimen world_address_class(const struct world *world, uint32_t class);

/* The classes of the territory whose addresses are in a set of a side: a bit each. */
const uint64_t *world_classes_in(const struct world *world, unsigned side, uint32_t set);

#endif
