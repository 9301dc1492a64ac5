/*
 * NAME
 *	scan - what is wrong with a rule file before it means anything
 *
 * SYNOPSIS
 *	scan_new
 *	scan_token for each token of each file, in the order of the text
 *	scan_end
 *	scan_free
 *
 * DESCRIPTION
 *	Follows the grammar of libconfig (its manual, appendix "Configuration File
 *	Grammar") token by token and reports each fault at its line, where libconfig
 *	would stop at the first one, or say nothing at all: it joins strings, lets
 *	numbers wrap, and drops NUL bytes (rules/literal.h).  After a fault it goes on as if the text
 *	had been as it was probably meant, and reports no second one of the
 *	grammar on that line.
 *
 * OWNERSHIP
 *	Tokens and the names of files must stay until scan_free; diagnostics too.
 */
#ifndef RULES_SCAN_H
#define RULES_SCAN_H

#include <stdbool.h>

#include "policy/location.h"

struct diagnostics;
struct scan;
struct token;

/* Returns NULL where there is no memory. */
struct scan *scan_new(struct diagnostics *diagnostics);
void scan_free(struct scan *scan);

/* Takes the next token, which begins at where.  An include counts as a blank. */
void scan_token(struct scan *scan, const struct token *token, struct location where);

/*
 * The text ends: what is still open is a fault.  Mutes the lines of values that
 * libconfig misreads, so that nothing is reported of what they become.
 */
void scan_end(struct scan *scan);

/* Whether libconfig cannot get past a fault that was found, or what it reads after one is not what was meant. */
bool scan_syntax_fault(const struct scan *scan);

/*
 * Says that part of the text is missing: no more faults of the grammar are
 * reported, and scan_syntax_fault is true.
 */
void scan_lose(struct scan *scan);

#endif
