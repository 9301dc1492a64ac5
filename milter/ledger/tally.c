#include "milter/ledger/tally.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/ledger/figure.h"
#include "milter/ledger/newcomers.h"
#include "milter/ledger/record.h"
#include "milter/ledger/watch.h"
#include "policy/limits.h"

/* Between the parts of a reason: ASCII's unit separator. */
#define SEPARATOR '\x1f'

/* Slots of a timeline that is shown: two days by the hour, two months by the day, five years by the month. */
#define HOURS 48
#define DAYS 62
#define MONTHS 60

static const char *const side_names[] = {
    [TALLY_INBOUND] = "inbound",
    [TALLY_OUTBOUND] = "outbound",
    [TALLY_NEITHER] = "no listener",
};
static_assert(sizeof side_names / sizeof *side_names == TALLY_SIDE_COUNT, "every side has a name");

const char *tally_side_name(enum tally_side side)
{
	return side_names[side];
}

struct tally *tally_new(const struct period *period)
{
	struct tally *tally = calloc(1, sizeof *tally);
	bool sound = tally != NULL;

	if (!sound)
		return NULL;
	tally->period = *period;
	tally->first = tally->earliest = UINT64_MAX;
	tally->timeline = timeline_new(period->local);
	tally->newcomers = newcomers_new(LIMIT_REPORT_NEWCOMERS);
	tally->watch = watch_new(0);
	sound = tally->timeline != NULL && tally->newcomers != NULL && tally->watch != NULL;
	for (unsigned i = 0; i < TALLY_TOP_COUNT; i++) {
		tally->tops[i] = top_new(LIMIT_REPORT_TEXTS);
		sound = sound && tally->tops[i] != NULL;
	}
	if (sound) {
		watch_keep(tally->watch, true);
		return tally;
	}
	tally_free(tally);
	return NULL;
}

void tally_free(struct tally *tally)
{
	if (tally == NULL)
		return;
	timeline_free(tally->timeline);
	newcomers_free(tally->newcomers);
	watch_free(tally->watch);
	for (unsigned i = 0; i < TALLY_TOP_COUNT; i++)
		top_free(tally->tops[i]);
	free(tally);
}

static enum tally_side side_of(const struct record *record)
{
	if (record->listener == NULL)
		return TALLY_NEITHER;
	return record->direction == DIRECTION_OUTBOUND ? TALLY_OUTBOUND : TALLY_INBOUND;
}

/* The listener's index: that of the others of its side where there are too many. */
static size_t find_listener(struct tally *tally, const struct record *record, enum tally_side side)
{
	char name[TOP_TEXT];
	struct tally_listener *made;

	top_cut(record->listener != NULL ? record->listener : "", name);
	for (size_t i = 0; i < tally->listener_count; i++) {
		const struct tally_listener *listener = &tally->listeners[i];

		if (listener->side == side && (listener->others || strcmp(listener->name, name) == 0))
			return i;
	}
	made = &tally->listeners[tally->listener_count];
	made->others = side != TALLY_NEITHER && tally->listener_count >= TIMELINE_LANES - TALLY_SIDE_COUNT;
	made->side = side;
	strcpy(made->name, made->others ? "" : name);
	return tally->listener_count++;
}

static void count_reasons(struct tally *tally, const struct record *record, enum tally_side side)
{
	for (size_t i = 0; i < record->step_count; i++) {
		const struct record_step *step = &record->steps[i];
		char text[TOP_TEXT];

		if (step->verdict == VERDICT_ACCEPT)
			continue;
		/* The file is what tells rules apart, so that it stands before what may be cut. */
		snprintf(text, sizeof text, "%s%c%s%c%s%c%s%c%s", stage_name(step->stage), SEPARATOR,
		         verdict_name(step->verdict), SEPARATOR, step->by != NULL ? step->by : "", SEPARATOR,
		         step->rule != NULL ? step->rule : "", SEPARATOR, step->cause != NULL ? step->cause : "");
		top_count(tally->tops[TALLY_REASONS], text)->extras[side]++;
	}
}

