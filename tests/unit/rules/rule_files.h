/*
 * NAME
 *	rule_files - rule files that a test writes, and what is said about them
 *
 * DESCRIPTION
 *	Each test has a directory of its own and works in it, so that the messages
 *	name the files as the test does.  Call rule_files_start first, and
 *	rule_files_end last.  All functions end the test where they fail.
 */
#ifndef TESTS_RULE_FILES_H
#define TESTS_RULE_FILES_H

#include <stddef.h>

struct diagnostics;

void rule_files_start(void);
void rule_files_end(void);

/* Writes size bytes to the file of that name below the directory; missing directories of the name are made. */
void write_bytes(const char *name, const char *bytes, size_t size);

/* Writes a text. */
void write_file(const char *name, const char *text);

/* All diagnostics, sorted, a line each.  Valid until the next call. */
const char *printed(struct diagnostics *diagnostics);

#endif
