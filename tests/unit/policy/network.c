#include "policy/network.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"

Test(network, texts_that_are_one_and_how_they_are_written_again)
{
	static const struct {
		const char *text;
		enum address_family family;
		unsigned prefix_length;
		const char *written;
		const char *last;
	} rows[] = {
	    {"192.0.2.0/24", ADDRESS_IPV4, 24, "192.0.2.0/24", "192.0.2.255"},
	    {"192.0.2.7", ADDRESS_IPV4, 32, "192.0.2.7", "192.0.2.7"},
	    {"192.0.2.7/32", ADDRESS_IPV4, 32, "192.0.2.7", "192.0.2.7"},
	    {"192.0.2.6/31", ADDRESS_IPV4, 31, "192.0.2.6/31", "192.0.2.7"},
	    {"0.0.0.0/0", ADDRESS_IPV4, 0, "0.0.0.0/0", "255.255.255.255"},
	    {"128.0.0.0/1", ADDRESS_IPV4, 1, "128.0.0.0/1", "255.255.255.255"},
	    {"10.0.0.0/8", ADDRESS_IPV4, 8, "10.0.0.0/8", "10.255.255.255"},
	    {"172.16.0.0/12", ADDRESS_IPV4, 12, "172.16.0.0/12", "172.31.255.255"},
	    {"0.0.0.0", ADDRESS_IPV4, 32, "0.0.0.0", "0.0.0.0"},
	    {"255.255.255.255", ADDRESS_IPV4, 32, "255.255.255.255", "255.255.255.255"},
	    {"::1", ADDRESS_IPV6, 128, "::1", "::1"},
	    {"::", ADDRESS_IPV6, 128, "::", "::"},
	    {"::/0", ADDRESS_IPV6, 0, "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	    {"2001:db8::/32", ADDRESS_IPV6, 32, "2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
	    {"2001:DB8:0:0:0:0:0:0/33", ADDRESS_IPV6, 33, "2001:db8::/33", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff"},
	    {"2001:db8::7/128", ADDRESS_IPV6, 128, "2001:db8::7", "2001:db8::7"},
	    {"fe80::/10", ADDRESS_IPV6, 10, "fe80::/10", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	    {"1:2:3:4:5:6:7:8", ADDRESS_IPV6, 128, "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
	    {"64:ff9b::192.0.2.0/120", ADDRESS_IPV6, 120, "64:ff9b::c000:200/120", "64:ff9b::c000:2ff"},
	    /* within the mapped ones it is IPv4, around them it is not */
	    {"::ffff:192.0.2.7", ADDRESS_IPV4, 32, "192.0.2.7", "192.0.2.7"},
	    {"::ffff:192.0.2.0/120", ADDRESS_IPV4, 24, "192.0.2.0/24", "192.0.2.255"},
	    {"::ffff:0:0/96", ADDRESS_IPV4, 0, "0.0.0.0/0", "255.255.255.255"},
	    {"::fffe:0:0/95", ADDRESS_IPV6, 95, "::fffe:0:0/95", "::ffff:255.255.255.255"},
	    {"::/96", ADDRESS_IPV6, 96, "::/96", "::255.255.255.255"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct network network;
		struct address last, told;
		char text[LIMIT_NETWORK_TEXT], repair[LIMIT_NETWORK_TEXT] = "x";

		memset(&network, 0xa5, sizeof network);
		cr_assert_eq(network_read(rows[i].text, &network, repair), NETWORK_SOUND, "%s", rows[i].text);
		cr_expect_eq(network.base.family, rows[i].family, "%s", rows[i].text);
		cr_expect_eq(network.prefix_length, rows[i].prefix_length, "%s", rows[i].text);
		cr_expect_str_eq(repair, "", "%s", rows[i].text);
		network_to_text(&network, text);
		cr_expect_str_eq(text, rows[i].written, "%s is written %s", rows[i].text, text);
		last = network_last(&network);
		address_to_text(&last, text);
		/* a last address that is a mapped one cannot be read as IPv6 again */
		if (address_from_text(rows[i].last, &told) && told.family == network.base.family)
			cr_expect(address_equal(&last, &told), "%s ends with %s", rows[i].text, text);
	}
}

/* What libcidr would take for something, and how we refuse it. */
Test(network, texts_that_are_none_write_nothing)
{
	static const struct {
		const char *text;
		enum network_fault fault;
		const char *repair;
	} rows[] = {
	    /* to libcidr these are /0: everything */
	    {"10.0.0.0/-1", NETWORK_PREFIX, ""},
	    {"10.0.0.0/a", NETWORK_PREFIX, ""},
	    {"10.0.0.0/x", NETWORK_PREFIX, ""},
	    {"10.0.0.0/4294967296", NETWORK_PREFIX, ""},
	    {"10.0.0.0/4278190080", NETWORK_PREFIX, ""},
	    {"2001:db8::/a", NETWORK_PREFIX, ""},
	    {"2001:db8::/-1", NETWORK_PREFIX, ""},
	    /* these overwrite its memory */
	    {"1:1:1:1:1:1:1:1:1::1", NETWORK_NOT_ADDRESS, ""},
	    {"1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1::1", NETWORK_NOT_ADDRESS, ""},
	    /* it takes these for /8, /8, /32, 0.0.0.8/24 and /8 */
	    {"10.0.0.0/8abc", NETWORK_PREFIX, ""},
	    {"10.0.0.0//8", NETWORK_PREFIX, ""},
	    {"10.0.0.0/", NETWORK_PREFIX, ""},
	    {"10.0.0.0/8/24", NETWORK_PREFIX, ""},
	    {"10.0.0.0/4294967304", NETWORK_PREFIX, ""},
	    /* host bits */
	    {"192.0.2.7/24", NETWORK_HOST_BITS, "192.0.2.0/24"},
	    {"192.0.2.1/0", NETWORK_HOST_BITS, "0.0.0.0/0"},
	    {"192.0.2.1/31", NETWORK_HOST_BITS, "192.0.2.0/31"},
	    {"2001:db8::1/32", NETWORK_HOST_BITS, "2001:db8::/32"},
	    {"2001:db8::1/127", NETWORK_HOST_BITS, "2001:db8::/127"},
	    {"8000::/0", NETWORK_HOST_BITS, "::/0"},
	    {"::ffff:192.0.2.7/120", NETWORK_HOST_BITS, "192.0.2.0/24"},
	    /* abbreviations, numbers of other bases */
	    {"10/8", NETWORK_NOT_ADDRESS, ""},
	    {"10", NETWORK_NOT_ADDRESS, ""},
	    {"10.1", NETWORK_NOT_ADDRESS, ""},
	    {"10.0.0/24", NETWORK_NOT_ADDRESS, ""},
	    {"3232235777", NETWORK_NOT_ADDRESS, ""},
	    {"0x0a000001", NETWORK_NOT_ADDRESS, ""},
	    {"010.0.0.1", NETWORK_NOT_ADDRESS, ""},
	    {"10.0.0.08", NETWORK_NOT_ADDRESS, ""},
	    /* netmasks */
	    {"10.0.0.0/255.0.0.0", NETWORK_NETMASK, "10.0.0.0/8"},
	    {"192.0.2.0/255.255.255.128", NETWORK_NETMASK, "192.0.2.0/25"},
	    {"192.0.2.7/255.255.255.255", NETWORK_NETMASK, "192.0.2.7/32"},
	    {"192.0.2.7/255.255.255.0", NETWORK_NETMASK, "192.0.2.0/24"},
	    {"255.255.255.255/255.255.255.255", NETWORK_NETMASK, "255.255.255.255/32"},
	    {"10.0.0.0/255.0.255.0", NETWORK_PREFIX, ""},
	    {"10.0.0.0/0.0.0.255", NETWORK_PREFIX, ""},
	    {"2001:db8::/255.0.0.0", NETWORK_PREFIX, ""},
	    /* names of the reverse tree */
	    {"4.3.2.1.in-addr.arpa", NETWORK_NOT_ADDRESS, ""},
	    {"1.0.0.0.ip6.arpa", NETWORK_NOT_ADDRESS, ""},
	    /* too many colons */
	    {"1::2::3", NETWORK_NOT_ADDRESS, ""},
	    {"1:2:3:4:5:6:7:8::", NETWORK_NOT_ADDRESS, ""},
	    {":::", NETWORK_NOT_ADDRESS, ""},
	    /* what libcidr refuses too */
	    {"[::1]", NETWORK_NOT_ADDRESS, ""},
	    {"fe80::1%eth0", NETWORK_NOT_ADDRESS, ""},
	    {" 10.0.0.0/8", NETWORK_NOT_ADDRESS, ""},
	    {"10.0.0.0 /8", NETWORK_NOT_ADDRESS, ""},
	    {"10.0.0.0/ 8", NETWORK_PREFIX, ""},
	    {"10.0.0.0/8 ", NETWORK_PREFIX, ""},
	    {"10.0.0.0/+8", NETWORK_PREFIX, ""},
	    {"", NETWORK_NOT_ADDRESS, ""},
	    {"/8", NETWORK_NOT_ADDRESS, ""},
	    {"10.0.0.256", NETWORK_NOT_ADDRESS, ""},
	    {"lan", NETWORK_NOT_ADDRESS, ""},
	    {"0123456789012345678901234567890123456789012345678901234567890123456789", NETWORK_NOT_ADDRESS, ""},
	    /* prefix lengths that there are not */
	    {"10.0.0.0/33", NETWORK_PREFIX, ""},
	    {"10.0.0.0/100", NETWORK_PREFIX, ""},
	    {"::/129", NETWORK_PREFIX, ""},
	    {"::/999", NETWORK_PREFIX, ""},
	    {"::/1000", NETWORK_PREFIX, ""},
	    {"10.0.0.0/08", NETWORK_PREFIX, ""},
	    {"10.0.0.0/00", NETWORK_PREFIX, ""},
	    {"10.0.0.0/0x8", NETWORK_PREFIX, ""},
	    {"10.0.0.0/8.0", NETWORK_PREFIX, ""},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct network network, before;
		char repair[LIMIT_NETWORK_TEXT] = "x";

		memset(&network, 0xa5, sizeof network);
		before = network;
		cr_expect_eq(network_read(rows[i].text, &network, repair), rows[i].fault, "\"%s\"", rows[i].text);
		cr_expect_str_eq(repair, rows[i].repair, "\"%s\": \"%s\"", rows[i].text, repair);
		cr_expect_eq(memcmp(&network, &before, sizeof network), 0, "\"%s\" wrote", rows[i].text);
	}
}

Test(network, texts_of_every_length_are_refused_within_their_room)
{
	char text[3 * LIMIT_NETWORK_TEXT], repair[LIMIT_NETWORK_TEXT];
	struct network network;

	for (size_t length = 1; length < sizeof text; length++) {
		memset(text, '1', length);
		text[length] = '\0';
		cr_expect_eq(network_read(text, &network, repair), NETWORK_NOT_ADDRESS, "%zu bytes", length);
		memcpy(text, "1.1.1.1/", length < 8 ? length : 8);
		if (length > 10)
			cr_expect_eq(network_read(text, &network, repair), NETWORK_PREFIX, "%zu bytes", length);
	}
}

/* The text stands at the very beginning of its memory, which reading before it would show to a sanitizer. */
Test(network, short_texts_at_the_beginning_of_their_memory)
{
	static const char *const rows[] = {"::1", "::", "::/0", "1::", "::1/128", "1.1.1.1"};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = strdup(rows[i]);
		char repair[LIMIT_NETWORK_TEXT];
		struct network network;

		cr_expect_eq(network_read(text, &network, repair), NETWORK_SOUND, "%s", rows[i]);
		free(text);
	}
}

/* Every spelling of an address that inet_ntop(3) or we could write is read as that address. */
Test(network, libcidr_reads_an_address_as_the_system_does)
{
	srandom(1);
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t bytes[16];
		char text[LIMIT_NETWORK_TEXT], repair[LIMIT_NETWORK_TEXT];
		struct address address, told;
		struct network network;

		for (size_t byte = 0; byte < sizeof bytes; byte++)
			bytes[byte] = random() % 3 == 0 ? (uint8_t)random() : 0;
		address = i % 2 == 0 ? address_from_ipv4(bytes) : address_from_ipv6(bytes);
		address_to_text(&address, text);
		if (i % 6 == 1)
			snprintf(text, sizeof text, "%x:%x:%x:%x:%x:%x:%u.%u.%u.%u", bytes[0] << 8 | bytes[1],
			         bytes[2] << 8 | bytes[3], bytes[4] << 8 | bytes[5], bytes[6] << 8 | bytes[7],
			         bytes[8] << 8 | bytes[9], bytes[10] << 8 | bytes[11], bytes[12], bytes[13], bytes[14],
			         bytes[15]);
		else if (i % 6 == 3)
			snprintf(text, sizeof text, "%04X:%04x:%04X:%04x::%02x%02x", bytes[0] << 8 | bytes[1],
			         bytes[2] << 8 | bytes[3], bytes[4] << 8 | bytes[5], bytes[6] << 8 | bytes[7],
			         bytes[14], bytes[15]);
		cr_assert(address_from_text(text, &told), "%s", text);
		cr_assert_eq(network_read(text, &network, repair), NETWORK_SOUND, "%s", text);
		cr_assert(address_equal(&network.base, &told), "%s", text);
		cr_assert_eq(network.prefix_length, told.family == ADDRESS_IPV4 ? 32 : 128, "%s", text);
	}
}

/* Bit by bit: what is before the prefix length is the base's, what is behind it is clear in the base and set in the
 * last. */
Test(network, every_prefix_length_of_both_families)
{
	for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT; family++) {
		unsigned bits = family == ADDRESS_IPV4 ? 32 : 128;

		for (unsigned length = 0; length <= bits; length++) {
			struct address base = {.family = (enum address_family)family}, last;
			struct network network;
			char text[LIMIT_NETWORK_TEXT], whole[2 * LIMIT_NETWORK_TEXT], repair[LIMIT_NETWORK_TEXT];

			for (unsigned bit = 0; bit < length; bit++)
				base.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
			address_to_text(&base, text);
			snprintf(whole, sizeof whole, "%s/%u", text, length);
			cr_assert_eq(network_read(whole, &network, repair), NETWORK_SOUND, "%s", whole);
			cr_expect_eq(network.prefix_length, length, "%s", whole);
			cr_expect(address_equal(&network.base, &base), "%s", whole);
			last = network_last(&network);
			for (unsigned bit = 0; bit < bits; bit++)
				cr_expect(last.bytes[bit / 8] >> (7 - bit % 8) & 1, "%s: bit %u", whole, bit);

			/* one bit more is a host bit */
			if (length == bits)
				continue;
			base.bytes[length / 8] |= (uint8_t)(0x80 >> length % 8);
			address_to_text(&base, text);
			snprintf(whole, sizeof whole, "%s/%u", text, length);
			cr_expect_eq(network_read(whole, &network, repair), NETWORK_HOST_BITS, "%s", whole);
		}
	}
}
