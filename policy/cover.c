#include "policy/cover.h"

#include <stdlib.h>

#include "policy/room.h"

static bool add(struct networks *networks, const struct network *network)
{
	struct network *list = room_for_one(networks->list, networks->count, sizeof *list);

	if (list == NULL)
		return false;
	networks->list = list;
	networks->list[networks->count++] = *network;
	return true;
}

static unsigned zeros_below(address_number number)
{
	uint64_t low = (uint64_t)number, high = (uint64_t)(number >> 64);

	return (unsigned)(low != 0 ? __builtin_ctzll(low) : 64 + __builtin_ctzll(high));
}

static unsigned highest_bit(address_number number)
{
	uint64_t low = (uint64_t)number, high = (uint64_t)(number >> 64);

	return (unsigned)(high != 0 ? 127 - __builtin_clzll(high) : 63 - __builtin_clzll(low));
}

/* The bits of the largest network that begins at an address and is within so many addresses; 0: all of IPv6. */
static unsigned fitting_bits(address_number begin, address_number size, unsigned bits)
{
	unsigned aligned = begin == 0 ? bits : zeros_below(begin);
	unsigned within = size == 0 ? bits : highest_bit(size);

	return aligned < within ? aligned : within;
}

/* From the beginning of what is left, always the largest network that begins there and ends in time. */
bool networks_cover(struct networks *networks, const struct address *first, const struct address *last)
{
	unsigned bits = first->family == ADDRESS_IPV4 ? 32 : 128;
	address_number next = address_to_number(first), left = address_to_number(last) - next + 1;

	do {
		unsigned host_bits = fitting_bits(next, left, bits);
		address_number size = host_bits == 128 ? 0 : (address_number)1 << host_bits;

		if (!add(networks, &(struct network){address_from_number(next, first->family), bits - host_bits}))
			return false;
		next += size;
		left -= size;
	} while (left != 0);
	return true;
}

/* By family, then by base; of the same base the larger network first. */
static int compare(const void *one, const void *other)
{
	const struct network *a = one, *b = other;
	address_number base_a = address_to_number(&a->base), base_b = address_to_number(&b->base);

	if (a->base.family != b->base.family)
		return a->base.family < b->base.family ? -1 : 1;
	if (base_a != base_b)
		return base_a < base_b ? -1 : 1;
	return (a->prefix_length > b->prefix_length) - (a->prefix_length < b->prefix_length);
}

/* Covers sorted networks: those that meet or touch are one range. */
static bool cover_sorted(const struct networks *sorted, struct networks *networks)
{
	for (size_t i = 0; i < sorted->count;) {
		struct address first = sorted->list[i].base, last = network_last(&sorted->list[i]);

		for (i++; i < sorted->count && sorted->list[i].base.family == first.family; i++) {
			struct address end = network_last(&sorted->list[i]);
			address_number number = address_to_number(&last);

			if (number != address_last_number(first.family) &&
			    address_to_number(&sorted->list[i].base) > number + 1)
				break;
			if (address_to_number(&end) > number)
				last = end;
		}
		if (!networks_cover(networks, &first, &last))
			return false;
	}
	return true;
}

bool networks_join(struct networks *networks, const struct networks *more)
{
	struct networks all = {calloc(networks->count + more->count + 1, sizeof *all.list), 0};
	struct networks joined = {0};
	bool done = all.list != NULL;

	if (done) {
		for (size_t i = 0; i < networks->count; i++)
			all.list[all.count++] = networks->list[i];
		for (size_t i = 0; i < more->count; i++)
			all.list[all.count++] = more->list[i];
		qsort(all.list, all.count, sizeof *all.list, compare);
		done = cover_sorted(&all, &joined);
	}
	networks_destroy(&all);
	if (!done) {
		networks_destroy(&joined);
		return false;
	}
	networks_destroy(networks);
	*networks = joined;
	return true;
}

/* Whether a network lies behind another one, and all that is in that. */
static bool lies_behind(const struct network *network, const struct network *other)
{
	struct address last = network_last(other);

	if (network->base.family != other->base.family)
		return network->base.family > other->base.family;
	return address_to_number(&network->base) > address_to_number(&last);
}

/* Adds what is in the network and in none of the others.  *next: the first of them that need be looked at. */
static bool add_less(struct networks *networks, const struct network *network, const struct networks *others,
                     size_t *next)
{
	enum address_family family = network->base.family;
	struct address first = network->base, last = network_last(network);

	while (*next < others->count && lies_behind(network, &others->list[*next]))
		++*next;
	for (size_t i = *next; i < others->count && !lies_behind(&others->list[i], network); i++) {
		address_number begin = address_to_number(&others->list[i].base);
		struct address end = network_last(&others->list[i]);

		if (begin > address_to_number(&first)) {
			struct address before = address_from_number(begin - 1, family);

			if (!networks_cover(networks, &first, &before))
				return false;
		}
		if (address_to_number(&end) >= address_to_number(&last))
			return true;
		first = address_from_number(address_to_number(&end) + 1, family);
	}
	return networks_cover(networks, &first, &last);
}

bool networks_less(const struct networks *one, const struct networks *other, struct networks *ret_networks)
{
	struct networks less = {0};
	size_t next = 0;

	for (size_t i = 0; i < one->count; i++)
		if (!add_less(&less, &one->list[i], other, &next)) {
			networks_destroy(&less);
			return false;
		}
	*ret_networks = less;
	return true;
}

bool networks_have(const struct networks *networks, const struct address *address)
{
	struct network single = {*address, address->family == ADDRESS_IPV4 ? 32 : 128};
	size_t low = 0, high = networks->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lies_behind(&single, &networks->list[middle]))
			low = middle + 1;
		else
			high = middle;
	}
	return low < networks->count && !lies_behind(&networks->list[low], &single);
}

bool networks_equal(const struct networks *one, const struct networks *other)
{
	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++)
		if (one->list[i].prefix_length != other->list[i].prefix_length ||
		    !address_equal(&one->list[i].base, &other->list[i].base))
			return false;
	return true;
}

/* Whether networks have more than half of the network that has the first prefix_length bits of base. */
static bool are_most_of(const struct networks *networks, const struct network *whole)
{
	unsigned bits = whole->base.family == ADDRESS_IPV4 ? 32 : 128;
	address_number begin = address_to_number(&whole->base), sum = 0;
	unsigned host_bits = bits - whole->prefix_length;

	for (size_t i = 0; i < networks->count; i++) {
		const struct network *network = &networks->list[i];
		address_number base = address_to_number(&network->base);

		if (network->base.family != whole->base.family)
			continue;
		if (network->prefix_length <= whole->prefix_length) {
			struct address last = network_last(network);

			if (base <= begin && address_to_number(&last) >= begin)
				return true;
			continue;
		}
		if (whole->prefix_length == 0 || (base ^ begin) >> host_bits == 0)
			sum += (address_number)1 << (bits - network->prefix_length);
	}
	return sum > (address_number)1 << (host_bits - 1);
}

bool networks_are_most(const struct networks *networks, enum address_family family)
{
	return are_most_of(networks, &(struct network){.base = {.family = family}});
}

bool networks_are_most_public(const struct networks *networks, enum address_family family)
{
	struct network internet = {.base = {.family = family}};

	if (family == ADDRESS_IPV6) {
		internet.base.bytes[0] = 0x20;
		internet.prefix_length = 3;
	}
	return are_most_of(networks, &internet);
}

void networks_destroy(struct networks *networks)
{
	free(networks->list);
	*networks = (struct networks){0};
}
