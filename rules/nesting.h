/*
 * NAME
 *	nesting - the brackets that are open, and the names that are taken in them
 *
 * DESCRIPTION
 *	What rules/scan.c must remember to follow the grammar.
 */
#ifndef RULES_NESTING_H
#define RULES_NESTING_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/location.h"
#include "rules/token.h"

/* What may come next inside a bracket. */
enum expected {
	EXPECT_NAME,       /* in a group: a name, or the end */
	EXPECT_EQUALS,     /* after a name */
	EXPECT_VALUE,      /* after an equals sign */
	EXPECT_TERMINATOR, /* after a setting, where a separator may stand */
	EXPECT_FIRST,      /* in an array or a list: a value, or the end */
	EXPECT_COMMA,      /* after a value */
	EXPECT_NEXT,       /* after a comma */
	EXPECT_ANYTHING,   /* after a semicolon: it was meant as a comma, or the bracket was not closed */
};

/* An open bracket; the first frame is the text itself, a group without brackets. */
struct frame {
	char bracket; /* '{', '(' or '[' */
	enum expected expected;
	const char *element; /* what an array holds, since its first value; or NULL */
	struct token name;   /* of the setting at hand, in a group */
	struct token string; /* the last value, where it was a string; else without length */
	size_t names;        /* where the names of this group begin */
	struct location where;
};

/* A setting of an open group. */
struct taken_name {
	struct token token;
	struct location where;
};

struct nesting {
	struct frame *frames;
	size_t frame_count;
	struct taken_name *names;
	size_t name_count;
};

/* Opens the text itself.  Returns false where there is no memory. */
bool nesting_start(struct nesting *nesting);
void nesting_destroy(struct nesting *nesting);

/* The innermost open bracket. */
struct frame *nesting_top(const struct nesting *nesting);

/* Opens a bracket.  Returns false, and opens none, where there is no memory. */
bool nesting_open(struct nesting *nesting, char bracket, struct location where);

/* Closes the innermost bracket, which is not the text itself. */
void nesting_close(struct nesting *nesting);

/*
 * Which of the open brackets one that closes is meant for: its index in frames,
 * or 0 for none.  Round and square ones are taken for each other, never for a group's.
 */
size_t nesting_find(const struct nesting *nesting, char closing);

/* The setting of that name in the innermost group, or NULL. */
const struct taken_name *nesting_taken(const struct nesting *nesting, const struct token *name);

/* Adds a setting to the innermost group.  Returns false where there is no memory. */
bool nesting_take(struct nesting *nesting, const struct token *name, struct location where);

/* The bracket that closes an open one, and the one that opens. */
char bracket_closing(char bracket);
char bracket_opening(char bracket);

#endif
