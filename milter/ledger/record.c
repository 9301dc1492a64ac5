#include "milter/ledger/record.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "milter/json.h"
#include "milter/moment.h"
#include "policy/arena.h"
#include "policy/limits.h"
#include "rules/fault.h"

static const char *const kind_names[] = {
    [RECORD_MESSAGE] = "message",
    [RECORD_SESSION] = "session",
};
static_assert(sizeof kind_names / sizeof *kind_names == RECORD_KIND_COUNT, "every kind has a name");

static const char *const end_names[] = {
    [RECORD_ACCEPTED] = "accepted",
    [RECORD_REFUSED] = "refused",
    [RECORD_ABANDONED] = "abandoned",
};
static_assert(sizeof end_names / sizeof *end_names == RECORD_END_COUNT, "every end has a name");

/* The index of the name among so many; returns false, and writes nothing, where it is none of them. */
static bool find_name(const char *const *names, unsigned count, const char *name, unsigned *ret_index)
{
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

const char *record_kind_name(enum record_kind kind)
{
	return kind_names[kind];
}

bool record_kind_from_name(const char *name, enum record_kind *ret_kind)
{
	unsigned index;
	bool found = find_name(kind_names, RECORD_KIND_COUNT, name, &index);

	if (found)
		*ret_kind = (enum record_kind)index;
	return found;
}

const char *record_end_name(enum record_end end)
{
	return end_names[end];
}

bool record_end_from_name(const char *name, enum record_end *ret_end)
{
	unsigned index;
	bool found = find_name(end_names, RECORD_END_COUNT, name, &index);

	if (found)
		*ret_end = (enum record_end)index;
	return found;
}

/* How a member of a structure stands in the line. */
enum member_type {
	MEMBER_TEXT,    /* const char *; NULL is left out */
	MEMBER_MAILBOX, /* the same, and "" is "<>" */
	MEMBER_NUMBER,  /* unsigned; 0 is left out */
	MEMBER_COUNT,   /* uint64_t; always there, or with a flag where the flag is set */
	MEMBER_FLAG,    /* bool; false is left out */
	MEMBER_MOMENT,  /* uint64_t, as text */
	MEMBER_ADDRESS, /* struct address, with a flag */
	MEMBER_VERDICT,
	MEMBER_STAGE,
	MEMBER_DIRECTION,
	MEMBER_KIND,
	MEMBER_END,
};

/* A member that a line may lack, and then is as a record of nothing has it; or one that it must have. */
enum member_need {
	MEMBER_OPTIONAL,
	MEMBER_NEEDED,
};

struct member {
	const char *name;
	enum member_type type;
	enum member_need need;
	size_t offset;
	size_t flag; /* offset of the flag that says whether it is given; 0: there is none */
};

#define OF_RECORD(member) offsetof(struct record, member)
#define OF_STEP(member) offsetof(struct record_step, member)

/* In the order of the line, between "v" and "stages". */
static const struct member record_members[] = {
    {"time", MEMBER_MOMENT, MEMBER_NEEDED, OF_RECORD(time), 0},
    {"kind", MEMBER_KIND, MEMBER_NEEDED, OF_RECORD(kind), 0},
    {"session", MEMBER_TEXT, MEMBER_NEEDED, OF_RECORD(session), 0},
    {"message", MEMBER_NUMBER, MEMBER_OPTIONAL, OF_RECORD(message), 0},
    {"queue", MEMBER_TEXT, MEMBER_OPTIONAL, OF_RECORD(queue), 0},
    {"generation", MEMBER_NUMBER, MEMBER_OPTIONAL, OF_RECORD(generation), 0},
    {"digest", MEMBER_TEXT, MEMBER_OPTIONAL, OF_RECORD(digest), 0},
    {"microseconds", MEMBER_COUNT, MEMBER_OPTIONAL, OF_RECORD(microseconds), 0},
    {"listener", MEMBER_TEXT, MEMBER_OPTIONAL, OF_RECORD(listener), 0},
    {"direction", MEMBER_DIRECTION, MEMBER_OPTIONAL, OF_RECORD(direction), 0},
    {"local", MEMBER_FLAG, MEMBER_OPTIONAL, OF_RECORD(local), 0},
    {"daemon", MEMBER_TEXT, MEMBER_OPTIONAL, OF_RECORD(daemon), 0},
    {"port", MEMBER_NUMBER, MEMBER_OPTIONAL, OF_RECORD(port), 0},
    {"address", MEMBER_ADDRESS, MEMBER_OPTIONAL, OF_RECORD(address), OF_RECORD(has_address)},
    {"client", MEMBER_ADDRESS, MEMBER_OPTIONAL, OF_RECORD(client), OF_RECORD(has_client)},
    {"client_name", MEMBER_TEXT, MEMBER_OPTIONAL, OF_RECORD(client_name), 0},
    {"helo", MEMBER_TEXT, MEMBER_OPTIONAL, OF_RECORD(helo), 0},
    {"user", MEMBER_TEXT, MEMBER_OPTIONAL, OF_RECORD(user), 0},
    {"mechanism", MEMBER_TEXT, MEMBER_OPTIONAL, OF_RECORD(mechanism), 0},
    {"tls", MEMBER_NUMBER, MEMBER_OPTIONAL, OF_RECORD(tls_bits), 0},
    {"size", MEMBER_COUNT, MEMBER_OPTIONAL, OF_RECORD(size), OF_RECORD(size_declared)},
    {"sender", MEMBER_MAILBOX, MEMBER_OPTIONAL, OF_RECORD(sender), 0},
    {"read_as", MEMBER_TEXT, MEMBER_OPTIONAL, OF_RECORD(reading), 0},
    {"trusted", MEMBER_TEXT, MEMBER_OPTIONAL, OF_RECORD(trusted), 0},
    {"outside", MEMBER_FLAG, MEMBER_OPTIONAL, OF_RECORD(outside), 0},
    {"hashed", MEMBER_FLAG, MEMBER_OPTIONAL, OF_RECORD(hashed), 0},
    {"verdict", MEMBER_VERDICT, MEMBER_NEEDED, OF_RECORD(verdict), 0},
    {"end", MEMBER_END, MEMBER_NEEDED, OF_RECORD(end), 0},
};
#define RECORD_MEMBERS (sizeof record_members / sizeof *record_members)

static const struct member step_members[] = {
    {"stage", MEMBER_STAGE, MEMBER_NEEDED, OF_STEP(stage), 0},
    {"recipient", MEMBER_MAILBOX, MEMBER_OPTIONAL, OF_STEP(recipient), 0},
    {"resolved", MEMBER_TEXT, MEMBER_OPTIONAL, OF_STEP(resolved), 0},
    {"read_as", MEMBER_TEXT, MEMBER_OPTIONAL, OF_STEP(reading), 0},
    {"relay", MEMBER_FLAG, MEMBER_OPTIONAL, OF_STEP(relay), 0},
    {"verdict", MEMBER_VERDICT, MEMBER_NEEDED, OF_STEP(verdict), 0},
    {"rule", MEMBER_TEXT, MEMBER_OPTIONAL, OF_STEP(rule), 0},
    {"by", MEMBER_TEXT, MEMBER_OPTIONAL, OF_STEP(by), 0},
    {"cause", MEMBER_TEXT, MEMBER_OPTIONAL, OF_STEP(cause), 0},
    {"reply", MEMBER_TEXT, MEMBER_OPTIONAL, OF_STEP(reply), 0},
};
#define STEP_MEMBERS (sizeof step_members / sizeof *step_members)

static json_t *json_address(const struct address *address)
{
	char text[LIMIT_NETWORK_TEXT];

	address_to_text(address, text);
	return json_string(text);
}

static json_t *json_moment(uint64_t moment)
{
	char text[MOMENT_TEXT];

	moment_to_text(moment, text);
	return json_string(text);
}

/* JSON's numbers end here, as most readers have them: more is as much as fits. */
static json_t *json_count(uint64_t count)
{
	return json_integer(count < INT64_MAX ? (json_int_t)count : INT64_MAX);
}

/* Whether the member has nothing to say, and is left out. */
static bool left_out(const struct member *member, const void *structure)
{
	const char *at = (const char *)structure + member->offset;

	if (member->flag != 0)
		return !*(const bool *)((const char *)structure + member->flag);
	if (member->type == MEMBER_TEXT || member->type == MEMBER_MAILBOX)
		return *(const char *const *)at == NULL;
	if (member->type == MEMBER_NUMBER)
		return *(const unsigned *)at == 0;
	return member->type == MEMBER_FLAG && !*(const bool *)at;
}

static json_t *member_json(const struct member *member, const void *structure)
{
	const void *at = (const char *)structure + member->offset;
	const char *text;

	switch (member->type) {
	case MEMBER_TEXT:
		return json_text(*(const char *const *)at);
	case MEMBER_MAILBOX:
		text = *(const char *const *)at;
		return json_text(*text == '\0' ? "<>" : text);
	case MEMBER_NUMBER:
		return json_integer(*(const unsigned *)at);
	case MEMBER_COUNT:
		return json_count(*(const uint64_t *)at);
	case MEMBER_FLAG:
		return json_true();
	case MEMBER_MOMENT:
		return json_moment(*(const uint64_t *)at);
	case MEMBER_ADDRESS:
		return json_address(at);
	case MEMBER_VERDICT:
		return json_string(verdict_name(*(const enum verdict *)at));
	case MEMBER_STAGE:
		return json_string(stage_name(*(const enum stage *)at));
	case MEMBER_DIRECTION:
		return json_string(direction_name(*(const enum direction *)at));
	case MEMBER_KIND:
		return json_string(record_kind_name(*(const enum record_kind *)at));
	case MEMBER_END:
		return json_string(record_end_name(*(const enum record_end *)at));
	}
	return NULL;
}

/* Adds the structure's members to the object; returns false where there is no memory. */
static bool add_members(json_t *object, const struct member *members, size_t count, const void *structure)
{
	for (size_t i = 0; i < count; i++) {
		if (!left_out(&members[i], structure) &&
		    json_object_set_new(object, members[i].name, member_json(&members[i], structure)) != 0)
			return false;
	}
	return true;
}

static bool add_steps(json_t *list, const struct record *record)
{
	for (size_t i = 0; i < record->step_count; i++) {
		json_t *object = json_object();

		if (json_array_append_new(list, object) != 0 ||
		    !add_members(object, step_members, STEP_MEMBERS, &record->steps[i]))
			return false;
		/* A recipient that is local says so, as in explain --json. */
		if (record->steps[i].recipient != NULL &&
		    json_object_set_new(object, "relay", json_boolean(record->steps[i].relay)) != 0)
			return false;
	}
	return true;
}

/* As json_dumps, with a newline behind it. */
static char *dump_line(const json_t *object, size_t *ret_length)
{
	const size_t flags = JSON_ENSURE_ASCII | JSON_COMPACT;
	size_t length = json_dumpb(object, NULL, 0, flags);
	char *line = length > 0 ? malloc(length + sizeof "\n") : NULL;

	if (line == NULL)
		return NULL;
	json_dumpb(object, line, length, flags);
	memcpy(line + length, "\n", sizeof "\n");
	*ret_length = length + 1;
	return line;
}

char *record_write(const struct record *record, size_t *ret_length)
{
	json_t *object = json_object();
	json_t *stages = json_array();
	char *line = NULL;
	bool sound = object != NULL && stages != NULL;

	sound = sound && json_object_set_new(object, "v", json_integer(RECORD_VERSION)) == 0;
	sound = sound && add_members(object, record_members, RECORD_MEMBERS, record);
	/* A direction belongs to a listener. */
	if (sound && record->listener == NULL)
		json_object_del(object, "direction");
	sound = sound && add_steps(stages, record);
	sound = sound && json_object_set(object, "stages", stages) == 0;
	if (sound)
		line = dump_line(object, ret_length);
	json_decref(stages);
	json_decref(object);
	return line;
}

static bool wrong(struct fault *ret_fault, const struct member *member, const char *wanted)
{
	return fault_set(ret_fault, "\"%s\" is not %s", member->name, wanted);
}

static bool read_number(const struct member *member, const json_t *value, uint64_t limit, uint64_t *ret_number,
                        struct fault *ret_fault)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 || (uint64_t)json_integer_value(value) > limit)
		return wrong(ret_fault, member, "a number that fits");
	*ret_number = (uint64_t)json_integer_value(value);
	return true;
}

