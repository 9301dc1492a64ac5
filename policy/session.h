/*
 * NAME
 *	session - one SMTP session judged by one rule set
 *
 * SYNOPSIS
 *	session = session_new(ruleset);
 *	session_connect, session_helo, session_mail, session_rcpt ..., session_data
 *	session_free(session);
 *
 * DESCRIPTION
 *	Takes the events of a session as they come, keeps what is told once,
 *	classifies each fact when it arrives and has each stage judged.  The daemon,
 *	explain, the examples of a rule file and the tests all judge through here.
 *
 *	A refusal at connect or helo is returned by that call and also kept: it is
 *	the answer to every MAIL that follows, before anything else is judged.
 *	A caller that speaks SMTP answers "continue" to connect and helo whatever
 *	is returned.
 *
 *	Where helo was never called, session_mail has the helo stage judged without
 *	a name.  session_helo and session_reset end the message; so does the next
 *	session_mail.  session_rcpt without an accepted MAIL, and session_data
 *	without an accepted recipient, are "tempfail": the events came out of order.
 *
 *	TWO READINGS.  Where an address is not plain (policy/mailbox.h), the MTA may read
 *	another one in it, and act on that.  A caller who knows it gives it as the
 *	"reading", and rules are asked about both (policy/decide.h).
 *
 * OWNERSHIP, THREADS
 *	The session copies every text that it is given.  It refers to the rule set,
 *	which must outlive it.  One thread at a time may use a session; any number
 *	of sessions may share a rule set.
 *
 * ERRORS
 *	No call fails: where memory is lacking, or an expression runs past its
 *	limit, the decision is "tempfail" with CAUSE_INTERNAL or CAUSE_BROKEN.
 */
#ifndef POLICY_SESSION_H
#define POLICY_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"
#include "policy/decide.h"

struct ruleset;
struct listener;
struct session;

enum client_name_state {
	CLIENT_NAME_VERIFIED,
	CLIENT_NAME_NONE,        /* no verified name: "unknown" */
	CLIENT_NAME_UNAVAILABLE, /* could not be looked up just now */
};

/*
 * What a name in an example or an option says: NULL or "unknown" that there is
 * none, "[TEMPUNAVAIL]" (as in Postfix' XCLIENT) that it could not be looked up
 * just now; anything else is a verified name.  Letter case does not count.
 */
enum client_name_state client_name_state(const char *text);

/* What is known when a client connects. */
struct connection {
	const char
	    *listener;      /* judge by the listener of this name, whatever it matches; NULL: the first that matches */
	bool local;         /* submitted on the machine itself, without a connection: the client is 127.0.0.1 */
	const char *daemon; /* the MTA's own name of its listener, or NULL */
	unsigned port;      /* local port, or 0 where not known */
	bool has_local_address;
	struct address local_address; /* that the client reached */
	bool has_client;
	struct address client;
	enum client_name_state client_name_state;
	const char *client_name; /* where verified */
	bool no_macros;          /* the MTA does not let us ask for its macros */
};

/* What is known at MAIL; login and TLS are read anew each time. */
struct envelope {
	const char *sender;    /* the argument of MAIL FROM, with or without angle brackets */
	const char *reading;   /* what the MTA reads in it, or NULL where it did not say */
	const char *user;      /* SASL login, or NULL */
	const char *mechanism; /* SASL mechanism, or NULL */
	unsigned tls_bits;     /* 0: not encrypted */
	bool size_declared;
	uint64_t size; /* bytes */
};

/* Returns NULL where there is no memory. */
struct session *session_new(const struct ruleset *ruleset);
void session_free(struct session *session);

struct decision session_connect(struct session *session, const struct connection *connection);

/* helo may be NULL: judged without one. */
struct decision session_helo(struct session *session, const char *helo);

struct decision session_mail(struct session *session, const struct envelope *envelope);

/*
 * recipient: the argument of RCPT TO, with or without angle brackets.
 * resolved: what the MTA has made of it, or NULL where it did not say.
 */
struct decision session_rcpt(struct session *session, const char *recipient, const char *resolved);

/* The same, with what the MTA reads in the recipient, or NULL. */
struct decision session_rcpt_read(struct session *session, const char *recipient, const char *resolved,
                                  const char *reading);

/* The recipient that was accepted last is not taken after all, for a reason that is not the rules': it does not count.
 */
void session_rcpt_withdrawn(struct session *session);

struct decision session_data(struct session *session);

/* Ends the message (RSET, end of message, abort); may be called at any time, any number of times. */
void session_reset(struct session *session);

/*
 * The listener that judges, or NULL where none matched (yet).
 */
const struct listener *session_listener(const struct session *session);

/* Whether the sender, or the recipient, was judged by two readings. */
bool session_read_twice(const struct session *session, enum fact fact);

/* The domain of this message's sender, as it is compared, where it is none of local_domains; else NULL. */
const char *session_outside_domain(const struct session *session);

/* Whether the recipient of the last session_rcpt is relay. */
bool session_relay(const struct session *session);

/*
 * The facts as the client wrote them, cleaned of nothing: for replies and logs.
 * Valid until the next event.  An address stands without its angle brackets.
 */
const struct reply_texts *session_texts(const struct session *session);

/* Renders the decision's reply as reply_print does; the empty string where the verdict is accept. */
size_t session_reply(const struct session *session, const struct decision *decision, char *ret_text, size_t size);

#endif
