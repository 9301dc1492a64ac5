/*
 * NAME
 *	filter - libmilter at one end, adapters at the other
 *
 * SYNOPSIS
 *	filter_register(snapshots, "unix:/run/sallyport/milter.sock");
 *	filter_open();    the socket listens; nothing is answered yet
 *	filter_serve();   returns only when libmilter cannot go on
 *
 * DESCRIPTION
 *	The binding to libmilter: its callbacks find the connection's adapter and
 *	carry its answers back.  At negotiation the MTA is asked for the macros of
 *	milter/macros.h, and to leave out what the rules in force do not need
 *	(milter/negotiation.h).
 *
 *	A connection's adapter is made when it is negotiated and freed when it is
 *	closed.  libmilter may close what was never negotiated, and, after some MTA's
 *	"quit, new connection follows", may begin anew without negotiating: such a
 *	connection cannot be judged, and its MAIL is refused for now.
 *
 * THREADS
 *	libmilter calls back from a pool of threads: an event, not a connection,
 *	belongs to a thread.
 */
#ifndef MILTER_FILTER_H
#define MILTER_FILTER_H

#include <stdbool.h>

struct ledger;
struct snapshots;

/*
 * Registers the filter for the connection string; to be called once.
 * Snapshots and ledger must live as long as the process.  Returns false where libmilter refuses.
 */
bool filter_register(struct snapshots *snapshots, const struct ledger *ledger, const char *connection_string);

/*
 * Binds the socket and listens.  What is in its way is left alone.  Returns
 * false where that fails, with errno set as far as libmilter leaves it.
 */
bool filter_open(void);

/* Serves connections for ever; returns where libmilter fails. */
void filter_serve(void);

#endif
