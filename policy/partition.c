#include "policy/partition.h"

#include <stdlib.h>
#include <string.h>

#include "policy/span.h"

#define INDEX_BITS 16
#define INDEX_SIZE (1u << INDEX_BITS)

/* With more ranges, addresses with the same top bits have an index of their own. */
#define CROWD 16

/* Networks that contain each other, all different: one for each prefix length, and the whole space. */
#define MOST_OPEN (128 + 2)

struct wide {
	uint64_t high, low;
};

/*
 * Range i ends where range i + 1 begins.  Those that begin among the addresses
 * with the top bits t are index[t] .. index[t + 1] - 1; so of an IPv4 address, of
 * 32 bits, only the lower half is kept.
 *
 * IPv6 is not spread over its space, but crowded in some places.  So where many
 * ranges begin among the addresses with the top bits t, a second index of the same
 * form, over the next bits, is at crowded[crowds[t]]; see crowd_bits().
 */
struct ranges {
	union {
		uint16_t *ipv4;
		struct wide *ipv6;
	} starts;
	void *classes;
	unsigned class_bytes; /* of each: 1, 2 or 4, as the largest needs */
	uint32_t *index;      /* INDEX_SIZE + 1 */
	uint32_t *crowds;     /* INDEX_SIZE; NULL where there are none */
	uint32_t *crowded;
	size_t crowded_count;
	size_t count;
};

struct partition {
	struct ranges families[ADDRESS_FAMILY_COUNT];
};

/* Ranges while the partition is built. */
struct draft {
	address_number *starts;
	uint32_t *classes;
	size_t count;
};

/* Networks that are open where the sweep stands, innermost on top. */
struct open_network {
	address_number first, last;
	uint32_t class; /* of addresses in it and all below it */
};

/* Makes room for the ranges that so many networks can make at most.  What is not used costs nothing. */
static bool draft_init(struct draft *draft, size_t networks)
{
	size_t most = 2 * networks + 1;

	*draft = (struct draft){
	    .starts = reallocarray(NULL, most, sizeof *draft->starts),
	    .classes = reallocarray(NULL, most, sizeof *draft->classes),
	};
	return draft->starts != NULL && draft->classes != NULL;
}

static void draft_destroy(struct draft *draft)
{
	free(draft->starts);
	free(draft->classes);
}

/* Begins a range at start; what came before ends there. */
static void begin_range(struct draft *draft, address_number start, uint32_t class)
{
	if (draft->count > 0 && draft->starts[draft->count - 1] == start)
		draft->count--;
	if (draft->count > 0 && draft->classes[draft->count - 1] == class)
		return;
	draft->starts[draft->count] = start;
	draft->classes[draft->count++] = class;
}

static address_number last_of(const struct span *span, enum address_family family)
{
	address_number all = address_last_number(family);

	/* shifted in two steps: by all bits at once is undefined */
	return span->prefix_length == 0 ? all : span->first | (all >> 1 >> (span->prefix_length - 1));
}

/*
 * Any two networks are nested or apart.  So one sweep over the sorted networks
 * with a stack of the open ones finds every range.
 */
static bool sweep(const struct span *spans, size_t count, enum address_family family, struct class_table *classes,
                  struct draft *draft)
{
	struct open_network open[MOST_OPEN] = {{0, address_last_number(family), 0}};
	size_t depth = 1;

	begin_range(draft, 0, 0);
	for (size_t i = 0; i <= count; i++) {
		struct open_network next;

		for (; depth > 1 && (i == count || open[depth - 1].last < spans[i].first); depth--)
			if (open[depth - 1].last != address_last_number(family))
				begin_range(draft, open[depth - 1].last + 1, open[depth - 2].class);
		if (i == count)
			break;
		next = (struct open_network){
		    .first = spans[i].first,
		    .last = last_of(&spans[i], family),
		    .class = class_table_with(classes, open[depth - 1].class, spans[i].set),
		};
		if (next.class == CLASS_NONE)
			return false;
		begin_range(draft, next.first, next.class);
		/* the same network again, in another set */
		if (next.first == open[depth - 1].first && next.last == open[depth - 1].last)
			depth--;
		open[depth++] = next;
	}
	return true;
}

static unsigned bytes_for(uint32_t class)
{
	return class <= UINT8_MAX ? 1 : class <= UINT16_MAX ? 2 : 4;
}

