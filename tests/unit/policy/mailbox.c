#include "policy/mailbox.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"

/* In keys of the rows "|" stands for the separator. */
static void separate(char *key)
{
	for (; *key != '\0'; key++)
		if (*key == '\001')
			*key = '|';
}

Test(mailbox, how_readable_addresses_are_compared)
{
	static const struct {
		const char *text;
		const char *key;
		const char *subject;
	} rows[] = {
	    {"<user@example.com>", "user|example.com", "user@example.com"},
	    {"user@example.com", "user|example.com", "user@example.com"},
	    {"User@EXAMPLE.com", "user|example.com", "user@example.com"},
	    {"user@example.com.", "user|example.com", "user@example.com"},
	    {"user@b\303\274cher.example", "user|xn--bcher-kva.example", "user@xn--bcher-kva.example"},
	    {"postmaster", "postmaster", "postmaster"},
	    {"<Postmaster>", "postmaster", "postmaster"},
	    /* quoting */
	    {"\"sales\"@ours.example", "sales|ours.example", "sales@ours.example"},
	    {"\"SA\\L\\ES\"@ours.example", "sales|ours.example", "sales@ours.example"},
	    {"\"a b\"@ours.example", "a b|ours.example", "a b@ours.example"},
	    {"\"a\\\"b\"@ours.example", "a\"b|ours.example", "a\"b@ours.example"},
	    {"\"a\\\\\"@ours.example", "a\\|ours.example", "a\\@ours.example"},
	    {"a\"b c\"d@ours.example", "ab cd|ours.example", "ab cd@ours.example"},
	    {"\"user@other\"@ours.example", "user@other|ours.example", "user@other@ours.example"},
	    /* the domain is what follows the last "@" outside quotes */
	    {"user@other@ours.example", "user@other|ours.example", "user@other@ours.example"},
	    {"user@\"ours.example\"@other.example", "user@ours.example|other.example",
	     "user@ours.example@other.example"},
	    /* source routes */
	    {"@a.example:user@ours.example", "user|ours.example", "user@ours.example"},
	    {"<@a.example,@b.example:user@ours.example>", "user|ours.example", "user@ours.example"},
	    {"@[IPv6:2001:db8::1]:user@ours.example", "user|ours.example", "user@ours.example"},
	    {"@a.example:postmaster", "postmaster", "postmaster"},
	    /* what breaks RFC 5321 and is real */
	    {"foo..bar.@docomo.ne.jp", "foo..bar.|docomo.ne.jp", "foo..bar.@docomo.ne.jp"},
	    {".dot@ours.example", ".dot|ours.example", ".dot@ours.example"},
	    {"ALL-\305\277taff@ours.example", "all-staff|ours.example", "all-staff@ours.example"},
	    {"\303\211ric@ours.example", "\303\251ric|ours.example", "\303\251ric@ours.example"},
	    {"stra\303\237e@ours.example", "strasse|ours.example", "strasse@ours.example"},
	    {"m\374ller@ours.example", "m\374ller|ours.example", "m\374ller@ours.example"},
	    {"user%other@ours.example", "user%other|ours.example", "user%other@ours.example"},
	    {"other!user@ours.example", "other!user|ours.example", "other!user@ours.example"},
	    {"user@[192.0.2.1]", "user|[192.0.2.1]", "user@[192.0.2.1]"},
	    {"user@[192.0.2.1].", "user|[192.0.2.1]", "user@[192.0.2.1]"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mailbox mailbox;

		cr_assert_eq(mailbox_read(rows[i].text, &mailbox), MAILBOX_READ, "%s", rows[i].text);
		cr_expect_not(mailbox.null, "%s", rows[i].text);
		separate(mailbox.key);
		cr_expect_str_eq(mailbox.key, rows[i].key, "%s is compared as %s", rows[i].text, mailbox.key);
		cr_expect_str_eq(mailbox.subject, rows[i].subject, "%s is searched as %s", rows[i].text,
		                 mailbox.subject);
		cr_expect_eq(mailbox.source_route, strncmp(rows[i].text + (rows[i].text[0] == '<'), "@", 1) == 0, "%s",
		             rows[i].text);
		cr_expect_eq(mailbox.domain == NULL, strchr(rows[i].key, '|') == NULL, "%s", rows[i].text);
		mailbox_destroy(&mailbox);
	}
}

Test(mailbox, what_cannot_be_understood_is_refused)
{
	static const char *const rows[] = {
	    /* an empty local part */
	    "@example.com",
	    "<@example.com>",
	    "\"\"@example.com",
	    "\"\"",
	    "@a.example:",
	    "@a.example:@b.example",
	    /* an empty domain */
	    "user@",
	    "<user@>",
	    "user@.",
	    "\"a@b\"@",
	    "user@other@",
	    /* a quote that does not close */
	    "\"user@example.com",
	    "us\"er@example.com",
	    "\"user\\\"@example.com",
	    "\"user\\\"",
	    "user\"@example.com",
	    "\"",
	    /* a bracket that does not close */
	    "user@[192.0.2.1",
	    "user@[",
	    "<user@example.com",
	    "<",
	    "user@\302\255",
	    "user@[192.0.2.1]x",
	    "user@example[.com",
	    "user@example].[com",
	    "@[broken:user@ours.example",
	    "<user>@example.com",
	    "<<user@example.com>>",
	    /* more than one trailing dot */
	    "user@example.com..",
	    "user@..",
	    "user@...",
	    /* control bytes */
	    "us\001er@example.com",
	    "us\ter@example.com",
	    "user\r\n@example.com",
	    "user\177@example.com",
	    "user@exam\001ple.com",
	    "user@example.com\n",
	    "\"us\001er\"@example.com",
	    "@a\001.example:user@example.com",
	    "@a.example\r\n:user@example.com",
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mailbox mailbox, before;

		memset(&mailbox, 0xa5, sizeof mailbox);
		before = mailbox;
		cr_expect_eq(mailbox_read(rows[i], &mailbox), MAILBOX_UNREADABLE, "row %zu: %s", i, rows[i]);
		cr_expect_eq(memcmp(&mailbox, &before, sizeof mailbox), 0, "row %zu: %s", i, rows[i]);
	}
}

Test(mailbox, the_null_sender_is_nothing_else)
{
	static const char *const rows[] = {"<>", ""};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mailbox mailbox;

		memset(&mailbox, 0xa5, sizeof mailbox);
		cr_assert_eq(mailbox_read(rows[i], &mailbox), MAILBOX_READ);
		cr_expect(mailbox.null);
		cr_expect_null(mailbox.local);
		cr_expect_null(mailbox.domain);
		cr_expect_null(mailbox.key);
		cr_expect_not(mailbox_could_route(&mailbox));
		mailbox_destroy(&mailbox);
	}
}

