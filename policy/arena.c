#include "policy/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 4096

struct block {
	struct block *next;
	size_t capacity;
	alignas(max_align_t) char bytes[];
};

/* Memory that came from elsewhere. */
struct owned {
	struct owned *next;
	void *memory;
};

struct arena {
	struct block *blocks;
	struct owned *owned;
	char *free; /* in the newest block */
	size_t left;
	size_t bytes; /* of all blocks */
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

static void free_owned(const struct owned *owned)
{
	for (; owned != NULL; owned = owned->next)
		free(owned->memory);
}

/* Frees the block and those that are older. */
static void free_blocks(struct block *block)
{
	for (struct block *next; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	free_owned(arena->owned);
	free_blocks(arena->blocks);
	free(arena);
}

void arena_reset(struct arena *arena)
{
	free_owned(arena->owned);
	arena->owned = NULL;
	if (arena->blocks == NULL)
		return;
	free_blocks(arena->blocks->next);
	arena->blocks->next = NULL;
	/* A block of its own size was for something large, which need not come again. */
	if (arena->blocks->capacity > BLOCK_BYTES) {
		free_blocks(arena->blocks);
		arena->blocks = NULL;
		arena->left = 0;
		return;
	}
	arena->free = arena->blocks->bytes;
	arena->left = BLOCK_BYTES;
}

bool arena_own(struct arena *arena, void *memory)
{
	struct owned *owned = arena_take(arena, 1, sizeof *owned);

	if (owned == NULL)
		return false;
	*owned = (struct owned){arena->owned, memory};
	arena->owned = owned;
	return true;
}

static bool grow(struct arena *arena, size_t bytes)
{
	size_t capacity = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	struct block *block = malloc(sizeof *block + capacity);

	if (block == NULL)
		return false;
	block->next = arena->blocks;
	block->capacity = capacity;
	arena->blocks = block;
	arena->free = block->bytes;
	arena->left = capacity;
	arena->bytes += sizeof *block + capacity;
	return true;
}

size_t arena_bytes(const struct arena *arena)
{
	return sizeof *arena + arena->bytes;
}

/* Memory that begins at a multiple of the alignment, which is a power of two. */
static void *take(struct arena *arena, size_t bytes, size_t alignment)
{
	size_t padding = -(uintptr_t)arena->free & (alignment - 1);
	char *memory;

	if (arena->left < padding || arena->left - padding < bytes) {
		if (!grow(arena, bytes))
			return NULL;
		padding = 0;
	}
	memory = arena->free + padding;
	arena->free = memory + bytes;
	arena->left -= padding + bytes;
	return memory;
}

void *arena_take(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;
	void *memory;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
		return NULL;
	memory = take(arena, bytes > 0 ? bytes : 1, alignof(max_align_t)); /* never none: NULL means no memory */
	return memory != NULL ? memset(memory, 0, bytes) : NULL;
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
	char *copy = take(arena, length + 1, 1);

	if (copy != NULL) {
		memcpy(copy, text, length);
		copy[length] = '\0';
	}
	return copy;
}
