/* Rules and their conditions: the part of rules/read.h that the stages of a listener are made of. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/limits.h"
#include "rules/read.h"
#include "rules/schema.h"
#include "rules/tables.h"

static const char *verdict_word(unsigned index)
{
	return index < VERDICT_COUNT ? verdict_name((enum verdict)index) : NULL;
}

static const struct setting rule_settings[] = {
    {.name = "name", .read = schema_text, .offset = offsetof(struct model_rule, name)},
    {.name = "verdict",
     .required = true,
     .read = schema_word,
     .offset = offsetof(struct model_rule, verdict),
     .word = verdict_word},
    {.name = "reply", .read = schema_string, .offset = offsetof(struct model_rule, reply.text)},
    {.name = "unless", .read = schema_elsewhere},
};
static const struct setting promise_settings[] = {
    {.name = "name", .read = schema_text, .offset = offsetof(struct model_promise, rule.name)},
    {.name = "listener", .read = schema_text, .offset = offsetof(struct model_promise, listener)},
    {.name = "unless", .read = schema_elsewhere},
};
static const struct schema promise_schema = {"a promise", promise_settings,
                                             sizeof promise_settings / sizeof *promise_settings};
static const struct schema rule_schema = {"a rule", rule_settings, sizeof rule_settings / sizeof *rule_settings};
static const struct schema unless_schema = {"unless", NULL, 0};

/* The names of all conditions, for what else may stand in a rule. */
static struct schema_words condition_words(const char **room)
{
	for (unsigned i = 0; i < CONDITION_COUNT; i++)
		room[i] = condition_row((enum condition_kind)i)->name;
	return (struct schema_words){room, CONDITION_COUNT};
}

/* Whether the condition may stand at this stage; reports where not. */
static bool fits_stage(struct reading *reading, const struct condition_row *row, enum stage stage,
                       struct location where)
{
	if (stage >= row->first && stage <= row->last)
		return true;
	if (row->first == row->last)
		diagnostics_error(reading->diagnostics, where, "\"%s\" is known at %s only; move this rule there",
		                  row->name, stage_name(row->first));
	else
		diagnostics_error(reading->diagnostics, where,
		                  "\"%s\" is not known at %s yet; move this rule to %s or later", row->name,
		                  stage_name(stage), stage_name(row->first));
	return false;
}

static void read_condition_value(struct reading *reading, const struct condition_row *row,
                                 const config_setting_t *given, struct model_condition *condition)
{
	struct setting setting = {.name = row->name, .kind = row->kind, .most = INT64_MAX};

	switch (row->kind) {
	case VALUE_NETWORK:
	case VALUE_NAME:
	case VALUE_MAILBOX:
	case VALUE_LOGIN:
	case VALUE_WORD:
		schema_value(reading, &setting, given, &condition->value);
		break;
	case VALUE_BOOLEAN:
		schema_flag(reading, &setting, given, &condition->flag);
		break;
	case VALUE_NUMBER:
		if (row->fact == FACT_TLS)
			schema_tls(reading, &setting, given, &condition->number);
		else
			schema_number(reading, &setting, given, &condition->number);
		break;
	case VALUE_LABEL:
		break;
	}
}

static void read_conditions(struct reading *reading, const config_setting_t *group, enum stage stage,
                            struct model_conditions *conditions)
{
	conditions->given = true;
	conditions->where = reading_where(reading, group);
	conditions->list = reading_take(reading, CONDITION_COUNT, sizeof *conditions->list);
	if (conditions->list == NULL)
		return;
	for (unsigned kind = 0; kind < CONDITION_COUNT; kind++) {
		const struct condition_row *row = condition_row((enum condition_kind)kind);
		const config_setting_t *given = config_setting_get_member(group, row->name);
		struct model_condition *condition = &conditions->list[conditions->count];

		if (given == NULL)
			continue;
		condition->kind = (enum condition_kind)kind;
		condition->where = reading_where(reading, given);
		read_condition_value(reading, row, given, condition);
		if (fits_stage(reading, row, stage, condition->where))
			conditions->count++;
	}
}

static void read_unless(struct reading *reading, const config_setting_t *given, enum stage stage,
                        struct model_rule *rule)
{
	const char *room[CONDITION_COUNT];
	struct schema_words words = condition_words(room);

	if (config_setting_type(given) != CONFIG_TYPE_GROUP) {
		diagnostics_error(reading->diagnostics, reading_where(reading, given),
		                  "\"unless\" must be a group of conditions, { ... }, not %s", reading_type(given));
		return;
	}
	if (config_setting_length(given) == 0) {
		diagnostics_error(reading->diagnostics, reading_where(reading, given),
		                  "\"unless\" is empty and would exempt everything; name a condition, or take it out");
		return;
	}
	schema_read(reading, &unless_schema, given, NULL, &words);
	read_conditions(reading, given, stage, &rule->unless);
}

static void report_reply(struct reading *reading, struct location where, enum reply_fault fault, enum verdict verdict,
                         enum stage stage, const char *text, const char *word)
{
	unsigned class = verdict == VERDICT_REJECT ? 5 : 4;
	struct diagnostics *to = reading->diagnostics;

