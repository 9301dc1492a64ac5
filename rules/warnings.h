/*
 * NAME
 *	warnings - what is lawful in a rule file, but surely not meant
 */
#ifndef RULES_WARNINGS_H
#define RULES_WARNINGS_H

struct diagnostics;
struct rules;

/*
 * Warns of: a rule that no session reaches; a listener behind one that
 * takes all that it would; a table that nobody uses; a "!" in a table that
 * a sibling undoes; a rule that refuses "example.com" and not ".example.com".
 */
void warnings_find(const struct rules *rules, struct diagnostics *diagnostics);

#endif
