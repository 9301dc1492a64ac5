#include "milter/access_map.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"

/* What was written, as a map: entries by their text. */
static struct {
	char text[ACCESS_MAP_TEXT];
	bool relay;
} map[100000];
static size_t entries;

static void note(void *writer, const struct network *network, bool relay)
{
	(void)writer;
	cr_assert_lt(entries, sizeof map / sizeof *map);
	access_map_text(network, map[entries].text);
	map[entries++].relay = relay;
}

static void write_map(const struct networks *networks)
{
	entries = 0;
	access_map_write(networks, note, NULL);
	cr_assert_eq(entries, access_map_count(networks), "%zu written, %zu counted", entries,
	             access_map_count(networks));
}

/* The entry of that text, or -1. */
static int find(const char *text)
{
	for (size_t i = 0; i < entries; i++)
		if (strcmp(map[i].text, text) == 0)
			return map[i].relay;
	return -1;
}

/* Looks an address up as Sendmail does: from all of it to nothing, by octets or groups. */
static bool relays(const struct address *address)
{
	char text[ACCESS_MAP_TEXT];
	unsigned bits = address->family == ADDRESS_IPV4 ? 32 : 128;

	access_map_text(&(struct network){*address, bits}, text);
	for (;;) {
		int found = find(text);
		char *end = strrchr(text, address->family == ADDRESS_IPV4 ? '.' : ':');

		if (found >= 0)
			return found == 1;
		if (end == NULL)
			return false;
		*end = '\0';
	}
}

/* Reads networks with blanks between. */
static struct networks read_networks(const char *text)
{
	struct networks networks = {0};
	char copy[512], repair[LIMIT_NETWORK_TEXT], *rest = copy;

	strcpy(copy, text);
	for (char *word; (word = strsep(&rest, " ")) != NULL;) {
		struct network network;

		cr_assert_eq(network_read(word, &network, repair), NETWORK_SOUND, "%s", word);
		cr_assert(networks_join(&networks, &(struct networks){&network, 1}));
	}
	return networks;
}

