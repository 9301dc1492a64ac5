#include <criterion/criterion.h>
#include <string.h>

#include "milter/probe_target.h"

static void expect(const char *text, const char *host, unsigned port, bool named)
{
	struct probe_target target;

	cr_assert(probe_target_read(text, &target), "%s", text);
	cr_assert_str_eq(target.host, host);
	cr_assert_eq(target.port, port, "%s: %u", text, target.port);
	cr_assert_eq(target.named, named, "%s", text);
}

static void expect_none(const char *text)
{
	struct probe_target target = {.port = 1};

	cr_assert_not(probe_target_read(text, &target), "%s", text);
	cr_assert_eq(target.port, 1, "untouched");
}

Test(probe_target, names_and_addresses_with_and_without_a_port)
{
	expect("mx.example.net", "mx.example.net", 25, true);
	expect("mx.example.net:587", "mx.example.net", 587, true);
	expect("localhost", "localhost", 25, true);
	expect("192.0.2.25", "192.0.2.25", 25, false);
	expect("192.0.2.25:2525", "192.0.2.25", 2525, false);
	expect("[2001:db8::25]", "2001:db8::25", 25, false);
	expect("[2001:db8::25]:65535", "2001:db8::25", 65535, false);
	expect("2001:db8::25", "2001:db8::25", 25, false);
}

Test(probe_target, what_is_neither)
{
	static const char *const texts[] = {"",
	                                    ":25",
	                                    "mx.example.net:",
	                                    "mx.example.net:0",
	                                    "mx.example.net:65536",
	                                    "mx.example.net:99999999999",
	                                    "mx.example.net:-1",
	                                    "mx.example.net:25x",
	                                    "mx.example.net:smtp",
	                                    "mx.example.net:25:25",
	                                    "[]",
	                                    "[2001:db8::25",
	                                    "[2001:db8::25]25",
	                                    "[192.0.2.25]",
	                                    "[mx.example.net]",
	                                    "2001:db8::25:587x",
	                                    "mx example.net",
	                                    "mx.example.net\r\n",
	                                    "<mx>"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		expect_none(texts[i]);
}

Test(probe_target, a_host_too_long)
{
	char text[2 * PROBE_HOST];

	memset(text, 'x', sizeof text);
	text[PROBE_HOST - 1] = '\0';
	expect(text, text, 25, true);
	text[PROBE_HOST - 1] = 'x';
	text[PROBE_HOST] = '\0';
	expect_none(text);
}

static void expect_literal(const char *text, const char *literal)
{
	struct probe_address address;

	cr_assert(probe_address_read(text, &address), "%s", text);
	cr_assert_str_eq(address.literal, literal);
}

Test(probe_target, literals)
{
	expect_literal("192.0.2.25", "[192.0.2.25]");
	expect_literal("2001:db8:0::25", "[IPv6:2001:db8::25]");
	cr_assert_not(probe_address_read("localhost", &(struct probe_address){.length = 0}));
}

Test(probe_target, addresses_of_one_family)
{
	struct probe_target target;
	struct probe_address addresses[PROBE_ADDRESSES];
	size_t count = 0;

	cr_assert(probe_target_read("127.0.0.1:2525", &target));
	cr_assert_eq(probe_target_resolve(&target, AF_UNSPEC, addresses, &count), 0);
	cr_assert_eq(count, 1);
	cr_assert_str_eq(addresses[0].text, "127.0.0.1");
	cr_assert_neq(probe_target_resolve(&target, AF_INET6, addresses, &count), 0);
}

Test(probe_target, plain_mailboxes_and_domains_and_nothing_else)
{
	static const char *const mailboxes[] = {"a@b.example", "relay-test+1@mx.example.com", "A_b.c=d@b.example"};
	static const char *const others[] = {"",
	                                     "a",
	                                     "@b.example",
	                                     "a@b",
	                                     "a@b..example",
	                                     "a@.example",
	                                     "a@b.",
	                                     "a b@c.example",
	                                     "a@b.example\n",
	                                     "<a@b.example>",
	                                     "a%b@c.d",
	                                     "a@b@c.d",
	                                     "a@192.0.2.1",
	                                     "a@[192.0.2.1]",
	                                     "\"a\"@b.example",
	                                     "a@b.example DATA",
	                                     "\xc3\xbc@b.example"};

	for (size_t i = 0; i < sizeof mailboxes / sizeof *mailboxes; i++)
		cr_assert(probe_is_mailbox(mailboxes[i]), "%s", mailboxes[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_assert_not(probe_is_mailbox(others[i]), "%s", others[i]);
}