static bool read_text(const char *text, struct arena *arena, const char **ret_text, struct fault *ret_fault)
{
	*ret_text = arena_text(arena, text, strlen(text));
	return *ret_text != NULL || fault_set(ret_fault, "finds no memory");
}

/* Reads a member whose value is a text of some kind. */
static bool read_word(const struct member *member, const char *text, struct arena *arena, void *at,
                      struct fault *ret_fault)
{
	switch (member->type) {
	case MEMBER_TEXT:
		return read_text(text, arena, at, ret_fault);
	case MEMBER_MAILBOX:
		return read_text(strcmp(text, "<>") == 0 ? "" : text, arena, at, ret_fault);
	case MEMBER_MOMENT:
		return moment_from_text(text, at) || wrong(ret_fault, member, "a time (2026-01-31T23:59:59.123Z)");
	case MEMBER_ADDRESS:
		return address_from_text(text, at) || wrong(ret_fault, member, "an IP address");
	case MEMBER_VERDICT:
		return verdict_from_name(text, at) || wrong(ret_fault, member, "a verdict");
	case MEMBER_STAGE:
		return stage_from_name(text, at) || wrong(ret_fault, member, "a stage");
	case MEMBER_DIRECTION:
		return direction_from_name(text, at) || wrong(ret_fault, member, "\"inbound\" or \"outbound\"");
	case MEMBER_KIND:
		return record_kind_from_name(text, at) || wrong(ret_fault, member, "\"message\" or \"session\"");
	case MEMBER_END:
		return record_end_from_name(text, at) ||
		       wrong(ret_fault, member, "\"accepted\", \"refused\" or \"abandoned\"");
	case MEMBER_NUMBER:
	case MEMBER_COUNT:
	case MEMBER_FLAG:
		break;
	}
	return wrong(ret_fault, member, member->type == MEMBER_FLAG ? "true or false" : "a number");
}

