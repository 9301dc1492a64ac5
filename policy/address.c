#include "policy/address.h"

#include <arpa/inet.h>
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
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		*ret_address = address_from_ipv4(bytes);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
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
