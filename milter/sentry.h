/*
 * NAME
 *	sentry - the daemon's NAT watch: warns of addresses that look like many clients, or refuses them
 *
 * SYNOPSIS
 *	sentry = sentry_new();
 *	sentry_rules(sentry, rules, NULL);
 *	sentry_connect(&client, rules, session, &connection);
 *	sentry_mail(sentry, &client, session);
 *	sentry_refuses(sentry, &client, session)
 *
 * DESCRIPTION
 *	Has a watch (milter/ledger/watch.h) over all sessions, and lives from what is told for the
 *	rules anyway: no stage is asked for because of it, and none waited for.
 *
 *	Where the setting nat_watch is "refuse", an address that looks like many clients has no relay
 *	recipient accepted without a login, whatever the rules say, until other rules come in
 *	force.  Other are those of which any file has changed: a reload of the same ones, as for
 *	logrotate(8), says nothing.  That only takes away from what the rules let, so
 *	that what is proved of them holds.
 *
 * THREADS
 *	A sentry_client belongs to its adapter.  All else may be called by any thread.
 */
#ifndef MILTER_SENTRY_H
#define MILTER_SENTRY_H

#include <stdbool.h>

#include "policy/address.h"

struct connection;
struct rules;
struct sentry;
struct session;

/* The client of a session. */
struct sentry_client {
	bool known; /* there is one, at a listener: else the others say nothing */
	struct address address;
	const char *trusted; /* it may relay by its address alone: "address", "gateway", "bridge"; or NULL */
	bool begun;          /* a message came */
	bool outside;        /* the domain of the sender at hand is none of ours; only where trusted */
};

/* Returns NULL where there is no memory.  Until there are rules it watches nobody. */
struct sentry *sentry_new(void);
void sentry_free(struct sentry *sentry);

/* These rules come in force.  digest: of those that were before, or NULL. */
void sentry_rules(struct sentry *sentry, const struct rules *rules, const char *digest);

/* A session began: what its rules say of its client.  Nothing is watched yet. */
void sentry_connect(struct sentry_client *client, const struct rules *rules, const struct session *session,
                    const struct connection *connection);

/* A message of the session began, and was judged; warns in the log where that makes it a suspect.  sentry may be NULL.
 */
void sentry_mail(struct sentry *sentry, struct sentry_client *client, const struct session *session);

/* Whether the recipient at hand, which the rules accept, is to be put off all the same.  sentry may be NULL. */
bool sentry_refuses(struct sentry *sentry, const struct sentry_client *client, const struct session *session);

/* How many addresses are suspects. */
unsigned sentry_suspects(struct sentry *sentry);

#endif
