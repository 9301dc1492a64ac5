/*
 * What is idle in the rules of random rule sets, against every session: each combination of cells is judged, stage by
 * stage, by the listener, and by the listener without what is said to be idle, and without what is not.
 */
#include "policy/idle.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/compare.h"
#include "policy/limits.h"
#include "policy/prove.h"
#include "policy/ruleset.h"
#include "rules/load.h"
#include "tests/unit/policy/random_rules.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(idle, .init = rule_files_start, .fini = rule_files_end);

#define MOST_SESSIONS 60000 /* of a scope: a listener that has more is left to other seeds */
#define MOST_RULES 16

struct subject {
	const struct listener *listener;
	struct grid *grid;
	struct idles idles;
	const char *text;
	struct survey_scope scope;
};

static unsigned sessions_judged, idles_found[IDLE_KIND_COUNT];

/* Sessions */

static bool can_have(const struct subject *subject, enum fact fact, size_t index)
{
	if (fact == FACT_USER)
		return (index != CELL_NONE) == subject->scope.authenticated;
	if (fact == FACT_MECHANISM)
		return index == CELL_NONE || subject->scope.authenticated;
	return fact != FACT_RECIPIENT || grid_cell(subject->grid, fact, index)->relay[0] == subject->scope.relay[0];
}

static struct facts facts_of(const struct subject *subject, const size_t *cells)
{
	struct facts facts = {.authenticated = subject->scope.authenticated, .relay = subject->scope.relay[0]};

	for (unsigned fact = 0; fact < FACT_COUNT; fact++)
		if (fact_row((enum fact)fact)->kind < VALUE_SET_KINDS)
			facts.classes[fact] = (struct fact_class){
			    .state = FACT_KNOWN,
			    .sets = grid_cell(subject->grid, (enum fact)fact, cells[fact])->sets[0]};
	if (subject->scope.name_unavailable)
		facts.classes[FACT_CLIENT_NAME] = (struct fact_class){.state = FACT_UNAVAILABLE};
	facts.tls_bits = amount_of(grid_cell(subject->grid, FACT_TLS, cells[FACT_TLS])->amount.least);
	facts.size = amount_of(grid_cell(subject->grid, FACT_SIZE, cells[FACT_SIZE])->amount.least);
	facts.recipients = amount_of(grid_cell(subject->grid, FACT_RECIPIENTS, cells[FACT_RECIPIENTS])->amount.least);
	return facts;
}

static double session_count(const struct subject *subject)
{
	double count = 1;

	for (unsigned fact = 0; fact < FACT_COUNT; fact++)
		if (grid_cell_count(subject->grid, (enum fact)fact) > 0)
			count *= (double)grid_cell_count(subject->grid, (enum fact)fact);
	return count;
}

/* Calls look for each session of every scope at each stage that it comes to. */
static void each_station(struct subject *subject,
                         void (*look)(struct subject *, enum stage, const struct facts *, const struct decision *))
{
	uint64_t count = (uint64_t)session_count(subject);

	for (unsigned i = 0; i < 8; i++) {
		bool relay = (i & 2) != 0;

		subject->scope = (struct survey_scope){
		    .authenticated = (i & 1) != 0, .relay = {relay, relay}, .name_unavailable = (i & 4) != 0};
		for (uint64_t number = 0; number < count; number++) {
			size_t cells[FACT_COUNT] = {0};
			uint64_t left = number;
			bool can = true;
			struct facts facts;
			struct decision decision = {.verdict = VERDICT_ACCEPT};

			for (unsigned fact = 0; fact < FACT_COUNT && can; fact++) {
				size_t radix = grid_cell_count(subject->grid, (enum fact)fact);

				if (radix == 0)
					continue;
				cells[fact] = (size_t)(left % radix);
				left /= radix;
				can = can_have(subject, (enum fact)fact, cells[fact]);
			}
			if (!can)
				continue;
			facts = facts_of(subject, cells);
			sessions_judged++;
			for (unsigned stage = 0; stage < STAGE_COUNT && decision.verdict == VERDICT_ACCEPT; stage++) {
				decision = decide(subject->listener, (enum stage)stage, &facts);
				look(subject, (enum stage)stage, &facts, &decision);
			}
		}
	}
}

