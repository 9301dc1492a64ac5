/*
 * NAME
 *	whole - the text that libconfig is given, with the file and line of each line
 *
 * DESCRIPTION
 *	Grows token by token while files are read, with what stands between them, and
 *	is changed where libconfig would read or place something else than is written:
 *
 *	- To libconfig an element of an array or a list that is a string is on
 *	  the line of the token that follows it.  So a comma or a closing bracket is
 *	  put right behind the string, before all that stands between.
 *	- A comma before a closing bracket, which is an error of its own, is left
 *	  out, so that libconfig can go on.
 *	- NUL bytes, and control bytes outside strings, become blanks.
 *
 *	No line gets longer by it, nor shorter.
 */
#ifndef RULES_WHOLE_H
#define RULES_WHOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/location.h"
#include "rules/token.h"

/* Lines of the whole, up to the next run, that are lines of one file one after the other. */
struct whole_run {
	unsigned line;
	struct location from;
};

struct whole {
	char *text; /* ends with a NUL byte; NULL while it is empty */
	size_t size;
	size_t capacity;
	unsigned line; /* at the end of the text */
	struct whole_run *runs;
	size_t run_count;
	enum token_kind last; /* the kind of the last token */
	size_t last_end;      /* behind the last token; of a comma behind where it was put */
};

/* Begins a whole without text. */
void whole_start(struct whole *whole);
void whole_destroy(struct whole *whole);

/*
 * Says that the line that the text ends with is this line of this file.  The
 * file's name is not copied.  This and what appends returns false where there is no memory.
 */
bool whole_locate(struct whole *whole, struct location from);

/* Appends what stands between tokens: blanks and comments. */
bool whole_append_blanks(struct whole *whole, const char *bytes, size_t size);

/* Appends a token. */
bool whole_append_token(struct whole *whole, const struct token *token);

/* Ends the last line, if it has anything on it. */
bool whole_end_line(struct whole *whole);

/* Where a line of the whole, from 1, comes from.  There is at least one run. */
struct location whole_location(const struct whole *whole, unsigned line);

#endif
