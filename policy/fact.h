/*
 * NAME
 *	fact - what a session is known by, and the classes that its facts fall in
 *
 * DESCRIPTION
 *	One row per fact says its name, what it is compared as, since which stage
 *	it is known and when it is forgotten.  (Which macro or callback of which
 *	MTA brings it stands in milter/macros.h, row by row.)
 *
 *	struct facts is all that a decision sees: no text, only, for each fact,
 *	the sets of the rule set that its value is in, and a few numbers.  The
 *	daemon fills it from a session.
 *
 *	OPEN FACTS.  A proof judges many sessions at once, of which it knows some facts
 *	only so far: the value is one of several.  Such a fact is open.  A decision
 *	that is the same for all of them is made; any other is not, and the facts then
 *	have the question that was asked first and has more than one answer.
 */
#ifndef POLICY_FACT_H
#define POLICY_FACT_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/stage.h"

enum fact {
	FACT_CLIENT,
	FACT_CLIENT_NAME,
	FACT_HELO,
	FACT_SENDER,
	FACT_USER,
	FACT_MECHANISM,
	FACT_TLS,
	FACT_SIZE,
	FACT_RECIPIENT,
	FACT_RECIPIENTS,
	FACT_LISTENER,
};
#define FACT_COUNT (FACT_LISTENER + 1)

/* What a fact is compared as.  The first five are the kinds of sets of a rule set. */
enum value_kind {
	VALUE_NETWORK, /* an IP address, in networks */
	VALUE_NAME,    /* a domain name, in domains */
	VALUE_MAILBOX, /* an envelope address, in addresses and domains */
	VALUE_LOGIN,   /* a login, in users */
	VALUE_WORD,    /* a SASL mechanism, in words */
	VALUE_NUMBER,
	VALUE_BOOLEAN,
	VALUE_LABEL, /* shown, never compared */
};
#define VALUE_SET_KINDS (VALUE_WORD + 1)
#define VALUE_KIND_COUNT (VALUE_LABEL + 1)

/* When a fact is forgotten.  Where a scope ends, so do those that stand below it. */
enum fact_scope {
	SCOPE_CONNECTION,
	SCOPE_HELO,      /* until the next HELO */
	SCOPE_MESSAGE,   /* until the end of the message, or the next MAIL */
	SCOPE_RECIPIENT, /* until the next RCPT */
};
#define SCOPE_COUNT (SCOPE_RECIPIENT + 1)

struct fact_row {
	const char *name; /* in placeholders, logs and explain's options */
	enum value_kind kind;
	enum stage since;
	enum fact_scope scope;
	bool placeholder; /* may stand in a reply */
};

/* The row of a fact. */
const struct fact_row *fact_row(enum fact fact);

/* The facts that are forgotten where the scope ends: fact n is bit n. */
unsigned fact_ending(enum fact_scope scope);

/* Writes the fact called name to *ret_fact and returns true; false, and nothing written, where none is. */
bool fact_from_name(const char *name, enum fact *ret_fact);

enum fact_state {
	FACT_ABSENT, /* the session does not have it: conditions on it do not hold */
	FACT_KNOWN,
	FACT_UNAVAILABLE, /* it could not be looked up just now */
	FACT_BROKEN,      /* it could not be compared: no memory, or an expression past its limit */
	FACT_OPEN,        /* one of several values */
};

/* A value by the sets that it is in: set n is bit n % 64 of word n / 64.  Words are not owned. */
struct fact_class {
	enum fact_state state;
	const uint64_t *sets;  /* where the state is FACT_KNOWN; FACT_OPEN: those that each of the values is in */
	const uint64_t *maybe; /* where it is FACT_OPEN: those that any of the values is in */
};

/* A number: the least and the most that it may be.  They differ while it is open. */
struct amount {
	uint64_t least;
	uint64_t most;
};

static inline struct amount amount_of(uint64_t number)
{
	return (struct amount){number, number};
}

/* What a decision would have to know: whether the value of a fact is in a set, or at least a number. */
struct open_question {
	enum fact fact;
	unsigned set;
	uint64_t number; /* of facts that are amounts */
};

struct facts {
	struct fact_class classes[FACT_COUNT]; /* of the facts compared by sets */
	bool authenticated;                    /* the user is known by a login */
	struct amount tls_bits;                /* 0: not encrypted */
	struct amount size;                    /* bytes, as declared by SIZE= (RFC 1870); 0: not declared */
	bool relay;                            /* this recipient would be relayed */
	struct amount recipients;              /* accepted so far in this message */

	/*
	 * The same, with sender and recipient as the MTA reads them, where it reads
	 * something else in them than was written; or NULL.  Not owned.
	 */
	const struct facts *reading;

	/* Of a reading: the recipient could still send the message on to another host. */
	bool routes;

	/* Where facts are open: receives what was asked first of one.  Not owned. */
	struct open_question *question;
};

#endif
