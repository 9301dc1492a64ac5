/*
 * NAME
 *	reference - random listeners and facts, and what they come to with all facts known
 *
 * DESCRIPTION
 *	A listener of random rules and blocks at one stage, over few sets, and a second
 *	reading of what it says, which knows of no fact that is not to be had.
 *	A test seeds srandom(3) first.
 */
#ifndef TESTS_REFERENCE_H
#define TESTS_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/decide.h"
#include "policy/ruleset.h"

#define SETS 3 /* of each kind */
#define CLASSES (1 << SETS)
#define SET_FACTS 7
#define RULES 4

/* The bits of class n are n. */
extern const uint64_t classes[CLASSES];

/* The facts that are compared by sets. */
extern const enum fact facts_of_sets[SET_FACTS];

/* The listener, and the rules of its one stage. */
extern struct listener listener;
extern struct rule rules[RULES];
extern const struct reply reply;

bool chance(unsigned one_in);

/* Makes the listener anew. */
void random_listener(enum stage stage);

/* Facts of which each is known or absent. */
struct facts random_facts(void);

/* Ends the test where the decision is not what the listener says of facts that are all known. */
void compare(const struct decision *decision, enum stage stage, const struct facts *facts, unsigned round);

#endif
