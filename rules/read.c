#include "rules/read.h"

#include <stdlib.h>
#include <string.h>

#include "rules/endpoint.h"
#include "rules/fault.h"
#include "rules/schema.h"
#include "rules/source.h"
#include "rules/tables.h"

#define ROWS(array) (sizeof(array) / sizeof *(array))

static const char *list_mode_word(unsigned index)
{
	return index < LIST_MODE_COUNT ? list_mode_name((enum list_mode)index) : NULL;
}

static const char *auth_mode_word(unsigned index)
{
	return index < AUTH_MODE_COUNT ? auth_mode_name((enum auth_mode)index) : NULL;
}

static const char *direction_word(unsigned index)
{
	return index < DIRECTION_COUNT ? direction_name((enum direction)index) : NULL;
}

static const char *resolved_word(unsigned index)
{
	static const char *const words[] = {"judge", "ignore"};

	return index < ROWS(words) ? words[index] : NULL;
}

static const char *log_word(unsigned index)
{
	static const char *const words[] = {"text", "json"};

	return index < ROWS(words) ? words[index] : NULL;
}

static const char *nat_watch_word(unsigned index)
{
	return index < NAT_WATCH_COUNT ? nat_watch_name((enum nat_watch)index) : NULL;
}

static const char *verdict_word(unsigned index)
{
	return index < VERDICT_COUNT ? verdict_name((enum verdict)index) : NULL;
}

static const char *stage_word(unsigned index)
{
	return index < STAGE_COUNT ? stage_name((enum stage)index) : NULL;
}

/* A member of struct model_block. */
#define BLOCK(field) .offset = offsetof(struct model_block, field)

static const struct setting connection_settings[] = {
    {.name = "mode", .required = true, .read = schema_word, BLOCK(list_mode), .word = list_mode_word},
    {.name = "clients", .read = schema_value, BLOCK(clients), .kind = VALUE_NETWORK},
    {.name = "names", .read = schema_value, BLOCK(names), .kind = VALUE_NAME},
    {.name = "reply", .read = schema_string, BLOCK(reply.text)},
};

static const struct setting auth_settings[] = {
    {.name = "mode", .read = schema_word, BLOCK(auth_mode), .word = auth_mode_word},
    {.name = "users", .read = schema_value, BLOCK(users), .kind = VALUE_LOGIN},
    {.name = "mechanisms", .read = schema_value, BLOCK(mechanisms), .kind = VALUE_WORD},
    {.name = "tls", .read = schema_tls, BLOCK(tls_bits)},
    {.name = "reply", .read = schema_string, BLOCK(reply.text)},
};

static const struct setting relay_settings[] = {
    {.name = "mode", .required = true, .read = schema_word, BLOCK(list_mode), .word = list_mode_word},
    {.name = "clients", .read = schema_value, BLOCK(clients), .kind = VALUE_NETWORK},
    {.name = "names", .read = schema_value, BLOCK(names), .kind = VALUE_NAME},
    {.name = "authenticated", .read = schema_flag, BLOCK(authenticated)},
    {.name = "users", .read = schema_value, BLOCK(users), .kind = VALUE_LOGIN},
    {.name = "reply", .read = schema_string, BLOCK(reply.text)},
};

static const struct schema connection_schema = {"the connection block", connection_settings, ROWS(connection_settings)};
static const struct schema auth_schema = {"the auth block", auth_settings, ROWS(auth_settings)};
static const struct schema relay_schema = {"the relay block", relay_settings, ROWS(relay_settings)};

static bool is_group(struct reading *reading, const config_setting_t *given)
{
	if (config_setting_type(given) == CONFIG_TYPE_GROUP)
		return true;
	diagnostics_error(reading->diagnostics, reading_where(reading, given),
	                  "\"%s\" must be a group, { ... }, not %s", config_setting_name(given), reading_type(given));
	return false;
}