/* Variants */

static const struct idle *said(const struct subject *subject, enum idle_kind kind, enum stage stage, size_t rule,
                               size_t other)
{
	for (size_t i = 0; i < subject->idles.count; i++) {
		const struct idle *idle = &subject->idles.list[i];

		if (idle->kind == kind && idle->stage == stage && idle->rule == rule &&
		    (idle->other == other || (kind != IDLE_TRUE && kind != IDLE_UNLESS_TRUE)))
			return idle;
	}
	return NULL;
}

static bool never_decides(const struct subject *subject, enum stage stage, size_t rule)
{
	for (unsigned kind = 0; kind < IDLE_NEEDLESS; kind++)
		if (said(subject, (enum idle_kind)kind, stage, rule, 0) != NULL)
			return true;
	return false;
}

static struct decision decide_by(const struct subject *subject, enum stage stage, const struct facts *facts,
                                 struct rule *rules, size_t count)
{
	struct listener variant = *subject->listener;

	variant.stages[stage] = (struct stage_rules){rules, count};
	return decide(&variant, stage, facts);
}

/* The decision without a rule (SIZE_MAX: without none), the needless ones up to a number, and perhaps those that never
 * decide. */
static struct decision decide_without(const struct subject *subject, enum stage stage, const struct facts *facts,
                                      size_t without, size_t needless, bool with_idle)
{
	const struct stage_rules *of = &subject->listener->stages[stage];
	struct rule rules[MOST_RULES];
	size_t count = 0;

	for (size_t i = 0; i < of->count; i++)
		if (i != without && (with_idle || !never_decides(subject, stage, i)) &&
		    (i >= needless || said(subject, IDLE_NEEDLESS, stage, i, 0) == NULL))
			rules[count++] = of->list[i];
	return decide_by(subject, stage, facts, rules, count);
}

static void drop(struct conditions *conditions, size_t index, struct condition *room)
{
	size_t count = 0;

	for (size_t i = 0; i < conditions->count; i++)
		if (i != index)
			room[count++] = conditions->list[i];
	*conditions = (struct conditions){room, count};
}

/* Whether another rule decides, or for another reason, where one rule is another. */
static bool differs_with(const struct subject *subject, enum stage stage, const struct facts *facts,
                         const struct decision *decision, size_t index, const struct rule *rule)
{
	const struct stage_rules *of = &subject->listener->stages[stage];
	struct rule rules[MOST_RULES];
	struct decision other;
	size_t now = of->count, before = of->count;

	memcpy(rules, of->list, of->count * sizeof *rules);
	rules[index] = *rule;
	other = decide_by(subject, stage, facts, rules, of->count);
	for (size_t i = 0; i < of->count; i++) {
		if (other.by == &rules[i].where)
			now = i;
		if (decision->by == &of->list[i].where)
			before = i;
	}
	return now != before || other.cause != decision->cause;
}

/* Soundness: nothing that is said to be idle makes a difference to any session */

