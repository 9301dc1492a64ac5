/*
 * A replay for programs: one object.
 */
#include <jansson.h>

#include "milter/json.h"
#include "milter/ledger/changes.h"
#include "milter/ledger/replay_print.h"
#include "milter/moment.h"

static json_t *json_side(const struct change_side *side)
{
	return json_pack("{s:s, s:o, s:o, s:o}", "verdict", verdict_name(side->verdict), "reply",
	                 json_text(side->reply), "rule", json_text(side->rule), "by", json_text(side->by));
}

static json_t *json_example(const struct change_example *example)
{
	char time[MOMENT_TEXT];

	moment_to_text(example->time, time);
	return json_pack("{s:s, s:I, s:s, s:s, s:I, s:o, s:o, s:o, s:o}", "file", example->file, "line",
	                 (json_int_t)example->line, "time", time, "session", example->session, "message",
	                 (json_int_t)example->message, "client", json_text(example->client), "user",
	                 json_text(example->user), "sender", json_text(example->sender), "recipient",
	                 json_text(example->recipient));
}

static json_t *json_group(const struct change_group *group)
{
	json_t *examples = json_array();
	bool sound = examples != NULL;

	for (size_t i = 0; sound && i < group->example_count; i++)
		sound = json_array_append_new(examples, json_example(&group->examples[i])) == 0;
	if (!sound) {
		json_decref(examples);
		return NULL;
	}
	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:I, s:I, s:o}", "listener", json_text(group->listener), "stage",
	                 stage_name(group->stage), "relay",
	                 group->stage == STAGE_RCPT ? json_boolean(group->relay) : json_null(), "old",
	                 json_side(&group->old), "new", json_side(&group->new), "count", (json_int_t)group->count,
	                 "messages", (json_int_t)group->messages, "examples", examples);
}

bool replay_print_json(const struct replay *replay, FILE *stream)
{
	json_t *groups = json_array();
	json_t *object = NULL;
	bool sound = groups != NULL;

	for (size_t i = 0; sound && i < changes_count(replay->changes); i++)
		sound = json_array_append_new(groups, json_group(changes_at(replay->changes, i))) == 0;
	if (sound)
		object = json_pack(
		    "{s:I, s:I, s:I, s:I, s:I, s:I, s:O}", "records", (json_int_t)replay->records, "different",
		    (json_int_t)replay->different, "hashed", (json_int_t)replay->results[AGAIN_HASHED], "no_rules",
		    (json_int_t)replay->results[AGAIN_NO_RULES], "left_out", (json_int_t)replay->left_out, "beyond",
		    (json_int_t)changes_beyond(replay->changes), "differences", groups);
	sound = object != NULL && json_dumpf(object, stream, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0 &&
	        fputc('\n', stream) != EOF;
	json_decref(object);
	json_decref(groups);
	return sound;
}
