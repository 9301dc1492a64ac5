/*
 * NAME
 *	syntax - the signs of a regular expression
 *
 * DESCRIPTION
 *	Reads what stands for no byte in an expression of PCRE2 (pcre2pattern(3)):
 *	quantifiers, anchors, what a parenthesis begins, flags.  What stands for one,
 *	policy/letters.h reads.  Nothing is checked: the expression has compiled, or
 *	what is read is a guess.
 *
 *	A reader stands at a byte; each function moves it behind what it has read, at
 *	most to the end.
 */
#ifndef POLICY_SYNTAX_H
#define POLICY_SYNTAX_H

#include <stdbool.h>

struct syntax {
	const char *at;
	const char *end;
	bool caseless;
	bool extended; /* blanks mean nothing */
	bool quoted;   /* between "\Q" and "\E", where all bytes stand for themselves */
};

/* Whether the byte comes next. */
bool syntax_next(const struct syntax *syntax, char byte);

/* Moves over what means nothing: the marks of a quotation; in extended expressions blanks and comments. */
void syntax_skip(struct syntax *syntax);

/* How often something may be repeated. */
struct repetition {
	unsigned least;
	unsigned most;
};
#define REPETITION_UNBOUNDED 65536 /* PCRE2 takes no bound above 65535 */

/*
 * Reads a quantifier, and whether it is lazy or possessive, which is not told.
 * Returns false, and nothing is read, where none stands there.
 */
bool syntax_repetition(struct syntax *syntax, struct repetition *ret_repetition);

/* What stands for a place in the text. */
enum place {
	PLACE_START,
	PLACE_END,
	PLACE_EDGE,   /* of a word: "\b" */
	PLACE_WITHIN, /* a word, or outside of words: "\B" */
	PLACE_ANY,    /* and what is not followed: a reference to a group */
};

/* Reads one.  Returns false, and nothing is read, where none stands there. */
bool syntax_place(struct syntax *syntax, enum place *ret_place);

/* What an opening parenthesis begins. */
enum group {
	GROUP_NONE,    /* and ends: a flag, a comment, a call */
	GROUP_TAKEN,   /* its alternatives are part of the text */
	GROUP_SKIPPED, /* they are not, or it depends */
};

/* Reads from the "(" to where its alternatives begin, or behind the ")" of GROUP_NONE.  Flags are set. */
enum group syntax_group(struct syntax *syntax);

#endif
