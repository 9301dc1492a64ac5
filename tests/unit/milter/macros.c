#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fake_mta.h"
#include "milter/macros.h"
#include "policy/address.h"

static struct fake_mta fake;

static void begin(void)
{
	fake_mta_init(&fake);
}

TestSuite(macros, .init = begin);

static struct address address(const char *text)
{
	struct address result;

	cr_assert(address_from_text(text, &result), "%s", text);
	return result;
}

static bool in_list(enum macro_place place, const char *name)
{
	char list[MACROS_LIST + 2] = " ";
	char word[64];

	macros_list(place, list + 1);
	strcat(list, " ");
	snprintf(word, sizeof word, " %s ", name);
	return strstr(list, word) != NULL;
}

Test(macros, every_row_says_what_brings_it_on_both_mtas)
{
	for (unsigned i = 0; i < TOLD_COUNT; i++) {
		const struct told_row *row = told_row((enum told)i);

		cr_assert_not_null(row->postfix, "row %u", i);
		cr_assert_not_null(row->sendmail, "row %u", i);
		cr_assert_neq(row->places, 0, "row %u", i);
		cr_assert_lt(row->places, 1u << PLACE_COUNT, "row %u", i);
	}
}

Test(macros, every_fact_that_an_mta_brings_has_a_row)
{
	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		bool told = fact == FACT_RECIPIENTS; /* counted by the session itself */

		for (unsigned i = 0; i < TOLD_COUNT; i++) {
			const struct told_row *row = told_row((enum told)i);
			told = told || (row->is_fact && row->fact == fact);
		}
		cr_assert(told, "%s", fact_row((enum fact)fact)->name);
	}
}

Test(macros, a_row_s_macros_are_asked_for_at_its_places_and_nowhere_else)
{
	for (unsigned i = 0; i < TOLD_COUNT; i++) {
		const struct told_row *row = told_row((enum told)i);

		for (unsigned m = 0; m < TOLD_MACROS && row->macros[m] != NULL; m++) {
			for (unsigned place = 0; place < PLACE_COUNT; place++)
				cr_assert_eq(in_list((enum macro_place)place, row->macros[m]),
				             (row->places >> place) & 1, "%s at place %u", row->macros[m], place);
		}
	}
}

Test(macros, every_list_has_one_that_always_has_a_value)
{
	for (unsigned place = 0; place < PLACE_COUNT; place++)
		cr_assert(in_list((enum macro_place)place, "j"), "place %u", place);
}

Test(macros, lists_are_what_the_mtas_were_measured_with)
{
	static const char *const expected[] = {
	    [PLACE_CONNECT] = "j {daemon_name} {daemon_port} {if_addr} {daemon_addr} {client_resolve} i",
	    [PLACE_HELO] = "j",
	    [PLACE_MAIL] = "j {mail_addr} {auth_authen} {auth_type} {tls_version} {cipher_bits} i",
	    [PLACE_RCPT] = "j {rcpt_addr} i",
	    [PLACE_DATA] = "j i",
	    [PLACE_MESSAGE_END] = "j",
	    [PLACE_HEADERS_END] = "j",
	};

	for (unsigned place = 0; place < PLACE_COUNT; place++) {
		char list[MACROS_LIST];

		macros_list((enum macro_place)place, list);
		cr_assert_str_eq(list, expected[place]);
	}
}

Test(macros, only_what_was_asked_for_is_read)
{
	struct address client = address("192.0.2.1");
	struct address local;
	char *asked;

	macros_port(&fake.mta);
	macros_daemon(&fake.mta);
	macros_local_address(&fake.mta, &client, &local);
	macros_client_name(&fake.mta, "host.example");
	macros_resolved_sender(&fake.mta);
	macros_user(&fake.mta);
	macros_mechanism(&fake.mta);
	fake_mta_macro(&fake, "{tls_version}", "TLSv1.3");
	macros_tls_bits(&fake.mta);
	macros_resolved(&fake.mta);
	macros_queue(&fake.mta);
	for (asked = strtok(fake.asked, " "); asked != NULL; asked = strtok(NULL, " ")) {
		bool found = false;

		for (unsigned place = 0; place < PLACE_COUNT; place++)
			found = found || in_list((enum macro_place)place, asked);
		cr_assert(found, "%s", asked);
	}
}

Test(macros, the_port_is_a_number_or_not_known)
{
	static const struct {
		const char *value;
		unsigned port;
	} rows[] = {{"25", 25}, {"65535", 65535}, {"65536", 0}, {"", 0},
	            {"25x", 0}, {"-1", 0},        {" 25", 0},   {"99999999999999999999", 0},
	            {NULL, 0}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fake_mta_macro(&fake, "{daemon_port}", rows[i].value);
		cr_assert_eq(macros_port(&fake.mta), rows[i].port, "%s",
		             rows[i].value != NULL ? rows[i].value : "none");
	}
}

