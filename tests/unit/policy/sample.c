#include "policy/sample.h"

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

TestSuite(sample, .init = start, .fini = end);

static struct samples made(enum value_kind kind, const char *pattern)
{
	/* no byte behind it may be read */
	char *exact = malloc(strlen(pattern) + 1);
	struct samples samples;

	cr_assert_not_null(exact);
	exact = realloc(exact, strlen(pattern) + (*pattern == '\0'));
	memcpy(exact, pattern, strlen(pattern));
	samples_of(kind, exact, strlen(pattern), &samples);
	free(exact);
	cr_assert_leq(samples.count, LIMIT_SAMPLES, "/%s/", pattern);
	for (size_t i = 0; i < samples.count; i++)
		cr_assert_leq(strnlen(samples.list[i].text, LIMIT_SAMPLE + 1), LIMIT_SAMPLE, "/%s/", pattern);
	return samples;
}

static struct expression *compiled(enum value_kind kind, const char *pattern)
{
	char fault[200];
	struct expression *expression = expression_new(kind, pattern, strlen(pattern), fault, sizeof fault);

	cr_assert_not_null(expression, "%s: %s", pattern, fault);
	return expression;
}

static bool finds(const struct expression *expression, const char *before, const char *text, const char *behind)
{
	char subject[LIMIT_SAMPLE + 20];

	snprintf(subject, sizeof subject, "%s%s%s", before, text, behind);
	return expression_find(expression, subject, room) == TRUTH_YES;
}

/* Whether one of these fits before or behind the text. */
static bool finds_extended(const struct expression *expression, const char *text, bool before)
{
	static const char *const others[] = {"zz", "-", ".", "zz.", ".zz"};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (before ? finds(expression, others[i], text, "") : finds(expression, "", text, others[i]))
			return true;
	return false;
}

static void expect_all_found(enum value_kind kind, const char *pattern, const struct samples *samples)
{
	struct expression *expression = compiled(kind, pattern);

	for (size_t i = 0; i < samples->count; i++) {
		const struct sample *sample = &samples->list[i];

		cr_expect(finds(expression, "", sample->text, ""), "/%s/ in \"%s\"", pattern, sample->text);
		if (sample->may_precede)
			cr_expect(finds_extended(expression, sample->text, true), "/%s/ in ...\"%s\"", pattern,
			          sample->text);
		if (sample->may_follow)
			cr_expect(finds_extended(expression, sample->text, false), "/%s/ in \"%s\"...", pattern,
			          sample->text);
	}
	expression_free(expression);
}

/* Its text, with "<" where something may precede, and ">" where something may follow. */
static const char *shown(const struct sample *sample)
{
	static char text[LIMIT_SAMPLE + 3];

	snprintf(text, sizeof text, "%s%s%s", sample->may_precede ? "<" : "", sample->text,
	         sample->may_follow ? ">" : "");
	return text;
}

