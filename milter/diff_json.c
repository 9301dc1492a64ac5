/*
 * Differences as a JSON list.
 */
#include <jansson.h>

#include "milter/diff_print.h"
#include "milter/json.h"
#include "policy/limits.h"
#include "policy/network.h"
#include "policy/ruleset.h"
#include "rules/wording.h"

static json_t *network_list(const struct networks *networks)
{
	json_t *list = json_array();

	for (size_t i = 0; i < networks->count; i++) {
		char text[LIMIT_NETWORK_TEXT];

		network_to_text(&networks->list[i], text);
		if (json_array_append_new(list, json_string(text)) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

/* null for NULL. */
static json_t *text_list(const char *const *texts, size_t count)
{
	json_t *list = texts != NULL ? json_array() : json_null();

	for (size_t i = 0; i < count; i++) {
		if (json_array_append_new(list, json_text(texts[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *judgment(const struct difference *difference, enum compare_side side)
{
	const struct listener *listener = difference->listeners[side];
	const struct decision *decision = &difference->decisions[side];
	char room[LIMIT_REPLY + 32];

	return json_pack("{s:o, s:s, s:o}", "listener", json_text(listener != NULL ? listener->name : NULL), "verdict",
	                 verdict_name(decision->verdict), "reply",
	                 json_text(difference_reply(decision, room, sizeof room)));
}

static json_t *when(const struct diff *diff, const struct difference *difference)
{
	static const char *const now_local = "the recipient was relay, and is local now";
	static const char *const now_relay = "the recipient was local, and is relay now";
	struct texts texts;
	json_t *list;

	if (!difference_when(diff, difference, 0, &texts))
		return NULL;
	if (difference->relay[SIDE_OLD] != difference->relay[SIDE_NEW] &&
	    !texts_add(&texts, difference->relay[SIDE_NEW] ? now_relay : now_local)) {
		texts_destroy(&texts);
		return NULL;
	}
	list = texts.count > 0 ? text_list((const char *const *)texts.list, texts.count) : json_array();
	texts_destroy(&texts);
	return list;
}

/* What would be taken for shown if it were left out. */
static bool mark_unproved(json_t *object, const struct difference *difference)
{
	return json_object_set_new(object, "unproved", json_true()) == 0 &&
	       (!difference->besides || json_object_set_new(object, "besides", json_true()) == 0);
}

static json_t *row(const struct diff *diff, const struct difference *difference)
{
	const struct party *who = &difference->who;
	json_t *object = json_pack("{s:o, s:b, s:o, s:b, s:o, s:b, s:o, s:o, s:o}", "listener",
	                           json_text(difference_listener(difference)->name), "local", difference->local,
	                           "clients", network_list(difference_clients(difference)), "authenticated",
	                           difference->authenticated, "users", text_list(who->users, who->user_count), "relay",
	                           difference->relay[SIDE_NEW], "when", when(diff, difference), "old",
	                           judgment(difference, SIDE_OLD), "new", judgment(difference, SIDE_NEW));

	if (object != NULL && who->clients.count == 0 && !mark_unproved(object, difference)) {
		json_decref(object);
		return NULL;
	}
	return object;
}

bool diff_print_json(const struct diff *diff)
{
	json_t *list = json_array();
	bool done = list != NULL;

	for (size_t i = 0; i < diff->comparison->count && done; i++)
		done = json_array_append_new(list, row(diff, &diff->comparison->list[i])) == 0;
	if (diff->comparison->incomplete && done)
		done = json_array_append_new(list, json_pack("{s:b}", "incomplete", true)) == 0;
	done = done &&
	       (json_dumpf(list, diff->stream, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0 || ferror(diff->stream) != 0);
	fputc('\n', diff->stream);
	json_decref(list);
	return done;
}
