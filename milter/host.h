/*
 * NAME
 *	host - what this host's network says of addresses that strangers may have
 *
 * DESCRIPTION
 *	Asks the kernel (rtnetlink(7)) for the default gateways of all routing tables, and for
 *	the addresses of bridges that containers or virtual machines hang on: those
 *	that have no port but veth(4) and tap devices.  A bridge that a network card is a port of
 *	is the host's own place in its LAN.
 *
 *	Addresses of a link alone (RFC 3927, RFC 4291) are left out: nothing is forwarded with them.
 *
 * THREADS
 *	Any thread may call it.
 */
#ifndef MILTER_HOST_H
#define MILTER_HOST_H

#include <stdbool.h>

#include "rules/surroundings.h"

struct diagnostics;
struct rules;

/* Writes *ret_surroundings, in the order in which the kernel tells.  Returns false, with errno set, where it does not.
 */
bool host_surroundings(struct surroundings *ret_surroundings);

/* Loads a rule file for this host: rules_load_here(). */
struct rules *host_load(const char *path, struct diagnostics *diagnostics);

#endif
