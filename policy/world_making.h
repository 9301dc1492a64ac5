/*
 * NAME
 *	world_making - what the files that make a world share
 */
#ifndef POLICY_WORLD_MAKING_H
#define POLICY_WORLD_MAKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/tried.h"
#include "policy/values.h"
#include "policy/world.h"

struct match_room;
struct vocabulary;

/* Texts of mailboxes are kept behind it. */
#define WORLD_ROUTE "@relay.invalid:"

/* The name of a client without a verified one. */
#define WORLD_UNKNOWN "unknown"

/* Which side takes a mailbox for local: bits of the word behind the sets. */
#define LOCAL_BIT(side) (UINT64_C(1) << (side))

/* A vector is the sets of side 0, those of side 1, and a word of LOCAL_BITs. */
struct world {
	const struct ruleset *sides[WORLD_SIDES];
	unsigned side_count;
	size_t words[VALUE_SET_KINDS][WORLD_SIDES];
	struct values values[VALUE_SET_KINDS];
	struct values regions[VALUE_SET_KINDS];
	struct territory *territory;
	uint64_t *classes_in[WORLD_SIDES]; /* for each set of networks, the classes in it */
};

/* What is needed only while the world is made. */
struct world_making {
	struct world *world;
	struct match_room *room;
	uint64_t *vector;
	uint64_t *domain;
	char fresh[16];   /* a label that no key begins with */
	struct tried tried;
	bool expressions; /* some are asked of mailboxes */
	bool failed;      /* no memory */
};

const struct vocabulary *world_vocabulary(const struct world *world, unsigned side);

/* Words of a vector of a kind. */
size_t world_vector_words(const struct world *world, enum value_kind kind);

/* Where the part of a vector begins that is a side's. */
size_t world_side_offset(const struct world *world, enum value_kind kind, unsigned side);

/* Finds all texts. */
void world_find_texts(struct world_making *making);

#endif