static bool read_member(const struct member *member, const json_t *value, struct arena *arena, void *structure,
                        struct fault *ret_fault)
{
	void *at = (char *)structure + member->offset;
	uint64_t number = 0;

	if (member->flag != 0)
		*(bool *)((char *)structure + member->flag) = true;
	if (json_is_string(value))
		return read_word(member, json_string_value(value), arena, at, ret_fault);
	if (member->type == MEMBER_NUMBER) {
		if (!read_number(member, value, UINT32_MAX, &number, ret_fault))
			return false;
		*(unsigned *)at = (unsigned)number;
		return true;
	}
	if (member->type == MEMBER_COUNT)
		return read_number(member, value, INT64_MAX, at, ret_fault);
	if (member->type == MEMBER_FLAG && json_is_boolean(value)) {
		*(bool *)at = json_is_true(value);
		return true;
	}
	return wrong(ret_fault, member, member->type == MEMBER_FLAG ? "true or false" : "a string");
}

static bool read_members(const json_t *object, const struct member *members, size_t count, struct arena *arena,
                         void *structure, struct fault *ret_fault)
{
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(object, members[i].name);

		if (value == NULL && members[i].need == MEMBER_NEEDED)
			return fault_set(ret_fault, "\"%s\" is missing", members[i].name);
		if (value != NULL && !read_member(&members[i], value, arena, structure, ret_fault))
			return false;
	}
	return true;
}

