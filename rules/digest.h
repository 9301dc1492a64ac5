/*
 * NAME
 *	digest - a short name for all that a rule set was made of
 *
 * SYNOPSIS
 *	digest = digest_new();
 *	digest_add(digest, text, size) ...
 *	digest_end(digest, hex);
 *
 * DESCRIPTION
 *	SHA-256 (FIPS 180-4) over texts, each with its length before it, so that
 *	what is cut into texts in another way has another digest.  Two rule sets with the
 *	same digest were read from the same files.
 */
#ifndef RULES_DIGEST_H
#define RULES_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a digest in hexadecimal, with the end of the string. */
#define DIGEST_TEXT 65

struct digest;

/* NULL where there is no memory. */
struct digest *digest_new(void);

/* Returns false where it cannot be had: then there is none of it at all. */
bool digest_add(struct digest *digest, const char *text, size_t size);

/* Writes the digest, and frees it.  Returns false, and writes nothing, where it cannot be had; NULL is none. */
bool digest_end(struct digest *digest, char *ret_text);

#endif
