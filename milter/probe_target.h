/*
 * NAME
 *	probe_target - the server that is probed: from HOST[:PORT] to its addresses
 */
#ifndef MILTER_PROBE_TARGET_H
#define MILTER_PROBE_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* What the longest name, the longest address and the longest mailbox of RFC 5321 section 4.5.3.1 take. */
#define PROBE_HOST 256

/* Addresses of one host that are tried. */
#define PROBE_ADDRESSES 16

struct probe_target {
	char host[PROBE_HOST]; /* without brackets and port */
	unsigned port;
	bool named; /* by a name, not by an address */
};

struct probe_address {
	struct sockaddr_storage socket;
	socklen_t length;
	char text[PROBE_HOST];    /* "203.0.113.25" */
	char literal[PROBE_HOST]; /* "[203.0.113.25]", "[IPv6:2001:db8::25]" */
};

/*
 * Reads NAME, IPv4, [IPv6] or a bare IPv6 address, all but the last with an
 * optional :PORT; the port is 25 otherwise.  Returns false where it is none.
 */
bool probe_target_read(const char *text, struct probe_target *ret_target);

/*
 * Looks up the addresses of the family, AF_UNSPEC for both.  Writes at most
 * PROBE_ADDRESSES of them, and how many; returns 0, or an error of
 * getaddrinfo(3).  Waits as long as the resolver does.
 */
int probe_target_resolve(const struct probe_target *target, int family, struct probe_address *ret_addresses,
                         size_t *ret_count);

/* Reads a numeric address, as one to bind to.  Returns false where it is none. */
bool probe_address_read(const char *text, struct probe_address *ret_address);

/* Whether text is a domain name of two labels or more: letters, digits, "-" and ".", and not four numbers. */
bool probe_is_domain(const char *text);

/* Whether text is a mailbox with nothing unusual in it, at such a domain. */
bool probe_is_mailbox(const char *text);

#endif
