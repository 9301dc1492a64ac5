#include "policy/idle.h"

#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/compare.h"
#include "policy/idle_finding.h"

/* The rule that decided, or the end of the stage's watches. */
static struct idle_watch *decider(const struct idle_finding *finding, const struct station *station)
{
	const struct stage_rules *rules = &finding->listener->stages[station->stage];
	struct idle_watch *watch = finding->stages[station->stage];

	for (size_t i = 0; i < rules->count && station->decision.by != &rules->list[i].where; i++)
		watch++;
	return watch;
}

/* What is asked of boxes */

/* Whether a rule matches, and another one, or NULL, does not. */
struct matching {
	const struct rule *rule;
	const struct rule *other;
};

static enum truth ask_matching(void *asker, const struct facts *facts)
{
	const struct matching *matching = asker;
	enum truth truth = rule_matches(matching->rule, facts);

	if (truth == TRUTH_NO || matching->other == NULL)
		return truth;
	return truth_and(truth, truth_not(rule_matches(matching->other, facts)));
}

static bool any_matches(const struct station *station, const struct rule *rule, const struct rule *other)
{
	struct matching matching = {rule, other};

	return survey_any(station, ask_matching, &matching);
}

static enum truth ask_not_matching(void *asker, const struct facts *facts)
{
	return truth_not(rule_matches(asker, facts));
}

/* Whether the variant decides otherwise. */
struct varying {
	const struct listener *variant;
	const struct station *station;
};

static enum truth ask_varying(void *asker, const struct facts *facts)
{
	const struct varying *varying = asker;
	struct decision decision = decide(varying->variant, varying->station->stage, facts);

	if (decision.cause == CAUSE_OPEN)
		return TRUTH_OPEN;
	return decisions_alike(&decision, &varying->station->decision) ? TRUTH_NO : TRUTH_YES;
}

/* Whether any session of the box is answered otherwise without a rule and those that are removed: with, or without
 * those that never decide. */
static bool changes_without(struct idle_finding *finding, const struct station *station,
                            const struct idle_watch *without, bool with_idle)
{
	struct varying varying = {&finding->variant, station};
	size_t count = 0;

	finding->variant = *finding->listener;
	for (const struct idle_watch *watch = finding->stages[station->stage];
	     watch != idle_watches_end(finding, station->stage); watch++)
		if (watch != without && (watch->decides || with_idle) && !watch->removed)
			finding->rules[count++] = *watch->rule;
	finding->variant.stages[station->stage] = (struct stage_rules){finding->rules, count};
	return survey_any(station, ask_varying, &varying);
}

/* Rules and conditions that decide */

static struct conditions all_but(const struct conditions *conditions, size_t index, struct condition *room)
{
	size_t count = 0;

	for (size_t i = 0; i < conditions->count; i++)
		if (i != index)
			room[count++] = conditions->list[i];
	return (struct conditions){room, count};
}

/* The most conditions that a rule has: each once. */
#define CONDITIONS CONDITION_COUNT

static bool asks_name(const struct conditions *conditions, size_t index)
{
	return condition_row(conditions->list[index].kind)->fact == FACT_CLIENT_NAME;
}

/* The rule decided: whether anything but its own conditions would have done as much. */
static void look_at_decider(struct idle_finding *finding, const struct station *station, struct idle_watch *watch)
{
	const struct rule *rule = watch->rule;
	bool *unless_needed = watch->conditions_needed + rule->conditions.count;
	struct condition room[CONDITIONS];

	/* One of two that are alike is needed; and so is one that only hides another. */
	watch->needed = watch->needed || changes_without(finding, station, watch, false) ||
	                changes_without(finding, station, watch, true);
	/* That the name was not to be had is told by what asks for it. */
	for (size_t i = 0; finding->scope->name_unavailable && i < rule->conditions.count; i++)
		watch->conditions_needed[i] |= asks_name(&rule->conditions, i);
	for (size_t i = 0; i < rule->unless.count; i++) {
		struct rule without = *rule;

		if (finding->scope->name_unavailable && asks_name(&rule->unless, i))
			unless_needed[i] = watch->unless_needed = true;
		without.unless = all_but(&rule->unless, i, room);
		if (!unless_needed[i] && without.unless.count > 0)
			unless_needed[i] = survey_any(station, ask_not_matching, &without);
	}
}

/* The rule came before what decided: whether any of its conditions alone, or its unless, kept it from it. */
static void look_at_passed(const struct station *station, struct idle_watch *watch)
{
	const struct rule *rule = watch->rule;
	struct condition room[CONDITIONS];
	struct rule without = *rule;

	without.unless.count = 0;
	if (!watch->unless_needed && rule->unless.count > 0)
		watch->unless_needed = any_matches(station, &without, NULL);
	without.unless = rule->unless;
	for (size_t i = 0; i < rule->conditions.count; i++) {
		without.conditions = all_but(&rule->conditions, i, room);
		if (!watch->conditions_needed[i])
			watch->conditions_needed[i] = any_matches(station, &without, NULL);
	}
}

