/*
 * NAME
 *	wordlist - expressions that are lists of texts
 *
 * DESCRIPTION
 *	"^(mx1|mx2)\.example$" finds two texts and no other: for a proof that is no
 *	matter of guesses (policy/sample.h), and the same as two entries.  An expression
 *	is read so where each of its alternatives is anchored at both ends and has nothing
 *	but letters, escaped marks, and groups of alternatives of these.
 */
#ifndef POLICY_WORDLIST_H
#define POLICY_WORDLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/sample.h"

/*
 * Writes all texts that the first length bytes of the pattern find, for values of the kind, to
 * *ret_samples and returns true; some may be there twice.  Returns false, with anything in
 * *ret_samples, where that is not certain, or they are more than LIMIT_SAMPLES.
 */
bool wordlist_of(enum value_kind kind, const char *pattern, size_t length, struct samples *ret_samples);

#endif
