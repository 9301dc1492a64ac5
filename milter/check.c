/*
 * sallyport check: finds every mistake in rule files.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "milter/command.h"
#include "milter/host.h"
#include "rules/diagnostic.h"
#include "rules/load.h"
#include "rules/print.h"

struct choices {
	bool strict;
	bool json;
	bool print;
	bool elsewhere;
};

/* Adds what was found to the list; returns false where there is no memory. */
static bool list_diagnostics(const struct diagnostics *diagnostics, json_t *list)
{
	for (size_t i = 0; i < diagnostics_shown(diagnostics); i++) {
		const struct diagnostic *diagnostic = diagnostics_at(diagnostics, i);
		json_t *object =
		    json_pack("{s:s, s:i, s:s, s:s}", "file", diagnostic->file, "line", (int)diagnostic->line,
		              "severity", severity_name(diagnostic->severity), "message", diagnostic->text);

		if (json_array_append_new(list, object) != 0)
			return false;
	}
	return true;
}

static int no_memory(void)
{
	fprintf(stderr, "sallyport check: no memory\n");
	return STATUS_TROUBLE;
}

static int cannot_print(void)
{
	perror("sallyport check: standard output");
	return STATUS_TROUBLE;
}

static struct rules *load(const char *path, const struct choices *choices, struct diagnostics *diagnostics)
{
	return choices->elsewhere ? rules_load(path, diagnostics) : host_load(path, diagnostics);
}

/* The file that is to judge beside another one is checked as if it were to take its place one day. */
static void check_shadow(const char *path, const struct choices *choices, struct diagnostics *diagnostics)
{
	rules_free(load(path, choices, diagnostics));
}

static int check_file(const char *path, const struct choices *choices, json_t *list)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules;
	int status = STATUS_FINE;

	if (diagnostics == NULL)
		return no_memory();
	rules = load(path, choices, diagnostics);
	if (rules != NULL && rules->settings.shadow != NULL)
		check_shadow(rules->settings.shadow, choices, diagnostics);
	if (choices->strict)
		diagnostics_make_errors(diagnostics);
	if (diagnostics_errors(diagnostics) > 0)
		status = STATUS_NOT;
	if (!choices->json)
		command_show_diagnostics(diagnostics);
	else if (!list_diagnostics(diagnostics, list))
		status = no_memory();
	if (rules != NULL && choices->print && !model_print(rules->model, stdout))
		status = cannot_print();
	rules_free(rules);
	diagnostics_free(diagnostics);
	return status;
}

static int check_files(char **paths, const struct choices *choices)
{
	json_t *list = json_array();
	int worst = STATUS_FINE;

	for (; *paths != NULL; paths++) {
		int status = check_file(*paths, choices, list);
		if (status > worst)
			worst = status;
	}
	if (choices->json &&
	    (json_dumpf(list, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) != 0 || putchar('\n') == EOF))
		worst = cannot_print();
	json_decref(list);
	return fflush(stdout) == 0 ? worst : cannot_print();
}

int check_main(const struct command *command, int argc, char **argv)
{
	enum {
		STRICT = 256,
		JSON,
		PRINT,
		ELSEWHERE
	};
	static const struct option options[] = {
	    {"strict", no_argument, NULL, STRICT}, {"json", no_argument, NULL, JSON},
	    {"print", no_argument, NULL, PRINT},   {"elsewhere", no_argument, NULL, ELSEWHERE},
	    {"help", no_argument, NULL, 'h'},      {NULL, 0, NULL, 0},
	};
	struct choices choices = {.strict = false};
	int option;
	int status;

	while ((option = command_option(command, argc, argv, options, &status)) != -1) {
		if (option == STRICT)
			choices.strict = true;
		else if (option == JSON)
			choices.json = true;
		else if (option == PRINT)
			choices.print = true;
		else if (option == ELSEWHERE)
			choices.elsewhere = true;
		else
			return status;
	}
	if (choices.json && choices.print)
		return command_usage_error(command, "--json and --print cannot go together");
	if (optind == argc)
		return command_usage_error(command, "no file is named");
	return check_files(argv + optind, &choices);
}
