/*
 * NAME
 *	tried - the keys that a world need not try
 *
 * DESCRIPTION
 *	A list of a million keys has few classes.  Where no expression is asked, those of
 *	a key tell everything that a look-up finds of it and of what is below it; so a key
 *	is passed over where one with the same classes was tried.  That needs no reading
 *	of texts, but of plain keys only: those that surely are read as they stand.
 */
#ifndef POLICY_TRIED_H
#define POLICY_TRIED_H

#include <stdbool.h>

#include "policy/bits.h"
#include "policy/dictionary.h"
#include "policy/fact.h"
#include "policy/world.h"

struct tried {
	const struct world *world;
	struct class_table keys[VALUE_SET_KINDS]; /* the classes of keys that were tried, on all sides */
	bool asks[VALUE_SET_KINDS];               /* expressions are asked of values of the kind, too */
};

/* Returns false where there is no memory; it is to be destroyed then, too. */
bool tried_init(struct tried *tried, const struct world *world);
void tried_destroy(struct tried *tried);

/*
 * Whether a key like this one, of a side's dictionary, was asked about before.
 * Where there is no memory, none was.
 */
bool tried_before(struct tried *tried, enum value_kind kind, unsigned side, const struct dictionary_key *key);

#endif
