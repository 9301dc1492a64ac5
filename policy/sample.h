/*
 * NAME
 *	sample - texts that a regular expression probably finds
 *
 * DESCRIPTION
 *	A proof needs values to show, and an expression does not tell which it finds.
 *	So a few short texts are made from the expression as it is written: the
 *	shortest; one in which all that may be left out or repeated is there once more,
 *	in other letters; and both for each alternative and each optional part, those
 *	that are nested least first.
 *
 *	These are guesses: each is to be tried against the expression itself
 *	(policy/expression.h).  Literals, escapes, classes, groups, alternatives,
 *	quantifiers, anchors, word boundaries and the flags i and x are followed.  What
 *	looks around, refers back, recurses or depends on a condition is taken for
 *	empty.
 *
 *	A text is found where it stands alone.  Something may precede it where the
 *	expression is not anchored there, or begins with what takes any number of
 *	letters ("^.*", "^[^@]+"): so a domain can be put behind "^mail[0-9]", or a
 *	local part before "^.*@example\.com$".  That need not be any text: "\bmail" may
 *	be preceded by "-", and not by "x".
 */
#ifndef POLICY_SAMPLE_H
#define POLICY_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/fact.h"
#include "policy/limits.h"

struct sample {
	char text[LIMIT_SAMPLE + 1]; /* may be empty */
	bool may_precede;            /* something before it */
	bool may_follow;             /* something behind it */
};

struct samples {
	size_t count;
	struct sample list[LIMIT_SAMPLES]; /* the shortest first, none twice */
};

/*
 * Writes samples of the first length bytes of pattern, as expression_new takes
 * it for values of the kind, to *ret_samples: none where it contradicts itself,
 * needs longer texts, or goes past a limit (policy/limits.h).  Allocates nothing.
 */
void samples_of(enum value_kind kind, const char *pattern, size_t length, struct samples *ret_samples);

#endif
