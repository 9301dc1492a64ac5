/*
 * NAME
 *	warnings - what is lawful in a rule file, but surely not meant
 *
 * DESCRIPTION
 *	What its text tells; what only a proof does is in rules/reach.h.
 */
#ifndef RULES_WARNINGS_H
#define RULES_WARNINGS_H

struct diagnostics;
struct rules;

/*
 * Warns of: a table that nobody uses; a "!" in a table that a sibling
 * undoes; a rule that refuses "example.com" and not ".example.com".
 */
void warnings_find(const struct rules *rules, struct diagnostics *diagnostics);

#endif
