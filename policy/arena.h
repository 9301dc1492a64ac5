/*
 * NAME
 *	arena - memory that is freed all at once
 *
 * DESCRIPTION
 *	What a rule set consists of lives exactly as long as the rule set: it is
 *	taken from an arena, piece after piece, and given back with it.
 *
 * THREADS
 *	One thread at a time.
 */
#ifndef POLICY_ARENA_H
#define POLICY_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Returns NULL where there is no memory, as do the functions that take from the arena. */
struct arena *arena_new(void);

/*
 * The same with bytes to take from in one piece with the arena itself, which are kept until it
 * is freed: for many small arenas, each of which seldom needs more.
 */
struct arena *arena_new_small(size_t bytes);

/* arena may be NULL. */
void arena_free(struct arena *arena);

/*
 * Gives back all that was taken, and keeps some memory to take from again: an arena that is
 * reset after each of many pieces of work does not grow with their number.
 */
void arena_reset(struct arena *arena);

/* A place in the order in which things were taken. */
struct arena_mark {
	void *block, *owned;
	char *free;
};

struct arena_mark arena_mark(const struct arena *arena);

/*
 * Gives back all that was taken since the mark: what is only needed for a while is taken last.  A
 * mark that was made since then, or before arena_reset, is not one any more.
 */
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* Takes malloc(3) memory over, to be freed with the arena.  Returns false, and leaves it, where there is no memory. */
bool arena_own(struct arena *arena, void *memory);

/* Bytes that the arena has taken from the system. */
size_t arena_bytes(const struct arena *arena);

/* Zeroed memory for count things of size bytes, aligned for any type. */
void *arena_take(struct arena *arena, size_t count, size_t size);

/* A copy of the first length bytes of text, and the end of the string. */
char *arena_text(struct arena *arena, const char *text, size_t length);

#endif
