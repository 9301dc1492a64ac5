#include "policy/bits.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const uint64_t *bits, size_t words)
{
	uint64_t hash = 0;

	for (size_t i = 0; i < words; i++) {
		hash = (hash ^ bits[i]) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 32;
	}
	return hash;
}

bool class_table_init(struct class_table *table, size_t sets)
{
	*table = (struct class_table){.words = bits_words(sets)};
	table->scratch = calloc(table->words, sizeof *table->scratch);
	if (table->scratch != NULL && class_table_enter(table, table->scratch) != CLASS_NONE)
		return true;
	class_table_destroy(table);
	return false;
}

void class_table_destroy(struct class_table *table)
{
	free(table->vectors);
	free(table->slots);
	free(table->scratch);
	*table = (struct class_table){0};
}

void class_table_trim(struct class_table *table)
{
	uint64_t *vectors = reallocarray(table->vectors, table->count, table->words * sizeof *vectors);

	if (vectors != NULL) {
		table->vectors = vectors;
		table->capacity = table->count;
	}
	free(table->slots);
	table->slots = NULL;
	table->slot_count = 0;
}

size_t class_table_bytes(const struct class_table *table)
{
	return (table->capacity + 1) * table->words * sizeof *table->vectors + table->slot_count * sizeof *table->slots;
}

/* The slot of the class with these bits, or the free one where it belongs. */
static uint32_t *find_slot(const struct class_table *table, const uint64_t *bits)
{
	uint32_t mask = table->slot_count - 1;
	uint32_t at = (uint32_t)hash_of(bits, table->words) & mask;

	while (table->slots[at] != 0 &&
	       memcmp(class_table_bits(table, table->slots[at] - 1), bits, table->words * sizeof *bits) != 0)
		at = (at + 1) & mask;
	return &table->slots[at];
}

static bool grow_slots(struct class_table *table)
{
	uint32_t *old = table->slots;
	uint32_t count = 64;
	uint32_t *slots;

	while (count <= 2 * table->count)
		count *= 2;
	slots = calloc(count, sizeof *slots);
	if (slots == NULL)
		return false;
	table->slots = slots;
	table->slot_count = count;
	for (uint32_t i = 0; i < table->count; i++)
		*find_slot(table, class_table_bits(table, i)) = i + 1;
	free(old);
	return true;
}

static bool grow_vectors(struct class_table *table)
{
	uint32_t capacity = table->capacity == 0 ? 16 : table->capacity * 2;
	uint64_t *vectors = reallocarray(table->vectors, capacity, table->words * sizeof *vectors);

	if (vectors == NULL)
		return false;
	table->vectors = vectors;
	table->capacity = capacity;
	return true;
}

uint32_t class_table_enter(struct class_table *table, const uint64_t *bits)
{
	uint32_t *slot;

	if (table->count * 2 >= table->slot_count && !grow_slots(table))
		return CLASS_NONE;
	slot = find_slot(table, bits);
	if (*slot != 0)
		return *slot - 1;
	if (table->count == table->capacity && !grow_vectors(table))
		return CLASS_NONE;
	memcpy(table->vectors + table->count * table->words, bits, table->words * sizeof *bits);
	*slot = ++table->count;
	return table->count - 1;
}

bool class_table_has(const struct class_table *table, const uint64_t *bits)
{
	return *find_slot(table, bits) != 0;
}

uint32_t class_table_with(struct class_table *table, uint32_t class, unsigned set)
{
	if (class == CLASS_NONE || bits_test(class_table_bits(table, class), set))
		return class;
	memcpy(table->scratch, class_table_bits(table, class), table->words * sizeof *table->scratch);
	bits_set(table->scratch, set);
	return class_table_enter(table, table->scratch);
}

uint32_t class_table_union(struct class_table *table, uint32_t one, uint32_t other)
{
	if (one == CLASS_NONE || other == CLASS_NONE)
		return CLASS_NONE;
	if (one == other || other == 0)
		return one;
	if (one == 0)
		return other;
	for (size_t i = 0; i < table->words; i++)
		table->scratch[i] = class_table_bits(table, one)[i] | class_table_bits(table, other)[i];
	return class_table_enter(table, table->scratch);
}