static void read_block(struct reading *reading, const struct schema *schema, const config_setting_t *given,
                       enum stage stage, struct model_block *block)
{
	if (!is_group(reading, given))
		return;
	block->given = true;
	block->where = reading_where(reading, given);
	schema_read(reading, schema, given, block, NULL);
	read_reply(reading, given, VERDICT_REJECT, stage, &block->reply);
}

static void read_connection(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                            void *field)
{
	(void)setting;
	read_block(reading, &connection_schema, given, STAGE_CONNECT, field);
}

static void read_auth(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                      void *field)
{
	(void)setting;
	read_block(reading, &auth_schema, given, STAGE_MAIL, field);
}

static void read_relay(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                       void *field)
{
	struct model_block *block = field;

	(void)setting;
	read_block(reading, &relay_schema, given, STAGE_RCPT, block);
	if (block->given && block->list_mode == MODE_ALL_EXCEPT && block->names.given)
		diagnostics_error(
		    reading->diagnostics, block->names.where,
		    "\"names\" cannot stand in a relay block of mode \"all-except\": a client could leave the list "
		    "by hiding its name; list its networks in \"clients\"");
	if (block->given && block->users.given && !block->authenticated)
		diagnostics_error(
		    reading->diagnostics, block->users.where,
		    "\"users\" in a relay block says which logins may relay; write authenticated = true too");
}

/* One port. */
static void read_port(struct reading *reading, const config_setting_t *given, struct model_match *match)
{
	static const struct setting port = {.name = "port", .least = 1, .most = 65535};
	uint64_t number = 0;

	schema_number(reading, &port, given, &number);
	match->ports[match->port_count++] = (unsigned)number;
}

/* Warns of an empty list: the listener matches nothing. */
static void warn_of_none(struct reading *reading, const struct setting *setting, const config_setting_t *given)
{
	if (config_setting_type(given) == CONFIG_TYPE_ARRAY && config_setting_length(given) == 0)
		diagnostics_warning(
		    reading->diagnostics, reading_where(reading, given),
		    "\"%s\" names none, and so this listener can never be chosen; name one, or take it out",
		    setting->name);
}

static void read_ports(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                       void *field)
{
	struct model_match *match = field;
	bool array = config_setting_type(given) == CONFIG_TYPE_ARRAY;
	int count = array ? config_setting_length(given) : 1;

	match->ports_given = true;
	match->ports = reading_take(reading, (size_t)count, sizeof *match->ports);
	for (int i = 0; match->ports != NULL && i < count; i++)
		read_port(reading, array ? config_setting_get_elem(given, (unsigned)i) : given, match);
	warn_of_none(reading, setting, given);
}

static void read_addresses(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                           void *field)
{
	value_read(reading, given, setting->kind, field);
	warn_of_none(reading, setting, given);
}

static void read_daemons(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                         void *field)
{
	struct value *daemons = field;

	value_read(reading, given, setting->kind, daemons);
	for (size_t i = 0; i < daemons->count; i++)
		if (daemons->entries[i].take_out)
			diagnostics_error(reading->diagnostics, daemons->entries[i].where,
			                  "\"!%s\": names of daemons are listed, not taken out",
			                  daemons->entries[i].of.text);
	warn_of_none(reading, setting, given);
}

static const struct setting match_settings[] = {
    {.name = "daemon", .read = read_daemons, .offset = offsetof(struct model_match, daemons), .kind = VALUE_WORD},
    {.name = "address",
     .read = read_addresses,
     .offset = offsetof(struct model_match, addresses),
     .kind = VALUE_NETWORK},
    {.name = "port", .read = read_ports},
    {.name = "local", .read = schema_flag, .offset = offsetof(struct model_match, local)},
};
static const struct schema match_schema = {"match", match_settings, ROWS(match_settings)};

