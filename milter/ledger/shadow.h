/*
 * NAME
 *	shadow - live sessions judged by a second rule set, too, which answers nobody
 *
 * SYNOPSIS
 *	shadow = shadow_new(counters, SHADOW_MINUTE);
 *	shadow_load(rules);
 *	shadow_start(shadow);
 *	shadow_put(shadow, note, snapshot) ...
 *	shadow_finish(shadow, milliseconds);
 *
 * DESCRIPTION
 *	A rule file may name another one (shadow = "PATH").  What the rules of the first
 *	decided is judged again by those of the second (milter/ledger/again.h), by a thread of its own,
 *	when the record is complete: no session waits for it, and none is answered by it.
 *
 *	A session's shadow is the one that was loaded with its rules.  A file that cannot
 *	be loaded is no shadow: the log says why, and the rules go on without one.
 *
 *	Differences are counted, and the administrator's log tells the first
 *	LIMIT_SHADOW_LINES of a minute, and the number of the others.  Records that find no room in the
 *	queue are not judged, and counted.
 *
 * THREADS
 *	shadow_put and shadow_lose may be called by any thread.
 */
#ifndef MILTER_LEDGER_SHADOW_H
#define MILTER_LEDGER_SHADOW_H

#include <stdbool.h>

struct counters;
struct note;
struct rules;
struct shadow;
struct snapshot;

/* Milliseconds of the time in which a number of lines may be logged. */
#define SHADOW_MINUTE 60000

/* counters: or NULL; there as long as the shadow, which is never freed.  Returns NULL where there is no memory. */
struct shadow *shadow_new(struct counters *counters, unsigned minute);

/*
 * Loads the shadow of rules that are not in force yet, where they name one, and tells the log what is wrong with it:
 * where it cannot be loaded they have none.
 */
void shadow_load(struct rules *rules);

/* Whether rules name a shadow, and have none. */
bool shadow_is_missing(const struct rules *rules);

/* What systemd is told of it behind the generation in force: nothing, or that it is not there. */
const char *shadow_status(const struct rules *rules);

/* Starts the thread, where it does not run yet; returns false, with errno set, where it cannot. */
bool shadow_start(struct shadow *shadow);

/* Has the note's record judged by the shadow of these rules, which have one. */
void shadow_put(struct shadow *shadow, struct note *note, const struct snapshot *snapshot);

/* A record that there was no memory for. */
void shadow_lose(const struct shadow *shadow);

/*
 * Waits until all is judged and told, but no longer than the time given; says what is left.  Nothing may be put
 * after that.  The thread stays: the process is to end.
 */
void shadow_finish(struct shadow *shadow, unsigned milliseconds);

#endif
