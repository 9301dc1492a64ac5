/*
 * NAME
 *	territory - the address space cut by one or two partitions at once
 *
 * DESCRIPTION
 *	For proofs: every stretch of addresses that are alike on all sides, in order,
 *	with a class that stands for the classes on each side.
 *
 * THREADS
 *	Immutable once built.
 */
#ifndef POLICY_TERRITORY_H
#define POLICY_TERRITORY_H

#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"

struct partition;
struct territory;

/* The addresses from first up to the next stretch's, or to the last of the family. */
struct stretch {
	struct address first;
	uint32_t class;
};

/* count: 1 or 2.  Returns NULL where there is no memory.  The partitions are not needed any more. */
struct territory *territory_new(const struct partition *const *partitions, unsigned count);
void territory_free(struct territory *territory);

/* All stretches, IPv4 first; neighbours differ in class or family. */
size_t territory_count(const struct territory *territory);
const struct stretch *territory_stretches(const struct territory *territory);
struct stretch territory_stretch(const struct territory *territory, size_t index);
struct address territory_last(const struct territory *territory, size_t index);

/* The first stretch of each class that some address has, in the order of addresses. */
size_t territory_example_count(const struct territory *territory);
struct stretch territory_example(const struct territory *territory, size_t index);

/* Numbers from 0; not all of them need be the class of an address. */
size_t territory_classes(const struct territory *territory);

/* The class on a side (of its partition) of what is in a class here. */
uint32_t territory_side_class(const struct territory *territory, uint32_t class, unsigned side);

/* The class of an address. */
uint32_t territory_class_of(const struct territory *territory, const struct address *address);

#endif
