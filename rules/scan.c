#include "rules/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/room.h"
#include "rules/diagnostic.h"
#include "rules/literal.h"
#include "rules/nesting.h"
#include "rules/token.h"
#include "rules/utf8.h"

/* Bytes of a token that a message shows. */
#define SHOWN_LENGTH 60

/* Bytes of a message, and of a place in it: the name of a file may be long. */
#define MESSAGE_LENGTH 1024
#define PLACE_LENGTH 300

struct scan {
	struct diagnostics *diagnostics;
	struct nesting nesting;
	struct location where;       /* of the token at hand */
	struct location fault_where; /* of the last fault of the grammar */
	struct location *misread;    /* lines of values that libconfig misreads */
	size_t misread_count;
	bool fault;
	bool mismatched; /* a bracket was: what is inside what is not known for sure */
	bool lost;
};

struct scan *scan_new(struct diagnostics *diagnostics)
{
	struct scan *scan = calloc(1, sizeof(*scan));

	if (!scan)
		return NULL;
	scan->diagnostics = diagnostics;
	if (!nesting_start(&scan->nesting)) {
		scan_free(scan);
		return NULL;
	}
	return scan;
}

void scan_free(struct scan *scan)
{
	if (!scan)
		return;
	nesting_destroy(&scan->nesting);
	free(scan->misread);
	free(scan);
}

void scan_lose(struct scan *scan)
{
	scan->fault = true;
	scan->lost = true;
}

bool scan_syntax_fault(const struct scan *scan)
{
	return scan->fault;
}

static struct frame *innermost(const struct scan *scan)
{
	return nesting_top(&scan->nesting);
}

static bool same_line(struct location one, struct location other)
{
	return one.file && other.file && one.line == other.line && strcmp(one.file, other.file) == 0;
}

/* Reports a fault of the grammar, the first of its line. */
__attribute__((format(printf, 3, 4))) static void fault_at(struct scan *scan, struct location where, const char *format,
                                                           ...)
{
	char text[MESSAGE_LENGTH];
	va_list arguments;

	scan->fault = true;
	if (scan->lost || same_line(scan->fault_where, where))
		return;
	scan->fault_where = where;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	diagnostics_error(scan->diagnostics, where, "%s", text);
}

#define fault(scan, ...) fault_at((scan), (scan)->where, __VA_ARGS__)

static void no_memory(struct scan *scan)
{
	fault(scan, "no memory");
	scan_lose(scan);
}

static void remember_misread(struct scan *scan, struct location where)
{
	struct location *misread = room_for_one(scan->misread, scan->misread_count, sizeof(*misread));

	if (!misread) {
		no_memory(scan);
		return;
	}
	scan->misread = misread;
	misread[scan->misread_count++] = where;
}

/* Says that libconfig misreads this value, which it places on the line of the setting's name or where the value ends.
 */
static void mark_misread(struct scan *scan, const struct token *token)
{
	const struct nesting *nesting = &scan->nesting;
	struct location last_line = scan->where;

	last_line.line += token_line_ends(token);
	remember_misread(scan, last_line);
	if (innermost(scan)->bracket == '{' && innermost(scan)->names < nesting->name_count)
		remember_misread(scan, nesting->names[nesting->name_count - 1].where);
}

static int shown_length(const struct token *token)
{
	size_t length = 0;

	while (length < token->length && length < SHOWN_LENGTH && token->start[length] != '\n') {
		size_t character = utf8_length(token->start + length, token->length - length);

		length += character != 0 ? character : 1;
	}
	return (int)length;
}

/* For "%.*s%s": a token, cut where it is long. */
#define SHOWN(token) shown_length(token), (token)->start, (size_t)shown_length(token) < (token)->length ? "..." : ""

/* Where an earlier thing is, in a message about this place: "line 3", or with the name of another file. */
static const char *place(const struct scan *scan, struct location where, char *text, size_t size)
{
	if (strcmp(where.file, scan->where.file) == 0)
		snprintf(text, size, "line %u", where.line);
	else
		snprintf(text, size, "%s:%u", where.file, where.line);
	return text;
}

