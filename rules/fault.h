/*
 * NAME
 *	fault - why something could not be done, in words for the administrator
 *
 * DESCRIPTION
 *	Functions that can fail for many reasons, each to be told in words, write
 *	one of these.  It is valid where they returned false.
 */
#ifndef RULES_FAULT_H
#define RULES_FAULT_H

#include <stdbool.h>

struct fault {
	char text[512]; /* one line, without a full stop; a longer one is cut */
};

/* Writes the fault and returns false, so that a function can return it. */
bool fault_set(struct fault *ret_fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
