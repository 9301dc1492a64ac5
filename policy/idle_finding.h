/*
 * NAME
 *	idle_finding - what the files that look for idle rules share
 */
#ifndef POLICY_IDLE_FINDING_H
#define POLICY_IDLE_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/idle.h"
#include "policy/ruleset.h"

/* What is known of a rule so far. */
struct idle_watch {
	const struct rule *rule;
	bool decides;
	bool removed; /* without it nothing changes, and the others that are removed are not there either */
	bool needed;  /* without it something changes */
	bool unless_needed;
	bool *conditions_needed; /* of its conditions, then of its unless */

	/* Of a rule that never decides: whether some session ... */
	bool matches_here; /* that comes to its stage matches it */
	bool matches;      /* at all matches it */
	bool would_match;  /* matches it but for its unless */
	bool would_relay;  /* matches it but for its silence on relay */
	bool *conditions_hold;
	uint64_t *hiders; /* rules before it that match whatever it would, of those that come to its stage */
};

struct idle_finding {
	const struct listener *listener;
	const struct survey_scope *scope;
	struct idle_watch *stages[STAGE_COUNT];
	struct listener variant; /* with another list of rules in a stage */
	struct rule *rules;      /* room for that list */
	const struct idle_watch *trial;
	struct idles idles;
	bool failed; /* no memory */
};

static inline const struct idle_watch *idle_watches_end(const struct idle_finding *finding, unsigned stage)
{
	return finding->stages[stage] + finding->listener->stages[stage].count;
}

/* Says what all watches found. */
void idle_report(struct idle_finding *finding);

#endif