Test(sample, what_administrators_write_finds_its_samples)
{
	static const struct {
		const char *pattern;
		const char *shortest; /* as shown */
	} rows[] = {
	    /* hosts */
	    {"^mail[0-9]+\\.example\\.(org|net)$", "mail0.example.org"},
	    {"^(dsl|dial|pool)[0-9.-]", "dsl0>"},
	    {"^dsl-[0-9.-]+", "dsl-0>"},
	    {"^(?:a|b){2,3}-", "aa->"},
	    {"^pc[0-9]+", "pc0>"},
	    {"^pc[0-9]+[.]", "pc0.>"},
	    {"^[^.]*$", "<>"},
	    {"^[^.]+$", "<a>"},
	    {"^/", "/>"},
	    {"^", ">"},
	    {"/./", "</a/>"},
	    {".", "<a>"},
	    {"^spam", "spam>"},
	    {"^reg[0-9]", "reg0>"},
	    {"^\\d{1,3}-\\d{1,3}-\\d{1,3}-\\d{1,3}\\.", "0-0-0-0.>"},
	    {"^(\\d{1,3}[.-]){3}\\d{1,3}\\.", "0-0-0-0.>"},
	    {"^([0-9]{1,3}[.x_-]){4}", "0x0x0x0x>"},
	    {"^host-?[0-9]+\\.", "host0.>"},
	    {"(^|[.-])(dyn|dynamic|dhcp|ppp|cable|adsl)[.-]?[0-9]", "dyn0>"},
	    {"(?:^|\\.)example\\.com$", "example.com"},
	    {"\\.dyn\\.example\\.com$", "<.dyn.example.com"},
	    {"^.*\\.dyn\\.example\\.com$", "<.dyn.example.com"},
	    {"^.+\\.dyn\\.example\\.com$", "<a.dyn.example.com"},
	    {"^[a-z0-9-]+\\.customers?\\.example\\.(com|net|org)$", "<a.customer.example.com"},
	    {"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,}$", "a.aa>"},
	    {"^[[:alpha:]]+[[:digit:]]{2}\\.lan$", "<a00.lan"},
	    {"^[[:xdigit:]]{8}\\.", "aaaaaaaa.>"},
	    {"^[^[:alpha:]]+$", "0"},
	    {"[^a-z0-9.-]", "<_>"},
	    {"\\bdynamic\\b", "<dynamic>"},
	    {"^mx\\b.+\\.net$", "mx-.net"},
	    {"^\\[\\d+\\.\\d+\\.\\d+\\.\\d+\\]$", "[0.0.0.0]"},
	    {"^\\[IPv6:", "[ipv6:>"},
	    {"^(localhost|localhost\\.localdomain)$", "localhost"},
	    {"(?i)^EXAMPLE", "example>"},
	    {"^(?i:MX|RELAY)[A-F]$", "mxa"},
	    {"\\Amail\\d?\\.example\\.org\\z", "mail.example.org"},
	    {"\\Amail\\d?\\.example\\.org\\Z", "mail.example.org"},
	    {"^(?<kind>smtp|imap)(?'number'\\d+)?(?P<end>\\.example)$", "smtp.example"},
	    {"^xn--[a-z0-9-]+\\.", "xn--a.>"},
	    {"^a{3}b{2,}c{0,4}d{1,2}e{0}f$", "aaabbdf"},
	    {"^a+?b*?c??d{2}?e$", "adde"},
	    {"^a++b*+c?+d{2}+e$", "adde"},
	    {"^(?>mail|mx)(?|1|2)$", "mx1"},
	    {"^\\Qa.b*c\\E+\\.$", "a.b*c."},
	    {"(?x) ^ mail [0-9] +  # the number\n \\. example $", "mail0.example"},
	    {"^(?#the first)mail$", "mail"},
	    {"^\\Q[a](b|c).\\d$\\E$", "[a](b|c).\\d$"},
	    {"^(?x: a b )c d$", "abc d"},
	    {"^[a-z]{2}x$", "aax"},
	    {"^x[a-z]{1,2}$", "xa"},
	    {"^a{,3}b{x}c{$", "a{,3}b{x}c{"},
	    {"^\\x61\\x{62}\\143\\o{144}\\cA\\t\\e$", "abcd\1\t\33"},
	    {"^[\\x61-\\x63\\]]\\.[]a]\\.[\\w-]\\.[a\\-z]\\.[+-]$", "a.a.a.a.-"},
	    {"^\\D\\W\\S\\s\\h\\N\\R\\w$", "a-a  a\na"},
	    {"^[[:^digit:]][\\D][^\\d][[:punct:]]$", "aaa-"},
	    {"^(mail|)\\.example$", ".example"},
	    {"^((a|b)(c|d)?|e(f|g))+h$", "ah"},
	    {"^(?!mail)[a-z]+\\.example$", "<a.example"},
	    {"^(?<!x)mail(?<=l)\\.$", "mail."},
	    {"^\\p{L}\\p{Lu}\\pN\\P{L}\\p{^L}\\.$", "aA000."},
	    {"^v\303\274\\.$", "v\303\274."},
	    {"x$|^y", "<x"},
	    /* mailboxes */
	    {"^[^@]+@example\\.com$", "<a@example.com"},
	    {"^(.*)@example\\.com$", "<@example.com"},
	    {"@example\\.(?:com|org)$", "<@example.com"},
	    {"^x.y@", "xay@>"},
	    {"^news-.*@example", "news-@example>"},
	    {"^(abuse|postmaster|hostmaster)@", "abuse@>"},
	    {"^[a-z]+\\.[a-z]+@([a-z0-9-]+\\.)*example\\.com$", "<a.a@example.com"},
	    {"^bounce[-+]\\d{4,}=[^=]+=.+@", "bounce-0000=a=a@>"},
	    {"^srs[01][=+-].*=.*=.*=.*@", "srs0-===@>"},
	    {"^\\S+@\\S+\\.(xyz|top|icu)$", "<a@a.xyz"},
	    {"^prvs=[0-9a-f]{10}=", "prvs=aaaaaaaaaa=>"},
	    {"[%!]", "<!>"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct samples samples = made(VALUE_MAILBOX, rows[i].pattern);

		cr_assert_gt(samples.count, 0, "/%s/", rows[i].pattern);
		cr_expect_str_eq(shown(&samples.list[0]), rows[i].shortest, "/%s/: %s", rows[i].pattern,
		                 shown(&samples.list[0]));
		expect_all_found(VALUE_MAILBOX, rows[i].pattern, &samples);
	}
}

Test(sample, letter_case_is_as_the_expression_has_it_where_it_counts)
{
	static const struct {
		enum value_kind kind;
		const char *pattern, *shortest;
	} rows[] = {
	    {VALUE_LOGIN, "^Alice[A-F]$", "AliceA"},
	    {VALUE_NAME, "^Alice[A-F]$", "alicea"},
	    {VALUE_LOGIN, "^(?i)Alice[A-F]$", "alicea"},
	    {VALUE_LOGIN, "^(?:(?i)A)A$", "aA"},
	    {VALUE_LOGIN, "^(?i:A)A$", "aA"},
	    {VALUE_LOGIN, "^a(?i)B|C$", "c"},
	    {VALUE_NAME, "^A(?-i)A$", "aA"},
	    {VALUE_NAME, "^(?^:A)A$", "Aa"},
	    {VALUE_NAME, "^[^a-z]$", "0"},
	    {VALUE_NAME, "^[^A-Z0-9]$", "-"},
	    {VALUE_LOGIN, "^[^a-z0-9_.@-]$", "!"},
	    {VALUE_LOGIN, "^[A-Z]+\\\\[a-z]+$", "A\\a"},
	    {VALUE_LOGIN, "^[[:upper:]][[:lower:]]$", "Aa"},
	    {VALUE_MAILBOX, "^[[:upper:]]@$", "a@"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct samples samples = made(rows[i].kind, rows[i].pattern);

		cr_assert_gt(samples.count, 0, "/%s/", rows[i].pattern);
		cr_expect_str_eq(samples.list[0].text, rows[i].shortest, "/%s/: %s", rows[i].pattern,
		                 samples.list[0].text);
		expect_all_found(rows[i].kind, rows[i].pattern, &samples);
	}
}

/* All samples, as shown. */
static const char *listed(const char *pattern)
{
	static char text[LIMIT_SAMPLES * (LIMIT_SAMPLE + 4)];
	struct samples samples = made(VALUE_NAME, pattern);
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < samples.count; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", i > 0 ? " " : "",
		                           shown(&samples.list[i]));
	expect_all_found(VALUE_NAME, pattern, &samples);
	return text;
}

Test(sample, each_alternative_and_each_optional_part_has_one)
{
	static const struct {
		const char *pattern, *samples;
	} rows[] = {
	    {"^mail$", "mail"},
	    {"^mail", "mail>"},
	    {"mail$", "<mail"},
	    {"mail", "<mail>"},
	    {"^(a|b|c)$", "a b c"},
	    {"^a$|^bb|cc$|ddd", "a bb> <cc <ddd>"},
	    {"^(?:a|bb)(?:c|dd)$", "ac bbc add"},
	    {"^(?:x(?:a|bb)|yy)$", "xa yy xbb"},
	    {"^ab?c$", "ac abc"},
	    {"^a(?:-b(?:c|d))?$", "a a-bc a-bd"},
	    {"^[0-9]+$", "0 11"},
	    {"^[0-9]{2,3}$", "00 111"},
	    {"^[0-9]{2}$", "00 11"},
	    {"^[0-9]{0,2}$", " 1 0"},
	    {"(?:^|\\.)a$", "a <.a"},
	    {"^a(?:$|\\.)", "a a.>"},
	    {"^(?:a|)$", " a"},
	    {"^x(?:|aa|b)$", "x xaa xb"},
	    {"^a{0}b{0,0}c$", "c"},
	    {"^(?:a|b)+$", "a aa b bb"},
	    {"^(?:a?b|c)$", "b c ab"},
	    {"^(?:a^|bbb|c$d)$", "bbb"},
	    {"^(?:c|a?bb)$", "c bb abb"},
	    {"^(?:a^|bb)(?:c|d)$", "bbc bbd"},
	    {"^a$|a$", "a <a"},
	    {"^a$|^a", "a a>"},
	    {"^(?!x)(?:a|b)$", "a b"},
	    {"^(?=(?:a|b))(?!(?:c|d)?x)[a-f]$", "a b"}, /* what looks around adds none */
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *samples = listed(rows[i].pattern);

		cr_expect_str_eq(samples, rows[i].samples, "/%s/: %s", rows[i].pattern, samples);
	}
}

/* The outer ones come first where there are too many. */
Test(sample, so_many_alternatives_are_enough)
{
	char pattern[4000] = "^(?:";
	struct samples samples;
	bool last = false;

	for (unsigned i = 0; i < 100; i++)
		snprintf(pattern + strlen(pattern), sizeof pattern - strlen(pattern), "%s(?:a%u|bb%u)?",
		         i > 0 ? "-" : "", i, i);
	strcat(pattern, ")$|^zz-zz-zz$|^mail(?:-[a-z]*)?$");
	samples = made(VALUE_NAME, pattern);
	cr_expect_eq(samples.count, LIMIT_SAMPLES, "%zu", samples.count);
	cr_expect_str_eq(samples.list[0].text, "mail");
	for (size_t i = 0; i < samples.count; i++)
		last |= strcmp(samples.list[i].text, "zz-zz-zz") == 0;
	cr_expect(last);
	expect_all_found(VALUE_NAME, pattern, &samples);
}

/* Nor do those of what looks around take the place of others. */
Test(sample, alternatives_that_are_not_followed_do_not_count)
{
	char pattern[400] = "^(?=";
	struct samples samples;

	for (unsigned i = 0; i < 2 * LIMIT_SAMPLES; i++)
		strcat(pattern, "a|b|");
	strcat(pattern, ")(?:aa|bb|ccc)$");
	samples = made(VALUE_NAME, pattern);
	cr_assert_eq(samples.count, 3, "%zu", samples.count);
	cr_expect_str_eq(samples.list[2].text, "ccc");
}

Test(sample, what_contradicts_itself_has_none)
{
	static const char *const patterns[] = {"a^b",    "a$b",      "a\\bb", "-\\Ba-", "\\x00", "[^\\x00-\\xff]",
	                                       "^-\\b$", "(?:a$){2}"};

	for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
		cr_expect_eq(made(VALUE_NAME, patterns[i]).count, 0, "/%s/", patterns[i]);
}

/* A text of so many bytes is the longest. */
Test(sample, what_needs_long_texts_has_none)
{
	static const struct {
		const char *pattern;
		size_t count;
	} rows[] = {
	    {"^a{256}$", 1},
	    {"^a{257}$", 0},
	    {"^(?:ab){128}$", 1},
	    {"^(?:ab){129}$", 0},
	    {"a{65535}", 0},
	    {"(?:a{65535}|b){65535}", 0},
	    {"(?:){65535}(a?){65535}x", 1},
	    {"^a{257}$|^b$", 1},
	    {"x{4294967297}", 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(made(VALUE_NAME, rows[i].pattern).count, rows[i].count, "/%s/: %zu", rows[i].pattern,
		             made(VALUE_NAME, rows[i].pattern).count);
}

Test(sample, a_literal_may_be_as_long)
{
	char pattern[LIMIT_SAMPLE + 2];

	memset(pattern, 'a', sizeof pattern);
	pattern[LIMIT_SAMPLE + 1] = '\0';
	cr_expect_eq(made(VALUE_NAME, pattern).count, 0);
	pattern[LIMIT_SAMPLE] = '\0';
	cr_expect_eq(made(VALUE_NAME, pattern).count, 1);
}

static struct samples nested(unsigned depth)
{
	char pattern[2 * LIMIT_SAMPLE_DEPTH + 20];

	memset(pattern, '(', depth);
	pattern[depth] = 'a';
	memset(pattern + depth + 1, ')', depth);
	pattern[2 * depth + 1] = '\0';
	return made(VALUE_NAME, pattern);
}

Test(sample, nesting_is_followed_so_deep)
{
	struct samples samples = nested(LIMIT_SAMPLE_DEPTH - 1);

	cr_assert_eq(samples.count, 1);
	cr_expect_str_eq(samples.list[0].text, "a");
	cr_expect_eq(nested(LIMIT_SAMPLE_DEPTH).count, 0);
}

/* Patterns as long as may be, of one part again and again. */
Test(sample, hostile_patterns_end)
{
	static const char *const parts[] = {
	    "(",     ")",     "[",       "[[:", "\\",    "\\Q",       "(?",    "(?i",
	    "(*",    "(?:a|", "(a",      "a|",  "|",     "a?",        "a*",    "(a{65535}){65535}",
	    "{",     "a{1",   "(?#",     "(?<", "(?(",   "(?(1)a|",   "[a-",   "[\\",
	    "\\x{",  "\\p{",  "\\b",     "^",   "$",     "(?:a?|b)+", "[^a]*", "\\g{",
	    "(?x)#", ".{2}",  "a{2}{2}", "(?=", "(?=a|", "[a-z-\\w]", "\377",
	};
	char *pattern = malloc(LIMIT_SAMPLE_PATTERN + 2);

	cr_assert_not_null(pattern);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		size_t length = strlen(parts[i]);

		for (size_t at = 0; at < LIMIT_SAMPLE_PATTERN; at++)
			pattern[at] = parts[i][at % length];
		pattern[LIMIT_SAMPLE_PATTERN] = '\0';
		made(VALUE_NAME, pattern);
	}
	/* one byte more is not looked at */
	memset(pattern, 'a', LIMIT_SAMPLE_PATTERN + 1);
	memcpy(pattern, "a|", 2);
	pattern[LIMIT_SAMPLE_PATTERN] = '\0';
	cr_expect_eq(made(VALUE_NAME, pattern).count, 1);
	pattern[LIMIT_SAMPLE_PATTERN] = 'a';
	pattern[LIMIT_SAMPLE_PATTERN + 1] = '\0';
	cr_expect_eq(made(VALUE_NAME, pattern).count, 0);
	free(pattern);
}

/* Parts that can follow each other in any order; those without a text of their own would contradict some. */
static void add_parts(char *pattern, size_t size, unsigned depth)
{
	static const char *const parts[] = {"a",      "example", "\\.", ".", "[0-9]", "[^.]",
	                                    "[a-f-]", "\\d",     "\\w", "-", "@",     "[[:alpha:]]"};
	static const char *const quantifiers[] = {"", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}", "??"};

	for (long count = random() % 4; count >= 0; count--) {
		long kind = random() % 6;

		if (kind == 0 && depth < 2) {
			strncat(pattern, "(?:", size - strlen(pattern) - 1);
			add_parts(pattern, size, depth + 1);
			for (long more = random() % 3; more > 0; more--) {
				strncat(pattern, "|", size - strlen(pattern) - 1);
				add_parts(pattern, size, depth + 1);
			}
			strncat(pattern, ")", size - strlen(pattern) - 1);
		} else {
			strncat(pattern, parts[(size_t)random() % (sizeof parts / sizeof *parts)],
			        size - strlen(pattern) - 1);
		}
		/* what is possessive leaves nothing to what follows: "a*+a" */
		strncat(pattern, quantifiers[(size_t)random() % (sizeof quantifiers / sizeof *quantifiers)],
		        size - strlen(pattern) - 1);
	}
}

Test(sample, whatever_is_put_together_of_what_is_followed_finds_its_samples)
{
	static char pattern[20000];
	size_t count = 0, known = 0;

	srandom(3);
	for (unsigned round = 0; round < 1000; round++) {
		struct expression *expression;
		struct samples samples;

		strcpy(pattern, random() % 2 ? "^(?:" : "(?:");
		add_parts(pattern, sizeof pattern, 0);
		strncat(pattern, random() % 2 ? ")$" : ")", sizeof pattern - strlen(pattern) - 1);
		samples = made(VALUE_NAME, pattern);
		cr_expect_gt(samples.count, 0, "/%s/", pattern);
		expression = compiled(VALUE_NAME, pattern);
		for (size_t i = 0; i < samples.count; i++) {
			enum truth found = expression_find(expression, samples.list[i].text, room);

			/* past its limit it is not known */
			cr_expect_neq(found, TRUTH_NO, "/%s/ in \"%s\"", pattern, samples.list[i].text);
			known += found == TRUTH_YES;
		}
		count += samples.count;
		expression_free(expression);
	}
	cr_expect_gt(count, 4000, "%zu samples", count);
	cr_expect_gt(known, count - count / 50, "%zu of %zu", known, count);
}

/* Whatever the bytes, it ends, and within its bounds. */
Test(sample, no_text_does_harm)
{
	static const char bytes[] = "(((()))[]{}|?*+^$\\.-,:<>=!#'PQExpbgk019aiz& \n\377";
	char pattern[200];

	srandom(4);
	for (unsigned round = 0; round < 5000; round++) {
		size_t length = (size_t)random() % (sizeof pattern - 1);

		for (size_t i = 0; i < length; i++)
			pattern[i] = bytes[(size_t)random() % (sizeof bytes - 1)];
		pattern[length] = '\0';
		made(round % 2 ? VALUE_NAME : VALUE_LOGIN, pattern);
	}
}
