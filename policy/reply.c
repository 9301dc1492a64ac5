#include "policy/reply.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CUT "..."

static bool is_digits(const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

static bool code_fits(unsigned code, enum verdict verdict)
{
	switch (verdict) {
	case VERDICT_ACCEPT:
		return false;
	case VERDICT_TEMPFAIL:
		return code / 100 == 4;
	case VERDICT_REJECT:
		return code / 100 == 5;
	}
	return false;
}

/* Length of "C.S.D" at the beginning of text, each of S and D one to three digits (RFC 3463 section 2); else 0. */
static size_t enhanced_length(const char *text)
{
	size_t length = 2, digits;

	if (!is_digits(text, 1) || text[1] != '.')
		return 0;
	digits = strspn(text + length, "0123456789");
	if (digits < 1 || digits > 3 || text[length + digits] != '.')
		return 0;
	length += digits + 1;
	digits = strspn(text + length, "0123456789");
	if (digits < 1 || digits > 3)
		return 0;
	return length + digits;
}

static enum reply_fault read_code(const char *text, enum verdict verdict, struct reply *reply)
{
	if (strlen(text) < 4 || !is_digits(text, 3) || text[3] != ' ')
		return REPLY_NO_CODE;
	reply->code = (unsigned)(text[0] - '0') * 100 + (unsigned)(text[1] - '0') * 10 + (unsigned)(text[2] - '0');
	if (reply->code == 421 || reply->code == 521)
		return REPLY_CODE_CLOSES;
	return code_fits(reply->code, verdict) ? REPLY_SOUND : REPLY_CODE_NOT_VERDICT;
}

static bool in_placeholder(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
	       byte == '_' || byte == '-';
}

/* The name of the placeholder that begins at text[0] == '{', and its length with both braces; 0 where none does. */
static size_t read_placeholder(const char *text, char *ret_word, size_t word_size)
{
	size_t length = 0;

	for (; in_placeholder(text[1 + length]); length++)
		if (length + 1 < word_size)
			ret_word[length] = text[1 + length];
	ret_word[length < word_size ? length : word_size - 1] = '\0';
	return text[1 + length] == '}' ? length + 2 : 0;
}

static enum reply_fault check_placeholders(const char *text, enum stage stage, char *ret_word, size_t word_size)
{
	for (const char *at = strchr(text, '{'); at != NULL; at = strchr(at + 1, '{')) {
		enum fact fact;

		if (read_placeholder(at, ret_word, word_size) == 0 || !fact_from_name(ret_word, &fact) ||
		    !fact_row(fact)->placeholder)
			return REPLY_UNKNOWN_PLACEHOLDER;
		if (fact_row(fact)->since > stage || (fact_row(fact)->scope == SCOPE_RECIPIENT && stage != STAGE_RCPT))
			return REPLY_EARLY_PLACEHOLDER;
	}
	return REPLY_SOUND;
}

static enum reply_fault check_text(const char *text)
{
	size_t lines = 1, length = 0;

	if (text[0] == '\0')
		return REPLY_NO_TEXT;
	for (; *text != '\0'; text++) {
		if (*text == '\n') {
			lines++;
			length = 0;
		} else if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f) {
			return REPLY_CONTROL;
		} else if (++length > LIMIT_REPLY_LINE / 2) {
			return REPLY_TOO_LONG;
		}
	}
	return lines > LIMIT_REPLY_LINES ? REPLY_TOO_LONG : REPLY_SOUND;
}

