/*
 * NAME
 *	queue - notes that wait for the thread that reads them, up to a bound
 *
 * DESCRIPTION
 *	At most LIMIT_WAITING_RECORDS wait, and LIMIT_WAITING_BYTES; first in, first out.
 *
 * THREADS
 *	The queue has no lock: its owner's guards it.
 */
#ifndef MILTER_LEDGER_QUEUE_H
#define MILTER_LEDGER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/ledger/note.h"

struct queue {
	enum note_reader reader;
	struct note *first;
	struct note **last;
	size_t count;
	size_t bytes;
};

void queue_init(struct queue *queue, enum note_reader reader);

/* Holds the note and puts it last.  Returns false, and does nothing, where the queue is full. */
bool queue_put(struct queue *queue, struct note *note);

/* Takes the first notes out, most at most: a chain by next[reader], each to be released by the caller; or NULL. */
struct note *queue_take(struct queue *queue, size_t most);

#endif
