/*
 * NAME
 *	change - what a reload changes in who may relay, in one line
 */
#ifndef MILTER_CHANGE_H
#define MILTER_CHANGE_H

#include <stddef.h>

struct ruleset;

/*
 * Writes "unchanged", or which clients may relay now, and which may no more:
 * "inbound opens to 192.0.2.0/24; remote closes with a login to 10.0.0.0/8 and 3 more".
 * What does not fit in size bytes is counted: "; and 5 more".
 */
void change_describe(const struct ruleset *old, const struct ruleset *new, char *ret_text, size_t size);

#endif
