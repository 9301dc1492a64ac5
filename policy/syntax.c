#include "policy/syntax.h"

#include <stddef.h>
#include <string.h>

bool syntax_next(const struct syntax *syntax, char byte)
{
	return syntax->at < syntax->end && *syntax->at == byte;
}

static bool next_are(const struct syntax *syntax, const char *bytes)
{
	size_t length = strlen(bytes);

	return (size_t)(syntax->end - syntax->at) >= length && memcmp(syntax->at, bytes, length) == 0;
}

/* Moves behind the next such byte, or to the end. */
static void skip_past(struct syntax *syntax, char byte)
{
	const char *found = memchr(syntax->at, byte, (size_t)(syntax->end - syntax->at));

	syntax->at = found == NULL ? syntax->end : found + 1;
}

void syntax_skip(struct syntax *syntax)
{
	for (;;) {
		if (syntax->quoted ? next_are(syntax, "\\E") : next_are(syntax, "\\Q") || next_are(syntax, "\\E")) {
			syntax->quoted = syntax->at[1] == 'Q';
			syntax->at += 2;
		} else if (syntax->quoted || !syntax->extended || syntax->at == syntax->end) {
			return;
		} else if (*syntax->at == '#') {
			skip_past(syntax, '\n');
		} else if (*syntax->at == ' ' || (*syntax->at >= '\t' && *syntax->at <= '\r')) {
			syntax->at++;
		} else {
			return;
		}
	}
}

static bool read_number(const char **at, const char *end, unsigned *ret_number)
{
	unsigned number = 0;
	const char *begin = *at;

	for (; *at < end && **at >= '0' && **at <= '9'; (*at)++)
		number = number >= REPETITION_UNBOUNDED ? number : number * 10 + (unsigned)(**at - '0');
	if (*at == begin)
		return false;
	*ret_number = number;
	return true;
}

/* Reads "{n}", "{n,}", "{n,m}"; anything else that begins with "{" is meant as it stands. */
static bool read_braces(struct syntax *syntax, struct repetition *ret_repetition)
{
	const char *at = syntax->at + 1;
	struct repetition repetition;

	if (!read_number(&at, syntax->end, &repetition.least))
		return false;
	repetition.most = repetition.least;
	if (at < syntax->end && *at == ',') {
		at++;
		if (!read_number(&at, syntax->end, &repetition.most))
			repetition.most = REPETITION_UNBOUNDED;
	}
	if (at == syntax->end || *at != '}')
		return false;
	syntax->at = at + 1;
	*ret_repetition = repetition;
	return true;
}

bool syntax_repetition(struct syntax *syntax, struct repetition *ret_repetition)
{
	if (syntax->at == syntax->end || syntax->quoted)
		return false;
	if (*syntax->at == '{') {
		if (!read_braces(syntax, ret_repetition))
			return false;
	} else if (*syntax->at == '?' || *syntax->at == '*' || *syntax->at == '+') {
		ret_repetition->least = *syntax->at == '+';
		ret_repetition->most = *syntax->at == '?' ? 1 : REPETITION_UNBOUNDED;
		syntax->at++;
	} else {
		return false;
	}
	if (syntax_next(syntax, '?') || syntax_next(syntax, '+'))
		syntax->at++;
	return true;
}

static bool is_digit(const struct syntax *syntax, size_t ahead)
{
	return ahead < (size_t)(syntax->end - syntax->at) && syntax->at[ahead] >= '0' && syntax->at[ahead] <= '9';
}

/* "\12" is a byte where there are no 12 groups; "\8" and "\9" begin none. */
static bool is_reference(const struct syntax *syntax)
{
	char escape = syntax->end - syntax->at > 1 ? syntax->at[1] : '\0';

	if (!syntax_next(syntax, '\\'))
		return false;
	if (escape >= '1' && escape <= '7')
		return !is_digit(syntax, 2);
	return escape == '8' || escape == '9' || escape == 'g' || escape == 'k';
}

/* Moves over the rest of "\1", "\g{-1}", "\g<name>", "\k'name'", from behind the "\". */
static void skip_reference(struct syntax *syntax)
{
	char kind = *syntax->at++;

	if (kind != 'g' && kind != 'k') {
		while (is_digit(syntax, 0))
			syntax->at++;
	} else if (syntax_next(syntax, '{')) {
		skip_past(syntax, '}');
	} else if (syntax_next(syntax, '<')) {
		skip_past(syntax, '>');
	} else if (syntax_next(syntax, '\'')) {
		syntax->at++;
		skip_past(syntax, '\'');
	} else {
		syntax->at += syntax_next(syntax, '-') || syntax_next(syntax, '+');
		while (is_digit(syntax, 0))
			syntax->at++;
	}
}

