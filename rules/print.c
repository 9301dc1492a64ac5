#include "rules/print.h"

#include <inttypes.h>

#include "policy/limits.h"
#include "rules/entry.h"
#include "rules/model.h"

/* What stands between the quotation marks of a string that libconfig reads back to the text. */
static void print_escaped(FILE *to, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '"':
		case '\\':
			fprintf(to, "\\%c", *text);
			break;
		case '\n':
			fputs("\\n", to);
			break;
		case '\t':
			fputs("\\t", to);
			break;
		default:
			fputc(*text, to);
			break;
		}
	}
}

static void print_text(FILE *to, const char *indent, const char *name, const char *text)
{
	if (text == NULL)
		return;
	fprintf(to, "%s%s = \"", indent, name);
	print_escaped(to, text);
	fputs("\";\n", to);
}

/* Numbers that do not fit in 32 bits need the suffix. */
static void print_number(FILE *to, const char *indent, const char *name, uint64_t number)
{
	fprintf(to, "%s%s = %" PRIu64 "%s;\n", indent, name, number, number > INT32_MAX ? "L" : "");
}

static void print_flag(FILE *to, const char *indent, const char *name, bool flag)
{
	fprintf(to, "%s%s = %s;\n", indent, name, flag ? "true" : "false");
}

/* 0 is false, 1 is true, and what is more are bits. */
static void print_tls(FILE *to, const char *indent, uint64_t bits)
{
	if (bits <= 1)
		print_flag(to, indent, "tls", bits == 1);
	else
		print_number(to, indent, "tls", bits);
}

static void print_value(FILE *to, const char *indent, const char *name, const struct value *value)
{
	char room[LIMIT_NETWORK_TEXT];

	if (!value->given)
		return;
	fprintf(to, "%s%s = [", indent, name);
	for (size_t i = 0; i < value->count; i++) {
		fprintf(to, "%s \"%s", i == 0 ? "" : ",", value->entries[i].take_out ? "!" : "");
		print_escaped(to, entry_text(&value->entries[i], room));
		fputc('"', to);
	}
	fputs(value->count > 0 ? " ];\n" : "];\n", to);
}

static void print_tables(FILE *to, const struct model *model)
{
	for (unsigned group = 0; group < GROUP_COUNT; group++) {
		bool any = false;

		for (size_t i = 0; i < model->table_count; i++) {
			const struct table *table = &model->tables[i];

			if (table->group != (enum group)group)
				continue;
			if (!any)
				fprintf(to, "%s = {\n", group_name((enum group)group));
			any = true;
			print_value(to, "  ", table->name, &table->value);
		}
		if (any)
			fputs("};\n", to);
	}
}

static void print_ports(FILE *to, const struct model_match *match)
{
	if (!match->ports_given)
		return;
	fputs("      port = [", to);
	for (size_t i = 0; i < match->port_count; i++)
		fprintf(to, "%s%u", i == 0 ? " " : ", ", match->ports[i]);
	fputs(match->port_count > 0 ? " ];\n" : "];\n", to);
}

static void print_match(FILE *to, const struct model_match *match)
{
	if (!match->given)
		return;
	fputs("    match = {\n", to);
	print_value(to, "      ", "daemon", &match->daemons);
	print_value(to, "      ", "address", &match->addresses);
	print_ports(to, match);
	print_flag(to, "      ", "local", match->local);
	fputs("    };\n", to);
}

static void print_connection(FILE *to, const struct model_block *block)
{
	if (!block->given)
		return;
	fputs("    connection = {\n", to);
	print_text(to, "      ", "mode", list_mode_name(block->list_mode));
	print_value(to, "      ", "clients", &block->clients);
	print_value(to, "      ", "names", &block->names);
	print_text(to, "      ", "reply", block->reply.text);
	fputs("    };\n", to);
}

static void print_auth(FILE *to, const struct model_block *block)
{
	if (!block->given)
		return;
	fputs("    auth = {\n", to);
	print_text(to, "      ", "mode", auth_mode_name(block->auth_mode));
	print_value(to, "      ", "users", &block->users);
	print_value(to, "      ", "mechanisms", &block->mechanisms);
	print_tls(to, "      ", block->tls_bits);
	print_text(to, "      ", "reply", block->reply.text);
	fputs("    };\n", to);
}

static void print_relay(FILE *to, const struct model_block *block)
{
	if (!block->given)
		return;
	fputs("    relay = {\n", to);
	print_text(to, "      ", "mode", list_mode_name(block->list_mode));
	print_value(to, "      ", "clients", &block->clients);
	print_value(to, "      ", "names", &block->names);
	print_flag(to, "      ", "authenticated", block->authenticated);
	print_value(to, "      ", "users", &block->users);
	print_text(to, "      ", "reply", block->reply.text);
	fputs("    };\n", to);
}

