/*
 * NAME
 *	name - domain names, in the form in which they are compared
 *
 * DESCRIPTION
 *	Lower case, without one trailing dot, as A-labels by UTS #46,
 *	non-transitional (libidn2).  What does not convert to letters, digits, "-",
 *	"_" and dots compares as lower-case bytes, and is never local.  So does an
 *	address literal ("[192.0.2.1]").
 */
#ifndef POLICY_NAME_H
#define POLICY_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum name_form {
	NAME_CONVERTED,
	NAME_AS_BYTES,
	NAME_NO_MEMORY,
};

/* Writes the form of the first length bytes of text to *ret_name (malloc(3) memory), unless there is no memory. */
enum name_form name_read(const char *text, size_t length, char **ret_name);

/*
 * The same with a text that may be written to: the form stands in its place, or, where it is longer
 * than the text may be, in *ret_converted (malloc(3) memory), else NULL.
 */
enum name_form name_read_in_place(char *text, char **ret_converted);

/*
 * Whether all that name_read does to a name without a trailing dot is to make it lower
 * case: it is of letters, digits, "_" and hyphens inside labels, but not where A-labels
 * have two.
 */
bool name_is_plain(const char *name);

/* Whether a name is plain and in lower case: it is its own form. */
bool name_is_compared(const char *name);

/* Lower case of ASCII letters alone, in place. */
void name_lower(char *text);

/*
 * Takes letter case from UTF-8 text by full case folding (Unicode, section
 * 3.13), as Postfix does with local parts: U+017F is an "s" then, and U+00DF is
 * "ss".  Text that is not UTF-8 has its ASCII letters made lower case.  ASCII is folded in its
 * place; what is not may be in *ret_folded (malloc(3) memory), which else is NULL.  Returns
 * false where there is no memory.
 */
bool name_fold(char *text, char **ret_folded);

#endif