static uint32_t class_at(const struct ranges *ranges, size_t at)
{
	switch (ranges->class_bytes) {
	case 1:
		return ((const uint8_t *)ranges->classes)[at];
	case 2:
		return ((const uint16_t *)ranges->classes)[at];
	default:
		return ((const uint32_t *)ranges->classes)[at];
	}
}

static void put_class(void *classes, unsigned class_bytes, size_t at, uint32_t class)
{
	switch (class_bytes) {
	case 1:
		((uint8_t *)classes)[at] = (uint8_t) class;
		break;
	case 2:
		((uint16_t *)classes)[at] = (uint16_t) class;
		break;
	default:
		((uint32_t *)classes)[at] = class;
		break;
	}
}

static size_t start_bytes(enum address_family family)
{
	const struct ranges *ranges = NULL;

	return family == ADDRESS_IPV4 ? sizeof *ranges->starts.ipv4 : sizeof *ranges->starts.ipv6;
}

static address_number start_of_ipv6(const struct ranges *ranges, size_t at)
{
	return (address_number)ranges->starts.ipv6[at].high << 64 | ranges->starts.ipv6[at].low;
}

/* How many bits the second index of so many ranges is over: enough for four to eight in each place; 0 without one. */
static unsigned crowd_bits(size_t ranges)
{
	return ranges <= CROWD ? 0 : 61 - (unsigned)__builtin_clzll(ranges);
}

/* Of the bits of an IPv6 address behind the top ones, the first so many. */
static uint32_t next_bits(address_number value, unsigned bits)
{
	return (uint32_t)(value >> (128 - INDEX_BITS - bits)) & ((UINT32_C(1) << bits) - 1);
}

/* Writes the second index of the ranges from .. end - 1.  Returns its places. */
static size_t index_crowd(const struct ranges *ranges, size_t from, size_t end, uint32_t *index)
{
	unsigned bits = crowd_bits(end - from);
	size_t places = (size_t)1 << bits;

	for (size_t place = 0; place < places; place++) {
		index[place] = (uint32_t)from;
		while (from < end && next_bits(start_of_ipv6(ranges, from), bits) == place)
			from++;
	}
	index[places] = (uint32_t)end;
	return places + 1;
}

/* Makes the second indexes, where there are crowds.  Returns false where there is no memory. */
static bool index_crowds(struct ranges *ranges)
{
	size_t count = 0;

	free(ranges->crowds);
	free(ranges->crowded);
	ranges->crowds = NULL;
	ranges->crowded = NULL;
	for (uint32_t top = 0; top < INDEX_SIZE; top++) {
		unsigned bits = crowd_bits(ranges->index[top + 1] - ranges->index[top]);

		count += bits > 0 ? ((size_t)1 << bits) + 1 : 0;
	}
	ranges->crowded_count = count;
	if (count == 0)
		return true;
	ranges->crowds = calloc(INDEX_SIZE, sizeof *ranges->crowds);
	ranges->crowded = reallocarray(NULL, count, sizeof *ranges->crowded);
	if (ranges->crowds == NULL || ranges->crowded == NULL)
		return false;
	count = 0;
	for (uint32_t top = 0; top < INDEX_SIZE; top++) {
		size_t from = ranges->index[top], end = ranges->index[top + 1];

		if (crowd_bits(end - from) == 0)
			continue;
		ranges->crowds[top] = (uint32_t)count;
		count += index_crowd(ranges, from, end, ranges->crowded + count);
	}
	return true;
}

