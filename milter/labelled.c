#include "milter/labelled.h"

#include <stdlib.h>
#include <string.h>

/* Of the label, which is set to the right, and of what stands before the text. */
#define LABEL 13
#define MARGIN (2 + LABEL + 2)

/* Select Graphic Rendition (ECMA-48): bold, red. */
static const char alarm[] = "\033[1;31m";
static const char no_colour[] = "\033[0m";

/* Writes bytes; a control byte, which a terminal might obey, as "?". */
static void print_clean(const char *text, size_t length, FILE *stream)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];
		fputc(byte < 0x20 || byte == 0x7f ? '?' : byte, stream);
	}
}

/* Fills lines with the words of the text. */
static void print_filled(const char *text, FILE *stream)
{
	size_t column = MARGIN;

	while (*text != '\0') {
		size_t length = strcspn(text, " ");

		if (column > MARGIN && column + 1 + length > COLUMNS) {
			fprintf(stream, "\n%*s", MARGIN, "");
			column = MARGIN;
		} else if (column > MARGIN) {
			fputc(' ', stream);
			column++;
		}
		print_clean(text, length, stream);
		column += length;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', stream);
}

void label_text(FILE *stream, const char *label, bool colour, const char *text)
{
	fprintf(stream, "  %*s%s%s%s  ", (int)(LABEL - strlen(label)), "", colour ? alarm : "", label,
	        colour ? no_colour : "");
	print_filled(text, stream);
}

bool label_piece(FILE *stream, const char *label, bool colour, struct piece *piece)
{
	if (!piece_close(piece))
		return false;
	label_text(stream, label, colour, piece->text);
	free(piece->text);
	return true;
}
