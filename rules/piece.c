#include "rules/piece.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* Bytes that a text begins with; few are longer. */
#define FIRST 256

/* Makes room for so many more bytes, and for the end of the text. */
static bool grow(struct piece *piece, size_t more)
{
	size_t room = piece->room != 0 ? piece->room : FIRST;
	char *text;

	while (room - piece->size <= more)
		room *= 2;
	if (room == piece->room)
		return true;
	text = realloc(piece->text, room);
	if (text == NULL)
		return false;
	piece->text = text;
	piece->room = room;
	return true;
}

/* As fopencookie(3) wants it: 0 is an error. */
static ssize_t add(void *cookie, const char *bytes, size_t count)
{
	struct piece *piece = cookie;

	if (!grow(piece, count))
		return 0;
	memcpy(piece->text + piece->size, bytes, count);
	piece->size += count;
	return (ssize_t)count;
}

bool piece_open(struct piece *piece)
{
	*piece = (struct piece){0};
	piece->stream = fopencookie(piece, "w", (cookie_io_functions_t){.write = add});
	return piece->stream != NULL;
}

bool piece_close(struct piece *piece)
{
	bool whole = ferror(piece->stream) == 0;

	whole = fclose(piece->stream) == 0 && whole && grow(piece, 0);
	if (!whole) {
		free(piece->text);
		return false;
	}
	piece->text[piece->size] = '\0';
	return true;
}