Test(macros, the_client_s_name_counts_only_where_it_was_verified)
{
	static const struct {
		const char *resolve;
		const char *host;
		enum client_name_state state;
	} rows[] = {
	    {"OK", "mail.example", CLIENT_NAME_VERIFIED},
	    {"OK", "[192.0.2.1]", CLIENT_NAME_NONE},
	    {"OK", "", CLIENT_NAME_NONE},
	    {"OK", NULL, CLIENT_NAME_NONE},
	    {"FAIL", "mail.example", CLIENT_NAME_NONE},
	    {"FORGED", "mail.example", CLIENT_NAME_NONE},
	    {"TEMP", "mail.example", CLIENT_NAME_UNAVAILABLE},
	    {"TEMP", "[192.0.2.1]", CLIENT_NAME_UNAVAILABLE},
	    {"", "mail.example", CLIENT_NAME_NONE},
	    {"ok", "mail.example", CLIENT_NAME_NONE},
	    {NULL, "mail.example", CLIENT_NAME_NONE},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fake_mta_macro(&fake, "{client_resolve}", rows[i].resolve);
		cr_assert_eq(macros_client_name(&fake.mta, rows[i].host), rows[i].state, "row %zu", i);
	}
}

Test(macros, the_local_address_is_the_one_that_the_client_reached)
{
	static const struct {
		const char *interface;
		const char *daemon;
		const char *client;
		const char *local; /* NULL: not known */
	} rows[] = {
	    /* Postfix: {daemon_addr} of the connection */
	    {NULL, "172.16.1.11", "192.0.2.1", "172.16.1.11"},
	    {NULL, "IPv6:2001:db8::11", "2001:db8::1", "2001:db8::11"},
	    {NULL, "2001:db8::11", "2001:db8::1", "2001:db8::11"},
	    {NULL, "::ffff:172.16.1.11", "192.0.2.1", "172.16.1.11"},
	    /* Sendmail: {if_addr} of the connection, {daemon_addr} as configured */
	    {"172.16.1.11", "0.0.0.0", "192.0.2.1", "172.16.1.11"},
	    {"IPv6:2001:db8:0:0:0:0:0:11", "IPv6:0:0:0:0:0:0:0:0", "2001:db8::1", "2001:db8::11"},
	    {"172.16.1.11", "198.51.100.1", "192.0.2.1", "172.16.1.11"},
	    /* Sendmail on loopback: no {if_addr} */
	    {NULL, "0.0.0.0", "127.0.0.1", "127.0.0.1"},
	    {NULL, "IPv6:0:0:0:0:0:0:0:0", "::1", "::1"},
	    {NULL, "IPv6:::", "127.0.0.1", "127.0.0.1"},
	    {NULL, "127.0.0.1", "127.0.0.1", "127.0.0.1"},
	    /* not told, or not to be understood */
	    {NULL, NULL, "192.0.2.1", NULL},
	    {"", "", "192.0.2.1", NULL},
	    {"nonsense", "172.16.1.11", "192.0.2.1", "172.16.1.11"},
	    {NULL, "nonsense", "192.0.2.1", NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct address client = address(rows[i].client);
		struct address local;
		bool known;

		fake_mta_macro(&fake, "{if_addr}", rows[i].interface);
		fake_mta_macro(&fake, "{daemon_addr}", rows[i].daemon);
		known = macros_local_address(&fake.mta, &client, &local);
		cr_assert_eq(known, rows[i].local != NULL, "row %zu", i);
		if (known) {
			struct address expected = address(rows[i].local);
			cr_assert(address_equal(&local, &expected), "row %zu", i);
		}
	}
}

Test(macros, encryption_is_told_by_its_version_and_measured_by_its_bits)
{
	static const struct {
		const char *version;
		const char *bits;
		unsigned expected;
	} rows[] = {{NULL, NULL, 0},      {NULL, "256", 0},   {"", "256", 0},      {"TLSv1.3", "256", 256},
	            {"TLSv1.3", NULL, 1}, {"TLSv1.3", "", 1}, {"TLSv1.3", "0", 1}, {"TLSv1.3", "many", 1}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fake_mta_macro(&fake, "{tls_version}", rows[i].version);
		fake_mta_macro(&fake, "{cipher_bits}", rows[i].bits);
		cr_assert_eq(macros_tls_bits(&fake.mta), rows[i].expected, "row %zu", i);
	}
}

Test(macros, what_is_empty_was_not_told)
{
	fake_mta_macro(&fake, "{daemon_name}", "");
	fake_mta_macro(&fake, "{auth_type}", "");
	fake_mta_macro(&fake, "{mail_addr}", "");
	fake_mta_macro(&fake, "{rcpt_addr}", "");
	fake_mta_macro(&fake, "i", "");
	cr_assert_null(macros_daemon(&fake.mta));
	cr_assert_null(macros_mechanism(&fake.mta));
	/* but for the null sender, which is empty */
	cr_assert_str_eq(macros_resolved_sender(&fake.mta), "");
	cr_assert_null(macros_resolved(&fake.mta));
	cr_assert_null(macros_queue(&fake.mta));
}