static void read_match(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                       void *field)
{
	struct model_match *match = field;

	(void)setting;
	if (!is_group(reading, given))
		return;
	match->given = true;
	schema_read(reading, &match_schema, given, match, NULL);
}

/* The rules of a stage: the setting's name is the stage's. */
static void read_stage(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                       void *field)
{
	enum stage stage;

	if (stage_from_name(setting->name, &stage))
		read_rules(reading, given, stage, field);
}

/* A member of struct model_listener. */
#define LISTENER(field) .offset = offsetof(struct model_listener, field)

static const struct setting listener_settings[] = {
    {.name = "name", .required = true, .read = schema_text, LISTENER(name)},
    {.name = "direction", .required = true, .read = schema_word, LISTENER(direction), .word = direction_word},
    {.name = "match", .read = read_match, LISTENER(match)},
    {.name = "resolved", .read = schema_word, LISTENER(resolved), .word = resolved_word},
    {.name = "connection", .read = read_connection, LISTENER(connection)},
    {.name = "auth", .read = read_auth, LISTENER(auth)},
    {.name = "relay", .read = read_relay, LISTENER(relay)},
    {.name = "connect", .read = read_stage, LISTENER(stages[STAGE_CONNECT])},
    {.name = "helo", .read = read_stage, LISTENER(stages[STAGE_HELO])},
    {.name = "mail", .read = read_stage, LISTENER(stages[STAGE_MAIL])},
    {.name = "rcpt", .read = read_stage, LISTENER(stages[STAGE_RCPT])},
    {.name = "data", .read = read_stage, LISTENER(stages[STAGE_DATA])},
};
static const struct schema listener_schema = {"a listener", listener_settings, ROWS(listener_settings)};

static const struct model_listener *listener_named(const struct model *model, const char *name)
{
	for (size_t i = 0; i < model->listener_count; i++)
		if (model->listeners[i].name != NULL && strcmp(model->listeners[i].name, name) == 0)
			return &model->listeners[i];
	return NULL;
}

/* Elements of a list that must be groups. */
static bool is_list(struct reading *reading, const config_setting_t *given, const char *what)
{
	if (config_setting_type(given) == CONFIG_TYPE_LIST)
		return true;
	diagnostics_error(reading->diagnostics, reading_where(reading, given),
	                  "\"%s\" must be a list of %s, ( { ... }, { ... } ), not %s", config_setting_name(given), what,
	                  reading_type(given));
	return false;
}

static bool is_element(struct reading *reading, const config_setting_t *element, const char *what)
{
	if (config_setting_type(element) == CONFIG_TYPE_GROUP)
		return true;
	diagnostics_error(reading->diagnostics, reading_where(reading, element), "%s is a group, { ... }, not %s", what,
	                  reading_type(element));
	return false;
}

static void read_listener(struct reading *reading, const config_setting_t *given)
{
	struct model *model = reading->model;
	struct model_listener *listener = &model->listeners[model->listener_count];
	const struct model_listener *same;

	listener->where = reading_where(reading, given);
	schema_read(reading, &listener_schema, given, listener, NULL);
	same = listener->name != NULL ? listener_named(model, listener->name) : NULL;
	if (same != NULL)
		diagnostics_error(reading->diagnostics, listener->where,
		                  "a listener is named \"%s\" already, at %s:%u; names are unique", listener->name,
		                  same->where.file, same->where.line);
	model->listener_count++;
}

static void read_listeners(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                           void *field)
{
	struct model *model = reading->model;

	(void)setting;
	(void)field;
	if (!is_list(reading, given, "listeners"))
		return;
	if (config_setting_length(given) == 0)
		diagnostics_error(reading->diagnostics, reading_where(reading, given),
		                  "there is no listener, and so all mail would be put off; write one");
	model->listeners = reading_take(reading, (size_t)config_setting_length(given), sizeof *model->listeners);
	for (int i = 0; model->listeners != NULL && i < config_setting_length(given); i++) {
		const config_setting_t *element = config_setting_get_elem(given, (unsigned)i);

		if (is_element(reading, element, "a listener"))
			read_listener(reading, element);
	}
}

