/*
 * NAME
 *	dictionary - names, mailboxes, logins and words cut into classes
 *
 * DESCRIPTION
 *	What the partition is for addresses, this is for texts.  A pattern is a key
 *	itself, or all that lies below it:
 *
 *	names: "example.com", and ".example.com" below it, to any depth;
 *	mailboxes: local part and domain, and "user@" as what is below the local part;
 *	logins: "alice@realm", and "alice@" as what is below "alice", one step;
 *	words: the key alone.
 *
 *	Each key that a pattern names gets two classes: its own, and that of what is
 *	below it and under no key that is nearer.  So a look-up ends at the first key
 *	found on the way up, with one class, whatever the number of sets.
 *
 * THREADS
 *	Immutable once built.
 */
#ifndef POLICY_DICTIONARY_H
#define POLICY_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/bits.h"

/* How one goes up from a key. */
enum ascent {
	ASCENT_NONE,
	ASCENT_SUFFIX, /* to what follows the first separator, again and again: a.b.c, b.c, c */
	ASCENT_PREFIX, /* once, to what precedes the last separator, where something follows it */
};

/* A key (not owned), and a set that the key itself, or what is below it, is in. */
struct dictionary_entry {
	const char *key;
	uint32_t set;
	bool below;
};

struct dictionary;

/*
 * Builds the dictionary and copies the keys.  Classes are entered in the
 * table.  Returns NULL where there is no memory.
 */
struct dictionary *dictionary_new(const struct dictionary_entry *entries, size_t count, enum ascent ascent,
                                  char separator, struct class_table *classes);
void dictionary_free(struct dictionary *dictionary);

/* Replaces each class n by map[n]. */
void dictionary_map(struct dictionary *dictionary, const uint32_t *map);

/* The class of a text. */
uint32_t dictionary_class(const struct dictionary *dictionary, const char *text);

/* The classes of a text, and of what is right below it and under no key. */
struct dictionary_pair {
	uint32_t own;
	uint32_t below;
};
struct dictionary_pair dictionary_pair(const struct dictionary *dictionary, const char *text);

/* Whether the text itself is a key. */
bool dictionary_has(const struct dictionary *dictionary, const char *key);

/* Bytes of memory that the dictionary takes. */
size_t dictionary_bytes(const struct dictionary *dictionary);

/* A key with its two classes. */
struct dictionary_key {
	const char *key;
	struct dictionary_pair classes;
};

/* The number of keys. */
size_t dictionary_count(const struct dictionary *dictionary);

/*
 * Goes through the keys, in no meaningful order: *place is 0 at the beginning, and
 * moves on.  Returns false, and writes nothing, behind the last.
 */
bool dictionary_next(const struct dictionary *dictionary, size_t *place, struct dictionary_key *ret_key);

#endif
