/*
 * NAME
 *	timeline - volumes by hour and lane, or by day, month or year
 *
 * DESCRIPTION
 *	A lane is what is told apart at each time (a listener).  Volumes are kept by the hour, as
 *	long as there are no more than TIMELINE_SLOTS hours in which something was;
 *	beyond that by the day, then by the month, then by the year: memory does not grow with the
 *	time that logs span.
 */
#ifndef MILTER_LEDGER_TIMELINE_H
#define MILTER_LEDGER_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "milter/ledger/calendar.h"
#include "milter/ledger/volume.h"

/* Lanes, and slots of less than a year: hours of 85 days, days of 5 years. */
#define TIMELINE_LANES 32
#define TIMELINE_SLOTS 2048

struct timeline;

struct timeline_slot {
	time_t begin;
	struct volume lanes[TIMELINE_LANES];
};

/* Returns NULL where there is no memory. */
struct timeline *timeline_new(bool local);
void timeline_free(struct timeline *timeline);

/* Adds the volume at the time.  Returns false where there is no memory. */
bool timeline_add(struct timeline *timeline, time_t time, size_t lane, const struct volume *volume);

/* Makes all slots of that unit, or of a longer one where they are that already. */
void timeline_coarsen(struct timeline *timeline, enum calendar_unit unit);

/* The unit of the slots, their number, and the one at index, from the first to the last: those in which something was.
 */
enum calendar_unit timeline_unit(const struct timeline *timeline);
size_t timeline_size(const struct timeline *timeline);
const struct timeline_slot *timeline_slot(const struct timeline *timeline, size_t index);

#endif
