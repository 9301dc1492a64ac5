/*
 * NAME
 *	compile - from the model to a rule set
 *
 * DESCRIPTION
 *	Turns values into sets of the vocabulary (tables, nesting and "!" become
 *	plain and combined sets) and copies listeners and rules.  Nothing in the
 *	result refers to the model; the model's values are told their sets.
 */
#ifndef RULES_COMPILE_H
#define RULES_COMPILE_H

#include "rules/model.h"

struct ruleset;

/*
 * Compiles a model in which no fault was found.  Returns NULL where there is no
 * memory.
 */
struct ruleset *compile(struct model *model);

#endif
