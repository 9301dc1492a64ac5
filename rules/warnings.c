#include "rules/warnings.h"

#include "policy/limits.h"
#include "policy/ruleset.h"
#include "rules/diagnostic.h"
#include "rules/entry.h"
#include "rules/load.h"
#include "rules/model.h"
#include "rules/prober.h"

/* What every look at a rule file needs. */
struct looking {
	const struct rules *rules;
	const struct model *model;
	struct prober *prober;
	struct diagnostics *diagnostics;
};

static void find_unused_tables(const struct looking *looking)
{
	const struct model *model = looking->model;

	for (size_t i = 0; i < model->table_count; i++)
		if (!model->tables[i].used)
			diagnostics_warning(looking->diagnostics, model->tables[i].value.where,
			                    "nobody uses table \"%s\"", model->tables[i].name);
}

/* Warns where what a table in a value takes out is in the value again. */
static void find_undone_in(const struct looking *looking, const struct value *value)
{
	char room[LIMIT_NETWORK_TEXT];

	for (size_t i = 0; value->count > 1 && i < value->count; i++) {
		const struct entry *entry = &value->entries[i];
		const struct table *table;

		if (entry->kind != ENTRY_TABLE || entry->take_out)
			continue;
		table = &looking->model->tables[entry->of.table];
		/* Many values may have one large table. */
		for (size_t k = 0; table->value.taken_out > 0 && k < table->value.count; k++) {
			const struct entry *out = &table->value.entries[k];

			if (out->take_out && prober_has(looking->prober, value, out)) {
				const char *text = entry_text(out, room);

				diagnostics_warning(
				    looking->diagnostics, entry->where,
				    "\"@%s\" takes \"%s\" out, and another entry here has it again; take it out "
				    "here too, with \"!%s\"",
				    table->name, text, text);
			}
		}
	}
}

/* Warns of a name that a refusing rule has without the names below it. */
static void find_bare_domain(const struct looking *looking, const struct model_condition *condition,
                             enum verdict verdict)
{
	const struct entry *bare = prober_bare_domain(looking->prober, &condition->value, &condition->value);

	if (bare != NULL)
		diagnostics_warning(
		    looking->diagnostics, condition->where,
		    "this %ss \"%s\", but not the names below it; write \".%s\" too, or \"!.%s\" if that is "
		    "meant",
		    verdict_name(verdict), bare->of.text, bare->of.text, bare->of.text);
}

static void look_at_conditions(const struct looking *looking, const struct model_conditions *conditions,
                               enum verdict verdict)
{
	for (size_t i = 0; i < conditions->count; i++) {
		const struct model_condition *condition = &conditions->list[i];
		enum value_kind kind = condition_row(condition->kind)->kind;

		if (kind >= VALUE_SET_KINDS)
			continue;
		find_undone_in(looking, &condition->value);
		if (verdict != VERDICT_ACCEPT && (kind == VALUE_NAME || kind == VALUE_MAILBOX))
			find_bare_domain(looking, condition, verdict);
	}
}

static void look_at_block(const struct looking *looking, const struct model_block *block)
{
	const struct value *values[] = {&block->clients, &block->names, &block->users, &block->mechanisms};

	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		find_undone_in(looking, values[i]);
}

static void look_at_listener(const struct looking *looking, const struct model_listener *listener)
{
	look_at_block(looking, &listener->connection);
	look_at_block(looking, &listener->auth);
	look_at_block(looking, &listener->relay);
	find_undone_in(looking, &listener->match.addresses);
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
		for (size_t i = 0; i < listener->stages[stage].count; i++) {
			const struct model_rule *rule = &listener->stages[stage].list[i];

			look_at_conditions(looking, &rule->conditions, rule->verdict);
			look_at_conditions(looking, &rule->unless, VERDICT_ACCEPT);
		}
	}
}

void warnings_find(const struct rules *rules, struct diagnostics *diagnostics)
{
	const struct model *model = rules->model;
	struct looking looking = {rules, model, prober_new(rules), diagnostics};

	if (looking.prober == NULL) {
		diagnostics_error(diagnostics, (struct location){rules->files[0], 0},
		                  "there is not enough memory to look for warnings");
		return;
	}
	find_unused_tables(&looking);
	for (size_t i = 0; i < model->table_count; i++)
		find_undone_in(&looking, &model->tables[i].value);
	find_undone_in(&looking, &model->local_domains);
	for (size_t i = 0; i < model->listener_count; i++)
		look_at_listener(&looking, &model->listeners[i]);
	if (prober_failed(looking.prober))
		diagnostics_warning(
		    diagnostics, (struct location){rules->files[0], 0},
		    "not all warnings could be looked for: no memory, or a regular expression past its limit");
	prober_free(looking.prober);
}
