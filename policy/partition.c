#include "policy/partition.h"

#include <stdlib.h>
#include <string.h>

#include "policy/room.h"

#define INDEX_BITS 16
#define INDEX_SIZE (1u << INDEX_BITS)

struct wide {
	uint64_t high, low;
};

/*
 * Range i begins at starts[i] and ends before starts[i + 1].  The ranges that
 * have addresses with the top bits t are among index[t] .. index[t + 1].
 */
struct ranges {
	union {
		uint32_t *ipv4;
		struct wide *ipv6;
	} starts;
	uint32_t *classes;
	uint32_t *index; /* INDEX_SIZE + 1 */
	size_t count;
};

struct partition {
	struct ranges families[ADDRESS_FAMILY_COUNT];
};

/* A range while the partition is built: as wide as the widest family. */
struct draft {
	struct draft_range {
		address_number start;
		uint32_t class;
	} * list;
	size_t count;
};

/* Networks that are open where the sweep stands, innermost on top. */
struct open_network {
	address_number last;
	uint32_t class; /* of addresses in it and all below it */
};

/* By family, then by address, then the larger network first. */
static int compare_entries(const void *one, const void *other)
{
	const struct network_entry *a = one, *b = other;
	int order;

	if (a->network.base.family != b->network.base.family)
		return a->network.base.family < b->network.base.family ? -1 : 1;
	order = memcmp(a->network.base.bytes, b->network.base.bytes, sizeof a->network.base.bytes);
	if (order != 0)
		return order;
	return (a->network.prefix_length > b->network.prefix_length) -
	       (a->network.prefix_length < b->network.prefix_length);
}

/* Begins a range at start; what came before ends there. */
static bool begin_range(struct draft *draft, address_number start, uint32_t class)
{
	struct draft_range *list;

	if (draft->count > 0 && draft->list[draft->count - 1].start == start)
		draft->count--;
	if (draft->count > 0 && draft->list[draft->count - 1].class == class)
		return true;
	list = room_for_one(draft->list, draft->count, sizeof *list);
	if (list == NULL)
		return false;
	draft->list = list;
	draft->list[draft->count++] = (struct draft_range){start, class};
	return true;
}

/*
 * Any two networks are nested or apart.  So one sweep over the sorted networks
 * with a stack of the open ones, at most one for each bit of an address plus
 * equal ones, finds every range.
 */
static bool sweep(const struct network_entry *entries, size_t count, enum address_family family,
                  struct class_table *classes, struct draft *draft)
{
	struct open_network *open = calloc(count + 1, sizeof *open);
	size_t depth = 1; /* open[0] is the whole space */
	bool done = false;

	if (open == NULL)
		return false;
	open[0] = (struct open_network){address_last_number(family), 0};
	if (!begin_range(draft, 0, 0))
		goto out;
	for (size_t i = 0; i <= count; i++) {
		address_number first = i < count ? address_to_number(&entries[i].network.base) : 0;
		struct address last;
		uint32_t class;

		for (; depth > 1 && (i == count || open[depth - 1].last < first); depth--) {
			address_number next = open[depth - 1].last + 1;

			if (open[depth - 1].last == address_last_number(family))
				continue;
			if (!begin_range(draft, next, open[depth - 2].class))
				goto out;
		}
		if (i == count)
			break;
		last = network_last(&entries[i].network);
		class = class_table_with(classes, open[depth - 1].class, entries[i].set);
		if (class == CLASS_NONE || !begin_range(draft, first, class))
			goto out;
		open[depth++] = (struct open_network){address_to_number(&last), class};
	}
	done = true;
out:
	free(open);
	return done;
}

static uint32_t top_bits(address_number start, enum address_family family)
{
	return (uint32_t)(start >> (family == ADDRESS_IPV4 ? 32 - INDEX_BITS : 128 - INDEX_BITS));
}

static address_number start_of(const struct ranges *ranges, enum address_family family, size_t at)
{
	if (family == ADDRESS_IPV4)
		return ranges->starts.ipv4[at];
	return (address_number)ranges->starts.ipv6[at].high << 64 | ranges->starts.ipv6[at].low;
}

/* index[t] is the last range that begins at or before the first address with the top bits t. */
static void fill_index(struct ranges *ranges, enum address_family family)
{
	unsigned shift = family == ADDRESS_IPV4 ? 32 - INDEX_BITS : 128 - INDEX_BITS;
	size_t at = 0;

	for (uint32_t top = 0; top < INDEX_SIZE; top++) {
		while (at + 1 < ranges->count && start_of(ranges, family, at + 1) <= (address_number)top << shift)
			at++;
		ranges->index[top] = (uint32_t)at;
	}
	ranges->index[INDEX_SIZE] = (uint32_t)ranges->count - 1;
}

