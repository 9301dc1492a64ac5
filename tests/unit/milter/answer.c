#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "milter/answer.h"
#include "milter/mta.h"
#include "policy/limits.h"

/* What the MTA was given. */
static struct {
	unsigned calls;
	bool fails;
	char code[8];
	char enhanced[16];
	char lines[LIMIT_REPLY_LINES][ANSWER_LINE + 1];
	size_t count;
} given;

static bool take(void *context, const char *code, const char *enhanced, const char *const *lines, size_t count)
{
	(void)context;
	given.calls++;
	strcpy(given.code, code);
	strcpy(given.enhanced, enhanced);
	given.count = count;
	cr_assert_leq(count, LIMIT_REPLY_LINES);
	for (size_t i = 0; i < count; i++) {
		cr_assert_leq(strlen(lines[i]), ANSWER_LINE);
		strcpy(given.lines[i], lines[i]);
	}
	return !given.fails;
}

static const struct mta mta = {.set_reply = take};

/* Sets a reply whose text is rendered already. */
static bool set(enum verdict verdict, unsigned code, const char *enhanced, const char *rendered)
{
	struct reply reply = {.code = code};

	strcpy(reply.enhanced, enhanced);
	return answer_set_reply(&mta, verdict, &reply, rendered);
}

Test(answer, every_value_has_a_name)
{
	for (unsigned i = 0; i < ANSWER_COUNT; i++)
		cr_assert_not_null(answer_name((enum answer)i));
}

Test(answer, an_accepting_verdict_lets_later_stages_judge)
{
	cr_assert_eq(answer_from_verdict(VERDICT_ACCEPT), ANSWER_CONTINUE);
	cr_assert_eq(answer_from_verdict(VERDICT_TEMPFAIL), ANSWER_TEMPFAIL);
	cr_assert_eq(answer_from_verdict(VERDICT_REJECT), ANSWER_REJECT);
}

Test(answer, codes_and_text_are_given_apart)
{
	cr_assert(set(VERDICT_REJECT, 550, "5.7.1", "Unable to relay for a@b.example"));
	cr_assert_str_eq(given.code, "550");
	cr_assert_str_eq(given.enhanced, "5.7.1");
	cr_assert_eq(given.count, 1);
	cr_assert_str_eq(given.lines[0], "Unable to relay for a@b.example");
	cr_assert(set(VERDICT_TEMPFAIL, 451, "4.12.345", "Later"));
	cr_assert_str_eq(given.enhanced, "4.12.345");
	cr_assert_str_eq(given.lines[0], "Later");
}

Test(answer, every_percent_is_doubled)
{
	cr_assert(set(VERDICT_REJECT, 550, "5.7.1", "100% sure, a%b@c %% %s%"));
	cr_assert_str_eq(given.lines[0], "100%% sure, a%%b@c %%%% %%s%%");
}

Test(answer, control_bytes_never_reach_the_mta)
{
	cr_assert(set(VERDICT_REJECT, 550, "5.7.1", "a\r250 ok\tb\x7f"));
	cr_assert_str_eq(given.lines[0], "a?250 ok?b?");
}

Test(answer, several_lines_are_given_one_by_one)
{
	cr_assert(set(VERDICT_REJECT, 550, "5.7.1", "one\n\nthree"));
	cr_assert_eq(given.count, 3);
	cr_assert_str_eq(given.lines[0], "one");
	cr_assert_str_eq(given.lines[1], "");
	cr_assert_str_eq(given.lines[2], "three");
}

Test(answer, a_line_too_long_is_cut_between_doubled_percents)
{
	char reply[3 * ANSWER_LINE] = "x";

	memset(reply + strlen(reply), '%', ANSWER_LINE);
	cr_assert(set(VERDICT_REJECT, 550, "5.7.1", reply));
	cr_assert_eq(strlen(given.lines[0]), ANSWER_LINE - 1, "x and whole pairs: %zu", strlen(given.lines[0]));
	cr_assert_eq((strlen(given.lines[0]) - 1) % 2, 0);
}

Test(answer, lines_too_many_are_left_out)
{
	char reply[64 * 16] = "";

	for (unsigned i = 0; i < 40; i++)
		sprintf(reply + strlen(reply), "%u\n", i);
	strcat(reply, "last");
	cr_assert(set(VERDICT_REJECT, 550, "5.7.1", reply));
	cr_assert_eq(given.count, LIMIT_REPLY_LINES);
	cr_assert_str_eq(given.lines[LIMIT_REPLY_LINES - 1], "31");
}

Test(answer, a_code_that_does_not_fit_the_verdict_is_refused)
{
	cr_assert_not(set(VERDICT_TEMPFAIL, 550, "5.7.1", "no"));
	cr_assert_not(set(VERDICT_REJECT, 451, "4.7.1", "no"));
	cr_assert_not(set(VERDICT_REJECT, 550, "4.7.1", "no"));
	cr_assert_not(set(VERDICT_ACCEPT, 250, "2.0.0", "yes"));
	cr_assert_eq(given.calls, 0);
}

Test(answer, a_reply_that_the_mta_does_not_take_is_told)
{
	given.fails = true;
	cr_assert_not(set(VERDICT_REJECT, 550, "5.7.1", "no"));
	cr_assert_eq(given.calls, 1);
}
