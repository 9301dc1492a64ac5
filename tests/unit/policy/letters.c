#include "policy/letters.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/expression.h"

static struct match_room *room;

static void start(void)
{
	room = match_room_new();
	cr_assert_not_null(room);
}

static void end(void)
{
	match_room_free(room);
}

TestSuite(letters, .init = start, .fini = end);

/* What PCRE2 finds is the measure: for every byte, with and without letter case. */
static void expect_as_expression(const char *pattern, bool caseless)
{
	enum value_kind kind = caseless ? VALUE_NAME : VALUE_LOGIN;
	const char *at = pattern, *behind = pattern + strlen(pattern);
	struct expression *expression;
	struct letters letters;
	char whole[200], fault[200];

	letters = pattern[0] == '[' ? letters_class(&at, behind, caseless) : letters_escape(&at, behind, caseless);
	cr_expect_eq(at, behind, "%s: \"%s\" is left", pattern, at);
	snprintf(whole, sizeof whole, "^%s\\z", pattern);
	expression = expression_new(kind, whole, strlen(whole), fault, sizeof fault);
	cr_assert_not_null(expression, "%s: %s", whole, fault);
	for (unsigned byte = 1; byte < 256; byte++) {
		char subject[] = {(char)byte, '\0'};
		bool found = expression_find(expression, subject, room) == TRUTH_YES;

		cr_expect_eq(bits_test(letters.bits, byte), found, "%s, caseless %d: byte %u", pattern, caseless, byte);
	}
	expression_free(expression);
}

Test(letters, escapes_and_classes_are_what_they_are_to_the_expression)
{
	static const char *const patterns[] = {
	    "\\d",
	    "\\D",
	    "\\w",
	    "\\W",
	    "\\s",
	    "\\S",
	    "\\h",
	    "\\H",
	    "\\v",
	    "\\V",
	    "\\N",
	    "\\.",
	    "\\-",
	    "\\a",
	    "\\e",
	    "\\f",
	    "\\n",
	    "\\r",
	    "\\t",
	    "\\x41",
	    "\\x{4a}",
	    "\\x4",

	    "\\041",
	    "\\141",
	    "\\o{101}",
	    "\\377",
	    "\\cA",
	    "\\cz",
	    "\\c[",
	    "\\@",
	    "\\\377",
	    "\\\\",
	    "[a]",
	    "[abc]",
	    "[^abc]",
	    "[a-f]",
	    "[A-F]",
	    "[^a-f]",
	    "[a-fK-M]",
	    "[]a]",
	    "[^]a]",
	    "[a-]",
	    "[-a]",
	    "[+--]",
	    "[a\\-z]",

	    "[\\w.-]",
	    "[^\\w.-]",
	    "[\\x41-\\x43]",
	    "[\\101-\\o{103}]",
	    "[\\]\\[]",
	    "[[]",
	    "[[a]",
	    "[a-z&&k]",
	    "[\\b]",
	    "[\\1]",
	    "[\\n-\\r]",
	    "[\\x00-\\x1f]",
	    "[^\\x00-\\x7f]",
	    "[\303\274]",
	    "[\200-\377]",
	    "[.$^|(){}*+?]",
	    "[#-&]",
	    "[W-c]",
	    "[\\D]",
	    "[^\\D]",
	    "[\\W\\d]",
	    "[\\e\\a\\f]",
	    "[^-]",
	    "[--a]",
	    "[\\.-\\/]",
	};

	for (size_t i = 0; i < 2 * (sizeof patterns / sizeof *patterns); i++)
		expect_as_expression(patterns[i / 2], i % 2 != 0);
}

Test(letters, so_are_the_classes_of_posix)
{
	static const char *const names[] = {"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph",
	                                    "lower", "print", "punct", "space", "upper", "word",  "xdigit"};

	static const struct {
		const char *before, *behind;
	} forms[] = {{"[[:", ":]]"}, {"[^[:", ":]]"}, {"[[:^", ":]]"}, {"[_[:", ":]-]"}, {"[\\d[:^", ":]]"}};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		for (size_t form = 0; form < 2 * (sizeof forms / sizeof *forms); form++) {
			char pattern[40];

			snprintf(pattern, sizeof pattern, "%s%s%s", forms[form / 2].before, names[i],
			         forms[form / 2].behind);
			expect_as_expression(pattern, form % 2 != 0);
		}
	}
}

