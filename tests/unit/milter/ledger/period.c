#include "milter/ledger/period.h"

#include <criterion/criterion.h>
#include <string.h>

#include "milter/moment.h"
#include "rules/fault.h"

/* 2026-11-22T12:00:00Z, a Sunday. */
#define NOW 1795348800

static uint64_t moment(const char *text)
{
	uint64_t moment = 0;

	cr_assert(moment_from_text(text, &moment), "%s", text);
	return moment;
}

static struct period read(struct period_wish wish)
{
	struct period period;
	struct fault fault = {""};

	cr_assert(period_read(&wish, NOW, &period, &fault), "%s", fault.text);
	return period;
}

Test(period, without_a_wish_it_has_all_times)
{
	struct period period = read((struct period_wish){0});

	cr_expect(period_has(&period, 0));
	cr_expect(period_has(&period, UINT64_MAX));
	cr_expect_not(period_begins_after(&period, 0));
}

Test(period, a_day_has_its_first_moment_and_not_the_next_days)
{
	struct period period = read((struct period_wish){.day = "yesterday"});

	cr_expect_not(period_has(&period, moment("2026-11-20T23:59:59.999Z")));
	cr_expect(period_begins_after(&period, moment("2026-11-20T23:59:59.999Z")));
	cr_expect(period_has(&period, moment("2026-11-21T00:00:00.000Z")));
	cr_expect_not(period_begins_after(&period, moment("2026-11-21T00:00:00.000Z")));
	cr_expect(period_has(&period, moment("2026-11-21T23:59:59.999Z")));
	cr_expect_not(period_has(&period, moment("2026-11-22T00:00:00.000Z")));
	cr_expect_not(period_begins_after(&period, moment("2026-11-22T00:00:00.000Z")));
}

Test(period, a_week_is_from_monday_to_sunday)
{
	struct period period = read((struct period_wish){.week = "today"});

	cr_expect_not(period_has(&period, moment("2026-11-15T23:59:59.999Z")));
	cr_expect(period_has(&period, moment("2026-11-16T00:00:00.000Z")));
	cr_expect(period_has(&period, moment("2026-11-22T23:59:59.999Z")));
	cr_expect_not(period_has(&period, moment("2026-11-23T00:00:00.000Z")));
}

Test(period, since_and_until)
{
	struct period period = read((struct period_wish){.since = "2026-11-21T06:00", .until = "2026-11-21T07:00"});

	cr_expect_not(period_has(&period, moment("2026-11-21T05:59:59.999Z")));
	cr_expect(period_has(&period, moment("2026-11-21T06:00:00.000Z")));
	cr_expect_not(period_has(&period, moment("2026-11-21T07:00:00.000Z")));
	period = read((struct period_wish){.since = "2026-11-21"});
	cr_expect(period_has(&period, UINT64_MAX));
	period = read((struct period_wish){.until = "2026-11-21"});
	cr_expect(period_has(&period, 0));
	cr_expect_not(period_begins_after(&period, 0));
	cr_expect_not(period_has(&period, moment("2026-11-21T00:00:00.000Z")));
}

static void expect_fault(struct period_wish wish, const char *expected)
{
	struct period period;
	struct fault fault = {""};

	cr_expect_not(period_read(&wish, NOW, &period, &fault));
	cr_expect_not_null(strstr(fault.text, expected), "%s", fault.text);
}

Test(period, what_makes_no_period_is_told)
{
	expect_fault((struct period_wish){.day = "Monday"}, "--day \"Monday\" is no day: write 2026-11-22");
	expect_fault((struct period_wish){.week = "47"}, "--week \"47\" is no week: write 2026-W47");
	expect_fault((struct period_wish){.since = "12:00"}, "--since \"12:00\" is no time: write 2026-11-22");
	expect_fault((struct period_wish){.until = ""}, "--until \"\" is no time");
	expect_fault((struct period_wish){.since = "2026-11-22", .until = "2026-11-22"}, "is not after --since");
	expect_fault((struct period_wish){.day = "today", .week = "today"}, "only one of them");
	expect_fault((struct period_wish){.day = "today", .until = "2026-11-22"}, "only one of them");
}
