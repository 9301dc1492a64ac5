/*
 * NAME
 *	decision_log - records written to a file by a thread of their own
 *
 * SYNOPSIS
 *	log = decision_log_open(path, pseudonyms, &fault);
 *	decision_log_start(log);
 *	decision_log_put(log, note) ... decision_log_reopen(log) ...
 *	decision_log_finish(log, milliseconds);
 *
 * DESCRIPTION
 *	Whoever puts a record waits for no disk: the record goes into a queue of
 *	bounded length, and the thread makes a line of it and writes it.  Where the
 *	queue is full the record is lost, and counted.
 *
 *	A disk that is full, or gone bad, is tried again each second and at each
 *	reopening; what has not been written stays and is written then, in order, so
 *	that nothing is lost but what did not fit the queue meanwhile.  A line is never
 *	left torn in a file that can still be written; where a file ends in the middle of a
 *	line when it is opened, because a machine stopped, the next one begins on a new line.
 *
 *	The administrator's log tells when writing fails, when records begin to be lost,
 *	and, once lines are written again, how many were.
 *
 * THREADS
 *	decision_log_put, _reopen and _lost may be called by any thread.
 */
#ifndef MILTER_LEDGER_DECISION_LOG_H
#define MILTER_LEDGER_DECISION_LOG_H

#include <stdbool.h>
#include <stdint.h>

struct decision_log;
struct fault;
struct note;
struct pseudonyms;

/*
 * Opens the file for appending; makes it, for nobody else to write or read but
 * its group, where there is none.  A pipe that somebody reads, or a device, will
 * do.  pseudonyms: records are written by them; or NULL.  Returns NULL, with the reason,
 * where it cannot.  path and pseudonyms must outlive the log.
 */
struct decision_log *decision_log_open(const char *path, const struct pseudonyms *pseudonyms, struct fault *ret_fault);

/* Starts the thread; returns false, with errno set, where it cannot.  To be called once. */
bool decision_log_start(struct decision_log *log);

/* Has the note's record written. */
void decision_log_put(struct decision_log *log, struct note *note);

/* A record that its session found no memory for. */
void decision_log_lose(struct decision_log *log);

/* Has the file at the path opened anew before the next line; where that fails, the log goes on in the old one. */
void decision_log_reopen(struct decision_log *log);

/* Records that were lost since the start. */
uint64_t decision_log_lost(struct decision_log *log);

/*
 * Waits until all is written, but no longer than the time given; what is
 * left then is lost, and told.  Nothing may be put after that.  The thread stays: the process is to end.
 */
void decision_log_finish(struct decision_log *log, unsigned milliseconds);

#endif
