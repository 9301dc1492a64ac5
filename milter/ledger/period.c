#include "milter/ledger/period.h"

#include <stddef.h>

#include "milter/ledger/calendar.h"
#include "rules/fault.h"

static void set(struct period *period, time_t since, time_t until)
{
	period->has_since = period->has_until = true;
	period->since = (uint64_t)since * 1000;
	period->until = (uint64_t)until * 1000;
}

static bool read_limits(const struct period_wish *wish, struct period *period, struct fault *ret_fault)
{
	static const char *const wanted = "is no time: write 2026-11-22 or 2026-11-22T14:30";
	time_t time;

	if (wish->since != NULL) {
		if (!calendar_read(wish->local, wish->since, &time) || time < 0)
			return fault_set(ret_fault, "--since \"%s\" %s", wish->since, wanted);
		period->has_since = true;
		period->since = (uint64_t)time * 1000;
	}
	if (wish->until != NULL) {
		if (!calendar_read(wish->local, wish->until, &time) || time < 0)
			return fault_set(ret_fault, "--until \"%s\" %s", wish->until, wanted);
		period->has_until = true;
		period->until = (uint64_t)time * 1000;
	}
	if (period->has_since && period->has_until && period->until <= period->since)
		return fault_set(ret_fault, "--until \"%s\" is not after --since \"%s\"", wish->until, wish->since);
	return true;
}

bool period_read(const struct period_wish *wish, time_t now, struct period *ret_period, struct fault *ret_fault)
{
	struct period period = {.local = wish->local};
	unsigned ways = (wish->since != NULL || wish->until != NULL) + (wish->day != NULL) + (wish->week != NULL);
	time_t begin;

	if (ways > 1)
		return fault_set(ret_fault, "--day, --week, and --since with --until: only one of them");
	if (wish->day != NULL) {
		if (!calendar_read_day(wish->local, wish->day, now, &begin) || begin < 0)
			return fault_set(ret_fault, "--day \"%s\" is no day: write 2026-11-22, today or yesterday",
			                 wish->day);
		set(&period, begin, calendar_next(wish->local, CALENDAR_DAY, begin));
	}
	if (wish->week != NULL) {
		if (!calendar_read_week(wish->local, wish->week, now, &begin) || begin < 0)
			return fault_set(ret_fault,
			                 "--week \"%s\" is no week: write 2026-W47, or a day of it as 2026-11-22, "
			                 "today or yesterday",
			                 wish->week);
		set(&period, begin, calendar_next_week(wish->local, begin));
	}
	if (!read_limits(wish, &period, ret_fault))
		return false;
	*ret_period = period;
	return true;
}

bool period_begins_after(const struct period *period, uint64_t moment)
{
	return period->has_since && moment < period->since;
}

bool period_has(const struct period *period, uint64_t moment)
{
	return !period_begins_after(period, moment) && (!period->has_until || moment < period->until);
}
