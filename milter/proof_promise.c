/*
 * A promise for people, with the session that breaks it.
 */
#include <stdlib.h>
#include <string.h>

#include "milter/explanation.h"
#include "milter/labelled.h"
#include "milter/proof_print.h"
#include "policy/ruleset.h"
#include "rules/load.h"
#include "rules/shell.h"

static bool is_option(const char *word)
{
	return strncmp(word, "--", 2) == 0;
}

/* Writes the command line, an option with its value in one line. */
static void print_command(const struct proof *proof, const char *const *words, size_t count)
{
	FILE *stream = proof->stream;
	size_t column;

	fputs("    sallyport explain -c ", stream);
	column = 25 + shell_print(proof->path, stream);
	for (size_t i = 0; i < count; i++) {
		bool value = i + 1 < count && is_option(words[i]) && !is_option(words[i + 1]);
		size_t length = strlen(words[i]) + (value ? 3 + strlen(words[i + 1]) : 0);

		if (column + 1 + length + 2 > COLUMNS && is_option(words[i])) {
			fputs(" \\\n       ", stream);
			column = 7;
		}
		fputc(' ', stream);
		column += 1 + shell_print(words[i], stream);
	}
	fputc('\n', stream);
}

/* Writes each line set in. */
static void print_set_in(const char *text, FILE *stream)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		fprintf(stream, "%s%.*s\n", length > 0 ? "    " : "", (int)length, text);
		text += length;
		text += *text == '\n';
	}
}

/* Judges the session, and prints it step by step. */
static bool print_steps(const struct proof *proof, const struct witness *witness)
{
	struct recipient recipient = {.address = witness->recipient, .resolved = witness->resolved};
	struct scenario scenario = {
	    .connection = {.listener = witness->listener->name,
	                   .local = witness->local,
	                   .has_client = true,
	                   .client = witness->client,
	                   .client_name_state = client_name_state(witness->client_name),
	                   .client_name = witness->client_name},
	    .helo = witness->helo,
	    .envelope = {.sender = witness->sender != NULL ? witness->sender : "<>",
	                 .user = witness->user,
	                 .mechanism = witness->mechanism,
	                 .tls_bits = witness->tls_bits,
	                 .size_declared = witness->size > 0,
	                 .size = witness->size},
	    .recipients = &recipient,
	    .recipient_count = 1,
	};
	struct explanation explanation;
	struct piece piece;

	if (!explanation_judge(proof->rules->ruleset, &scenario, &explanation))
		return false;
	if (!piece_open(&piece)) {
		explanation_destroy(&explanation);
		return false;
	}
	explanation_print(&explanation, piece.stream, proof->colour);
	explanation_destroy(&explanation);
	if (!piece_close(&piece))
		return false;
	print_set_in(piece.text, proof->stream);
	free(piece.text);
	return true;
}

bool proof_print_promise(struct proof *proof, const struct proof_promise *promise)
{
	static const struct {
		const char *label;
		const char *text;
	} rows[] = {
	    [PROMISE_HOLDS] = {"holds", ""},
	    [PROMISE_BROKEN] = {"BROKEN", "by this session:"},
	    [PROMISE_NOT_PROVED] = {"NOT PROVED",
	                            "it may be broken where regular expressions find, or do not find, texts of "
	                            "which no example was found, or there was more to try than a proof does"},
	    [PROMISE_NO_MEMORY] = {"NOT PROVED", "there is not enough memory"},
	};
	const struct promise *of = promise->promise;
	const char *text = rows[promise->state].text;
	const char *words[WITNESS_WORDS];
	struct witness_room room;
	struct piece piece;

	fputs(proof->promises++ == 0 ? "\npromises\n" : "", proof->stream);
	if (!piece_open(&piece))
		return false;
	fprintf(piece.stream, "%s, %s:%u%s%s", of->rule.label, of->rule.where.file, of->rule.where.line,
	        *text != '\0' ? ", " : "", text);
	if (!label_piece(proof->stream, rows[promise->state].label, promise->state != PROMISE_HOLDS && proof->colour,
	                 &piece))
		return false;
	if (promise->state != PROMISE_BROKEN)
		return true;
	fputc('\n', proof->stream);
	print_command(proof, words, witness_words(&promise->witness, &room, words));
	fputc('\n', proof->stream);
	if (!print_steps(proof, &promise->witness))
		return false;
	fputc('\n', proof->stream);
	return true;
}
