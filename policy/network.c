#include "policy/network.h"

#include <arpa/inet.h>
#include <libcidr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"
#include "policy/numeral.h"

static unsigned family_bits(enum address_family family)
{
	return family == ADDRESS_IPV4 ? 32 : 128;
}

/* Reads a decimal number of up to three digits, without sign or leading zero. */
static bool read_prefix_length(const char *text, unsigned most, unsigned *ret_length)
{
	size_t digits = strspn(text, "0123456789");
	unsigned length = 0;

	if (digits == 0 || digits > 3 || text[digits] != '\0' || (digits > 1 && text[0] == '0'))
		return false;
	for (size_t i = 0; i < digits; i++)
		length = 10 * length + (unsigned)(text[i] - '0');
	if (length > most)
		return false;
	*ret_length = length;
	return true;
}

/* The prefix length that a contiguous IPv4 netmask stands for. */
static bool read_netmask(const char *text, unsigned *ret_length)
{
	uint8_t bytes[4];
	uint32_t mask;

	if (inet_pton(AF_INET, text, bytes) != 1)
		return false;
	mask = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	if ((~mask & (~mask + 1)) != 0)
		return false;
	*ret_length = (unsigned)__builtin_popcount(mask);
	return true;
}

/*
 * Has libcidr read a text that the grammar passed.  libcidr looks at up to
 * eight bytes before a short string: they are put there.
 */
static CIDR *read_by_libcidr(const char *text)
{
	char padded[8 + LIMIT_NETWORK_TEXT] = "        ";

	memcpy(padded + 8, text, strnlen(text, LIMIT_NETWORK_TEXT - 1));
	return cidr_from_str(padded + 8);
}

/*
 * The network that libcidr has read, and whether no host bit was set in the
 * text.  libcidr keeps IPv4 in the last four of its 16 bytes; its own functions for
 * the base and the length of a network allocate, and go bit by bit.
 */
static bool from_cidr(const CIDR *cidr, struct network *ret_network)
{
	bool ipv4 = cidr_get_proto(cidr) == CIDR_IPV4;
	uint8_t base[16], host_bits = 0;
	uint64_t mask[2];

	for (size_t i = 0; i < 16; i++) {
		base[i] = cidr->addr[i] & cidr->mask[i];
		host_bits |= cidr->addr[i] & (uint8_t)~cidr->mask[i];
	}
	memcpy(mask, cidr->mask, sizeof mask);
	*ret_network = (struct network){
	    .base.family = ipv4 ? ADDRESS_IPV4 : ADDRESS_IPV6,
	    .prefix_length =
	        (unsigned)(__builtin_popcountll(mask[0]) + __builtin_popcountll(mask[1])) - (ipv4 ? 96 : 0),
	};
	memcpy(ret_network->base.bytes, base + (ipv4 ? 12 : 0), ipv4 ? 4 : 16);
	return host_bits == 0;
}

/* IPv4-mapped networks are IPv4. */
static void unmap(struct network *network)
{
	if (network->base.family != ADDRESS_IPV6 || network->prefix_length < 96)
		return;
	network->base = address_from_ipv6(network->base.bytes);
	if (network->base.family == ADDRESS_IPV4)
		network->prefix_length -= 96;
}

enum network_fault network_read(const char *text, struct network *ret_network, char *ret_repair)
{
	char address_text[LIMIT_NETWORK_TEXT];
	char repaired[LIMIT_NETWORK_TEXT];
	const char *slash = strchr(text, '/');
	size_t address_length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct network network;
	struct address address;
	unsigned length;
	CIDR *cidr;
	bool ipv4, clean;

	ret_repair[0] = '\0';
	if (address_length >= sizeof address_text)
		return NETWORK_NOT_ADDRESS;
	memcpy(address_text, text, address_length);
	address_text[address_length] = '\0';
	if (!address_from_text(address_text, &address))
		return NETWORK_NOT_ADDRESS;
	ipv4 = strchr(address_text, ':') == NULL;
	if (slash != NULL && !read_prefix_length(slash + 1, ipv4 ? 32 : 128, &length)) {
		if (!ipv4 || !read_netmask(slash + 1, &length))
			return NETWORK_PREFIX;
		snprintf(repaired, sizeof repaired, "%.15s/%u", address_text, length);
		if (network_read(repaired, &network, ret_repair) == NETWORK_SOUND)
			strcpy(ret_repair, repaired);
		return NETWORK_NETMASK;
	}

	cidr = read_by_libcidr(text);
	if (cidr == NULL)
		return NETWORK_NO_MEMORY;
	clean = from_cidr(cidr, &network);
	cidr_free(cidr);
	unmap(&network);
	if (!clean) {
		network_to_text(&network, ret_repair);
		return NETWORK_HOST_BITS;
	}
	*ret_network = network;
	return NETWORK_SOUND;
}

size_t network_to_text(const struct network *network, char *text)
{
	char *end = text + address_to_text(&network->base, text);

	if (network->prefix_length != family_bits(network->base.family)) {
		*end++ = '/';
		end = numeral_decimal(end, network->prefix_length);
		*end = '\0';
	}
	return (size_t)(end - text);
}

struct address network_last(const struct network *network)
{
	struct address last = network->base;
	unsigned bits = family_bits(last.family), byte = network->prefix_length / 8;

	if (network->prefix_length == bits)
		return last;
	last.bytes[byte] |= 0xff >> network->prefix_length % 8;
	memset(last.bytes + byte + 1, 0xff, bits / 8 - byte - 1);
	return last;
}