Test(mailbox, addresses_that_could_send_the_message_on)
{
	static const struct {
		const char *text;
		bool could;
	} rows[] = {
	    {"user@ours.example", false},
	    {"postmaster", false},
	    {"\"a b\"@ours.example", false},
	    {"user+tag@ours.example", false},
	    {"user=other@ours.example", false},
	    {"@a.example:user@ours.example", true},
	    {"@a.example,@b.example:user@ours.example", true},
	    {"@a.example:postmaster", true},
	    {"user%other@ours.example", true},
	    {"other!user@ours.example", true},
	    {"user@other@ours.example", true},
	    {"\"user%other\"@ours.example", true},
	    {"\"other!user\"@ours.example", true},
	    {"\"user@other\"@ours.example", true},
	    {"\"user\\@other\"@ours.example", true},
	    {"\"user\"\"@\"\"other\"@ours.example", true},
	    {"user%other", true},
	    {"other!user", true},
	    {"\"user@other\"", true},
	    {"%@ours.example", true},
	    {"@\"quoted\":user@ours.example", true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mailbox mailbox;

		cr_assert_eq(mailbox_read(rows[i].text, &mailbox), MAILBOX_READ, "%s", rows[i].text);
		cr_expect_eq(mailbox_could_route(&mailbox), rows[i].could, "%s", rows[i].text);
		mailbox_destroy(&mailbox);
	}
}

Test(mailbox, addresses_in_which_an_mta_may_read_another_are_not_plain)
{
	static const struct {
		const char *text;
		bool plain;
	} rows[] = {
	    {"user@ours.example", true},
	    {"<User.Name+tag=x@ours.example.>", true},
	    {"\"user\"@ours.example", true},
	    {"\"a (b) \\\\ ,;<>\"@ours.example", true},
	    {"\"a\\\"(b\"@ours.example", true},
	    {"user@[192.0.2.1]", true},
	    {"user@[IPv6:2001:db8::1]", true},
	    {"m\374ller@ours.example", true},
	    {"<>", true},
	    {"user", false},
	    {"\"user\"", false},
	    {"us\\er@ours.example", false},
	    {"user(x)@ours.example", false},
	    {"(x)user@ours.example", false},
	    {"user @ours.example", false},
	    {" user@ours.example", false},
	    {";user@ours.example", false},
	    {"user,other@ours.example", false},
	    {"a<b>user@ours.example", false},
	    {"user@ours.example (x)", false},
	    {"user@ ours.example", false},
	    {"user@ours\\.example", false},
	    {"\"a\" b@ours.example", false},
	    {"@a.example:user@ours.example", false},
	    {"user%other@ours.example", false},
	    {"other!user@ours.example", false},
	    {"user@other@ours.example", false},
	    {"\"user@other\"@ours.example", false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mailbox mailbox;

		cr_assert_eq(mailbox_read(rows[i].text, &mailbox), MAILBOX_READ, "%s", rows[i].text);
		cr_expect_eq(mailbox.plain, rows[i].plain, "%s", rows[i].text);
		mailbox_destroy(&mailbox);
	}
}

Test(mailbox, literals_and_the_addresses_in_them)
{
	static const struct {
		const char *text;
		bool literal;
		const char *address; /* "" for none */
	} rows[] = {
	    {"user@[192.0.2.1]", true, "192.0.2.1"},
	    {"user@[IPv6:2001:db8::1]", true, "2001:db8::1"},
	    {"user@[ipv6:2001:DB8::1]", true, "2001:db8::1"},
	    {"user@[IPv6:::ffff:192.0.2.1]", true, "192.0.2.1"},
	    {"user@[]", true, ""},
	    {"user@[2001:db8::1]", true, ""},
	    {"user@[IPv6:192.0.2.1]", true, ""},
	    {"user@[IPv6;2001:db8::1]", true, ""},
	    {"user@[192.0.2]", true, ""},
	    {"user@[192.0.2.1 ]", true, ""},
	    {"user@[192.0.2.1]]", true, ""},
	    {"user@[[192.0.2.1]]", true, ""},
	    {"user@[localhost]", true, ""},
	    {"user@192.0.2.1", false, ""},
	    {"user@example.com", false, ""},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mailbox mailbox;
		char address[LIMIT_NETWORK_TEXT] = "";

		cr_assert_eq(mailbox_read(rows[i].text, &mailbox), MAILBOX_READ, "%s", rows[i].text);
		cr_expect_eq(mailbox.literal, rows[i].literal, "%s", rows[i].text);
		cr_expect_eq(mailbox.has_address, rows[i].address[0] != '\0', "%s", rows[i].text);
		if (mailbox.has_address)
			address_to_text(&mailbox.address, address);
		cr_expect_str_eq(address, rows[i].address, "%s has %s", rows[i].text, address);
		mailbox_destroy(&mailbox);
	}
}

Test(mailbox, a_domain_that_does_not_convert_says_so)
{
	struct mailbox mailbox;

	cr_assert_eq(mailbox_read("user@b\374cher.example", &mailbox), MAILBOX_READ);
	cr_expect_eq(mailbox.domain_form, NAME_AS_BYTES);
	mailbox_destroy(&mailbox);
	cr_assert_eq(mailbox_read("user@b\303\274cher.example", &mailbox), MAILBOX_READ);
	cr_expect_eq(mailbox.domain_form, NAME_CONVERTED);
	mailbox_destroy(&mailbox);
}

Test(mailbox, angle_brackets_are_taken_away_once)
{
	static const struct {
		const char *text, *bare;
	} rows[] = {
	    {"<user@example.com>", "user@example.com"},
	    {"user@example.com", "user@example.com"},
	    {"<>", ""},
	    {"", ""},
	    {"<", "<"},
	    {">", ">"},
	    {"<<user@example.com>>", "<user@example.com>"},
	    {"<User@Example.com", "<User@Example.com"},
	    {"User@Example.com>", "User@Example.com>"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *bare = mailbox_bare(rows[i].text);

		cr_expect_str_eq(bare, rows[i].bare, "\"%s\": \"%s\"", rows[i].text, bare);
		free(bare);
	}
}

Test(mailbox, destroying_makes_it_empty)
{
	static const struct mailbox empty = {0};
	struct mailbox mailbox;

	cr_assert_eq(mailbox_read("@a.example:user@[192.0.2.1]", &mailbox), MAILBOX_READ);
	mailbox_destroy(&mailbox);
	cr_expect_null(mailbox.local);
	cr_expect_null(mailbox.key);
	cr_expect_eq(mailbox.null, empty.null);
	cr_expect_eq(mailbox.source_route, empty.source_route);
	cr_expect_eq(mailbox.has_address, empty.has_address);
	mailbox_destroy(&mailbox);
}
