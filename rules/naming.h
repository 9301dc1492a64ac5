/*
 * NAME
 *	naming - networks by the tables that they come from
 *
 * DESCRIPTION
 *	A proof knows networks; whoever wrote the rules knows tables.  Here a list of networks
 *	is said by tables, as far as these have exactly its addresses: "@lan, 192.0.2.7", or
 *	"everybody" but "@blocked".
 *
 * THREADS
 *	A naming is immutable; any number may use it.
 */
#ifndef RULES_NAMING_H
#define RULES_NAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "policy/address.h"
#include "policy/cover.h"

struct naming;
struct rules;
struct table;
struct world;

/* What was found; the list has the addresses of all but those that are less. */
struct names {
	/* More than half of all addresses of the family: then all of them, less what is less. */
	bool everybody[ADDRESS_FAMILY_COUNT];
	const struct table **tables;
	size_t table_count;
	struct networks networks; /* of no table, in order */
	const struct table **less_tables;
	size_t less_table_count;
	struct networks less_networks;
};

/*
 * The world has the rules' rule set as side 0; both must outlive the naming, and the rules keep
 * their model.  Returns NULL where there is no memory.
 */
struct naming *naming_new(const struct world *world, const struct rules *rules);
void naming_free(struct naming *naming);

/*
 * Names networks that are disjoint and in order, IPv4 first.  Returns false, and writes
 * nothing, where there is no memory.
 */
bool naming_find(const struct naming *naming, const struct networks *networks, struct names *ret_names);
void names_destroy(struct names *names);

/* Writes "@lan, 192.0.2.7, but not @router"; of networks at most so many (or one more), and then their number. */
void names_print(const struct names *names, size_t most, FILE *to);

/* Writes networks in the same way. */
void networks_print(const struct networks *networks, size_t most, FILE *to);

#endif
