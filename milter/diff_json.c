/*
 * Differences as a JSON list, written piece by piece as a proof is.
 */
#include <jansson.h>

#include "milter/diff_print.h"
#include "milter/json.h"
#include "policy/limits.h"
#include "policy/ruleset.h"
#include "rules/wording.h"

static const char *truth(bool flag)
{
	return flag ? "true" : "false";
}

static bool write_judgment(const struct difference *difference, enum compare_side side, FILE *stream)
{
	const struct listener *listener = difference->listeners[side];
	const struct decision *decision = &difference->decisions[side];
	char room[LIMIT_REPLY + 32];

	return json_write(json_pack("{s:o, s:s, s:o}", "listener", json_text(listener != NULL ? listener->name : NULL),
	                            "verdict", verdict_name(decision->verdict), "reply",
	                            json_text(difference_reply(decision, room, sizeof room))),
	                  stream);
}

static bool write_when(const struct diff *diff, const struct difference *difference)
{
	static const char *const now_local = "the recipient was relay, and is local now";
	static const char *const now_relay = "the recipient was local, and is relay now";
	static const char *const none[] = {NULL};
	struct texts texts;
	bool sound = true;

	if (!difference_when(diff, difference, 0, &texts))
		return false;
	if (difference->relay[SIDE_OLD] != difference->relay[SIDE_NEW])
		sound = texts_add(&texts, difference->relay[SIDE_NEW] ? now_relay : now_local);
	sound = sound &&
	        json_write_texts(texts.count > 0 ? (const char *const *)texts.list : none, texts.count, diff->stream);
	texts_destroy(&texts);
	return sound;
}

static bool write_row(const struct diff *diff, const struct difference *difference)
{
	const struct party *who = &difference->who;
	FILE *stream = diff->stream;
	bool sound;

	fputs("\n  {\"listener\": ", stream);
	sound = json_write_text(difference_listener(difference)->name, stream);
	fprintf(stream, ", \"local\": %s,\n   \"clients\": ", truth(difference->local));
	json_write_networks(difference_clients(difference), stream);
	fprintf(stream, ",\n   \"authenticated\": %s, \"users\": ", truth(difference->authenticated));
	sound = sound && json_write_texts(who->users, who->user_count, stream);
	fprintf(stream, ", \"relay\": %s,\n   \"when\": ", truth(difference->relay[SIDE_NEW]));
	sound = sound && write_when(diff, difference);
	fputs(",\n   \"old\": ", stream);
	sound = sound && write_judgment(difference, SIDE_OLD, stream);
	fputs(",\n   \"new\": ", stream);
	sound = sound && write_judgment(difference, SIDE_NEW, stream);
	/* What would be taken for shown if it were left out. */
	if (who->clients.count == 0) {
		fputs(",\n   \"unproved\": true", stream);
		fputs(difference->besides ? ", \"besides\": true" : "", stream);
	}
	fputc('}', stream);
	return sound;
}

bool diff_print_json(const struct diff *diff)
{
	FILE *stream = diff->stream;
	size_t count = diff->comparison->count;
	bool sound = true;

	fputc('[', stream);
	for (size_t i = 0; i < count && sound; i++) {
		fputs(i == 0 ? "" : ",", stream);
		sound = write_row(diff, &diff->comparison->list[i]);
	}
	if (diff->comparison->incomplete)
		fprintf(stream, "%s\n  {\"incomplete\": true}", count > 0 ? "," : "");
	fputs("]\n", stream);
	return sound;
}
