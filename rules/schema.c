#include "rules/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rules/suggest.h"
#include "rules/tables.h"

#define WORDS_MOST 64

static const struct setting *find(const struct schema *schema, const char *name)
{
	for (size_t i = 0; i < schema->count; i++)
		if (strcmp(schema->settings[i].name, name) == 0)
			return &schema->settings[i];
	return NULL;
}

static bool is_among(const struct schema_words *words, const char *name)
{
	for (size_t i = 0; words != NULL && i < words->count; i++)
		if (strcmp(words->list[i], name) == 0)
			return true;
	return false;
}

static void report_unknown(struct reading *reading, const struct schema *schema, const config_setting_t *given,
                           const struct schema_words *more)
{
	const char *words[WORDS_MOST];
	const char *name = config_setting_name(given), *nearest;
	size_t count = 0;

	for (size_t i = 0; i < schema->count && count < WORDS_MOST; i++)
		words[count++] = schema->settings[i].name;
	for (size_t i = 0; more != NULL && i < more->count && count < WORDS_MOST; i++)
		words[count++] = more->list[i];
	nearest = suggest(name, words, count);
	if (nearest != NULL)
		diagnostics_error(reading->diagnostics, reading_where(reading, given),
		                  "unknown setting \"%s\" in %s; did you mean \"%s\"?", name, schema->what, nearest);
	else
		diagnostics_error(reading->diagnostics, reading_where(reading, given),
		                  "unknown setting \"%s\" in %s; take it out", name, schema->what);
}

void schema_read(struct reading *reading, const struct schema *schema, const config_setting_t *group, void *target,
                 const struct schema_words *more)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *given = config_setting_get_elem(group, (unsigned)i);
		const struct setting *setting = find(schema, config_setting_name(given));

		if (setting != NULL)
			setting->read(reading, setting, given, (char *)target + setting->offset);
		else if (!is_among(more, config_setting_name(given)))
			report_unknown(reading, schema, given, more);
	}
	for (size_t i = 0; i < schema->count; i++) {
		const struct setting *setting = &schema->settings[i];

		if (setting->required && config_setting_get_member(group, setting->name) == NULL)
			diagnostics_error(reading->diagnostics, reading_where(reading, group), "%s needs \"%s\"",
			                  schema->what, setting->name);
	}
}

static void report_type(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                        const char *wanted)
{
	diagnostics_error(reading->diagnostics, reading_where(reading, given), "\"%s\" must be %s, not %s",
	                  setting->name, wanted, reading_type(given));
}

void schema_string(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field)
{
	const char **text = field;

	if (config_setting_type(given) != CONFIG_TYPE_STRING)
		report_type(reading, setting, given, "a string");
	else
		*text = reading_text(reading, config_setting_get_string(given));
}

void schema_text(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field)
{
	const char *text = config_setting_get_string(given);

	if (text != NULL && text[0] == '\0') {
		diagnostics_error(reading->diagnostics, reading_where(reading, given), "\"%s\" is empty",
		                  setting->name);
		return;
	}
	for (const char *at = text; at != NULL && *at != '\0'; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f) {
			diagnostics_error(reading->diagnostics, reading_where(reading, given),
			                  "\"%s\" has a control byte in it", setting->name);
			return;
		}
	}
	schema_string(reading, setting, given, field);
}

void schema_flag(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field)
{
	bool *flag = field;

	if (config_setting_type(given) != CONFIG_TYPE_BOOL)
		report_type(reading, setting, given, "true or false");
	else
		*flag = config_setting_get_bool(given) != 0;
}

void schema_number(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field)
{
	uint64_t *number = field;
	long long value;

	switch (config_setting_type(given)) {
	case CONFIG_TYPE_INT:
		value = config_setting_get_int(given);
		break;
	case CONFIG_TYPE_INT64:
		value = config_setting_get_int64(given);
		break;
	default:
		report_type(reading, setting, given, "a number");
		return;
	}
	if (value < 0 || (uint64_t)value < setting->least || (uint64_t)value > setting->most)
		diagnostics_error(reading->diagnostics, reading_where(reading, given),
		                  "\"%s\" is a number from %" PRIu64 " to %" PRIu64 "; %lld is not", setting->name,
		                  setting->least, setting->most, value);
	else
		*number = (uint64_t)value;
}

void schema_tls(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field)
{
	uint64_t *bits = field;
	struct setting row = *setting;

	row.least = 1;
	row.most = 65535;
	if (config_setting_type(given) == CONFIG_TYPE_BOOL)
		*bits = config_setting_get_bool(given) != 0;
	else if (config_setting_type(given) != CONFIG_TYPE_INT && config_setting_type(given) != CONFIG_TYPE_INT64)
		report_type(reading, setting, given, "true, false or a number of bits");
	else
		schema_number(reading, &row, given, field);
}

void schema_word(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field)
{
	const char *text = config_setting_get_string(given);
	const char *words[WORDS_MOST], *nearest;
	char list[200] = "";
	int *index = field;
	size_t count = 0, length = 0;

	if (text == NULL) {
		report_type(reading, setting, given, "a string");
		return;
	}
	for (; count < WORDS_MOST && setting->word((unsigned)count) != NULL; count++) {
		words[count] = setting->word((unsigned)count);
		if (strcmp(text, words[count]) == 0) {
			*index = (int)count;
			return;
		}
	}
	nearest = suggest(text, words, count);
	if (nearest != NULL) {
		diagnostics_error(reading->diagnostics, reading_where(reading, given),
		                  "\"%s\" cannot be \"%s\"; did you mean \"%s\"?", setting->name, text, nearest);
		return;
	}
	for (size_t i = 0; i < count && length < sizeof list; i++)
		length += (size_t)snprintf(list + length, sizeof list - length, "%s\"%s\"",
		                           i == 0           ? ""
		                           : i + 1 == count ? " or "
		                                            : ", ",
		                           words[i]);
	diagnostics_error(reading->diagnostics, reading_where(reading, given), "\"%s\" cannot be \"%s\"; write %s",
	                  setting->name, text, list);
}

void schema_value(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field)
{
	value_read(reading, given, setting->kind, field);
}

void schema_elsewhere(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                      void *field)
{
	(void)reading;
	(void)setting;
	(void)given;
	(void)field;
}
