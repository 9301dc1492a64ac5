/*
 * NAME
 *	note - a record that several threads read, each in its own time
 *
 * SYNOPSIS
 *	note = note_new(arena, record);
 *	queue_put(&queue, note) ...
 *	note_release(note);
 *
 * DESCRIPTION
 *	Whoever makes a note holds it, as does each queue that it waits in; the
 *	last one to let go frees it, with the record.
 *
 * THREADS
 *	Any thread may hold and release.  Nobody writes to the record; the arena is for the reader
 *	NOTE_DECISIONS alone to take from.
 */
#ifndef MILTER_LEDGER_NOTE_H
#define MILTER_LEDGER_NOTE_H

#include <stdatomic.h>
#include <stddef.h>

struct arena;
struct record;
struct snapshot;

/* Who reads notes. */
enum note_reader {
	NOTE_DECISIONS, /* milter/ledger/decision_log.h */
	NOTE_SHADOW,    /* milter/ledger/shadow.h */
};
#define NOTE_READER_COUNT (NOTE_SHADOW + 1)

struct note {
	const struct record *record;
	struct arena *arena;             /* in which the record lives, as does this structure */
	size_t bytes;                    /* of the arena */
	const struct snapshot *snapshot; /* the shadow's: what it is judged by, and held for that */
	atomic_uint holders;
	struct note *next[NOTE_READER_COUNT]; /* each queue's own */
};

/* Takes over the arena in which the record lives.  Returns NULL where there is no memory: it is then the caller's. */
struct note *note_new(struct arena *arena, const struct record *record);

void note_hold(struct note *note);
void note_release(struct note *note);

#endif
