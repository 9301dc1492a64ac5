/*
 * sallyport mta: the settings of an MTA that go with a rule file.
 */
#include "milter/mta_settings.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "milter/command.h"
#include "policy/room.h"
#include "policy/ruleset.h"
#include "policy/world.h"
#include "rules/diagnostic.h"
#include "rules/fault.h"
#include "rules/load.h"
#include "rules/naming.h"
#include "rules/suggest.h"

/* Where a daemon is looked for whose rule file does not say. */
static const char usual_socket[] = "inet:8894@127.0.0.1";

static const struct mta_kind *const kinds[] = {&mta_postfix, &mta_sendmail};
#define KIND_COUNT (sizeof kinds / sizeof *kinds)

/* What the command line asks for. */
struct asked {
	const struct mta_kind *kind;
	const char *path;
	const char *file; /* this one alone; or NULL */
	bool json;
};

static int no_memory(void)
{
	fputs("sallyport mta: no memory\n", stderr);
	return STATUS_TROUBLE;
}

bool mta_files_add(struct mta_files *files, const char *name, const struct wall_listener *of,
                   bool (*print)(const struct mta_settings *, const struct mta_file *, FILE *))
{
	struct mta_file *list = room_for_one(files->list, files->count, sizeof *list);

	if (list == NULL)
		return false;
	files->list = list;
	list[files->count] = (struct mta_file){strdup(name), print, of};
	return list[files->count++].name != NULL;
}

static void files_destroy(struct mta_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->list[i].name);
	free(files->list);
}

/* The file that was asked for alone, or NULL, which is reported. */
static const struct mta_file *one_file(const struct mta_files *files, const char *name)
{
	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->list[i].name, name) == 0)
			return &files->list[i];
	fprintf(stderr, "sallyport mta: there is no file \"%s\" here; there are", name);
	for (size_t i = 0; i < files->count; i++)
		fprintf(stderr, "%s %s", i == 0 ? "" : ",", files->list[i].name);
	fputc('\n', stderr);
	return NULL;
}

/* Each behind a line that says where it belongs. */
static bool print_all(const struct mta_settings *settings, const struct mta_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct mta_file *file = &files->list[i];

		printf("%s======== %s ========\n\n", i == 0 ? "" : "\n", file->name);
		if (!file->print(settings, file, stdout))
			return false;
	}
	return true;
}

static int print_files(const struct asked *asked, const struct mta_settings *settings, const struct mta_files *files)
{
	bool printed;

	if (asked->json) {
		printed = mta_settings_json(asked->kind, settings, files, stdout);
	} else if (asked->file != NULL) {
		const struct mta_file *file = one_file(files, asked->file);

		if (file == NULL)
			return STATUS_TROUBLE;
		printed = file->print(settings, file, stdout);
	} else {
		printed = print_all(settings, files);
	}
	if (!printed)
		return no_memory();
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		fputs("sallyport mta: standard output cannot be written\n", stderr);
		return STATUS_TROUBLE;
	}
	return STATUS_FINE;
}

static int print_settings(const struct asked *asked, const struct mta_settings *settings)
{
	struct mta_files files = {0};
	int status = STATUS_TROUBLE;

	if (!asked->kind->files(settings, &files))
		no_memory();
	else if (!asked->kind->impossible(settings))
		status = print_files(asked, settings, &files);
	files_destroy(&files);
	return status;
}

static int prove_and_print(const struct asked *asked, const struct rules *rules)
{
	struct world *world = world_new((const struct ruleset *const[]){rules->ruleset}, 1);
	struct naming *naming = world == NULL ? NULL : naming_new(world, rules);
	struct second_wall *wall = naming == NULL ? NULL : second_wall_new(world, rules, asked->kind->shared);
	const char *socket = rules->settings.socket;
	struct mta_settings settings = {
	    .path = asked->path,
	    .rules = rules,
	    .wall = wall,
	    .naming = naming,
	    .socket_given = socket != NULL,
	};
	struct fault fault;
	int status;

	if (wall == NULL) {
		status = no_memory();
	} else if (!endpoint_read(socket != NULL ? socket : usual_socket, &settings.socket, &fault)) {
		fprintf(stderr, "sallyport mta: %s\n", fault.text);
		status = STATUS_TROUBLE;
	} else {
		status = print_settings(asked, &settings);
	}
	second_wall_free(wall);
	naming_free(naming);
	world_free(world);
	return status;
}

static int load_and_print(const struct asked *asked)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules;
	int status = STATUS_TROUBLE;

	if (diagnostics == NULL)
		return no_memory();
	rules = rules_load(asked->path, diagnostics);
	if (rules != NULL)
		status = prove_and_print(asked, rules);
	else
		command_show_diagnostics(diagnostics);
	rules_free(rules);
	diagnostics_free(diagnostics);
	return status;
}

/* Reads "postfix" or "sendmail". */
static int read_kind(const struct command *command, const char *name, struct asked *asked)
{
	const char *names[KIND_COUNT];
	const char *nearest;

	for (size_t i = 0; i < KIND_COUNT; i++) {
		names[i] = kinds[i]->name;
		if (strcmp(name, names[i]) == 0) {
			asked->kind = kinds[i];
			return STATUS_FINE;
		}
	}
	nearest = suggest(name, names, KIND_COUNT);
	if (nearest != NULL)
		return command_usage_error(command, "\"%s\" is no MTA; did you mean \"%s\"?", name, nearest);
	return command_usage_error(command, "\"%s\" is no MTA; write postfix or sendmail", name);
}

int mta_main(const struct command *command, int argc, char **argv)
{
	enum {
		JSON = 256,
		FILE_ALONE,
	};
	static const struct option options[] = {
	    {"file", required_argument, NULL, FILE_ALONE},
	    {"json", no_argument, NULL, JSON},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	struct asked asked = {0};
	int option;
	int status;

	while ((option = command_option(command, argc, argv, options, &status)) != -1) {
		if (option == JSON)
			asked.json = true;
		else if (option == FILE_ALONE)
			asked.file = optarg;
		else
			return status;
	}
	if (optind == argc)
		return command_usage_error(command, "no MTA is named: postfix or sendmail");
	if (optind + 1 == argc)
		return command_usage_error(command, "no rule file is named");
	if (optind + 2 < argc)
		return command_usage_error(command, "one file at a time: \"%s\" is one too many", argv[optind + 2]);
	if (asked.json && asked.file != NULL)
		return command_usage_error(command, "--json has all files in it; leave out --file");
	status = read_kind(command, argv[optind], &asked);
	asked.path = argv[optind + 1];
	return status == STATUS_FINE ? load_and_print(&asked) : status;
}
