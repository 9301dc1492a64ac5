/*
 * sallyport explain: judges one session and says what decided.
 */
#include <assert.h>
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
#include "policy/ruleset.h"
#include "rules/diagnostic.h"
#include "rules/load.h"

struct question {
	const char *path;
	bool json;
	bool client_given;
	struct scenario scenario;
	struct recipient *recipients; /* the scenario's */
};

static int out_of_memory(void)
{
	fprintf(stderr, "sallyport explain: no memory\n");
	return STATUS_TROUBLE;
}

/* Reads a decimal number of at most limit; returns false, and writes nothing, for any other text. */
static bool read_number(const char *text, uint64_t limit, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		unsigned digit = (unsigned)(*text - '0');

		if (*text < '0' || *text > '9' || number > (limit - digit) / 10)
			return false;
		number = number * 10 + digit;
	}
	*ret_number = number;
	return true;
}

static int take_number(const struct command *command, const char *option, const char *text, uint64_t limit,
                       uint64_t *ret_number)
{
	if (read_number(text, limit, ret_number))
		return STATUS_FINE;
	return command_usage_error(command, "%s \"%s\" is not a number from 0 to %llu", option, text,
	                           (unsigned long long)limit);
}

static int take_address(const struct command *command, const char *option, const char *text, struct address *ret_address)
{
	if (address_from_text(text, ret_address))
		return STATUS_FINE;
	return command_usage_error(command, "%s \"%s\" is not an IP address; write it as 192.0.2.7 or 2001:db8::7", option,
	                           text);
}

static void take_client_name(struct connection *connection, const char *name)
{
	connection->client_name = name;
	connection->client_name_state = client_name_state(name);
}

static int take_recipient(struct question *question, const char *address)
{
	size_t count = question->scenario.recipient_count;
	struct recipient *grown = reallocarray(question->recipients, count + 1, sizeof *grown);

	if (grown == NULL)
		return out_of_memory();
	grown[count] = (struct recipient){.address = address};
	question->recipients = grown;
	question->scenario.recipients = grown;
	question->scenario.recipient_count = count + 1;
	return STATUS_FINE;
}

static int take_resolved(const struct command *command, struct question *question, const char *address)
{
	if (question->scenario.recipient_count == 0)
		return command_usage_error(command, "--resolved speaks of the --recipient before it, and there is none");
	question->recipients[question->scenario.recipient_count - 1].resolved = address;
	return STATUS_FINE;
}

enum {
	OPTION_JSON = 256,
	OPTION_LISTENER,
	OPTION_DAEMON,
	OPTION_PORT,
	OPTION_LOCAL,
	OPTION_ADDRESS,
	OPTION_CLIENT,
	OPTION_CLIENT_NAME,
	OPTION_HELO,
	OPTION_USER,
	OPTION_MECHANISM,
	OPTION_TLS,
	OPTION_SIZE,
	OPTION_SENDER,
	OPTION_RECIPIENT,
	OPTION_RESOLVED,
};

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"listener", required_argument, NULL, OPTION_LISTENER},
    {"daemon", required_argument, NULL, OPTION_DAEMON},
    {"port", required_argument, NULL, OPTION_PORT},
    {"local", no_argument, NULL, OPTION_LOCAL},
    {"address", required_argument, NULL, OPTION_ADDRESS},
    {"client", required_argument, NULL, OPTION_CLIENT},
    {"client-name", required_argument, NULL, OPTION_CLIENT_NAME},
    {"helo", required_argument, NULL, OPTION_HELO},
    {"user", required_argument, NULL, OPTION_USER},
    {"mechanism", required_argument, NULL, OPTION_MECHANISM},
    {"tls", required_argument, NULL, OPTION_TLS},
    {"size", required_argument, NULL, OPTION_SIZE},
    {"sender", required_argument, NULL, OPTION_SENDER},
    {"recipient", required_argument, NULL, OPTION_RECIPIENT},
    {"resolved", required_argument, NULL, OPTION_RESOLVED},
    {NULL, 0, NULL, 0},
};

