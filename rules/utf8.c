#include "rules/utf8.h"

size_t utf8_length(const char *text, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)text;
	/* what the second byte may be: it excludes overlong forms, surrogates and all beyond U+10FFFF */
	unsigned char lowest = 0x80, highest = 0xbf;
	size_t length;

	if (size == 0)
		return 0;
	if (bytes[0] < 0x80)
		return 1;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
		return 0;
	length = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	if (bytes[0] == 0xe0)
		lowest = 0xa0;
	else if (bytes[0] == 0xed)
		highest = 0x9f;
	else if (bytes[0] == 0xf0)
		lowest = 0x90;
	else if (bytes[0] == 0xf4)
		highest = 0x8f;
	if (size < length || bytes[1] < lowest || bytes[1] > highest)
		return 0;
	for (size_t index = 2; index < length; index++)
		if ((bytes[index] & 0xc0) != 0x80)
			return 0;
	return length;
}
