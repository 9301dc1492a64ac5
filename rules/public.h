/*
 * NAME
 *	public - networks that have addresses of the internet
 */
#ifndef RULES_PUBLIC_H
#define RULES_PUBLIC_H

#include <stdbool.h>

struct network;

/*
 * Whether some address of the network is neither private (RFC 1918, RFC 4193), nor shared
 * behind a carrier's NAT (RFC 6598), nor of this link (RFC 3927, RFC 4291) or machine.
 */
bool network_is_public(const struct network *network);

#endif
