/*
 * NAME
 *	tables - values, named tables and table files
 *
 * DESCRIPTION
 *	A value is an array of entries, or one string.  A table may also be
 *	{ file = "PATH"; }: one entry a line.
 */
#ifndef RULES_TABLES_H
#define RULES_TABLES_H

#include <libconfig.h>

#include "rules/model.h"
#include "rules/reading.h"

/* Reads an array of strings, or one string, as a value of the kind. */
void value_read(struct reading *reading, const config_setting_t *given, enum value_kind kind, struct value *ret_value);

/*
 * Reads the tables of all groups below root: first their names, so that an
 * entry may name a table that is defined later, then what is in them.  Reports
 * names used twice and cycles.
 */
void tables_read(struct reading *reading, const config_setting_t *root);

#endif
