#include "milter/comment.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 80

static void print_clean(FILE *stream, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		fputc(byte < 0x20 || byte == 0x7f ? '?' : byte, stream);
	}
}

/* Where the next word ends, within length bytes. */
static size_t word_length(const char *text, size_t length)
{
	size_t word = 0;

	while (word < length && text[word] != ' ')
		word++;
	return word;
}

/* Fills lines with the words of the text, and keeps the blanks between words of one line. */
static void fill(FILE *stream, const char *mark, unsigned indent, const char *text, size_t length)
{
	size_t column = strlen(mark), blanks = 0;

	fputs(mark, stream);
	for (size_t at = 0; at < length;) {
		size_t word = word_length(text + at, length - at);

		if (at > 0 && column + blanks + word > COLUMNS) {
			fprintf(stream, "\n%s%*s", mark, (int)indent, "");
			column = strlen(mark) + indent;
			blanks = 0;
		}
		fprintf(stream, "%*s", (int)blanks, "");
		print_clean(stream, text + at, word);
		column += blanks + word;
		at += word;
		for (blanks = 0; at < length && text[at] == ' '; at++)
			blanks++;
	}
	fputc('\n', stream);
}

bool comment_print(FILE *stream, const char *mark, unsigned indent, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return false;
	fill(stream, mark, indent, text, (size_t)length);
	free(text);
	return true;
}

void comment_text(FILE *stream, const char *mark, const char *text)
{
	size_t margin = strlen(mark);

	while (margin > 0 && mark[margin - 1] == ' ')
		margin--;
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		if (length == 0)
			fprintf(stream, "%.*s\n", (int)margin, mark);
		else if (*text == ' ')
			fprintf(stream, "%s%.*s\n", mark, (int)length, text);
		else
			fill(stream, mark, 0, text, length);
		text += length + (text[length] == '\n');
	}
}
