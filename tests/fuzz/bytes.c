#include "bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned bytes_byte(struct bytes *bytes)
{
	if (bytes->left == 0)
		return 0;
	bytes->left--;
	return *bytes->at++;
}

unsigned bytes_below(struct bytes *bytes, unsigned limit)
{
	return bytes_byte(bytes) % limit;
}

unsigned bytes_number(struct bytes *bytes)
{
	unsigned high = bytes_byte(bytes);

	return high << 8 | bytes_byte(bytes);
}

void bytes_take(struct bytes *bytes, void *ret_bytes, size_t length)
{
	size_t there = length < bytes->left ? length : bytes->left;

	memset(ret_bytes, 0, length);
	if (there > 0)
		memcpy(ret_bytes, bytes->at, there);
	bytes->at += there;
	bytes->left -= there;
}

const char *bytes_text(struct bytes *bytes, const char *const *words, size_t count, char *ret_room)
{
	unsigned choice = bytes_byte(bytes);
	size_t length = 0;

	if (choice < 192)
		return words[choice % count];
	/* 64 lengths in one byte: most are short, some are longer than anything may be. */
	choice -= 192;
	length = choice < 56 ? choice : (size_t)(choice - 55) * (BYTES_TEXT / 8);
	bytes_take(bytes, ret_room, length);
	for (size_t i = 0; i < length; i++) {
		if (ret_room[i] == '\0')
			ret_room[i] = 'x';
	}
	ret_room[length] = '\0';
	return ret_room;
}

void bytes_claim(int holds, const char *words)
{
	if (holds)
		return;
	fprintf(stderr, "what does not hold: %s\n", words);
	abort();
}
