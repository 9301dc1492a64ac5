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

/* Aligned, so that a block may follow. */
struct arena {
	alignas(max_align_t) struct block *blocks;
	struct owned *owned;
	char *free; /* in the newest block */
	size_t left;
	size_t bytes;        /* of all blocks */
	struct block *first; /* in one piece with the arena, or NULL */
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

struct arena *arena_new_small(size_t bytes)
{
	struct arena *arena = malloc(sizeof *arena + sizeof *arena->first + bytes);

	if (arena == NULL)
		return NULL;
	*arena = (struct arena){.first = (struct block *)(arena + 1)};
	*arena->first = (struct block){.capacity = bytes};
	arena->blocks = arena->first;
	arena->free = arena->first->bytes;
	arena->left = bytes;
	arena->bytes = sizeof *arena->first + bytes;
	return arena;
}

/* Frees owned memory that is newer than until. */
static void free_owned(struct arena *arena, const struct owned *until)
{
	for (; arena->owned != until; arena->owned = arena->owned->next)
		free(arena->owned->memory);
}

/* Frees the blocks that are newer than until. */
static void free_blocks(struct arena *arena, const struct block *until)
{
	for (struct block *next; arena->blocks != until; arena->blocks = next) {
		next = arena->blocks->next;
		arena->bytes -= sizeof *arena->blocks + arena->blocks->capacity;
		if (arena->blocks != arena->first)
			free(arena->blocks);
	}
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	free_owned(arena, NULL);
	free_blocks(arena, NULL);
	free(arena);
}

struct arena_mark arena_mark(const struct arena *arena)
{
	return (struct arena_mark){arena->blocks, arena->owned, arena->free};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
	const struct block *block = mark.block;

	free_owned(arena, mark.owned);
	free_blocks(arena, block);
	arena->free = mark.free;
	arena->left = block != NULL ? (size_t)(block->bytes + block->capacity - mark.free) : 0;
}

void arena_reset(struct arena *arena)
{
	struct block *kept = arena->first, *newest = arena->blocks;

	free_owned(arena, NULL);
	/* A block of its own size was for something large, which need not come again. */
	if (kept == NULL && newest != NULL && newest->capacity <= BLOCK_BYTES) {
		kept = newest;
		arena->blocks = kept->next;
		kept->next = NULL;
	}
	free_blocks(arena, arena->first);
	arena->blocks = kept;
	arena->free = kept != NULL ? kept->bytes : NULL;
	arena->left = kept != NULL ? kept->capacity : 0;
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
