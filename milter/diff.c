/*
 * sallyport diff: which sessions two rule files judge differently.
 */
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "milter/command.h"
#include "milter/diff_print.h"
#include "policy/reply.h"
#include "policy/ruleset.h"
#include "rules/diagnostic.h"
#include "rules/load.h"
#include "rules/naming.h"
#include "rules/wording.h"

static int no_memory(void)
{
	fputs("sallyport diff: no memory\n", stderr);
	return STATUS_TROUBLE;
}

const struct listener *difference_listener(const struct difference *difference)
{
	const struct listener *listener = difference->listeners[SIDE_NEW];

	return listener != NULL ? listener : difference->listeners[SIDE_OLD];
}

const struct networks *difference_clients(const struct difference *difference)
{
	return difference->who.clients.count > 0 ? &difference->who.clients : &difference->unproved;
}

const char *difference_reply(const struct decision *decision, char *room, size_t size)
{
	const struct reply *reply = decision->reply;

	if (reply == NULL)
		return NULL;
	snprintf(room, size, "%u %s %s", reply->code, reply->enhanced, reply->text);
	return room;
}

/* Whether each of the clauses says something of the client's name: then it was looked up. */
static bool always_asks_name(const struct clauses *clauses)
{
	for (size_t i = 0; i < clauses->count; i++) {
		const struct clause *clause = &clauses->list[i];
		bool asks = false;

		for (size_t k = 0; k < clause->count && !asks; k++)
			asks = clause->answers[k].question.fact == FACT_CLIENT_NAME;
		if (!asks)
			return false;
	}
	return clauses->count > 0;
}

bool difference_when(const struct diff *diff, const struct difference *difference, size_t shown,
                     struct texts *ret_texts)
{
	struct wording wording = {
	    .sides = {diff->rules[SIDE_OLD], diff->rules[SIDE_NEW]},
	    .listener = difference_listener(difference)->name,
	    .shown = shown,
	};
	struct texts texts;
	bool done = true;

	if (!wording_clauses(&wording, &difference->who.when, &texts))
		return false;
	if (difference->lookup == LOOKUP_FAILED)
		done = texts_add(&texts, "the client's name cannot be looked up just now");
	if (difference->lookup == LOOKUP_DONE && !always_asks_name(&difference->who.when))
		done = texts_add(&texts, "the client's name can be looked up");
	if (done)
		*ret_texts = texts;
	else
		texts_destroy(&texts);
	return done;
}

static int print(const struct diff *diff, bool json)
{
	if (!(json ? diff_print_json(diff) : diff_print_text(diff)))
		return no_memory();
	if (fflush(diff->stream) != 0 || ferror(diff->stream) != 0) {
		fputs("sallyport diff: standard output cannot be written\n", stderr);
		return STATUS_TROUBLE;
	}
	return diff->comparison->count > 0 || diff->comparison->incomplete ? STATUS_NOT : STATUS_FINE;
}

/* Names for people come from the tables of the new file. */
static int diff_rules(struct rules *const *rules, bool json)
{
	const struct ruleset *sides[] = {rules[SIDE_OLD]->ruleset, rules[SIDE_NEW]->ruleset};
	struct world *both = world_new(sides, 2);
	struct world *new = json ? NULL : world_new(&sides[SIDE_NEW], 1);
	struct comparison *comparison = both != NULL ? compare(both, STAGE_DATA) : NULL;
	struct naming *naming = new != NULL ? naming_new(new, rules[SIDE_NEW]) : NULL;
	struct diff diff = {
	    .rules = {rules[SIDE_OLD], rules[SIDE_NEW]},
	    .comparison = comparison,
	    .naming = naming,
	    .stream = stdout,
	    .colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL,
	};
	int status = comparison == NULL || (!json && naming == NULL) ? no_memory() : print(&diff, json);

	comparison_free(comparison);
	naming_free(naming);
	world_free(new);
	world_free(both);
	return status;
}

static struct rules *load(const char *path)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules = NULL;

	if (diagnostics != NULL) {
		rules = rules_load_unproved(path, diagnostics);
		if (rules == NULL)
			command_show_diagnostics(diagnostics);
	} else {
		no_memory();
	}
	diagnostics_free(diagnostics);
	return rules;
}

static int diff_files(char *const *paths, bool json)
{
	struct rules *rules[WORLD_SIDES] = {load(paths[SIDE_OLD]), load(paths[SIDE_NEW])};
	int status = STATUS_TROUBLE;

	if (rules[SIDE_OLD] != NULL && rules[SIDE_NEW] != NULL)
		status = diff_rules(rules, json);
	rules_free(rules[SIDE_OLD]);
	rules_free(rules[SIDE_NEW]);
	return status;
}

int diff_main(const struct command *command, int argc, char **argv)
{
	bool json;
	int status;

	if (!command_json(command, argc, argv, &json, &status))
		return status;
	if (argc - optind != 2)
		return command_usage_error(command, "two files are compared: the old one, then the new one");
	return diff_files(argv + optind, json);
}
