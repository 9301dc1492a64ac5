/*
 * NAME
 *	bits - sets of small numbers, and a table of the different ones
 *
 * DESCRIPTION
 *	A class is a set of set numbers: "the value is in sets 0, 3 and 7".  A
 *	million values fall into few classes; so each different class is kept once
 *	in a class table, and referred to by its number.  Class 0 is the empty one.
 */
#ifndef POLICY_BITS_H
#define POLICY_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITS_PER_WORD 64

static inline bool bits_test(const uint64_t *bits, unsigned bit)
{
	return (bits[bit / BITS_PER_WORD] >> bit % BITS_PER_WORD & 1) != 0;
}

static inline void bits_set(uint64_t *bits, unsigned bit)
{
	bits[bit / BITS_PER_WORD] |= UINT64_C(1) << bit % BITS_PER_WORD;
}

static inline void bits_clear(uint64_t *bits, unsigned bit)
{
	bits[bit / BITS_PER_WORD] &= ~(UINT64_C(1) << bit % BITS_PER_WORD);
}

/* Words that hold so many bits; at least one. */
static inline size_t bits_words(size_t bits)
{
	return bits == 0 ? 1 : (bits + BITS_PER_WORD - 1) / BITS_PER_WORD;
}

struct class_table {
	size_t words;      /* of each class */
	uint64_t *vectors; /* count * words */
	uint32_t count;
	uint32_t capacity;
	uint32_t *slots; /* hash index: class number + 1, 0 for free */
	uint32_t slot_count;
	uint64_t *scratch; /* room for one class */
};

#define CLASS_EMPTY 0

/* "No such class": there was no memory. */
#define CLASS_NONE UINT32_MAX

/* Makes the table of classes over so many sets, with the empty class.  Returns false where there is no memory. */
bool class_table_init(struct class_table *table, size_t sets);
void class_table_destroy(struct class_table *table);

/* Gives back what only entering needs: worth it where no class is entered any more. */
void class_table_trim(struct class_table *table);

/* Bytes of memory that the table takes. */
size_t class_table_bytes(const struct class_table *table);

/* The class of these bits (table->words of them), entered where it is new.  CLASS_NONE where there is no memory. */
uint32_t class_table_enter(struct class_table *table, const uint64_t *bits);

/* Whether these bits are a class. */
bool class_table_has(const struct class_table *table, const uint64_t *bits);

/* The class that has one set more; the class of what is in either.  Both pass CLASS_NONE on. */
uint32_t class_table_with(struct class_table *table, uint32_t class, unsigned set);
uint32_t class_table_union(struct class_table *table, uint32_t one, uint32_t other);

/* The bits of a class; valid until the next class is entered. */
static inline const uint64_t *class_table_bits(const struct class_table *table, uint32_t class)
{
	return table->vectors + class * table->words;
}

#endif
