#include "policy/values.h"

#include <stdlib.h>
#include <string.h>

#include "policy/room.h"

bool values_init(struct values *values, size_t words)
{
	return class_table_init(&values->vectors, words * BITS_PER_WORD);
}

void values_destroy(struct values *values)
{
	for (size_t i = 0; i < values->count; i++)
		free(values->list[i].text);
	free(values->list);
	class_table_destroy(&values->vectors);
}

bool values_enter(struct values *values, const uint64_t *vector, const char *text)
{
	size_t before = values->vectors.count;
	uint32_t class = class_table_enter(&values->vectors, vector);
	struct value_text *list;
	char *copy;

	if (class == CLASS_NONE)
		return false;
	if (values->vectors.count == before && (class != CLASS_EMPTY || values->has_empty))
		return true;
	list = room_for_one(values->list, values->count, sizeof *list);
	if (list == NULL)
		return false;
	values->list = list;
	copy = strdup(text);
	if (copy == NULL)
		return false;
	values->list[values->count++] = (struct value_text){class, copy};
	values->has_empty |= class == CLASS_EMPTY;
	return true;
}

const uint64_t *values_vector(const struct values *values, size_t index)
{
	return class_table_bits(&values->vectors, values->list[index].class);
}