/* Takes an option that has a value to be read; returns STATUS_FINE, or the exit status. */
static int take_value(const struct command *command, struct question *question, int option, const char *text)
{
	struct connection *connection = &question->scenario.connection;
	struct envelope *envelope = &question->scenario.envelope;
	uint64_t number = 0;
	int status;

	switch (option) {
	case OPTION_PORT:
		status = take_number(command, "--port", text, UINT16_MAX, &number);
		connection->port = (unsigned)number;
		return status;
	case OPTION_TLS:
		status = take_number(command, "--tls", text, UINT16_MAX, &number);
		envelope->tls_bits = (unsigned)number;
		return status;
	case OPTION_SIZE:
		envelope->size_declared = true;
		return take_number(command, "--size", text, UINT64_MAX, &envelope->size);
	case OPTION_ADDRESS:
		connection->has_local_address = true;
		return take_address(command, "--address", text, &connection->local_address);
	case OPTION_CLIENT:
		connection->has_client = true;
		question->client_given = true;
		return take_address(command, "--client", text, &connection->client);
	case OPTION_RECIPIENT:
		return take_recipient(question, text);
	default:
		return take_resolved(command, question, text);
	}
}

static int take_option(const struct command *command, struct question *question, int option, const char *text)
{
	struct scenario *scenario = &question->scenario;

	switch (option) {
	case 'c':
		question->path = text;
		break;
	case OPTION_JSON:
		question->json = true;
		break;
	case OPTION_LISTENER:
		scenario->connection.listener = text;
		break;
	case OPTION_DAEMON:
		scenario->connection.daemon = text;
		break;
	case OPTION_LOCAL:
		scenario->connection.local = true;
		break;
	case OPTION_CLIENT_NAME:
		take_client_name(&scenario->connection, text);
		break;
	case OPTION_HELO:
		scenario->helo = text;
		break;
	case OPTION_USER:
		scenario->envelope.user = text;
		break;
	case OPTION_MECHANISM:
		scenario->envelope.mechanism = text;
		break;
	case OPTION_SENDER:
		scenario->envelope.sender = text;
		break;
	default:
		return take_value(command, question, option, text);
	}
	return STATUS_FINE;
}

/* What the options say together; makes the client of local mail known. */
static int complete(const struct command *command, struct question *question)
{
	static const uint8_t bytes[4] = {127, 0, 0, 1};
	struct connection *connection = &question->scenario.connection;
	struct address loopback = address_from_ipv4(bytes);

	if (question->path == NULL)
		return command_usage_error(command, "no rule file is named; use -c FILE");
	if (!connection->local && !question->client_given)
		return command_usage_error(command, "the session needs a client: --client ADDRESS, or --local");
	if (connection->local && question->client_given && !address_equal(&connection->client, &loopback))
		return command_usage_error(command, "the client of --local is 127.0.0.1; leave out --client");
	if (connection->local) {
		connection->has_client = true;
		connection->client = loopback;
	}
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
		out_of_memory();
		return NULL;
	}
	rules = rules_load(path, diagnostics);
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
		out_of_memory();
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

int explain_main(const struct command *command, int argc, char **argv)
{
	struct question question = {
	    .scenario = {.connection = {.client_name_state = CLIENT_NAME_NONE}, .envelope = {.sender = "<>"}},
	};
	int option;
	int status = STATUS_FINE;

	while (status == STATUS_FINE && (option = command_option(command, argc, argv, options, &status)) != -1) {
		if (option == '?') {
			free(question.recipients);
			return status;
		}
		status = take_option(command, &question, option, optarg);
	}
	if (status == STATUS_FINE && optind < argc)
		status = command_usage_error(command, "\"%s\" is not an option", argv[optind]);
	if (status == STATUS_FINE)
		status = complete(command, &question);
	if (status == STATUS_FINE)
		status = explain(&question);
	free(question.recipients);
	return status;
}
