/*
 * NAME
 *	labelled - text for people, in lines that fit a terminal, behind labels
 */
#ifndef MILTER_LABELLED_H
#define MILTER_LABELLED_H

#include <stdbool.h>
#include <stdio.h>

#include "rules/piece.h"

/* How wide lines are. */
#define COLUMNS 80

/*
 * Writes the label, of at most 13 columns, and the text behind it, in as many lines as it
 * takes.  Control bytes are written as "?".  colour: the label is one that must not be
 * overlooked, and the stream is a terminal that has colours.
 */
void label_text(FILE *stream, const char *label, bool colour, const char *text);

/* Closes the piece, and writes it behind the label.  Returns false where there is no memory. */
bool label_piece(FILE *stream, const char *label, bool colour, struct piece *piece);

#endif
