#include "milter/ledger/calendar.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define HOUR 3600

static const char *const unit_names[] = {
    [CALENDAR_HOUR] = "hour",
    [CALENDAR_DAY] = "day",
    [CALENDAR_MONTH] = "month",
    [CALENDAR_YEAR] = "year",
};
static_assert(sizeof unit_names / sizeof *unit_names == CALENDAR_UNIT_COUNT, "every unit has a name");

const char *calendar_unit_name(enum calendar_unit unit)
{
	return unit_names[unit];
}

static struct tm parts_of(bool local, time_t time)
{
	struct tm parts;

	if (local)
		localtime_r(&time, &parts);
	else
		gmtime_r(&time, &parts);
	return parts;
}

static time_t time_of(bool local, struct tm *parts)
{
	parts->tm_isdst = -1;
	return local ? mktime(parts) : timegm(parts);
}

/*
 * When the day begins that is so many days after the one of parts, which may be any number.  Where there is no
 * midnight mktime(3) gives the first moment after it.
 */
static time_t day_begin(bool local, const struct tm *parts, int days)
{
	struct tm wanted = {.tm_year = parts->tm_year, .tm_mon = parts->tm_mon, .tm_mday = parts->tm_mday + days};

	return time_of(local, &wanted);
}

time_t calendar_begin(bool local, enum calendar_unit unit, time_t time)
{
	struct tm parts = parts_of(local, time);

	switch (unit) {
	case CALENDAR_HOUR:
		return time - parts.tm_min * 60 - parts.tm_sec;
	case CALENDAR_DAY:
		break;
	case CALENDAR_YEAR:
		parts.tm_mon = 0;
		parts.tm_mday = 1;
		break;
	case CALENDAR_MONTH:
		parts.tm_mday = 1;
		break;
	}
	return day_begin(local, &parts, 0);
}

time_t calendar_next(bool local, enum calendar_unit unit, time_t time)
{
	struct tm parts = parts_of(local, time);

	switch (unit) {
	case CALENDAR_HOUR:
		return calendar_begin(local, unit, time) + HOUR;
	case CALENDAR_DAY:
		return day_begin(local, &parts, 1);
	case CALENDAR_MONTH:
		parts.tm_mon++;
		break;
	case CALENDAR_YEAR:
		parts.tm_year++;
		parts.tm_mon = 0;
		break;
	}
	parts.tm_mday = 1;
	return day_begin(local, &parts, 0);
}

void calendar_write(bool local, enum calendar_unit unit, time_t time, char *ret_text)
{
	static const char *const forms[] = {
	    [CALENDAR_HOUR] = "2026-11-22 01:00",
	    [CALENDAR_DAY] = "2026-11-22",
	    [CALENDAR_MONTH] = "2026-11",
	    [CALENDAR_YEAR] = "2026",
	};

	calendar_write_second(local, time, ret_text);
	ret_text[strlen(forms[unit])] = '\0';
}

void calendar_write_second(bool local, time_t time, char *ret_text)
{
	struct tm parts = parts_of(local, time);

	strftime(ret_text, CALENDAR_TEXT, "%Y-%m-%d %H:%M:%S", &parts);
}

size_t calendar_write_weekday(bool local, time_t time, char *ret_text)
{
	struct tm parts = parts_of(local, time);

	return strftime(ret_text, CALENDAR_TEXT, "%a ", &parts);
}

/* Whether the text looks as the form does: a digit for each digit. */
static bool looks_like(const char *text, const char *form)
{
	for (; *form != '\0'; form++, text++) {
		bool digit = *text >= '0' && *text <= '9';

		if (*form == '9' ? !digit : *text != *form)
			return false;
	}
	return *text == '\0';
}

/* Reads what looks like the form, if a calendar has it. */
static bool read_parts(const char *text, const char *form, struct tm *ret_parts)
{
	struct tm parts = {0}, again;

	if (!looks_like(text, form))
		return false;
	sscanf(text, "%4d-%2d-%2d%*c%2d:%2d:%2d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour,
	       &parts.tm_min, &parts.tm_sec);
	parts.tm_year -= 1900;
	parts.tm_mon--;
	again = parts;
	if (timegm(&again) < 0 || again.tm_mon != parts.tm_mon || again.tm_mday != parts.tm_mday ||
	    again.tm_hour != parts.tm_hour || again.tm_min != parts.tm_min || again.tm_sec != parts.tm_sec)
		return false;
	*ret_parts = again;
	return true;
}

static const char day_form[] = "9999-99-99";

bool calendar_read(bool local, const char *text, time_t *ret_time)
{
	static const struct {
		const char *form;
		bool utc;
	} forms[] = {
	    {"9999-99-99T99:99", false},    {"9999-99-99 99:99", false}, {"9999-99-99T99:99:99", false},
	    {"9999-99-99 99:99:99", false}, {"9999-99-99T99:99Z", true}, {"9999-99-99T99:99:99Z", true},
	};
	struct tm parts;

	if (read_parts(text, day_form, &parts)) {
		*ret_time = day_begin(local, &parts, 0);
		return true;
	}
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (!read_parts(text, forms[i].form, &parts))
			continue;
		*ret_time = time_of(local && !forms[i].utc, &parts);
		return true;
	}
	return false;
}

bool calendar_read_day(bool local, const char *text, time_t now, time_t *ret_begin)
{
	struct tm parts = parts_of(local, now);

	if (strcmp(text, "today") == 0)
		*ret_begin = day_begin(local, &parts, 0);
	else if (strcmp(text, "yesterday") == 0)
		*ret_begin = day_begin(local, &parts, -1);
	else if (read_parts(text, day_form, &parts))
		*ret_begin = day_begin(local, &parts, 0);
	else
		return false;
	return true;
}

/* The Monday of the week of parts, whose weekday counts. */
static time_t monday_of(bool local, const struct tm *parts)
{
	return day_begin(local, parts, -((parts->tm_wday + 6) % 7));
}

/* Reads "2026-W47": the week with the fourth of January is the first of a year. */
static bool read_week(bool local, const char *text, time_t *ret_begin)
{
	struct tm parts = {.tm_mday = 4};
	char again[CALENDAR_TEXT];
	unsigned year, week;

	if (!looks_like(text, "9999-W99") || sscanf(text, "%4u-W%2u", &year, &week) != 2 || year < 1970)
		return false;
	parts.tm_year = (int)year - 1900;
	timegm(&parts);
	parts.tm_mday += ((int)week - 1) * 7 - (parts.tm_wday + 6) % 7;
	timegm(&parts);
	strftime(again, sizeof again, "%G-W%V", &parts);
	if (strcmp(text, again) != 0)
		return false;
	*ret_begin = day_begin(local, &parts, 0);
	return true;
}

bool calendar_read_week(bool local, const char *text, time_t now, time_t *ret_begin)
{
	struct tm parts;
	time_t day;

	if (read_week(local, text, ret_begin))
		return true;
	if (!calendar_read_day(local, text, now, &day))
		return false;
	parts = parts_of(local, day);
	*ret_begin = monday_of(local, &parts);
	return true;
}

time_t calendar_next_week(bool local, time_t monday)
{
	struct tm parts = parts_of(local, monday);

	return day_begin(local, &parts, 7);
}
