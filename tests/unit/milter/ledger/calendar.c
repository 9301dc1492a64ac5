#include "milter/ledger/calendar.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Central Europe, as POSIX writes it: summer from the last Sunday of March to that of October. */
static const char central_europe[] = "CET-1CEST,M3.5.0,M10.5.0/3";
/* A place where summer begins at midnight, of the first Sunday of November: that day has no 00:00. */
static const char no_midnight[] = "BRT3BRST,M11.1.0/0,M2.3.0/0";
static const char half_an_hour[] = "IST-5:30";

static void live_in(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static time_t at(const char *text)
{
	time_t time = -1;

	cr_assert(calendar_read(false, text, &time), "%s", text);
	return time;
}

static void expect_time(time_t time, const char *expected)
{
	char text[CALENDAR_TEXT];

	calendar_write_second(false, time, text);
	cr_expect_str_eq(text, expected, "%s, not %s", text, expected);
}

Test(calendar, units_begin_and_end_in_utc)
{
	time_t time = at("2026-12-31T23:59:59");

	live_in(central_europe);
	expect_time(calendar_begin(false, CALENDAR_HOUR, time), "2026-12-31 23:00:00");
	expect_time(calendar_begin(false, CALENDAR_DAY, time), "2026-12-31 00:00:00");
	expect_time(calendar_begin(false, CALENDAR_MONTH, time), "2026-12-01 00:00:00");
	expect_time(calendar_begin(false, CALENDAR_YEAR, time), "2026-01-01 00:00:00");
	for (unsigned unit = 0; unit < CALENDAR_UNIT_COUNT; unit++)
		expect_time(calendar_next(false, (enum calendar_unit)unit, time), "2027-01-01 00:00:00");
}

Test(calendar, units_begin_and_end_in_the_machines_own_time)
{
	time_t time = at("2026-07-15T23:30:00");

	live_in(central_europe);
	expect_time(calendar_begin(true, CALENDAR_HOUR, time), "2026-07-15 23:00:00");
	expect_time(calendar_begin(true, CALENDAR_DAY, time), "2026-07-15 22:00:00");
	expect_time(calendar_next(true, CALENDAR_DAY, time), "2026-07-16 22:00:00");
	expect_time(calendar_begin(true, CALENDAR_MONTH, time), "2026-06-30 22:00:00");
	expect_time(calendar_begin(true, CALENDAR_YEAR, time), "2025-12-31 23:00:00");
	live_in(half_an_hour);
	expect_time(calendar_begin(true, CALENDAR_HOUR, at("2026-07-15T10:29:00")), "2026-07-15 09:30:00");
}

/* Hours of the day that the time is in, walked one by one. */
static unsigned hours_of_day(time_t time)
{
	time_t end = calendar_next(true, CALENDAR_DAY, time);
	unsigned hours = 0;

	for (time = calendar_begin(true, CALENDAR_DAY, time); time < end; hours++)
		time = calendar_next(true, CALENDAR_HOUR, time);
	cr_expect_eq(time, end);
	return hours;
}

Test(calendar, a_day_of_the_machines_own_time_may_be_longer_or_shorter)
{
	live_in(central_europe);
	cr_expect_eq(hours_of_day(at("2026-03-28T12:00")), 24);
	cr_expect_eq(hours_of_day(at("2026-03-29T12:00")), 23);
	cr_expect_eq(hours_of_day(at("2026-10-25T12:00")), 25);
}

Test(calendar, a_day_without_midnight_begins_an_hour_later)
{
	char text[CALENDAR_TEXT];
	time_t begin;

	live_in(no_midnight);
	begin = calendar_begin(true, CALENDAR_DAY, at("2026-11-01T15:00"));
	calendar_write_second(true, begin, text);
	cr_expect_str_eq(text, "2026-11-01 01:00:00", "%s", text);
	cr_expect_eq(calendar_next(true, CALENDAR_DAY, at("2026-10-31T15:00")), begin);
	cr_expect_eq(calendar_begin(true, CALENDAR_DAY, begin), begin);
	cr_expect_eq(calendar_begin(true, CALENDAR_DAY, begin - 1), at("2026-10-31T03:00"));
	cr_expect_eq(hours_of_day(at("2026-11-01T15:00")), 23);
}

Test(calendar, a_beginning_is_written_as_short_as_it_can_be)
{
	static const char *const expected[] = {"2026-11-01 00:00", "2026-11-01", "2026-11", "2026"};
	char text[CALENDAR_TEXT];

	for (unsigned unit = 0; unit < CALENDAR_UNIT_COUNT; unit++) {
		calendar_write(false, (enum calendar_unit)unit, at("2026-11-01"), text);
		cr_expect_str_eq(text, expected[unit], "%s", text);
	}
}

Test(calendar, times_are_read)
{
	time_t time;

	live_in(central_europe);
	expect_time(at("2026-11-22"), "2026-11-22 00:00:00");
	expect_time(at("2026-11-22T01:02"), "2026-11-22 01:02:00");
	expect_time(at("2026-11-22 01:02:03"), "2026-11-22 01:02:03");
	cr_assert(calendar_read(true, "2026-11-22", &time));
	expect_time(time, "2026-11-21 23:00:00");
	cr_assert(calendar_read(true, "2026-07-22 12:00", &time));
	expect_time(time, "2026-07-22 10:00:00");
	cr_assert(calendar_read(true, "2026-07-22T12:00:59Z", &time));
	expect_time(time, "2026-07-22 12:00:59");
}

Test(calendar, what_is_no_time_is_not_read)
{
	static const char *const texts[] = {
	    "",
	    "now",
	    "2026",
	    "2026-11",
	    "2026-11-31",
	    "2026-13-01",
	    "2026-00-01",
	    "2026-1-1",
	    "2026-11-22T",
	    "2026-11-22T24:00",
	    "2026-11-22T12:60",
	    "2026-11-22T1:00",
	    "26-11-22",
	    " 2026-11-22",
	    "2026-11-22 ",
	    "2026-11-22Z",
	    "2026-11-22T12:00:60",
	    "+026-11-22",
	    "1969-12-31",
	    "2026-02-29",
	    "2026-11-22T12:00+01:00",
	};
	time_t time = 77;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		cr_expect_not(calendar_read(false, texts[i], &time), "\"%s\"", texts[i]);
	cr_expect_eq(time, 77);
}

static void expect_day(const char *text, const char *now, const char *expected)
{
	time_t begin;

	cr_assert(calendar_read_day(true, text, at(now), &begin), "%s", text);
	expect_time(begin, expected);
}

Test(calendar, days_are_read)
{
	time_t begin;

	live_in(central_europe);
	expect_day("2026-11-22", "2026-01-01", "2026-11-21 23:00:00");
	expect_day("today", "2026-11-22T22:59:59", "2026-11-21 23:00:00");
	expect_day("today", "2026-11-22T23:00:00", "2026-11-22 23:00:00");
	expect_day("yesterday", "2026-03-29T23:30:00", "2026-03-28 23:00:00");
	expect_day("yesterday", "2027-01-01T12:00:00", "2026-12-30 23:00:00");
	cr_expect_not(calendar_read_day(true, "tomorrow", 0, &begin));
	cr_expect_not(calendar_read_day(true, "2026-11-22T01:00", 0, &begin));
}

static void expect_week(const char *text, const char *expected)
{
	time_t begin;

	cr_assert(calendar_read_week(false, text, at("2026-11-22T12:00"), &begin), "%s", text);
	expect_time(begin, expected);
}

Test(calendar, weeks_are_read)
{
	time_t begin;

	expect_week("2026-W47", "2026-11-16 00:00:00");
	expect_week("2026-11-16", "2026-11-16 00:00:00");
	expect_week("2026-11-22", "2026-11-16 00:00:00");
	expect_week("today", "2026-11-16 00:00:00");
	expect_week("2026-W01", "2025-12-29 00:00:00");
	expect_week("2026-W53", "2026-12-28 00:00:00");
	expect_week("2027-W01", "2027-01-04 00:00:00");
	for (size_t i = 0; i < 4; i++) {
		static const char *const texts[] = {"2025-W53", "2026-W00", "2026-W1", "2026-W54"};
		cr_expect_not(calendar_read_week(false, texts[i], 0, &begin), "%s", texts[i]);
	}
}

Test(calendar, a_week_has_seven_days_whatever_its_hours)
{
	time_t monday;

	live_in(central_europe);
	cr_assert(calendar_read_week(true, "2026-W43", 0, &monday));
	expect_time(monday, "2026-10-18 22:00:00");
	expect_time(calendar_next_week(true, monday), "2026-10-25 23:00:00");
}
