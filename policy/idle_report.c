/*
 * What is idle, put in the words of idle.h.
 */
#include "policy/bits.h"
#include "policy/idle_finding.h"
#include "policy/room.h"

static void report(struct idle_finding *finding, enum idle_kind kind, unsigned stage, const struct idle_watch *watch,
                   size_t other)
{
	struct idle *list = room_for_one(finding->idles.list, finding->idles.count, sizeof *list);

	if (list == NULL) {
		finding->failed = true;
		return;
	}
	finding->idles.list = list;
	list[finding->idles.count++] =
	    (struct idle){kind, (enum stage)stage, (size_t)(watch - finding->stages[stage]), other};
}

/* The first that is not so; count, if all are. */
static size_t first_not(const bool *flags, size_t count)
{
	size_t i = 0;

	while (i < count && flags[i])
		i++;
	return i;
}

static void report_idle_rule(struct idle_finding *finding, unsigned stage, const struct idle_watch *watch)
{
	size_t conditions = watch->rule->conditions.count;
	size_t never = first_not(watch->conditions_hold, conditions);
	size_t index = (size_t)(watch - finding->stages[stage]);
	size_t hider = 0;

	while (hider < index && !bits_test(watch->hiders, (unsigned)hider))
		hider++;
	if (watch->matches_here && hider < index)
		report(finding, IDLE_HIDDEN, stage, watch, hider);
	else if (watch->matches_here)
		report(finding, IDLE_COVERED, stage, watch, 0);
	else if (watch->matches)
		report(finding, IDLE_REFUSED, stage, watch, 0);
	else if (never < conditions)
		report(finding, IDLE_FALSE, stage, watch, never);
	else if (watch->would_match)
		report(finding, IDLE_EXEMPT, stage, watch, 0);
	else if (watch->would_relay)
		report(finding, IDLE_LOCAL, stage, watch, 0);
	else
		report(finding, IDLE_CONTRADICTION, stage, watch, 0);
}

static bool has_condition(const struct rule *rule, enum condition_kind kind)
{
	for (size_t i = 0; i < rule->conditions.count; i++)
		if (rule->conditions.list[i].kind == kind)
			return true;
	return false;
}

/* A condition that says aloud what holds anyway: what the rule speaks of, or what else keeps it from being too wide. */
static bool says_aloud(const struct rule *rule, const struct condition *condition)
{
	bool accepts = rule->verdict == VERDICT_ACCEPT;

	if (condition->kind == CONDITION_RELAY)
		return true;
	if (condition->kind == CONDITION_AUTHENTICATED && condition->value.flag)
		return accepts || has_condition(rule, CONDITION_USER) || has_condition(rule, CONDITION_MECHANISM);
	return accepts && (condition->kind == CONDITION_TLS || condition->kind == CONDITION_AUTHENTICATED);
}

static void report_conditions(struct idle_finding *finding, unsigned stage, const struct idle_watch *watch)
{
	const struct rule *rule = watch->rule;

	for (size_t i = 0; i < rule->conditions.count; i++)
		if (!watch->conditions_needed[i] && !says_aloud(rule, &rule->conditions.list[i]))
			report(finding, IDLE_TRUE, stage, watch, i);
	if (rule->unless.count > 0 && !watch->unless_needed) {
		report(finding, IDLE_UNLESS_FALSE, stage, watch, 0);
		return;
	}
	for (size_t i = 0; rule->unless.count > 1 && i < rule->unless.count; i++)
		if (!watch->conditions_needed[rule->conditions.count + i] &&
		    rule->unless.list[i].kind != CONDITION_AUTHENTICATED)
			report(finding, IDLE_UNLESS_TRUE, stage, watch, i);
}

void idle_report(struct idle_finding *finding)
{
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
		for (struct idle_watch *watch = finding->stages[stage]; watch != idle_watches_end(finding, stage);
		     watch++) {
			if (!watch->decides)
				report_idle_rule(finding, stage, watch);
			else if (watch->removed)
				report(finding, IDLE_NEEDLESS, stage, watch, 0);
			else
				report_conditions(finding, stage, watch);
		}
}
