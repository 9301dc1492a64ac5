/*
 * NAME
 *	account - what one session's records are made of, as its events come
 *
 * SYNOPSIS
 *	account = account_new(ledger, &origin);
 *	account_connect, account_helo, account_mail, account_judged ...
 *	account_message_end(account), or account_end(account)
 *	account_free(account);
 *
 * DESCRIPTION
 *	The adapter tells of each event and of what was decided; a MAIL begins a record,
 *	and the record goes to the ledger when the message has ended, or was
 *	given up.  A session that was refused before it had a MAIL is a record when it
 *	ends.
 *
 *	A stage that a refusal before it left out is not told of, as in explain.
 *
 * THREADS
 *	As the adapter that it belongs to: one at a time.
 *
 * ERRORS
 *	No call fails.  A record that there is no memory for is lost, and counted.
 */
#ifndef MILTER_LEDGER_ACCOUNT_H
#define MILTER_LEDGER_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/decide.h"

struct account;
struct connection;
struct envelope;
struct ledger;
struct listener;
struct snapshot;

/* What the session is called, and what judges it: both live as long as the account. */
struct origin {
	const char *session;
	const struct snapshot *snapshot;
};

/* A recipient as it was judged. */
struct account_recipient {
	const char *address;  /* without angle brackets; NULL: there was no memory for it */
	const char *resolved; /* or NULL */
	const char *reading;  /* where rules were asked about it, or NULL */
	bool relay;
};

/* NULL where nobody wants records, or there is no memory, which is counted: then nothing is recorded. */
struct account *account_new(const struct ledger *ledger, const struct origin *origin);

/* All functions take an account that is NULL, and do nothing. */
void account_free(struct account *account);

/* listener: that judges, or NULL. */
void account_connect(struct account *account, const struct connection *connection, const struct listener *listener,
                     const struct decision *decision);

/* helo: or NULL, where there was none before MAIL.  Ends the message before it. */
void account_helo(struct account *account, const char *helo, const struct decision *decision);

/*
 * Begins a message, and ends the one before it.  sender: without angle brackets; reading: what the MTA reads in it,
 * where rules were asked about that, or NULL.
 */
void account_mail(struct account *account, const struct envelope *envelope, const char *sender, const char *reading);

/* What the message begun tells of its client: record.h has the words. */
void account_trust(struct account *account, const char *trusted, bool outside);

/*
 * What MAIL, a recipient, or the whole message was answered.  recipient: NULL but at rcpt; reply: as the client
 * sees it, NULL where accepted.  A refusal that was kept for MAIL is told here once more, with its reply.
 */
void account_judged(struct account *account, const struct decision *decision, const struct account_recipient *recipient,
                    const char *reply);

/* The MTA's queue id, as soon as it is known; NULL says nothing. */
void account_queue(struct account *account, const char *queue);

/* Time that an event took to be judged, in nanoseconds. */
void account_spent(struct account *account, uint64_t nanoseconds);

/* The message came to its end, and was accepted. */
void account_message_end(struct account *account);

/* The message ends, if there is one, whatever came of it. */
void account_end(struct account *account);

#endif
