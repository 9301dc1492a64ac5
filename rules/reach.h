/*
 * NAME
 *	reach - what sessions never come to, or what makes no difference to them
 *
 * DESCRIPTION
 *	Says of listeners and rules what a survey of all sessions tells (policy/doors.h,
 *	policy/idle.h), in the administrator's words.
 */
#ifndef RULES_REACH_H
#define RULES_REACH_H

#include <stdbool.h>

struct diagnostics;
struct model;
struct world;

/*
 * Warns of listeners that no session gets, of rules that none reaches, and of what makes no difference.
 * The world is that of the rule set which was made of the model.  Returns false where there is no memory.
 */
bool reach_find(const struct world *world, const struct model *model, struct diagnostics *diagnostics);

#endif
