#include "policy/territory.h"

#include <stdlib.h>

#include "policy/bits.h"
#include "policy/partition.h"

#define SIDES 2

/* Stretches are kept apart by what is read of them: proofs read the classes of all, again and again. */
struct territory {
	uint32_t *classes;
	uint32_t *ipv4_firsts;
	address_number *ipv6_firsts; /* of the stretches behind those of IPv4 */
	size_t count;
	size_t ipv4_count;
	size_t *examples; /* the first stretch of each class */

	/* One word each: the class on side 0, plus 1, and that on side 1 in the upper half.  So class 0, which is there
	 * from the start, is no pair. */
	struct class_table pairs;
};

/* Room for the stretches that there are at most.  What is not used costs nothing. */
static bool make_room(struct territory *territory, const struct partition *const *partitions, unsigned count)
{
	size_t most[ADDRESS_FAMILY_COUNT] = {0};

	for (unsigned side = 0; side < count; side++)
		for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT; family++)
			most[family] += partition_count(partitions[side], (enum address_family)family);
	territory->ipv4_firsts = reallocarray(NULL, most[ADDRESS_IPV4], sizeof *territory->ipv4_firsts);
	territory->ipv6_firsts = reallocarray(NULL, most[ADDRESS_IPV6], sizeof *territory->ipv6_firsts);
	territory->classes = reallocarray(NULL, most[ADDRESS_IPV4] + most[ADDRESS_IPV6], sizeof *territory->classes);
	return territory->ipv4_firsts != NULL && territory->ipv6_firsts != NULL && territory->classes != NULL &&
	       class_table_init(&territory->pairs, BITS_PER_WORD);
}

static bool add_stretch(struct territory *territory, enum address_family family, address_number first,
                        const uint32_t *classes)
{
	size_t before = family == ADDRESS_IPV4 ? 0 : territory->ipv4_count;
	uint64_t pair = (uint64_t)classes[0] + 1 + ((uint64_t)classes[1] << 32);
	uint32_t class = class_table_enter(&territory->pairs, &pair);

	if (class == CLASS_NONE)
		return false;
	class -= 1;
	if (territory->count > before && territory->classes[territory->count - 1] == class)
		return true;
	if (family == ADDRESS_IPV4)
		territory->ipv4_firsts[territory->count] = (uint32_t)first;
	else
		territory->ipv6_firsts[territory->count - territory->ipv4_count] = first;
	territory->classes[territory->count++] = class;
	return true;
}

/* Goes through the ranges of all partitions at once, from one beginning to the next. */
static bool find_stretches(struct territory *territory, const struct partition *const *partitions, unsigned count,
                           enum address_family family)
{
	struct partition_walk walks[SIDES] = {0};
	address_number first = 0;

	for (unsigned side = 0; side < count; side++)
		walks[side] = partition_walk(partitions[side], family);
	for (;;) {
		uint32_t classes[SIDES] = {0};
		address_number last = walks[0].last;

		for (unsigned side = 0; side < count; side++) {
			classes[side] = walks[side].class;
			if (walks[side].last < last)
				last = walks[side].last;
		}
		if (!add_stretch(territory, family, first, classes))
			return false;
		if (last == address_last_number(family))
			return true;
		first = last + 1;
		for (unsigned side = 0; side < count; side++)
			if (walks[side].last == last)
				partition_walk_on(&walks[side]);
	}
}

/* Classes are numbered as their first stretches come. */
static bool find_examples(struct territory *territory)
{
	size_t found = 0;

	territory->examples = reallocarray(NULL, territory_classes(territory), sizeof *territory->examples);
	if (territory->examples == NULL)
		return false;
	for (size_t i = 0; i < territory->count; i++)
		if (territory->classes[i] == found)
			territory->examples[found++] = i;
	return true;
}

struct territory *territory_new(const struct partition *const *partitions, unsigned count)
{
	struct territory *territory = calloc(1, sizeof *territory);
	bool done;

	if (territory == NULL)
		return NULL;
	done = make_room(territory, partitions, count) && find_stretches(territory, partitions, count, ADDRESS_IPV4);
	territory->ipv4_count = territory->count;
	if (done && find_stretches(territory, partitions, count, ADDRESS_IPV6) && find_examples(territory)) {
		class_table_trim(&territory->pairs);
		return territory;
	}
	territory_free(territory);
	return NULL;
}

void territory_free(struct territory *territory)
{
	if (territory == NULL)
		return;
	class_table_destroy(&territory->pairs);
	free(territory->classes);
	free(territory->ipv4_firsts);
	free(territory->ipv6_firsts);
	free(territory->examples);
	free(territory);
}

size_t territory_count(const struct territory *territory)
{
	return territory->count;
}

const uint32_t *territory_stretches(const struct territory *territory)
{
	return territory->classes;
}

static size_t begin_of(const struct territory *territory, enum address_family family)
{
	return family == ADDRESS_IPV4 ? 0 : territory->ipv4_count;
}

static size_t end_of(const struct territory *territory, enum address_family family)
{
	return family == ADDRESS_IPV4 ? territory->ipv4_count : territory->count;
}

enum address_family territory_family(const struct territory *territory, size_t index)
{
	return index < territory->ipv4_count ? ADDRESS_IPV4 : ADDRESS_IPV6;
}

address_number territory_first(const struct territory *territory, size_t index)
{
	if (index < territory->ipv4_count)
		return territory->ipv4_firsts[index];
	return territory->ipv6_firsts[index - territory->ipv4_count];
}

address_number territory_last(const struct territory *territory, size_t index)
{
	enum address_family family = territory_family(territory, index);

	if (index + 1 == end_of(territory, family))
		return address_last_number(family);
	return territory_first(territory, index + 1) - 1;
}

size_t territory_run_end(const struct territory *territory, size_t index, const uint32_t *kinds)
{
	size_t end = end_of(territory, territory_family(territory, index));
	uint32_t kind = kinds[territory->classes[index]];

	do
		index++;
	while (index < end && kinds[territory->classes[index]] == kind);
	return index;
}

size_t territory_find(const struct territory *territory, size_t near, enum address_family family, address_number number)
{
	size_t begin = begin_of(territory, family), end = end_of(territory, family);
	size_t low = near > begin ? near : begin, step = 1;

	while (end - low > step && territory_first(territory, low + step) <= number) {
		low += step;
		step *= 2;
	}
	if (end - low > step)
		end = low + step;
	while (end - low > 1) {
		size_t middle = low + (end - low) / 2;

		if (territory_first(territory, middle) <= number)
			low = middle;
		else
			end = middle;
	}
	return low;
}

size_t territory_classes(const struct territory *territory)
{
	return territory->pairs.count - 1;
}

size_t territory_example(const struct territory *territory, uint32_t class)
{
	return territory->examples[class];
}

uint32_t territory_side_class(const struct territory *territory, uint32_t class, unsigned side)
{
	uint64_t pair = *class_table_bits(&territory->pairs, class + 1);

	return side == 0 ? (uint32_t)pair - 1 : (uint32_t)(pair >> 32);
}

uint32_t territory_class_of(const struct territory *territory, const struct address *address)
{
	return territory->classes[territory_find(territory, 0, address->family, address_to_number(address))];
}
