/* Expressions that are lists of texts: all of them, or none. */
#include "policy/wordlist.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "policy/expression.h"

/* "a b", or "?" where it is no list. */
static const char *words_of(enum value_kind kind, const char *pattern)
{
	static char text[LIMIT_SAMPLES * (LIMIT_SAMPLE + 2)];
	struct samples samples;

	*text = '\0';
	if (!wordlist_of(kind, pattern, strlen(pattern), &samples))
		return "?";
	for (size_t i = 0; i < samples.count; i++) {
		cr_expect_not(samples.list[i].may_precede || samples.list[i].may_follow);
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i > 0 ? " " : "",
		         samples.list[i].text);
	}
	return text;
}

Test(wordlist, an_expression_of_letters_that_is_anchored_at_both_ends_is_a_list)
{
	static const struct {
		const char *pattern, *words;
	} rows[] = {
	    {"^a$", "a"},
	    {"^mail\\.example$", "mail.example"},
	    {"^MAIL$", "mail"},
	    {"^(a|b)$", "a b"},
	    {"^(?:mx1|mx2)\\.(example|test)$", "mx1.example mx2.example mx1.test mx2.test"},
	    {"^a$|^b$", "a b"},
	    {"^a(|b)$", "a ab"},
	    {"^(a(b|c)|d)$", "ab ac d"},
	    {"^a-_@%b$", "a-_@%b"},
	    {"^\\[192\\.0\\.2\\.1\\]$", "[192.0.2.1]"},
	    {"^$", ""},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_str_eq(words_of(VALUE_NAME, rows[i].pattern), rows[i].words, "/%s/: %s", rows[i].pattern,
		                 words_of(VALUE_NAME, rows[i].pattern));
	cr_expect_str_eq(words_of(VALUE_LOGIN, "^Bob$"), "Bob");
}

Test(wordlist, whatever_else_it_has_it_is_none)
{
	static const char *const patterns[] = {
	    "",        "a",        "^a",           "a$",          "^a.$",        "^a+$",
	    "^a?$",    "^a*$",     "^a{2}$",       "^[ab]$",      "^\\d$",       "^\\x61$",
	    "^(?i)a$", "^(?!a)b$", "^(?<n>a)$",    "^a$|b",       "^a$|b$",      "^a$|",
	    "|^a$",    "^a$b",     "^a^b$",        "^(a$|b)$",    "^(^a|b)$",    "^(a|b)+$",
	    "^(a|b$",  "^a)$",     "^\\",          "^a\\",        "^\\Qa.b\\E$", "^a\\$",
	    "(?x)^a$", "^a b$",    "^\303\274$",   "^((((a))))$", "^(*FAIL)a$",  "^a$$",
	    "^#$",     "^(?#)a$",  "^(?:a|b){2}$", "^\\bmail$",
	};

	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
		cr_expect_str_eq(words_of(VALUE_NAME, patterns[i]), "?", "/%s/: %s", patterns[i],
		                 words_of(VALUE_NAME, patterns[i]));
}

Test(wordlist, more_than_there_is_room_for_are_none)
{
	char pattern[2 * LIMIT_SAMPLE + 8] = "^";

	cr_expect_str_neq(words_of(VALUE_NAME, "^(a|b)(a|b)(a|b)(a|b)(a|b)$"), "?");
	cr_expect_str_eq(words_of(VALUE_NAME, "^(a|b)(a|b)(a|b)(a|b)(a|b)(a|b)$"), "?");
	memset(pattern + 1, 'a', LIMIT_SAMPLE);
	pattern[1 + LIMIT_SAMPLE] = '$';
	cr_expect_str_neq(words_of(VALUE_NAME, pattern), "?");
	memset(pattern + 1, 'a', LIMIT_SAMPLE + 1);
	pattern[2 + LIMIT_SAMPLE] = '$';
	cr_expect_str_eq(words_of(VALUE_NAME, pattern), "?");
}

/* Every text of up to three letters is found exactly if it is in the list. */
Test(wordlist, the_expression_finds_these_and_no_other)
{
	static const char letters[] = "ab.-@";
	static const char *const patterns[] = {"^(a|b)\\.?$",  "^(a|b)\\.$",      "^a(|b)(a|-)$", "^(?:a@b|@)$",
	                                       "^(a(b|-)|b)$", "^a$|^b\\.(a|b)$", "^ab$",         "^$"};
	struct match_room *room = match_room_new();

	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		struct samples samples;
		char fault[100];
		struct expression *expression =
		    expression_new(VALUE_NAME, patterns[i], strlen(patterns[i]), fault, sizeof fault);

		if (!wordlist_of(VALUE_NAME, patterns[i], strlen(patterns[i]), &samples)) {
			cr_expect_eq(i, 0, "/%s/", patterns[i]);
			expression_free(expression);
			continue;
		}
		for (unsigned k = 0; k < 6 * 6 * 6; k++) {
			char text[4] = "";
			bool listed = false;

			for (unsigned rest = k; rest > 0; rest /= 6)
				if (rest % 6 > 0)
					strncat(text, &letters[rest % 6 - 1], 1);
			for (size_t m = 0; m < samples.count; m++)
				listed |= strcmp(samples.list[m].text, text) == 0;
			cr_expect_eq(expression_find(expression, text, room) == TRUTH_YES, listed, "/%s/: %s",
			             patterns[i], text);
		}
		expression_free(expression);
	}
	match_room_free(room);
}
