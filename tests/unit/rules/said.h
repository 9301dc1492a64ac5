/*
 * NAME
 *	said - rules from text, and what is said about them
 *
 * DESCRIPTION
 *	The rule file is named "a.conf", in the directory of the test's own
 *	(tests/unit/rules/rule_files.h).
 */
#ifndef TESTS_SAID_H
#define TESTS_SAID_H

#include <stdbool.h>
#include <stddef.h>

struct rules;

/* A listener, for rule files that are about something else; it is one line. */
#define SAID_LISTENER "listeners = ( { name = \"one\"; direction = \"inbound\"; } );\n"

/* Loads the text; NULL where it has an error.  What was said is left for said(). */
struct rules *said_load(const char *text);

/* Loads the text, and returns all that is said, a line each.  Valid until the next load. */
const char *said_of(const char *text);

/* What was said when a text was loaded last. */
const char *said(void);

/* Whether a line of what is said of the text begins and goes on like this: "a.conf:3: error:", and a part of the rest.
 */
bool said_at(const char *text, const char *where, const char *part);

/* How many lines that was. */
size_t said_lines(void);

#endif
