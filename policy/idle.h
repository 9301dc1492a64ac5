/*
 * NAME
 *	idle - what in the rules of a listener makes no difference
 *
 * DESCRIPTION
 *	Found by a survey of all sessions that could come to the listener: a rule that
 *	never decides, and why; a rule without which each session would get the same
 *	answer; a condition that always holds where it is asked, or an "unless" that
 *	never does.  Each is idle with all others in their place, but those that are
 *	reported as rules.
 *
 *	Addresses are taken as they are written (policy/session.h, "two readings").
 *	Where regular expressions may find something for which no value was found, it is
 *	taken to be there: what is reported is so.
 */
#ifndef POLICY_IDLE_H
#define POLICY_IDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/stage.h"
#include "policy/survey.h"

enum idle_kind {
	/* A rule that never decides: no session could match it ... */
	IDLE_CONTRADICTION, /* its conditions exclude each other */
	IDLE_FALSE,         /* a condition never holds: other is its number */
	IDLE_EXEMPT,        /* its unless exempts all that it would match */
	IDLE_LOCAL,         /* it speaks of local recipients only, and names others */
	/* ... or those that do never come so far */
	IDLE_REFUSED,  /* the stages before refuse them */
	IDLE_HIDDEN,   /* the rule whose number is in other matches them all */
	IDLE_COVERED,  /* the rules before it, together, match them all */
	IDLE_NEEDLESS, /* it decides as would be decided without it */
	/* Of a rule that does: */
	IDLE_TRUE,         /* the condition whose number is in other always holds */
	IDLE_UNLESS_FALSE, /* its unless exempts nobody */
	IDLE_UNLESS_TRUE,  /* the condition of its unless whose number is in other always holds */
};
#define IDLE_KIND_COUNT (IDLE_UNLESS_TRUE + 1)

struct idle {
	enum idle_kind kind;
	enum stage stage;
	size_t rule; /* its index in the stage */
	size_t other;
};

struct idles {
	struct idle *list; /* malloc(3) memory */
	size_t count;
};

/*
 * Finds what is idle in the only listener that the grid was made for.  *decisions is how many may be
 * asked for, and is lowered.  Where they, or the grid, do not tell all (SURVEY_TOO_LONG), or there is no memory
 * (SURVEY_NO_MEMORY), nothing is found; else SURVEY_DONE is returned.
 */
enum survey_result idle_find(const struct grid *grid, size_t *decisions, struct idles *ret_idles);
void idles_destroy(struct idles *idles);

#endif
