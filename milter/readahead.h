/*
 * NAME
 *	readahead - what an MTA says in one piece is read in one piece
 *
 * DESCRIPTION
 *	An MTA sends what needs no answer together with what does: six commands from the
 *	connect event to MAIL.  libmilter reads each in two pieces, asks poll(2) before each
 *	of them, and again after the command: thirty system calls where one does, and the
 *	most that a session costs.  So this program has a read(), a poll() and a close() of
 *	its own, to which libmilter.so is bound when the program is loaded.  Of an MTA's
 *	connection read() takes as much as is there, and keeps what was not asked for; poll()
 *	says of what is kept that it is there.  Any other descriptor is the system's alone.
 *
 *	So what was read is judged, though the MTA may have hung up meanwhile: of commands
 *	that are still in the socket then libmilter reads none.
 *
 * THREADS
 *	All functions may be called by any thread; a connection is read by one thread at a
 *	time, as libmilter does it, and closed by none that is not the last to use it.
 *
 * ERRORS
 *	Where there is no memory to keep anything in, a connection is read as it is asked for.
 */
#ifndef MILTER_READAHEAD_H
#define MILTER_READAHEAD_H

#include <poll.h>
#include <stddef.h>
#include <sys/types.h>

/* From here on, until close(), the descriptor is an MTA's connection. */
void readahead_begin(int descriptor);

#define IN_PLACE_OF(function) __asm__(#function) __attribute__((visibility("default")))

/* As read(2), poll(2) and close(2), and by these names outside C: the C library's headers know them as its own. */
ssize_t readahead_read(int descriptor, void *buffer, size_t size) IN_PLACE_OF(read);
int readahead_poll(struct pollfd *descriptors, nfds_t count, int timeout) IN_PLACE_OF(poll);
int readahead_close(int descriptor) IN_PLACE_OF(close);

#undef IN_PLACE_OF

#endif
