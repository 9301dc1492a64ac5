#include "milter/ledger/timeline.h"

#include <criterion/criterion.h>

#define HOUR 3600
#define DAY (24 * HOUR)

static const struct volume one = {.messages = {1}, .bytes = 10};

static struct timeline *timeline;

static void begin(void)
{
	timeline = timeline_new(false);
}

static void end(void)
{
	timeline_free(timeline);
}

TestSuite(timeline, .init = begin, .fini = end);

static void add(time_t time, size_t lane)
{
	cr_assert(timeline_add(timeline, time, lane, &one));
}

static void expect_slot(size_t index, time_t begins, size_t lane, uint64_t messages)
{
	const struct timeline_slot *slot = timeline_slot(timeline, index);

	cr_expect_eq(slot->begin, begins, "slot %zu", index);
	cr_expect_eq(slot->lanes[lane].messages[0], messages, "slot %zu", index);
	cr_expect_eq(slot->lanes[lane].bytes, 10 * messages, "slot %zu", index);
}

Test(timeline, hours_come_in_any_order)
{
	add(5 * HOUR + 1, 0);
	add(3 * HOUR, 1);
	add(5 * HOUR, 0);
	add(4 * HOUR - 1, 1);
	add(3 * HOUR, 0);
	cr_assert_eq(timeline_size(timeline), 2);
	cr_expect_eq(timeline_unit(timeline), CALENDAR_HOUR);
	expect_slot(0, 3 * HOUR, 0, 1);
	expect_slot(0, 3 * HOUR, 1, 2);
	expect_slot(1, 5 * HOUR, 0, 2);
	expect_slot(1, 5 * HOUR, 1, 0);
}

Test(timeline, made_coarser_nothing_is_lost)
{
	for (unsigned hour = 0; hour < 72; hour++)
		add(hour * HOUR, hour % 2);
	timeline_coarsen(timeline, CALENDAR_DAY);
	cr_assert_eq(timeline_size(timeline), 3);
	for (unsigned day = 0; day < 3; day++) {
		expect_slot(day, day * DAY, 0, 12);
		expect_slot(day, day * DAY, 1, 12);
	}
	timeline_coarsen(timeline, CALENDAR_HOUR);
	cr_expect_eq(timeline_unit(timeline), CALENDAR_DAY);
	add(DAY + 5, 0);
	expect_slot(1, DAY, 0, 13);
	timeline_coarsen(timeline, CALENDAR_YEAR);
	cr_assert_eq(timeline_size(timeline), 1);
	expect_slot(0, 0, 0, 37);
}

Test(timeline, it_becomes_coarser_by_itself_before_it_grows_too_long)
{
	for (time_t hour = 0; hour < TIMELINE_SLOTS; hour++)
		add(hour * HOUR, 0);
	cr_expect_eq(timeline_unit(timeline), CALENDAR_HOUR);
	add(TIMELINE_SLOTS * (time_t)HOUR, 0);
	cr_expect_eq(timeline_unit(timeline), CALENDAR_DAY);
	cr_assert_eq(timeline_size(timeline), TIMELINE_SLOTS / 24 + 1);
	expect_slot(0, 0, 0, 24);
	for (time_t day = 0; day < TIMELINE_SLOTS * 40; day += 3)
		add(day * DAY, 1);
	cr_expect_eq(timeline_unit(timeline), CALENDAR_YEAR);
	cr_expect_leq(timeline_size(timeline), TIMELINE_SLOTS);
	expect_slot(1, 365 * DAY, 1, 122);
}
