#include "policy/verdict.h"

#include <criterion/criterion.h>

Test(verdict, every_value_has_its_name_and_is_found_by_it)
{
	static const char *const names[] = {
	    [VERDICT_ACCEPT] = "accept",
	    [VERDICT_TEMPFAIL] = "tempfail",
	    [VERDICT_REJECT] = "reject",
	};

	cr_assert_eq(sizeof names / sizeof *names, VERDICT_COUNT);
	for (unsigned i = 0; i < VERDICT_COUNT; i++) {
		enum verdict verdict = (enum verdict)VERDICT_COUNT;

		cr_expect_str_eq(verdict_name((enum verdict)i), names[i]);
		cr_expect(verdict_from_name(names[i], &verdict), "%s", names[i]);
		cr_expect_eq(verdict, i, "%s", names[i]);
	}
}

Test(verdict, other_words_name_none_and_write_nothing)
{
	static const char *const others[] = {"", "Accept", "rejec", "rejected", "discard", "temp"};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		enum verdict verdict = VERDICT_TEMPFAIL;

		cr_expect_not(verdict_from_name(others[i], &verdict), "\"%s\"", others[i]);
		cr_expect_eq(verdict, VERDICT_TEMPFAIL, "\"%s\"", others[i]);
	}
}

Test(verdict, the_worse_of_two_is_the_harsher_one_in_either_order)
{
	static const struct {
		enum verdict one, other, worse;
	} rows[] = {
	    {VERDICT_ACCEPT, VERDICT_ACCEPT, VERDICT_ACCEPT},   {VERDICT_ACCEPT, VERDICT_TEMPFAIL, VERDICT_TEMPFAIL},
	    {VERDICT_ACCEPT, VERDICT_REJECT, VERDICT_REJECT},   {VERDICT_TEMPFAIL, VERDICT_TEMPFAIL, VERDICT_TEMPFAIL},
	    {VERDICT_TEMPFAIL, VERDICT_REJECT, VERDICT_REJECT}, {VERDICT_REJECT, VERDICT_REJECT, VERDICT_REJECT},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_expect_eq(verdict_worse(rows[i].one, rows[i].other), rows[i].worse, "row %zu", i);
		cr_expect_eq(verdict_worse(rows[i].other, rows[i].one), rows[i].worse, "row %zu turned round", i);
	}
}
