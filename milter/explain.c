/*
 * sallyport explain: judges one session and says what decided.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/command.h"
#include "milter/explanation.h"
#include "policy/address.h"
#include "policy/room.h"
#include "policy/ruleset.h"
#include "rules/diagnostic.h"
#include "rules/fault.h"
#include "rules/load.h"

struct question {
	const char *path;
	bool json;
	struct scenario scenario;
	struct recipient *recipients; /* the scenario's */
};

static const char no_memory[] = "sallyport explain: no memory\n";

/* What the MTAs say in place of a name that could not be looked up just now. */
static const char temporarily_unknown[] = "[TEMPUNAVAIL]";

/* Reads a decimal number of at most limit. */
static bool take_number(const char *text, uint64_t limit, uint64_t *ret_number, struct fault *ret_fault)
{
	uint64_t number = 0;
	const char *at;

	for (at = text; *at >= '0' && *at <= '9'; at++) {
		unsigned digit = (unsigned)(*at - '0');

		if (number > (limit - digit) / 10)
			break;
		number = number * 10 + digit;
	}
	if (*text == '\0' || *at != '\0')
		return fault_set(ret_fault, "is not a number from 0 to %llu", (unsigned long long)limit);
	*ret_number = number;
	return true;
}

static bool take_address(const char *text, bool *ret_given, struct address *ret_address, struct fault *ret_fault)
{
	if (!address_from_text(text, ret_address))
		return fault_set(ret_fault, "is not an IP address; write it as 192.0.2.7 or 2001:db8::7");
	*ret_given = true;
	return true;
}

static bool take_json(struct question *question, const char *unused, struct fault *unused_fault)
{
	(void)unused;
	(void)unused_fault;
	question->json = true;
	return true;
}

static bool take_port(struct question *question, const char *text, struct fault *ret_fault)
{
	uint64_t port = 0;

	if (!take_number(text, UINT16_MAX, &port, ret_fault))
		return false;
	question->scenario.connection.port = (unsigned)port;
	return true;
}

static bool take_local(struct question *question, const char *unused, struct fault *unused_fault)
{
	(void)unused;
	(void)unused_fault;
	question->scenario.connection.local = true;
	return true;
}

static bool take_local_address(struct question *question, const char *text, struct fault *ret_fault)
{
	struct connection *connection = &question->scenario.connection;

	return take_address(text, &connection->has_local_address, &connection->local_address, ret_fault);
}

static bool take_client(struct question *question, const char *text, struct fault *ret_fault)
{
	struct connection *connection = &question->scenario.connection;

	return take_address(text, &connection->has_client, &connection->client, ret_fault);
}

static bool take_client_name(struct question *question, const char *text, struct fault *unused_fault)
{
	struct connection *connection = &question->scenario.connection;

	(void)unused_fault;
	connection->client_name = text;
	if (strcasecmp(text, temporarily_unknown) == 0)
		connection->client_name_state = CLIENT_NAME_UNAVAILABLE;
	else if (strcasecmp(text, "unknown") == 0)
		connection->client_name_state = CLIENT_NAME_NONE;
	else
		connection->client_name_state = CLIENT_NAME_VERIFIED;
	return true;
}

static bool take_tls(struct question *question, const char *text, struct fault *ret_fault)
{
	uint64_t bits = 0;

	if (!take_number(text, UINT16_MAX, &bits, ret_fault))
		return false;
	question->scenario.envelope.tls_bits = (unsigned)bits;
	return true;
}

static bool take_size(struct question *question, const char *text, struct fault *ret_fault)
{
	question->scenario.envelope.size_declared = true;
	return take_number(text, UINT64_MAX, &question->scenario.envelope.size, ret_fault);
}

static bool take_recipient(struct question *question, const char *text, struct fault *ret_fault)
{
	size_t count = question->scenario.recipient_count;
	struct recipient *grown = room_for_one(question->recipients, count, sizeof *grown);

	if (grown == NULL)
		return fault_set(ret_fault, "finds no memory");
	grown[count] = (struct recipient){.address = text};
	question->recipients = grown;
	question->scenario.recipients = grown;
	question->scenario.recipient_count = count + 1;
	return true;
}

static bool take_resolved(struct question *question, const char *text, struct fault *ret_fault)
{
	if (question->scenario.recipient_count == 0)
		return fault_set(ret_fault, "speaks of the --recipient before it, and there is none");
	question->recipients[question->scenario.recipient_count - 1].resolved = text;
	return true;
}

/* Of the recipient before it, or else of the sender. */
static bool take_reading(struct question *question, const char *text, struct fault *ret_fault)
{
	size_t count = question->scenario.recipient_count;

	(void)ret_fault;
	if (count > 0)
		question->recipients[count - 1].reading = text;
	else
		question->scenario.envelope.reading = text;
	return true;
}

/* An option: how its value is taken, or else which text of the question it is. */
struct explain_option {
	const char *name;
	int has_value; /* as in struct option */
	bool (*take)(struct question *question, const char *text, struct fault *ret_fault);
	size_t text; /* offset of a const char * in struct question, where take is NULL */
};

#define TEXT(member) .has_value = required_argument, .text = offsetof(struct question, member)
#define VALUE(function) .has_value = required_argument, .take = (function)
#define FLAG(function) .has_value = no_argument, .take = (function)

