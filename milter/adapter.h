/*
 * NAME
 *	adapter - the MTA's events of one connection, and what they are answered
 *
 * SYNOPSIS
 *	adapter = adapter_new(snapshots, &ledger, &mta, macros_offered);
 *	adapter_connect, adapter_helo, adapter_mail, adapter_rcpt, adapter_data, adapter_abort ...
 *	adapter_free(adapter);
 *
 * DESCRIPTION
 *	Turns each event, with the macros that came with it, into a call of
 *	policy/session.h, and the decision into an answer; sets the rule's reply,
 *	and logs each refusal.
 *
 *	- Connect and helo are not answered: after a refusal there an MTA offers
 *	  neither login nor encryption any more, and one of them throws the
 *	  rule's words away.  The session keeps the refusal, and each MAIL gets it.
 *	- The last event of a message that is needed, DATA or the message's end, is
 *	  answered "accept" where nothing objects; every other acceptance is
 *	  "continue", because "accept" would be final for the whole message,
 *	  recipients still to come included.
 *	- What came out of order, or found no memory, is "tempfail", with the reason in
 *	  the log.
 *
 *	- What the rules accept is refused all the same where the daemon takes a trusted address
 *	  for that of many clients, and was told to (milter/sentry.h).
 *
 *	The connection is judged by the rules that were in force when it began, and
 *	what the MTA is asked to tell of it goes by the same rules.
 *
 *	LOCAL MAIL.  Mail submitted on the machine itself is what comes without a
 *	socket address and with the host "localhost" (Sendmail -bs), or from host
 *	"localhost", 127.0.0.1, port 0, without a local port, but in the queue already
 *	(Postfix non_smtpd_milters).  Nothing else is, whatever a proxy says of its client:
 *	what comes by a connection is not in the queue before MAIL.
 *
 * THREADS
 *	One thread at a time may use an adapter; the events of a connection may come
 *	from different threads.
 */
#ifndef MILTER_ADAPTER_H
#define MILTER_ADAPTER_H

#include <stdbool.h>

#include "milter/answer.h"
#include "milter/mta.h"

struct adapter;
struct ledger;
struct needs;
struct snapshots;
struct sockaddr;

/*
 * For a connection that begins.  macros_offered: the MTA lets the daemon ask
 * for its macros; without that nothing can be judged, and every MAIL is refused
 * for now.  ledger must outlive the adapter.  *mta is copied; its context must outlive the adapter.  Returns NULL
 * where there is no memory.
 */
struct adapter *adapter_new(struct snapshots *snapshots, const struct ledger *ledger, const struct mta *mta,
                            bool macros_offered);

/* NULL is freed, too. */
void adapter_free(struct adapter *adapter);

/* What the MTA has to tell of the connection; lives as long as the adapter. */
const struct needs *adapter_needs(const struct adapter *adapter);

/*
 * host: the client's name or address as the MTA says it, or NULL.
 * peer: the client's socket address; NULL where the MTA has none, or does not know the family.
 */
void adapter_connect(struct adapter *adapter, const char *host, const struct sockaddr *peer);

void adapter_helo(struct adapter *adapter, const char *helo);

/* arguments: the address, then ESMTP parameters ("SIZE=1000"), then NULL. */
enum answer adapter_mail(struct adapter *adapter, char *const *arguments);
enum answer adapter_rcpt(struct adapter *adapter, char *const *arguments);

enum answer adapter_data(struct adapter *adapter);

/* At the end of the message; one whose DATA was not told is judged as at DATA. */
enum answer adapter_message_end(struct adapter *adapter);

/* The message ends without being sent; may come at any time, any number of times. */
void adapter_abort(struct adapter *adapter);

#endif
