#include "milter/access_map.h"

#include <stdio.h>

#define OCTET 8
#define GROUP 16

/* Networks that are next to each other in a list, all of them in one network that ends as entries do. */
struct part {
	const struct network *list;
	size_t count;
};

/* The entries that it takes, by what decides (RELAY or not) around them. */
struct cost {
	size_t within[2];
};

static unsigned family_bits(enum address_family family)
{
	return family == ADDRESS_IPV4 ? 32 : 128;
}

static unsigned family_step(enum address_family family)
{
	return family == ADDRESS_IPV4 ? OCTET : GROUP;
}

static address_number network_number(const struct network *network, unsigned length)
{
	unsigned bits = family_bits(network->base.family);

	return length == 0 ? 0 : address_to_number(&network->base) >> (bits - length);
}

/* How many networks of that length the first network of the part has, all of them whole; 0 where it is in one. */
static size_t whole_children(const struct part *part, unsigned length)
{
	return part->list[0].prefix_length > length ? 0 : (size_t)1 << (length - part->list[0].prefix_length);
}

/* Takes from the part the networks that are in the same network of that length as the first. */
static struct part take_child(struct part *part, unsigned length)
{
	struct part child = {part->list, 1};
	address_number number = network_number(part->list, length);

	while (child.count < part->count && network_number(&part->list[child.count], length) == number)
		child.count++;
	part->list += child.count;
	part->count -= child.count;
	return child;
}

static void take_network(struct part *part)
{
	part->list++;
	part->count--;
}

static struct cost cost_of(struct part part, unsigned length);

/* What is below a network of that length, if itself is RELAY, or not. */
static struct cost cost_below(struct part part, unsigned length)
{
	unsigned step = family_step(part.list[0].base.family);
	size_t whole = 0, taken = 0;
	struct cost below = {{0, 0}};

	while (part.count > 0) {
		size_t children = whole_children(&part, length + step);

		if (children > 0) {
			whole += children;
			take_network(&part);
		} else {
			struct cost cost = cost_of(take_child(&part, length + step), length + step);

			taken++;
			below.within[false] += cost.within[false];
			below.within[true] += cost.within[true];
		}
	}
	below.within[false] += whole;
	below.within[true] += ((size_t)1 << step) - whole - taken;
	return below;
}

/* Whether a network is better RELAY or not, by what is around it; the same, if it makes no difference. */
static bool best(const struct cost *below, bool around)
{
	return below->within[!around] + 1 < below->within[around] ? !around : around;
}

static struct cost cost_of(struct part part, unsigned length)
{
	struct cost below = cost_below(part, length), cost;

	for (unsigned around = 0; around < 2; around++) {
		bool relay = best(&below, around == 1);

		cost.within[around] = below.within[relay] + (relay != (around == 1));
	}
	return cost;
}

/* The part of the family. */
static struct part family_part(const struct networks *networks, enum address_family family)
{
	struct part part = {networks->list, networks->count};

	while (part.count > 0 && part.list[0].base.family != family)
		take_network(&part);
	while (part.count > 0 && part.list[part.count - 1].base.family != family)
		part.count--;
	return part;
}

/* What stands around all networks: for IPv4 no entry can. */
static bool top(const struct part *part)
{
	struct cost below;

	if (part->list[0].base.family == ADDRESS_IPV4)
		return false;
	below = cost_below(*part, 0);
	return best(&below, false);
}

static size_t count_family(const struct part *part)
{
	bool relay = top(part);

	return cost_below(*part, 0).within[relay] + relay;
}

size_t access_map_count(const struct networks *networks)
{
	size_t count = 0;

	for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT; family++) {
		struct part part = family_part(networks, (enum address_family)family);

		count += part.count > 0 ? count_family(&part) : 0;
	}
	return count;
}

struct writing {
	enum address_family family;
	void (*write)(void *writer, const struct network *network, bool relay);
	void *writer;
};

/* Writes so many networks of that length, from the one of that number on. */
static void write_some(const struct writing *writing, address_number number, size_t count, unsigned length, bool relay)
{
	unsigned host_bits = family_bits(writing->family) - length;

	for (size_t i = 0; i < count; i++) {
		address_number base = host_bits == 128 ? 0 : (number + i) << host_bits;

		writing->write(writing->writer, &(struct network){address_from_number(base, writing->family), length},
		               relay);
	}
}

static void write_child(const struct writing *writing, struct part part, unsigned length, bool around);

/* Writes what differs from "relay" in the network of that length and number. */
static void write_below(const struct writing *writing, struct part part, address_number number, unsigned length,
                        bool relay)
{
	unsigned step = family_step(writing->family), below = length + step;
	address_number next = number << step, end = next + ((address_number)1 << step);

	while (part.count > 0) {
		address_number begin = network_number(part.list, below);
		size_t children = whole_children(&part, below);

		if (relay)
			write_some(writing, next, (size_t)(begin - next), below, false);
		if (children > 0) {
			if (!relay)
				write_some(writing, begin, children, below, true);
			take_network(&part);
			next = begin + children;
		} else {
			write_child(writing, take_child(&part, below), below, relay);
			next = begin + 1;
		}
	}
	if (relay)
		write_some(writing, next, (size_t)(end - next), below, false);
}

static void write_child(const struct writing *writing, struct part part, unsigned length, bool around)
{
	address_number number = network_number(part.list, length);
	struct cost below = cost_below(part, length);
	bool relay = best(&below, around);

	if (relay != around)
		write_some(writing, number, 1, length, relay);
	write_below(writing, part, number, length, relay);
}

void access_map_write(const struct networks *networks,
                      void (*write)(void *writer, const struct network *network, bool relay), void *writer)
{
	for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT; family++) {
		struct part part = family_part(networks, (enum address_family)family);
		struct writing writing = {(enum address_family)family, write, writer};
		bool relay = part.count > 0 && top(&part);

		if (relay)
			write_some(&writing, 0, 1, 0, true);
		if (part.count > 0)
			write_below(&writing, part, 0, 0, relay);
	}
}

void access_map_text(const struct network *network, char *text)
{
	const unsigned char *bytes = network->base.bytes;
	unsigned length = network->prefix_length;
	int used = 0;

	if (network->base.family == ADDRESS_IPV4) {
		for (unsigned i = 0; i < length / OCTET; i++)
			used +=
			    snprintf(text + used, ACCESS_MAP_TEXT - (size_t)used, "%s%u", i == 0 ? "" : ".", bytes[i]);
		return;
	}
	used = snprintf(text, ACCESS_MAP_TEXT, "IPv6");
	for (unsigned i = 0; i < length / GROUP; i++)
		used += snprintf(text + used, ACCESS_MAP_TEXT - (size_t)used, ":%x",
		                 (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1]);
}
