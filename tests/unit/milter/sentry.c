/* The NAT watch as sessions meet it: through the adapter. */
#include "milter/sentry.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_mta.h"
#include "fixture.h"
#include "milter/adapter.h"
#include "milter/ledger/ledger.h"
#include "milter/snapshot.h"
#include "rules/load.h"

#define RULES                                                                                                          \
	"local_domains = [ \"ours.example\", \".ours.example\" ];\n"                                                   \
	"listeners = (\n"                                                                                              \
	"  { name = \"machine\"; direction = \"outbound\"; match = { local = true; };\n"                               \
	"    relay = { mode = \"only\"; clients = [ \"127.0.0.1\" ]; }; },\n"                                          \
	"  { name = \"gate\"; direction = \"inbound\"; match = { port = [ 25 ]; };\n"                                  \
	"    mail = ( { sender = [ \"spam@\" ]; verdict = \"reject\"; } );\n"                                          \
	"    relay = { mode = \"only\"; clients = [ \"10.0.0.0/8\", \"127.0.0.1\" ]; authenticated = true; };\n"       \
	"    data = ( { recipients_over = 1; verdict = \"reject\"; } ); },\n"                                          \
	"  { name = \"side\"; direction = \"inbound\"; match = { port = [ 26 ]; };\n"                                  \
	"    relay = { mode = \"only\"; clients = [ \"10.0.0.0/8\" ]; }; }\n"                                          \
	");\n"

static struct ledger ledger;
static struct fake_mta fake;
static struct snapshots *snapshots;
static struct rules *rules;
static struct adapter *adapter;
static unsigned domains; /* so many outside sender domains were seen */

static void begin_with(const char *setting)
{
	char text[sizeof RULES + 64];

	snprintf(text, sizeof text, "%s%s", setting, RULES);
	rules = fixture_rules(text);
	ledger.sentry = sentry_new();
	cr_assert_not_null(ledger.sentry);
	sentry_rules(ledger.sentry, rules, NULL);
	snapshots = snapshots_new(rules, false);
	fake_mta_init(&fake);
	fixture_log_begin();
}

static void end(void)
{
	free(fixture_log_end());
	adapter_free(adapter);
	snapshots_free(snapshots);
	sentry_free(ledger.sentry);
}

TestSuite(sentry, .fini = end);

static void connect_to(const char *port, const char *client)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(40000)};

	cr_assert_eq(inet_pton(AF_INET, client, &peer.sin_addr), 1);
	adapter_free(adapter);
	adapter = adapter_new(snapshots, &ledger, &fake.mta, true);
	fake_mta_macro(&fake, "{daemon_port}", port);
	fake_mta_macro(&fake, "{client_resolve}", "FAIL");
	adapter_connect(adapter, "unknown", (struct sockaddr *)&peer);
}

static enum answer mail(const char *sender)
{
	char *arguments[] = {(char *)sender, NULL};

	return adapter_mail(adapter, arguments);
}

static enum answer rcpt(const char *recipient)
{
	char *arguments[] = {(char *)recipient, NULL};

	return adapter_rcpt(adapter, arguments);
}

/* Sessions of so many clients, behind one address: each with a HELO and senders of its own. */
static void play_many(const char *client, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char helo[64], sender[64];

		snprintf(helo, sizeof helo, "host%u.example", i);
		connect_to("25", client);
		adapter_helo(adapter, helo);
		for (unsigned message = 0; message < 3; message++) {
			snprintf(sender, sizeof sender, "<a@domain%u.example>", domains++);
			mail(sender);
			rcpt("<info@ours.example>");
		}
	}
}

Test(sentry, a_trusted_address_of_many_clients_is_warned_of_once)
{
	begin_with("");
	play_many("10.0.0.1", 14);
	play_many("10.0.0.1", 14);
	cr_expect_eq(sentry_suspects(ledger.sentry), 1);
	cr_expect_eq(
	    fixture_log_has("warning: 10.0.0.1 may relay without a login, and does not look like one client: "), 1);
	cr_expect_eq(fixture_log_has(" nat_watch=warn client=10.0.0.1 listener=gate helo_names=1"), 1);
	connect_to("25", "10.0.0.1");
	mail("<someone@example.org>");
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_CONTINUE, "it is warned of, and nothing else");
}

Test(sentry, an_address_that_may_not_relay_may_be_that_of_as_many_as_it_likes)
{
	begin_with("");
	play_many("203.0.113.10", 50);
	cr_expect_eq(sentry_suspects(ledger.sentry), 0);
	cr_expect_eq(fixture_log_has("warning"), 0);
}

Test(sentry, our_own_sender_domains_and_the_null_sender_are_not_outside)
{
	begin_with("");
	for (unsigned i = 0; i < 100; i++) {
		char helo[64], sender[64];

		snprintf(helo, sizeof helo, "host%u.example", i);
		snprintf(sender, sizeof sender, "<someone@branch%u.Ours.example>", i);
		connect_to("25", "10.0.0.1");
		adapter_helo(adapter, helo);
		mail(sender);
		mail("<>");
		mail("<someone>");
	}
	cr_expect_eq(sentry_suspects(ledger.sentry), 0);
}

