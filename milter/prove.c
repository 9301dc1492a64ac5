/*
 * sallyport prove: who may relay, and which promises hold.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "milter/command.h"
#include "milter/proof_print.h"
#include "policy/ruleset.h"
#include "policy/world.h"
#include "rules/diagnostic.h"
#include "rules/load.h"
#include "rules/naming.h"

static int no_memory(void)
{
	fputs("sallyport prove: no memory\n", stderr);
	return STATUS_TROUBLE;
}

static int prove_listeners(const struct proof_printer *printer, struct proof *proof, const struct world *world)
{
	const struct ruleset *ruleset = proof->rules->ruleset;

	for (size_t i = 0; i < ruleset->listener_count; i++) {
		struct relayers *relayers = prove_listener(world, &ruleset->listeners[i]);
		bool printed = relayers != NULL && printer->listener(proof, relayers);

		relayers_free(relayers);
		if (!printed)
			return no_memory();
	}
	return STATUS_FINE;
}

static int prove_promises(const struct proof_printer *printer, struct proof *proof, const struct world *world)
{
	const struct ruleset *ruleset = proof->rules->ruleset;
	int status = STATUS_FINE;

	for (size_t i = 0; i < ruleset->promise_count; i++) {
		struct proof_promise promise = {.promise = &ruleset->promises[i]};
		struct witness_course course;

		promise.state = promise_check(world, promise.promise, &promise.witness, &course);
		if (promise.state == PROMISE_NO_MEMORY || !printer->promise(proof, &promise))
			return no_memory();
		if (promise.state != PROMISE_HOLDS)
			status = STATUS_NOT;
	}
	return status;
}

/* Proves and prints, part by part. */
static int prove_all(const struct proof_printer *printer, struct proof *proof, const struct world *world)
{
	int status;

	if (!printer->begin(proof))
		return no_memory();
	status = prove_listeners(printer, proof, world);
	if (status != STATUS_TROUBLE)
		status = prove_promises(printer, proof, world);
	if (status != STATUS_TROUBLE && !printer->end(proof))
		return no_memory();
	if (fflush(proof->stream) != 0 || ferror(proof->stream) != 0) {
		fputs("sallyport prove: standard output cannot be written\n", stderr);
		return STATUS_TROUBLE;
	}
	return status;
}

static int prove_rules(const char *path, const struct rules *rules, bool json)
{
	struct world *world = world_new((const struct ruleset *const[]){rules->ruleset}, 1);
	struct naming *naming = json || world == NULL ? NULL : naming_new(world, rules);
	struct proof proof = {
	    .path = path,
	    .rules = rules,
	    .naming = naming,
	    .stream = stdout,
	    .colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL,
	};
	int status;

	if (world == NULL || (!json && naming == NULL))
		status = no_memory();
	else
		status = prove_all(json ? &proof_json : &proof_text, &proof, world);
	naming_free(naming);
	world_free(world);
	return status;
}

static int prove_file(const char *path, bool json)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules;
	int status = STATUS_TROUBLE;

	if (diagnostics == NULL)
		return no_memory();
	rules = rules_load_unproved(path, diagnostics);
	if (rules != NULL)
		status = prove_rules(path, rules, json);
	else
		command_show_diagnostics(diagnostics);
	rules_free(rules);
	diagnostics_free(diagnostics);
	return status;
}

int prove_main(const struct command *command, int argc, char **argv)
{
	bool json;
	int status;

	if (!command_json(command, argc, argv, &json, &status))
		return status;
	if (optind == argc)
		return command_usage_error(command, "no file is named");
	if (optind + 1 < argc)
		return command_usage_error(command, "one file at a time: \"%s\" is one too many", argv[optind + 1]);
	return prove_file(argv[optind], json);
}
