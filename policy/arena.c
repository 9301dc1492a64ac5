#include "policy/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 4096

struct block {
	struct block *next;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct block *blocks;
	char *free; /* in the newest block */
	size_t left;
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	for (struct block *block = arena->blocks, *next; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}

static bool grow(struct arena *arena, size_t bytes)
{
	size_t capacity = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	struct block *block = malloc(sizeof *block + capacity);

	if (block == NULL)
		return false;
	block->next = arena->blocks;
	arena->blocks = block;
	arena->free = block->bytes;
	arena->left = capacity;
	return true;
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;
	void *memory;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes / alignof(max_align_t) + 1) * alignof(max_align_t); /* never none: NULL means no memory */
	if (arena->left < bytes && !grow(arena, bytes))
		return NULL;
	memory = arena->free;
	arena->free += bytes;
	arena->left -= bytes;
	return memset(memory, 0, bytes);
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_take(arena, length + 1, 1);

	if (copy != NULL)
		memcpy(copy, text, length);
	return copy;
}