Test(sentry, messages_that_are_refused_count)
{
	begin_with("");
	for (unsigned i = 0; i < 40; i++) {
		char helo[64], sender[64];

		snprintf(helo, sizeof helo, "host%u.example", i);
		snprintf(sender, sizeof sender, "<spam@domain%u.example>", i);
		connect_to("25", "10.0.0.1");
		adapter_helo(adapter, helo);
		cr_assert_eq(mail(sender), ANSWER_REJECT);
	}
	cr_expect_eq(sentry_suspects(ledger.sentry), 1);
}

Test(sentry, mail_of_the_machine_itself_is_not_watched)
{
	begin_with("");
	for (unsigned i = 0; i < 100; i++) {
		char helo[64], sender[64];

		snprintf(helo, sizeof helo, "host%u.example", i);
		snprintf(sender, sizeof sender, "<a@domain%u.example>", i);
		adapter_free(adapter);
		adapter = adapter_new(snapshots, &ledger, &fake.mta, true);
		adapter_connect(adapter, "localhost", NULL);
		adapter_helo(adapter, helo);
		mail(sender);
	}
	cr_expect_eq(sentry_suspects(ledger.sentry), 0);
}

Test(sentry, refuse_puts_off_what_a_suspect_relays_without_a_login_at_every_listener)
{
	begin_with("nat_watch = \"refuse\";\n");
	connect_to("25", "10.0.0.1");
	mail("<someone@example.org>");
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_CONTINUE);
	play_many("10.0.0.1", 14);
	connect_to("25", "10.0.0.1");
	mail("<someone@example.org>");
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_TEMPFAIL);
	cr_expect_str_eq(fake.reply, "451 4.7.1 Relaying from 10.0.0.1 is put off for now");
	cr_expect_eq(fixture_log_has(" verdict=tempfail rule=\"nat_watch\" cause=\"nat watch\" "), 1);
	cr_expect_eq(rcpt("<info@ours.example>"), ANSWER_CONTINUE);
	connect_to("26", "10.0.0.1");
	mail("<someone@example.org>");
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_TEMPFAIL);
	connect_to("25", "10.0.0.2");
	mail("<someone@example.org>");
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_CONTINUE);
	connect_to("25", "10.0.0.1");
	fake_mta_macro(&fake, "{auth_authen}", "alice");
	mail("<someone@example.org>");
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_CONTINUE);
	fake_mta_macro(&fake, "{auth_type}", "ANONYMOUS");
	mail("<someone@example.org>");
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_TEMPFAIL);
}

Test(sentry, a_recipient_that_is_put_off_does_not_count_among_those_of_the_message)
{
	begin_with("nat_watch = \"refuse\";\n");
	play_many("10.0.0.1", 14);
	connect_to("25", "10.0.0.1");
	mail("<>");
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_TEMPFAIL);
	cr_expect_eq(rcpt("<info@ours.example>"), ANSWER_CONTINUE);
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_TEMPFAIL);
	cr_expect_eq(adapter_data(adapter), ANSWER_ACCEPT);
	mail("<>");
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_TEMPFAIL);
	cr_expect_eq(adapter_data(adapter), ANSWER_TEMPFAIL, "there is none");
}

Test(sentry, what_the_rules_refuse_stays_refused_by_them)
{
	begin_with("nat_watch = \"refuse\";\n");
	play_many("10.0.0.1", 14);
	connect_to("25", "203.0.113.10");
	mail("<someone@example.org>");
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_REJECT);
	connect_to("25", "10.0.0.1");
	cr_expect_eq(mail("<spam@example.org>"), ANSWER_REJECT);
}

Test(sentry, only_rules_of_which_something_has_changed_forget_a_suspect)
{
	struct rules *others;

	begin_with("nat_watch = \"refuse\";\n");
	play_many("10.0.0.1", 14);
	sentry_rules(ledger.sentry, rules, rules->digest);
	cr_expect_eq(sentry_suspects(ledger.sentry), 1);
	cr_expect_eq(fixture_log_has("forgotten"), 0);
	others = fixture_rules("nat_watch = \"refuse\"; # looked at\n" RULES);
	sentry_rules(ledger.sentry, others, rules->digest);
	cr_expect_eq(sentry_suspects(ledger.sentry), 0);
	cr_expect_eq(fixture_log_has("nat_watch forgotten, as the rules have changed suspects=1\n"), 1);
	connect_to("25", "10.0.0.1");
	mail("<someone@example.org>");
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_CONTINUE);
	rules_free(others);
}

Test(sentry, off_watches_nobody_and_can_be_turned_on)
{
	struct rules *others;

	begin_with("nat_watch = \"off\";\n");
	play_many("10.0.0.1", 14);
	cr_expect_eq(sentry_suspects(ledger.sentry), 0);
	others = fixture_rules(RULES);
	sentry_rules(ledger.sentry, others, rules->digest);
	play_many("10.0.0.1", 14);
	cr_expect_eq(sentry_suspects(ledger.sentry), 1);
	rules_free(others);
}

Test(sentry, a_suspect_of_before_is_not_refused_until_that_is_asked_for)
{
	struct rules *others;

	begin_with("");
	play_many("10.0.0.1", 14);
	others = fixture_rules("nat_watch = \"refuse\";\n" RULES);
	sentry_rules(ledger.sentry, others, rules->digest);
	connect_to("25", "10.0.0.1");
	mail("<someone@example.org>");
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_CONTINUE);
	play_many("10.0.0.1", 14);
	connect_to("25", "10.0.0.1");
	mail("<someone@example.org>");
	cr_expect_eq(rcpt("<test@example.com>"), ANSWER_TEMPFAIL);
	rules_free(others);
}
