/*
 * NAME
 *	period - the time that a report is about
 *
 * DESCRIPTION
 *	From since, which belongs to it, to until, which does not; either may be missing.
 */
#ifndef MILTER_LEDGER_PERIOD_H
#define MILTER_LEDGER_PERIOD_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct fault;

struct period {
	bool local; /* days and hours are those of the machine's own time; else of UTC */
	bool has_since, has_until;
	uint64_t since, until; /* milliseconds since 1970 */
};

/* What was asked for, as text; NULL where it was not. */
struct period_wish {
	bool local;
	const char *since, *until;
	const char *day;
	const char *week;
};

/* Reads the wish, as sallyport(8) describes it; now is what "today" is taken from. */
bool period_read(const struct period_wish *wish, time_t now, struct period *ret_period, struct fault *ret_fault);

/* Whether the moment (milliseconds since 1970) is in it; before it. */
bool period_has(const struct period *period, uint64_t moment);
bool period_begins_after(const struct period *period, uint64_t moment);

#endif
