/* Who may relay by an address alone, held against sessions that try. */
#include "policy/trusted.h"

#include <criterion/criterion.h>
#include <string.h>

#include "policy/ruleset.h"
#include "rules/load.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(trusted, .init = rule_files_start, .fini = rule_files_end);

static const char text[] =
    "networks = { lan = [ \"0.0.0.0/8\", \"10.0.0.0/8\", \"fd00::/16\", \"!10.0.0.1\" ]; other = [ \"192.0.2.0/25\" ]; "
    "};\n"
    "local_domains = [ \"ours.example\" ];\n"
    "listeners = (\n"
    "  { name = \"only\"; direction = \"inbound\"; match = { port = [ 1 ]; };\n"
    "    relay = { mode = \"only\"; clients = [ \"@lan\" ]; names = [ \"friend.example\" ]; authenticated = true; }; "
    "},\n"
    "  { name = \"except\"; direction = \"inbound\"; match = { port = [ 2 ]; };\n"
    "    relay = { mode = \"all-except\"; clients = [ \"@lan\" ]; }; },\n"
    "  { name = \"rule\"; direction = \"inbound\"; match = { port = [ 3 ]; };\n"
    "    connection = { mode = \"all-except\"; clients = [ \"192.0.2.64/26\" ]; };\n"
    "    rcpt = ( { verdict = \"accept\"; relay = true; client = [ \"@other\" ]; helo = [ \"mx.example\" ]; },\n"
    "             { verdict = \"accept\"; relay = true; recipient = [ \"partner.example\" ]; } ); },\n"
    "  { name = \"nobody\"; direction = \"inbound\"; match = { port = [ 4 ]; }; }\n"
    ");\n";

static const char *const addresses[] = {
    "10.0.0.1",    "10.0.0.2",   "10.255.255.255", "9.255.255.255", "11.0.0.0",       "192.0.2.0",
    "192.0.2.63",  "192.0.2.64", "192.0.2.127",    "192.0.2.128",   "203.0.113.9",    "fd00::1",
    "fd00:ffff::", "fd01::",     "2001:db8::1",    "0.0.0.0",       "255.255.255.255"};

Test(trusted, an_address_is_trusted_where_a_session_without_more_relays)
{
	struct rules *rules = told_rules(text);
	unsigned trusted = 0;

	for (size_t i = 0; i < rules->ruleset->listener_count; i++) {
		const struct listener *listener = &rules->ruleset->listeners[i];

		for (size_t k = 0; k < sizeof addresses / sizeof *addresses; k++) {
			struct told told = {
			    .listener = listener->name,
			    .client = addresses[k],
			    .helo = "mx.example",
			    .sender = "someone@example.org",
			    .recipient = "test@example.com",
			};
			bool relays = strcmp(told_judge(rules, &told), "accept") == 0;
			struct address address;

			cr_assert(address_from_text(addresses[k], &address));
			cr_expect_eq(trusted_has(rules->trusted, listener, &address), relays, "%s at %s", addresses[k],
			             listener->name);
			trusted += relays;
		}
	}
	cr_expect_eq(trusted, 5 + 12 + 2);
	rules_free(rules);
}

Test(trusted, nobody_is_where_nothing_was_proved)
{
	struct rules *rules = told_rules(text);
	struct address address;

	cr_assert(address_from_text("10.0.0.2", &address));
	cr_expect(trusted_has(rules->trusted, &rules->ruleset->listeners[0], &address));
	cr_expect_not(trusted_has(NULL, &rules->ruleset->listeners[0], &address));
	rules_free(rules);
}