static bool settle(struct ranges *ranges, const struct draft *draft, enum address_family family)
{
	size_t width = family == ADDRESS_IPV4 ? sizeof *ranges->starts.ipv4 : sizeof *ranges->starts.ipv6;
	void *starts = calloc(draft->count, width);

	ranges->classes = calloc(draft->count, sizeof *ranges->classes);
	ranges->index = calloc(INDEX_SIZE + 1, sizeof *ranges->index);
	ranges->count = draft->count;
	if (family == ADDRESS_IPV4)
		ranges->starts.ipv4 = starts;
	else
		ranges->starts.ipv6 = starts;
	if (starts == NULL || ranges->classes == NULL || ranges->index == NULL)
		return false;
	for (size_t i = 0; i < draft->count; i++) {
		address_number start = draft->list[i].start;

		ranges->classes[i] = draft->list[i].class;
		if (family == ADDRESS_IPV4)
			ranges->starts.ipv4[i] = (uint32_t)start;
		else
			ranges->starts.ipv6[i] = (struct wide){(uint64_t)(start >> 64), (uint64_t)start};
	}
	fill_index(ranges, family);
	return true;
}

static bool build_family(struct ranges *ranges, const struct network_entry *entries, size_t count,
                         enum address_family family, struct class_table *classes)
{
	struct draft draft = {0};
	bool done = sweep(entries, count, family, classes, &draft) && settle(ranges, &draft, family);

	free(draft.list);
	return done;
}

struct partition *partition_new(struct network_entry *entries, size_t count, struct class_table *classes)
{
	struct partition *partition = calloc(1, sizeof *partition);
	size_t ipv4 = 0;

	if (partition == NULL)
		return NULL;
	if (count > 0)
		qsort(entries, count, sizeof *entries, compare_entries);
	while (ipv4 < count && entries[ipv4].network.base.family == ADDRESS_IPV4)
		ipv4++;
	if (!build_family(&partition->families[ADDRESS_IPV4], entries, ipv4, ADDRESS_IPV4, classes) ||
	    !build_family(&partition->families[ADDRESS_IPV6], entries + ipv4, count - ipv4, ADDRESS_IPV6, classes)) {
		partition_free(partition);
		return NULL;
	}
	return partition;
}

void partition_free(struct partition *partition)
{
	if (partition == NULL)
		return;
	free(partition->families[ADDRESS_IPV4].starts.ipv4);
	free(partition->families[ADDRESS_IPV6].starts.ipv6);
	for (size_t family = 0; family < ADDRESS_FAMILY_COUNT; family++) {
		free(partition->families[family].classes);
		free(partition->families[family].index);
	}
	free(partition);
}

static void map_family(struct ranges *ranges, enum address_family family, const uint32_t *map)
{
	size_t kept = 0;

	for (size_t i = 0; i < ranges->count; i++) {
		uint32_t class = map[ranges->classes[i]];

		if (kept > 0 && ranges->classes[kept - 1] == class)
			continue;
		ranges->classes[kept] = class;
		if (family == ADDRESS_IPV4)
			ranges->starts.ipv4[kept] = ranges->starts.ipv4[i];
		else
			ranges->starts.ipv6[kept] = ranges->starts.ipv6[i];
		kept++;
	}
	ranges->count = kept;
	fill_index(ranges, family);
}

void partition_map(struct partition *partition, const uint32_t *map)
{
	map_family(&partition->families[ADDRESS_IPV4], ADDRESS_IPV4, map);
	map_family(&partition->families[ADDRESS_IPV6], ADDRESS_IPV6, map);
}

uint32_t partition_class(const struct partition *partition, const struct address *address)
{
	const struct ranges *ranges = &partition->families[address->family];
	address_number value = address_to_number(address);
	uint32_t top = top_bits(value, address->family);
	size_t low = ranges->index[top], high = ranges->index[top + 1];

	/* The last range that does not begin after value lies in low .. high. */
	while (low < high) {
		size_t middle = (low + high + 1) / 2;

		if (start_of(ranges, address->family, middle) <= value)
			low = middle;
		else
			high = middle - 1;
	}
	return ranges->classes[low];
}

size_t partition_count(const struct partition *partition, enum address_family family)
{
	return partition->families[family].count;
}

struct partition_range partition_range(const struct partition *partition, enum address_family family, size_t index)
{
	const struct ranges *ranges = &partition->families[family];
	address_number last = address_last_number(family);

	if (index + 1 < ranges->count)
		last = start_of(ranges, family, index + 1) - 1;
	return (struct partition_range){
	    .first = address_from_number(start_of(ranges, family, index), family),
	    .last = address_from_number(last, family),
	    .class = ranges->classes[index],
	};
}
