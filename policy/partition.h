/*
 * NAME
 *	partition - the address space cut into ranges by the networks of all sets
 *
 * DESCRIPTION
 *	One sorted list of ranges for IPv4 and one for IPv6, each range with the
 *	class of its addresses: which sets they are in.  Neighbours differ.  A look-up
 *	is one step in an index over the top 16 bits, of IPv6 a second one where many
 *	networks are close together, and a short binary search, whatever the number of
 *	sets; and a proof can walk the ranges in order.
 *
 * THREADS
 *	Immutable once built.
 */
#ifndef POLICY_PARTITION_H
#define POLICY_PARTITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"
#include "policy/bits.h"
#include "policy/network.h"

struct partition;

/* A network, and a set that it is in. */
struct network_entry {
	struct network network;
	uint32_t set;
};

/*
 * Builds the partition.  Classes are entered in the table.  Returns NULL where
 * there is no memory.
 */
struct partition *partition_new(const struct network_entry *entries, size_t count, struct class_table *classes);
void partition_free(struct partition *partition);

/*
 * Replaces each class n by map[n], which is at most n, and joins neighbours that
 * are alike then.  Returns false where there is no memory: the partition can only
 * be freed then.
 */
bool partition_map(struct partition *partition, const uint32_t *map);

/* The class of an address. */
uint32_t partition_class(const struct partition *partition, const struct address *address);

/* Bytes of memory that the partition takes. */
size_t partition_bytes(const struct partition *partition);

/* The number of ranges of a family. */
size_t partition_count(const struct partition *partition, enum address_family family);

/* A walk over the ranges of a family, in the order of addresses: it stands on one of them. */
struct partition_walk {
	const struct partition *partition;
	enum address_family family;
	size_t index;
	uint32_t top; /* of IPv4: the top bits where the next range begins */
	address_number first;
	address_number last;
	uint32_t class;
};

/* Begins on the first range. */
struct partition_walk partition_walk(const struct partition *partition, enum address_family family);

/* Goes on to the next range.  Returns false, and stays, where the walk stands on the last one. */
bool partition_walk_on(struct partition_walk *walk);

#endif
