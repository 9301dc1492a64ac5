#include "milter/smtp_reply.h"

#include <string.h>
#include <strings.h>

static const char cut[] = "...";

void smtp_reply_begin(struct smtp_reply *reply)
{
	reply->code = 0;
	reply->text[0] = '\0';
	reply->length = 0;
	reply->lines = 0;
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* The code that a line begins with, or 0. */
static unsigned code_of(const char *line)
{
	if (line[0] < '2' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2]))
		return 0;
	if (line[3] != ' ' && line[3] != '-' && line[3] != '\0')
		return 0;
	return (unsigned)((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}

/* Adds text to what is kept, as far as there is room. */
static void keep(struct smtp_reply *reply, const char *text)
{
	size_t length = strlen(reply->text);
	size_t room = sizeof reply->text - sizeof cut - length;

	if (length >= sizeof reply->text - sizeof cut)
		return;
	if (strlen(text) <= room) {
		strcpy(reply->text + length, text);
		return;
	}
	memcpy(reply->text + length, text, room);
	strcpy(reply->text + length + room, cut);
}

static enum smtp_reply_state garbage(struct smtp_reply *reply)
{
	reply->text[0] = '\0';
	keep(reply, reply->line);
	return SMTP_REPLY_GARBAGE;
}

static enum smtp_reply_state take_line(struct smtp_reply *reply)
{
	unsigned code;

	if (reply->length > 0 && reply->line[reply->length - 1] == '\r')
		reply->length--;
	reply->line[reply->length] = '\0';
	for (char *byte = reply->line; byte < reply->line + reply->length; byte++) {
		if (*byte < 0x20 || *byte > 0x7e)
			*byte = '?';
	}
	code = code_of(reply->line);
	if (code == 0 || (reply->lines > 0 && code != reply->code))
		return garbage(reply);
	reply->code = code;
	if (reply->lines > 0)
		keep(reply, "\n");
	if (reply->lines == 0) {
		keep(reply, (char[]){reply->line[0], reply->line[1], reply->line[2], ' ', '\0'});
	}
	keep(reply, reply->length > 4 ? reply->line + 4 : "");
	reply->lines++;
	reply->length = 0;
	return reply->line[3] == '-' ? SMTP_REPLY_MORE : SMTP_REPLY_DONE;
}

enum smtp_reply_state smtp_reply_take(struct smtp_reply *reply, char byte)
{
	if (byte == '\n')
		return take_line(reply);
	if (reply->lines == SMTP_REPLY_LINES)
		return SMTP_REPLY_MANY_LINES;
	if (reply->length == SMTP_REPLY_LINE)
		return SMTP_REPLY_LONG_LINE;
	reply->line[reply->length++] = byte;
	return SMTP_REPLY_MORE;
}

unsigned smtp_reply_class(const struct smtp_reply *reply)
{
	return reply->code / 100;
}

const char *smtp_reply_keyword(const struct smtp_reply *reply, const char *keyword)
{
	size_t length = strlen(keyword);
	const char *line = strchr(reply->text, '\n');

	for (; line != NULL; line = strchr(line, '\n')) {
		line++;
		if (strncasecmp(line, keyword, length) == 0 && strchr(" =\n", line[length]) != NULL)
			return line + length;
	}
	return NULL;
}

bool smtp_reply_has_word(const char *parameters, const char *word)
{
	size_t length = strlen(word);

	while (parameters != NULL && *parameters != '\0' && *parameters != '\n') {
		size_t next = strcspn(parameters, " =\n");

		if (next == length && strncasecmp(parameters, word, length) == 0)
			return true;
		parameters += next;
		if (*parameters == ' ' || *parameters == '=')
			parameters++;
	}
	return false;
}