static void check_idle(struct subject *subject, enum stage stage, const struct facts *facts,
                       const struct decision *decision)
{
	/* A rule that no session matches can still ask for a name that is not to be had, and put the session off. */
	struct decision without =
	    decide_without(subject, stage, facts, SIZE_MAX, SIZE_MAX, subject->scope.name_unavailable);

	cr_assert(decisions_alike(&without, decision), "without what is needless, %s differs\n%s", stage_name(stage),
	          subject->text);
	for (size_t i = 0; i < subject->idles.count; i++) {
		const struct idle *idle = &subject->idles.list[i];
		const struct rule *of = &subject->listener->stages[idle->stage].list[idle->rule];
		struct condition room[CONDITION_COUNT];
		struct rule rule = *of;

		if (idle->stage != stage)
			continue;
		if (idle->kind < IDLE_NEEDLESS) {
			cr_assert_not(decision->cause == CAUSE_RULE && decision->by == &of->where,
			              "%s[%zu] decides\n%s", stage_name(stage), idle->rule + 1, subject->text);
			continue;
		}
		if (idle->kind == IDLE_NEEDLESS)
			continue;
		if (idle->kind == IDLE_TRUE)
			drop(&rule.conditions, idle->other, room);
		else if (idle->kind == IDLE_UNLESS_TRUE)
			drop(&rule.unless, idle->other, room);
		else
			rule.unless.count = 0;
		cr_assert_not(differs_with(subject, stage, facts, decision, idle->rule, &rule),
		              "%s[%zu]: what is idle (%d, %zu) makes a difference\n%s", stage_name(stage),
		              idle->rule + 1, idle->kind, idle->other, subject->text);
	}
}

/* Completeness: whatever is not said to be idle does, to some session */

/* What was seen of a rule. */
struct seen {
	bool decides, needed, unless;
	bool conditions[CONDITION_COUNT], unless_conditions[CONDITION_COUNT];
};

static struct seen seen[STAGE_COUNT][MOST_RULES];

static void see(struct subject *subject, enum stage stage, const struct facts *facts, const struct decision *decision)
{
	for (size_t i = 0; i < subject->listener->stages[stage].count; i++) {
		const struct rule *of = &subject->listener->stages[stage].list[i];
		struct seen *now = &seen[stage][i];
		struct condition room[CONDITION_COUNT];
		struct decision others[3];

		now->decides |= decision->cause == CAUSE_RULE && decision->by == &of->where;
		others[0] = decide_without(subject, stage, facts, i, 0, true);
		others[1] = decide_without(subject, stage, facts, i, 0, false);
		others[2] = decide_without(subject, stage, facts, i, i, false);
		for (size_t k = 0; k < 3; k++)
			now->needed |= !decisions_alike(&others[k], decision);
		for (size_t k = 0; k < of->conditions.count; k++) {
			struct rule rule = *of;

			drop(&rule.conditions, k, room);
			now->conditions[k] |= differs_with(subject, stage, facts, decision, i, &rule);
		}
		for (size_t k = 0; k < of->unless.count; k++) {
			struct rule rule = *of;

			drop(&rule.unless, k, room);
			now->unless_conditions[k] |= differs_with(subject, stage, facts, decision, i, &rule);
			rule.unless.count = 0;
			now->unless |= differs_with(subject, stage, facts, decision, i, &rule);
		}
	}
}

static bool asks_name(const struct rule *rule)
{
	for (size_t i = 0; i < rule->conditions.count; i++)
		if (rule->conditions.list[i].kind == CONDITION_CLIENT_NAME)
			return true;
	for (size_t i = 0; i < rule->unless.count; i++)
		if (rule->unless.list[i].kind == CONDITION_CLIENT_NAME)
			return true;
	return false;
}

/* What is not reported although it is idle: it is there to be read. */
static bool may_be_silent(const struct condition *condition)
{
	return condition->kind == CONDITION_RELAY || condition->kind == CONDITION_AUTHENTICATED ||
	       condition->kind == CONDITION_TLS;
}

