#include "policy/bits.h"

#include <criterion/criterion.h>
#include <string.h>

#define SETS 200

static struct class_table table;

static void start(void)
{
	cr_assert(class_table_init(&table, SETS));
}

static void end(void)
{
	class_table_destroy(&table);
}

TestSuite(bits, .init = start, .fini = end);

Test(bits, setting_and_clearing_one_leaves_all_others)
{
	uint64_t bits[4] = {0};

	for (unsigned bit = 0; bit < 256; bit++) {
		bits_set(bits, bit);
		for (unsigned other = 0; other < 256; other++)
			cr_assert_eq(bits_test(bits, other), other == bit, "%u, with %u set", other, bit);
		bits_set(bits, (bit + 64) % 256);
		bits_clear(bits, bit);
		for (unsigned other = 0; other < 256; other++)
			cr_assert_eq(bits_test(bits, other), other == (bit + 64) % 256, "%u, with %u cleared", other,
			             bit);
		bits_clear(bits, (bit + 64) % 256);
	}
}

Test(bits, words_that_hold_so_many)
{
	static const struct {
		size_t bits, words;
	} rows[] = {{0, 1}, {1, 1}, {63, 1}, {64, 1}, {65, 2}, {128, 2}, {129, 3}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(bits_words(rows[i].bits), rows[i].words, "%zu bits", rows[i].bits);
}

Test(bits, class_0_is_the_empty_one)
{
	static const uint64_t empty[4] = {0};

	cr_assert_eq(table.words, 4);
	cr_assert_eq(table.count, 1);
	cr_expect_eq(class_table_enter(&table, empty), 0);
	cr_expect_eq(memcmp(class_table_bits(&table, 0), empty, sizeof empty), 0);
	cr_expect_eq(table.count, 1);
}

/* Different bits for each number, spread over all words. */
static void numbered(uint64_t *bits, uint64_t number)
{
	memset(bits, 0, 4 * sizeof *bits);
	for (unsigned bit = 0; bit < 20; bit++)
		if (number >> bit & 1)
			bits_set(bits, bit * 10 + 3);
}

Test(bits, the_same_bits_are_always_the_same_class_however_many_there_are)
{
	enum {
		CLASSES = 5000
	};
	uint64_t bits[4];

	for (uint32_t i = 0; i < CLASSES; i++) {
		numbered(bits, i);
		cr_assert_eq(class_table_enter(&table, bits), i);
	}
	for (uint32_t i = 0; i < CLASSES; i++) {
		numbered(bits, i);
		cr_assert_eq(class_table_enter(&table, bits), i, "class %u, entered again", i);
		cr_assert_eq(memcmp(class_table_bits(&table, i), bits, sizeof bits), 0, "class %u", i);
	}
	cr_assert_eq(table.count, CLASSES);
}

Test(bits, one_set_more)
{
	uint32_t one = class_table_with(&table, 0, 199);
	uint32_t two = class_table_with(&table, one, 0);

	cr_assert_eq(table.count, 3);
	cr_expect(bits_test(class_table_bits(&table, one), 199));
	cr_expect_not(bits_test(class_table_bits(&table, one), 0));
	cr_expect(bits_test(class_table_bits(&table, two), 199));
	cr_expect(bits_test(class_table_bits(&table, two), 0));
	cr_expect_eq(class_table_with(&table, two, 0), two, "it has that set already");
	cr_expect_eq(class_table_with(&table, two, 199), two);
	cr_expect_eq(class_table_with(&table, class_table_with(&table, 0, 0), 199), two, "in the other order");
}

Test(bits, a_union_has_what_is_in_either)
{
	uint32_t left = class_table_with(&table, class_table_with(&table, 0, 5), 100);
	uint32_t right = class_table_with(&table, class_table_with(&table, 0, 100), 150);
	uint32_t both = class_table_union(&table, left, right);

	for (unsigned set = 0; set < SETS; set++)
		cr_expect_eq(bits_test(class_table_bits(&table, both), set), set == 5 || set == 100 || set == 150, "%u",
		             set);
	cr_expect_eq(class_table_union(&table, right, left), both);
	cr_expect_eq(class_table_union(&table, both, left), both);
	cr_expect_eq(class_table_union(&table, left, left), left);
	cr_expect_eq(class_table_union(&table, left, 0), left);
	cr_expect_eq(class_table_union(&table, 0, left), left);
	cr_expect_eq(class_table_union(&table, 0, 0), 0);
}

Test(bits, a_class_that_could_not_be_made_is_passed_on)
{
	uint32_t some = class_table_with(&table, 0, 5);

	cr_expect_eq(class_table_with(&table, CLASS_NONE, 5), CLASS_NONE);
	cr_expect_eq(class_table_union(&table, CLASS_NONE, some), CLASS_NONE);
	cr_expect_eq(class_table_union(&table, some, CLASS_NONE), CLASS_NONE);
	cr_expect_eq(class_table_union(&table, CLASS_NONE, 0), CLASS_NONE);
	cr_expect_eq(class_table_union(&table, 0, CLASS_NONE), CLASS_NONE);
}

Test(bits, a_table_over_no_set_has_the_empty_class)
{
	struct class_table none;

	cr_assert(class_table_init(&none, 0));
	cr_expect_eq(none.words, 1);
	cr_expect_eq(class_table_bits(&none, 0)[0], 0);
	class_table_destroy(&none);
	cr_expect_null(none.vectors);
}

Test(bits, a_trimmed_table_is_smaller_and_takes_classes_still)
{
	uint32_t numbers[500];
	size_t bytes;

	for (unsigned i = 0; i < 500; i++)
		numbers[i] = class_table_with(&table, class_table_with(&table, 0, i % 60), i / 60);
	bytes = class_table_bytes(&table);
	class_table_trim(&table);
	cr_expect_lt(class_table_bytes(&table), bytes);
	cr_expect_eq(class_table_bytes(&table), (table.count + 1) * table.words * sizeof(uint64_t));
	for (unsigned i = 0; i < 500; i++)
		cr_assert_eq(class_table_with(&table, class_table_with(&table, 0, i % 60), i / 60), numbers[i], "%u",
		             i);
}
