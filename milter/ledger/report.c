#include "milter/ledger/report.h"

#include <stdlib.h>
#include <string.h>

#include "milter/ledger/figure.h"
#include "milter/ledger/newcomers.h"
#include "milter/ledger/reading.h"
#include "milter/ledger/watch.h"

/* Times that are shown without a gap; of more (years, by a clock that was wrong) those with something in them. */
#define MOST_TIMES 100

static time_t period_begin(const struct tally *tally)
{
	return (time_t)((tally->period.has_since ? tally->period.since : tally->first) / 1000);
}

/* The first second that does not belong to it. */
static time_t period_end(const struct tally *tally)
{
	uint64_t until = tally->period.has_until ? tally->period.until : tally->last + 1;

	return (time_t)((until + 999) / 1000);
}

static void take_slots_alone(struct report *report)
{
	report->time_count = timeline_size(report->tally->timeline);
	for (size_t i = 0; i < report->time_count; i++) {
		const struct timeline_slot *slot = timeline_slot(report->tally->timeline, i);

		report->times[i] = (struct report_time){slot->begin, slot};
	}
}

/* The times from the first to the last; false where they are too many. */
static bool take_times(struct report *report)
{
	const struct tally *tally = report->tally;
	const bool local = tally->period.local;
	enum calendar_unit unit = timeline_unit(tally->timeline);
	time_t time = calendar_begin(local, unit, period_begin(tally)), end = period_end(tally);
	size_t slot = 0;

	for (; time < end; time = calendar_next(local, unit, time)) {
		struct report_time *row = &report->times[report->time_count];

		if (report->time_count == MOST_TIMES)
			return false;
		*row = (struct report_time){time, NULL};
		report->time_count++;
		if (slot < timeline_size(tally->timeline) && timeline_slot(tally->timeline, slot)->begin == time)
			row->slot = timeline_slot(tally->timeline, slot++);
	}
	return true;
}

bool report_prepare(struct report *report)
{
	const struct tally *tally = report->tally;
	uint64_t until = tally->period.has_until ? tally->period.until : UINT64_MAX;

	report->times = calloc(timeline_size(tally->timeline) + MOST_TIMES, sizeof *report->times);
	if (report->times == NULL)
		return false;
	if (tally->inside > 0 && !take_times(report))
		take_slots_alone(report);
	report->suspect_count = watch_list(tally->watch, tally->last, &report->suspects);
	if (report->suspects == NULL)
		return false;
	if (!tally_has_history(tally))
		return true;
	report->newcomers = newcomers_list(tally->newcomers, tally->period.since, until, &report->newcomer_count);
	return report->newcomers != NULL;
}

void report_clear(struct report *report)
{
	free(report->times);
	free(report->newcomers);
	free(report->suspects);
}

unsigned report_sides(const struct report *report)
{
	return volume_records(&report->tally->sides[TALLY_NEITHER]) > 0 ? TALLY_SIDE_COUNT : TALLY_NEITHER;
}

struct volume report_volume(const struct report *report, const struct report_time *time, enum tally_side side)
{
	const struct tally *tally = report->tally;
	struct volume sum = {0};

	for (size_t i = 0; i < tally->listener_count && time->slot != NULL; i++) {
		if (tally->listeners[i].side == side)
			volume_add(&sum, &time->slot->lanes[i]);
	}
	return sum;
}

size_t report_list(struct report *report, enum tally_top top)
{
	return top_list(report->tally->tops[top], report->rows, report->entries);
}

void report_label(const struct report *report, const struct report_time *time, char *ret_text)
{
	const bool local = report->tally->period.local;
	enum calendar_unit unit = timeline_unit(report->tally->timeline);

	if (unit == CALENDAR_DAY)
		ret_text += calendar_write_weekday(local, time->begin, ret_text);
	calendar_write(local, unit, time->begin, ret_text);
}

uint64_t report_error(const struct report *report, size_t listed)
{
	uint64_t error = 0;

	for (size_t i = 0; i < listed; i++)
		error = report->entries[i]->error > error ? report->entries[i]->error : error;
	return error;
}