/* Rules that never decide */

/* Looks at what would match the rule among the sessions of a box, wherever they come. */
static void look_anywhere(const struct station *station, struct idle_watch *watch)
{
	struct rule bare = *watch->rule;

	watch->matches = watch->matches || any_matches(station, &bare, NULL);
	bare.unless.count = 0;
	watch->would_match = watch->would_match || any_matches(station, &bare, NULL);
	bare.local_only = false;
	watch->would_relay = watch->would_relay || any_matches(station, &bare, NULL);
	for (size_t i = 0; i < watch->rule->conditions.count; i++) {
		struct rule one = {.conditions = {&watch->rule->conditions.list[i], 1}};

		watch->conditions_hold[i] = watch->conditions_hold[i] || any_matches(station, &one, NULL);
	}
}

/* Looks at who hides the rule from sessions that come to its stage. */
static void look_at_hidden(const struct idle_finding *finding, const struct station *station, struct idle_watch *watch)
{
	const struct idle_watch *first = finding->stages[station->stage];

	if (!any_matches(station, watch->rule, NULL))
		return;
	watch->matches_here = true;
	for (size_t i = 0; i < (size_t)(watch - first); i++)
		if (bits_test(watch->hiders, (unsigned)i) && any_matches(station, watch->rule, first[i].rule))
			bits_clear(watch->hiders, (unsigned)i);
}

static void look_at_idle_rules(const struct idle_finding *finding, const struct station *station)
{
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
		for (struct idle_watch *watch = finding->stages[stage]; watch != idle_watches_end(finding, stage);
		     watch++) {
			if (watch->decides)
				continue;
			if (station->stage == STAGE_CONNECT)
				look_anywhere(station, watch);
			if (station->stage == stage)
				look_at_hidden(finding, station, watch);
		}
}

/* Surveys */

static bool all_set(const bool *flags, size_t count)
{
	return count == 0 || memchr(flags, false, count) == NULL;
}

/* A rule that is meant to be seen: by its name in the logs, or as the default, said aloud. */
static bool is_remark(const struct rule *rule)
{
	return rule->named || (rule->conditions.count == 0 && rule->unless.count == 0);
}

/* Whether nothing more can be learnt of the rule: it is not idle, nor is anything in it. */
static bool is_settled(const struct idle_watch *watch)
{
	const struct rule *rule = watch->rule;
	bool *unless_needed = watch->conditions_needed + rule->conditions.count;

	return (watch->needed || is_remark(rule)) && all_set(watch->conditions_needed, rule->conditions.count) &&
	       (rule->unless.count == 0 || watch->unless_needed) &&
	       (rule->unless.count < 2 || all_set(unless_needed, rule->unless.count));
}

/* Whether a property holds for all rules. */
static bool all_are(const struct idle_finding *finding, bool (*property)(const struct idle_watch *))
{
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
		for (const struct idle_watch *watch = finding->stages[stage]; watch != idle_watches_end(finding, stage);
		     watch++)
			if (!property(watch))
				return false;
	return true;
}

static bool has_decided(const struct idle_watch *watch)
{
	return watch->decides;
}

static bool note_decider(void *visitor, const struct station *station)
{
	struct idle_finding *finding = visitor;
	struct idle_watch *watch = decider(finding, station);

	if (watch == idle_watches_end(finding, station->stage) || station->decision.cause != CAUSE_RULE ||
	    watch->decides)
		return true;
	watch->decides = true;
	return !all_are(finding, has_decided);
}

static bool look(void *visitor, const struct station *station)
{
	struct idle_finding *finding = visitor;
	struct idle_watch *decided = decider(finding, station);
	bool settled = false;

	if (!finding->scope->name_unavailable)
		look_at_idle_rules(finding, station);
	for (struct idle_watch *watch = finding->stages[station->stage]; watch != decided; watch++)
		if (watch->decides && !is_settled(watch)) {
			look_at_passed(station, watch);
			settled |= is_settled(watch);
		}
	if (decided != idle_watches_end(finding, station->stage) && decided->decides && !is_settled(decided)) {
		look_at_decider(finding, station, decided);
		settled |= is_settled(decided);
	}
	return !settled || !all_are(finding, is_settled);
}

/* Whether one more rule could be removed. */
static bool try_removal(void *visitor, const struct station *station)
{
	struct idle_finding *finding = visitor;
	struct idle_watch *decided = decider(finding, station);

	if (decided == idle_watches_end(finding, station->stage) || (decided != finding->trial && !decided->removed))
		return true;
	return !changes_without(finding, station, finding->trial, false) &&
	       !changes_without(finding, station, finding->trial, true);
}

/* The last stage with rules: no session need go further. */
static enum stage last_stage(const struct idle_finding *finding)
{
	unsigned stage = STAGE_COUNT - 1;

