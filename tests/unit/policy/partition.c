#include "policy/partition.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"

#define SETS 70
#define MOST 200

static struct class_table classes;

static void start(void)
{
	cr_assert(class_table_init(&classes, SETS));
}

static void end(void)
{
	class_table_destroy(&classes);
}

TestSuite(partition, .init = start, .fini = end);

static unsigned bits_of(enum address_family family)
{
	return family == ADDRESS_IPV4 ? 32 : 128;
}

static bool contains(const struct network *network, const struct address *address)
{
	if (network->base.family != address->family)
		return false;
	for (unsigned bit = 0; bit < network->prefix_length; bit++)
		if ((network->base.bytes[bit / 8] ^ address->bytes[bit / 8]) >> (7 - bit % 8) & 1)
			return false;
	return true;
}

static const uint64_t *sets_of(const struct partition *partition, struct address address)
{
	return class_table_bits(&classes, partition_class(partition, &address));
}

/* Compares one look-up with all networks. */
static void compare(const struct partition *partition, const struct network_entry *entries, size_t count,
                    struct address address)
{
	const uint64_t *sets = sets_of(partition, address);
	uint64_t told[2] = {0};
	char text[LIMIT_NETWORK_TEXT];

	for (size_t i = 0; i < count; i++)
		if (contains(&entries[i].network, &address))
			bits_set(told, entries[i].set);
	address_to_text(&address, text);
	cr_assert_eq(memcmp(sets, told, sizeof told), 0, "%s in %zu networks", text, count);
}

/* The address before or after; the first and the last of the space go round. */
static struct address beside(struct address address, int step)
{
	for (unsigned byte = bits_of(address.family) / 8; byte-- > 0;) {
		address.bytes[byte] = (uint8_t)(address.bytes[byte] + step);
		if (address.bytes[byte] != (step > 0 ? 0 : 0xff))
			break;
	}
	return address;
}

static struct address random_address(enum address_family family)
{
	struct address address = {.family = family};

	for (unsigned byte = 0; byte < bits_of(family) / 8; byte++)
		address.bytes[byte] = (uint8_t)random();
	return address;
}

static struct network cut(struct address address, unsigned prefix_length)
{
	struct network network = {address, prefix_length};

	for (unsigned bit = prefix_length; bit < bits_of(address.family); bit++)
		network.base.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return network;
}

/* A network beside, inside, around or equal to one of those before, or anywhere. */
static struct network random_network(const struct network_entry *before, size_t count)
{
	struct network network = cut(random_address((enum address_family)(random() % ADDRESS_FAMILY_COUNT)), 0);
	unsigned bits;

	if (count > 0 && random() % 5 != 0)
		network = before[(size_t)random() % count].network;
	bits = bits_of(network.base.family);
	switch (random() % 9) {
	case 0:
		return network;
	case 1:
		return cut(network_last(&network), bits);
	case 2:
		return cut(network.base, bits);
	case 3:
		return cut(beside(network_last(&network), 1), network.prefix_length);
	case 4:
		return cut(beside(network.base, -1), network.prefix_length);
	case 5:
		return cut(network.base, (unsigned)random() % (network.prefix_length + 1));
	case 6:
		return cut(network.base,
		           network.prefix_length + (unsigned)random() % (bits - network.prefix_length + 1));
	case 7:
		return cut(network_last(&network),
		           network.prefix_length + (unsigned)random() % (bits - network.prefix_length + 1));
	default:
		return cut(random_address(network.base.family), (unsigned)random() % (bits + 1));
	}
}

/* Asks at every boundary, one before and after it, at the ends of the space, and anywhere. */
static void compare_everywhere(const struct partition *partition, const struct network_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct address first = entries[i].network.base, last = network_last(&entries[i].network);

		for (int step = -1; step <= 1; step++) {
			compare(partition, entries, count, step == 0 ? first : beside(first, step));
			compare(partition, entries, count, step == 0 ? last : beside(last, step));
		}
	}
	for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT; family++) {
		struct network space = {.base.family = (enum address_family)family};

		compare(partition, entries, count, space.base);
		compare(partition, entries, count, network_last(&space));
		for (unsigned i = 0; i < 100; i++)
			compare(partition, entries, count, random_address((enum address_family)family));
	}
}

/* Ranges follow one another from the first address to the last, each unlike its neighbours, and are what look-ups say.
 */
static void walk_ranges(const struct partition *partition, enum address_family family)
{
	struct partition_walk walk = partition_walk(partition, family);
	size_t count = 0;
	uint32_t before;

	do {
		struct address first = address_from_number(walk.first, family);
		struct address last = address_from_number(walk.last, family);

		cr_assert(count > 0 || walk.first == 0, "the first range");
		cr_assert(walk.first <= walk.last, "range %zu", count);
		cr_assert_eq(partition_class(partition, &first), walk.class, "range %zu", count);
		cr_assert_eq(partition_class(partition, &last), walk.class, "range %zu", count);
		if (count++ > 0)
			cr_assert_neq(walk.class, before, "range %zu", count);
		before = walk.class;
	} while (partition_walk_on(&walk));
	cr_assert(walk.last == address_last_number(family), "the last range");
	cr_assert_eq(partition_count(partition, family), count);
}

