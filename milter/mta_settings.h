/*
 * NAME
 *	mta_settings - settings of an MTA that go with a rule file
 *
 * DESCRIPTION
 *	Each MTA has files, made one after the other from the second wall of a rule file
 *	(milter/second_wall.h).  All say the same to whoever reads them: what is set, why, and
 *	what the MTA alone would not ask.
 */
#ifndef MILTER_MTA_SETTINGS_H
#define MILTER_MTA_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "milter/second_wall.h"
#include "rules/endpoint.h"

struct naming;
struct rules;

struct mta_settings {
	const char *path; /* of the rule file */
	const struct rules *rules;
	const struct second_wall *wall;
	const struct naming *naming;
	struct endpoint socket; /* of the daemon */
	bool socket_given;      /* by the rule file */
};

struct mta_file {
	char *name;
	/* Returns false where there is no memory. */
	bool (*print)(const struct mta_settings *settings, const struct mta_file *file, FILE *stream);
	const struct wall_listener *of; /* of a file that is about one listener */
};

struct mta_files {
	struct mta_file *list;
	size_t count;
};

struct mta_kind {
	const char *name;
	bool shared; /* as of second walls */
	/* Adds the files, whole or in part where there is no memory (then it returns false). */
	bool (*files)(const struct mta_settings *settings, struct mta_files *files);
	/* Says on standard error why there can be no settings, and returns true; false where there can. */
	bool (*impossible)(const struct mta_settings *settings);
};

extern const struct mta_kind mta_postfix;
extern const struct mta_kind mta_sendmail;

/* Adds a file; the name is copied.  Returns false where there is no memory. */
bool mta_files_add(struct mta_files *files, const char *name, const struct wall_listener *of,
                   bool (*print)(const struct mta_settings *, const struct mta_file *, FILE *));

/* Writes all as one JSON object.  Returns false where there is no memory. */
bool mta_settings_json(const struct mta_kind *kind, const struct mta_settings *settings, const struct mta_files *files,
                       FILE *stream);

/* What the files of all MTAs say; each returns false where there is no memory. */

/* Whom a listener lets relay: a comment. */
bool mta_print_relayers(const struct mta_settings *settings, const struct wall_listener *of, const char *mark,
                        FILE *stream);

/* The gaps of a listener. */
bool mta_print_gaps(const struct mta_settings *settings, const struct wall_listener *of, const char *mark,
                    FILE *stream);

/* What is to be completed of a service, where anything is. */
bool mta_print_lack(const struct wall_service *service, const char *mark, FILE *stream);

/* The local domains, each behind the prefix; of an expression that there is one. */
bool mta_print_domains(const struct mta_settings *settings, const char *mark, const char *prefix, const char *suffix,
                       FILE *stream);

/* What else must hold for a row: malloc(3) memory; NULL where there is no memory. */
char *mta_row_when(const struct mta_settings *settings, const struct relayers *relayers, const struct relay_row *row);

#endif
