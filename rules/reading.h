/*
 * NAME
 *	reading - what the functions that read a rule file share
 *
 * DESCRIPTION
 *	Where faults go, where the model grows, and how a setting's place is told.
 *	A function that meets a fault reports it and goes on with what it can.  No
 *	memory is a fault of its own, said once at the end.
 */
#ifndef RULES_READING_H
#define RULES_READING_H

#include <libconfig.h>
#include <stdbool.h>
#include <stddef.h>

#include "policy/location.h"
#include "rules/diagnostic.h"
#include "rules/model.h"

struct digest;
struct source;

struct reading {
	const char *path; /* of the rule file */
	const struct source *source;
	struct diagnostics *diagnostics;
	struct model *model;
	struct digest *digest; /* of all that is read */
	bool no_memory;
	struct named_file {
		const char *name; /* as the source has it */
		const char *copy; /* in the model's arena */
	} * names;
	size_t name_count;
	char **files; /* table files that were read, for the list of all files */
	size_t file_count;
};

/* Where a setting, or an element of an array, stands.  The file's name lives in the model's arena. */
struct location reading_where(struct reading *reading, const config_setting_t *setting);

/* Zeroed memory of the model's arena, or NULL, and reading->no_memory, where there is none. */
void *reading_take(struct reading *reading, size_t count, size_t size);

/* A copy of a text in the model's arena, or NULL, and reading->no_memory. */
char *reading_text(struct reading *reading, const char *text);

/* Frees what the reading itself holds, except the list of files. */
void reading_destroy(struct reading *reading);

/* "a string", "a number" ... what a setting is, for messages. */
const char *reading_type(const config_setting_t *setting);

#endif