static void count_party(struct top *top, const char *name, const struct volume *volume)
{
	struct top_entry *entry = top_count(top, name);

	entry->extras[TALLY_ACCEPTED] += volume->messages[RECORD_ACCEPTED];
	entry->extras[TALLY_REFUSED] += volume_refused(volume);
	entry->extras[TALLY_CARRIED] += volume->carried;
	entry->extras[TALLY_BYTES] = figure_sum(entry->extras[TALLY_BYTES], volume->bytes);
}

static void count_parties(struct tally *tally, const struct record *record, const struct volume *volume)
{
	char address[LIMIT_NETWORK_TEXT];

	if (record->has_client) {
		address_to_text(&record->client, address);
		count_party(tally->tops[TALLY_CLIENTS], address, volume);
	}
	if (record->user != NULL && record->kind == RECORD_MESSAGE)
		count_party(tally->tops[TALLY_LOGINS], record->user, volume);
	if (record->sender != NULL && volume->messages[RECORD_REFUSED] != 0)
		top_count(tally->tops[TALLY_SENDERS], *record->sender != '\0' ? record->sender : "<>");
}

static bool count(struct tally *tally, const struct record *record)
{
	struct volume volume = volume_of(record);
	enum tally_side side = side_of(record);
	size_t listener = find_listener(tally, record, side);
	struct watch_suspect unused;

	tally->inside++;
	if (record->time < tally->first)
		tally->first = record->time;
	if (record->time > tally->last)
		tally->last = record->time;
	tally->hashed |= record->hashed;
	volume_add(&tally->sides[side], &volume);
	volume_add(&tally->listeners[listener].volume, &volume);
	count_reasons(tally, record, side);
	count_parties(tally, record, &volume);
	watch_see_record(tally->watch, record, &unused);
	return timeline_add(tally->timeline, (time_t)(record->time / 1000), listener, &volume);
}

bool tally_add(struct tally *tally, const struct record *record)
{
	bool inside = period_has(&tally->period, record->time);

	if (record->time < tally->earliest)
		tally->earliest = record->time;
	if (!newcomers_add(tally->newcomers, record, inside))
		return false;
	if (inside)
		return count(tally, record);
	tally->outside++;
	return true;
}

bool tally_has_history(const struct tally *tally)
{
	return period_begins_after(&tally->period, tally->earliest);
}

void tally_close(struct tally *tally)
{
	const bool local = tally->period.local;
	uint64_t from = tally->period.has_since ? tally->period.since : tally->first;
	uint64_t until = tally->period.has_until ? tally->period.until : tally->last + 1;
	time_t begin = (time_t)(from / 1000), end = (time_t)((until + 999) / 1000);
	static const unsigned most[] = {[CALENDAR_HOUR] = HOURS, [CALENDAR_DAY] = DAYS, [CALENDAR_MONTH] = MONTHS};

	if (tally->inside == 0)
		return;
	for (enum calendar_unit unit = CALENDAR_HOUR; unit < CALENDAR_YEAR; unit++) {
		time_t time = calendar_begin(local, unit, begin);

		for (unsigned i = 0; i < most[unit] && time < end; i++)
			time = calendar_next(local, unit, time);
		if (time >= end)
			return;
		timeline_coarsen(tally->timeline, unit + 1);
	}
}

void tally_read_reason(const struct top_entry *entry, struct tally_reason *ret_reason)
{
	const char **parts[] = {&ret_reason->stage, &ret_reason->verdict, &ret_reason->by, &ret_reason->rule,
	                        &ret_reason->cause};
	char *at = strcpy(ret_reason->room, entry->text);

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		*parts[i] = at;
		at += strcspn(at, (const char[]){SEPARATOR, '\0'});
		if (*at != '\0')
			*at++ = '\0';
	}
}
