/*
 * NAME
 *	descriptors - as many connections as there may be, and what happens where there are no more
 *
 * DESCRIPTION
 *	A connection takes one descriptor, from its begin to its end.  The soft limit of
 *	them is raised to the hard one at start.
 *
 *	WHY THERE IS AN accept() HERE.  Where no descriptor is left, accept(2) fails at
 *	once, and goes on failing: libmilter's listener calls it again and again,
 *	without a word, and takes a processor for itself until a connection ends.  So this
 *	program has an accept() of its own, to which libmilter.so is bound when the program
 *	is loaded: where there is no descriptor it says so in the log, and waits a moment
 *	before it fails.  Connections that were not taken yet wait in the socket's queue.
 *
 * THREADS
 *	Only libmilter's listener calls accept.
 */
#ifndef MILTER_DESCRIPTORS_H
#define MILTER_DESCRIPTORS_H

#include <sys/socket.h>

/* Raises the soft limit to the hard one, and says so in the log where that is low. */
void descriptors_raise_limit(void);

/* accept(2), with time to think where there is no descriptor; the new one is closed by exec(3). */
__attribute__((visibility("default"))) int accept(int socket, __SOCKADDR_ARG address, socklen_t *restrict length);

#endif
