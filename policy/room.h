/*
 * NAME
 *	room - lists that grow by doubling
 */
#ifndef POLICY_ROOM_H
#define POLICY_ROOM_H

#include <stddef.h>

/*
 * Makes room for one more element in a list of count elements of size bytes
 * each: malloc(3) memory, or NULL for an empty list, which this alone lets
 * grow.  The list may have shrunk in between.  Returns the list, which may have moved;
 * NULL, and the list stays as it is, where there is no memory.
 */
void *room_for_one(void *list, size_t count, size_t size);

#endif