/* Whether the period begins and ends where days do. */
static bool are_days(const struct report *report)
{
	const bool local = report->tally->period.local;
	time_t begin = period_begin(report->tally), end = period_end(report->tally);

	return calendar_begin(local, CALENDAR_DAY, begin) == begin && calendar_begin(local, CALENDAR_DAY, end) == end;
}

void report_period(const struct report *report, char *ret_text)
{
	const struct tally *tally = report->tally;
	const struct period *period = &tally->period;
	const bool local = period->local;
	const char *zone = local ? "local time" : "UTC";
	char since[CALENDAR_TEXT], until[CALENDAR_TEXT];

	if (!period->has_since && !period->has_until && tally->inside == 0) {
		strcpy(ret_text, "the logs");
		return;
	}
	if (period->has_since && period->has_until && are_days(report)) {
		calendar_write(local, CALENDAR_DAY, period_begin(tally), since);
		calendar_write(local, CALENDAR_DAY, period_end(tally) - 1, until);
		if (strcmp(since, until) == 0)
			snprintf(ret_text, REPORT_PERIOD_TEXT, "%s, %s", since, zone);
		else
			snprintf(ret_text, REPORT_PERIOD_TEXT, "%s to %s, %s", since, until, zone);
		return;
	}
	strcpy(since, "the beginning");
	strcpy(until, "the end");
	if (period->has_since || tally->inside > 0)
		calendar_write(local, CALENDAR_HOUR, period_begin(tally), since);
	if (period->has_until || tally->inside > 0)
		calendar_write(local, CALENDAR_HOUR, period_end(tally) - (period->has_until ? 0 : 1), until);
	snprintf(ret_text, REPORT_PERIOD_TEXT, "%s to %s, %s", since, until, zone);
}

/* The last part of a path, behind ".../", where it has several. */
static void shorten(const char *path, char *ret_text, size_t size)
{
	const char *slash = strrchr(path, '/');

	snprintf(ret_text, size, "%s%s", slash != NULL ? ".../" : "", slash != NULL ? slash + 1 : path);
}

void report_reason(const struct tally_reason *reason, size_t width, char *ret_text, size_t size)
{
	struct tally_reason shorter = *reason;
	char by[TOP_TEXT + 4];
	const char *verdict = strcmp(reason->verdict, "tempfail") == 0 ? "put off: " : "";
	const char *rule = *reason->rule != '\0' ? reason->rule : reason->cause;

	if (*reason->by == '\0')
		snprintf(ret_text, size, "%s%s", verdict, *rule != '\0' ? rule : "not said");
	else if (*rule == '\0')
		snprintf(ret_text, size, "%s%s", verdict, reason->by);
	else
		snprintf(ret_text, size, "%s%s (%s)", verdict, reason->by, rule);
	if (strlen(ret_text) <= width || strrchr(reason->by, '/') == NULL)
		return;
	shorten(reason->by, by, sizeof by);
	shorter.by = by;
	report_reason(&shorter, SIZE_MAX, ret_text, size);
}

const char *report_listener(const struct tally_listener *listener)
{
	if (listener->side == TALLY_NEITHER)
		return "no listener";
	return listener->others ? "all others" : listener->name;
}

void report_left_out(const struct report *report, char *ret_text)
{
	uint64_t foreign = report->counts->foreign, torn = report->counts->torn;
	char count[FIGURE_TEXT], lines[FIGURE_TEXT], of_these[FIGURE_TEXT];

	*ret_text = '\0';
	if (foreign + torn == 0)
		return;
	figure_count(foreign + torn, count);
	figure_count(report->counts->lines, lines);
	figure_count(torn, of_these);
	snprintf(ret_text, REPORT_LEFT_OUT_TEXT, "%s of %s lines read are no records and left out", count, lines);
	if (torn > 0)
		snprintf(ret_text + strlen(ret_text), REPORT_LEFT_OUT_TEXT - strlen(ret_text), " (%s torn)", of_these);
}
