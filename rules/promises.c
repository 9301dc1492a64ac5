#include "rules/promises.h"

#include <stdio.h>
#include <stdlib.h>

#include "policy/promise.h"
#include "policy/ruleset.h"
#include "policy/world.h"
#include "rules/diagnostic.h"
#include "rules/load.h"
#include "rules/piece.h"
#include "rules/shell.h"

/* Room for what a message calls a promise. */
#define CALLED 200

/* "connect: accept, helo: accept, mail: accept, rcpt: accept by relay at gateway.conf:28" */
static void print_steps(const struct witness_course *course, FILE *to)
{
	for (size_t i = 0; i < course->count; i++) {
		const struct decision *decision = &course->decisions[i];

		fprintf(to, "%s%s: %s", i == 0 ? "" : ", ", stage_name(decision->stage),
		        verdict_name(decision->verdict));
		if (decision->by != NULL)
			fprintf(to, " by %s at %s:%u", decision->rule, decision->by->file, decision->by->line);
	}
}

/* What a message calls the promise, in room where it has a name. */
static const char *called(const struct promise *promise, char room[CALLED])
{
	if (promise->name == NULL)
		return "this promise";
	snprintf(room, CALLED, "the promise \"%s\"", promise->name);
	return room;
}

static void report_broken(const struct rules *rules, const struct promise *promise, const struct witness *witness,
                          const struct witness_course *course, struct diagnostics *diagnostics)
{
	const char *words[WITNESS_WORDS];
	struct witness_room numbers;
	char room[CALLED];
	size_t count = witness_words(witness, &numbers, words);
	struct piece piece;
	bool shown = piece_open(&piece);

	if (shown) {
		fputs("\"sallyport explain -c ", piece.stream);
		shell_print(rules->files[0], piece.stream);
		for (size_t i = 0; i < count; i++) {
			fputc(' ', piece.stream);
			shell_print(words[i], piece.stream);
		}
		fputs("\" shows: ", piece.stream);
		print_steps(course, piece.stream);
		shown = piece_close(&piece);
	}
	if (!shown) {
		diagnostics_error(diagnostics, promise->rule.where, "%s is broken; there is no memory to show how",
		                  called(promise, room));
		return;
	}
	diagnostics_error(diagnostics, promise->rule.where, "%s is broken by the session that %s",
	                  called(promise, room), piece.text);
	free(piece.text);
}

static void prove(const struct rules *rules, const struct world *world, const struct promise *promise,
                  struct diagnostics *diagnostics)
{
	struct witness witness;
	struct witness_course course;
	char room[CALLED];

	switch (promise_check(world, promise, &witness, &course)) {
	case PROMISE_HOLDS:
		break;
	case PROMISE_BROKEN:
		report_broken(rules, promise, &witness, &course, diagnostics);
		break;
	case PROMISE_NOT_PROVED:
		diagnostics_error(
		    diagnostics, promise->rule.where,
		    "%s is not proved: a session might break it in which regular "
		    "expressions find, or do not find, what no text was found for; write them as names, or "
		    "state the promise without them",
		    called(promise, room));
		break;
	case PROMISE_NO_MEMORY:
		diagnostics_error(diagnostics, promise->rule.where, "there is not enough memory to prove %s",
		                  called(promise, room));
		break;
	}
}

void promises_prove(const struct rules *rules, const struct world *world, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < rules->ruleset->promise_count; i++)
		prove(rules, world, &rules->ruleset->promises[i], diagnostics);
}
