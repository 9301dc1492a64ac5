/*
 * NAME
 *	json - texts of a session as JSON
 */
#ifndef MILTER_JSON_H
#define MILTER_JSON_H

#include <jansson.h>

/*
 * A JSON string of text that need not be UTF-8: what is not becomes "?"; null for
 * NULL.  Returns NULL where there is no memory.
 */
json_t *json_text(const char *text);

#endif