enum reply_fault reply_read(const char *text, enum verdict verdict, enum stage stage, struct reply *ret_reply,
                            char *ret_word, size_t word_size)
{
	struct reply reply = {0};
	enum reply_fault fault = read_code(text, verdict, &reply);
	size_t length;

	ret_word[0] = '\0';
	if (fault != REPLY_SOUND)
		return fault;
	length = enhanced_length(text + 4);
	if (length == 0)
		return REPLY_NO_ENHANCED;
	if (text[4] != text[0])
		return REPLY_ENHANCED_NOT_CODE;
	memcpy(reply.enhanced, text + 4, length);
	reply.text = text + 4 + length;
	if (*reply.text != ' ' && *reply.text != '\0')
		return REPLY_NO_ENHANCED;
	reply.text += strspn(reply.text, " ");
	fault = check_text(reply.text);
	if (fault == REPLY_SOUND)
		fault = check_placeholders(reply.text, stage, ret_word, word_size);
	if (fault == REPLY_SOUND)
		*ret_reply = reply;
	return fault;
}

/* Where a line of the reply is written. */
struct line {
	char *to;
	size_t left;
};

static void put(struct line *line, char byte)
{
	if (line->left == 0)
		return;
	*line->to++ = byte;
	line->left--;
}

/* Puts a fact in, cleaned. */
static void put_fact(struct line *line, const char *text)
{
	size_t length = strlen(text);
	bool cut = length > LIMIT_PLACEHOLDER;

	if (cut)
		length = LIMIT_PLACEHOLDER - strlen(CUT);
	for (size_t i = 0; i < length; i++)
		put(line, (unsigned char)text[i] < 0x20 || (unsigned char)text[i] >= 0x7f ? '?' : text[i]);
	for (const char *dot = CUT; cut && *dot != '\0'; dot++)
		put(line, *dot);
}

size_t reply_room(const struct reply *reply)
{
	size_t room = strlen(reply->text) + 1;

	for (const char *at = strchr(reply->text, '{'); at != NULL; at = strchr(at + 1, '{'))
		room += LIMIT_PLACEHOLDER;
	return room < LIMIT_REPLY ? room : LIMIT_REPLY;
}

void reply_render(const struct reply *reply, const struct reply_texts *facts, char *ret_text)
{
	/* Code, enhanced code and blanks belong to the line. */
	const size_t room = LIMIT_REPLY_LINE - sizeof "550 " - sizeof reply->enhanced;
	struct line line = {ret_text, room};
	char word[32];
	enum fact fact;

	for (const char *at = reply->text; *at != '\0'; at++) {
		size_t length = *at == '{' ? read_placeholder(at, word, sizeof word) : 0;

		if (*at == '\n') {
			*line.to++ = '\n';
			line.left = room;
		} else if (length > 0 && fact_from_name(word, &fact)) {
			if (facts->texts[fact] != NULL)
				put_fact(&line, facts->texts[fact]);
			at += length - 1;
		} else {
			put(&line, *at);
		}
	}
	*line.to = '\0';
}

/* Text that is written as far as there is room, and counted all the same. */
struct printed {
	char *text;
	size_t size; /* with the end of the string */
	size_t length;
};

static void print(struct printed *printed, const char *text, size_t length)
{
	size_t left = printed->length + 1 < printed->size ? printed->size - 1 - printed->length : 0;

	if (left > 0)
		memcpy(printed->text + printed->length, text, length < left ? length : left);
	printed->length += length;
}

size_t reply_print(const struct reply *reply, const char *rendered, char *ret_text, size_t size)
{
	struct printed printed = {ret_text, size, 0};
	bool last = false;

	while (!last) {
		size_t length = strcspn(rendered, "\n");
		char code[3] = {(char)('0' + reply->code / 100 % 10), (char)('0' + reply->code / 10 % 10),
		                (char)('0' + reply->code % 10)};

		last = rendered[length] == '\0';
		print(&printed, code, sizeof code);
		print(&printed, last ? " " : "-", 1);
		print(&printed, reply->enhanced, strlen(reply->enhanced));
		print(&printed, " ", 1);
		print(&printed, rendered, length);
		print(&printed, "\n", last ? 0 : 1);
		rendered += length + 1;
	}
	if (size > 0)
		ret_text[printed.length < size ? printed.length : size - 1] = '\0';
	return printed.length;
}
