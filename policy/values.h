/*
 * NAME
 *	values - different vectors of sets, each with the first text that has it
 */
#ifndef POLICY_VALUES_H
#define POLICY_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/bits.h"

struct values {
	struct class_table vectors;
	struct value_text {
		uint32_t class;
		char *text;
	} * list; /* in the order of their finding */
	size_t count;
	bool has_empty; /* class 0, which is in every table from the start, was entered */
};

/* Makes it empty, for vectors of so many words.  Returns false where there is no memory. */
bool values_init(struct values *values, size_t words);
void values_destroy(struct values *values);

/* Enters a vector with a copy of the text, unless it is there.  Returns false where there is no memory. */
bool values_enter(struct values *values, const uint64_t *vector, const char *text);

/* The vector at index; valid until the next one is entered. */
const uint64_t *values_vector(const struct values *values, size_t index);

#endif
