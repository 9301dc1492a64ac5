/*
 * NAME
 *	verdict - what a rule, a block or a stage says
 *
 * DESCRIPTION
 *	Ordered from the mildest to the harshest, so that the worse of two is the
 *	larger.  "accept" means that this stage has nothing against it.
 */
#ifndef POLICY_VERDICT_H
#define POLICY_VERDICT_H

#include <stdbool.h>

enum verdict {
	VERDICT_ACCEPT,
	VERDICT_TEMPFAIL,
	VERDICT_REJECT,
};
#define VERDICT_COUNT (VERDICT_REJECT + 1)

/* The name in rule files and logs: "accept", "tempfail", "reject". */
const char *verdict_name(enum verdict verdict);

/* Writes the verdict called name to *ret_verdict and returns true; false, and nothing written, where none is. */
bool verdict_from_name(const char *name, enum verdict *ret_verdict);

/* The harsher of the two. */
enum verdict verdict_worse(enum verdict one, enum verdict other);

#endif
