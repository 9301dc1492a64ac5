#include "rules/token.h"

#include <string.h>
#include <strings.h>

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_hex_digit(char byte)
{
	return is_digit(byte) || (byte >= 'A' && byte <= 'F') || (byte >= 'a' && byte <= 'f');
}

static int hex_value(char digit)
{
	return is_digit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;
}

static bool is_letter(char byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}

static bool is_blank(char byte)
{
	unsigned char value = (unsigned char)byte;

	return value <= ' ' || value == 0x7f;
}

static bool is_sign(char byte)
{
	return byte != '\0' && strchr("=:,;(){}[]\"#", byte) != NULL;
}

static bool starts(const char *at, const char *end, const char *prefix)
{
	size_t length = strlen(prefix);

	return (size_t)(end - at) >= length && memcmp(at, prefix, length) == 0;
}

static const char *skip_digits(const char *at, const char *end)
{
	while (at < end && is_digit(*at))
		at++;
	return at;
}

static bool is_name(const char *at, const char *end)
{
	if (!is_letter(*at) && *at != '*')
		return false;
	for (; at < end; at++)
		if (!is_letter(*at) && !is_digit(*at) && *at != '*' && *at != '-' && *at != '_')
			return false;
	return true;
}

static bool is_boolean(const char *at, const char *end)
{
	size_t length = (size_t)(end - at);

	return (length == 4 && strncasecmp(at, "true", length) == 0) ||
	       (length == 5 && strncasecmp(at, "false", length) == 0);
}

static bool is_integer(const char *at, const char *end)
{
	const char *digits;

	if (starts(at, end, "0x") || starts(at, end, "0X")) {
		digits = at += 2;
		while (at < end && is_hex_digit(*at))
			at++;
	} else {
		if (*at == '-' || *at == '+')
			at++;
		digits = at;
		at = skip_digits(at, end);
	}
	if (at == digits)
		return false;
	return at == end || (end - at == 1 && starts(at, end, "L")) || (end - at == 2 && starts(at, end, "LL"));
}

static bool is_float(const char *at, const char *end)
{
	const char *digits;
	bool whole, point = false;

	if (*at == '-' || *at == '+')
		at++;
	digits = at;
	at = skip_digits(at, end);
	whole = at > digits;
	if (at < end && *at == '.') {
		point = true;
		at = skip_digits(at + 1, end);
	}
	if (!whole && !point)
		return false;
	if (at == end)
		return point;
	if (*at != 'e' && *at != 'E')
		return false;
	at++;
	if (at < end && (*at == '-' || *at == '+'))
		at++;
	digits = at;
	at = skip_digits(at, end);
	return at == end && at > digits;
}

static enum token_kind word_kind(const char *at, const char *end)
{
	if (is_boolean(at, end))
		return TOKEN_BOOLEAN;
	if (is_name(at, end))
		return TOKEN_NAME;
	if (is_integer(at, end))
		return TOKEN_INTEGER;
	return is_float(at, end) ? TOKEN_FLOAT : TOKEN_WORD;
}

struct token_escape token_escape(const char *text, const char *end)
{
	static const char letters[] = "nrtf\\\"", bytes[] = "\n\r\t\f\\\"";
	const char *letter;

	if (end - text >= 4 && (text[1] == 'x' || text[1] == 'X') && is_hex_digit(text[2]) && is_hex_digit(text[3]))
		return (struct token_escape){.length = 4, .byte = 16 * hex_value(text[2]) + hex_value(text[3])};
	letter = end - text >= 2 && text[1] != '\0' ? strchr(letters, text[1]) : NULL;
	if (!letter)
		return (struct token_escape){.length = 1, .byte = -1};
	return (struct token_escape){.length = 2, .byte = (unsigned char)bytes[letter - letters]};
}

/* The end of the string that opens at start, behind its quotation mark; NULL where there is none. */
static const char *string_end(const char *start, const char *end)
{
	const char *at = start + 1;

	while (at < end && *at != '"')
		at += *at == '\\' ? token_escape(at, end).length : 1;
	return at < end ? at + 1 : NULL;
}

/* Whether a text that goes on like this may have had a string before it. */
static bool may_follow_string(const char *at, const char *end)
{
	return at == end || is_blank(*at) || (is_sign(*at) && *at != '"') || starts(at, end, "//") ||
	       starts(at, end, "/*");
}