static void print_conditions(FILE *to, const char *indent, const struct model_conditions *conditions)
{
	for (size_t i = 0; i < conditions->count; i++) {
		const struct model_condition *condition = &conditions->list[i];
		const struct condition_row *row = condition_row(condition->kind);

		if (row->kind < VALUE_SET_KINDS)
			print_value(to, indent, row->name, &condition->value);
		else if (row->kind == VALUE_BOOLEAN)
			print_flag(to, indent, row->name, condition->flag);
		else if (row->fact == FACT_TLS)
			print_tls(to, indent, condition->number);
		else
			print_number(to, indent, row->name, condition->number);
	}
}

static void print_rule(FILE *to, const struct model_rule *rule, bool last)
{
	fputs("      {\n", to);
	print_text(to, "        ", "name", rule->name);
	print_text(to, "        ", "verdict", verdict_name(rule->verdict));
	print_conditions(to, "        ", &rule->conditions);
	if (rule->unless.given) {
		fputs("        unless = {\n", to);
		print_conditions(to, "          ", &rule->unless);
		fputs("        };\n", to);
	}
	print_text(to, "        ", "reply", rule->reply.text);
	fputs(last ? "      }\n" : "      },\n", to);
}

static void print_listener(FILE *to, const struct model_listener *listener, bool last)
{
	fputs("  {\n", to);
	print_text(to, "    ", "name", listener->name);
	print_text(to, "    ", "direction", direction_name(listener->direction));
	print_match(to, &listener->match);
	if (listener->resolved == RESOLVED_IGNORE)
		print_text(to, "    ", "resolved", "ignore");
	print_connection(to, &listener->connection);
	print_auth(to, &listener->auth);
	print_relay(to, &listener->relay);
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
		const struct model_rules *rules = &listener->stages[stage];

		if (rules->count == 0)
			continue;
		fprintf(to, "    %s = (\n", stage_name((enum stage)stage));
		for (size_t i = 0; i < rules->count; i++)
			print_rule(to, &rules->list[i], i + 1 == rules->count);
		fputs("    );\n", to);
	}
	fputs(last ? "  }\n" : "  },\n", to);
}

static void print_promise(FILE *to, const struct model_promise *promise, bool last)
{
	const struct model_rule *rule = &promise->rule;

	fputs("  {\n", to);
	print_text(to, "    ", "name", rule->name);
	print_text(to, "    ", "listener", promise->listener);
	print_conditions(to, "    ", &rule->conditions);
	if (rule->unless.given) {
		fputs("    unless = {\n", to);
		print_conditions(to, "      ", &rule->unless);
		fputs("    };\n", to);
	}
	fputs(last ? "  }\n" : "  },\n", to);
}

static void print_example(FILE *to, const struct example *example, bool last)
{
	fputs("  {\n", to);
	print_text(to, "    ", "listener", example->listener);
	print_text(to, "    ", "client", example->client);
	print_text(to, "    ", "address", example->address);
	print_text(to, "    ", "client_name", example->client_name);
	print_text(to, "    ", "helo", example->helo);
	print_text(to, "    ", "user", example->user);
	print_text(to, "    ", "mechanism", example->mechanism);
	if (example->tls_bits > 0)
		print_number(to, "    ", "tls", example->tls_bits);
	if (example->size_declared)
		print_number(to, "    ", "size", example->size);
	print_text(to, "    ", "sender", example->sender);
	print_text(to, "    ", "recipient", example->recipient);
	print_text(to, "    ", "resolved", example->resolved);
	print_text(to, "    ", "verdict", verdict_name(example->verdict));
	print_text(to, "    ", "reply", example->reply);
	if (example->stage != (enum stage)STAGE_COUNT)
		print_text(to, "    ", "stage", stage_name(example->stage));
	fputs(last ? "  }\n" : "  },\n", to);
}

bool model_print(const struct model *model, FILE *to)
{
	print_text(to, "", "socket", model->socket);
	print_text(to, "", "user", model->user);
	print_text(to, "", "group", model->group);
	print_text(to, "", "decisions", model->decisions);
	print_text(to, "", "decisions_key", model->decisions_key);
	print_text(to, "", "log", model->log == LOG_FORMAT_JSON ? "json" : NULL);
	print_text(to, "", "metrics", model->metrics);
	if (model->nat_watch != NAT_WATCH_WARN)
		print_text(to, "", "nat_watch", nat_watch_name(model->nat_watch));
	print_text(to, "", "shadow", model->shadow);
	print_tables(to, model);
	print_value(to, "", "local_domains", &model->local_domains);
	fputs("listeners = (\n", to);
	for (size_t i = 0; i < model->listener_count; i++)
		print_listener(to, &model->listeners[i], i + 1 == model->listener_count);
	fputs(");\n", to);
	if (model->promise_count > 0) {
		fputs("never = (\n", to);
		for (size_t i = 0; i < model->promise_count; i++)
			print_promise(to, &model->promises[i], i + 1 == model->promise_count);
		fputs(");\n", to);
	}
	if (model->example_count > 0) {
		fputs("expect = (\n", to);
		for (size_t i = 0; i < model->example_count; i++)
			print_example(to, &model->examples[i], i + 1 == model->example_count);
		fputs(");\n", to);
	}
	return fflush(to) == 0 && !ferror(to);
}
