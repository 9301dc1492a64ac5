/*
 * NAME
 *	schema - which settings a group has, as a table
 *
 * DESCRIPTION
 *	One row per setting: its name, how its value is read, and where the result
 *	goes.  A setting that has no row is reported with the nearest one that has.
 */
#ifndef RULES_SCHEMA_H
#define RULES_SCHEMA_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/reading.h"

struct setting {
	const char *name;
	bool required;

	/* Reads the setting into field, which is target + offset. */
	void (*read)(struct reading *reading, const struct setting *setting, const config_setting_t *given,
	             void *field);
	size_t offset;

	enum value_kind kind;                /* of schema_value */
	uint64_t least, most;                /* of schema_number */
	const char *(*word)(unsigned index); /* of schema_word: the words, NULL behind the last */
};

struct schema {
	const char *what; /* "a listener", for messages */
	const struct setting *settings;
	size_t count;
};

/* Further words that may stand in a group beside the schema's settings. */
struct schema_words {
	const char *const *list;
	size_t count;
};

/*
 * Reads all settings of a group into target.  Reports a setting that is
 * missing or not known.  A setting for which more->list has a name is passed over.
 */
void schema_read(struct reading *reading, const struct schema *schema, const config_setting_t *group, void *target,
                 const struct schema_words *more);

/* Readers.  The type of the field stands in parentheses. */

/* A string that is not empty and has no control byte (const char *). */
void schema_text(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field);

/* Any string (const char *): what is said of it is found later. */
void schema_string(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field);

/* true or false (bool). */
void schema_flag(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field);

/* A number from least to most (uint64_t). */
void schema_number(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field);

/* true, false, or a number of bits (uint64_t): false is 0, true is 1. */
void schema_tls(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field);

/* One of the words (an enum of the size of int): its index. */
void schema_word(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field);

/* An array of entries (struct value). */
void schema_value(struct reading *reading, const struct setting *setting, const config_setting_t *given, void *field);

/* Read elsewhere. */
void schema_elsewhere(struct reading *reading, const struct setting *setting, const config_setting_t *given,
                      void *field);

#endif
