/*
 * NAME
 *	calendar - hours, days, weeks, months and years, of UTC or of the machine's own time
 *
 * DESCRIPTION
 *	Times are seconds since 1970, as time(2) has them.  The machine's own time is that of
 *	tzset(3): a day of it may have 23 or 25 hours, an hour may come twice, and a day
 *	begins later where midnight is left out.
 */
#ifndef MILTER_LEDGER_CALENDAR_H
#define MILTER_LEDGER_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum calendar_unit {
	CALENDAR_HOUR,
	CALENDAR_DAY,
	CALENDAR_MONTH,
	CALENDAR_YEAR,
};
#define CALENDAR_UNIT_COUNT (CALENDAR_YEAR + 1)

/* "hour", "day", "month", "year" */
const char *calendar_unit_name(enum calendar_unit unit);

/* When the unit began that the time is in. */
time_t calendar_begin(bool local, enum calendar_unit unit, time_t time);

/* When the unit after the one that the time is in begins. */
time_t calendar_next(bool local, enum calendar_unit unit, time_t time);

/* Bytes of a time as text, with the end of the string. */
#define CALENDAR_TEXT 32

/* "2026-11-22 01:00", or as much of it as a time needs that is a unit's beginning: "2026-11-22", "2026-11", "2026". */
void calendar_write(bool local, enum calendar_unit unit, time_t time, char *ret_text);

/* "Sun ", of the day that the time is in; returns the length. */
size_t calendar_write_weekday(bool local, time_t time, char *ret_text);

/* "2026-11-22 01:00:59" */
void calendar_write_second(bool local, time_t time, char *ret_text);

/*
 * Reads "2026-11-22", "2026-11-22T01:00" or "2026-11-22T01:00:59", with a blank for the T as
 * well; a Z at the end makes it UTC.  Returns false, and writes nothing, for any other text.
 */
bool calendar_read(bool local, const char *text, time_t *ret_time);

/* Reads "2026-11-22", "today" or "yesterday" (by the time now): when that day begins. */
bool calendar_read_day(bool local, const char *text, time_t now, time_t *ret_begin);

/* Reads "2026-W47" (ISO 8601), or a day as above, whose week it is: when its Monday begins. */
bool calendar_read_week(bool local, const char *text, time_t now, time_t *ret_begin);

/* When the week after the one of that Monday begins. */
time_t calendar_next_week(bool local, time_t monday);

#endif
