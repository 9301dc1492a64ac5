#include "policy/arena.h"

#include <criterion/criterion.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

static void start(void)
{
	arena = arena_new();
	cr_assert_not_null(arena);
}

static void end(void)
{
	arena_free(arena);
}

TestSuite(arena, .init = start, .fini = end);

Test(arena, pieces_are_zeroed_aligned_and_apart)
{
	enum {
		PIECES = 3000
	};
	static unsigned char *pieces[PIECES];
	static size_t sizes[PIECES];

	for (size_t i = 0; i < PIECES; i++) {
		/* from nothing to more than a block */
		sizes[i] = i % 97 == 96 ? 5000 + i : i % 97;
		pieces[i] = arena_take(arena, sizes[i], 1);
		cr_assert_not_null(pieces[i]);
		cr_assert_eq((uintptr_t)pieces[i] % alignof(max_align_t), 0, "piece %zu", i);
		for (size_t byte = 0; byte < sizes[i]; byte++)
			cr_assert_eq(pieces[i][byte], 0, "piece %zu, byte %zu", i, byte);
		memset(pieces[i], (int)(i % 251) + 1, sizes[i]);
	}
	for (size_t i = 0; i < PIECES; i++)
		for (size_t byte = 0; byte < sizes[i]; byte++)
			cr_assert_eq(pieces[i][byte], i % 251 + 1, "piece %zu, byte %zu", i, byte);
}

Test(arena, a_list_has_room_for_each_element)
{
	uint64_t *list = arena_take(arena, 1000, sizeof *list);

	cr_assert_not_null(list);
	for (size_t i = 0; i < 1000; i++)
		list[i] = i;
	cr_assert_not_null(arena_take(arena, 100, 100));
	for (size_t i = 0; i < 1000; i++)
		cr_assert_eq(list[i], i);
}

Test(arena, a_text_is_copied_and_ended)
{
	char text[] = "one two";
	char *whole = arena_text(arena, text, strlen(text));
	char *part = arena_text(arena, text, 3);
	char *none = arena_text(arena, text, 0);

	memset(text, 'x', sizeof text);
	cr_expect_str_eq(whole, "one two");
	cr_expect_str_eq(part, "one");
	cr_expect_str_eq(none, "");
}

Test(arena, what_no_memory_could_hold_is_refused)
{
	static const struct {
		size_t count, size;
	} rows[] = {
	    {SIZE_MAX, 2}, {2, SIZE_MAX}, {SIZE_MAX / 2 + 1, 2}, {SIZE_MAX, 1}, {SIZE_MAX - 16, 1}, {SIZE_MAX / 16, 16},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_null(arena_take(arena, rows[i].count, rows[i].size), "row %zu", i);
	cr_expect_not_null(arena_take(arena, 1, 1), "the arena can be used all the same");
}

Test(arena, freeing_none)
{
	arena_free(NULL);
}

Test(arena, texts_stand_close_together)
{
	const char *first = arena_text(arena, "one and more", 3), *second = arena_text(arena, "two", 3);

	cr_expect_str_eq(first, "one");
	cr_expect_str_eq(second, "two");
	cr_expect_eq(second - first, 4);
	cr_expect_eq((uintptr_t)arena_take(arena, 1, 1) % alignof(max_align_t), 0);
}

/* Whether it is freed, and once, a leak checker tells. */
Test(arena, memory_from_elsewhere_stays_where_it_is)
{
	char *lists[300];

	for (size_t i = 0; i < 300; i++) {
		lists[i] = malloc(10000);
		cr_assert(arena_own(arena, lists[i]));
		memset(lists[i], (int)i % 251, 10000);
	}
	for (size_t i = 0; i < 300; i++)
		cr_assert_eq((unsigned char)lists[i][9999], i % 251, "list %zu", i);
}

Test(arena, reset_what_is_taken_is_as_new)
{
	for (unsigned round = 0; round < 100; round++) {
		unsigned char *piece = arena_take(arena, 3, 1000);
		char *text = arena_text(arena, "and a text", 10), *large = arena_take(arena, 1, 100000);

		cr_assert(arena_own(arena, malloc(100)));
		for (size_t i = 0; i < 3000; i++)
			cr_assert_eq(piece[i], 0, "round %u, byte %zu", round, i);
		memset(piece, 0xff, 3000);
		memset(large, 0xff, 100000);
		cr_assert_str_eq(text, "and a text");
		arena_reset(arena);
	}
}

Test(arena, reset_it_gives_the_same_memory_again)
{
	const void *first = arena_take(arena, 1, 1000);

	for (unsigned round = 0; round < 10; round++) {
		arena_reset(arena);
		cr_assert_eq(arena_take(arena, 1, 1000), first, "round %u", round);
	}
}

Test(arena, reset_before_anything_was_taken)
{
	arena_reset(arena);
	cr_assert_not_null(arena_take(arena, 1, 1));
}

Test(arena, rewound_it_gives_back_what_came_after_the_mark_alone)
{
	struct arena *small = arena_new_small(200);

	for (unsigned kind = 0; kind < 2; kind++) {
		struct arena *each = kind == 0 ? arena : small;
		const char *kept = arena_text(each, "kept", 4);
		struct arena_mark mark = arena_mark(each);
		size_t bytes = arena_bytes(each);
		const void *first = NULL;

		for (unsigned round = 0; round < 100; round++) {
			const void *next = arena_take(each, 1, 40);

			first = round == 0 ? next : first;
			cr_assert_eq(next, first, "the same place in round %u", round);
			memset((void *)next, 0xff, 40);
			memset(arena_take(each, 1, 3000), 0xff, 3000);
			memset(arena_take(each, 1, 100000), 0xff, 100000);
			cr_assert(arena_own(each, malloc(100)));
			cr_assert_gt(arena_bytes(each), bytes + 100000);
			arena_rewind(each, mark);
			cr_assert_eq(arena_bytes(each), bytes, "round %u", round);
		}
		cr_assert_str_eq(kept, "kept");
	}
	arena_free(small);
}

Test(arena, rewound_to_before_anything_was_taken)
{
	struct arena_mark mark = arena_mark(arena);

	cr_assert_not_null(arena_text(arena, "one", 3));
	arena_rewind(arena, mark);
	cr_assert_str_eq(arena_text(arena, "two", 3), "two");
}

Test(arena, marks_may_be_in_each_other)
{
	const char *kept = arena_text(arena, "kept", 4), *first, *second; /* so that the block stays, too */
	struct arena_mark outer = arena_mark(arena), inner;

	first = arena_text(arena, "first", 5);
	inner = arena_mark(arena);
	second = arena_text(arena, "second", 6);
	arena_rewind(arena, inner);
	cr_assert_eq(arena_text(arena, "third!", 6), second);
	cr_assert_str_eq(first, "first");
	arena_rewind(arena, outer);
	cr_assert_eq(arena_text(arena, "other", 5), first);
	cr_assert_str_eq(kept, "kept");
}

Test(arena, a_small_one_takes_as_much_as_it_was_made_for_without_asking_again)
{
	struct arena *small = arena_new_small(64);
	size_t bytes = arena_bytes(small);

	cr_assert_not_null(arena_take(small, 4, 16));
	cr_assert_eq(arena_bytes(small), bytes);
	cr_assert_not_null(arena_take(small, 1, 1));
	cr_assert_gt(arena_bytes(small), bytes);
	arena_reset(small);
	cr_assert_eq(arena_bytes(small), bytes);
	cr_assert_not_null(arena_take(small, 4, 16));
	cr_assert_eq(arena_bytes(small), bytes);
	arena_free(small);
}
