#include "policy/address.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#include "policy/numeral.h"

struct address address_from_ipv4(const uint8_t bytes[4])
{
	struct address address = {.family = ADDRESS_IPV4};

	memcpy(address.bytes, bytes, 4);
	return address;
}

struct address address_from_ipv6(const uint8_t bytes[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	struct address address = {.family = ADDRESS_IPV6};

	if (memcmp(bytes, mapped, sizeof mapped) == 0)
		return address_from_ipv4(bytes + sizeof mapped);
	memcpy(address.bytes, bytes, 16);
	return address;
}

struct address address_loopback(enum address_family family)
{
	static const uint8_t ipv4[4] = {127, 0, 0, 1};
	static const uint8_t ipv6[16] = {[15] = 1};

	return family == ADDRESS_IPV4 ? address_from_ipv4(ipv4) : address_from_ipv6(ipv6);
}

bool address_from_text(const char *text, struct address *ret_address)
{
	bool ipv4 = strchr(text, ':') == NULL;
	uint8_t bytes[16];

	if (ipv4 && inet_pton(AF_INET, text, bytes) == 1)
		*ret_address = address_from_ipv4(bytes);
	else if (!ipv4 && inet_pton(AF_INET6, text, bytes) == 1)
		*ret_address = address_from_ipv6(bytes);
	else
		return false;
	return true;
}

static char *write_ipv4(char *to, const uint8_t bytes[4])
{
	for (size_t i = 0; i < 4; i++) {
		if (i > 0)
			*to++ = '.';
		to = numeral_decimal(to, bytes[i]);
	}
	return to;
}

#define GROUPS 8

/* What "::" stands for: the longest run of at least two groups that are 0, the first of those (RFC 5952 section 4.2).
 */
static size_t longest_zeros(const unsigned groups[GROUPS], size_t *ret_first)
{
	size_t longest = 1;

	for (size_t first = 0, end; first < GROUPS; first = end + 1) {
		for (end = first; end < GROUPS && groups[end] == 0;)
			end++;
		if (end - first > longest) {
			longest = end - first;
			*ret_first = first;
		}
	}
	return longest > 1 ? longest : 0;
}

static char *write_ipv6(char *to, const uint8_t bytes[16])
{
	unsigned groups[GROUPS];
	size_t first = GROUPS, zeros;

	for (size_t i = 0; i < GROUPS; i++)
		groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
	zeros = longest_zeros(groups, &first);
	for (size_t i = 0; i < GROUPS;) {
		if (i == first) {
			*to++ = ':';
			*to++ = ':';
			i += zeros;
			continue;
		}
		if (i > 0 && i != first + zeros)
			*to++ = ':';
		/* "::192.0.2.7", as inet_ntop(3) writes what is IPv4-compatible. */
		if (i == 6 && zeros == 6)
			return write_ipv4(to, bytes + 12);
		to = numeral_hexadecimal(to, groups[i++]);
	}
	return to;
}

size_t address_to_text(const struct address *address, char *text)
{
	char *end =
	    address->family == ADDRESS_IPV4 ? write_ipv4(text, address->bytes) : write_ipv6(text, address->bytes);

	*end = '\0';
	return (size_t)(end - text);
}

bool address_equal(const struct address *one, const struct address *other)
{
	return one->family == other->family && memcmp(one->bytes, other->bytes, sizeof one->bytes) == 0;
}

/* 4 or 8 bytes in network order. */
static uint32_t read_32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof value);
	return be32toh(value);
}

static uint64_t read_64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof value);
	return be64toh(value);
}

address_number address_to_number(const struct address *address)
{
	if (address->family == ADDRESS_IPV4)
		return read_32(address->bytes);
	return (address_number)read_64(address->bytes) << 64 | read_64(address->bytes + 8);
}

struct address address_from_number(address_number number, enum address_family family)
{
	struct address address = {.family = family};
	uint32_t ipv4 = htobe32((uint32_t)number);
	uint64_t high = htobe64((uint64_t)(number >> 64)), low = htobe64((uint64_t)number);

	if (family == ADDRESS_IPV4) {
		memcpy(address.bytes, &ipv4, sizeof ipv4);
	} else {
		memcpy(address.bytes, &high, sizeof high);
		memcpy(address.bytes + 8, &low, sizeof low);
	}
	return address;
}

address_number address_last_number(enum address_family family)
{
	return family == ADDRESS_IPV4 ? UINT32_MAX : ~(address_number)0;
}
