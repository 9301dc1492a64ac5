/*
 * NAME
 *	proof_print - what a proof of a rule file found, for people and for programs
 *
 * DESCRIPTION
 *	Listener by listener, then promise by promise: a listener's relayers may be a
 *	million networks, and are forgotten once they are printed.
 *
 * CALLING ORDER
 *	begin, listener for each, promise for each, end.  That a stream could not be written
 *	is for the caller to find, by ferror(3).
 */
#ifndef MILTER_PROOF_PRINT_H
#define MILTER_PROOF_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "policy/promise.h"
#include "policy/prove.h"

struct naming;
struct rules;

/* A proof that is being printed. */
struct proof {
	const char *path; /* of the rule file */
	const struct rules *rules;
	const struct naming *naming; /* for people only; NULL for programs */
	FILE *stream;
	bool colour;
	bool abridged;    /* something was counted, rather than shown */
	size_t listeners; /* printed so far */
	size_t promises;
};

struct proof_promise {
	const struct promise *promise;
	enum promise_state state;
	struct witness witness; /* where the state is PROMISE_BROKEN */
};

/* Each returns false where there is no memory. */
struct proof_printer {
	bool (*begin)(struct proof *proof);
	bool (*listener)(struct proof *proof, const struct relayers *relayers);
	bool (*promise)(struct proof *proof, const struct proof_promise *promise);
	bool (*end)(struct proof *proof);
};

extern const struct proof_printer proof_json;
extern const struct proof_printer proof_text;

/* The promise of proof_text. */
bool proof_print_promise(struct proof *proof, const struct proof_promise *promise);

#endif
