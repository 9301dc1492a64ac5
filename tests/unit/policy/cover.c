#include "policy/cover.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"

static struct address read_address(const char *text)
{
	struct address address;

	cr_assert(address_from_text(text, &address), "%s", text);
	return address;
}

/* The networks, with blanks between.  Valid until the next call. */
static const char *text_of(const struct networks *networks)
{
	static char text[8192];

	text[0] = '\0';
	for (size_t i = 0; i < networks->count; i++) {
		char one[LIMIT_NETWORK_TEXT];

		network_to_text(&networks->list[i], one);
		strcat(text, i > 0 ? " " : "");
		strcat(text, one);
	}
	return text;
}

Test(cover, ranges_by_hand)
{
	static const struct {
		const char *first, *last, *networks;
	} rows[] = {
	    {"0.0.0.0", "255.255.255.255", "0.0.0.0/0"},
	    {"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0"},
	    {"192.0.2.7", "192.0.2.7", "192.0.2.7"},
	    {"0.0.0.0", "0.0.0.0", "0.0.0.0"},
	    {"255.255.255.255", "255.255.255.255", "255.255.255.255"},
	    {"192.0.2.0", "192.0.2.255", "192.0.2.0/24"},
	    {"192.0.2.1", "192.0.2.2", "192.0.2.1 192.0.2.2"},
	    {"192.0.2.2", "192.0.2.3", "192.0.2.2/31"},
	    {"10.0.0.1", "10.0.0.254",
	     "10.0.0.1 10.0.0.2/31 10.0.0.4/30 10.0.0.8/29 10.0.0.16/28 10.0.0.32/27 10.0.0.64/26 10.0.0.128/26 "
	     "10.0.0.192/27 10.0.0.224/28 10.0.0.240/29 10.0.0.248/30 10.0.0.252/31 10.0.0.254"},
	    {"127.255.255.255", "128.0.0.0", "127.255.255.255 128.0.0.0"},
	    {"0.0.0.0", "127.255.255.255", "0.0.0.0/1"},
	    {"192.0.0.0", "255.255.255.255", "192.0.0.0/2"},
	    {"::1", "::1", "::1"},
	    {"2001:db8::", "2001:db8:0:ffff:ffff:ffff:ffff:ffff", "2001:db8::/48"},
	    {"2001:db8::fffe", "2001:db8::1:1", "2001:db8::fffe/127 2001:db8::1:0/127"},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
	    {"8000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "8000::/1"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct address first = read_address(rows[i].first), last = read_address(rows[i].last);
		struct networks networks = {0};

		cr_assert(networks_cover(&networks, &first, &last));
		cr_expect_str_eq(text_of(&networks), rows[i].networks, "%s to %s: %s", rows[i].first, rows[i].last,
		                 text_of(&networks));
		networks_destroy(&networks);
	}
}

/* All of IPv6 but its first and its last address: as many networks as there can be of one range. */
Test(cover, the_longest)
{
	struct address first = read_address("::1"), last = read_address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe");
	struct networks networks = {0};

	cr_assert(networks_cover(&networks, &first, &last));
	cr_expect_eq(networks.count, 254);
	networks_destroy(&networks);
}

#define BITS 8

/* The fewest networks that have exactly some of 256 addresses: of a half all, nothing, or what its halves need. */
static size_t fewest(const bool *in, size_t size)
{
	bool all = true, any = false;

	for (size_t i = 0; i < size; i++) {
		all &= in[i];
		any |= in[i];
	}
	if (all || !any)
		return all;
	return fewest(in, size / 2) + fewest(in + size / 2, size / 2);
}

/* Random sets of the last 256 addresses of a family, range by range. */
Test(cover, as_few_as_can_be_and_exactly_those)
{
	srandom(21);
	for (unsigned round = 0; round < 2000; round++) {
		enum address_family family = (enum address_family)(round % ADDRESS_FAMILY_COUNT);
		address_number base = address_last_number(family) - 255;
		struct networks networks = {0};
		bool in[1 << BITS] = {false}, covered[1 << BITS] = {false};

		for (unsigned i = (unsigned)random() % 5; i > 0; i--) {
			unsigned from = (unsigned)random() % 256, to = from + (unsigned)random() % (256 - from);

			memset(in + from, true, to - from + 1);
		}
		for (unsigned i = 0; i < 256; i++) {
			unsigned end = i;
			struct address first, last;

			if (!in[i])
				continue;
			while (end < 255 && in[end + 1])
				end++;
			first = address_from_number(base + i, family);
			last = address_from_number(base + end, family);
			cr_assert(networks_cover(&networks, &first, &last));
			i = end;
		}
		for (size_t i = 0; i < networks.count; i++) {
			struct address last = network_last(&networks.list[i]);
			address_number from = address_to_number(&networks.list[i].base) - base;

			cr_assert_eq(networks.list[i].base.family, family);
			for (address_number at = from; at <= address_to_number(&last) - base; at++) {
				cr_assert_not(covered[at], "round %u: an address is there twice", round);
				covered[at] = true;
			}
		}
		cr_assert_eq(memcmp(in, covered, sizeof in), 0, "round %u: %s", round, text_of(&networks));
		cr_assert_eq(networks.count, fewest(in, 256), "round %u: %s", round, text_of(&networks));
		networks_destroy(&networks);
	}
}

Test(cover, lists_are_equal_that_have_the_same_in_the_same_order)
{
	struct address one = read_address("192.0.2.1"), two = read_address("192.0.2.2"), six = read_address("::1");
	struct networks a = {0}, b = {0};

	cr_expect(networks_equal(&a, &b));
	cr_assert(networks_cover(&a, &one, &two));
	cr_expect_not(networks_equal(&a, &b));
	cr_assert(networks_cover(&b, &one, &one));
	cr_expect_not(networks_equal(&a, &b));
	cr_assert(networks_cover(&b, &two, &two));
	cr_expect(networks_equal(&a, &b));
	cr_assert(networks_cover(&a, &six, &six));
	cr_assert(networks_cover(&b, &one, &one));
	cr_expect_not(networks_equal(&a, &b));
	networks_destroy(&a);
	cr_expect_null(a.list);
	cr_expect_eq(a.count, 0);
	networks_destroy(&b);
}

/* Random networks among the last 256 addresses of a family, which may overlap, in any order. */
static struct networks random_networks(enum address_family family, bool *in)
{
	unsigned bits = family == ADDRESS_IPV4 ? 32 : 128;
	struct networks networks = {calloc(8, sizeof(struct network)), (size_t)random() % 8};

	memset(in, false, 1 << BITS);
	for (size_t i = 0; i < networks.count; i++) {
		unsigned host_bits = (unsigned)random() % 7;
		unsigned from = (unsigned)random() % 256 >> host_bits << host_bits;

		networks.list[i].base = address_from_number(address_last_number(family) - 255 + from, family);
		networks.list[i].prefix_length = bits - host_bits;
		memset(in + from, true, (size_t)1 << host_bits);
	}
	return networks;
}

/* Whether they have exactly these addresses, and are as few as can be. */
static void expect_exactly(const struct networks *networks, enum address_family family, const bool *in)
{
	for (unsigned i = 0; i < 256; i++) {
		struct address address = address_from_number(address_last_number(family) - 255 + i, family);

		cr_assert_eq(networks_have(networks, &address), in[i], "%u: %s", i, text_of(networks));
	}
	cr_assert_eq(networks->count, fewest(in, 256), "%s", text_of(networks));
}

Test(cover, networks_joined_and_taken_out_are_as_few_as_can_be)
{
	srandom(22);
	for (unsigned round = 0; round < 2000; round++) {
		enum address_family family = (enum address_family)(round % ADDRESS_FAMILY_COUNT);
		bool in_one[1 << BITS], in_other[1 << BITS], either[1 << BITS], rest[1 << BITS];
		struct networks one = random_networks(family, in_one), other = random_networks(family, in_other), less;

		for (unsigned i = 0; i < 256; i++) {
			either[i] = in_one[i] || in_other[i];
			rest[i] = in_one[i] && !in_other[i];
		}
		cr_assert(networks_join(&one, &(struct networks){0}));
		expect_exactly(&one, family, in_one);
		cr_assert(networks_join(&other, &(struct networks){0}));
		cr_assert(networks_less(&one, &other, &less));
		expect_exactly(&less, family, rest);
		cr_assert(networks_join(&one, &other));
		expect_exactly(&one, family, either);
		networks_destroy(&one);
		networks_destroy(&other);
		networks_destroy(&less);
	}
}

Test(cover, families_are_kept_apart)
{
	struct network all[] = {{.base.family = ADDRESS_IPV6}, {.base.family = ADDRESS_IPV4}};
	struct networks one = {0}, less;

	cr_assert(networks_join(&one, &(struct networks){all, 2}));
	cr_expect_str_eq(text_of(&one), "0.0.0.0/0 ::/0");
	cr_assert(networks_less(&one, &(struct networks){all, 1}, &less));
	cr_expect_str_eq(text_of(&less), "0.0.0.0/0");
	networks_destroy(&less);
	cr_assert(networks_less(&one, &(struct networks){all + 1, 1}, &less));
	cr_expect_str_eq(text_of(&less), "::/0");
	networks_destroy(&less);
	networks_destroy(&one);
}
