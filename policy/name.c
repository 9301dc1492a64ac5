#include "policy/name.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unistr.h>

/* Bytes of a label, and of a name without its last dot (RFC 1035 section 2.3.4). */
#define LABEL_BYTES 63
#define NAME_BYTES 253

void name_lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text - 'A' + 'a');
}

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text >= 0x80)
			return false;
	return true;
}

bool name_fold(char *text, char **ret_folded)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t length = strlen(text);

	*ret_folded = NULL;
	if (is_ascii(text) || u8_check(bytes, length) != NULL) {
		name_lower(text);
		return true;
	}
	/* The end of the string is folded with it. */
	*ret_folded = (char *)u8_casefold(bytes, length + 1, NULL, NULL, NULL, &length);
	return *ret_folded != NULL;
}

/* Returns whether there was one. */
static bool drop_trailing_dot(char *text)
{
	size_t length = strlen(text);

	if (length == 0 || text[length - 1] != '.')
		return false;
	text[length - 1] = '\0';
	return true;
}

/*
 * Whether a name is made of what names are made of.  Without the rule
 * UseSTD3ASCIIRules, UTS #46 lets "example.com(x.example.net" pass, and maps
 * U+FF20 to "@": no rule should take such a name for one below a domain of ours.
 */
static bool has_name_bytes(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == strlen(name);
}

/* Most names are, and libidn2 takes some microseconds for each. */
bool name_is_plain(const char *name)
{
	size_t label = 0, at;

	for (at = 0; name[at] != '\0'; at++) {
		char lower = name[at] | 0x20;

		if (name[at] == '.') {
			if (label == 0 || name[at - 1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (name[at] == '-') {
			if (label == 0 || (label == 3 && name[at - 1] == '-'))
				return false;
		} else if (!(lower >= 'a' && lower <= 'z') && !(name[at] >= '0' && name[at] <= '9') &&
		           name[at] != '_') {
			return false;
		}
		if (++label > LABEL_BYTES)
			return false;
	}
	return label > 0 && name[at - 1] != '-' && at <= NAME_BYTES;
}

bool name_is_compared(const char *name)
{
	for (const char *at = name; *at != '\0'; at++)
		if (*at >= 'A' && *at <= 'Z')
			return false;
	return name_is_plain(name);
}

enum name_form name_read_in_place(char *text, char **ret_converted)
{
	char *converted = NULL;
	bool dotted;
	int result;

	*ret_converted = NULL;
	dotted = drop_trailing_dot(text);
	if (text[0] == '[') {
		name_lower(text);
		return NAME_AS_BYTES;
	}
	if (name_is_plain(text)) {
		name_lower(text);
		return NAME_CONVERTED;
	}
	result = idn2_lookup_u8((const uint8_t *)text, (uint8_t **)&converted, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
	if (result == IDN2_OK && has_name_bytes(converted)) {
		/* An ideographic full stop at the end has become a dot. */
		if (!is_ascii(text) && !dotted)
			drop_trailing_dot(converted);
		name_lower(converted);
		*ret_converted = converted;
		return NAME_CONVERTED;
	}
	idn2_free(converted);
	name_lower(text);
	return result == IDN2_MALLOC ? NAME_NO_MEMORY : NAME_AS_BYTES;
}

enum name_form name_read(const char *text, size_t length, char **ret_name)
{
	char *name = strndup(text, length);
	char *converted;
	enum name_form form;

	if (name == NULL)
		return NAME_NO_MEMORY;
	form = name_read_in_place(name, &converted);
	if (converted != NULL || form == NAME_NO_MEMORY) {
		free(name);
		name = converted;
	}
	if (form != NAME_NO_MEMORY)
		*ret_name = name;
	return form;
}