static void read_string(struct token_reader *reader, struct token *token)
{
	const char *end = string_end(reader->at, reader->end);
	const char *line_end = memchr(reader->at, '\n', (size_t)((end ? end : reader->end) - reader->at));

	token->kind = TOKEN_STRING;
	token->closed = end && (!line_end || may_follow_string(end, reader->end));
	if (!token->closed)
		end = line_end ? line_end : reader->end;
	token->length = (size_t)(end - reader->at);
}

/* Whether only blanks stand before this place on its line, as libconfig wants it of @include. */
static bool first_on_line(const struct token_reader *reader)
{
	const char *at = reader->at;

	while (at > reader->begin && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	return at == reader->begin || at[-1] == '\n';
}

/* Reads @include with its path, or returns false. */
static bool read_include(struct token_reader *reader, struct token *token)
{
	static const char keyword[] = "@include";
	const char *path, *line_end, *end;

	if (!starts(reader->at, reader->end, keyword) || !first_on_line(reader))
		return false;
	line_end = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
	if (!line_end)
		line_end = reader->end;
	path = reader->at + strlen(keyword);
	while (path < line_end && (*path == ' ' || *path == '\t'))
		path++;
	if (path == reader->at + strlen(keyword) || path == line_end || *path != '"')
		return false;
	end = string_end(path, line_end);
	token->kind = TOKEN_INCLUDE;
	token->closed = end != NULL;
	token->length = (size_t)((end ? end : line_end) - reader->at);
	return true;
}

static void read_word(struct token_reader *reader, struct token *token)
{
	const char *at = reader->at;

	do {
		at++;
	} while (at < reader->end && !is_blank(*at) && !is_sign(*at) && !starts(at, reader->end, "//") &&
	         !starts(at, reader->end, "/*"));
	token->kind = word_kind(reader->at, at);
	token->length = (size_t)(at - reader->at);
}

/* Moves on to the next token; returns false, and stays, at a comment that is not closed. */
static bool skip_blanks(struct token_reader *reader)
{
	const char *at = reader->at, *end = reader->end;

	for (;;) {
		while (at < end && is_blank(*at))
			if (*at++ == '\n')
				reader->line++;
		reader->at = at;
		if (starts(at, end, "#") || starts(at, end, "//")) {
			while (at < end && *at != '\n')
				at++;
		} else if (starts(at, end, "/*")) {
			unsigned line = reader->line;

			for (at += 2; at < end && !starts(at, end, "*/"); at++)
				if (*at == '\n')
					line++;
			if (at == end)
				return false;
			at += 2;
			reader->line = line;
		} else {
			return true;
		}
	}
}

static enum token_kind sign_kind(char byte)
{
	switch (byte) {
	case '=':
	case ':':
		return TOKEN_EQUALS;
	case ',':
		return TOKEN_COMMA;
	case ';':
		return TOKEN_SEMICOLON;
	case '(':
	case '[':
	case '{':
		return TOKEN_OPEN;
	default:
		return TOKEN_CLOSE;
	}
}

void token_reader_start(struct token_reader *reader, const char *text, size_t size)
{
	*reader = (struct token_reader){.begin = text, .at = text, .end = text + size, .line = 1};
}

void token_next(struct token_reader *reader, struct token *ret_token)
{
	bool outside_comment = skip_blanks(reader);

	*ret_token = (struct token){.start = reader->at, .line = reader->line, .closed = true};
	if (!outside_comment) {
		ret_token->kind = TOKEN_COMMENT;
		ret_token->length = (size_t)(reader->end - reader->at);
	} else if (reader->at == reader->end) {
		ret_token->kind = TOKEN_END;
	} else if (*reader->at == '"') {
		read_string(reader, ret_token);
	} else if (is_sign(*reader->at)) {
		ret_token->kind = sign_kind(*reader->at);
		ret_token->length = 1;
	} else if (!read_include(reader, ret_token)) {
		read_word(reader, ret_token);
	}
	reader->at += ret_token->length;
	reader->line += token_line_ends(ret_token);
}

unsigned token_line_ends(const struct token *token)
{
	unsigned count = 0;

	for (size_t index = 0; index < token->length; index++)
		count += token->start[index] == '\n';
	return count;
}
