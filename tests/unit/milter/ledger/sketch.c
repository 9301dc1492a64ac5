#include "milter/ledger/sketch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct sketch empty;

/* Adds that many names, which begin with a word, under a seed. */
static void add(struct sketch *sketch, uint64_t seed, const char *word, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char name[64];

		snprintf(name, sizeof name, "%s%u.example", word, i);
		sketch_add(sketch, sketch_hash(seed, name, strlen(name)));
	}
}

Test(sketch, counts_about_what_was_added_under_whatever_seed)
{
	static const struct {
		unsigned count, off;
	} rows[] = {{0, 0}, {1, 0}, {2, 0}, {5, 1}, {10, 2}, {20, 4}, {100, 20}};

	for (uint64_t seed = 0; seed < 200; seed++) {
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
			struct sketch sketch = empty;
			unsigned count;

			add(&sketch, seed * UINT64_C(0x9e3779b97f4a7c15), "mx", rows[i].count);
			count = sketch_count(&sketch, &empty);
			cr_expect(count + rows[i].off >= rows[i].count && count <= rows[i].count + rows[i].off,
			          "%u for %u, seed %u", count, rows[i].count, (unsigned)seed);
		}
	}
}

Test(sketch, on_average_it_is_right)
{
	unsigned sum = 0;

	for (uint64_t seed = 0; seed < 1000; seed++) {
		struct sketch sketch = empty;

		add(&sketch, seed * UINT64_C(0x9e3779b97f4a7c15), "mx", 20);
		sum += sketch_count(&sketch, &empty);
	}
	cr_expect(sum > 19500 && sum < 20500, "%u", sum);
}

Test(sketch, the_same_again_is_nothing_new_and_letters_have_no_case)
{
	struct sketch sketch = empty;

	cr_expect(sketch_add(&sketch, sketch_hash(1, "mx.example", 10)));
	cr_expect_not(sketch_add(&sketch, sketch_hash(1, "mx.example", 10)));
	cr_expect_not(sketch_add(&sketch, sketch_hash(1, "MX.Example", 10)));
	cr_expect(sketch_add(&sketch, sketch_hash(1, "my.example", 10)));
	cr_expect_eq(sketch_count(&sketch, &sketch), 2);
}

Test(sketch, two_are_counted_as_what_either_has_seen)
{
	struct sketch one = empty, other = empty;

	add(&one, 7, "one", 10);
	add(&other, 7, "one", 5);
	cr_expect_eq(sketch_count(&one, &other), sketch_count(&one, &empty));
	add(&other, 7, "other", 10);
	cr_expect_geq(sketch_count(&one, &other), 18);
}

Test(sketch, a_full_one_says_its_most)
{
	struct sketch sketch = empty;

	add(&sketch, 3, "mx", 20000);
	cr_expect_eq(sketch_count(&sketch, &empty), SKETCH_MOST);
}
