/*
 * NAME
 *	exposure - strangers who may relay without a login
 *
 * DESCRIPTION
 *	Looks at who may relay by an address alone (policy/trust.h) for addresses that are
 *	hardly meant: those that
 *	strangers may have because of where this host stands, and ranges of public ones.
 *	Where the list is one of all except some, public addresses are meant.
 *
 *	A range is what may belong to more than one party: 8 adjacent IPv4 addresses or more, or
 *	more than a site's /48 of IPv6 (RFC 6177).  It is meant where an example of
 *	the file ("expect") has one of its clients relay.
 */
#ifndef RULES_EXPOSURE_H
#define RULES_EXPOSURE_H

#include <stdbool.h>

struct diagnostics;
struct rules;
struct surroundings;
struct trusts;
struct world;

/*
 * Warns of such addresses, at the block or rule that lets them.  surroundings: NULL if they are not known.  World and
 * trusts are those of the rules.  Returns false where there is no memory.
 */
bool exposure_find(const struct rules *rules, const struct world *world, const struct trusts *trusts,
                   const struct surroundings *surroundings, struct diagnostics *diagnostics);

#endif
