#include "milter/answer.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "milter/mta.h"
#include "policy/limits.h"

static const char *const names[] = {
    [ANSWER_CONTINUE] = "continue",
    [ANSWER_ACCEPT] = "accept",
    [ANSWER_TEMPFAIL] = "tempfail",
    [ANSWER_REJECT] = "reject",
};
static_assert(sizeof names / sizeof *names == ANSWER_COUNT, "every answer has a name");

static const enum answer answers[] = {
    [VERDICT_ACCEPT] = ANSWER_CONTINUE,
    [VERDICT_TEMPFAIL] = ANSWER_TEMPFAIL,
    [VERDICT_REJECT] = ANSWER_REJECT,
};
static_assert(sizeof answers / sizeof *answers == VERDICT_COUNT, "every verdict has an answer");

/* The class of code that an MTA sends with a verdict. */
static const char classes[] = {
    [VERDICT_ACCEPT] = '2',
    [VERDICT_TEMPFAIL] = '4',
    [VERDICT_REJECT] = '5',
};
static_assert(sizeof classes == VERDICT_COUNT, "every verdict has a class of codes");

const char *answer_name(enum answer answer)
{
	return names[answer];
}

enum answer answer_from_verdict(enum verdict verdict)
{
	return answers[verdict];
}

/* Bytes of a reply, prepared, that replies seldom have more of. */
#define USUAL 1024

/* Copies one line of length bytes for the MTA into ret_line, of ANSWER_LINE + 1 bytes or 2 * length + 1; returns the
 * end.
 */
static char *prepare_line(const char *text, size_t length, char *ret_line)
{
	size_t written = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (written + (byte == '%' ? 2 : 1) > ANSWER_LINE)
			break;
		if (byte == '%')
			ret_line[written++] = '%';
		ret_line[written++] = byte < 0x20 || byte == 0x7f ? '?' : (char)byte;
	}
	ret_line[written] = '\0';
	return ret_line + written;
}

/* Sets the reply; its lines stand one after the other in prepared, which has room for them. */
static bool set_lines(const struct mta *mta, const char *code, const char *enhanced, const char *rendered,
                      char *prepared)
{
	const char *lines[LIMIT_REPLY_LINES];
	size_t count = 0;

	while (count < LIMIT_REPLY_LINES) {
		size_t length = strcspn(rendered, "\n");

		lines[count++] = prepared;
		prepared = prepare_line(rendered, length, prepared) + 1;
		if (rendered[length] == '\0')
			break;
		rendered += length + 1;
	}
	return mta->set_reply(mta->context, code, enhanced, lines, count);
}

/* The same, with room for the longest of replies. */
__attribute__((noinline)) static bool set_long_lines(const struct mta *mta, const char *code, const char *enhanced,
                                                     const char *rendered)
{
	char prepared[LIMIT_REPLY_LINES * (ANSWER_LINE + 1)];

	return set_lines(mta, code, enhanced, rendered, prepared);
}

bool answer_set_reply(const struct mta *mta, enum verdict verdict, const struct reply *reply, const char *rendered)
{
	char prepared[USUAL];
	char code[sizeof "599"];

	snprintf(code, sizeof code, "%u", reply->code);
	if (verdict == VERDICT_ACCEPT || code[0] != classes[verdict] || reply->enhanced[0] != classes[verdict])
		return false;
	if (2 * strlen(rendered) < sizeof prepared)
		return set_lines(mta, code, reply->enhanced, rendered, prepared);
	return set_long_lines(mta, code, reply->enhanced, rendered);
}
