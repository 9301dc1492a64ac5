/*
 * NAME
 *	scarcity - memory that runs out, and what is not given back
 *
 * DESCRIPTION
 *	The linker has every allocation of ours, and every call of a library that
 *	returns memory, come through here (-Wl,--wrap: see meson.build).  So a test
 *	can make each of them fail in turn, and count what is held at the end.
 */
#ifndef TESTS_SCARCITY_H
#define TESTS_SCARCITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No call fails. */
#define SCARCITY_NEVER SIZE_MAX

/* Begins to count: the call of that number, from 0, fails, and all after it where that is lasting. */
void scarcity_begin(size_t fails, bool lasting);

/* From now on no call fails.  Returns whether one did. */
bool scarcity_over(void);

/* Whether calls fail from now on as they were said to (again): for what a test does in between. */
void scarcity_pause(bool pause);

/* Ends counting, and returns how many pieces of memory that were got since it began are still held. */
long scarcity_end(void);

#endif
