/*
 * NAME
 *	promises - what a rule file promises ("never"), proved
 */
#ifndef RULES_PROMISES_H
#define RULES_PROMISES_H

struct diagnostics;
struct rules;
struct world;

/* Reports each promise that does not hold, with the session that breaks it.  The world is that of the rules. */
void promises_prove(const struct rules *rules, const struct world *world, struct diagnostics *diagnostics);

#endif
