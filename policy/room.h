/*
 * NAME
 *	room - lists that grow by doubling
 */
#ifndef POLICY_ROOM_H
#define POLICY_ROOM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Makes room for one more element in a list of count elements of size bytes
 * each: malloc(3) memory, or NULL for an empty list, which this alone lets
 * grow.  The list may have shrunk in between.  Returns the list, which may have moved;
 * NULL, and the list stays as it is, where there is no memory.
 */
void *room_for_one(void *list, size_t count, size_t size);

/*
 * The same for a list that is pointed to: list is the address of the pointer, which is
 * set.  Returns false, and the list stays as it is, where there is no memory.
 */
bool room_grow(void *list, size_t count, size_t size);

#endif
