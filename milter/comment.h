/*
 * NAME
 *	comment - text behind a mark, in lines that fit a terminal
 *
 * DESCRIPTION
 *	For files that we print and somebody else reads: what comes from a rule file must
 *	not end a comment.  Control bytes become "?".
 */
#ifndef MILTER_COMMENT_H
#define MILTER_COMMENT_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Writes the text behind "# " or whatever the mark is, in as many lines as it takes; further lines are
 * set in by so many blanks.  Returns false where there is no memory.
 */
bool comment_print(FILE *stream, const char *mark, unsigned indent, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Writes a text of paragraphs that end with a newline, each filled as above, but for those that begin with a
 * blank.  An empty one is the mark alone.  Not for text from a rule file.
 */
void comment_text(FILE *stream, const char *mark, const char *text);

#endif
