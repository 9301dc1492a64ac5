#include "rules/compile.h"

#include <stdlib.h>
#include <string.h>

#include "policy/arena.h"
#include "policy/expression.h"
#include "policy/vocabulary.h"

/*
 * Where compiling stands.  The first lack of memory is remembered, and all
 * that follows does no harm.
 */
struct compiling {
	struct model *model;
	struct ruleset *ruleset;
	struct vocabulary_builder *builder;
	uint32_t *tables[VALUE_SET_KINDS]; /* the set of each table, as of that kind; SET_NONE: not yet */
	const char *file, *file_copy;      /* the file's name that was copied last */
	bool no_memory;
};

/* One side of a value: what it has, or what it takes out. */
struct side {
	uint32_t *sets;
	size_t count;
	uint32_t plain; /* the set of its own patterns; SET_NONE: not yet */
	uint32_t names; /* of its domains, where the value is one of mailboxes; SET_NONE: not yet */
};

static uint32_t value_set(struct compiling *compiling, enum value_kind kind, struct value *value);

static void *take(struct compiling *compiling, size_t count, size_t size)
{
	void *memory = arena_take(compiling->ruleset->arena, count, size);

	if (memory == NULL)
		compiling->no_memory = true;
	return memory;
}

static const char *copy_text(struct compiling *compiling, const char *text)
{
	const char *copy = arena_text(compiling->ruleset->arena, text, strlen(text));

	if (copy == NULL)
		compiling->no_memory = true;
	return copy;
}

static void note(struct compiling *compiling, bool done)
{
	if (!done)
		compiling->no_memory = true;
}

static uint32_t note_set(struct compiling *compiling, uint32_t set)
{
	note(compiling, set != SET_NONE);
	return set;
}

/* Files' names come in runs: one copy for each run is enough. */
static struct location copy_location(struct compiling *compiling, struct location where)
{
	if (compiling->file == NULL || strcmp(compiling->file, where.file) != 0) {
		compiling->file = where.file;
		compiling->file_copy = copy_text(compiling, where.file);
	}
	return (struct location){compiling->file_copy, where.line};
}

/* The set of a side's own patterns. */
static uint32_t plain_set(struct compiling *compiling, enum value_kind kind, struct side *side)
{
	if (side->plain == SET_NONE) {
		side->plain = note_set(compiling, vocabulary_set(compiling->builder, kind));
		side->sets[side->count++] = side->plain;
	}
	return side->plain;
}

/* The set of names that a side of mailboxes asks about the domain. */
static uint32_t name_set(struct compiling *compiling, struct side *side)
{
	if (side->names == SET_NONE) {
		uint32_t plain = plain_set(compiling, VALUE_MAILBOX, side);

		side->names = note_set(compiling, vocabulary_set(compiling->builder, VALUE_NAME));
		note(compiling, vocabulary_add_domain(compiling->builder, plain, side->names));
	}
	return side->names;
}

/* The set of a table, as a set of the kind. */
static uint32_t table_set(struct compiling *compiling, enum value_kind kind, size_t index)
{
	struct table *table = &compiling->model->tables[index];
	uint32_t *set = &compiling->tables[kind][index];
	uint32_t names;

	if (*set != SET_NONE)
		return *set;
	if (group_kind(table->group) == kind) {
		*set = value_set(compiling, kind, &table->value);
	} else {
		/* Domains, asked about the domain of an address. */
		names = table_set(compiling, VALUE_NAME, index);
		*set = note_set(compiling, vocabulary_set(compiling->builder, kind));
		note(compiling, vocabulary_add_domain(compiling->builder, *set, names));
	}
	return *set;
}

static void add_expression(struct compiling *compiling, enum value_kind kind, uint32_t set, const char *pattern)
{
	char reason[1];
	struct expression *expression = expression_new(kind, pattern, strlen(pattern), reason, sizeof reason);

	note(compiling, expression != NULL && vocabulary_add_expression(compiling->builder, kind, set, expression));
}

static void add_text(struct compiling *compiling, enum value_kind kind, uint32_t set, const struct entry *entry,
                     bool itself, bool below)
{
	note(compiling, vocabulary_add_text(compiling->builder, kind, set, entry->of.key, itself, below));
}

