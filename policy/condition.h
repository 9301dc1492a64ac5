/*
 * NAME
 *	condition - a test on one fact
 *
 * DESCRIPTION
 *	One row per condition says its name in rule files, the fact that it asks
 *	about, the kind of its value, and at which stages it may stand.  To add a
 *	condition is to add a row, a way to test it where none fits, and a golden
 *	case.
 */
#ifndef POLICY_CONDITION_H
#define POLICY_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/fact.h"
#include "policy/stage.h"

enum condition_kind {
	CONDITION_CLIENT,
	CONDITION_CLIENT_NAME,
	CONDITION_HELO,
	CONDITION_SENDER,
	CONDITION_AUTHENTICATED,
	CONDITION_USER,
	CONDITION_MECHANISM,
	CONDITION_TLS,
	CONDITION_SIZE_OVER,
	CONDITION_RECIPIENT,
	CONDITION_RELAY,
	CONDITION_RECIPIENTS_OVER,
};
#define CONDITION_COUNT (CONDITION_RECIPIENTS_OVER + 1)

struct condition {
	enum condition_kind kind;
	union {
		unsigned set;    /* where the row's kind is one of sets */
		uint64_t number; /* bytes, recipients; of tls: at least so many bits, 0 for "not encrypted" */
		bool flag;
	} value;
};

/* Whether something holds, where the facts may not tell.  Ordered: of two that must both hold, the smaller counts. */
enum truth {
	TRUTH_NO,
	TRUTH_OPEN,        /* it differs among the sessions that are judged at once */
	TRUTH_BROKEN,      /* a fact could not be compared */
	TRUTH_UNAVAILABLE, /* a fact could not be looked up just now */
	TRUTH_YES,
};

struct condition_row {
	const char *name;
	enum fact fact;
	enum value_kind kind; /* of its value */
	enum stage first;     /* the stages at which it may stand */
	enum stage last;
	enum truth (*holds)(const struct condition *condition, const struct facts *facts);
};

const struct condition_row *condition_row(enum condition_kind kind);

/* Writes the condition called name to *ret_kind and returns true; false, and nothing written, where none is. */
bool condition_from_name(const char *name, enum condition_kind *ret_kind);

/* In place of a set's number: nothing is in it, whatever the value, and so the value is not asked for. */
#define SET_EMPTY (UINT32_MAX - 1)

/* Whether the fact's value is in the set of that number. */
enum truth fact_in_set(const struct facts *facts, enum fact fact, unsigned set);

/* Whether an amount (FACT_TLS, FACT_SIZE or FACT_RECIPIENTS) is at least the number. */
enum truth fact_at_least(const struct facts *facts, enum fact fact, uint64_t number);

/* Of two that must both hold; of two of which one is enough; the opposite. */
enum truth truth_and(enum truth one, enum truth other);
enum truth truth_or(enum truth one, enum truth other);
enum truth truth_not(enum truth truth);

#endif
