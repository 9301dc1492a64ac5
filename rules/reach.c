#include "rules/reach.h"

#include <stdbool.h>
#include <string.h>

#include "policy/vocabulary.h"
#include "rules/diagnostic.h"
#include "rules/model.h"

/* Whether two values have the same entries in the same order. */
static bool same_entries(const struct value *one, const struct value *other)
{
	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++)
		if (one->entries[i].take_out != other->entries[i].take_out ||
		    strcmp(one->entries[i].text, other->entries[i].text) != 0)
			return false;
	return true;
}

/* Whether what is in one value is in the other. */
static bool value_within(const struct vocabulary *vocabulary, const struct value *inner, const struct value *outer)
{
	if (same_entries(inner, outer))
		return true;
	return inner->kind == VALUE_NETWORK && inner->set != SET_NONE && outer->set != SET_NONE &&
	       vocabulary_networks_within(vocabulary, inner->set, outer->set);
}

/* Whether a number that the first asks for is one that the second asks for. */
static bool number_implies(enum condition_kind kind, uint64_t first, uint64_t second)
{
	/* "tls = false" stands alone; all others are "more than", or "at least". */
	if (kind == CONDITION_TLS && (first == 0 || second == 0))
		return first == second;
	return first >= second;
}

/* Whether the second condition holds wherever the first does. */
static bool condition_implies(const struct vocabulary *vocabulary, const struct model_condition *first,
                              const struct model_condition *second)
{
	const struct condition_row *row = condition_row(second->kind);
	bool by_login = first->kind == CONDITION_USER || first->kind == CONDITION_MECHANISM;

	if (second->kind == CONDITION_AUTHENTICATED && second->flag && by_login)
		return true;
	if (first->kind != second->kind)
		return false;
	if (row->kind < VALUE_SET_KINDS)
		return value_within(vocabulary, &first->value, &second->value);
	if (row->kind == VALUE_BOOLEAN)
		return first->flag == second->flag;
	return number_implies(first->kind, first->number, second->number);
}

/* Whether all the second conditions hold wherever all the first do. */
static bool conditions_imply(const struct vocabulary *vocabulary, const struct model_conditions *first,
                             const struct model_conditions *second)
{
	for (size_t i = 0; i < second->count; i++) {
		bool implied = false;

		for (size_t k = 0; k < first->count && !implied; k++)
			implied = condition_implies(vocabulary, &first->list[k], &second->list[i]);
		if (!implied)
			return false;
	}
	return true;
}

static const struct model_condition *find(const struct model_conditions *conditions, enum condition_kind kind)
{
	for (size_t i = 0; i < conditions->count; i++)
		if (conditions->list[i].kind == kind)
			return &conditions->list[i];
	return NULL;
}

/* An accept rule at rcpt speaks of local recipients only, unless it says relay = true. */
static bool speaks_of_relay(const struct model_rule *rule, enum stage stage)
{
	const struct model_condition *relay = find(&rule->conditions, CONDITION_RELAY);

	if (stage != STAGE_RCPT)
		return true;
	return relay != NULL ? relay->flag : rule->verdict != VERDICT_ACCEPT;
}

/* Whether the rule's own conditions exclude each other. */
static bool never_matches(const struct vocabulary *vocabulary, const struct model_rule *rule)
{
	const struct model_condition *authenticated = find(&rule->conditions, CONDITION_AUTHENTICATED);

	for (size_t i = 0; i < rule->conditions.count; i++) {
		const struct model_condition *condition = &rule->conditions.list[i];
		bool of_login = condition->kind == CONDITION_USER || condition->kind == CONDITION_MECHANISM;

		if (condition_row(condition->kind)->kind < VALUE_SET_KINDS && condition->value.count == 0)
			return true;
		if (of_login && authenticated != NULL && !authenticated->flag)
			return true;
	}
	return rule->unless.given && conditions_imply(vocabulary, &rule->conditions, &rule->unless);
}

/* Whether the earlier rule matches whatever the later one would. */
static bool hides(const struct vocabulary *vocabulary, enum stage stage, const struct model_rule *earlier,
                  const struct model_rule *later)
{
	if (earlier->unless.given || (speaks_of_relay(later, stage) && !speaks_of_relay(earlier, stage)))
		return false;
	return conditions_imply(vocabulary, &later->conditions, &earlier->conditions);
}

static void look_at(const struct vocabulary *vocabulary, enum stage stage, const struct model_rules *rules,
                    size_t index, struct diagnostics *diagnostics)
{
	const struct model_rule *rule = &rules->list[index];

	if (never_matches(vocabulary, rule)) {
		diagnostics_warning(diagnostics, rule->where,
		                    "no session matches this rule: its conditions exclude each other");
		return;
	}
	for (size_t i = 0; i < index; i++) {
		if (!hides(vocabulary, stage, &rules->list[i], rule))
			continue;
		diagnostics_warning(diagnostics, rule->where,
		                    "no session reaches this rule: the one at line %u matches whatever it would",
		                    rules->list[i].where.line);
		return;
	}
}

void reach_find(const struct vocabulary *vocabulary, const struct model_listener *listener,
                struct diagnostics *diagnostics)
{
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
		for (size_t i = 0; i < listener->stages[stage].count; i++)
			look_at(vocabulary, (enum stage)stage, &listener->stages[stage], i, diagnostics);
}
