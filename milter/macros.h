/*
 * NAME
 *	macros - what the MTA tells of a session, and where on each MTA it comes from
 *
 * DESCRIPTION
 *	One row per thing that is told: the fact that it is, the places in the
 *	session at which it is read, what brings it on Postfix and on Sendmail, and the
 *	macros to be asked for.  What the daemon asks the MTA to send is made from
 *	these rows, so that nothing is read which was not asked for, and the
 *	administrator has no macros to configure.
 *
 *	STALE MACROS.  Where none of the macros asked for at a place has a value,
 *	Postfix sends an empty packet; libmilter drops it and keeps the macros that it has
 *	from the message before: the login of a first message would count for a
 *	second one.  So every place's list also has "j", the MTA's own host name, which
 *	always has a value.
 *
 *	A macro that was asked for at several places is found at the latest one.
 *
 *	CERTIFICATES.  Nothing of a client's certificate is asked for or read: no condition
 *	is about one.  (Sendmail tells the subject of one that nobody trusts, too.)
 */
#ifndef MILTER_MACROS_H
#define MILTER_MACROS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/fact.h"
#include "policy/session.h"

struct mta;

/* The places at which macros can be asked for, in libmilter's order (SMFIM_CONNECT ... SMFIM_EOH). */
enum macro_place {
	PLACE_CONNECT,
	PLACE_HELO,
	PLACE_MAIL,
	PLACE_RCPT,
	PLACE_DATA,
	PLACE_MESSAGE_END,
	PLACE_HEADERS_END,
};
#define PLACE_COUNT (PLACE_HEADERS_END + 1)

enum told {
	TOLD_DAEMON,
	TOLD_PORT,
	TOLD_LOCAL_ADDRESS,
	TOLD_CLIENT,
	TOLD_CLIENT_NAME,
	TOLD_HELO,
	TOLD_SENDER,
	TOLD_SIZE,
	TOLD_USER,
	TOLD_MECHANISM,
	TOLD_TLS,
	TOLD_RECIPIENT,
	TOLD_RESOLVED,
	TOLD_QUEUE,
};
#define TOLD_COUNT (TOLD_QUEUE + 1)

/* The most macros that one row asks for. */
#define TOLD_MACROS 2

/* Bytes of the list of one place. */
#define MACROS_LIST 256

struct told_row {
	bool is_fact;
	enum fact fact;      /* where is_fact */
	unsigned places;     /* bit p: the macros are asked for at place p */
	const char *postfix; /* what brings it, in the words of the MTA's manual */
	const char *sendmail;
	const char *macros[TOLD_MACROS]; /* in the order in which they are tried; NULL where an argument brings it */
};

const struct told_row *told_row(enum told told);

/* Writes the macros to ask for at a place, separated by blanks: at most MACROS_LIST bytes. */
void macros_list(enum macro_place place, char *ret_list);

/* The local port ({daemon_port}), or 0 where it was not told. */
unsigned macros_port(const struct mta *mta);

/* The MTA's name of its listener ({daemon_name}), or NULL. */
const char *macros_daemon(const struct mta *mta);

/*
 * The local address that the client reached: {if_addr}, which is the
 * connection's own on Sendmail and absent where that is loopback; else
 * {daemon_addr}, which is the connection's own on Postfix and what was configured on Sendmail.
 * Where that is a wildcard, the client came by loopback, of its own family.
 * Returns false, and writes nothing, where it was not told.
 */
bool macros_local_address(const struct mta *mta, const struct address *client, struct address *ret_address);

/*
 * Whether the client's name was verified ({client_resolve} OK), could not
 * be looked up just now (TEMP), or is none: whatever else was told, or nothing.
 * host is the connect event's: the verified name, or the address in brackets.
 */
enum client_name_state macros_client_name(const struct mta *mta, const char *host);

/* The login ({auth_authen}) and its mechanism ({auth_type}), or NULL. */
const char *macros_user(const struct mta *mta);
const char *macros_mechanism(const struct mta *mta);

/* Bits of the session's cipher; 0 where it is not encrypted, 1 where it is and the bits were not told. */
unsigned macros_tls_bits(const struct mta *mta);

/* What the MTA has made of the sender ({mail_addr}; empty for the null sender), or NULL. */
const char *macros_resolved_sender(const struct mta *mta);

/* What the MTA has made of the recipient ({rcpt_addr}), or NULL. */
const char *macros_resolved(const struct mta *mta);

/*
 * The queue id ("i"), or NULL: Postfix has none before the first recipient was
 * accepted, but for mail submitted on the machine itself, which is in the queue from the start.
 */
const char *macros_queue(const struct mta *mta);

#endif