/* Writes the draft as ranges. */
static bool settle(struct ranges *ranges, const struct draft *draft, enum address_family family)
{
	unsigned shift = (family == ADDRESS_IPV4 ? 32 : 128) - INDEX_BITS;
	uint32_t largest = 0;
	void *starts;
	size_t at = 0;

	for (size_t i = 0; i < draft->count; i++)
		largest = draft->classes[i] > largest ? draft->classes[i] : largest;
	starts = reallocarray(NULL, draft->count, start_bytes(family));
	ranges->class_bytes = bytes_for(largest);
	ranges->classes = reallocarray(NULL, draft->count, ranges->class_bytes);
	ranges->index = reallocarray(NULL, INDEX_SIZE + 1, sizeof *ranges->index);
	ranges->count = draft->count;
	if (family == ADDRESS_IPV4)
		ranges->starts.ipv4 = starts;
	else
		ranges->starts.ipv6 = starts;
	if (starts == NULL || ranges->classes == NULL || ranges->index == NULL)
		return false;
	for (uint32_t top = 0; top < INDEX_SIZE; top++) {
		ranges->index[top] = (uint32_t)at;
		for (; at < draft->count && draft->starts[at] >> shift == top; at++) {
			address_number start = draft->starts[at];

			put_class(ranges->classes, ranges->class_bytes, at, draft->classes[at]);
			if (family == ADDRESS_IPV4)
				ranges->starts.ipv4[at] = (uint16_t)start;
			else
				ranges->starts.ipv6[at] = (struct wide){(uint64_t)(start >> 64), (uint64_t)start};
		}
	}
	ranges->index[INDEX_SIZE] = (uint32_t)at;
	return family == ADDRESS_IPV4 || index_crowds(ranges);
}

/* The networks of one family as sorted spans: malloc(3) memory, or NULL. */
static struct span *spans_of(const struct network_entry *entries, size_t count, enum address_family family,
                             size_t *ret_count)
{
	struct span *spans = reallocarray(NULL, count + 1, sizeof *spans);
	size_t found = 0;

	if (spans == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (entries[i].network.base.family == family)
			spans[found++] = (struct span){
			    .first = address_to_number(&entries[i].network.base),
			    .prefix_length = entries[i].network.prefix_length,
			    .set = entries[i].set,
			};
	spans_sort(spans, found, family);
	*ret_count = found;
	return spans;
}

static bool build_family(struct ranges *ranges, const struct network_entry *entries, size_t count,
                         enum address_family family, struct class_table *classes)
{
	size_t span_count = 0;
	struct span *spans = spans_of(entries, count, family, &span_count);
	struct draft draft = {0};
	bool done =
	    spans != NULL && draft_init(&draft, span_count) && sweep(spans, span_count, family, classes, &draft);

	free(spans);
	done = done && settle(ranges, &draft, family);
	draft_destroy(&draft);
	return done;
}

struct partition *partition_new(const struct network_entry *entries, size_t count, struct class_table *classes)
{
	struct partition *partition = calloc(1, sizeof *partition);

	if (partition == NULL)
		return NULL;
	for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT; family++) {
		if (!build_family(&partition->families[family], entries, count, (enum address_family)family, classes)) {
			partition_free(partition);
			return NULL;
		}
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
		free(partition->families[family].crowds);
		free(partition->families[family].crowded);
	}
	free(partition);
}

/* Gives back what is behind the last range. */
static void shrink(struct ranges *ranges, enum address_family family)
{
	void *classes = reallocarray(ranges->classes, ranges->count, ranges->class_bytes);

	if (classes != NULL)
		ranges->classes = classes;
	if (family == ADDRESS_IPV4) {
		uint16_t *starts = reallocarray(ranges->starts.ipv4, ranges->count, sizeof *starts);

		ranges->starts.ipv4 = starts != NULL ? starts : ranges->starts.ipv4;
	} else {
		struct wide *starts = reallocarray(ranges->starts.ipv6, ranges->count, sizeof *starts);

		ranges->starts.ipv6 = starts != NULL ? starts : ranges->starts.ipv6;
	}
}

/* In place: no class needs more bytes than before, as there are not more of them. */
static bool map_family(struct ranges *ranges, enum address_family family, const uint32_t *map)
{
	uint32_t largest = 0, last = CLASS_NONE;
	size_t kept = 0, at = 0;
	unsigned class_bytes;

	for (size_t i = 0; i < ranges->count; i++)
		largest = map[class_at(ranges, i)] > largest ? map[class_at(ranges, i)] : largest;
	class_bytes = bytes_for(largest);
	for (uint32_t top = 0; top < INDEX_SIZE; top++) {
		ranges->index[top] = (uint32_t)kept;
		for (; at < ranges->index[top + 1]; at++) {
			uint32_t class = map[class_at(ranges, at)];

			if (class == last)
				continue;
			put_class(ranges->classes, class_bytes, kept, class);
			if (family == ADDRESS_IPV4)
				ranges->starts.ipv4[kept] = ranges->starts.ipv4[at];
			else
				ranges->starts.ipv6[kept] = ranges->starts.ipv6[at];
			last = class;
			kept++;
		}
	}
	ranges->index[INDEX_SIZE] = (uint32_t)kept;
	ranges->class_bytes = class_bytes;
	ranges->count = kept;
	shrink(ranges, family);
	return family == ADDRESS_IPV4 || index_crowds(ranges);
}

