/*
 * NAME
 *	mta - many connections to a milter at once, each playing one session after the other
 *
 * SYNOPSIS
 *	mta_run(&load, &tally)
 *
 * DESCRIPTION
 *	One thread, with epoll(7).  Each connection connects, negotiates, plays the script that fits
 *	what was negotiated, hangs up, and begins anew.  What is answered is compared with what must be.
 *
 *	Where there is a rate, sessions are due at even intervals, whether those before have ended or
 *	not, as clients come to a server; the time of one is counted from when it was due, so that
 *	nobody's waiting for a free connection is hidden.
 *
 *	Counting begins when the warm-up's sessions have ended, and ends with the last one that is wanted.
 */
#ifndef BENCH_MTA_H
#define BENCH_MTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "histogram.h"
#include "script.h"

struct load {
	const struct scenario *scenario;
	struct sockaddr_storage address;
	socklen_t address_length;
	unsigned connections; /* that play at once */
	unsigned idle;        /* others, that play until the last words, and stay */
	uint64_t warm_up;     /* sessions that are not counted */
	uint64_t sessions;    /* that are; UINT64_MAX: as many as the time has room for */
	double rate;          /* sessions a second; 0: each when the one before it has ended */
	double seconds;       /* that counting lasts at most; 0: as long as it takes */
	unsigned patience;    /* seconds to wait for an answer */
	pid_t pid;            /* whose processor time is taken; 0: nobody's */
};

struct tally {
	uint64_t sessions;
	uint64_t answers;
	uint64_t refusals;
	double seconds;
	double cpu_seconds;           /* of the process */
	struct histogram session;     /* nanoseconds from connect(2), or from when it was due, to the last answer */
	struct histogram answer;      /* nanoseconds from a step to its answer */
	struct negotiated negotiated; /* by a session that did it anew; the caller frees it */
	size_t exchanges;             /* of its script */
};

/* Returns false, with the reason on standard error, at the first answer that is not as it must be. */
bool mta_run(const struct load *load, struct tally *ret_tally);

#endif
