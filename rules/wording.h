/*
 * NAME
 *	wording - what a proof asked, in the words of the rule file
 *
 * DESCRIPTION
 *	A survey's questions are numbers of sets (policy/survey.h).  Here they become
 *	"HELO is in @partners" and "TLS of at least 128 bits" again, from the values that
 *	were compiled to those sets.
 *
 *	Of two files, a table that both have, and not with the same entries, is
 *	"@ours (old)" or "@ours (new)".
 *
 *	"is not in" holds also for a session that has no such fact: no HELO, no verified
 *	name, no mechanism.
 */
#ifndef RULES_WORDING_H
#define RULES_WORDING_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/clause.h"

struct rules;

struct wording {
	const struct rules *sides[WORLD_SIDES]; /* with their models; NULL for a side that there is not */
	const char *listener;                   /* where a value is looked for first; or NULL */
	size_t shown; /* of the entries of a value, and of alternatives; the rest is counted.  0: all */
};

/* A list of texts: malloc(3) memory. */
struct texts {
	char **list;
	size_t count;
};

/*
 * Says what must hold: every text of *ret_texts.  What the clauses have in common is one text
 * each; where they differ, the last text has the alternatives.  Nothing must: no text.  Returns
 * false, and writes nothing, where there is no memory.
 */
bool wording_clauses(const struct wording *wording, const struct clauses *clauses, struct texts *ret_texts);

/* Adds a copy of the text.  Returns false where there is no memory. */
bool texts_add(struct texts *texts, const char *text);

/* Frees the list and makes it empty. */
void texts_destroy(struct texts *texts);

#endif