static const struct explain_option rows[] = {
    {.name = "config", TEXT(path)},
    {.name = "json", FLAG(take_json)},
    {.name = "listener", TEXT(scenario.connection.listener)},
    {.name = "daemon", TEXT(scenario.connection.daemon)},
    {.name = "port", VALUE(take_port)},
    {.name = "local", FLAG(take_local)},
    {.name = "address", VALUE(take_local_address)},
    {.name = "client", VALUE(take_client)},
    {.name = "client-name", VALUE(take_client_name)},
    {.name = "helo", TEXT(scenario.helo)},
    {.name = "user", TEXT(scenario.envelope.user)},
    {.name = "mechanism", TEXT(scenario.envelope.mechanism)},
    {.name = "tls", VALUE(take_tls)},
    {.name = "size", VALUE(take_size)},
    {.name = "sender", TEXT(scenario.envelope.sender)},
    {.name = "recipient", VALUE(take_recipient)},
    {.name = "resolved", VALUE(take_resolved)},
    {.name = "read-as", VALUE(take_reading)},
};
#define ROW_COUNT (sizeof rows / sizeof *rows)

/* The value of getopt_long(3) for the first row; that of the next one is one more. */
#define FIRST_ROW 256

/* Makes the rows the list that getopt_long(3) wants: ROW_COUNT + 2 of them. */
static void list_options(struct option *ret_options)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		bool config = rows[i].text == offsetof(struct question, path) && rows[i].take == NULL;
		int value = config ? 'c' : FIRST_ROW + (int)i;

		ret_options[i] = (struct option){rows[i].name, rows[i].has_value, NULL, value};
	}
	ret_options[ROW_COUNT] = (struct option){"help", no_argument, NULL, 'h'};
	ret_options[ROW_COUNT + 1] = (struct option){NULL, 0, NULL, 0};
}

/* Takes the option and its value; returns STATUS_FINE, or the exit status. */
static int take_option(const struct command *command, struct question *question, int option, const char *text)
{
	const struct explain_option *row = &rows[option == 'c' ? 0 : option - FIRST_ROW];
	struct fault fault;

	if (row->take == NULL)
		*(const char **)((char *)question + row->text) = text;
	else if (!row->take(question, text, &fault))
		return command_usage_error(command, "--%s \"%s\" %s", row->name, text, fault.text);
	return STATUS_FINE;
}

/* What the options say together; makes the client of local mail known. */
/* The client of --local is 127.0.0.1 (policy/session.h), whatever else is said of it. */
static int complete(const struct command *command, const struct question *question)
{
	const struct connection *connection = &question->scenario.connection;

	if (question->path == NULL)
		return command_usage_error(command, "no rule file is named; use -c FILE");
	if (!connection->local && !connection->has_client)
		return command_usage_error(command, "the session needs a client: --client ADDRESS, or --local");
	return STATUS_FINE;
}

/* Whether the rule set has the listener that was named, if one was; says which there are where not. */
static bool listener_exists(const struct ruleset *ruleset, const char *path, const char *name)
{
	for (size_t i = 0; name != NULL && i < ruleset->listener_count; i++) {
		if (strcmp(ruleset->listeners[i].name, name) == 0)
			return true;
	}
	if (name == NULL)
		return true;
	fprintf(stderr, "sallyport explain: %s has no listener \"%s\"; it has", path, name);
	for (size_t i = 0; i < ruleset->listener_count; i++)
		fprintf(stderr, "%s \"%s\"", i > 0 ? "," : "", ruleset->listeners[i].name);
	fprintf(stderr, "%s\n", ruleset->listener_count > 0 ? "" : " none");
	return false;
}

/* The file's rules, or NULL where it has an error: then its faults are shown. */
static struct rules *load(const char *path)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules;

	if (diagnostics == NULL) {
		fputs(no_memory, stderr);
		return NULL;
	}
	rules = rules_load_unproved(path, diagnostics);
	if (rules == NULL)
		command_show_diagnostics(diagnostics);
	diagnostics_free(diagnostics);
	return rules;
}

static bool print(const struct explanation *explanation, bool json)
{
	bool colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;

	if (json && !explanation_print_json(explanation, stdout))
		return false;
	if (!json)
		explanation_print(explanation, stdout, colour);
	return fflush(stdout) == 0;
}

static int explain(const struct question *question)
{
	struct rules *rules = load(question->path);
	struct explanation explanation;
	int status = STATUS_TROUBLE;

	if (rules == NULL)
		return STATUS_TROUBLE;
	if (!listener_exists(rules->ruleset, question->path, question->scenario.connection.listener))
		goto out;
	if (!explanation_judge(rules->ruleset, &question->scenario, &explanation)) {
		fputs(no_memory, stderr);
		goto out;
	}
	status = explanation.verdict == VERDICT_ACCEPT ? STATUS_FINE : STATUS_NOT;
	if (!print(&explanation, question->json)) {
		perror("sallyport explain: standard output");
		status = STATUS_TROUBLE;
	}
	explanation_destroy(&explanation);
out:
	rules_free(rules);
	return status;
}

/* Reads the command line and judges; the question's recipients are the caller's to free. */
static int read_and_explain(const struct command *command, int argc, char **argv, struct question *question)
{
	struct option options[ROW_COUNT + 2];
	int option;
	int status;

	list_options(options);
	while ((option = command_option(command, argc, argv, options, &status)) != -1) {
		if (option == '?')
			return status;
		status = take_option(command, question, option, optarg);
		if (status != STATUS_FINE)
			return status;
	}
	if (optind < argc)
		return command_usage_error(command, "\"%s\" is not an option", argv[optind]);
	status = complete(command, question);
	return status == STATUS_FINE ? explain(question) : status;
}

int explain_main(const struct command *command, int argc, char **argv)
{
	struct question question = {
	    .scenario = {.connection = {.client_name_state = CLIENT_NAME_NONE}, .envelope = {.sender = "<>"}},
	};
	int status = read_and_explain(command, argc, argv, &question);

	free(question.recipients);
	return status;
}