Test(access_map, by_hand)
{
	static const struct {
		const char *networks, *entries;
	} rows[] = {
	    {"10.0.0.0/8", "10+"},
	    {"192.0.2.7", "192.0.2.7+"},
	    {"172.16.0.0/15", "172.16+ 172.17+"},
	    {"10.0.0.0/32 10.0.0.2/31 10.0.0.4/30 10.0.0.8/29 10.0.0.16/28 10.0.0.32/27 10.0.0.64/26 10.0.0.128/25",
	     "10.0.0+ 10.0.0.1-"},
	    {"192.0.2.252/30", "192.0.2.252+ 192.0.2.253+ 192.0.2.254+ 192.0.2.255+"},
	    {"::1", "IPv6:0:0:0:0:0:0:0:1+"},
	    {"::/0", "IPv6+"},
	    {"fd00:1::/64", "IPv6:fd00:1:0:0+"},
	    {"2001:db8::/31", "IPv6:2001:db8+ IPv6:2001:db9+"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct networks networks = read_networks(rows[i].networks);
		char text[512] = "";

		write_map(&networks);
		for (size_t j = 0; j < entries; j++) {
			strcat(text, j > 0 ? " " : "");
			strcat(text, map[j].text);
			strcat(text, map[j].relay ? "+" : "-");
		}
		cr_assert_str_eq(text, rows[i].entries);
		networks_destroy(&networks);
	}
}

Test(access_map, all_of_ipv4_is_every_octet)
{
	struct networks networks = read_networks("0.0.0.0/0");

	write_map(&networks);
	cr_assert_eq(entries, 256);
	networks_destroy(&networks);
}

Test(access_map, a_network_that_ends_between_takes_what_is_said)
{
	struct networks one = read_networks("10.0.0.0/9"), other = read_networks("2001:db8::/33");

	cr_assert_eq(access_map_count(&one), 128);
	cr_assert_eq(access_map_count(&other), 32768);
	networks_destroy(&one);
	networks_destroy(&other);
}

/* Some networks of few octets, so that they meet. */
static struct networks random_networks(enum address_family family)
{
	static const unsigned ipv4[] = {7, 8, 9, 14, 16, 17, 22, 24, 26, 31, 32};
	static const unsigned ipv6[] = {12, 16, 28, 32, 48, 60, 64, 112, 124, 127, 128};
	struct networks networks = {0};
	size_t count = 1 + (size_t)random() % 8;

	for (size_t i = 0; i < count; i++) {
		bool is_ipv4 = family == ADDRESS_IPV4;
		unsigned length = is_ipv4 ? ipv4[random() % 11] : ipv6[random() % 11], bits = is_ipv4 ? 32 : 128;
		struct network network = {{.family = family}, length};

		for (unsigned byte = 0; byte < bits / 8; byte++)
			network.base.bytes[byte] = (uint8_t)(random() % 3 == 0 ? random() % 256 : 1);
		for (unsigned bit = length; bit < bits; bit++)
			network.base.bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
		cr_assert(networks_join(&networks, &(struct networks){&network, 1}));
	}
	return networks;
}

static void compare(const struct networks *networks, const struct address *address)
{
	char text[LIMIT_NETWORK_TEXT];

	address_to_text(address, text);
	cr_assert_eq(relays(address), networks_have(networks, address), "%s", text);
}

Test(access_map, sendmail_finds_exactly_the_addresses, .timeout = 60)
{
	srandom(8);
	for (unsigned round = 0; round < 300; round++) {
		enum address_family family = round % 2 == 0 ? ADDRESS_IPV4 : ADDRESS_IPV6;
		struct networks networks = random_networks(family);

		if (access_map_count(&networks) > 3000) {
			networks_destroy(&networks);
			continue;
		}
		write_map(&networks);
		/* both sides of each boundary */
		for (size_t i = 0; i < networks.count; i++) {
			struct address last = network_last(&networks.list[i]);
			address_number first = address_to_number(&networks.list[i].base);
			address_number end = address_to_number(&last);
			struct address around;

			compare(&networks, &networks.list[i].base);
			compare(&networks, &last);
			if (first > 0) {
				around = address_from_number(first - 1, family);
				compare(&networks, &around);
			}
			if (end < address_last_number(family)) {
				around = address_from_number(end + 1, family);
				compare(&networks, &around);
			}
		}
		for (unsigned i = 0; i < 50; i++) {
			struct address address = {.family = family};

			for (unsigned byte = 0; byte < (family == ADDRESS_IPV4 ? 4 : 16); byte++)
				address.bytes[byte] = (uint8_t)(random() % 3 == 0 ? random() % 256 : 1);
			compare(&networks, &address);
		}
		networks_destroy(&networks);
	}
}

/* An entry that could be left out would say what is around it anyway. */
Test(access_map, no_entry_repeats_what_is_around_it)
{
	srandom(9);
	for (unsigned round = 0; round < 200; round++) {
		struct networks networks = random_networks(round % 2 == 0 ? ADDRESS_IPV4 : ADDRESS_IPV6);

		if (access_map_count(&networks) <= 3000) {
			write_map(&networks);
			for (size_t i = 0; i < entries; i++) {
				char text[ACCESS_MAP_TEXT];
				bool around = false;

				strcpy(text, map[i].text);
				for (char *end; (end = strpbrk(text, ".:")) != NULL;) {
					int found;

					end = strrchr(text, strchr(text, ':') != NULL ? ':' : '.');
					*end = '\0';
					found = find(text);
					if (found >= 0) {
						around = found == 1;
						break;
					}
				}
				cr_assert_neq(around, map[i].relay, "%s", map[i].text);
			}
		}
		networks_destroy(&networks);
	}
}
