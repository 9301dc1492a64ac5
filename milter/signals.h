/*
 * NAME
 *	signals - reload, stop, and keeping both from libmilter
 *
 * SYNOPSIS
 *	signals_hold_reload();   first of all
 *	signals_hold_stop();     before there is anything to clean up, or another thread
 *	event = signals_wait();  in the main thread, again and again
 *
 * DESCRIPTION
 *	SIGHUP means reload; SIGTERM and SIGINT mean stop.  All are blocked in every
 *	thread and taken by the main thread, one after the other; those that come
 *	in between wait, and several of a kind are one.  None is lost, and none kills.
 *
 *	WHY THERE IS A sigwait() HERE.  libmilter starts a thread that calls
 *	sigwait(3) for SIGHUP, SIGTERM and SIGINT, and stops the filter at any of
 *	them, SIGHUP included.  A second thread beside it races with it: under a burst of
 *	SIGHUP libmilter's gets one, and the daemon ends.  There is no way to ask
 *	libmilter not to.  So this program has a sigwait() of its own, to which
 *	libmilter.so is bound when the program is loaded: it does what POSIX says, but
 *	never takes a signal that is the main thread's.  libmilter's thread waits for ever.
 */
#ifndef MILTER_SIGNALS_H
#define MILTER_SIGNALS_H

#include <signal.h>

enum signals_event {
	SIGNALS_RELOAD,
	SIGNALS_STOP,
};

/* From here on SIGHUP waits for signals_wait, and a peer that hangs up is no reason to end (SIGPIPE). */
void signals_hold_reload(void);

/* From here on SIGTERM and SIGINT wait for signals_wait, too. */
void signals_hold_stop(void);

/* Waits for the next signal. */
enum signals_event signals_wait(void);

/* Has the main thread's signals_wait return SIGNALS_STOP; any thread may call it. */
void signals_stop(void);

/* sigwait(3), less the signals that signals_wait takes. */
__attribute__((visibility("default"))) int sigwait(const sigset_t *restrict set, int *restrict signal);

#endif