	while (stage > 0 && finding->listener->stages[stage].count == 0)
		stage--;
	return (enum stage)stage;
}

/* Surveys all sessions.  Returns SURVEY_STOPPED where arrive() has stopped it. */
static enum survey_result survey_all(struct idle_finding *finding, const struct grid *grid, size_t *decisions,
                                     bool (*arrive)(void *, const struct station *))
{
	enum survey_result result = SURVEY_DONE;

	for (unsigned i = 0; i < 8 && result == SURVEY_DONE; i++) {
		struct survey_scope scope = {
		    .authenticated = (i & 1) != 0,
		    .relay = {(i & 2) == 0, (i & 2) == 0},
		    .name_unavailable = (i & 4) != 0,
		    .last = last_stage(finding),
		    .arrive = arrive,
		    .decisions = decisions,
		};

		/* What is not asked for makes no difference. */
		if ((scope.name_unavailable && !grid_asks(grid, FACT_CLIENT_NAME)) ||
		    (scope.last < STAGE_RCPT && !scope.relay[0]))
			continue;
		finding->scope = &scope;
		result = survey(grid, &scope, NULL, finding);
	}
	return result;
}

/* Removes as many rules as can be, so that nothing changes without all of them. */
static enum survey_result remove_rules(struct idle_finding *finding, const struct grid *grid, size_t *decisions)
{
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
		bool any = false;

		for (struct idle_watch *watch = finding->stages[stage]; watch != idle_watches_end(finding, stage);
		     watch++) {
			enum survey_result result = SURVEY_DONE;

			if (!watch->decides || watch->needed || is_remark(watch->rule))
				continue;
			finding->trial = watch;
			if (any)
				result = survey_all(finding, grid, decisions, try_removal);
			if (result == SURVEY_TOO_LONG || result == SURVEY_NO_MEMORY)
				return result;
			watch->removed = result == SURVEY_DONE;
			any |= watch->removed;
		}
	}
	return SURVEY_DONE;
}

/* Life */

static bool watch_init(struct idle_watch *watch, const struct rule *rule, size_t index)
{
	watch->rule = rule;
	watch->conditions_needed = calloc(rule->conditions.count + rule->unless.count + 1, sizeof(bool));
	watch->conditions_hold = calloc(rule->conditions.count + 1, sizeof(bool));
	watch->hiders = calloc(bits_words(index + 1), sizeof *watch->hiders);
	if (watch->conditions_needed == NULL || watch->conditions_hold == NULL || watch->hiders == NULL)
		return false;
	for (size_t i = 0; i < index; i++)
		bits_set(watch->hiders, (unsigned)i);
	return true;
}

static bool watch_all(struct idle_finding *finding)
{
	size_t most = 0;

	for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
		const struct stage_rules *rules = &finding->listener->stages[stage];

		if (rules->count > most)
			most = rules->count;
		finding->stages[stage] = calloc(rules->count + 1, sizeof *finding->stages[stage]);
		if (finding->stages[stage] == NULL)
			return false;
		for (size_t i = 0; i < rules->count; i++)
			if (!watch_init(&finding->stages[stage][i], &rules->list[i], i))
				return false;
	}
	finding->rules = calloc(most + 1, sizeof *finding->rules);
	return finding->rules != NULL;
}

static void forget_all(struct idle_finding *finding)
{
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
		for (struct idle_watch *watch = finding->stages[stage];
		     watch != NULL && watch != idle_watches_end(finding, stage); watch++) {
			free(watch->conditions_needed);
			free(watch->conditions_hold);
			free(watch->hiders);
		}
		free(finding->stages[stage]);
	}
	free(finding->rules);
}

enum survey_result idle_find(const struct grid *grid, size_t *decisions, struct idles *ret_idles)
{
	struct idle_finding finding = {.listener = grid_subject(grid)->listeners[0]};
	enum survey_result result = SURVEY_TOO_LONG;

	if (grid_incomplete(grid))
		return result;
	if (!watch_all(&finding))
		result = SURVEY_NO_MEMORY;
	else
		result = survey_all(&finding, grid, decisions, note_decider);
	if (result == SURVEY_DONE || result == SURVEY_STOPPED)
		result = survey_all(&finding, grid, decisions, look);
	if (result == SURVEY_STOPPED)
		result = SURVEY_DONE;
	if (result == SURVEY_DONE)
		result = remove_rules(&finding, grid, decisions);
	if (result == SURVEY_DONE)
		idle_report(&finding);
	if (finding.failed)
		result = SURVEY_NO_MEMORY;
	forget_all(&finding);
	if (result == SURVEY_DONE)
		*ret_idles = finding.idles;
	else
		idles_destroy(&finding.idles);
	return result;
}

void idles_destroy(struct idles *idles)
{
	free(idles->list);
	*idles = (struct idles){0};
}
