#include "milter/json.h"

#include <stdlib.h>
#include <string.h>

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
