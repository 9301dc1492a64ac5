/*
 * NAME
 *	prober - whether what an entry stands for is in a value, asked of the rule set
 *
 * DESCRIPTION
 *	For warnings: takes a value that an entry matches (the first address of a
 *	network, a name below a domain ...) and looks it up in the compiled sets, as
 *	a session would.  An expression has no such value: it is never in.
 *
 * THREADS
 *	One thread at a time.
 */
#ifndef RULES_PROBER_H
#define RULES_PROBER_H

#include <stdbool.h>

#include "rules/model.h"

struct rules;
struct prober;

/* A prober for loaded rules, which must outlive it; NULL where there is no memory. */
struct prober *prober_new(const struct rules *rules);
void prober_free(struct prober *prober);

/* Whether an answer was "not in" because a look-up failed: no memory, or an expression past its limit. */
bool prober_failed(const struct prober *prober);

/* Whether the value, which was compiled, has what the entry stands for (of a table: anything that it has). */
bool prober_has(struct prober *prober, const struct value *value, const struct entry *entry);

/*
 * The first domain in value, or in a table that it names, with names below it
 * that are not in whole and are not taken out by ".NAME" either; NULL where
 * there is none.  whole is value, or what value is nested in.
 */
const struct entry *prober_bare_domain(struct prober *prober, const struct value *whole, const struct value *value);

#endif