Test(partition, as_a_look_at_each_network_says)
{
	struct network_entry entries[MOST];

	srandom(5);
	for (unsigned round = 0; round < 150; round++) {
		size_t count = round < 4 ? round : (size_t)random() % MOST + 1;
		struct partition *partition;

		class_table_destroy(&classes);
		cr_assert(class_table_init(&classes, SETS));
		for (size_t i = 0; i < count; i++)
			entries[i] = (struct network_entry){random_network(entries, i), (uint32_t)random() % SETS};
		partition = partition_new(entries, count, &classes);
		cr_assert_not_null(partition);
		compare_everywhere(partition, entries, count);
		walk_ranges(partition, ADDRESS_IPV4);
		walk_ranges(partition, ADDRESS_IPV6);
		partition_free(partition);
	}
}

/* Networks of the same set that touch: what is asked about must not depend on how they are cut. */
Test(partition, of_one_set_as_a_look_at_each_network_says)
{
	struct network_entry entries[MOST];

	srandom(6);
	for (unsigned round = 0; round < 100; round++) {
		size_t count = (size_t)random() % 30 + 1;
		struct partition *partition;

		for (size_t i = 0; i < count; i++)
			entries[i] = (struct network_entry){random_network(entries, i), 0};
		partition = partition_new(entries, count, &classes);
		compare_everywhere(partition, entries, count);
		walk_ranges(partition, ADDRESS_IPV4);
		walk_ranges(partition, ADDRESS_IPV6);
		partition_free(partition);
	}
}

/* Many ranges below the same top bits, and one in each: the index meets both. */
Test(partition, crowded_and_spread_out)
{
	enum {
		COUNT = 3000
	};
	static struct network_entry entries[COUNT];
	struct partition *partition;

	srandom(7);
	for (unsigned i = 0; i < COUNT; i++) {
		struct address address = random_address(i % 2 == 0 ? ADDRESS_IPV4 : ADDRESS_IPV6);

		if (i % 3 == 0) {
			address.bytes[0] = 10;
			address.bytes[1] = 0;
		}
		entries[i] = (struct network_entry){cut(address, 14 + (unsigned)random() % 19), i % SETS};
	}
	partition = partition_new(entries, COUNT, &classes);
	compare_everywhere(partition, entries, COUNT);
	walk_ranges(partition, ADDRESS_IPV4);
	walk_ranges(partition, ADDRESS_IPV6);
	partition_free(partition);
}

/* As many classes as need one, two and four bytes. */
Test(partition, however_many_classes_there_are)
{
	static const unsigned counts[] = {255, 256, 257, 65535, 65536, 70000};
	static struct network_entry entries[70001 * 17];

	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		struct partition *partition;
		size_t count = 0;

		class_table_destroy(&classes);
		cr_assert(class_table_init(&classes, SETS));
		/* host n is in the sets of the bits of n */
		for (uint32_t host = 0; host <= counts[i]; host++)
			for (unsigned set = 0; host >> set != 0; set++)
				if (host >> set & 1)
					entries[count++] =
					    (struct network_entry){{address_from_number(host, ADDRESS_IPV4), 32}, set};
		partition = partition_new(entries, count, &classes);
		cr_assert_not_null(partition);
		cr_assert_eq(classes.count, counts[i] + 1);
		for (uint32_t host = 0; host <= counts[i]; host++)
			cr_assert_eq(sets_of(partition, address_from_number(host, ADDRESS_IPV4))[0], host,
			             "host %u of %u", host, counts[i]);
		partition_free(partition);
	}
}

static struct network_entry entry(const char *text, uint32_t set)
{
	struct network_entry result = {.set = set};
	char repair[LIMIT_NETWORK_TEXT];

	cr_assert_eq(network_read(text, &result.network, repair), NETWORK_SOUND, "%s", text);
	return result;
}

static bool in(const struct partition *partition, const char *text, unsigned set)
{
	struct address address;

	cr_assert(address_from_text(text, &address), "%s", text);
	return bits_test(sets_of(partition, address), set);
}

Test(partition, all_of_one_family_is_nothing_of_the_other)
{
	struct network_entry entries[] = {entry("::/0", 0), entry("0.0.0.0/0", 1)};
	struct partition *partition = partition_new(entries, 2, &classes);

	cr_expect(in(partition, "192.0.2.1", 1));
	cr_expect_not(in(partition, "192.0.2.1", 0));
	cr_expect(in(partition, "2001:db8::1", 0));
	cr_expect_not(in(partition, "2001:db8::1", 1));
	cr_expect(in(partition, "::ffff:192.0.2.1", 1), "a mapped address is IPv4");
	cr_expect_not(in(partition, "::ffff:192.0.2.1", 0));
	cr_expect_eq(partition_count(partition, ADDRESS_IPV4), 1);
	cr_expect_eq(partition_count(partition, ADDRESS_IPV6), 1);
	partition_free(partition);
}

