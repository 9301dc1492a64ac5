/*
 * sallyport replay: judges the sessions of a decision log again, by other rules.
 */
#include "milter/ledger/reading.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "milter/command.h"
#include "milter/ledger/again.h"
#include "milter/ledger/changes.h"
#include "milter/ledger/record.h"
#include "milter/ledger/replay_print.h"
#include "rules/diagnostic.h"
#include "rules/fault.h"
#include "rules/load.h"

/* Milliseconds before a terminal is shown how far the reading is, and before it is shown anew. */
#define PATIENCE 1000

/* What the visitor of changes works on. */
struct replaying {
	struct replay replay;
	struct changes *changes;
	struct reading *reading;
	const struct record *record; /* at hand */
	bool changed;                /* the record at hand */
	bool no_memory;
};

static int trouble(const char *text)
{
	fprintf(stderr, "sallyport replay: %s\n", text);
	return STATUS_TROUBLE;
}

static void take_change(void *context, const struct again_change *change)
{
	struct replaying *replaying = context;
	const struct reading *reading = replaying->reading;

	replaying->changed = true;
	if (!changes_add(replaying->changes, change, replaying->record, replaying->replay.records,
	                 reading_file(reading), reading_line(reading)))
		replaying->no_memory = true;
}

/* Judges every record of the logs; returns STATUS_FINE, or the exit status. */
static int judge_all(struct replaying *replaying, const struct ruleset *ruleset)
{
	enum reading_result result;
	struct record record;
	struct fault fault;

	replaying->record = &record;
	while ((result = reading_next(replaying->reading, &record, &fault)) == READING_RECORD) {
		enum again_result again;

		replaying->replay.records++;
		replaying->changed = false;
		again = again_judge(ruleset, &record, take_change, replaying);
		if (again == AGAIN_NO_MEMORY || replaying->no_memory)
			return trouble("no memory");
		replaying->replay.results[again]++;
		replaying->replay.different += replaying->changed;
	}
	reading_close(replaying->reading);
	changes_sort(replaying->changes);
	if (result == READING_FAILED)
		return trouble(fault.text);
	replaying->replay.left_out =
	    reading_counts(replaying->reading)->foreign + reading_counts(replaying->reading)->torn;
	return STATUS_FINE;
}

static int print(const struct replay *replay, bool json)
{
	bool colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;

	if (!(json ? replay_print_json(replay, stdout) : replay_print_text(replay, stdout, colour)) ||
	    fflush(stdout) != 0)
		return trouble("standard output cannot be written, or there is no memory");
	return replay->different > 0 ? STATUS_NOT : STATUS_FINE;
}

static int replay(const char *path, const char *const *logs, size_t count, bool json, const struct ruleset *ruleset)
{
	const struct reading_manner manner = {
	    .name = "sallyport replay",
	    .messages = stderr,
	    .progress = isatty(STDERR_FILENO) ? stderr : NULL,
	    .patience = PATIENCE,
	};
	struct replaying replaying = {.replay = {.path = path}};
	struct fault fault = {.text = "no memory"};
	int status;

	replaying.changes = changes_new();
	replaying.replay.changes = replaying.changes;
	replaying.reading = replaying.changes != NULL ? reading_new(logs, count, &manner, &fault) : NULL;
	if (replaying.reading == NULL)
		status = trouble(fault.text);
	else
		status = judge_all(&replaying, ruleset);
	if (status == STATUS_FINE)
		status = print(&replaying.replay, json);
	reading_free(replaying.reading);
	changes_free(replaying.changes);
	return status;
}

static struct rules *load(const char *path)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules = diagnostics != NULL ? rules_load_unproved(path, diagnostics) : NULL;

	if (diagnostics == NULL)
		trouble("no memory");
	else if (rules == NULL)
		command_show_diagnostics(diagnostics);
	diagnostics_free(diagnostics);
	return rules;
}

int replay_main(const struct command *command, int argc, char **argv)
{
	enum {
		JSON = 256
	};
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"json", no_argument, NULL, JSON},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	const char *path = NULL;
	bool json = false;
	struct rules *rules;
	int option;
	int status;

	while ((option = command_option(command, argc, argv, options, &status)) != -1) {
		if (option == 'c')
			path = optarg;
		else if (option == JSON)
			json = true;
		else
			return status;
	}
	if (path == NULL)
		return command_usage_error(command, "no rule file is named; use -c FILE");
	rules = load(path);
	if (rules == NULL)
		return STATUS_TROUBLE;
	status = replay(path, (const char *const *)argv + optind, (size_t)(argc - optind), json, rules->ruleset);
	rules_free(rules);
	return status;
}
