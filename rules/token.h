/*
 * NAME
 *	token - the words and signs that a rule file is made of
 *
 * DESCRIPTION
 *	The lexical part of libconfig's grammar (its manual, chapter "Configuration
 *	Files"): strings with escapes, which may run over several lines; names;
 *	numbers; comments, those that end with the line and those of C.  Where
 *	libconfig would take a word apart ("10.0.0.0" is three numbers to it), it
 *	stays whole, so that it can be named in a message.
 *
 *	A string is taken not to be closed where it runs to the end of the text, or
 *	where it runs over a line's end and what follows its end cannot follow a
 *	string: then the next quotation mark, lines below, was meant to open
 *	another one.  Such a string ends with its first line.
 *
 *	Control bytes outside strings count as blanks.
 */
#ifndef RULES_TOKEN_H
#define RULES_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

enum token_kind {
	TOKEN_END,
	TOKEN_STRING, /* with its quotation marks */
	TOKEN_INTEGER,
	TOKEN_FLOAT,
	TOKEN_BOOLEAN,
	TOKEN_NAME,
	TOKEN_EQUALS, /* = or : */
	TOKEN_COMMA,
	TOKEN_SEMICOLON,
	TOKEN_OPEN,    /* ( [ { */
	TOKEN_CLOSE,   /* ) ] } */
	TOKEN_INCLUDE, /* @include "PATH", first on its line */
	TOKEN_COMMENT, /* only one that is not closed */
	TOKEN_WORD,    /* anything else: libconfig does not know it */
};
#define TOKEN_KIND_COUNT (TOKEN_WORD + 1)

struct token {
	enum token_kind kind;
	const char *start;
	size_t length;
	unsigned line; /* on which it begins */
	bool closed;   /* a string, or the path of an include */
};

/* Where reading stands. */
struct token_reader {
	const char *begin;
	const char *at;
	const char *end;
	unsigned line;
};

/* Starts at the first line of size bytes of text, which need no end of string. */
void token_reader_start(struct token_reader *reader, const char *text, size_t size);

/* Writes the next token to *ret_token: TOKEN_END, with no length, at the end of the text, as often as asked. */
void token_next(struct token_reader *reader, struct token *ret_token);

/* Lines that begin inside the token. */
unsigned token_line_ends(const struct token *token);

/* What an escape of a string stands for. */
struct token_escape {
	size_t length; /* bytes of the escape */
	int byte;      /* what it becomes: 0 to 255, or -1 where it is no escape and the backslash stays */
};

/* Reads the escape at text, which points to a backslash, before end. */
struct token_escape token_escape(const char *text, const char *end);

#endif
