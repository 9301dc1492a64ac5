#include "rules/suggest.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

static const char *const words[] = {
    "client",    "client_name", "helo",  "sender",          "user", "tls",
    "size_over", "recipient",   "relay", "recipients_over", "mode",
};

struct row {
	char given[40];
	char word[40]; /* empty: none is near enough */
};

ParameterizedTestParameters(suggest, the_word_that_was_meant)
{
	static struct row rows[] = {
	    {"clent", "client"},   /* one letter less */
	    {"clientt", "client"}, /* one more */
	    {"cliant", "client"},  /* one replaced */
	    {"cilent", "client"},  /* two swapped: one edit */
	    {"ehlo", "helo"},      /* so also in a word of four */
	    {"hleo", "helo"},      /* which two replaced letters would not be */
	    {"hxlx", ""},          /* as here */
	    {"hel", "helo"},
	    {"he", ""}, /* four letters: one edit */
	    {"tsl", "tls"},
	    {"ssl", ""}, /* two edits */
	    {"snder", "sender"},
	    {"sndr", "sender"},                    /* six letters: two edits */
	    {"sndx", ""},                          /* three */
	    {"recipeints_ovr", "recipients_over"}, /* beyond eight letters: three edits */
	    {"recpeints_ovr", "recipients_over"},
	    {"rcpeints_ovr", ""}, /* four */
	    {"CLIENT", "client"}, /* letter case alone */
	    {"Client_Nmae", "client_name"},
	    {"client", "client"},
	    {"", ""},
	    {"listener", ""},
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, suggest, the_word_that_was_meant)
{
	const char *word = suggest(row->given, words, sizeof(words) / sizeof(words[0]));

	cr_assert_str_eq(word ? word : "", row->word, "%s: %s", row->given, word ? word : "nothing");
}

Test(suggest, no_part_is_edited_twice)
{
	static const char *const word[] = {"abc"};

	/* "ca" swapped is "ac", and a "b" put between the two would make one more: three edits without it */
	cr_assert_null(suggest("ca", word, 1));
}

Test(suggest, of_two_as_near_the_first)
{
	static const char *const near[] = {"users", "user"}, *const other[] = {"user", "users"};

	cr_assert_eq(suggest("usr", near, 2), near[1]);
	cr_assert_eq(suggest("userz", near, 2), near[0]);
	cr_assert_eq(suggest("userz", other, 2), other[0]);
}

Test(suggest, the_nearest_wherever_it_stands)
{
	static const char *const names[] = {"gateway-one", "gateway-two", "gateway-three"};

	cr_assert_eq(suggest("gateway-tow", names, 3), names[1]);
}

Test(suggest, nothing_where_there_are_no_words)
{
	cr_assert_null(suggest("client", NULL, 0));
}

Test(suggest, words_longer_than_any_name_are_passed_over)
{
	char given[1000], word[1000];
	const char *const names[] = {word, "client"};

	memset(given, 'a', sizeof(given) - 1);
	given[sizeof(given) - 1] = '\0';
	memcpy(word, given, sizeof(word));
	cr_assert_null(suggest(given, names, 2));
	cr_assert_eq(suggest("clinet", names, 2), names[1]);
}

Test(suggest, the_longest_that_are_compared)
{
	char given[129], word[129];
	const char *const names[] = {word};

	memset(given, 'a', sizeof(given) - 1);
	given[sizeof(given) - 1] = '\0';
	memcpy(word, given, sizeof(word));
	word[5] = 'b';
	cr_assert_eq(suggest(given, names, 1), word);
}
