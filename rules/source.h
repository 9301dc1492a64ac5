/*
 * NAME
 *	source - a rule file and all that it includes, as one text with its lines
 *
 * DESCRIPTION
 *	Reads the file, puts the text of every @include "PATH" in its place (PATH is
 *	relative to the file that names it), and remembers for each line of the
 *	whole from which file and line it came.  libconfig is given the whole: its
 *	own @include would look in one directory only and blame the wrong file.
 *
 *	Lines end with LF or CR LF; a byte order mark before the first is skipped.
 *	An @include is the first thing on its line, and only a comment may follow.  What
 *	it names may be any part of a rule file that does not end inside a string or a comment.
 *
 *	While reading, the tokens are looked at (rules/scan.h), so that all faults
 *	of the grammar are found in one pass, and with them what libconfig passes
 *	without a word:
 *
 *	- two strings without a comma between them in an array or a list (libconfig
 *	  joins them),
 *	- integers that do not fit in 32 bits without the suffix L, or in 64 with
 *	  it (they wrap, or become the nearest that fits),
 *	- \x00 in a string (it is left out),
 *	- a comment that is not closed,
 *	- control bytes outside strings, bytes that are not UTF-8.
 *
 *	Warned of is an escape in a string that looks like a regular expression
 *	("/.../", "!/.../") which libconfig turns into something else: \x2e, \n,
 *	\t ...; and strings joined outside arrays where no blank is at the seam.
 *
 *	libconfig blames the line behind an element of an array for the element;
 *	the text is put so that it blames the right one (rules/whole.h).
 *
 * ERRORS
 *	All faults go to diagnostics; a file that cannot be read is an error with
 *	the reason of errno at the line that names it (line 0 for the first file).
 */
#ifndef RULES_SOURCE_H
#define RULES_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/location.h"

struct diagnostics;
struct source;

/*
 * Reads the file at path.  Returns NULL where it could not be read, or one of
 * those that it includes, or where there is no memory: then diagnostics has an error.
 */
struct source *source_read(const char *path, struct diagnostics *diagnostics);
void source_free(struct source *source);

/* The whole text, for config_read_string(3).  It has no NUL byte and ends with a newline. */
const char *source_text(const struct source *source);

/* Where a line of the whole (from 1) comes from.  The name lives as long as the source. */
struct location source_location(const struct source *source, unsigned line);

/*
 * Whether a fault of the grammar was found: what libconfig makes of the text
 * then, an error of its own or values, repeats ours or leads astray.
 */
bool source_syntax_fault(const struct source *source);

/* How many files were read, and the name of each (below that count), as it was opened; the first is the rule file. */
size_t source_file_count(const struct source *source);
const char *source_file(const struct source *source, size_t index);

/*
 * Describes the first token on or after the line, for "syntax error near ...":
 * writes at most size bytes; the empty string at the end of the text.
 */
void source_near(const struct source *source, unsigned line, char *ret_text, size_t size);

/* The files that were read, the first and all that it includes: how many, and the name of the one at index. */
size_t source_file_count(const struct source *source);
const char *source_file(const struct source *source, size_t index);

/*
 * The name by which a file that "from" names as path is opened and reported:
 * path itself where it is absolute, else in the directory of from.  Returns
 * malloc(3) memory, or NULL.
 */
char *source_path(const char *from, const char *path);

#endif
