#include "rules/literal.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "rules/diagnostic.h"
#include "rules/token.h"
#include "rules/utf8.h"

/* Bytes of an integer that is read and shown: one with more digits does not fit, whatever they are. */
#define INTEGER_LENGTH 64

/* Whether the byte may stand outside strings: libconfig takes a form feed for a blank. */
static bool is_lawful(unsigned char byte)
{
	return (byte >= ' ' && byte != 0x7f) || byte == '\n' || byte == '\t' || byte == '\f';
}

void literal_bytes(struct diagnostics *diagnostics, const char *bytes, size_t size, struct location where,
                   bool in_string)
{
	unsigned control_line = 0, encoding_line = 0;
	size_t at = 0;

	while (at < size) {
		unsigned char byte = (unsigned char)bytes[at];
		size_t length = utf8_length(bytes + at, size - at);

		if (byte == '\n') {
			where.line++;
		} else if (byte == '\0' || (!in_string && !is_lawful(byte))) {
			if (control_line != where.line)
				diagnostics_error(diagnostics, where, "a control byte, 0x%02x, cannot stand here",
				                  byte);
			control_line = where.line;
		} else if (length == 0) {
			if (encoding_line != where.line)
				diagnostics_error(diagnostics, where, "the byte 0x%02x is not UTF-8", byte);
			encoding_line = where.line;
		}
		at += length != 0 ? length : 1;
	}
}

/* Whether the string, between its quotation marks, is a regular expression: /.../ or !/.../. */
static bool is_expression(const char *begin, const char *end)
{
	if (begin < end && *begin == '!')
		begin++;
	return end - begin >= 2 && *begin == '/' && end[-1] == '/';
}

static const char *byte_name(int byte, char *text, size_t size)
{
	switch (byte) {
	case '\n':
		return "a newline";
	case '\r':
		return "a carriage return";
	case '\t':
		return "a tab";
	case '\f':
		return "a form feed";
	default:
		snprintf(text, size, byte > ' ' && byte < 0x7f ? "\"%c\"" : "the byte 0x%02x", byte);
		return text;
	}
}

bool literal_string(struct diagnostics *diagnostics, const struct token *token, struct location where)
{
	const char *at = token->start + 1, *end = token->start + token->length - 1;
	bool expression = is_expression(at, end), sound = true;

	while (at < end) {
		struct token_escape escape = {.length = 1, .byte = -1};
		char text[24];

		if (*at == '\n')
			where.line++;
		else if (*at == '\\')
			escape = token_escape(at, end);
		if (escape.byte == 0) {
			diagnostics_error(diagnostics, where, "%.4s is a NUL byte, which no text can hold", at);
			sound = false;
		} else if (escape.byte > 0 && escape.byte != '\\' && escape.byte != '"' && expression) {
			diagnostics_warning(
			    diagnostics, where,
			    "%.*s reaches the regular expression as %s; write \\%.*s for the expression to see %.*s",
			    (int)escape.length, at, byte_name(escape.byte, text, sizeof(text)), (int)escape.length, at,
			    (int)escape.length, at);
		}
		at += escape.length;
	}
	return sound;
}

static bool is_hexadecimal(const struct token *token)
{
	return token->length > 2 && (token->start[1] == 'x' || token->start[1] == 'X');
}

bool literal_is_long(const struct token *token)
{
	return token->start[token->length - 1] == 'L';
}

/* Reads the integer.  Returns false where it does not fit in 64 bits. */
static bool read_integer(const struct token *token, int64_t *ret_value)
{
	char text[INTEGER_LENGTH];
	const char *digits = token->start;
	size_t length = token->length;
	long long value;

	/* zeros say nothing */
	if (is_hexadecimal(token)) {
		digits += 2;
		length -= 2;
	}
	while (length > 1 && *digits == '0') {
		digits++;
		length--;
	}
	/* what is cut off is too much anyhow */
	snprintf(text, sizeof(text), "%.*s", (int)length, digits);
	errno = 0;
	value = strtoll(text, NULL, is_hexadecimal(token) ? 16 : 10);
	if (errno != 0)
		return false;
	*ret_value = value;
	return true;
}

bool literal_integer(struct diagnostics *diagnostics, const struct token *token, struct location where)
{
	int shown = token->length < INTEGER_LENGTH ? (int)token->length : INTEGER_LENGTH;
	const char *dots = token->length > INTEGER_LENGTH ? "..." : "";
	int64_t value;

	if (!read_integer(token, &value))
		diagnostics_error(diagnostics, where, "%.*s%s does not fit in 64 bits", shown, token->start, dots);
	else if (!literal_is_long(token) && (value < INT32_MIN || value > INT32_MAX))
		diagnostics_error(diagnostics, where, "%.*s%s does not fit in 32 bits; write %.*s%sL", shown,
		                  token->start, dots, shown, token->start, dots);
	else
		return true;
	return false;
}
