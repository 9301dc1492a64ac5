/*
 * NAME
 *	cover - the fewest networks that have exactly some addresses
 */
#ifndef POLICY_COVER_H
#define POLICY_COVER_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/address.h"
#include "policy/network.h"

struct networks {
	struct network *list; /* malloc(3) memory */
	size_t count;
};

/*
 * Adds the fewest networks that have the addresses from first to last, which are of
 * one family.  Of ranges that neither meet nor touch the result is the fewest for
 * all of them.  Returns false where there is no memory.
 */
bool networks_cover(struct networks *networks, const struct address *first, const struct address *last);

/*
 * Adds networks of any kind, and makes of all the fewest that have the same addresses, in order, IPv4
 * first.  Returns false, and leaves *networks as it was, where there is no memory.
 */
bool networks_join(struct networks *networks, const struct networks *more);

/*
 * Writes the fewest networks that have the addresses of one list and not of the other, both of which are
 * disjoint and in order, as networks_join leaves them.  Returns false, and writes nothing, where there is
 * no memory.
 */
bool networks_less(const struct networks *one, const struct networks *other, struct networks *ret_networks);

/* Whether some network of a list in order, disjoint, has the address. */
bool networks_have(const struct networks *networks, const struct address *address);

/* Whether both lists have the same networks in the same order. */
bool networks_equal(const struct networks *one, const struct networks *other);

/* Whether disjoint networks have more than half of all addresses of a family. */
bool networks_are_most(const struct networks *networks, enum address_family family);

/* The same for the internet's addresses: those of IPv6 are 2000::/3 (RFC 4291 section 2.4). */
bool networks_are_most_public(const struct networks *networks, enum address_family family);

/* Frees the list and makes it empty. */
void networks_destroy(struct networks *networks);

#endif