Test(partition, both_halves_of_a_network_are_one_range)
{
	struct network_entry entries[] = {
	    entry("192.0.2.0/25", 3),
	    entry("192.0.2.128/25", 3),
	    entry("192.0.2.64/26", 3),
	};
	struct partition *partition = partition_new(entries, 3, &classes);
	struct partition_walk walk = partition_walk(partition, ADDRESS_IPV4);

	cr_assert_eq(partition_count(partition, ADDRESS_IPV4), 3);
	cr_assert(partition_walk_on(&walk));
	cr_expect(walk.first == 0xc0000200);
	cr_expect(walk.last == 0xc00002ff);
	partition_free(partition);
}

Test(partition, classes_are_replaced_by_others_and_alike_neighbours_joined)
{
	struct network_entry entries[] = {
	    entry("10.0.0.0/8", 0),    entry("10.5.0.0/16", 1),     entry("192.0.2.0/24", 2),
	    entry("2001:db8::/32", 0), entry("2001:db8:5::/48", 1),
	};
	struct partition *partition = partition_new(entries, 5, &classes);
	struct address address;
	uint32_t plain, map[100];

	cr_assert(address_from_text("10.1.0.0", &address));
	plain = partition_class(partition, &address);
	cr_assert_eq(partition_count(partition, ADDRESS_IPV4), 7);
	cr_assert_eq(partition_count(partition, ADDRESS_IPV6), 5);
	/* all that is in set 0 becomes class 1, the rest class 0 */
	for (uint32_t i = 0; i < classes.count; i++)
		map[i] = bits_test(class_table_bits(&classes, i), 0) ? 1 : 0;
	cr_assert_eq(map[plain], 1);
	cr_assert(partition_map(partition, map));
	cr_expect_eq(partition_count(partition, ADDRESS_IPV4), 3);
	cr_expect_eq(partition_count(partition, ADDRESS_IPV6), 3);
	for (unsigned top = 0; top < 256; top++) {
		address = (struct address){.family = ADDRESS_IPV4, .bytes = {(uint8_t)top, 5, 255, 255}};
		cr_expect_eq(partition_class(partition, &address), top == 10 ? 1 : 0, "%u.5.255.255", top);
	}
	cr_assert(address_from_text("2001:db8:5::1", &address));
	cr_expect_eq(partition_class(partition, &address), 1);
	cr_assert(address_from_text("2001:db9::", &address));
	cr_expect_eq(partition_class(partition, &address), 0);
	walk_ranges(partition, ADDRESS_IPV4);
	walk_ranges(partition, ADDRESS_IPV6);
	/* and in the end all the same */
	for (uint32_t i = 0; i < 100; i++)
		map[i] = 0;
	cr_assert(partition_map(partition, map));
	cr_expect_eq(partition_count(partition, ADDRESS_IPV4), 1);
	cr_expect_eq(partition_count(partition, ADDRESS_IPV6), 1);
	walk_ranges(partition, ADDRESS_IPV4);
	partition_free(partition);
}

/* What the index is made of anew, too: a crowd that is joined to a few ranges, and one that is not. */
Test(partition, crowds_are_found_after_their_classes_are_replaced)
{
	enum {
		COUNT = 2000
	};
	static struct network_entry entries[COUNT];
	struct partition *partition;
	uint32_t map[COUNT];

	srandom(8);
	for (unsigned i = 0; i < COUNT; i++) {
		struct address address = random_address(ADDRESS_IPV6);

		/* sets 0 and 1 below 2001::/16 and 2a00::/16 */
		address.bytes[0] = i % 2 == 0 ? 0x20 : 0x2a;
		address.bytes[1] = i % 2 == 0 ? 0x01 : 0x00;
		entries[i] = (struct network_entry){cut(address, 32 + (unsigned)random() % 90), i % 2};
	}
	partition = partition_new(entries, COUNT, &classes);
	cr_assert_gt(partition_count(partition, ADDRESS_IPV6), COUNT);
	for (uint32_t i = 0; i < classes.count; i++)
		map[i] = bits_test(class_table_bits(&classes, i), 1) ? i : 0;
	cr_assert(partition_map(partition, map));
	walk_ranges(partition, ADDRESS_IPV6);
	for (unsigned i = 0; i < COUNT; i++)
		cr_assert_eq(bits_test(sets_of(partition, entries[i].network.base), 1), i % 2 == 1, "network %u", i);
	partition_free(partition);
}

Test(partition, one_without_networks_is_a_single_range)
{
	struct partition *partition = partition_new(NULL, 0, &classes);

	cr_assert_not_null(partition);
	cr_expect_eq(partition_count(partition, ADDRESS_IPV4), 1);
	cr_expect_eq(partition_count(partition, ADDRESS_IPV6), 1);
	cr_expect_not(in(partition, "0.0.0.0", 0));
	cr_expect_not(in(partition, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0));
	partition_free(partition);
	partition_free(NULL);
}
