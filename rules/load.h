/*
 * NAME
 *	load - from a rule file to a rule set
 *
 * DESCRIPTION
 *	Reads a rule file with all that it names, finds every fault in one pass,
 *	and, where there is no error, builds the rule set, warns of what is lawful but
 *	surely not meant, and has the file's promises ("never") proved and its
 *	examples ("expect") judged.  Loaded whole or not at all.  The same file gives the same rule set each time.
 *
 * THREADS
 *	Any number of threads may load at once; nothing is shared.
 */
#ifndef RULES_LOAD_H
#define RULES_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/location.h"
#include "rules/digest.h"

struct diagnostics;
struct ruleset;
struct model;
struct surroundings;

enum log_format {
	LOG_FORMAT_TEXT,
	LOG_FORMAT_JSON,
};
#define LOG_FORMAT_COUNT (LOG_FORMAT_JSON + 1)

/* The daemon's settings as the file gives them; NULL where it does not. */
struct settings {
	char *socket;
	char *user;
	char *group;
	char *decisions;
	char *decisions_key;
	char *metrics;
	enum log_format log;
};

/* A rule file, loaded. */
struct rules {
	struct ruleset *ruleset;
	struct settings settings;
	struct model *model; /* what the file says, for rules/print.h */
	char **files;        /* every file that was read, as it was named; the rule file is the first */
	size_t file_count;
	char digest[DIGEST_TEXT]; /* of the content of all files */
};

/*
 * Loads the file at path.  Returns NULL where diagnostics has an error.  The
 * result may be had although diagnostics has warnings.
 */
struct rules *rules_load(const char *path, struct diagnostics *diagnostics);

/* The same, for the host that these surroundings are of: strangers who may relay because of them are warned of. */
struct rules *rules_load_here(const char *path, const struct surroundings *surroundings,
                              struct diagnostics *diagnostics);

/* The same, but nothing is proved, nor are its examples judged: for who wants to see what breaks them. */
struct rules *rules_load_unproved(const char *path, struct diagnostics *diagnostics);

void rules_free(struct rules *rules);

/* Frees what only printing needs. */
void rules_forget_model(struct rules *rules);

#endif
