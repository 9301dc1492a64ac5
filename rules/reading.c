#include "rules/reading.h"

#include <stdlib.h>
#include <string.h>

#include "policy/arena.h"
#include "policy/room.h"
#include "rules/source.h"

void *reading_take(struct reading *reading, size_t count, size_t size)
{
	void *memory = arena_take(reading->model->arena, count, size);

	if (memory == NULL)
		reading->no_memory = true;
	return memory;
}

char *reading_text(struct reading *reading, const char *text)
{
	char *copy = arena_text(reading->model->arena, text, strlen(text));

	if (copy == NULL)
		reading->no_memory = true;
	return copy;
}

/* The copy of a file's name that outlives the source. */
static const char *keep_name(struct reading *reading, const char *name)
{
	struct named_file *names;
	const char *copy;

	for (size_t i = 0; i < reading->name_count; i++)
		if (reading->names[i].name == name)
			return reading->names[i].copy;
	names = room_for_one(reading->names, reading->name_count, sizeof *names);
	copy = reading_text(reading, name);
	if (names == NULL || copy == NULL) {
		reading->no_memory = true;
		reading->names = names != NULL ? names : reading->names;
		return "?";
	}
	reading->names = names;
	reading->names[reading->name_count++] = (struct named_file){name, copy};
	return copy;
}

struct location reading_where(struct reading *reading, const config_setting_t *setting)
{
	unsigned line = config_setting_source_line(setting);
	struct location where = {reading->path, 0};

	/* The whole file, as a setting, has no line. */
	if (line > 0)
		where = source_location(reading->source, line);
	where.file = keep_name(reading, where.file);
	return where;
}

void reading_destroy(struct reading *reading)
{
	free(reading->names);
	reading->names = NULL;
	reading->name_count = 0;
}

const char *reading_type(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_GROUP:
		return "a group { ... }";
	case CONFIG_TYPE_LIST:
		return "a list ( ... )";
	case CONFIG_TYPE_ARRAY:
		return "an array [ ... ]";
	case CONFIG_TYPE_STRING:
		return "a string";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		return "a number";
	case CONFIG_TYPE_FLOAT:
		return "a number with a fraction";
	case CONFIG_TYPE_BOOL:
		return "true or false";
	default:
		return "nothing";
	}
}
