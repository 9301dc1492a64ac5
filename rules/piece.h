/*
 * NAME
 *	piece - a text that is put together as a file is written
 *
 * DESCRIPTION
 *	What open_memstream(3) does, but whole or not at all: that of glibc neither
 *	fails nor marks its stream where the text cannot grow, and would give the
 *	beginning of a text for all of it.
 *
 *	A piece must not be moved while it is open.
 */
#ifndef RULES_PIECE_H
#define RULES_PIECE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct piece {
	FILE *stream;
	char *text; /* malloc(3) memory, once the piece is closed */
	size_t size;
	size_t room;
};

/* Returns false where there is no memory. */
bool piece_open(struct piece *piece);

/* Returns false where there was no memory for all of the text: then there is none to free. */
bool piece_close(struct piece *piece);

#endif
