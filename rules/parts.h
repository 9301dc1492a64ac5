/*
 * NAME
 *	parts - networks, or what is between them, cut where a territory is
 *
 * SYNOPSIS
 *	struct parts parts = parts_within(territory, networks, family);
 *	while (parts_next(&parts))
 *		... parts.stretch, parts.first, parts.last
 *
 * DESCRIPTION
 *	Each part is as much of a stretch as networks that touch have, or as lies
 *	between such networks; parts come in the order of addresses.
 */
#ifndef RULES_PARTS_H
#define RULES_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/cover.h"
#include "policy/territory.h"

struct parts {
	/* The part that it stands on. */
	size_t stretch;
	address_number first;
	address_number last;
	bool whole; /* it is all of the stretch */

	const struct territory *territory;
	const struct networks *networks;
	enum address_family family;
	bool between;
	size_t next;           /* network */
	address_number behind; /* where the next gap begins at the earliest */
	bool ended;            /* there is no more gap */
	bool inside;           /* it stands on some part of a range */
	address_number range_last;
};

/* Networks that are disjoint and in order; the parts of one family.  Both must outlive them. */
struct parts parts_within(const struct territory *territory, const struct networks *networks,
                          enum address_family family);

/* All else that the family has. */
struct parts parts_between(const struct territory *territory, const struct networks *networks,
                           enum address_family family);

/* Goes on to the next part, or the first.  Returns false where there is none. */
bool parts_next(struct parts *parts);

#endif
