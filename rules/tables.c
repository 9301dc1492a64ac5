#include "rules/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/arena.h"
#include "policy/limits.h"
#include "policy/room.h"
#include "rules/digest.h"
#include "rules/entry.h"
#include "rules/file.h"
#include "rules/source.h"

/* Entries while their number is not known yet. */
struct gathered {
	struct entry *list;
	size_t count;
};

static void gather(struct reading *reading, enum value_kind kind, const char *text, struct location where,
                   struct gathered *entries)
{
	struct entry *list = room_for_one(entries->list, entries->count, sizeof *list);

	if (list == NULL) {
		reading->no_memory = true;
		return;
	}
	entries->list = list;
	if (entry_read(reading, kind, text, where, &list[entries->count]))
		entries->count++;
}

/* Moves what was gathered into the value; what only takes out is a fault. */
static void settle(struct reading *reading, struct gathered *entries, bool faults, struct value *value)
{
	size_t count = entries->count, taken_out = 0;
	struct entry *list = reallocarray(entries->list, count > 0 ? count : 1, sizeof *list);
	char room[LIMIT_NETWORK_TEXT];

	if (list == NULL || !arena_own(reading->model->arena, list)) {
		free(list != NULL ? list : entries->list);
		reading->no_memory = true;
		return;
	}
	for (size_t i = 0; i < count; i++)
		taken_out += list[i].take_out;
	if (taken_out > 0 && taken_out == count && !faults)
		diagnostics_error(
		    reading->diagnostics, value->where,
		    "this only takes out, and so has nothing in it; name first what it takes \"!%s\" out of",
		    entry_text(&list[0], room));
	value->entries = list;
	value->count = count;
	value->taken_out = taken_out;
}

/* Reports an element, or all, of the setting called name. */
static void wrong_type(struct reading *reading, const config_setting_t *given, const char *name, enum value_kind kind)
{
	struct location where = reading_where(reading, given);
	const char *plural = entry_kind_plural(kind);

	if (config_setting_type(given) == CONFIG_TYPE_LIST)
		diagnostics_error(reading->diagnostics, where,
		                  "the %s of \"%s\" are written in brackets, [ ... ], not in "
		                  "parentheses",
		                  plural, name);
	else if (config_setting_type(given) == CONFIG_TYPE_GROUP)
		diagnostics_error(reading->diagnostics, where,
		                  "\"%s\" must be an array of %s, [ \"...\", ... ]; a file is named by a table", name,
		                  plural);
	else
		diagnostics_error(reading->diagnostics, where,
		                  "\"%s\" must be an array of %s, [ \"...\", ... ], not %s", name, plural,
		                  reading_type(given));
}

void value_read(struct reading *reading, const config_setting_t *given, enum value_kind kind, struct value *ret_value)
{
	struct gathered entries = {0};
	size_t faults = diagnostics_errors(reading->diagnostics);
	int type = config_setting_type(given);

	*ret_value = (struct value){
	    .given = true,
	    .kind = kind,
	    .where = reading_where(reading, given),
	    .set = SET_NONE,
	};
	if (type == CONFIG_TYPE_STRING) {
		gather(reading, kind, config_setting_get_string(given), ret_value->where, &entries);
	} else if (type == CONFIG_TYPE_ARRAY) {
		for (int i = 0; i < config_setting_length(given); i++) {
			const config_setting_t *element = config_setting_get_elem(given, (unsigned)i);

			if (config_setting_type(element) != CONFIG_TYPE_STRING) {
				wrong_type(reading, element, config_setting_name(given), kind);
				continue;
			}
			gather(reading, kind, config_setting_get_string(element), reading_where(reading, element),
			       &entries);
		}
	} else {
		wrong_type(reading, given, config_setting_name(given), kind);
	}
	settle(reading, &entries, diagnostics_errors(reading->diagnostics) != faults, ret_value);
}

