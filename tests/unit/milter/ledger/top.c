#include "milter/ledger/top.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect_list(const struct top *top, size_t most, const char *expected)
{
	const struct top_entry *entries[32];
	size_t count = top_list(top, most, entries);
	char list[1024] = "";

	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(list);

		snprintf(list + length, sizeof list - length, "%s:%llu+%llu ", entries[i]->text,
		         (unsigned long long)entries[i]->count, (unsigned long long)entries[i]->error);
	}
	cr_expect_str_eq(list, expected, "\"%s\", not \"%s\"", list, expected);
}

static void count(struct top *top, const char *texts)
{
	for (; *texts != '\0'; texts++)
		top_count(top, (const char[]){*texts, '\0'});
}

Test(top, is_exact_where_all_texts_fit)
{
	struct top *top = top_new(3);

	expect_list(top, 3, "");
	count(top, "abcacaa");
	cr_expect(top_exact(top));
	cr_expect_eq(top_size(top), 3);
	expect_list(top, 3, "a:4+0 c:2+0 b:1+0 ");
	expect_list(top, 2, "a:4+0 c:2+0 ");
	expect_list(top, 0, "");
	top_free(top);
}

Test(top, equal_counts_stand_by_text)
{
	struct top *top = top_new(8);

	count(top, "dbcaefaf");
	expect_list(top, 8, "a:2+0 f:2+0 b:1+0 c:1+0 d:1+0 e:1+0 ");
	expect_list(top, 3, "a:2+0 f:2+0 b:1+0 ");
	top_free(top);
}

Test(top, what_does_not_fit_takes_the_place_of_the_least)
{
	struct top *top = top_new(2);

	count(top, "aaab");
	top_count(top, "b")->extras[1] = 7;
	cr_expect_eq(top_count(top, "c")->extras[1], 0, "it begins anew");
	cr_expect_not(top_exact(top));
	expect_list(top, 2, "a:3+0 c:3+2 ");
	top_free(top);
}

/* Texts of which few come often: all of these are there, and no count is off by more than its error. */
Test(top, the_error_is_kept)
{
	enum {
		TEXTS = 5000,
		CAPACITY = 64,
		EVENTS = 200000
	};
	static uint64_t truth[TEXTS];
	struct top *top = top_new(CAPACITY);
	const struct top_entry *entries[CAPACITY];
	size_t listed;
	unsigned found = 0, heavy = 0;

	srand48(6);
	for (unsigned i = 0; i < EVENTS; i++) {
		double random = drand48() * drand48() * drand48() * drand48() * drand48() * drand48();
		unsigned text = (unsigned)(random * TEXTS);
		char name[16];

		snprintf(name, sizeof name, "%u", text);
		truth[text]++;
		top_count(top, name)->extras[0]++;
	}
	listed = top_list(top, CAPACITY, entries);
	cr_assert_eq(listed, CAPACITY);
	for (size_t i = 0; i < listed; i++) {
		uint64_t real = truth[atoi(entries[i]->text)];

		cr_expect_geq(entries[i]->count, real, "%s", entries[i]->text);
		cr_expect_leq(entries[i]->count - entries[i]->error, real, "%s", entries[i]->text);
		cr_expect_eq(entries[i]->extras[0], entries[i]->count - entries[i]->error, "%s", entries[i]->text);
		cr_expect_leq(entries[i]->error, EVENTS / CAPACITY);
		found += real > EVENTS / CAPACITY;
	}
	for (unsigned i = 0; i < TEXTS; i++)
		heavy += truth[i] > EVENTS / CAPACITY;
	cr_expect_gt(heavy, 3);
	cr_expect_eq(found, heavy);
	top_free(top);
}

Test(top, a_long_text_is_cut_between_characters)
{
	char text[2 * TOP_TEXT], cut[TOP_TEXT];

	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	top_cut(text, cut);
	cr_expect_eq(strlen(cut), TOP_TEXT - 1);
	memcpy(text + TOP_TEXT - 2, "\xe3\x81\x82", 3);
	top_cut(text, cut);
	cr_expect_eq(strlen(cut), TOP_TEXT - 2);
	memset(text, 'x', sizeof text - 1);
	text[TOP_TEXT - 1] = '\0';
	top_cut(text, cut);
	cr_expect_str_eq(cut, text);
}
