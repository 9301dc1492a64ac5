#include "policy/needs.h"

#include <stddef.h>

#include "policy/condition.h"
#include "policy/ruleset.h"

/* Whether any of them may be neither true nor false: looking a name up, or comparing a text, can fail; else nothing
 * can. */
static bool may_fail(const struct conditions *conditions)
{
	for (size_t i = 0; i < conditions->count; i++) {
		enum value_kind kind = condition_row(conditions->list[i].kind)->kind;

		if (kind < VALUE_SET_KINDS && kind != VALUE_NETWORK)
			return true;
	}
	return false;
}

/* Whether the rule could keep anything from passing its stage; one that accepts puts off what it cannot compare. */
static bool could_refuse(const struct rule *rule)
{
	return rule->verdict != VERDICT_ACCEPT || may_fail(&rule->conditions) || may_fail(&rule->unless);
}

static bool any_could_refuse(const struct ruleset *ruleset, enum stage stage)
{
	for (size_t i = 0; i < ruleset->listener_count; i++) {
		const struct stage_rules *rules = &ruleset->listeners[i].stages[stage];

		if (stage == STAGE_CONNECT && ruleset->listeners[i].connection != NULL)
			return true;
		for (size_t k = 0; k < rules->count; k++)
			if (could_refuse(&rules->list[k]))
				return true;
	}
	return false;
}

struct needs needs_of(const struct ruleset *ruleset, bool ledger)
{
	bool data = !ledger || any_could_refuse(ruleset, STAGE_DATA);

	return (struct needs){
	    .told = {true, true, true, true, [STAGE_DATA] = data},
	    .answered =
	        {
	            [STAGE_CONNECT] = ledger && any_could_refuse(ruleset, STAGE_CONNECT),
	            [STAGE_HELO] = ledger && any_could_refuse(ruleset, STAGE_HELO),
	            [STAGE_MAIL] = true,
	            [STAGE_RCPT] = true,
	            [STAGE_DATA] = data,
	        },
	    .message_end = ledger,
	};
}

struct needs needs_union(const struct needs *one, const struct needs *other)
{
	struct needs both = {.message_end = one->message_end || other->message_end};

	for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
		both.told[stage] = one->told[stage] || other->told[stage];
		both.answered[stage] = one->answered[stage] || other->answered[stage];
	}
	return both;
}
