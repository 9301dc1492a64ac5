/*
 * NAME
 *	literal - faults inside a string or a number of a rule file
 *
 * DESCRIPTION
 *	What libconfig reads as something else than what is written, without a word:
 *	integers that do not fit, escapes that make a NUL byte, escapes that it takes
 *	away from a regular expression.
 */
#ifndef RULES_LITERAL_H
#define RULES_LITERAL_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/location.h"

struct diagnostics;
struct token;

/*
 * Looks at size bytes that begin at where for bytes that are not UTF-8, and,
 * unless they are a string, for control bytes.  Of each kind the first of a
 * line is reported.
 */
void literal_bytes(struct diagnostics *diagnostics, const char *bytes, size_t size, struct location where,
                   bool in_string);

/* Looks at the escapes of a string token.  Returns whether libconfig reads the string as it was meant. */
bool literal_string(struct diagnostics *diagnostics, const struct token *token, struct location where);

/* Looks whether an integer token fits: in 32 bits, or with the suffix L in 64.  Returns whether it does. */
bool literal_integer(struct diagnostics *diagnostics, const struct token *token, struct location where);

/* Whether an integer token has the suffix L or LL. */
bool literal_is_long(const struct token *token);

#endif
