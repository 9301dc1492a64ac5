/*
 * NAME
 *	ledger - where the daemon writes down what happens
 *
 * DESCRIPTION
 *	What the settings ask for; a member that is NULL is not kept.  Made at the
 *	start, and there as long as the process.
 *
 * THREADS
 *	All functions may be called by any thread.
 */
#ifndef MILTER_LEDGER_LEDGER_H
#define MILTER_LEDGER_LEDGER_H

#include <stdbool.h>

struct arena;
struct counters;
struct decision_log;
struct record;
struct sentry;
struct shadow;
struct snapshot;

struct ledger {
	struct decision_log *decisions;
	struct counters *counters;
	struct sentry *sentry; /* takes no records: it sees sessions as they come */
	struct shadow *shadow; /* for rules that have one */
};

/* Whether anybody wants records, whatever the rules. */
bool ledger_is_kept(const struct ledger *ledger);

/* Whether anybody wants records of what these rules judge. */
bool ledger_wants(const struct ledger *ledger, const struct snapshot *snapshot);

/* Takes a record of what these rules judged, and the arena in which it lives. */
void ledger_take(const struct ledger *ledger, const struct snapshot *snapshot, struct arena *arena,
                 const struct record *record);

/* A record, or a session's records, that there was no memory for. */
void ledger_lose(const struct ledger *ledger, const struct snapshot *snapshot);

#endif