/* What an array may hold one kind of, in words. */
static const char *element_kind(const struct token *token)
{
	if (token->kind == TOKEN_STRING)
		return "a string";
	if (token->kind == TOKEN_INTEGER)
		return literal_is_long(token) ? "a number with L" : "a number";
	return token->kind == TOKEN_FLOAT ? "a number with a point" : "true or false";
}

/* Whether there is a blank or a newline at the seam: a text is split so, a list without its commas is not. */
static bool has_seam(const struct token *one, const struct token *other)
{
	const char *last = one->start + one->length - 2;

	return *last == ' ' || other->start[1] == ' ' || (last - one->start > 1 && last[-1] == '\\' && *last == 'n');
}

/* Two strings without a comma. */
static void take_joined(struct scan *scan, const struct token *token)
{
	const struct token *before = &innermost(scan)->string;

	if (scan->lost)
		return;
	if (innermost(scan)->bracket != '{') {
		diagnostics_error(scan->diagnostics, scan->where,
		                  "%.*s%s %.*s%s: a comma is missing between them; libconfig would join them",
		                  SHOWN(before), SHOWN(token));
		mark_misread(scan, token);
	} else if (!has_seam(before, token)) {
		diagnostics_warning(scan->diagnostics, scan->where,
		                    "%.*s%s %.*s%s are joined to one string; if they are two, write [ %.*s%s, %.*s%s ]",
		                    SHOWN(before), SHOWN(token), SHOWN(before), SHOWN(token));
	}
}

/* A value, or the bracket that opens one. */
static void take_value(struct scan *scan, const struct token *token)
{
	struct frame *frame = innermost(scan);
	bool joined = token->kind == TOKEN_STRING && frame->string.length != 0;

	switch (frame->expected) {
	case EXPECT_VALUE:
	case EXPECT_FIRST:
	case EXPECT_NEXT:
	case EXPECT_ANYTHING:
		break;
	case EXPECT_EQUALS:
		fault(scan, "\"=\" is missing between %.*s%s and %.*s%s", SHOWN(&frame->name), SHOWN(token));
		break;
	case EXPECT_COMMA:
		if (joined)
			take_joined(scan, token);
		else
			fault(scan, "a comma is missing before %.*s%s", SHOWN(token));
		break;
	case EXPECT_NAME:
	case EXPECT_TERMINATOR:
		if (joined && frame->expected == EXPECT_TERMINATOR)
			take_joined(scan, token);
		else
			fault(scan, "%.*s%s has no name; a setting is NAME = VALUE", SHOWN(token));
		break;
	}
	frame->expected = frame->bracket == '{' ? EXPECT_TERMINATOR : EXPECT_COMMA;
	frame->string = token->kind == TOKEN_STRING ? *token : (struct token){.length = 0};
}

/* A string, a number, true or false. */
static void take_scalar(struct scan *scan, const struct token *token)
{
	struct frame *frame = innermost(scan);
	const char *kind = element_kind(token);

	take_value(scan, token);
	if (frame->bracket != '[')
		return;
	if (!frame->element)
		frame->element = kind;
	else if (strcmp(frame->element, kind) != 0)
		fault(scan, "%.*s%s is %s, but this array begins with %s; an array holds one kind", SHOWN(token), kind,
		      frame->element);
}

static void take_string(struct scan *scan, const struct token *token)
{
	if (token->closed) {
		if (!literal_string(scan->diagnostics, token, scan->where))
			mark_misread(scan, token);
	} else {
		diagnostics_error(scan->diagnostics, scan->where, "a quotation mark is missing: %.*s%s", SHOWN(token));
		scan_lose(scan);
	}
	take_scalar(scan, token);
}

static void take_integer(struct scan *scan, const struct token *token)
{
	if (!literal_integer(scan->diagnostics, token, scan->where))
		mark_misread(scan, token);
	take_scalar(scan, token);
}

