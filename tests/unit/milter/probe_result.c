#include <criterion/criterion.h>

#include "milter/probe_result.h"

static void goes_on(enum probe_step step, unsigned code)
{
	enum probe_result result = PROBE_REFUSED;

	cr_assert(probe_judge(step, code, &result), "%s %u", probe_step_name(step), code);
}

static void ends(enum probe_step step, unsigned code, enum probe_result expected)
{
	enum probe_result result;

	cr_assert_not(probe_judge(step, code, &result), "%s %u", probe_step_name(step), code);
	cr_assert_eq(result, expected, "%s %u: %s", probe_step_name(step), code, probe_result_name(result));
}

Test(probe_result, every_value_has_a_name)
{
	for (unsigned i = 0; i < PROBE_RESULT_COUNT; i++)
		cr_assert_not_null(probe_result_name((enum probe_result)i));
}

Test(probe_result, only_a_354_lets_anything_through)
{
	for (unsigned step = 0; step < PROBE_STEP_COUNT; step++) {
		for (unsigned code = 200; code < 600; code++) {
			enum probe_result result = PROBE_REFUSED;
			bool on = probe_judge((enum probe_step)step, code, &result);

			cr_assert(on || (result == PROBE_ACCEPTED) == (step == PROBE_DATA && code / 100 == 3), "%s %u",
			          probe_step_name((enum probe_step)step), code);
			cr_assert_not(on && step == PROBE_DATA, "DATA is the last step: %u", code);
		}
	}
	ends(PROBE_DATA, 250, PROBE_TROUBLE);
}

Test(probe_result, a_4xx_decides_nothing_at_any_step)
{
	for (unsigned step = 0; step < PROBE_STEP_COUNT; step++) {
		ends((enum probe_step)step, 421, PROBE_UNDECIDED);
		ends((enum probe_step)step, 450, PROBE_UNDECIDED);
	}
}

Test(probe_result, a_5xx_to_the_form_itself_refuses_it)
{
	ends(PROBE_MAIL, 530, PROBE_REFUSED);
	ends(PROBE_RCPT, 550, PROBE_REFUSED);
	ends(PROBE_DATA, 554, PROBE_REFUSED);
	ends(PROBE_XCLIENT, 550, PROBE_REFUSED);
	ends(PROBE_ANONYMOUS, 535, PROBE_REFUSED);
}

Test(probe_result, a_server_that_does_not_talk_has_refused_nothing)
{
	ends(PROBE_CONNECT, 554, PROBE_TROUBLE);
	ends(PROBE_EHLO, 550, PROBE_TROUBLE);
	ends(PROBE_STARTTLS, 502, PROBE_TROUBLE);
	ends(PROBE_LOGIN, 535, PROBE_TROUBLE);
}

Test(probe_result, a_form_whose_preparation_is_refused_was_not_tried)
{
	ends(PROBE_LOCAL, 550, PROBE_NOT_TRIED);
	ends(PROBE_FIRST_MAIL, 550, PROBE_NOT_TRIED);
	ends(PROBE_MESSAGE, 554, PROBE_NOT_TRIED);
}

Test(probe_result, a_wrong_login_is_to_fail_and_goes_on_where_it_does_not)
{
	goes_on(PROBE_WRONG_LOGIN, 535);
	goes_on(PROBE_WRONG_LOGIN, 501);
	goes_on(PROBE_WRONG_LOGIN, 235);
}

Test(probe_result, an_answer_that_does_not_fit_is_trouble)
{
	ends(PROBE_MAIL, 354, PROBE_TROUBLE);
	ends(PROBE_RCPT, 334, PROBE_TROUBLE);
	ends(PROBE_CONNECT, 354, PROBE_TROUBLE);
}
