/*
 * A proof as one JSON object.  It is written piece by piece: a tree of a million
 * networks would take more memory than the proof.
 */
#include <stdlib.h>
#include <string.h>

#include "milter/json.h"
#include "milter/proof_print.h"
#include "policy/ruleset.h"
#include "rules/wording.h"

static const char *truth(bool flag)
{
	return flag ? "true" : "false";
}

/* What must hold.  Nothing is left out: rows must be told apart. */
static bool write_when(const struct proof *proof, const struct relayers *relayers, const struct party *who)
{
	struct wording wording = {.sides = {proof->rules}, .listener = relayers->listener->name};
	static const char *const none[] = {NULL};
	struct texts texts;
	bool sound;

	if (!wording_clauses(&wording, &who->when, &texts))
		return false;
	sound = json_write_texts(texts.count > 0 ? (const char *const *)texts.list : none, texts.count, proof->stream);
	texts_destroy(&texts);
	return sound;
}

static bool write_by(const struct party *who, FILE *stream)
{
	bool sound = true;

	fputc('[', stream);
	for (size_t i = 0; i < who->by_count && sound; i++) {
		char *place;

		fputs(i == 0 ? "" : ", ", stream);
		if (asprintf(&place, "%s:%u", who->by[i]->file, who->by[i]->line) < 0)
			return false;
		sound = json_write_text(place, stream);
		free(place);
	}
	fputc(']', stream);
	return sound;
}

static bool write_row(const struct proof *proof, const struct relayers *relayers, const struct relay_row *row)
{
	FILE *stream = proof->stream;
	bool sound;

	fprintf(stream, "\n        {\"authenticated\": %s,\n         \"clients\": ", truth(row->authenticated));
	json_write_networks(&row->who.clients, stream);
	fputs(",\n         \"users\": ", stream);
	sound = json_write_texts(row->who.users, row->who.user_count, stream);
	fputs(",\n         \"when\": ", stream);
	sound = sound && write_when(proof, relayers, &row->who);
	fputs(",\n         \"by\": ", stream);
	sound = sound && write_by(&row->who, stream);
	fputc('}', stream);
	return sound;
}

/* What would be a false proof if it were left out. */
static void write_unproved(const struct relayers *relayers, FILE *stream)
{
	bool any = false;

	if (relayers->incomplete)
		fputs(",\n      \"incomplete\": true", stream);
	for (unsigned i = 0; i < 2; i++) {
		if (relayers->unproved[i].count == 0)
			continue;
		fprintf(stream, "%s\n        {\"authenticated\": %s,\n         \"clients\": ",
		        any ? "," : ",\n      \"unproved\": [", truth(i == 1));
		json_write_networks(&relayers->unproved[i], stream);
		fputc('}', stream);
		any = true;
	}
	fputs(any ? "]" : "", stream);
}

static bool begin(struct proof *proof)
{
	fputs("{\n  \"listeners\": [", proof->stream);
	return true;
}

static bool print_listener(struct proof *proof, const struct relayers *relayers)
{
	FILE *stream = proof->stream;
	bool sound;

	fprintf(stream, "%s\n    {\"name\": ", proof->listeners++ == 0 ? "" : ",");
	sound = json_write_text(relayers->listener->name, stream);
	fputs(",\n      \"relay\": [", stream);
	for (size_t i = 0; i < relayers->count && sound; i++) {
		fputs(i == 0 ? "" : ",", stream);
		sound = write_row(proof, relayers, &relayers->rows[i]);
	}
	fputc(']', stream);
	write_unproved(relayers, stream);
	fputc('}', stream);
	return sound;
}

static void open_promises(const struct proof *proof)
{
	if (proof->promises == 0)
		fputs("],\n  \"never\": [", proof->stream);
}

static bool print_promise(struct proof *proof, const struct proof_promise *promise)
{
	FILE *stream = proof->stream;
	const char *words[WITNESS_WORDS];
	struct witness_room room;
	bool sound;

	open_promises(proof);
	fprintf(stream, "%s\n    {\"name\": ", proof->promises++ == 0 ? "" : ",");
	sound = json_write_text(promise->promise->name, stream);
	fprintf(stream, ", \"holds\": %s,\n      \"session\": ", truth(promise->state == PROMISE_HOLDS));
	if (promise->state == PROMISE_BROKEN)
		sound = sound && json_write_texts(words, witness_words(&promise->witness, &room, words), stream);
	else
		fputs("null", stream);
	fputc('}', stream);
	return sound;
}

static bool end(struct proof *proof)
{
	open_promises(proof);
	fputs("]\n}\n", proof->stream);
	return true;
}

const struct proof_printer proof_json = {begin, print_listener, print_promise, end};