static void read_size(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                      void *field)
{
	struct example *example = field;

	schema_number(reading, setting, given, &example->size);
	example->size_declared = true;
}

/* A member of struct example. */
#define EXAMPLE(field) .offset = offsetof(struct example, field)

static const struct setting example_settings[] = {
    {.name = "listener", .required = true, .read = schema_text, EXAMPLE(listener)},
    {.name = "client", .required = true, .read = schema_text, EXAMPLE(client)},
    {.name = "address", .read = schema_text, EXAMPLE(address)},
    {.name = "client_name", .read = schema_text, EXAMPLE(client_name)},
    {.name = "helo", .read = schema_string, EXAMPLE(helo)},
    {.name = "user", .read = schema_string, EXAMPLE(user)},
    {.name = "mechanism", .read = schema_string, EXAMPLE(mechanism)},
    {.name = "tls", .read = schema_number, EXAMPLE(tls_bits), .most = 65535},
    {.name = "size", .read = read_size, .most = INT64_MAX},
    {.name = "sender", .read = schema_string, EXAMPLE(sender)},
    {.name = "recipient", .read = schema_string, EXAMPLE(recipient)},
    {.name = "resolved", .read = schema_string, EXAMPLE(resolved)},
    {.name = "verdict", .required = true, .read = schema_word, EXAMPLE(verdict), .word = verdict_word},
    {.name = "reply", .read = schema_string, EXAMPLE(reply)},
    {.name = "stage", .read = schema_word, EXAMPLE(stage), .word = stage_word},
};
static const struct schema example_schema = {"an example", example_settings, ROWS(example_settings)};

static void check_address(struct reading *reading, const config_setting_t *group, const char *name, const char *text)
{
	struct address address;

	if (text != NULL && !address_from_text(text, &address))
		diagnostics_error(reading->diagnostics, reading_where(reading, config_setting_get_member(group, name)),
		                  "\"%s\" is not an address; write one as \"192.0.2.7\" or \"2001:db8::7\"", text);
}

static void read_example(struct reading *reading, const config_setting_t *given)
{
	struct model *model = reading->model;
	struct example *example = &model->examples[model->example_count++];

	example->where = reading_where(reading, given);
	example->stage = (enum stage)STAGE_COUNT;
	schema_read(reading, &example_schema, given, example, NULL);
	check_address(reading, given, "client", example->client);
	check_address(reading, given, "address", example->address);
	if (example->resolved != NULL && example->recipient == NULL)
		diagnostics_error(reading->diagnostics, example->where,
		                  "an example with \"resolved\" needs \"recipient\": what the MTA has made of which?");
}

static void read_examples(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                          void *field)
{
	struct model *model = reading->model;

	(void)setting;
	(void)field;
	if (!is_list(reading, given, "example sessions"))
		return;
	model->examples = reading_take(reading, (size_t)config_setting_length(given), sizeof *model->examples);
	for (int i = 0; model->examples != NULL && i < config_setting_length(given); i++) {
		const config_setting_t *element = config_setting_get_elem(given, (unsigned)i);

		if (is_element(reading, element, "an example"))
			read_example(reading, element);
	}
}

static void read_promises(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                          void *field)
{
	struct model *model = reading->model;

	(void)setting;
	(void)field;
	if (!is_list(reading, given, "promises"))
		return;
	model->promises = reading_take(reading, (size_t)config_setting_length(given), sizeof *model->promises);
	for (int i = 0; model->promises != NULL && i < config_setting_length(given); i++) {
		const config_setting_t *element = config_setting_get_elem(given, (unsigned)i);

		if (is_element(reading, element, "a promise"))
			read_promise(reading, element, &model->promises[model->promise_count++]);
	}
}

