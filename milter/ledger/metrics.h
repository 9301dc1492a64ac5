/*
 * NAME
 *	metrics - the counters, served by HTTP to whoever collects them
 *
 * DESCRIPTION
 *	GET /metrics (or /) answers with all counters, as OpenMetrics where the client
 *	accepts that (Accept), else as Prometheus' own text.  Everything else is 404 or
 *	405.  There is no login: the address should be one that only collectors reach.
 *
 *	libmicrohttpd serves it, in one thread of its own; a few connections at a time,
 *	and none of them for long.
 */
#ifndef MILTER_LEDGER_METRICS_H
#define MILTER_LEDGER_METRICS_H

#include <stdbool.h>

struct fault;
struct ledger;

/* Listens at the address ("127.0.0.1:9894").  Returns the socket, or -1, with the reason, where it cannot. */
int metrics_listen(const char *address, struct fault *ret_fault);

/*
 * Serves what the ledger counts at that socket, from a thread of its own, as long as
 * the process lives.  Returns false where it cannot.
 */
bool metrics_start(int socket, const struct ledger *ledger);

#endif