static void add_entry(struct compiling *compiling, enum value_kind kind, struct side *side, const struct entry *entry)
{
	bool domain = kind == VALUE_MAILBOX && (entry->kind == ENTRY_NAME || entry->kind == ENTRY_BELOW);
	enum value_kind own = domain ? VALUE_NAME : kind;
	uint32_t set;

	if (entry->kind == ENTRY_TABLE) {
		side->sets[side->count++] = table_set(compiling, kind, entry->of.table);
		return;
	}
	set = domain ? name_set(compiling, side) : plain_set(compiling, kind, side);
	switch (entry->kind) {
	case ENTRY_TABLE:
		break;
	case ENTRY_NETWORK:
		note(compiling, vocabulary_add_network(compiling->builder, set, &entry->of.network));
		break;
	case ENTRY_NAME:
	case ENTRY_MAILBOX:
	case ENTRY_LOGIN:
	case ENTRY_WORD:
		add_text(compiling, own, set, entry, true, false);
		break;
	case ENTRY_BELOW:
		add_text(compiling, own, set, entry, false, true);
		break;
	case ENTRY_LOCAL_PART:
	case ENTRY_ANY_REALM:
		add_text(compiling, own, set, entry, true, true);
		break;
	case ENTRY_EXPRESSION:
		add_expression(compiling, own, set, entry->of.key);
		break;
	case ENTRY_NULL_SENDER:
		note(compiling, vocabulary_add_null_sender(compiling->builder, set));
		break;
	}
}

/* The set of what a value finally has. */
static uint32_t value_set(struct compiling *compiling, enum value_kind kind, struct value *value)
{
	uint32_t *room = calloc(2 * value->count + 4, sizeof *room);
	struct side plus = {room, 0, SET_NONE, SET_NONE};
	struct side minus = {NULL, 0, SET_NONE, SET_NONE};
	uint32_t set;

	if (room == NULL) {
		compiling->no_memory = true;
		return 0;
	}
	minus.sets = room + value->count + 2;
	for (size_t i = 0; i < value->count; i++)
		add_entry(compiling, kind, value->entries[i].take_out ? &minus : &plus, &value->entries[i]);
	if (plus.count == 0)
		plain_set(compiling, kind, &plus);
	if (plus.count == 1 && minus.count == 0)
		set = plus.sets[0];
	else
		set = note_set(compiling, vocabulary_combine(compiling->builder, kind, plus.sets, plus.count,
		                                             minus.sets, minus.count));
	free(room);
	value->set = set;
	return set;
}

static struct optional_set optional(struct compiling *compiling, struct value *value)
{
	if (!value->given)
		return (struct optional_set){0};
	return (struct optional_set){true, value_set(compiling, value->kind, value)};
}

/* The set that a condition or a block asks about. */
static uint32_t asked_set(struct compiling *compiling, enum value_kind kind, struct value *value)
{
	return value->count > 0 ? value_set(compiling, kind, value) : SET_EMPTY;
}

static struct optional_set optional_asked(struct compiling *compiling, struct value *value)
{
	if (!value->given)
		return (struct optional_set){0};
	return (struct optional_set){true, asked_set(compiling, value->kind, value)};
}

static const struct reply *copy_reply(struct compiling *compiling, const struct model_reply *from)
{
	struct reply *reply;

	if (from->text == NULL)
		return NULL;
	reply = take(compiling, 1, sizeof *reply);
	if (reply == NULL)
		return NULL;
	*reply = from->reply;
	reply->text = copy_text(compiling, from->reply.text);
	return reply;
}

/* What a refusing rule without words of its own says. */
static const struct reply *default_reply(enum verdict verdict)
{
	static const struct reply rejected = {550, "5.7.1", "Refused by policy"};
	static const struct reply put_off = {451, "4.7.1", "Try again later"};

	switch (verdict) {
	case VERDICT_ACCEPT:
		break;
	case VERDICT_TEMPFAIL:
		return &put_off;
	case VERDICT_REJECT:
		return &rejected;
	}
	return NULL;
}