bool syntax_place(struct syntax *syntax, enum place *ret_place)
{
	static const struct {
		const char *sign;
		enum place place;
	} rows[] = {
	    {"^", PLACE_START}, {"$", PLACE_END},    {"\\A", PLACE_START},  {"\\G", PLACE_START}, {"\\z", PLACE_END},
	    {"\\Z", PLACE_END}, {"\\b", PLACE_EDGE}, {"\\B", PLACE_WITHIN}, {"\\K", PLACE_ANY},
	};

	if (syntax->quoted)
		return false;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!next_are(syntax, rows[i].sign))
			continue;
		syntax->at += strlen(rows[i].sign);
		*ret_place = rows[i].place;
		return true;
	}
	if (!is_reference(syntax))
		return false;
	syntax->at++;
	skip_reference(syntax);
	*ret_place = PLACE_ANY;
	return true;
}

/* Reads flags and the ":" or ")" behind them: "(?i-x:". */
static enum group read_flags(struct syntax *syntax)
{
	bool on = true;

	for (; syntax->at < syntax->end; syntax->at++) {
		switch (*syntax->at) {
		case '^':
			syntax->caseless = syntax->extended = false;
			break;
		case '-':
			on = false;
			break;
		case 'i':
			syntax->caseless = on;
			break;
		case 'x':
			syntax->extended = on;
			break;
		case ':':
			syntax->at++;
			return GROUP_TAKEN;
		case ')':
			syntax->at++;
			return GROUP_NONE;
		}
	}
	return GROUP_NONE;
}

/* "(*UTF)" is over with its ")"; "(*pla:" looks around. */
static enum group read_verb(struct syntax *syntax)
{
	const char *at = syntax->at;

	while (at < syntax->end && ((*at >= 'a' && *at <= 'z') || *at == '_'))
		at++;
	if (at == syntax->at || at == syntax->end || *at != ':') {
		skip_past(syntax, ')');
		return GROUP_NONE;
	}
	syntax->at = at + 1;
	return GROUP_SKIPPED;
}

/* Reads "<name>", "<=", "<!", "<*" behind "(?". */
static enum group read_angle(struct syntax *syntax)
{
	syntax->at++;
	if (syntax_next(syntax, '=') || syntax_next(syntax, '!') || syntax_next(syntax, '*')) {
		syntax->at++;
		return GROUP_SKIPPED;
	}
	skip_past(syntax, '>');
	return GROUP_TAKEN;
}

/* Whether what follows "(?" calls something: "(?R)", "(?-1)", "(?&name)", "(?P>name)", "(?P=name)", "(?C1)". */
static bool is_call(const struct syntax *syntax)
{
	char first = *syntax->at;
	char second = syntax->end - syntax->at > 1 ? syntax->at[1] : '\0';

	return first == '#' || first == '&' || first == 'R' || first == 'C' || first == '+' ||
	       (first >= '0' && first <= '9') || (first == '-' && second >= '0' && second <= '9') ||
	       (first == 'P' && second != '<');
}

enum group syntax_group(struct syntax *syntax)
{
	syntax->at++;
	if (syntax_next(syntax, '*')) {
		syntax->at++;
		return read_verb(syntax);
	}
	if (!syntax_next(syntax, '?'))
		return GROUP_TAKEN;
	syntax->at++;
	if (syntax->at == syntax->end)
		return GROUP_NONE;
	if (is_call(syntax)) {
		skip_past(syntax, ')');
		return GROUP_NONE;
	}
	syntax->at += syntax_next(syntax, 'P');
	switch (*syntax->at) {
	case '(': /* a condition, which is the first part of its alternatives here */
		return GROUP_SKIPPED;
	case '=':
	case '!':
	case '*':
		syntax->at++;
		return GROUP_SKIPPED;
	case '|':
	case '>':
		syntax->at++;
		return GROUP_TAKEN;
	case '<':
		return read_angle(syntax);
	case '\'':
		syntax->at++;
		skip_past(syntax, '\'');
		return GROUP_TAKEN;
	}
	return read_flags(syntax);
}
