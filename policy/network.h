/*
 * NAME
 *	network - one IPv4 or IPv6 network, as rule files write it
 *
 * DESCRIPTION
 *	The text is read by libcidr, behind a strict grammar of ours: libcidr takes
 *	"10.0.0.0/-1" for everything and "010.0.0.1" for 8.0.0.1, among others.
 *	No other module includes libcidr's header.
 *
 *	A network within ::ffff:0:0/96 is made the IPv4 network that it maps (see
 *	policy/address.h); a larger IPv6 network has no IPv4 address in it.
 */
#ifndef POLICY_NETWORK_H
#define POLICY_NETWORK_H

#include <stddef.h>

#include "policy/address.h"

struct network {
	struct address base;    /* host bits are 0 */
	unsigned prefix_length; /* bits: 0..32 or 0..128 */
};

enum network_fault {
	NETWORK_SOUND,
	NETWORK_NOT_ADDRESS, /* what stands before the slash, or all of it */
	NETWORK_PREFIX,      /* what stands behind the slash */
	NETWORK_NETMASK,     /* a netmask behind the slash; a repair is written where it is contiguous */
	NETWORK_HOST_BITS,   /* set; a repair is written */
	NETWORK_NO_MEMORY,   /* to read it by */
};
#define NETWORK_FAULT_COUNT (NETWORK_NO_MEMORY + 1)

/*
 * Reads "192.0.2.0/24", "192.0.2.7", "2001:db8::/32" or "::1".  On success
 * writes *ret_network.  Otherwise returns the fault, and in ret_repair (of
 * LIMIT_NETWORK_TEXT bytes) what could be written instead, or the empty string.
 */
enum network_fault network_read(const char *text, struct network *ret_network, char *ret_repair);

/*
 * Writes "192.0.2.0/24", or "192.0.2.7" for a single address; returns the length.  text holds at least
 * LIMIT_NETWORK_TEXT bytes.
 */
size_t network_to_text(const struct network *network, char *text);

/* The last address of the network. */
struct address network_last(const struct network *network);

#endif
