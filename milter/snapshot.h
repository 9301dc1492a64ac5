/*
 * NAME
 *	snapshot - the rules in force, and those that sessions still hold
 *
 * SYNOPSIS
 *	snapshots = snapshots_new(rules, false);
 *	snapshot = snapshot_acquire(snapshots);  ...  snapshot_release(snapshot);
 *	generation = snapshots_replace(snapshots, rules);
 *
 * DESCRIPTION
 *	A session is judged by one rule set from its first command to its last:
 *	it acquires the rules in force when it begins and releases them when it
 *	ends; their shadow (struct rules) with them.  A reload puts other rules in force; the old ones can be freed with
 *the last session that holds them.  Generations are counted from 1.
 *
 * THREADS
 *	All functions but snapshots_free may be called by any thread at any time.
 *	What a snapshot points to is never written.
 */
#ifndef MILTER_SNAPSHOT_H
#define MILTER_SNAPSHOT_H

#include <stdbool.h>

#include "policy/needs.h"

struct rules;

struct snapshots; /* the rules in force, for those who begin */

struct snapshot {
	const struct rules *rules;
	unsigned generation;
	struct needs needs; /* of these rules, and of their shadow */
};

/*
 * Puts the first rules in force, and owns them.  ledger: the ends of messages are
 * to be told, whatever the rules; rules that have a shadow need them in any case.  Returns NULL where there is no
 * memory: the rules are then the caller's.
 */
struct snapshots *snapshots_new(struct rules *rules, bool ledger);

/* Releases the rules in force.  Nothing may be acquired any more; what is held stays. */
void snapshots_free(struct snapshots *snapshots);

/* The rules in force, to be released by whoever acquired them. */
const struct snapshot *snapshot_acquire(struct snapshots *snapshots);

/* What is held already is held once more, and to be released once more. */
void snapshot_hold(const struct snapshot *snapshot);

/* Lets go; the last one to do so of rules that are no longer in force frees them.  NULL is let go, too. */
void snapshot_release(const struct snapshot *snapshot);

/*
 * From now on rules that nobody holds any more are not freed by who lets them go: to
 * free a large rule set takes a while.  They are left to snapshots_collect(), and tell
 * is called, by any thread; NULL ends that, and forgets none.  For all snapshots.
 */
void snapshots_leave(void (*tell)(void));

/* Frees the rules that were left, and gives their memory back to the system. */
void snapshots_collect(void);

/*
 * Puts the rules in force, owns them, and returns their generation; returns 0
 * where there is no memory: nothing has changed, and rules are still the caller's.
 */
unsigned snapshots_replace(struct snapshots *snapshots, struct rules *rules);

#endif
