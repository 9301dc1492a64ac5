/* A territory against the partitions that it is made of, at every border and anywhere. */
#include "policy/territory.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "policy/bits.h"
#include "policy/partition.h"

#define SETS 6
#define NETWORKS 40

static struct class_table tables[2];
static struct partition *partitions[2];

static void start(void)
{
	for (unsigned side = 0; side < 2; side++)
		cr_assert(class_table_init(&tables[side], SETS));
}

static void end(void)
{
	for (unsigned side = 0; side < 2; side++)
		class_table_destroy(&tables[side]);
}

TestSuite(territory, .init = start, .fini = end);

/* A network of few that meet: of 16 places in the space of a family, and with its first address now and then. */
static struct network_entry random_entry(void)
{
	enum address_family family = (enum address_family)(random() % ADDRESS_FAMILY_COUNT);
	unsigned length = (unsigned)random() % 5;
	struct network network = {.base.family = family, .prefix_length = length};

	network.base.bytes[0] = (uint8_t)((unsigned)random() << (8 - length) & 0xf0);
	if (length == 0)
		network.base.bytes[0] = 0;
	if (random() % 4 == 0)
		network.prefix_length = family == ADDRESS_IPV4 ? 32 : 128;
	return (struct network_entry){network, (uint32_t)random() % SETS};
}

static struct partition *random_partition(struct class_table *classes)
{
	struct network_entry entries[NETWORKS];
	size_t count = (size_t)random() % NETWORKS;
	struct partition *partition;

	for (size_t i = 0; i < count; i++)
		entries[i] = random_entry();
	partition = partition_new(entries, count, classes);
	cr_assert_not_null(partition);
	return partition;
}

/* The stretch and the class of an address are those of all sides. */
static void check_address(const struct territory *territory, unsigned sides, size_t stretch, address_number number)
{
	enum address_family family = territory_family(territory, stretch);
	struct address address = address_from_number(number, family);
	uint32_t class = territory_stretches(territory)[stretch];

	for (unsigned side = 0; side < sides; side++)
		cr_assert_eq(territory_side_class(territory, class, side), partition_class(partitions[side], &address));
	cr_assert_eq(territory_class_of(territory, &address), class);
	cr_assert_eq(territory_find(territory, (size_t)random() % (stretch + 1), family, number), stretch);
}

static void check_stretches(const struct territory *territory, unsigned sides)
{
	size_t count = territory_count(territory), found = 0;

	for (size_t i = 0; i < count; i++) {
		enum address_family family = territory_family(territory, i);
		address_number first = territory_first(territory, i), last = territory_last(territory, i);
		bool begins = i == 0 || territory_family(territory, i - 1) != family;
		uint32_t class = territory_stretches(territory)[i];

		cr_assert(first <= last);
		cr_assert(begins ? first == 0 : first == territory_last(territory, i - 1) + 1);
		cr_assert(begins || territory_stretches(territory)[i - 1] != class);
		check_address(territory, sides, i, first);
		check_address(territory, sides, i, last);
		check_address(territory, sides, i, first + (last - first) / 2);
		/* numbered as they come */
		cr_assert_leq(class, found);
		if (class == found)
			cr_assert_eq(territory_example(territory, (uint32_t)found++), i);
	}
	cr_assert_eq(territory_family(territory, 0), ADDRESS_IPV4);
	cr_assert(territory_last(territory, count - 1) == address_last_number(ADDRESS_IPV6));
	cr_assert_eq(territory_classes(territory), found);
}

/* Runs of classes of three kinds. */
static void check_runs(const struct territory *territory)
{
	const uint32_t *stretches = territory_stretches(territory);
	uint32_t kinds[4096];

	cr_assert_leq(territory_classes(territory), sizeof kinds / sizeof *kinds);
	for (size_t i = 0; i < territory_classes(territory); i++)
		kinds[i] = (uint32_t)random() % 3;
	for (size_t i = 0, behind; i < territory_count(territory); i = behind) {
		behind = territory_run_end(territory, i, kinds);
		cr_assert_gt(behind, i);
		for (size_t k = i; k < behind; k++) {
			cr_assert_eq(kinds[stretches[k]], kinds[stretches[i]]);
			cr_assert_eq(territory_family(territory, k), territory_family(territory, i));
		}
		if (behind < territory_count(territory))
			cr_assert(kinds[stretches[behind]] != kinds[stretches[i]] ||
			          territory_family(territory, behind) != territory_family(territory, i));
	}
}

Test(territory, every_stretch_is_of_one_class_on_each_side)
{
	srandom(8);
	for (unsigned round = 0; round < 600; round++) {
		unsigned sides = 1 + round % 2;
		struct territory *territory;

		for (unsigned side = 0; side < sides; side++)
			partitions[side] = random_partition(&tables[side]);
		territory = territory_new((const struct partition *const *)partitions, sides);
		cr_assert_not_null(territory);
		check_stretches(territory, sides);
		check_runs(territory);
		territory_free(territory);
		for (unsigned side = 0; side < sides; side++)
			partition_free(partitions[side]);
	}
	territory_free(NULL);
}
