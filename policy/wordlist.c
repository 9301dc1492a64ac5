#include "policy/wordlist.h"

#include <ctype.h>
#include <string.h>

struct reading {
	const char *at, *end;
	bool caseless;
	unsigned depth; /* groups that are open */
};

/* What nests deeper is not read: a level takes some room on the stack. */
#define DEPTH 2

static bool sequence(struct reading *reading, struct samples *samples);

static bool append(struct samples *samples, unsigned char letter)
{
	for (size_t i = 0; i < samples->count; i++) {
		size_t length = strlen(samples->list[i].text);

		if (length == LIMIT_SAMPLE)
			return false;
		samples->list[i].text[length] = (char)letter;
		samples->list[i].text[length + 1] = '\0';
	}
	return true;
}

/* The letter at the place, which is one, or one behind a "\"; 0 where it is something else. */
static unsigned char letter_at(struct reading *reading)
{
	unsigned char letter = (unsigned char)*reading->at;

	if (letter == '\\') {
		if (++reading->at == reading->end || !ispunct((unsigned char)*reading->at))
			return 0;
		letter = (unsigned char)*reading->at;
	} else if (letter <= ' ' || letter >= 0x7f || strchr("[]{}()*+?.^$|#", letter) != NULL) {
		return 0;
	}
	reading->at++;
	return reading->caseless ? (unsigned char)tolower(letter) : letter;
}

/* Each text so far, with each alternative behind it; the "(" has been read. */
static bool group(struct reading *reading, struct samples *samples)
{
	struct samples before = *samples, one;

	if (++reading->depth > DEPTH)
		return false;
	if (reading->end - reading->at >= 2 && memcmp(reading->at, "?:", 2) == 0)
		reading->at += 2;
	samples->count = 0;
	while (true) {
		one = before;
		if (!sequence(reading, &one) || reading->at == reading->end ||
		    one.count > LIMIT_SAMPLES - samples->count)
			return false;
		memcpy(samples->list + samples->count, one.list, one.count * sizeof *one.list);
		samples->count += one.count;
		if (*reading->at == ')')
			break;
		if (*reading->at != '|')
			return false;
		reading->at++;
	}
	reading->at++;
	reading->depth--;
	return true;
}

/* Letters and groups, up to something else. */
static bool sequence(struct reading *reading, struct samples *samples)
{
	while (reading->at < reading->end && strchr("|)$", *reading->at) == NULL) {
		unsigned char letter;

		if (*reading->at == '(') {
			reading->at++;
			if (!group(reading, samples))
				return false;
			continue;
		}
		letter = letter_at(reading);
		if (letter == 0 || !append(samples, letter))
			return false;
	}
	return true;
}

/* "^...$" */
static bool anchored(struct reading *reading, struct samples *samples)
{
	if (reading->at == reading->end || *reading->at++ != '^')
		return false;
	samples->count = 1;
	samples->list[0] = (struct sample){.text = ""};
	return sequence(reading, samples) && reading->at < reading->end && *reading->at++ == '$';
}

bool wordlist_of(enum value_kind kind, const char *pattern, size_t length, struct samples *ret_samples)
{
	struct reading reading = {.at = pattern, .end = pattern + length, .caseless = kind != VALUE_LOGIN};
	struct samples one;

	ret_samples->count = 0;
	do {
		if (!anchored(&reading, &one) || one.count > LIMIT_SAMPLES - ret_samples->count)
			return false;
		memcpy(ret_samples->list + ret_samples->count, one.list, one.count * sizeof *one.list);
		ret_samples->count += one.count;
		if (reading.at == reading.end)
			return true;
	} while (*reading.at++ == '|');
	return false;
}