/* Reads a text, and has it looked at by the reader of its kind. */
static void read_endpoint(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                          const char **field, bool (*read)(const char *, struct endpoint *, struct fault *))
{
	struct endpoint endpoint;
	struct fault fault;

	schema_text(reading, setting, given, field);
	if (*field != NULL && !read(*field, &endpoint, &fault))
		diagnostics_error(reading->diagnostics, reading_where(reading, given), "\"%s\": %s", setting->name,
		                  fault.text);
}

static void read_socket(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                        void *field)
{
	read_endpoint(reading, setting, given, field, endpoint_read);
}

static void read_metrics(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                         void *field)
{
	read_endpoint(reading, setting, given, field, endpoint_read_web);
}

/* The daemon's working directory is whatever started it: a path is from the root. */
static void read_path(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                      void *field)
{
	const char **path = field;

	schema_text(reading, setting, given, field);
	if (*path != NULL && **path != '/')
		diagnostics_error(reading->diagnostics, reading_where(reading, given),
		                  "\"%s\": \"%s\" is not an absolute path; write it from \"/\" on", setting->name,
		                  *path);
}

/* Another rule file, named as a table file is. */
static void read_shadow(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                        void *field)
{
	const char **shadow = field;
	char *path;

	schema_text(reading, setting, given, field);
	if (*shadow == NULL)
		return;
	path = source_path(reading_where(reading, given).file, *shadow);
	reading->model->shadow_path = path != NULL ? reading_text(reading, path) : NULL;
	reading->no_memory |= path == NULL;
	free(path);
}

/* A member of struct model. */
#define FILE_SETTING(field) .offset = offsetof(struct model, field)

static const struct setting file_settings[] = {
    {.name = "networks", .read = schema_elsewhere},
    {.name = "domains", .read = schema_elsewhere},
    {.name = "addresses", .read = schema_elsewhere},
    {.name = "users", .read = schema_elsewhere},
    {.name = "local_domains", .read = schema_value, FILE_SETTING(local_domains), .kind = VALUE_NAME},
    {.name = "listeners", .required = true, .read = read_listeners},
    {.name = "never", .read = read_promises},
    {.name = "expect", .read = read_examples},
    {.name = "socket", .read = read_socket, FILE_SETTING(socket)},
    {.name = "user", .read = schema_text, FILE_SETTING(user)},
    {.name = "group", .read = schema_text, FILE_SETTING(group)},
    {.name = "decisions", .read = read_path, FILE_SETTING(decisions)},
    {.name = "decisions_key", .read = read_path, FILE_SETTING(decisions_key)},
    {.name = "log", .read = schema_word, FILE_SETTING(log), .word = log_word},
    {.name = "metrics", .read = read_metrics, FILE_SETTING(metrics)},
    {.name = "nat_watch", .read = schema_word, FILE_SETTING(nat_watch), .word = nat_watch_word},
    {.name = "shadow", .read = read_shadow, FILE_SETTING(shadow)},
};
static const struct schema file_schema = {"a rule file", file_settings, ROWS(file_settings)};

static void check_listener(struct reading *reading, const char *name, struct location where)
{
	if (name != NULL && listener_named(reading->model, name) == NULL)
		diagnostics_error(reading->diagnostics, where, "no listener is named \"%s\"", name);
}

/* Promises and examples name listeners that may stand below them. */
static void check_listeners(struct reading *reading)
{
	const struct model *model = reading->model;

	for (size_t i = 0; i < model->promise_count; i++)
		check_listener(reading, model->promises[i].listener, model->promises[i].rule.where);
	for (size_t i = 0; i < model->example_count; i++)
		check_listener(reading, model->examples[i].listener, model->examples[i].where);
}

void read_file(struct reading *reading, const config_setting_t *root)
{
	tables_read(reading, root);
	schema_read(reading, &file_schema, root, reading->model, NULL);
	check_listeners(reading);
}