/* Cuts a comment ("#" at the beginning or after a blank) and blanks at both ends away, in place. */
static char *trim_line(char *line)
{
	for (char *at = line; *at != '\0'; at++)
		if (*at == '#' && (at == line || at[-1] == ' ' || at[-1] == '\t'))
			*at = '\0';
	line += strspn(line, " \t");
	for (size_t length = strlen(line); length > 0 && strchr(" \t\r", line[length - 1]) != NULL; length--)
		line[length - 1] = '\0';
	return line;
}

static void gather_lines(struct reading *reading, char *text, size_t size, struct table *table, const char *name,
                         struct gathered *entries)
{
	static const char mark[] = "\xef\xbb\xbf"; /* a byte order mark */
	struct location where = {name, 0};
	char *end = text + size;

	if (strncmp(text, mark, sizeof mark - 1) == 0)
		text += sizeof mark - 1;
	for (char *line = text, *next; line < end; line = next) {
		size_t length = (size_t)(end - line);
		char *newline = memchr(line, '\n', length);

		next = newline != NULL ? newline + 1 : end;
		length = newline != NULL ? (size_t)(newline - line) : length;
		line[length] = '\0';
		where.line++;
		if (strlen(line) != length)
			diagnostics_error(reading->diagnostics, where,
			                  "there is a NUL byte in this line; is this a text file?");
		else if (length > LIMIT_TABLE_LINE)
			diagnostics_error(reading->diagnostics, where,
			                  "this line has more than %d bytes; write one entry a line", LIMIT_TABLE_LINE);
		else if (*(line = trim_line(line)) != '\0')
			gather(reading, group_kind(table->group), line, where, entries);
	}
}

/* Remembers that a file was read. */
static void note_file(struct reading *reading, const char *name)
{
	char **files = room_for_one(reading->files, reading->file_count, sizeof *files);
	char *copy = strdup(name);

	if (files != NULL)
		reading->files = files;
	if (files == NULL || copy == NULL) {
		reading->no_memory = true;
		free(copy);
		return;
	}
	reading->files[reading->file_count++] = copy;
}

static void read_table_file(struct reading *reading, const config_setting_t *setting, struct table *table)
{
	struct location where = reading_where(reading, setting);
	struct gathered entries = {0};
	char *path = source_path(where.file, config_setting_get_string(setting));
	const char *name = path != NULL ? reading_text(reading, path) : NULL;
	size_t size, faults = diagnostics_errors(reading->diagnostics);
	char *text;
	int error;

	free(path);
	if (name == NULL) {
		reading->no_memory = true;
		return;
	}
	error = file_read(name, LIMIT_TABLE_FILE, &text, &size);
	if (error != 0) {
		diagnostics_error(reading->diagnostics, where, "cannot read \"%s\": %s", name,
		                  error == EINVAL ? "it is not a regular file" : strerror(error));
		return;
	}
	note_file(reading, name);
	digest_add(reading->digest, text, size);
	gather_lines(reading, text, size, table, name, &entries);
	free(text);
	table->value.where = (struct location){name, 1};
	settle(reading, &entries, diagnostics_errors(reading->diagnostics) != faults, &table->value);
}

/* { file = "PATH"; } */
static void read_table_group(struct reading *reading, const config_setting_t *given, struct table *table)
{
	const config_setting_t *file = config_setting_get_member(given, "file");

	if (file == NULL || config_setting_length(given) != 1)
		diagnostics_error(reading->diagnostics, reading_where(reading, given),
		                  "a table is an array, [ \"...\", ... ], or { file = \"PATH\"; } and nothing else");
	else if (config_setting_type(file) != CONFIG_TYPE_STRING)
		diagnostics_error(reading->diagnostics, reading_where(reading, file),
		                  "\"file\" must be a string, not %s", reading_type(file));
	else
		read_table_file(reading, file, table);
}

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Enters the names of a group's tables. */
static void enter_names(struct reading *reading, const config_setting_t *given, enum group group)
{
	for (int i = 0; i < config_setting_length(given); i++) {
		const config_setting_t *member = config_setting_get_elem(given, (unsigned)i);
		const char *name = config_setting_name(member);
		struct location where = reading_where(reading, member);
		const struct table *same = model_table(reading->model, name);
		struct table *table;

		if (!is_letter(name[0]))
			diagnostics_error(reading->diagnostics, where,
			                  "\"%s\" does not begin with a letter; tables' names do", name);
		if (same != NULL) {
			diagnostics_error(reading->diagnostics, where,
			                  "\"%s\" is a table already, in %s at %s:%u; names are unique over all groups",
			                  name, group_name(same->group), same->value.where.file,
			                  same->value.where.line);
			continue;
		}
		table = &reading->model->tables[reading->model->table_count];
		table->name = reading_text(reading, name);
		if (table->name == NULL)
			return;
		table->group = group;
		table->value =
		    (struct value){.given = true, .kind = group_kind(group), .where = where, .set = SET_NONE};
		reading->model->table_count++;
	}
}

