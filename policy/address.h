/*
 * NAME
 *	address - one IPv4 or IPv6 address
 *
 * DESCRIPTION
 *	A value, copied freely.  An IPv4-mapped IPv6 address (::ffff:0:0/96, RFC
 *	4291 section 2.5.5.2) is turned into its IPv4 address by every function
 *	that makes an address, so that the rest of the program never meets one.
 */
#ifndef POLICY_ADDRESS_H
#define POLICY_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum address_family {
	ADDRESS_IPV4,
	ADDRESS_IPV6,
};
#define ADDRESS_FAMILY_COUNT (ADDRESS_IPV6 + 1)

struct address {
	enum address_family family;
	uint8_t bytes[16]; /* network order; IPv4 uses the first 4, the others are 0 */
};

/* The address of 4, or of 16, bytes in network order. */
struct address address_from_ipv4(const uint8_t bytes[4]);
struct address address_from_ipv6(const uint8_t bytes[16]);

/* 127.0.0.1 or ::1. */
struct address address_loopback(enum address_family family);

/*
 * Reads "192.0.2.7" or "2001:db8::7" (inet_pton(3)): no port, no zone, no
 * brackets, no octal.  Returns false, and writes nothing, for any other text.
 */
bool address_from_text(const char *text, struct address *ret_address);

/* Writes the address as inet_ntop(3) does; returns the length.  text holds at least LIMIT_NETWORK_TEXT bytes. */
size_t address_to_text(const struct address *address, char *text);

/* An address as a number, to count with: IPv4 in the low 32 bits. */
__extension__ typedef unsigned __int128 address_number;

address_number address_to_number(const struct address *address);
struct address address_from_number(address_number number, enum address_family family);

/* That of the last address of the family. */
address_number address_last_number(enum address_family family);

bool address_equal(const struct address *one, const struct address *other);

#endif
