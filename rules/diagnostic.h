/*
 * NAME
 *	diagnostic - what is wrong with a rule file, each fault at its line
 *
 * DESCRIPTION
 *	A list that grows while a file is read, in the order of the findings, and
 *	is sorted once, by file (in the order in which files were first named) and
 *	line.  An error keeps the file from being used; a warning does not.
 *
 *	A text names the administrator's own words and says what to write instead.
 *	It is one line, without the location and without a full stop.
 *
 * OWNERSHIP
 *	Texts and file names are copied.
 *
 * ERRORS
 *	Where there is no memory for a fault, it is counted as an error all the
 *	same, and diagnostics_incomplete() says so.  After LIMIT_DIAGNOSTICS, too.
 */
#ifndef RULES_DIAGNOSTIC_H
#define RULES_DIAGNOSTIC_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/location.h"

enum severity {
	SEVERITY_WARNING,
	SEVERITY_ERROR,
};
#define SEVERITY_COUNT (SEVERITY_ERROR + 1)

/* "warning", "error" */
const char *severity_name(enum severity severity);

struct diagnostic {
	enum severity severity;
	const char *file;
	unsigned line; /* 0 where the fault is the whole file's */
	const char *text;
};

struct diagnostics;

/* Returns NULL where there is no memory. */
struct diagnostics *diagnostics_new(void);
void diagnostics_free(struct diagnostics *diagnostics);

/*
 * Adds a fault.  Control bytes in what is formatted, and bytes that are not
 * UTF-8, become "?".  The same text at the same place is kept once.
 */
void diagnostics_error(struct diagnostics *diagnostics, struct location where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void diagnostics_warning(struct diagnostics *diagnostics, struct location where, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * Says that what stands on this line was misread below us (a number that
 * wrapped, strings that were joined), so that errors that follow from it
 * there are dropped, and not counted.  Those added before stay.
 */
void diagnostics_mute_line(struct diagnostics *diagnostics, struct location where);

/* Makes an error of every warning. */
void diagnostics_make_errors(struct diagnostics *diagnostics);

/* Sorts by file and line, stably. */
void diagnostics_sort(struct diagnostics *diagnostics);

size_t diagnostics_errors(const struct diagnostics *diagnostics);
size_t diagnostics_warnings(const struct diagnostics *diagnostics);

/* Faults that can be shown, and the one at index (below that count). */
size_t diagnostics_shown(const struct diagnostics *diagnostics);
const struct diagnostic *diagnostics_at(const struct diagnostics *diagnostics, size_t index);

/* Whether faults were found that are not shown. */
bool diagnostics_incomplete(const struct diagnostics *diagnostics);

/* Writes "FILE:LINE: error: TEXT" ("FILE: error: TEXT" where the line is 0), as snprintf(3) does. */
size_t diagnostic_print(const struct diagnostic *diagnostic, char *ret_text, size_t size);

#endif
