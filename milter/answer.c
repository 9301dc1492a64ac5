#include "milter/answer.h"

#include <assert.h>
#include <ctype.h>
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

/* Where the enhanced code at the start of text ends ("5.7.1"), or NULL where there is none of that class. */
static const char *enhanced_end(const char *text, char class)
{
	if (*text++ != class)
		return NULL;
	for (unsigned part = 0; part < 2; part++) {
		size_t digits;

		if (*text++ != '.')
			return NULL;
		digits = strspn(text, "0123456789");
		if (digits < 1 || digits > 3)
			return NULL;
		text += digits;
	}
	return *text == ' ' || *text == '\n' || *text == '\0' ? text : NULL;
}

/* Copies one line of length bytes for the MTA into ret_line, of ANSWER_LINE + 1 bytes. */
static void prepare_line(const char *text, size_t length, char *ret_line)
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
}

bool answer_set_reply(const struct mta *mta, enum verdict verdict, const char *reply)
{
	char prepared[LIMIT_REPLY_LINES][ANSWER_LINE + 1];
	const char *lines[LIMIT_REPLY_LINES];
	char code[4];
	char enhanced[sizeof "5.999.999"];
	const char *end;
	size_t count = 0;
	size_t prefix;

	if (verdict == VERDICT_ACCEPT || reply[0] != classes[verdict])
		return false;
	if (!isdigit((unsigned char)reply[1]) || !isdigit((unsigned char)reply[2]) ||
	    (reply[3] != ' ' && reply[3] != '-'))
		return false;
	end = enhanced_end(reply + 4, classes[verdict]);
	if (end == NULL)
		return false;
	snprintf(code, sizeof code, "%.3s", reply);
	snprintf(enhanced, sizeof enhanced, "%.*s", (int)(end - (reply + 4)), reply + 4);

	prefix = (size_t)(end - reply);
	while (*reply != '\0' && count < LIMIT_REPLY_LINES) {
		size_t length = strcspn(reply, "\n");
		size_t skipped =
		    length > prefix ? prefix + 1 : length; /* every line begins with the same codes, and a blank */

		prepare_line(reply + skipped, length - skipped, prepared[count]);
		lines[count] = prepared[count];
		count++;
		reply += length;
		if (*reply == '\n')
			reply++;
	}
	return mta->set_reply(mta->context, code, enhanced, lines, count);
}
