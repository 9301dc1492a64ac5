/*
 * NAME
 *	fixture - rules of a test's own, and the lines that the daemon logs
 */
#ifndef TESTS_FIXTURE_H
#define TESTS_FIXTURE_H

#include <stddef.h>

struct rules;

/* Loads rules from text, which must have no error. */
struct rules *fixture_rules(const char *text);

/* From here on standard error is kept; fixture_log_end restores it and returns what came, in malloc(3) memory. */
void fixture_log_begin(void);
char *fixture_log_end(void);

/* How many times the text stands in what was logged until now; other threads may be logging. */
size_t fixture_log_has(const char *text);

/* How many times the text stands in the log. */
size_t fixture_count(const char *log, const char *text);

#endif
