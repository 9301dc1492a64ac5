/*
 * NAME
 *	tally - what a report counts, record by record
 *
 * SYNOPSIS
 *	tally = tally_new(&period);
 *	while (...)
 *		tally_add(tally, &record);
 *	tally_close(tally);  ...  tally_free(tally);
 *
 * DESCRIPTION
 *	Records may come in any order.  Of those outside the period only two things are kept: that
 *	they were there, and who relayed (milter/ledger/newcomers.h).
 *
 *	To count something else is to add a part here, and to show it in report_text, report_json
 *	and report_html.  Every part has its bound, so that memory does not grow with the number
 *	of records.
 */
#ifndef MILTER_LEDGER_TALLY_H
#define MILTER_LEDGER_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "milter/ledger/period.h"
#include "milter/ledger/timeline.h"
#include "milter/ledger/top.h"
#include "milter/ledger/volume.h"

struct record;
struct newcomers;
struct watch;

/* The columns of a report. */
enum tally_side {
	TALLY_INBOUND,
	TALLY_OUTBOUND,
	TALLY_NEITHER, /* no listener took the connection */
};
#define TALLY_SIDE_COUNT (TALLY_NEITHER + 1)

/* "inbound", "outbound", "no listener" */
const char *tally_side_name(enum tally_side side);

/* What is counted by how often it comes. */
enum tally_top {
	TALLY_CLIENTS, /* by messages and refused sessions */
	TALLY_LOGINS,  /* by messages */
	TALLY_SENDERS, /* by refused messages */
	TALLY_REASONS, /* by refusals of a stage, or of a recipient: see tally_reason; extras are by side */
};
#define TALLY_TOP_COUNT (TALLY_REASONS + 1)

/* Of TALLY_CLIENTS and TALLY_LOGINS: the extras. */
enum tally_extra {
	TALLY_ACCEPTED, /* messages */
	TALLY_REFUSED,  /* messages and sessions */
	TALLY_CARRIED,  /* recipients */
	TALLY_BYTES,
};

/* A listener of one name and direction, or all those of a direction that there was no room for. */
struct tally_listener {
	char name[TOP_TEXT]; /* "" where none took the connection, and of the others */
	enum tally_side side;
	bool others;
	struct volume volume;
};

struct tally {
	struct period period;
	uint64_t inside, outside; /* records, of the period and not */
	uint64_t first, last;     /* of the period: the times of the first and of the last record */
	uint64_t earliest;        /* of all records */
	bool hashed;              /* local parts are hashed in some */
	struct volume sides[TALLY_SIDE_COUNT];
	size_t listener_count;
	struct tally_listener listeners[TIMELINE_LANES]; /* as lanes of the timeline, in the order of their coming */
	struct timeline *timeline;
	struct top *tops[TALLY_TOP_COUNT];
	struct newcomers *newcomers;
	struct watch *watch; /* over the records of the period, as they were read */
};

/* Returns NULL where there is no memory. */
struct tally *tally_new(const struct period *period);
void tally_free(struct tally *tally);

/* Counts the record.  Returns false where there is no memory. */
bool tally_add(struct tally *tally, const struct record *record);

/* After the last record: makes the timeline one of few slots. */
void tally_close(struct tally *tally);

/* Whether there were records from before the period, so that "for the first time" says something. */
bool tally_has_history(const struct tally *tally);

/* What a text of TALLY_REASONS says: pointers into room, "" where it has no such part. */
struct tally_reason {
	const char *stage;
	const char *verdict;
	const char *by;   /* FILE:LINE */
	const char *rule; /* its name, or that of the block */
	const char *cause;
	char room[TOP_TEXT];
};
void tally_read_reason(const struct top_entry *entry, struct tally_reason *ret_reason);

#endif
