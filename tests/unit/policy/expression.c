#include "policy/expression.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

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

TestSuite(expression, .init = start, .fini = end);

static struct expression *compiled(const char *pattern)
{
	char fault[200];
	struct expression *expression = expression_new(VALUE_NAME, pattern, strlen(pattern), fault, sizeof fault);

	cr_assert_not_null(expression, "%s: %s", pattern, fault);
	return expression;
}

Test(expression, it_is_found_anywhere_whatever_the_case)
{
	static const struct {
		const char *pattern, *subject;
		enum truth found;
	} rows[] = {
	    {"b", "abc", TRUTH_YES},
	    {"d", "abc", TRUTH_NO},
	    {"^b", "abc", TRUTH_NO},
	    {"^a", "abc", TRUTH_YES},
	    {"c$", "abc", TRUTH_YES},
	    {"b$", "abc", TRUTH_NO},
	    {"ABC", "abc", TRUTH_YES},
	    {"abc", "aBC", TRUTH_YES},
	    {"^dsl-[0-9.-]+", "dsl-7-8-9.example.com", TRUTH_YES},
	    {"(a)(b)(c)(d)", "xabcdx", TRUTH_YES}, /* more groups than there is room for */
	    {"^$", "", TRUTH_YES},
	    {"x*", "", TRUTH_YES},
	    {".", "", TRUTH_NO},
	    {"^.$", "\374", TRUTH_YES}, /* byte by byte */
	    {"^..$", "\303\274", TRUTH_YES},
	    {"a$", "a\n", TRUTH_NO}, /* the end is the end */
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct expression *expression = compiled(rows[i].pattern);

		cr_expect_eq(expression_find(expression, rows[i].subject, room), rows[i].found, "/%s/ in \"%s\"",
		             rows[i].pattern, rows[i].subject);
		expression_free(expression);
	}
}

Test(expression, letter_case_counts_for_logins_alone)
{
	for (unsigned kind = VALUE_NAME; kind <= VALUE_LOGIN; kind++) {
		char fault[100];
		struct expression *expression = expression_new((enum value_kind)kind, "^Al", 3, fault, sizeof fault);

		cr_assert_not_null(expression, "%s", fault);
		cr_expect_eq(expression_find(expression, "Alice", room), TRUTH_YES, "kind %u", kind);
		cr_expect_eq(expression_find(expression, "alice", room), kind == VALUE_LOGIN ? TRUTH_NO : TRUTH_YES,
		             "kind %u", kind);
		expression_free(expression);
	}
}

Test(expression, what_does_not_compile_says_why_and_where)
{
	static const struct {
		const char *pattern, *reason, *offset;
	} rows[] = {
	    {"(a", "parenthesis", "at character 3"}, {"a)", "parenthesis", "at character 2"},
	    {"[a", "]", "at character 3"},           {"*", "quantifier", "at character 1"},
	    {"\\", "\\ at end", "at character 2"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char fault[200] = "";

		cr_expect_null(
		    expression_new(VALUE_NAME, rows[i].pattern, strlen(rows[i].pattern), fault, sizeof fault), "/%s/",
		    rows[i].pattern);
		cr_expect_not_null(strstr(fault, rows[i].offset), "/%s/: %s", rows[i].pattern, fault);
		cr_expect_not_null(strstr(fault, rows[i].reason), "/%s/: %s", rows[i].pattern, fault);
	}
}

Test(expression, a_reason_is_cut_to_its_room)
{
	char fault[9] = "xxxxxxxx";

	cr_assert_null(expression_new(VALUE_NAME, "(a", 2, fault, 8));
	cr_expect_eq(strlen(fault), 7);
	cr_expect_eq(fault[8], '\0');
	cr_assert_null(expression_new(VALUE_NAME, "(a", 2, fault, 1));
	cr_expect_str_eq(fault, "");
}

Test(expression, only_the_bytes_of_the_pattern_that_are_given_count)
{
	char fault[100];
	struct expression *expression = expression_new(VALUE_NAME, "abc(", 3, fault, sizeof fault);

	cr_assert_not_null(expression, "%s", fault);
	cr_expect_eq(expression_find(expression, "xabcx", room), TRUTH_YES);
	expression_free(expression);
}

/* Nested repetition takes exponential time: a limit ends it, and that is neither yes nor no. */
Test(expression, past_its_limit_it_is_broken_and_the_room_can_be_used_again)
{
	static const char *const patterns[] = {"^(a+)+$", "^(a|aa)+$", "^(a*)*$", "(a+a+)+!!"};
	struct expression *sound = compiled("^a+!$");
	char subject[64];

	memset(subject, 'a', sizeof subject);
	strcpy(subject + sizeof subject - 2, "!");
	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
		struct expression *expression = compiled(patterns[i]);

		cr_expect_eq(expression_find(expression, subject, room), TRUTH_BROKEN, "/%s/", patterns[i]);
		cr_expect_eq(expression_find(sound, subject, room), TRUTH_YES, "after /%s/", patterns[i]);
		expression_free(expression);
	}
	expression_free(sound);
}

/* So many times one letter, then so many times another. */
static const char *subject_of(size_t count, char one, char other, size_t others)
{
	static char subject[2001];

	memset(subject, one, count);
	memset(subject + count, other, others);
	subject[count + others] = '\0';
	return subject;
}

/* Each of the limits ends what the two others would let pass. */
Test(expression, steps_are_limited)
{
	struct expression *expression = compiled("^(a+)+$");

	cr_expect_eq(expression_find(expression, subject_of(12, 'a', '!', 1), room), TRUTH_NO);
	cr_expect_eq(expression_find(expression, subject_of(18, 'a', '!', 1), room), TRUTH_BROKEN);
	expression_free(expression);
}

Test(expression, depth_is_limited)
{
	struct expression *expression = compiled("^(a(?1)?b)+$");

	cr_expect_eq(expression_find(expression, subject_of(300, 'a', 'b', 300), room), TRUTH_YES);
	cr_expect_eq(expression_find(expression, subject_of(600, 'a', 'b', 600), room), TRUTH_BROKEN);
	expression_free(expression);
}

Test(expression, memory_is_limited)
{
	char pattern[3000] = "^(?:a";
	struct expression *expression;

	/* each group adds to what must be remembered of each step back */
	for (unsigned group = 0; group < 300; group++)
		snprintf(pattern + strlen(pattern), sizeof pattern - strlen(pattern), "|(x%u)", group);
	strcat(pattern, ")*$");
	expression = compiled(pattern);
	cr_expect_eq(expression_find(expression, subject_of(50, 'a', '!', 0), room), TRUTH_YES);
	cr_expect_eq(expression_find(expression, subject_of(300, 'a', '!', 0), room), TRUTH_BROKEN);
	expression_free(expression);
}

Test(expression, freeing_none)
{
	expression_free(NULL);
	match_room_free(NULL);
}
