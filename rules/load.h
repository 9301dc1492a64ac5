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
#include "rules/surroundings.h"

struct diagnostics;
struct ruleset;
struct model;
struct trusted;

enum log_format {
	LOG_FORMAT_TEXT,
	LOG_FORMAT_JSON,
};
#define LOG_FORMAT_COUNT (LOG_FORMAT_JSON + 1)

/* What the daemon does about an address that may relay and looks like many clients. */
enum nat_watch {
	NAT_WATCH_WARN,
	NAT_WATCH_REFUSE,
	NAT_WATCH_OFF,
};
#define NAT_WATCH_COUNT (NAT_WATCH_OFF + 1)

/* "warn", "refuse", "off" */
const char *nat_watch_name(enum nat_watch watch);

/* The daemon's settings as the file gives them; NULL where it does not. */
struct settings {
	char *socket;
	char *user;
	char *group;
	char *decisions;
	char *decisions_key;
	char *metrics;
	char *shadow; /* by which the file is opened */
	enum log_format log;
	enum nat_watch nat_watch;
};

/* A rule file, loaded. */
struct rules {
	struct ruleset *ruleset;
	struct settings settings;
	struct model *model; /* what the file says, for rules/print.h */
	char **files;        /* every file that was read, as it was named; the rule file is the first */
	size_t file_count;
	char digest[DIGEST_TEXT];         /* of the content of all files */
	struct trusted *trusted;          /* who may relay by an address alone; NULL where nothing was proved */
	struct surroundings surroundings; /* of the host that it was loaded for; empty where that is not known */
	struct rules *shadow;             /* that judge beside these and answer nobody, once they are loaded; or NULL */
};

/*
 * Loads the file at path.  Returns NULL where diagnostics has an error.  The
 * result may be had although diagnostics has warnings.
 */
struct rules *rules_load(const char *path, struct diagnostics *diagnostics);

/*
 * The same, for the host that these surroundings are of: strangers who may relay because of them are warned of.  The
 * result has a copy of them.
 */
struct rules *rules_load_here(const char *path, const struct surroundings *surroundings,
                              struct diagnostics *diagnostics);

/* The same, but nothing is proved, nor are its examples judged: for who wants to see what breaks them. */
struct rules *rules_load_unproved(const char *path, struct diagnostics *diagnostics);

/*
 * Loads the file that the rules name as their shadow; they own it.  Its promises are not proved, nor its examples
 * judged, and the settings that it has for a daemon say nothing.  Returns false where diagnostics has an error.  To be
 * called once, and only where settings.shadow is not NULL.
 */
bool rules_load_shadow(struct rules *rules, struct diagnostics *diagnostics);

/* The shadow is freed with them. */
void rules_free(struct rules *rules);

/* Frees what only printing needs. */
void rules_forget_model(struct rules *rules);

#endif
