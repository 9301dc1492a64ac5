#include "policy/room.h"

#include <stdlib.h>
#include <string.h>

void *room_for_one(void *list, size_t count, size_t size)
{
	/* the room is at least the next power of two, so it can only be used up where the count is one */
	if (count != 0 && (count & (count - 1)) != 0)
		return list;
	return reallocarray(list, count == 0 ? 1 : 2 * count, size);
}

bool room_grow(void *list, size_t count, size_t size)
{
	void *memory;

	memcpy(&memory, list, sizeof memory);
	memory = room_for_one(memory, count, size);
	if (memory == NULL)
		return false;
	memcpy(list, &memory, sizeof memory);
	return true;
}
