/*
 * NAME
 *	moment - a point in time as logs write it
 *
 * DESCRIPTION
 *	Milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted; as text
 *	RFC 3339, in UTC, with milliseconds: "2026-01-31T23:59:59.123Z".
 */
#ifndef MILTER_MOMENT_H
#define MILTER_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Bytes of a moment as text, with the end of the string: years to the end of the number. */
#define MOMENT_TEXT 40

/* So many milliseconds from now, by a clock that only goes on (CLOCK_MONOTONIC), as pthread_cond_timedwait(3) takes it.
 */
struct timespec moment_in(unsigned milliseconds);

/* Now, by the clock of the machine (CLOCK_REALTIME). */
uint64_t moment_now(void);

/* Writes the moment into text, which holds MOMENT_TEXT bytes; returns the length. */
size_t moment_to_text(uint64_t moment, char *ret_text);

/* Reads what moment_to_text writes, up to the year 9999.  Returns false, and writes nothing, for any other text. */
bool moment_from_text(const char *text, uint64_t *ret_moment);

#endif
