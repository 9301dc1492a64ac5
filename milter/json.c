#include "milter/json.h"

#include <stdlib.h>
#include <string.h>

#include "policy/cover.h"
#include "policy/limits.h"

json_t *json_text(const char *text)
{
	json_t *value = text != NULL ? json_string(text) : json_null();

	if (value == NULL) {
		char *clean = strdup(text);

		if (clean == NULL)
			return NULL;
		for (char *byte = clean; *byte != '\0'; byte++) {
			if ((unsigned char)*byte >= 0x80)
				*byte = '?';
		}
		value = json_string(clean);
		free(clean);
	}
	return value;
}

bool json_write(json_t *value, FILE *stream)
{
	bool sound = value != NULL &&
	             (json_dumpf(value, stream, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) == 0 || ferror(stream) != 0);

	json_decref(value);
	return sound;
}

bool json_write_text(const char *text, FILE *stream)
{
	return json_write(json_text(text), stream);
}

bool json_write_texts(const char *const *texts, size_t count, FILE *stream)
{
	bool sound = true;

	if (texts == NULL) {
		fputs("null", stream);
		return true;
	}
	fputc('[', stream);
	for (size_t i = 0; i < count && sound; i++) {
		fputs(i == 0 ? "" : ", ", stream);
		sound = json_write_text(texts[i], stream);
	}
	fputc(']', stream);
	return sound;
}

void json_write_networks(const struct networks *networks, FILE *stream)
{
	static const char before[] = ",\n          \"";

	fputc('[', stream);
	for (size_t i = 0; i < networks->count; i++) {
		char line[sizeof before + LIMIT_NETWORK_TEXT];
		size_t length = sizeof before - 1;

		memcpy(line, before, length);
		length += network_to_text(&networks->list[i], line + length);
		line[length++] = '"';
		/* No comma before the first. */
		fwrite(line + (i == 0), 1, length - (i == 0), stream);
	}
	fputc(']', stream);
}
