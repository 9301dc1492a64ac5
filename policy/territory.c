#include "policy/territory.h"

#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/partition.h"
#include "policy/room.h"

#define SIDES 2

struct territory {
	struct stretch *stretches;
	size_t count;
	size_t ipv4_count;
	size_t *examples; /* the first stretch of each class */
	size_t example_count;
	struct class_table pairs; /* one word each: the class on side 1 in its upper half */
};

static bool add_stretch(struct territory *territory, const struct address *first, const uint32_t *classes)
{
	uint64_t pair = classes[0] | (uint64_t)classes[1] << 32;
	uint32_t class = class_table_enter(&territory->pairs, &pair);
	struct stretch *list;

	if (class == CLASS_NONE)
		return false;
	if (territory->count > 0) {
		const struct stretch *before = &territory->stretches[territory->count - 1];

		if (before->class == class && before->first.family == first->family)
			return true;
	}
	list = room_for_one(territory->stretches, territory->count, sizeof *list);
	if (list == NULL)
		return false;
	territory->stretches = list;
	territory->stretches[territory->count++] = (struct stretch){*first, class};
	return true;
}

/* Goes through the ranges of all partitions at once, from one beginning to the next. */
static bool find_stretches(struct territory *territory, const struct partition *const *partitions, unsigned count,
                           enum address_family family)
{
	struct partition_range ranges[SIDES];
	size_t at[SIDES] = {0};
	struct address first = {.family = family};

	for (unsigned side = 0; side < count; side++)
		ranges[side] = partition_range(partitions[side], family, 0);
	for (;;) {
		uint32_t classes[SIDES] = {0};
		struct address last = ranges[0].last;

		for (unsigned side = 0; side < count; side++) {
			classes[side] = ranges[side].class;
			if (memcmp(ranges[side].last.bytes, last.bytes, sizeof last.bytes) < 0)
				last = ranges[side].last;
		}
		if (!add_stretch(territory, &first, classes))
			return false;
		if (address_to_number(&last) == address_last_number(family))
			return true;
		first = address_from_number(address_to_number(&last) + 1, family);
		for (unsigned side = 0; side < count; side++)
			if (address_equal(&ranges[side].last, &last))
				ranges[side] = partition_range(partitions[side], family, ++at[side]);
	}
}

static bool find_examples(struct territory *territory)
{
	char *seen = calloc(territory->pairs.count, 1);

	territory->examples = calloc(territory->pairs.count, sizeof *territory->examples);
	for (size_t i = 0; i < territory->count && seen != NULL && territory->examples != NULL; i++) {
		uint32_t class = territory->stretches[i].class;

		if (!seen[class])
			territory->examples[territory->example_count++] = i;
		seen[class] = 1;
	}
	free(seen);
	return territory->example_count > 0;
}

struct territory *territory_new(const struct partition *const *partitions, unsigned count)
{
	struct territory *territory = calloc(1, sizeof *territory);
	bool done;

	if (territory == NULL)
		return NULL;
	done = class_table_init(&territory->pairs, BITS_PER_WORD) &&
	       find_stretches(territory, partitions, count, ADDRESS_IPV4);
	territory->ipv4_count = territory->count;
	if (done && find_stretches(territory, partitions, count, ADDRESS_IPV6) && find_examples(territory))
		return territory;
	territory_free(territory);
	return NULL;
}

void territory_free(struct territory *territory)
{
	if (territory == NULL)
		return;
	class_table_destroy(&territory->pairs);
	free(territory->stretches);
	free(territory->examples);
	free(territory);
}

size_t territory_count(const struct territory *territory)
{
	return territory->count;
}

const struct stretch *territory_stretches(const struct territory *territory)
{
	return territory->stretches;
}

struct stretch territory_stretch(const struct territory *territory, size_t index)
{
	return territory->stretches[index];
}

struct address territory_last(const struct territory *territory, size_t index)
{
	enum address_family family = territory->stretches[index].first.family;
	address_number last = address_last_number(family);

	if (index + 1 < territory->count && territory->stretches[index + 1].first.family == family)
		last = address_to_number(&territory->stretches[index + 1].first) - 1;
	return address_from_number(last, family);
}

size_t territory_example_count(const struct territory *territory)
{
	return territory->example_count;
}

struct stretch territory_example(const struct territory *territory, size_t index)
{
	return territory->stretches[territory->examples[index]];
}

size_t territory_classes(const struct territory *territory)
{
	return territory->pairs.count;
}

uint32_t territory_side_class(const struct territory *territory, uint32_t class, unsigned side)
{
	uint64_t pair = *class_table_bits(&territory->pairs, class);

	return (uint32_t)(side == 0 ? pair : pair >> 32);
}

uint32_t territory_class_of(const struct territory *territory, const struct address *address)
{
	size_t low = address->family == ADDRESS_IPV4 ? 0 : territory->ipv4_count;
	size_t high = address->family == ADDRESS_IPV4 ? territory->ipv4_count : territory->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(territory->stretches[middle].first.bytes, address->bytes, sizeof address->bytes) <= 0)
			low = middle;
		else
			high = middle;
	}
	return territory->stretches[low].class;
}
