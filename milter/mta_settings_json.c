/*
 * The settings as one JSON object: each file as it is, and what stands in comments for people.
 */
#include <assert.h>
#include <stdlib.h>

#include "milter/json.h"
#include "milter/mta_settings.h"
#include "policy/limits.h"
#include "policy/network.h"
#include "policy/ruleset.h"
#include "rules/piece.h"
#include "rules/wording.h"

static const char *const gap_kinds[] = {
    [GAP_CONDITION] = "condition",
    [GAP_UNPROVED] = "unproved",
    [GAP_DATA] = "data",
    [GAP_LOOPBACK] = "loopback",
    [GAP_OTHER_LISTENER] = "other-listener",
    [GAP_LOGIN_ELSEWHERE] = "login-elsewhere",
    [GAP_SUBMITTED] = "submitted",
};
static_assert(sizeof gap_kinds / sizeof *gap_kinds == WALL_GAP_KIND_COUNT, "every kind of gap has a name");

/* Adds a new value to a list; returns false where there is no memory for either. */
static bool append(json_t *list, json_t *value)
{
	return list != NULL && json_array_append_new(list, value) == 0;
}

static json_t *text_of(const struct mta_settings *settings, const struct mta_file *file)
{
	struct piece piece;
	json_t *value;
	bool printed;

	if (!piece_open(&piece))
		return NULL;
	printed = file->print(settings, file, piece.stream);
	if (!piece_close(&piece))
		return NULL;
	value = printed ? json_text(piece.text) : NULL;
	free(piece.text);
	return value;
}

static json_t *json_networks(const struct networks *networks)
{
	json_t *list = json_array();

	for (size_t i = 0; i < networks->count; i++) {
		char text[LIMIT_NETWORK_TEXT];

		network_to_text(&networks->list[i], text);
		if (!append(list, json_string(text))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *json_service(const struct wall_service *service)
{
	char address[LIMIT_NETWORK_TEXT];

	network_to_text(&service->address, address);
	return json_pack("{s:o, s:i, s:s?, s:b}", "daemon", json_text(service->daemon), "port", (int)service->port,
	                 "address", service->bound ? address : NULL, "complete", service->lack == LACK_NOTHING);
}

static json_t *json_services(const struct second_wall *wall, const struct wall_listener *of)
{
	json_t *list = json_array();

	for (size_t i = 0; i < wall->service_count; i++)
		if (wall->services[i].of == of && !append(list, json_service(&wall->services[i]))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *json_gap(const struct mta_settings *settings, const struct wall_gap *gap)
{
	char *when = gap->row != NULL ? mta_row_when(settings, gap->of->relayers, gap->row) : NULL;
	json_t *value;

	if (gap->row != NULL && when == NULL)
		return NULL;
	value =
	    json_pack("{s:s, s:b, s:o, s:o}", "kind", gap_kinds[gap->kind], "authenticated", gap->authenticated,
	              "clients", json_networks(&gap->clients), "when", when != NULL ? json_text(when) : json_null());
	free(when);
	return value;
}

static json_t *json_gaps(const struct mta_settings *settings, const struct wall_listener *of)
{
	const struct second_wall *wall = settings->wall;
	json_t *list = json_array();

	for (size_t i = 0; i < wall->gap_count; i++)
		if (wall->gaps[i].of == of && !append(list, json_gap(settings, &wall->gaps[i]))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *json_listener(const struct mta_settings *settings, const struct wall_listener *of)
{
	return json_pack("{s:o, s:o, s:o, s:b, s:b, s:b, s:o}", "name", json_text(of->listener->name), "services",
	                 json_services(settings->wall, of), "clients", json_networks(&of->by_address), "logins",
	                 of->with_login.count > 0, "login-demanded", of->demands_login, "incomplete",
	                 of->relayers->incomplete, "unasked", json_gaps(settings, of));
}

static json_t *json_listeners(const struct mta_settings *settings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < settings->wall->count; i++)
		if (!append(list, json_listener(settings, &settings->wall->listeners[i]))) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *json_files(const struct mta_settings *settings, const struct mta_files *files)
{
	json_t *list = json_array();

	for (size_t i = 0; i < files->count; i++) {
		const struct mta_file *file = &files->list[i];

		if (!append(list, json_pack("{s:s, s:o}", "name", file->name, "text", text_of(settings, file)))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

bool mta_settings_json(const struct mta_kind *kind, const struct mta_settings *settings, const struct mta_files *files,
                       FILE *stream)
{
	const struct wall_listener *local = settings->wall->local;
	json_t *root = json_pack("{s:s, s:o, s:o, s:o}", "mta", kind->name, "files", json_files(settings, files),
	                         "listeners", json_listeners(settings), "local",
	                         local != NULL ? json_text(local->listener->name) : json_null());
	bool sound =
	    root != NULL && (json_dumpf(root, stream, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0 || ferror(stream));

	json_decref(root);
	fputc('\n', stream);
	return sound;
}