/* Text that is no token of libconfig's, or a name, where a value belongs. */
static void take_unquoted(struct scan *scan, const struct token *token)
{
	static const char keyword[] = "@include";
	struct frame *frame = innermost(scan);
	struct token inner = *token;

	/* single quotation marks are none */
	if (inner.length > 2 && inner.start[0] == '\'' && inner.start[inner.length - 1] == '\'') {
		inner.start++;
		inner.length -= 2;
	}
	if (token->length >= strlen(keyword) && memcmp(token->start, keyword, strlen(keyword)) == 0)
		fault(scan, "an include stands alone on its line: @include \"FILE\"");
	else if (frame->bracket == '{' && frame->expected != EXPECT_VALUE)
		fault(scan, "%.*s%s is not a name; a setting is NAME = VALUE", SHOWN(token));
	else
		fault(scan, "%.*s%s must stand in quotation marks: \"%.*s%s\"", SHOWN(token), SHOWN(&inner));
	frame->expected = frame->bracket == '{' ? EXPECT_TERMINATOR : EXPECT_COMMA;
	frame->string.length = 0;
}

/* A name follows the semicolon: so what was open should have been closed before that. */
static void close_before_semicolon(struct scan *scan)
{
	while (innermost(scan)->expected == EXPECT_ANYTHING) {
		nesting_close(&scan->nesting);
		scan->mismatched = true;
		if (innermost(scan)->bracket != '{')
			innermost(scan)->expected = EXPECT_ANYTHING;
	}
}

static void take_name(struct scan *scan, const struct token *token)
{
	const struct taken_name *taken;
	struct frame *frame;
	char text[PLACE_LENGTH];

	close_before_semicolon(scan);
	frame = innermost(scan);
	if (frame->bracket != '{' || frame->expected == EXPECT_VALUE) {
		take_unquoted(scan, token);
		return;
	}
	taken = nesting_taken(&scan->nesting, token);
	if (frame->expected == EXPECT_EQUALS)
		fault(scan, "\"=\" is missing after %.*s%s", SHOWN(&frame->name));
	else if (taken && !scan->mismatched)
		fault(scan, "\"%.*s%s\" is given twice; the first is in %s", SHOWN(token),
		      place(scan, taken->where, text, sizeof(text)));
	if (!nesting_take(&scan->nesting, token, scan->where))
		no_memory(scan);
	frame->name = *token;
	frame->expected = EXPECT_EQUALS;
}

static void take_equals(struct scan *scan, const struct token *token)
{
	struct frame *frame = innermost(scan);
	char text[PLACE_LENGTH];

	if (frame->bracket != '{') {
		fault(scan, "\"%c\" inside the \"%c\" of %s: settings stand in { }", *token->start, frame->bracket,
		      place(scan, frame->where, text, sizeof(text)));
		return;
	}
	if (frame->expected != EXPECT_EQUALS)
		fault(scan, "a name is missing before \"%c\"", *token->start);
	frame->expected = EXPECT_VALUE;
	frame->string.length = 0;
}

/* A comma or a semicolon between settings. */
static void take_terminator(struct scan *scan, const struct token *token)
{
	struct frame *frame = innermost(scan);

	if (frame->expected == EXPECT_NAME)
		fault(scan, "there is no setting before \"%c\"", *token->start);
	else if (frame->expected != EXPECT_TERMINATOR)
		fault(scan, "%.*s%s has no value", SHOWN(&frame->name));
	frame->expected = EXPECT_NAME;
}

static void take_comma(struct scan *scan, const struct token *token)
{
	struct frame *frame = innermost(scan);

	if (frame->bracket == '{') {
		take_terminator(scan, token);
		return;
	}
	if (frame->expected != EXPECT_COMMA)
		fault(scan, "a value is missing before \",\"");
	frame->expected = EXPECT_NEXT;
	frame->string.length = 0;
}

static void take_semicolon(struct scan *scan, const struct token *token)
{
	struct frame *frame = innermost(scan);
	char text[PLACE_LENGTH];

	if (frame->bracket == '{') {
		take_terminator(scan, token);
		return;
	}
	fault(scan, "\";\" inside the \"%c\" of %s; write \",\" between values, or \"%c\" before it", frame->bracket,
	      place(scan, frame->where, text, sizeof(text)), bracket_closing(frame->bracket));
	frame->expected = EXPECT_ANYTHING;
	frame->string.length = 0;
}

/* Whether this brace opens the next group of a list although the one before it is still open. */
static bool is_next_group(const struct scan *scan, char bracket)
{
	const struct frame *frame = innermost(scan);

	return bracket == '{' && frame->bracket == '{' && frame->expected == EXPECT_NAME &&
	       scan->nesting.frame_count > 1 && frame[-1].bracket == '(';
}

