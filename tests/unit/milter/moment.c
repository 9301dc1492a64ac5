#include <criterion/criterion.h>
#include <string.h>

#include "milter/moment.h"

static void expect_text(uint64_t moment, const char *expected)
{
	char text[MOMENT_TEXT];
	uint64_t again;

	cr_assert_eq(moment_to_text(moment, text), strlen(expected));
	cr_assert_str_eq(text, expected);
	cr_assert(moment_from_text(text, &again), "%s", text);
	cr_assert_eq(again, moment, "%s", text);
}

Test(moment, text_and_back)
{
	expect_text(0, "1970-01-01T00:00:00.000Z");
	expect_text(951782399999, "2000-02-28T23:59:59.999Z");
	expect_text(1709164800001, "2024-02-29T00:00:00.001Z");
	expect_text(253402300799999, "9999-12-31T23:59:59.999Z");
}

Test(moment, years_go_on_after_9999)
{
	char text[MOMENT_TEXT];

	cr_assert_eq(moment_to_text(253402300800000, text), strlen("10000-01-01T00:00:00.000Z"));
	cr_assert_str_eq(text, "10000-01-01T00:00:00.000Z");
	cr_assert_lt(moment_to_text(UINT64_MAX, text), sizeof text);
	cr_assert_str_eq(text, "584556019-04-03T14:25:51.615Z");
}

Test(moment, nothing_else_is_read)
{
	static const char *const texts[] = {
	    "",
	    "2026-01-31",
	    "2026-01-31T23:59:59Z",
	    "2026-01-31T23:59:59.12Z",
	    "2026-01-31T23:59:59.123",
	    "2026-01-31T23:59:59.123+00:00",
	    "2026-01-31 23:59:59.123Z",
	    "2026-02-30T23:59:59.123Z",
	    "2026-1-31T23:59:59.123Z",
	    "2026-01-31T24:00:00.000Z",
	    "2026-01-31T23:59:60.000Z",
	    "1969-12-31T23:59:59.999Z",
	    " 2026-01-31T23:59:59.123Z",
	    "2026-01-31T23:59:59.123Z ",
	    "2026-01-31T23:59:59.-12Z",
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		uint64_t moment = 7;

		cr_assert_not(moment_from_text(texts[i], &moment), "%s", texts[i]);
		cr_assert_eq(moment, 7, "%s", texts[i]);
	}
}

Test(moment, now_goes_on)
{
	uint64_t before = moment_now();
	uint64_t after = moment_now();

	cr_assert_leq(before, after);
	cr_assert_gt(before, 1700000000000);
}
