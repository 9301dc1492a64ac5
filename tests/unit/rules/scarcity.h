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
#include <stdio.h>

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

/*
 * malloc(3) and free(3) for a library that loses memory where there is none: calls fail as others do, but what they
 * give does not count.
 */
void *scarcity_malloc(size_t size);
void scarcity_free(void *memory);

/*
 * Something that says what it comes to, and returns false where there is no memory; what it said then does not count.
 * It may pause scarcity while it writes.
 */
typedef bool scarcity_saying(FILE *to);

/*
 * Has it say that while each call fails in turn, once or from then on: each time it must say the whole, or return
 * false, and give all memory back.  The first calls, as many as most, are tried one by one, of those behind them every
 * seventh. least: how many must make it return false, so that a test cannot pass by failing nothing.
 */
void scarcity_try(scarcity_saying *say, size_t most, size_t least);

#endif