static struct condition compile_condition(struct compiling *compiling, struct model_condition *from)
{
	const struct condition_row *row = condition_row(from->kind);
	struct condition condition = {.kind = from->kind};

	if (row->kind < VALUE_SET_KINDS)
		condition.value.set = asked_set(compiling, row->kind, &from->value);
	else if (row->kind == VALUE_BOOLEAN)
		condition.value.flag = from->flag;
	else
		condition.value.number = from->number;
	return condition;
}

static struct conditions compile_conditions(struct compiling *compiling, struct model_conditions *from)
{
	struct conditions conditions = {take(compiling, from->count, sizeof *conditions.list), from->count};

	if (conditions.list == NULL)
		return (struct conditions){0};
	for (size_t i = 0; i < from->count; i++)
		conditions.list[i] = compile_condition(compiling, &from->list[i]);
	return conditions;
}

/* Whether the rule says relay = true, and so may speak of relay recipients. */
static bool says_relay(const struct model_rule *rule)
{
	for (size_t i = 0; i < rule->conditions.count; i++)
		if (rule->conditions.list[i].kind == CONDITION_RELAY && rule->conditions.list[i].flag)
			return true;
	return false;
}

static void compile_rule(struct compiling *compiling, enum stage stage, struct model_rule *from, struct rule *rule)
{
	rule->conditions = compile_conditions(compiling, &from->conditions);
	rule->unless = compile_conditions(compiling, &from->unless);
	rule->verdict = from->verdict;
	rule->local_only = stage == STAGE_RCPT && from->verdict == VERDICT_ACCEPT && !says_relay(from);
	rule->reply = copy_reply(compiling, &from->reply);
	if (rule->reply == NULL)
		rule->reply = default_reply(from->verdict);
	rule->label = copy_text(compiling, from->label);
	rule->named = from->name != NULL;
	rule->where = copy_location(compiling, from->where);
}

static const struct connection_block *compile_connection(struct compiling *compiling, struct model_block *from)
{
	struct connection_block *block = from->given ? take(compiling, 1, sizeof *block) : NULL;

	if (block == NULL)
		return NULL;
	block->mode = from->list_mode;
	block->clients = optional_asked(compiling, &from->clients);
	block->names = optional_asked(compiling, &from->names);
	block->reply = copy_reply(compiling, &from->reply);
	block->where = copy_location(compiling, from->where);
	return block;
}

static const struct auth_block *compile_auth(struct compiling *compiling, struct model_block *from)
{
	struct auth_block *block = from->given ? take(compiling, 1, sizeof *block) : NULL;

	if (block == NULL)
		return NULL;
	block->mode = from->auth_mode;
	block->users = optional_asked(compiling, &from->users);
	block->mechanisms = optional_asked(compiling, &from->mechanisms);
	block->tls_bits = (unsigned)from->tls_bits;
	block->reply = copy_reply(compiling, &from->reply);
	block->where = copy_location(compiling, from->where);
	return block;
}

static const struct relay_block *compile_relay(struct compiling *compiling, struct model_block *from)
{
	struct relay_block *block = from->given ? take(compiling, 1, sizeof *block) : NULL;

	if (block == NULL)
		return NULL;
	block->mode = from->list_mode;
	block->clients = optional_asked(compiling, &from->clients);
	block->names = optional_asked(compiling, &from->names);
	block->authenticated = from->authenticated;
	block->users = optional_asked(compiling, &from->users);
	block->reply = copy_reply(compiling, &from->reply);
	block->where = copy_location(compiling, from->where);
	return block;
}

static void compile_match(struct compiling *compiling, struct model_match *from, struct listener_match *match)
{
	unsigned *ports = take(compiling, from->port_count, sizeof *ports);

	match->everything = !from->given;
	match->local = from->local;
	match->any_daemon = !from->daemons.given;
	match->any_port = !from->ports_given;
	match->addresses = optional(compiling, &from->addresses);
	match->daemons = take(compiling, from->daemons.count, sizeof *match->daemons);
	if (match->daemons == NULL || ports == NULL)
		return;
	for (size_t i = 0; i < from->daemons.count; i++)
		match->daemons[i] = copy_text(compiling, from->daemons.entries[i].of.text);
	match->daemon_count = from->daemons.count;
	for (size_t i = 0; i < from->port_count; i++)
		ports[i] = from->ports[i];
	match->ports = ports;
	match->port_count = from->port_count;
}

