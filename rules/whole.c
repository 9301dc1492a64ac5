#include "rules/whole.h"

#include <stdlib.h>
#include <string.h>

#include "policy/room.h"

void whole_start(struct whole *whole)
{
	*whole = (struct whole){.line = 1};
}

void whole_destroy(struct whole *whole)
{
	free(whole->text);
	free(whole->runs);
}

bool whole_locate(struct whole *whole, struct location from)
{
	struct whole_run *runs;

	if (whole->run_count != 0 && whole->runs[whole->run_count - 1].line == whole->line)
		whole->run_count--;
	runs = room_for_one(whole->runs, whole->run_count, sizeof(*runs));
	if (!runs)
		return false;
	whole->runs = runs;
	runs[whole->run_count++] = (struct whole_run){.line = whole->line, .from = from};
	return true;
}

static bool append(struct whole *whole, const char *bytes, size_t size, bool in_string)
{
	if (whole->capacity - whole->size <= size) {
		size_t capacity = 2 * whole->capacity + size + 1;
		char *larger = realloc(whole->text, capacity);

		if (!larger)
			return false;
		whole->text = larger;
		whole->capacity = capacity;
	}
	for (size_t index = 0; index < size; index++) {
		unsigned char byte = (unsigned char)bytes[index];

		if (byte == '\n')
			whole->line++;
		else if (byte == '\0' || (!in_string && (byte < ' ' || byte == 0x7f)))
			byte = ' ';
		whole->text[whole->size++] = (char)byte;
	}
	whole->text[whole->size] = '\0';
	return true;
}

bool whole_append_blanks(struct whole *whole, const char *bytes, size_t size)
{
	return append(whole, bytes, size, false);
}

/* Moves the last byte of the text to an earlier place. */
static void pull(struct whole *whole, size_t place)
{
	char byte = whole->text[whole->size - 1];

	memmove(whole->text + place + 1, whole->text + place, whole->size - 1 - place);
	whole->text[place] = byte;
}

bool whole_append_token(struct whole *whole, const struct token *token)
{
	bool closes = token->kind == TOKEN_CLOSE && *token->start != '}';

	if (!append(whole, token->start, token->length, token->kind == TOKEN_STRING))
		return false;
	if (closes && whole->last == TOKEN_COMMA) {
		whole->text[whole->size - 1] = ' ';
		whole->text[whole->last_end - 1] = *token->start;
	} else if ((closes || token->kind == TOKEN_COMMA) && whole->last == TOKEN_STRING) {
		pull(whole, whole->last_end);
		whole->last_end++;
	} else {
		whole->last_end = whole->size;
	}
	whole->last = token->kind;
	return true;
}

bool whole_end_line(struct whole *whole)
{
	return whole->size == 0 || whole->text[whole->size - 1] == '\n' || append(whole, "\n", 1, false);
}

struct location whole_location(const struct whole *whole, unsigned line)
{
	size_t first = 0, behind = whole->run_count;
	const struct whole_run *run;

	/* the last run that does not begin behind the line */
	while (behind - first > 1) {
		size_t middle = first + (behind - first) / 2;

		if (whole->runs[middle].line <= line)
			first = middle;
		else
			behind = middle;
	}
	run = &whole->runs[first];
	if (line < run->line)
		return (struct location){.file = run->from.file, .line = 0};
	return (struct location){.file = run->from.file, .line = run->from.line + (line - run->line)};
}
