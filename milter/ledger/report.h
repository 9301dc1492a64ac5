/*
 * NAME
 *	report - a tally, for people, for programs, and as a page
 *
 * DESCRIPTION
 *	The three have the same content: totals by direction, what passed over time, listeners,
 *	why something was refused, lists of what came most often, who relayed for the
 *	first time, and which addresses that may relay look like many clients (milter/ledger/watch.h).
 *
 *	Texts come from clients: for a terminal all but plain ASCII is "?"; the page and JSON have
 *	them whole, and escaped.
 */
#ifndef MILTER_LEDGER_REPORT_H
#define MILTER_LEDGER_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "milter/ledger/tally.h"

struct newcomer;
struct reading_counts;
struct watch_suspect;

/* The most rows of a list that can be asked for, and what is shown unless another number is. */
#define REPORT_MOST_ROWS 1000
#define REPORT_ROWS 10

/* One time of the report; what it has no slot for, nothing happened in. */
struct report_time {
	time_t begin;
	const struct timeline_slot *slot;
};

struct report {
	const struct tally *tally; /* closed */
	const struct reading_counts *counts;
	size_t rows; /* of each list, at most */
	bool blocks; /* of the text: bars are of block elements (UTF-8), not of ASCII */

	/* Made by report_prepare. */
	struct report_time *times;
	size_t time_count;
	const struct newcomer **newcomers; /* NULL where "for the first time" would say nothing */
	size_t newcomer_count;
	struct watch_suspect *suspects; /* addresses that may relay and look like many clients */
	size_t suspect_count;
	const struct top_entry *entries[REPORT_MOST_ROWS]; /* room for report_list */
};

/* Returns false where there is no memory.  What it made is to be given back in either case. */
bool report_prepare(struct report *report);
void report_clear(struct report *report);

/* Each returns false where there is no memory; whether the stream took it, the caller looks at. */
bool report_print_text(struct report *report, FILE *stream);
bool report_print_json(struct report *report, FILE *stream);
bool report_print_html(struct report *report, FILE *stream);

/*
 * What the three have in common.
 */

/* The columns that are shown: two, or three where a connection found no listener. */
unsigned report_sides(const struct report *report);

/* What happened at a time, of a side. */
struct volume report_volume(const struct report *report, const struct report_time *time, enum tally_side side);

/* "2026-11-21 08:00", "Sat 2026-11-21", "2026-11", "2026": CALENDAR_TEXT bytes. */
void report_label(const struct report *report, const struct report_time *time, char *ret_text);

/* Sorts the first rows of a list into report->entries; returns how many they are. */
size_t report_list(struct report *report, enum tally_top top);

/* By how much the counts of the first so many in report->entries may be too high: 0 where they are exact. */
uint64_t report_error(const struct report *report, size_t listed);

/* Bytes of a period as text, with the end of the string. */
#define REPORT_PERIOD_TEXT 128

/* "2026-11-21, UTC", "2026-11-16 to 2026-11-22, UTC", "2026-11-21 08:00 to 2026-11-21 12:00, UTC": what was asked for,
 * or what there was. */
void report_period(const struct report *report, char *ret_text);

/* "put off: gateway.conf:28 (relay)", "no listener"; where that is longer than the width, without the folders. */
void report_reason(const struct tally_reason *reason, size_t width, char *ret_text, size_t size);

/* "inbound", "all others" */
const char *report_listener(const struct tally_listener *listener);

/* What was left out, a sentence; "" where nothing was. */
#define REPORT_LEFT_OUT_TEXT 256
void report_left_out(const struct report *report, char *ret_text);

#endif
