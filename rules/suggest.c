#include "rules/suggest.h"

#include <string.h>

/* Letters of the longest word that is compared: a table's name may be anything, a setting has no more than 20. */
#define WORD_LENGTH 128

static char lower(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static size_t edits_allowed(size_t length)
{
	return length <= 4 ? 1 : length <= 8 ? 2 : 3;
}

static size_t smaller(size_t one, size_t other)
{
	return one < other ? one : other;
}

/* Optimal string alignment: no part is edited twice.  Both words have at most WORD_LENGTH letters. */
static size_t distance(const char *one, size_t one_length, const char *other, size_t other_length)
{
	size_t rows[3][WORD_LENGTH + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t column = 0; column <= other_length; column++)
		above[column] = column;
	for (size_t line = 1; line <= one_length; line++) {
		size_t *oldest = before;

		row[0] = line;
		for (size_t column = 1; column <= other_length; column++) {
			char left = lower(one[line - 1]), right = lower(other[column - 1]);
			size_t edits = above[column - 1] + (left != right);

			edits = smaller(edits, above[column] + 1);
			edits = smaller(edits, row[column - 1] + 1);
			if (line > 1 && column > 1 && left == lower(other[column - 2]) && lower(one[line - 2]) == right)
				edits = smaller(edits, before[column - 2] + 1);
			row[column] = edits;
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[other_length];
}

const char *suggest(const char *given, const char *const *words, size_t count)
{
	size_t given_length = strlen(given);
	const char *nearest = NULL;
	size_t fewest = 0;

	if (given_length > WORD_LENGTH)
		return NULL;
	for (size_t index = 0; index < count; index++) {
		size_t length = strlen(words[index]);
		size_t edits;

		if (length > WORD_LENGTH)
			continue;
		edits = distance(given, given_length, words[index], length);
		if (edits > edits_allowed(length) || (nearest && edits >= fewest))
			continue;
		nearest = words[index];
		fewest = edits;
	}
	return nearest;
}
