/*
 * NAME
 *	access_map - networks as entries of Sendmail's access map
 *
 * DESCRIPTION
 *	In that map a network ends at an octet (IPv4) or at a group of 16 bits (IPv6),
 *	and of several entries that have an address the longest decides.  Here
 *	networks of any length become the fewest such entries, RELAY for some, SKIP for
 *	others within them.  A network that ends in between needs up to 128 entries, or
 *	32768.
 *
 *	All of IPv6 can be one entry ("IPv6"); for IPv4 there is none that is shorter
 *	than an octet.
 */
#ifndef MILTER_ACCESS_MAP_H
#define MILTER_ACCESS_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/cover.h"

/* Bytes of an entry's network as text, "IPv6:" and eight groups with the end of the string. */
#define ACCESS_MAP_TEXT 48

/* How many entries the networks need, which are disjoint and in order, as networks_join leaves them. */
size_t access_map_count(const struct networks *networks);

/* Calls write for each entry, in the order of addresses, a network before those within it. */
void access_map_write(const struct networks *networks,
                      void (*write)(void *writer, const struct network *network, bool relay), void *writer);

/* Writes "172.16", or "IPv6:fd00:1", of a network that ends as entries do.  text: ACCESS_MAP_TEXT bytes. */
void access_map_text(const struct network *network, char *text);

#endif
