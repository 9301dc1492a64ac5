/*
 * NAME
 *	span - networks as numbers, put in order
 *
 * DESCRIPTION
 *	What the partition is built of: the networks of one family, sorted so that one
 *	sweep finds its ranges.
 */
#ifndef POLICY_SPAN_H
#define POLICY_SPAN_H

#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"

/* A network, and a set that it is in. */
struct span {
	address_number first; /* its first address */
	uint32_t prefix_length;
	uint32_t set;
};

/* Sorts spans of one family by first address, then the larger network first. */
void spans_sort(struct span *spans, size_t count, enum address_family family);

#endif
