/*
 * NAME
 *	json - texts of a session, and lists of networks, as JSON
 *
 * DESCRIPTION
 *	A proof may have millions of networks, and a tree of them would take more memory than
 *	the proof: so what may be long is written piece by piece.
 */
#ifndef MILTER_JSON_H
#define MILTER_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct networks;

/*
 * A JSON string of text that need not be UTF-8: what is not becomes "?"; null for
 * NULL.  Returns NULL where there is no memory.
 */
json_t *json_text(const char *text);

/*
 * Write a value, which is taken over (NULL: there was no memory for it), a text as json_text makes it, a list of texts
 * (null for NULL).  Each returns false where there is no memory; that the stream could not be written is for the caller
 * to find, by ferror(3).
 */
bool json_write(json_t *value, FILE *stream);
bool json_write_text(const char *text, FILE *stream);
bool json_write_texts(const char *const *texts, size_t count, FILE *stream);

/* Writes a list of networks, one a line. */
void json_write_networks(const struct networks *networks, FILE *stream);

#endif