	switch (fault) {
	case REPLY_SOUND:
		break;
	case REPLY_NO_CODE:
		diagnostics_error(to, where, "the reply \"%s\" begins with no code; write \"%u50 %u.7.1 %s\"", text,
		                  class, class, text);
		break;
	case REPLY_CODE_CLOSES:
		diagnostics_error(to, where, "the reply code %.3s would close the connection; write \"%s\"", text,
		                  class == 5 ? "550" : "451");
		break;
	case REPLY_CODE_NOT_VERDICT:
		diagnostics_error(to, where,
		                  "the reply code %.3s does not fit the verdict \"%s\"; write one that begins with %u",
		                  text, verdict_name(verdict), class);
		break;
	case REPLY_NO_ENHANCED:
		diagnostics_error(to, where,
		                  "the reply \"%s\" has no enhanced code behind its code; write \"%.3s %u.7.1 ...\"",
		                  text, text, class);
		break;
	case REPLY_ENHANCED_NOT_CODE:
		diagnostics_error(to, where,
		                  "the enhanced code in the reply \"%s\" does not fit the code; write \"%.3s %c%s\"",
		                  text, text, text[0], text + 5);
		break;
	case REPLY_NO_TEXT:
		diagnostics_error(to, where, "the reply \"%s\" has no text behind its codes; say why in a few words",
		                  text);
		break;
	case REPLY_CONTROL:
		diagnostics_error(to, where,
		                  "the reply has a control or non-ASCII byte in it; write \"\\n\" between lines and "
		                  "plain letters in them");
		break;
	case REPLY_TOO_LONG:
		diagnostics_error(to, where, "the reply is too long; write at most %d bytes a line and %d lines",
		                  LIMIT_REPLY_LINE / 2, LIMIT_REPLY_LINES);
		break;
	case REPLY_UNKNOWN_PLACEHOLDER:
		diagnostics_error(to, where,
		                  "\"{%s}\" is no placeholder; write {client}, {client_name}, {helo}, {user}, "
		                  "{sender}, {recipient} or {listener}",
		                  word);
		break;
	case REPLY_EARLY_PLACEHOLDER:
		diagnostics_error(to, where, "\"{%s}\" is not known at %s; take it out", word, stage_name(stage));
		break;
	}
}

void read_reply(struct reading *reading, const config_setting_t *group, enum verdict verdict, enum stage stage,
                struct model_reply *reply)
{
	struct location where;
	enum reply_fault fault;
	char word[32];

	if (reply->text == NULL)
		return;
	where = reading_where(reading, config_setting_get_member(group, "reply"));
	if (verdict == VERDICT_ACCEPT) {
		diagnostics_error(reading->diagnostics, where, "an accept rule has no reply; take it out");
		return;
	}
	fault = reply_read(reply->text, verdict, stage, &reply->reply, word, sizeof word);
	report_reply(reading, where, fault, verdict, stage, reply->text, word);
}

static void read_rule(struct reading *reading, const config_setting_t *given, enum stage stage, unsigned number,
                      struct model_rule *rule)
{
	const char *room[CONDITION_COUNT];
	struct schema_words words = condition_words(room);
	const config_setting_t *unless = config_setting_get_member(given, "unless");
	bool has_verdict = config_setting_get_member(given, "verdict") != NULL;
	size_t faults = diagnostics_errors(reading->diagnostics);
	char label[32];

	rule->where = reading_where(reading, given);
	schema_read(reading, &rule_schema, given, rule, &words);
	/* A verdict that could not be read says nothing about the reply. */
	if (has_verdict && (diagnostics_errors(reading->diagnostics) == faults || rule->verdict != VERDICT_ACCEPT))
		read_reply(reading, given, rule->verdict, stage, &rule->reply);
	read_conditions(reading, given, stage, &rule->conditions);
	if (unless != NULL)
		read_unless(reading, unless, stage, rule);
	snprintf(label, sizeof label, "%s[%u]", stage_name(stage), number);
	rule->label = rule->name != NULL ? rule->name : reading_text(reading, label);
}

void read_rules(struct reading *reading, const config_setting_t *given, enum stage stage, struct model_rules *rules)
{
	if (config_setting_type(given) != CONFIG_TYPE_LIST) {
		diagnostics_error(reading->diagnostics, reading_where(reading, given),
		                  "\"%s\" must be a list of rules, ( { ... }, { ... } ), not %s", stage_name(stage),
		                  reading_type(given));
		return;
	}
	rules->list = reading_take(reading, (size_t)config_setting_length(given), sizeof *rules->list);
	for (int i = 0; rules->list != NULL && i < config_setting_length(given); i++) {
		const config_setting_t *element = config_setting_get_elem(given, (unsigned)i);

		if (config_setting_type(element) != CONFIG_TYPE_GROUP)
			diagnostics_error(reading->diagnostics, reading_where(reading, element),
			                  "a rule is a group, { verdict = \"...\"; ... }, not %s",
			                  reading_type(element));
		else
			read_rule(reading, element, stage, (unsigned)i + 1, &rules->list[rules->count++]);
	}
}

void read_promise(struct reading *reading, const config_setting_t *given, struct model_promise *promise)
{
	const char *room[CONDITION_COUNT];
	struct schema_words words = condition_words(room);
	const config_setting_t *unless = config_setting_get_member(given, "unless");
	const config_setting_t *recipients = config_setting_get_member(given, "recipients_over");
	struct model_rule *rule = &promise->rule;

	rule->where = reading_where(reading, given);
	rule->verdict = VERDICT_REJECT;
	schema_read(reading, &promise_schema, given, promise, &words);
	if (recipients != NULL) {
		diagnostics_error(
		    reading->diagnostics, reading_where(reading, recipients),
		    "a promise ends where a recipient is accepted: \"recipients_over\" is not known there; "
		    "take it out");
		return;
	}
	read_conditions(reading, given, STAGE_RCPT, &rule->conditions);
	if (unless != NULL)
		read_unless(reading, unless, STAGE_RCPT, rule);
	rule->label = rule->name != NULL ? rule->name : "never";
}
