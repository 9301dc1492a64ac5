#include "policy/address.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"

Test(address, texts_that_are_one_and_how_they_are_written_again)
{
	static const struct {
		const char *text;
		enum address_family family;
		const char *written;
	} rows[] = {
	    {"0.0.0.0", ADDRESS_IPV4, "0.0.0.0"},
	    {"192.0.2.7", ADDRESS_IPV4, "192.0.2.7"},
	    {"255.255.255.255", ADDRESS_IPV4, "255.255.255.255"},
	    {"::", ADDRESS_IPV6, "::"},
	    {"::1", ADDRESS_IPV6, "::1"},
	    {"2001:DB8:0:0:0:0:0:7", ADDRESS_IPV6, "2001:db8::7"},
	    {"2001:db8::7", ADDRESS_IPV6, "2001:db8::7"},
	    {"64:ff9b::192.0.2.33", ADDRESS_IPV6, "64:ff9b::c000:221"},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ADDRESS_IPV6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	    /* mapped ones are IPv4, and those beside them are not */
	    {"::ffff:192.0.2.7", ADDRESS_IPV4, "192.0.2.7"},
	    {"::FFFF:c000:0207", ADDRESS_IPV4, "192.0.2.7"},
	    {"0:0:0:0:0:ffff:0:0", ADDRESS_IPV4, "0.0.0.0"},
	    {"::192.0.2.7", ADDRESS_IPV6, "::192.0.2.7"},
	    {"::ffff:0:192.0.2.7", ADDRESS_IPV6, "::ffff:0:c000:207"},
	    {"::1:ffff:192.0.2.7", ADDRESS_IPV6, "::1:ffff:c000:207"},
	    {"1::ffff:192.0.2.7", ADDRESS_IPV6, "1::ffff:c000:207"},
	    {"::fffe:192.0.2.7", ADDRESS_IPV6, "::fffe:c000:207"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct address address;
		char text[LIMIT_NETWORK_TEXT];

		memset(&address, 0xa5, sizeof address);
		cr_assert(address_from_text(rows[i].text, &address), "%s", rows[i].text);
		cr_expect_eq(address.family, rows[i].family, "%s", rows[i].text);
		address_to_text(&address, text);
		cr_expect_str_eq(text, rows[i].written, "%s is written %s", rows[i].text, text);
		for (size_t byte = 4; byte < 16 && address.family == ADDRESS_IPV4; byte++)
			cr_expect_eq(address.bytes[byte], 0, "%s: byte %zu", rows[i].text, byte);
	}
}

/* Every way in which the eight groups of an IPv6 address can be 0, or not. */
Test(address, written_as_the_system_writes_it)
{
	srandom(3);
	for (unsigned round = 0; round < 20 * 256; round++) {
		uint8_t bytes[16];
		struct address address;
		char text[LIMIT_NETWORK_TEXT], told[INET6_ADDRSTRLEN];

		for (unsigned i = 0; i < 16; i++)
			bytes[i] = round >> i / 2 & 1 ? (uint8_t)(random() >> random() % 8) : 0;
		address = address_from_ipv6(bytes);
		inet_ntop(address.family == ADDRESS_IPV4 ? AF_INET : AF_INET6, address.bytes, told, sizeof told);
		cr_assert_eq(address_to_text(&address, text), strlen(told), "%s", told);
		cr_assert_str_eq(text, told);
		address = address_from_ipv4(bytes + 12);
		inet_ntop(AF_INET, address.bytes, told, sizeof told);
		cr_assert_eq(address_to_text(&address, text), strlen(told), "%s", told);
		cr_assert_str_eq(text, told);
	}
}

Test(address, texts_that_are_none_write_nothing)
{
	static const char *const rows[] = {
	    "",
	    " ",
	    "192.0.2",
	    "192.0.2.7.1",
	    "192.0.2.256",
	    "010.0.0.1",
	    "0x0a000001",
	    "3232235777",
	    "10",
	    "192.0.2.7:25",
	    "192.0.2.7/32",
	    " 192.0.2.7",
	    "192.0.2.7 ",
	    "192.0.2.-1",
	    "[::1]",
	    "fe80::1%eth0",
	    "1::2::3",
	    ":1",
	    "1:2:3:4:5:6:7",
	    "1:2:3:4:5:6:7:8:9",
	    "12345::",
	    "::g",
	    "IPv6:::1",
	    "localhost",
	    "::ffff:192.0.2.256",
	    "1:1:1:1:1:1:1:1:1::1",
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct address address, before;

		memset(&address, 0xa5, sizeof address);
		before = address;
		cr_expect_not(address_from_text(rows[i], &address), "\"%s\"", rows[i]);
		cr_expect_eq(memcmp(&address, &before, sizeof address), 0, "\"%s\"", rows[i]);
	}
}

Test(address, bytes_make_the_same_as_text)
{
	static const uint8_t ipv4[4] = {192, 0, 2, 7};
	static const uint8_t mapped[16] = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 7};
	static const uint8_t ipv6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 7};
	struct address from_text, from_bytes;

	cr_assert(address_from_text("192.0.2.7", &from_text));
	from_bytes = address_from_ipv4(ipv4);
	cr_expect(address_equal(&from_text, &from_bytes));
	from_bytes = address_from_ipv6(mapped);
	cr_expect(address_equal(&from_text, &from_bytes));
	cr_assert(address_from_text("2001:db8::7", &from_text));
	from_bytes = address_from_ipv6(ipv6);
	cr_expect(address_equal(&from_text, &from_bytes));
}

Test(address, one_that_differs_in_any_bit_or_in_its_family_is_another)
{
	struct address one, other;

	cr_assert(address_from_text("2001:db8::7", &one));
	for (unsigned bit = 0; bit < 128; bit++) {
		other = one;
		other.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_expect_not(address_equal(&one, &other), "bit %u", bit);
	}
	cr_assert(address_from_text("1.0.0.0", &one));
	cr_assert(address_from_text("100::", &other));
	cr_expect_eq(memcmp(one.bytes, other.bytes, sizeof one.bytes), 0);
	cr_expect_not(address_equal(&one, &other));
}

Test(address, as_numbers_and_back)
{
	static const struct {
		const char *text;
		uint64_t high, low;
	} rows[] = {
	    {"0.0.0.0", 0, 0},
	    {"192.0.2.7", 0, 0xc0000207},
	    {"255.255.255.255", 0, 0xffffffff},
	    {"::", 0, 0},
	    {"2001:db8::1:2", 0x20010db800000000, 0x10002},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", UINT64_MAX, UINT64_MAX},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		address_number number = (address_number)rows[i].high << 64 | rows[i].low;
		struct address address, back;

		cr_assert(address_from_text(rows[i].text, &address));
		cr_expect(address_to_number(&address) == number, "%s", rows[i].text);
		back = address_from_number(number, address.family);
		cr_expect(address_equal(&back, &address), "%s", rows[i].text);
	}
	cr_expect(address_last_number(ADDRESS_IPV4) == UINT32_MAX);
	cr_expect(address_last_number(ADDRESS_IPV6) + 1 == 0);
}