static void check_rest(const struct subject *subject, enum stage stage, size_t index)
{
	const struct rule *rule = &subject->listener->stages[stage].list[index];
	const struct seen *now = &seen[stage][index];
	bool exempts = said(subject, IDLE_UNLESS_FALSE, stage, index, 0) == NULL;

	if (never_decides(subject, stage, index))
		return;
	cr_assert(now->decides, "%s[%zu] never decides\n%s", stage_name(stage), index + 1, subject->text);
	if (said(subject, IDLE_NEEDLESS, stage, index, 0) != NULL)
		return;
	cr_assert(now->needed || rule->conditions.count + rule->unless.count == 0, "%s[%zu] is needless\n%s",
	          stage_name(stage), index + 1, subject->text);
	if (asks_name(rule))
		return;
	for (size_t i = 0; i < rule->conditions.count; i++)
		cr_assert(now->conditions[i] || may_be_silent(&rule->conditions.list[i]) ||
		              said(subject, IDLE_TRUE, stage, index, i) != NULL,
		          "%s[%zu]: condition %zu always holds\n%s", stage_name(stage), index + 1, i + 1,
		          subject->text);
	cr_assert(rule->unless.count == 0 || now->unless || !exempts, "%s[%zu]: unless exempts nobody\n%s",
	          stage_name(stage), index + 1, subject->text);
	for (size_t i = 0; rule->unless.count > 1 && exempts && i < rule->unless.count; i++)
		cr_assert(now->unless_conditions[i] || may_be_silent(&rule->unless.list[i]) ||
		              said(subject, IDLE_UNLESS_TRUE, stage, index, i) != NULL,
		          "%s[%zu]: condition %zu of unless always holds\n%s", stage_name(stage), index + 1, i + 1,
		          subject->text);
}

static void check_listener(struct subject *subject, const struct world *world, bool complete)
{
	struct grid_subject of = {.listeners = {subject->listener}, .local = listener_is_local(subject->listener)};
	size_t decisions = LIMIT_PROOF_DECISIONS;

	subject->grid = grid_new(world, &of);
	cr_assert_not_null(subject->grid);
	cr_assert_eq(idle_find(subject->grid, &decisions, &subject->idles), SURVEY_DONE);
	if (session_count(subject) <= MOST_SESSIONS) {
		for (size_t i = 0; i < subject->idles.count; i++)
			idles_found[subject->idles.list[i].kind]++;
		each_station(subject, check_idle);
		memset(seen, 0, sizeof seen);
		if (complete)
			each_station(subject, see);
		for (unsigned stage = 0; complete && stage < STAGE_COUNT; stage++)
			for (size_t i = 0; i < subject->listener->stages[stage].count; i++)
				check_rest(subject, (enum stage)stage, i);
	}
	idles_destroy(&subject->idles);
	grid_free(subject->grid);
}

static void check_seeds(unsigned count, const struct random_rules *what)
{
	const char *one = getenv("SURVEY_SEED"), *many = getenv("SURVEY_COUNT");
	unsigned first = one != NULL ? (unsigned)strtoul(one, NULL, 10) : 1;

	if (many != NULL)
		count = (unsigned)strtoul(many, NULL, 10);
	for (unsigned seed = first; seed < first + count; seed++) {
		struct subject subject = {0};
		struct rules *rules;
		struct world *world;
		char *text;

		srandom(seed);
		text = strdup(random_rules(what));
		subject.text = text;
		rules = told_rules(text);
		world = world_new((const struct ruleset *const[]){rules->ruleset}, 1);
		cr_assert_not_null(world);
		for (size_t i = 0; i < rules->ruleset->listener_count; i++) {
			subject.listener = &rules->ruleset->listeners[i];
			check_listener(&subject, world, !what->expressions);
		}
		world_free(world);
		rules_free(rules);
		free(text);
	}
	cr_expect_gt(sessions_judged, 100 * count);
	for (unsigned kind = 0; getenv("SURVEY_COUNT") != NULL && kind < IDLE_KIND_COUNT; kind++)
		fprintf(stderr, "# kind %u: %u\n", kind, idles_found[kind]);
}

Test(idle, what_is_idle_and_nothing_else_makes_no_difference)
{
	check_seeds(40, &(struct random_rules){.listeners = 2, .conditions = 2});
}

Test(idle, with_expressions_what_is_idle_makes_no_difference)
{
	check_seeds(20, &(struct random_rules){.listeners = 2, .conditions = 2, .expressions = true});
}