static void take_open(struct scan *scan, const struct token *token)
{
	char bracket = *token->start, text[PLACE_LENGTH];

	if (is_next_group(scan, bracket)) {
		fault(scan, "the \"{\" of %s is not closed before this one",
		      place(scan, innermost(scan)->where, text, sizeof(text)));
		nesting_close(&scan->nesting);
		innermost(scan)->expected = EXPECT_NEXT;
		scan->mismatched = true;
	}
	if (innermost(scan)->bracket == '[')
		fault(scan, "\"%c\" inside [ ], which holds plain values only; a list of others stands in ( )",
		      bracket);
	take_value(scan, token);
	if (!nesting_open(&scan->nesting, bracket, scan->where))
		no_memory(scan);
}

static void take_close(struct scan *scan, const struct token *token)
{
	size_t meant = nesting_find(&scan->nesting, *token->start);
	struct frame *frame = innermost(scan);
	char text[PLACE_LENGTH];

	if (meant == 0) {
		/* it would not, had an earlier one closed what it was meant to */
		if (!scan->mismatched)
			fault(scan, "\"%c\" closes nothing", *token->start);
		scan->mismatched = scan->fault = true;
		/* the separator that follows it is not one too many */
		if (frame->expected == EXPECT_NAME)
			frame->expected = EXPECT_TERMINATOR;
		return;
	}
	if (frame->bracket != bracket_opening(*token->start)) {
		scan->mismatched = true;
		if (frame->expected != EXPECT_ANYTHING)
			fault(scan, "\"%c\" does not close the \"%c\" of %s", *token->start, frame->bracket,
			      place(scan, frame->where, text, sizeof(text)));
	} else if (frame->expected == EXPECT_NEXT && !scan->lost) {
		diagnostics_error(scan->diagnostics, scan->where, "a comma stands before \"%c\"; take it out",
		                  *token->start);
	} else if (frame->expected == EXPECT_EQUALS || frame->expected == EXPECT_VALUE) {
		fault(scan, "%.*s%s has no value", SHOWN(&frame->name));
	}
	while (scan->nesting.frame_count > meant)
		nesting_close(&scan->nesting);
}

void scan_token(struct scan *scan, const struct token *token, struct location where)
{
	if (token->kind != TOKEN_END)
		scan->where = where;
	switch (token->kind) {
	case TOKEN_STRING:
		take_string(scan, token);
		break;
	case TOKEN_INTEGER:
		take_integer(scan, token);
		break;
	case TOKEN_FLOAT:
	case TOKEN_BOOLEAN:
		take_scalar(scan, token);
		break;
	case TOKEN_NAME:
		take_name(scan, token);
		break;
	case TOKEN_WORD:
		take_unquoted(scan, token);
		break;
	case TOKEN_EQUALS:
		take_equals(scan, token);
		break;
	case TOKEN_COMMA:
		take_comma(scan, token);
		break;
	case TOKEN_SEMICOLON:
		take_semicolon(scan, token);
		break;
	case TOKEN_OPEN:
		take_open(scan, token);
		break;
	case TOKEN_CLOSE:
		take_close(scan, token);
		break;
	case TOKEN_COMMENT:
		diagnostics_error(scan->diagnostics, where, "the comment that begins here is not closed");
		scan_lose(scan);
		break;
	case TOKEN_INCLUDE:
	case TOKEN_END:
		break;
	}
}

void scan_end(struct scan *scan)
{
	const struct frame *frame = innermost(scan);

	if (frame->expected == EXPECT_EQUALS || frame->expected == EXPECT_VALUE)
		fault(scan, "%.*s%s has no value", SHOWN(&frame->name));
	for (; scan->nesting.frame_count > 1 && !scan->mismatched; nesting_close(&scan->nesting))
		fault_at(scan, innermost(scan)->where, "\"%c\" is not closed", innermost(scan)->bracket);
	for (size_t index = 0; index < scan->misread_count; index++)
		diagnostics_mute_line(scan->diagnostics, scan->misread[index]);
}
