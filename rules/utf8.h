/*
 * NAME
 *	utf8 - where characters end
 */
#ifndef RULES_UTF8_H
#define RULES_UTF8_H

#include <stddef.h>

/*
 * Returns the length in bytes, 1 to 4, of the well-formed character (RFC 3629
 * section 4) at text, of which size bytes may be read; 0 where there is none.
 */
size_t utf8_length(const char *text, size_t size);

#endif
