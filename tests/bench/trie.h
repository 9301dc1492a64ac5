/*
 * NAME
 *	trie - networks in a path-compressed binary trie, to compare with
 *
 * DESCRIPTION
 *	What many programs keep networks in, as patricia trees.  It is one for each
 *	family, finds the longest network that an address is in, and says which set that
 *	is of: one set, where the partition says all.
 */
#ifndef TESTS_BENCH_TRIE_H
#define TESTS_BENCH_TRIE_H

#include <stddef.h>
#include <stdint.h>

#include "policy/network.h"

#define TRIE_NONE UINT32_MAX

struct trie;

/* For so many networks of one family. */
struct trie *trie_new(size_t most, enum address_family family);
void trie_free(struct trie *trie);

void trie_add(struct trie *trie, const struct network *network, uint32_t set);

/* The set of the longest network that the address is in, or TRIE_NONE. */
uint32_t trie_find(const struct trie *trie, const struct address *address);

size_t trie_bytes(const struct trie *trie);

#endif