bool partition_map(struct partition *partition, const uint32_t *map)
{
	return map_family(&partition->families[ADDRESS_IPV4], ADDRESS_IPV4, map) &&
	       map_family(&partition->families[ADDRESS_IPV6], ADDRESS_IPV6, map);
}

/*
 * The first of the ranges from .. end - 1 that begins after the address, or end.
 * The halves are chosen without a jump: no processor could foretell it.
 */
static size_t behind_ipv4(const uint16_t *starts, size_t from, size_t end, uint16_t low)
{
	for (size_t left = end - from; left > 0; left -= (left + 1) / 2)
		from += -(size_t)(starts[from + (left - 1) / 2] <= low) & (left + 1) / 2;
	return from;
}

static size_t behind_ipv6(const struct ranges *ranges, size_t from, size_t end, address_number value)
{
	while (from < end) {
		size_t middle = from + (end - from) / 2;

		if (start_of_ipv6(ranges, middle) <= value)
			from = middle + 1;
		else
			end = middle;
	}
	return from;
}

static size_t find_ipv4(const struct ranges *ranges, uint32_t value)
{
	uint32_t top = value >> (32 - INDEX_BITS);

	return behind_ipv4(ranges->starts.ipv4, ranges->index[top], ranges->index[top + 1], (uint16_t)value);
}

static size_t find_ipv6(const struct ranges *ranges, address_number value)
{
	uint32_t top = (uint32_t)(value >> (128 - INDEX_BITS));
	size_t from = ranges->index[top], end = ranges->index[top + 1];
	unsigned bits = crowd_bits(end - from);

	if (bits > 0) {
		const uint32_t *index = ranges->crowded + ranges->crowds[top] + next_bits(value, bits);

		from = index[0];
		end = index[1];
	}
	return behind_ipv6(ranges, from, end, value);
}

uint32_t partition_class(const struct partition *partition, const struct address *address)
{
	const struct ranges *ranges = &partition->families[address->family];
	address_number value = address_to_number(address);
	size_t behind = address->family == ADDRESS_IPV4 ? find_ipv4(ranges, (uint32_t)value) : find_ipv6(ranges, value);

	/* There is a range before: the first of all begins at 0. */
	return class_at(ranges, behind - 1);
}

size_t partition_count(const struct partition *partition, enum address_family family)
{
	return partition->families[family].count;
}

/* Finds where the range ends that the walk stands on, and its class. */
static void look_around(struct partition_walk *walk)
{
	const struct ranges *ranges = &walk->partition->families[walk->family];
	size_t next = walk->index + 1;

	walk->class = class_at(ranges, walk->index);
	if (next == ranges->count) {
		walk->last = address_last_number(walk->family);
	} else if (walk->family == ADDRESS_IPV6) {
		walk->last = start_of_ipv6(ranges, next) - 1;
	} else {
		while (ranges->index[walk->top + 1] <= next)
			walk->top++;
		walk->last = (walk->top << INDEX_BITS | ranges->starts.ipv4[next]) - 1;
	}
}

struct partition_walk partition_walk(const struct partition *partition, enum address_family family)
{
	struct partition_walk walk = {.partition = partition, .family = family};

	look_around(&walk);
	return walk;
}

bool partition_walk_on(struct partition_walk *walk)
{
	if (walk->index + 1 == walk->partition->families[walk->family].count)
		return false;
	walk->index++;
	walk->first = walk->last + 1;
	look_around(walk);
	return true;
}

size_t partition_bytes(const struct partition *partition)
{
	size_t bytes = sizeof *partition;

	for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT; family++) {
		const struct ranges *ranges = &partition->families[family];

		bytes += ranges->count * (start_bytes((enum address_family)family) + ranges->class_bytes) +
		         (INDEX_SIZE + 1) * sizeof *ranges->index + ranges->crowded_count * sizeof *ranges->crowded;
		if (ranges->crowds != NULL)
			bytes += INDEX_SIZE * sizeof *ranges->crowds;
	}
	return bytes;
}
