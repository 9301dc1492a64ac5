/*
 * NAME
 *	reload - the rule file read again while sessions go on
 *
 * DESCRIPTION
 *	A thread of its own reads the file whenever it is asked to, and puts its
 *	rules in force for the sessions that begin after that.  A file with an error
 *	changes nothing.  The log tells every fault at its line, and what came of it:
 *
 *		reloaded gateway.conf generation=2 listeners=3
 *		reload failed gateway.conf: the rules of generation 1 stay
 *
 *	Requests that come while a file is being read make one more reading after it,
 *	however many they are: what was asked for last is always read.
 *
 *	The thread gives way to those that judge, and frees the rules that the last session
 *	has let go, so that none waits for it.
 *
 *	Settings that only a restart can change (socket, user, group ...) keep the
 *	value that they had at the start; where the file has another, a warning says so.
 *
 *	systemd is told RELOADING=1 and then READY=1, also where the reload failed.
 */
#ifndef MILTER_RELOAD_H
#define MILTER_RELOAD_H

#include <stdbool.h>

struct ledger;
struct settings;
struct snapshots;

/*
 * Starts the thread.  path: the rule file; settings: as they were at the start.
 * Both, snapshots and the ledger, which counts reloads, must live as long as the process.  Returns false, with
 * errno set, where there can be no thread.  To be called once.
 */
bool reload_start(const char *path, const struct settings *settings, struct snapshots *snapshots,
                  const struct ledger *ledger);

/* Asks for a reload and does not wait for it. */
void reload_request(void);

#endif