/* What is said of a byte below 128 is so; the others are a guess. */
Test(letters, properties_are_followed_for_ascii)
{
	static const char *const patterns[] = {"\\pL",    "\\PL",    "\\p{L}",   "\\p{^L}", "\\P{^L}",     "\\p{Lu}",
	                                       "\\P{Ll}", "\\p{Lu}", "\\pN",     "\\p{Nd}", "\\pP",        "\\pS",
	                                       "\\pZ",    "\\p{Zs}", "[\\p{L}]", "[^\\pL]", "[\\pL\\pN.-]"};

	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		char whole[40], fault[100];
		const char *at = patterns[i], *behind = at + strlen(at);
		struct letters letters =
		    *at == '[' ? letters_class(&at, behind, true) : letters_escape(&at, behind, true);
		struct expression *expression;

		cr_expect_eq(at, behind, "%s: \"%s\" is left", patterns[i], at);
		snprintf(whole, sizeof whole, "^%s\\z", patterns[i]);
		expression = expression_new(VALUE_NAME, whole, strlen(whole), fault, sizeof fault);
		cr_assert_not_null(expression, "%s: %s", whole, fault);
		for (unsigned byte = 1; byte < 128; byte++) {
			char subject[] = {(char)byte, '\0'};
			bool found = expression_find(expression, subject, room) == TRUTH_YES;

			cr_expect_eq(bits_test(letters.bits, byte), found, "%s: byte %u", patterns[i], byte);
		}
		expression_free(expression);
	}
}

/* An unknown property is anything; what does not end is read to the end. */
Test(letters, what_is_not_whole_is_read_no_further_than_the_end)
{
	static const char *const texts[] = {
	    "\\",    "\\x",   "\\x{",    "\\x{4", "\\o",  "\\o{",      "\\c",    "\\p",        "\\p{",
	    "\\p{L", "\\p{^", "\\p{Xx}", "[",     "[^",   "[]",        "[^]",    "[a",         "[a-",
	    "[a-\\", "[[",    "[[:",     "[[:al", "[[:^", "[[:alpha:", "[\\p{L", "[[:alpha:]", "[\\"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		size_t length = strlen(texts[i]);
		char *exact = malloc(length);
		const char *at = exact;

		cr_assert_not_null(exact);
		memcpy(exact, texts[i], length);
		if (exact[0] == '[')
			letters_class(&at, exact + length, false);
		else
			letters_escape(&at, exact + length, false);
		cr_expect_eq((size_t)(at - exact), length, "%s: %zu", texts[i], (size_t)(at - exact));
		free(exact);
	}
}

Test(letters, the_best_for_a_name_is_picked)
{
	static const struct {
		const char *class;
		const char *picks; /* turn after turn */
	} rows[] = {
	    {"[a-z]", "abcd"},
	    {"[^@]", "abcd"},
	    {"[0-9]", "0123"},
	    {"[x-z0-1-]", "xyz01x"},
	    {"[-._]", "----"},
	    {"[._@]", "...."},
	    {"[_@ ]", "____"},
	    {"[^a-z0-9]", "--"},
	    {"[A-C ]", "ABCA"},
	    {"[ \\t]", "  "},
	    {"[\\t\\n]", "\t\n\t"},
	    {"[\\x00a]", "aaa"},
	    {"[\377\001]", "\001\377\001"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *at = rows[i].class;
		struct letters letters = letters_class(&at, at + strlen(at), false);

		for (unsigned turn = 0; rows[i].picks[turn] != '\0'; turn++)
			cr_expect_eq(letters_pick(&letters, turn), (unsigned char)rows[i].picks[turn],
			             "%s: turn %u: %c", rows[i].class, turn, letters_pick(&letters, turn));
	}
}

Test(letters, where_there_is_none_none_is_picked)
{
	static const char *const classes[] = {"[\\x00]", "[^\\x00-\\xff]", "[^\\d\\D]"};

	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		const char *at = classes[i];
		struct letters letters = letters_class(&at, at + strlen(at), false);

		cr_expect_eq(letters_pick(&letters, 0), 0, "%s", classes[i]);
		cr_expect_eq(letters_pick(&letters, 1), 0, "%s", classes[i]);
	}
}

Test(letters, sets_are_wide_that_have_all_lower_case_letters)
{
	static const struct {
		const char *class;
		bool caseless, wide;
	} rows[] = {
	    {"[a-z]", false, true},  {"[a-y]", false, false}, {"[b-z]", false, false}, {"[^@]", false, true},
	    {"[A-Z]", false, false}, {"[A-Z]", true, true},   {"[\\w]", false, true},  {"[0-9]", false, false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *at = rows[i].class;
		struct letters letters = letters_class(&at, at + strlen(at), rows[i].caseless);

		cr_expect_eq(letters_wide(&letters), rows[i].wide, "%s", rows[i].class);
	}
}

Test(letters, words_and_what_is_none)
{
	struct letters is = letters_word(true), not = letters_word(false), both = letters_and(is, not );

	for (unsigned byte = 1; byte < 256; byte++) {
		bool word =
		    strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", (int)byte) != NULL;

		cr_expect_eq(bits_test(is.bits, byte), word, "byte %u", byte);
		cr_expect_eq(bits_test(not .bits, byte), !word, "byte %u", byte);
		cr_expect_not(bits_test(both.bits, byte), "byte %u", byte);
	}
}