static void read_contents(struct reading *reading, const config_setting_t *given)
{
	for (int i = 0; i < config_setting_length(given); i++) {
		const config_setting_t *member = config_setting_get_elem(given, (unsigned)i);
		struct table *table = model_table(reading->model, config_setting_name(member));

		if (table == NULL || table->value.entries != NULL)
			continue;
		if (config_setting_type(member) == CONFIG_TYPE_GROUP)
			read_table_group(reading, member, table);
		else
			value_read(reading, member, table->value.kind, &table->value);
	}
}

/* Where a walk through the tables stands with each. */
enum visit {
	VISIT_NOT_YET,
	VISIT_OPEN,
	VISIT_DONE,
};

/* A cycle is reported once, at the entry that closes it, and opened there. */
static void find_cycles(struct reading *reading, size_t index, enum visit *visits)
{
	struct table *table = &reading->model->tables[index];

	visits[index] = VISIT_OPEN;
	for (size_t i = 0; i < table->value.count; i++) {
		struct entry *entry = &table->value.entries[i];

		if (entry->kind != ENTRY_TABLE)
			continue;
		if (visits[entry->of.table] == VISIT_OPEN)
			diagnostics_error(
			    reading->diagnostics, entry->where,
			    "table \"%s\" has itself in it, by \"%s\"; tables may nest, but not in a circle",
			    reading->model->tables[entry->of.table].name, entry->of.text);
		else if (visits[entry->of.table] == VISIT_NOT_YET)
			find_cycles(reading, entry->of.table, visits);
	}
	visits[index] = VISIT_DONE;
}

void tables_read(struct reading *reading, const config_setting_t *root)
{
	struct model *model = reading->model;
	const config_setting_t *groups[GROUP_COUNT];
	size_t count = 0;
	enum visit *visits;

	for (unsigned i = 0; i < GROUP_COUNT; i++) {
		groups[i] = config_setting_get_member(root, group_name((enum group)i));
		if (groups[i] != NULL && config_setting_type(groups[i]) != CONFIG_TYPE_GROUP) {
			diagnostics_error(reading->diagnostics, reading_where(reading, groups[i]),
			                  "\"%s\" must be a group of tables, { NAME = [ ... ]; }, not %s",
			                  group_name((enum group)i), reading_type(groups[i]));
			groups[i] = NULL;
		}
		count += groups[i] != NULL ? (size_t)config_setting_length(groups[i]) : 0;
	}
	model->tables = reading_take(reading, count, sizeof *model->tables);
	visits = calloc(count + 1, sizeof *visits);
	if (model->tables == NULL || visits == NULL) {
		reading->no_memory = true;
		free(visits);
		return;
	}
	for (unsigned i = 0; i < GROUP_COUNT; i++)
		if (groups[i] != NULL)
			enter_names(reading, groups[i], (enum group)i);
	for (unsigned i = 0; i < GROUP_COUNT; i++)
		if (groups[i] != NULL)
			read_contents(reading, groups[i]);
	for (size_t i = 0; i < model->table_count; i++)
		if (visits[i] == VISIT_NOT_YET)
			find_cycles(reading, i, visits);
	free(visits);
}
