#include "policy/room.h"

#include <stdlib.h>

void *room_for_one(void *list, size_t count, size_t size)
{
	/* the room is at least the next power of two, so it can only be used up where the count is one */
	if (count != 0 && (count & (count - 1)) != 0)
		return list;
	return reallocarray(list, count == 0 ? 1 : 2 * count, size);
}