static bool read_steps(const json_t *list, struct arena *arena, struct record *record, struct fault *ret_fault)
{
	struct record_step *steps;

	if (!json_is_array(list))
		return fault_set(ret_fault, "\"stages\" is missing, or not a list");
	record->step_count = json_array_size(list);
	steps = arena_take(arena, record->step_count, sizeof *steps);
	if (steps == NULL)
		return fault_set(ret_fault, "finds no memory");
	for (size_t i = 0; i < record->step_count; i++) {
		const json_t *step = json_array_get(list, i);

		if (!json_is_object(step))
			return fault_set(ret_fault, "\"stages\" has something that is no stage");
		if (!read_members(step, step_members, STEP_MEMBERS, arena, &steps[i], ret_fault))
			return false;
		if (steps[i].stage == STAGE_RCPT && steps[i].recipient == NULL)
			return fault_set(ret_fault, "\"stages\" has a rcpt without its recipient");
	}
	record->steps = steps;
	return true;
}

static bool read_object(const json_t *object, struct arena *arena, struct record *ret_record, struct fault *ret_fault)
{
	const json_t *version = json_object_get(object, "v");
	struct record record = {0};

	if (!json_is_integer(version))
		return fault_set(ret_fault, "is no line of a decision log: it has no \"v\"");
	if (json_integer_value(version) != RECORD_VERSION)
		return fault_set(ret_fault, "is of version %lld of the decision log, and this program reads %d",
		                 (long long)json_integer_value(version), RECORD_VERSION);
	if (!read_members(object, record_members, RECORD_MEMBERS, arena, &record, ret_fault) ||
	    !read_steps(json_object_get(object, "stages"), arena, &record, ret_fault))
		return false;
	*ret_record = record;
	return true;
}

bool record_read(const char *line, size_t length, struct arena *arena, struct record *ret_record,
                 struct fault *ret_fault)
{
	json_error_t error;
	json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &error);
	bool sound;

	if (object == NULL)
		return fault_set(ret_fault, "is not JSON: %s", error.text);
	sound = read_object(object, arena, ret_record, ret_fault);
	json_decref(object);
	return sound;
}
