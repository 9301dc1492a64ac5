#include "policy/syntax.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A reader at the beginning of a text behind which no byte may be read; free(3) what it stands at. */
static struct syntax at_begin(const char *text)
{
	size_t length = strlen(text);
	char *exact = malloc(length);

	memcpy(exact, text, length);
	return (struct syntax){.at = exact, .end = exact + length};
}

Test(syntax, what_means_nothing_is_skipped)
{
	static const struct {
		const char *text;
		bool extended, quoted;
		size_t skipped;
		bool quoted_then;
	} rows[] = {
	    {"a", false, false, 0, false},
	    {"", false, false, 0, false},
	    {" a", false, false, 0, false},
	    {" \t\n\r\v\fa", true, false, 6, false},
	    {"# all\n #more\n a", true, false, 14, false},
	    {"# all", true, false, 5, false},
	    {"#a", false, false, 0, false},
	    {"\\Qa", false, false, 2, true},
	    {"\\Q a", true, false, 2, true},
	    {"\\Q\\Ea", false, false, 4, false},
	    {"\\Ea", false, false, 2, false},
	    {"\\Ea", false, true, 2, false},
	    {"\\Qa", false, true, 0, true},
	    {"\\E \\Qa", true, true, 5, true},
	    {"\\", false, false, 0, false},
	    {"\\", false, true, 0, true},
	    {"\\.", false, false, 0, false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct syntax syntax = at_begin(rows[i].text);
		const char *begin = syntax.at;

		syntax.extended = rows[i].extended;
		syntax.quoted = rows[i].quoted;
		syntax_skip(&syntax);
		cr_expect_eq((size_t)(syntax.at - begin), rows[i].skipped, "\"%s\": %zu", rows[i].text,
		             (size_t)(syntax.at - begin));
		cr_expect_eq(syntax.quoted, rows[i].quoted_then, "\"%s\"", rows[i].text);
		free((char *)begin);
	}
}

Test(syntax, quantifiers)
{
	static const struct {
		const char *text;
		bool is;
		unsigned least, most;
		size_t length;
	} rows[] = {
	    {"?", true, 0, 1, 1},
	    {"*a", true, 0, REPETITION_UNBOUNDED, 1},
	    {"+", true, 1, REPETITION_UNBOUNDED, 1},
	    {"??a", true, 0, 1, 2},
	    {"*+a", true, 0, REPETITION_UNBOUNDED, 2},
	    {"+?+", true, 1, REPETITION_UNBOUNDED, 2},
	    {"{3}", true, 3, 3, 3},
	    {"{3}+", true, 3, 3, 4},
	    {"{3,}?", true, 3, REPETITION_UNBOUNDED, 5},
	    {"{3,14}a", true, 3, 14, 6},
	    {"{0,65535}", true, 0, 65535, 9},
	    {"{0}", true, 0, 0, 3},
	    {"{3", false, 0, 0, 0},
	    {"{3,", false, 0, 0, 0},
	    {"{3,4", false, 0, 0, 0},
	    {"{3,a}", false, 0, 0, 0},
	    {"{,3}", false, 0, 0, 0},
	    {"{}", false, 0, 0, 0},
	    {"{", false, 0, 0, 0},
	    {"{x}", false, 0, 0, 0},
	    {"a", false, 0, 0, 0},
	    {"", false, 0, 0, 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct syntax syntax = at_begin(rows[i].text);
		struct repetition repetition = {7, 8};
		const char *begin = syntax.at;

		cr_expect_eq(syntax_repetition(&syntax, &repetition), rows[i].is, "\"%s\"", rows[i].text);
		cr_expect_eq(repetition.least, rows[i].is ? rows[i].least : 7, "\"%s\": %u", rows[i].text,
		             repetition.least);
		cr_expect_eq(repetition.most, rows[i].is ? rows[i].most : 8, "\"%s\": %u", rows[i].text,
		             repetition.most);
		cr_expect_eq((size_t)(syntax.at - begin), rows[i].length, "\"%s\": %zu", rows[i].text,
		             (size_t)(syntax.at - begin));
		free((char *)begin);
	}
}

/* No number of digits makes a bound small again. */
Test(syntax, a_bound_without_end_is_none)
{
	struct syntax syntax = at_begin("{4294967297,18446744073709551617}");
	const char *begin = syntax.at;
	struct repetition repetition;

	cr_assert(syntax_repetition(&syntax, &repetition));
	cr_expect_geq(repetition.least, REPETITION_UNBOUNDED);
	cr_expect_geq(repetition.most, REPETITION_UNBOUNDED);
	free((char *)begin);
}

Test(syntax, places)
{
	static const struct {
		const char *text;
		size_t length; /* 0: none */
		enum place place;
	} rows[] = {
	    {"^a", 1, PLACE_START},    {"$", 1, PLACE_END},       {"\\A", 2, PLACE_START},   {"\\G", 2, PLACE_START},
	    {"\\z", 2, PLACE_END},     {"\\Z", 2, PLACE_END},     {"\\b", 2, PLACE_EDGE},    {"\\B", 2, PLACE_WITHIN},
	    {"\\K", 2, PLACE_ANY},     {"\\1", 2, PLACE_ANY},     {"\\9a", 2, PLACE_ANY},    {"\\81", 3, PLACE_ANY},
	    {"\\g1", 3, PLACE_ANY},    {"\\g-12a", 5, PLACE_ANY}, {"\\g+1", 4, PLACE_ANY},   {"\\g{-1}a", 6, PLACE_ANY},
	    {"\\g<a>b", 5, PLACE_ANY}, {"\\g'a'b", 5, PLACE_ANY}, {"\\k{a}b", 5, PLACE_ANY}, {"\\k<a>", 5, PLACE_ANY},
	    {"\\k'a'", 5, PLACE_ANY},  {"\\k<a", 4, PLACE_ANY},   {"\\k'a", 4, PLACE_ANY},   {"\\g{", 3, PLACE_ANY},
	    {"\\g", 2, PLACE_ANY},     {"\\g-", 3, PLACE_ANY},    {"\\d", 0, PLACE_ANY},     {"\\.", 0, PLACE_ANY},
	    {"\\12", 0, PLACE_ANY},    {"\\0", 0, PLACE_ANY},     {"\\", 0, PLACE_ANY},      {"a", 0, PLACE_ANY},
	    {"1", 0, PLACE_ANY},       {"k1", 0, PLACE_ANY},      {"", 0, PLACE_ANY},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct syntax syntax = at_begin(rows[i].text);
		const char *begin = syntax.at;
		enum place place = PLACE_ANY;

		cr_expect_eq(syntax_place(&syntax, &place), rows[i].length > 0, "\"%s\"", rows[i].text);
		cr_expect_eq(place, rows[i].place, "\"%s\": %d", rows[i].text, place);
		cr_expect_eq((size_t)(syntax.at - begin), rows[i].length, "\"%s\": %zu", rows[i].text,
		             (size_t)(syntax.at - begin));
		syntax.at = begin;
		syntax.quoted = true;
		cr_expect_not(syntax_place(&syntax, &place), "\"%s\" is quoted", rows[i].text);
		free((char *)begin);
	}
}

Test(syntax, groups)
{
	static const struct {
		const char *text;
		const char *left;
		enum group group;
	} rows[] = {
	    {"(a)", "a)", GROUP_TAKEN},
	    {"(", "", GROUP_TAKEN},
	    {"(?:a)", "a)", GROUP_TAKEN},
	    {"(?|a)", "a)", GROUP_TAKEN},
	    {"(?>a)", "a)", GROUP_TAKEN},
	    {"(?<name>a)", "a)", GROUP_TAKEN},
	    {"(?'name'a)", "a)", GROUP_TAKEN},
	    {"(?P<name>a)", "a)", GROUP_TAKEN},
	    {"(?i:a)", "a)", GROUP_TAKEN},
	    {"(?^:a)", "a)", GROUP_TAKEN},
	    {"(?ms-U:a)", "a)", GROUP_TAKEN},
	    {"(?i)a", "a", GROUP_NONE},
	    {"(?-i)a", "a", GROUP_NONE},
	    {"(?#a(b)c", "c", GROUP_NONE},
	    {"(?R)a", "a", GROUP_NONE},
	    {"(?1)a", "a", GROUP_NONE},
	    {"(?0)a", "a", GROUP_NONE},
	    {"(?-1)a", "a", GROUP_NONE},
	    {"(?+1)a", "a", GROUP_NONE},
	    {"(?&name)a", "a", GROUP_NONE},
	    {"(?P>name)a", "a", GROUP_NONE},
	    {"(?P=name)a", "a", GROUP_NONE},
	    {"(?C1)a", "a", GROUP_NONE},
	    {"(*UTF)a", "a", GROUP_NONE},
	    {"(*LIMIT_MATCH=7)a", "a", GROUP_NONE},
	    {"(*MARK:m)a", "a", GROUP_NONE},
	    {"(*:m)a", "a", GROUP_NONE},
	    {"(?=a)", "a)", GROUP_SKIPPED},
	    {"(?!a)", "a)", GROUP_SKIPPED},
	    {"(?*a)", "a)", GROUP_SKIPPED},
	    {"(?<=a)", "a)", GROUP_SKIPPED},
	    {"(?<!a)", "a)", GROUP_SKIPPED},
	    {"(?<*a)", "a)", GROUP_SKIPPED},
	    {"(*pla:a)", "a)", GROUP_SKIPPED},
	    {"(*negative_lookahead:a)", "a)", GROUP_SKIPPED},
	    {"(?(1)a|b)", "(1)a|b)", GROUP_SKIPPED},
	    {"(?(<name>)a)", "(<name>)a)", GROUP_SKIPPED},
	    {"(?", "", GROUP_NONE},
	    {"(*", "", GROUP_NONE},
	    {"(*pla", "", GROUP_NONE},
	    {"(?P", "", GROUP_NONE},
	    {"(?<", "", GROUP_TAKEN},
	    {"(?'a", "", GROUP_TAKEN},
	    {"(?i", "", GROUP_NONE},
	    {"(?-", "", GROUP_NONE},
	    {"(?#", "", GROUP_NONE},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct syntax syntax = at_begin(rows[i].text);
		const char *begin = syntax.at;

		cr_expect_eq(syntax_group(&syntax), rows[i].group, "\"%s\"", rows[i].text);
		cr_expect_eq((size_t)(syntax.end - syntax.at), strlen(rows[i].left), "\"%s\": %zu", rows[i].text,
		             (size_t)(syntax.at - begin));
		free((char *)begin);
	}
}

Test(syntax, flags)
{
	static const struct {
		const char *text;
		bool caseless, extended;
	} rows[] = {
	    {"(?i)", true, false},  {"(?x)", false, true},  {"(?xi:", true, true},  {"(?i-x)", true, false},
	    {"(?s)", false, false}, {"(?xx)", false, true}, {"(?^i)", true, false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct syntax syntax = at_begin(rows[i].text);
		const char *begin = syntax.at;

		syntax_group(&syntax);
		cr_expect_eq(syntax.caseless, rows[i].caseless, "\"%s\"", rows[i].text);
		cr_expect_eq(syntax.extended, rows[i].extended, "\"%s\"", rows[i].text);
		free((char *)begin);
	}
}

Test(syntax, flags_are_taken_back)
{
	static const struct {
		const char *text;
		bool caseless, extended;
	} rows[] = {
	    {"(?-i)", false, true}, {"(?-x)", true, false}, {"(?-xi:", false, false}, {"(?^)", false, false},
	    {"(?^x)", false, true}, {"(?m-s)", true, true}, {"(?:", true, true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct syntax syntax = at_begin(rows[i].text);
		const char *begin = syntax.at;

		syntax.caseless = syntax.extended = true;
		syntax_group(&syntax);
		cr_expect_eq(syntax.caseless, rows[i].caseless, "\"%s\"", rows[i].text);
		cr_expect_eq(syntax.extended, rows[i].extended, "\"%s\"", rows[i].text);
		free((char *)begin);
	}
}
