#include "policy/address.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#include "policy/limits.h"

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

void address_to_text(const struct address *address, char *text)
{
	int family = address->family == ADDRESS_IPV4 ? AF_INET : AF_INET6;

	inet_ntop(family, address->bytes, text, LIMIT_NETWORK_TEXT);
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
