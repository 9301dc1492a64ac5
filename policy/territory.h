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

/* count: 1 or 2.  Returns NULL where there is no memory.  The partitions are not needed any more. */
struct territory *territory_new(const struct partition *const *partitions, unsigned count);
void territory_free(struct territory *territory);

/* All stretches, IPv4 first: the class of each; neighbours differ in class or family. */
size_t territory_count(const struct territory *territory);
const uint32_t *territory_stretches(const struct territory *territory);

/* The addresses of a stretch. */
enum address_family territory_family(const struct territory *territory, size_t index);
address_number territory_first(const struct territory *territory, size_t index);
address_number territory_last(const struct territory *territory, size_t index);

/*
 * What is behind a stretch, and those next to it, of its family, whose classes are of the same kind.
 * kinds: of each class.
 */
size_t territory_run_end(const struct territory *territory, size_t index, const uint32_t *kinds);

/* The stretch that has the address.  near: a stretch at or before it, best one not far; 0 will do. */
size_t territory_find(const struct territory *territory, size_t near, enum address_family family,
                      address_number number);

/* How many classes there are, numbered in the order of their first addresses; and the first stretch of one. */
size_t territory_classes(const struct territory *territory);
size_t territory_example(const struct territory *territory, uint32_t class);

/* The class on a side (of its partition) of what is in a class here. */
uint32_t territory_side_class(const struct territory *territory, uint32_t class, unsigned side);

/* The class of an address. */
uint32_t territory_class_of(const struct territory *territory, const struct address *address);

#endif
