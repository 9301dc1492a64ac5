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

struct ledger {
	struct decision_log *decisions;
	struct counters *counters;
	struct sentry *sentry; /* takes no records: it sees sessions as they come */
};

/* Whether anybody wants records. */
bool ledger_is_kept(const struct ledger *ledger);

/* Takes a record, and the arena in which it lives. */
void ledger_take(const struct ledger *ledger, struct arena *arena, const struct record *record);

/* A record that its session found no memory for. */
void ledger_lose(const struct ledger *ledger);

#endif
