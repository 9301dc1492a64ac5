/*
 * NAME
 *	suggest - the known word that was probably meant
 */
#ifndef RULES_SUGGEST_H
#define RULES_SUGGEST_H

#include <stddef.h>

/*
 * Returns the word of words (count of them) that is nearest to given, by edits
 * of one letter (insert, delete, replace, swap of two neighbours; letter case does
 * not count), or NULL where none is near enough: at most one edit for words of
 * up to 4 letters, two up to 8, three beyond, as the word of words counts.  Of
 * words that are as near the first is returned.  Those of more than 128 letters
 * are passed over.
 */
const char *suggest(const char *given, const char *const *words, size_t count);

#endif