static void compile_listener(struct compiling *compiling, struct model_listener *from, struct listener *listener)
{
	listener->name = copy_text(compiling, from->name);
	listener->direction = from->direction;
	listener->ignore_resolved = from->resolved == RESOLVED_IGNORE;
	listener->where = copy_location(compiling, from->where);
	compile_match(compiling, &from->match, &listener->match);
	listener->connection = compile_connection(compiling, &from->connection);
	listener->auth = compile_auth(compiling, &from->auth);
	listener->relay = compile_relay(compiling, &from->relay);
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
		const struct model_rules *rules = &from->stages[stage];
		struct rule *list = take(compiling, rules->count, sizeof *list);

		if (list == NULL)
			return;
		for (size_t i = 0; i < rules->count; i++)
			compile_rule(compiling, (enum stage)stage, &rules->list[i], &list[i]);
		listener->stages[stage] = (struct stage_rules){list, rules->count};
	}
}

static void compile_promise(struct compiling *compiling, struct model_promise *from, struct promise *promise)
{
	const struct ruleset *ruleset = compiling->ruleset;

	compile_rule(compiling, STAGE_RCPT, &from->rule, &promise->rule);
	if (from->rule.name != NULL)
		promise->name = copy_text(compiling, from->rule.name);
	for (size_t i = 0; from->listener != NULL && i < ruleset->listener_count; i++)
		if (strcmp(compiling->model->listeners[i].name, from->listener) == 0)
			promise->listener = &ruleset->listeners[i];
}

/* Room for the sets of tables, all not known yet. */
static bool prepare_tables(struct compiling *compiling)
{
	for (size_t kind = 0; kind < VALUE_SET_KINDS; kind++) {
		size_t count = compiling->model->table_count;

		compiling->tables[kind] = calloc(count + 1, sizeof *compiling->tables[kind]);
		if (compiling->tables[kind] == NULL)
			return false;
		for (size_t i = 0; i < count; i++)
			compiling->tables[kind][i] = SET_NONE;
	}
	return true;
}

static void compile_all(struct compiling *compiling)
{
	struct model *model = compiling->model;
	struct ruleset *ruleset = compiling->ruleset;

	ruleset->local_domains = optional(compiling, &model->local_domains);
	ruleset->listeners = take(compiling, model->listener_count, sizeof *ruleset->listeners);
	for (size_t i = 0; ruleset->listeners != NULL && i < model->listener_count; i++)
		compile_listener(compiling, &model->listeners[i], &ruleset->listeners[i]);
	ruleset->listener_count = model->listener_count;
	ruleset->promises = take(compiling, model->promise_count, sizeof *ruleset->promises);
	if (ruleset->promises == NULL || ruleset->listeners == NULL)
		return;
	for (size_t i = 0; i < model->promise_count; i++)
		compile_promise(compiling, &model->promises[i], &ruleset->promises[i]);
	ruleset->promise_count = model->promise_count;
}

struct ruleset *compile(struct model *model)
{
	struct compiling compiling = {.model = model, .ruleset = ruleset_new()};

	compiling.builder = vocabulary_builder_new();
	if (compiling.ruleset == NULL || compiling.builder == NULL || !prepare_tables(&compiling))
		compiling.no_memory = true;
	else
		compile_all(&compiling);
	for (size_t kind = 0; kind < VALUE_SET_KINDS; kind++)
		free(compiling.tables[kind]);
	if (compiling.no_memory) {
		vocabulary_builder_free(compiling.builder);
	} else {
		compiling.ruleset->vocabulary = vocabulary_build(compiling.builder);
		if (compiling.ruleset->vocabulary != NULL)
			return compiling.ruleset;
	}
	ruleset_free(compiling.ruleset);
	return NULL;
}
