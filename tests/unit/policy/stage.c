#include "policy/stage.h"

#include <criterion/criterion.h>

Test(stage, every_value_has_its_name_and_is_found_by_it)
{
	static const char *const names[] = {
	    [STAGE_CONNECT] = "connect", [STAGE_HELO] = "helo", [STAGE_MAIL] = "mail",
	    [STAGE_RCPT] = "rcpt",       [STAGE_DATA] = "data",
	};

	cr_assert_eq(sizeof names / sizeof *names, STAGE_COUNT);
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		enum stage stage = (enum stage)STAGE_COUNT;

		cr_expect_str_eq(stage_name((enum stage)i), names[i]);
		cr_expect(stage_from_name(names[i], &stage), "%s", names[i]);
		cr_expect_eq(stage, i, "%s", names[i]);
	}
}

Test(stage, other_words_name_none_and_write_nothing)
{
	static const char *const others[] = {"", "Connect", "HELO", "mai", "mails", "rcpt ", "eom"};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		enum stage stage = STAGE_RCPT;

		cr_expect_not(stage_from_name(others[i], &stage), "\"%s\"", others[i]);
		cr_expect_eq(stage, STAGE_RCPT, "\"%s\"", others[i]);
	}
}

Test(stage, they_stand_in_the_order_of_a_session)
{
	cr_assert_lt(STAGE_CONNECT, STAGE_HELO);
	cr_assert_lt(STAGE_HELO, STAGE_MAIL);
	cr_assert_lt(STAGE_MAIL, STAGE_RCPT);
	cr_assert_lt(STAGE_RCPT, STAGE_DATA);
}
