/* Which recipients are local and which relay, which addresses cannot be read, and what comes of what is not to be had.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "policy/ruleset.h"
#include "policy/session.h"
#include "rules/load.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(session_relay, .init = rule_files_start, .fini = rule_files_end);

#define ROWS(rows) (sizeof(rows) / sizeof *(rows))

static const char local_domains[] =
    "local_domains = [ \"ours.example\", \".ours.example\", \"b\303\274cher.example\", \"/^reg[0-9]+$/\",\n"
    "                  \"[192.0.2.25]\", \"/nchen$/\", \"!far.ours.example\" ];\n"
    "listeners = ( { name = \"judge\"; direction = \"inbound\"; },\n"
    "              { name = \"ignore\"; direction = \"inbound\"; match = { port = [ 26 ]; }; resolved = \"ignore\"; } "
    ");\n";

struct relay_row {
	const char *recipient, *resolved;
	bool relay;
};

static const struct relay_row relay_rows[] = {
    {"<user@ours.example>", NULL, false},
    {"<user@OURS.example.>", NULL, false},
    {"<user@www.ours.example>", NULL, false},
    {"<user@far.ours.example>", NULL, true},
    {"<user@xn--bcher-kva.example>", NULL, false},
    {"<user@B\303\234CHER.example>", NULL, false},
    {"<user@reg7>", NULL, false},
    {"<user@far.example>", NULL, true},
    {"<user@ours.example.org>", NULL, true},
    {"<user@notours.example>", NULL, true},
    {"<\"user\"@ours.example>", NULL, false},
    /* without a domain */
    {"<postmaster>", NULL, false},
    {"<user>", NULL, false},
    /* what could send the message on */
    {"<@a.example:user@ours.example>", NULL, true},
    {"<@ours.example:user@ours.example>", NULL, true},
    {"<@a.example,@b.example:user@ours.example>", NULL, true},
    {"<user%far.example@ours.example>", NULL, true},
    {"<far.example!user@ours.example>", NULL, true},
    {"<user@far.example@ours.example>", NULL, true},
    {"<\"user@far.example\"@ours.example>", NULL, true},
    {"<\"user%far.example\"@ours.example>", NULL, true},
    {"<\"far.example!user\"@ours.example>", NULL, true},
    {"<us\"er@far.exam\"ple@ours.example>", NULL, true},
    {"<user%far.example>", NULL, true},
    {"<far.example!user>", NULL, true},
    {"<\"user@far.example\">", NULL, true},
    /* what does not convert is never local */
    {"<user@m\374nchen>", NULL, true},
    /* literals: the local address that the client reached, and no other, whatever local_domains has */
    {"<user@[192.0.2.1]>", NULL, false},
    {"<user@[IPv6:::ffff:192.0.2.1]>", NULL, false},
    {"<user@[192.0.2.2]>", NULL, true},
    {"<user@[192.0.2.25]>", NULL, true},
    {"<user@[IPv6:2001:db8::1]>", NULL, true},
    {"<user@[IPv6:192.0.2.1]>", NULL, true},
    {"<user@[]>", NULL, true},
    {"<user%far.example@[192.0.2.1]>", NULL, true},
    /* what the MTA has made of it */
    {"<user@ours.example>", "user@ours.example", false},
    {"<user@ours.example>", "<other@www.ours.example>", false},
    {"<user@ours.example>", "user", false},
    {"<user@ours.example>", "user@[192.0.2.1]", false},
    {"<user@ours.example>", "user@far.example", true},
    {"<user@ours.example>", "user@[192.0.2.2]", true},
    {"<user@ours.example>", "user@m\374nchen", true},
    {"<user@ours.example>", "user@", true},
    {"<user@ours.example>", "\"user@ours.example", true},
    {"<user@ours.example>", "<>", true},
    {"<user@ours.example>", "", true},
    {"<postmaster>", "root@ours.example", false},
    {"<postmaster>", "root@far.example", true},
    {"<user@far.example>", "user@ours.example", true}, /* relay if either is */
    {"<user%far.example@ours.example>", "user@ours.example", true},
};

Test(session_relay, recipients_that_are_local_and_those_that_are_relay)
{
	struct rules *rules = told_rules(local_domains);

	for (size_t i = 0; i < ROWS(relay_rows); i++) {
		struct told told = {
		    .listener = "judge",
		    .client = "203.0.113.1",
		    .address = "192.0.2.1",
		    .recipient = relay_rows[i].recipient,
		    .resolved = relay_rows[i].resolved,
		};
		const char *outcome = told_judge(rules, &told);

		cr_expect_eq(strcmp(outcome, "accept") != 0, relay_rows[i].relay, "%s, %s: %s", told.recipient,
		             told.resolved != NULL ? told.resolved : "not resolved", outcome);
		if (relay_rows[i].relay)
			cr_expect_eq(strncmp(outcome, "rcpt reject: 550 5.7.1 Unable to relay for ", 43), 0, "%s",
			             outcome);
	}
	rules_free(rules);
}

Test(session_relay, what_the_mta_made_of_it_can_be_ignored)
{
	struct rules *rules = told_rules(local_domains);

	for (size_t i = 0; i < ROWS(relay_rows); i++) {
		struct told told = {
		    .listener = "ignore",
		    .client = "203.0.113.1",
		    .address = "192.0.2.1",
		    .recipient = relay_rows[i].recipient,
		    .resolved = relay_rows[i].resolved,
		};
		bool by_itself = false;

		for (size_t k = 0; k < ROWS(relay_rows); k++)
			if (relay_rows[k].resolved == NULL && strcmp(relay_rows[k].recipient, told.recipient) == 0)
				by_itself = relay_rows[k].relay;
		cr_expect_eq(strcmp(told_judge(rules, &told), "accept") != 0, by_itself, "%s", told.recipient);
	}
	rules_free(rules);
}

Test(session_relay, the_reply_names_what_the_mta_made_of_it_where_only_that_is_relay)
{
	static const struct {
		const char *recipient, *resolved, *named;
	} rows[] = {
	    {"<User@Ours.example>", "<Other@Far.example>", "Other@Far.example"},
	    {"<User@Far.example>", "<Other@Ours.example>", "User@Far.example"},
	    {"<User%x@Ours.example>", "<Other@Far.example>", "User%x@Ours.example"},
	    {"<User@Far.example>", NULL, "User@Far.example"},
	};
	struct rules *rules = told_rules(local_domains);

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct told told = {
		    .listener = "judge",
		    .client = "203.0.113.1",
		    .recipient = rows[i].recipient,
		    .resolved = rows[i].resolved,
		};
		char expected[200];

		snprintf(expected, sizeof expected, "rcpt reject: 550 5.7.1 Unable to relay for %s", rows[i].named);
		cr_expect_str_eq(told_judge(rules, &told), expected, "row %zu", i);
	}
	rules_free(rules);
}

Test(session_relay, without_local_domains_everything_with_a_domain_is_relay)
{
	struct rules *rules = told_rules("listeners = ( { name = \"one\"; direction = \"inbound\"; } );\n");

	cr_expect_str_eq(told_judge(rules, &(struct told){.client = "192.0.2.9", .recipient = "<a@ours.example>"}),
	                 "rcpt reject: 550 5.7.1 Unable to relay for a@ours.example");
	cr_expect_str_eq(told_judge(rules, &(struct told){.client = "192.0.2.9", .recipient = "<postmaster>"}),
	                 "accept");
	cr_expect_str_eq(told_judge(rules, &(struct told){.client = "192.0.2.9", .recipient = "<a@[192.0.2.1]>"}),
	                 "rcpt reject: 550 5.7.1 Unable to relay for a@[192.0.2.1]", "no local address is known");
	rules_free(rules);
}

Test(session_relay, addresses_that_cannot_be_read_are_refused_before_any_rule)
{
	static const char *const rows[] = {
	    "<@ours.example>",
	    "<\"\"@ours.example>",
	    "<user@>",
	    "<user@.>",
	    "<\"user@ours.example>",
	    "<user@[192.0.2.1>",
	    "<user@ours.example..>",
	    "<user@ours.example",
	    "<us\001er@ours.example>",
	    "<@a.example:>",
	};
	struct rules *rules =
	    told_rules("local_domains = [ \"/./\" ];\n"
	               "listeners = ( { name = \"one\"; direction = \"inbound\";\n"
	               "  auth = { mode = \"required\"; };\n"
	               "  mail = ( { verdict = \"accept\"; } );\n"
	               "  rcpt = ( { verdict = \"accept\"; }, { verdict = \"accept\"; relay = true; } );\n"
	               "  relay = { mode = \"all-except\"; }; } );\n");

	for (size_t i = 0; i < ROWS(rows); i++) {
		cr_expect_str_eq(told_judge(rules, &(struct told){.client = "192.0.2.9", .recipient = rows[i]}),
		                 "rcpt reject: 501 5.1.3 Bad recipient address syntax", "%s", rows[i]);
		cr_expect_str_eq(told_judge(rules, &(struct told){.client = "192.0.2.9", .sender = rows[i]}),
		                 "mail reject: 501 5.1.7 Bad sender address syntax", "%s", rows[i]);
	}
	cr_expect_str_eq(told_judge(rules, &(struct told){.client = "192.0.2.9", .recipient = "<>"}),
	                 "rcpt reject: 501 5.1.3 Bad recipient address syntax");
	rules_free(rules);
}

Test(session_relay, a_recipient_that_cannot_be_read_is_not_told_to_be_local)
{
	struct rules *rules = told_rules(local_domains);
	struct connection connection = told_connection(&(struct told){.client = "192.0.2.9", .listener = "judge"});
	struct session *session = session_new(rules->ruleset);

	session_connect(session, &connection);
	cr_assert_eq(session_mail(session, &(struct envelope){.sender = "<>"}).verdict, VERDICT_ACCEPT);
	cr_assert_eq(session_rcpt(session, "<a@ours.example>", NULL).verdict, VERDICT_ACCEPT);
	cr_expect_not(session_relay(session));
	cr_assert_neq(session_rcpt(session, "<@ours.example>", NULL).verdict, VERDICT_ACCEPT);
	cr_expect(session_relay(session));
	session_free(session);
	rules_free(rules);
}

Test(session_relay, an_accept_rule_speaks_of_local_recipients_unless_it_says_relay)
{
	static const struct {
		const char *rule;
		bool local, relay;
	} rows[] = {
	    {"verdict = \"accept\"", true, false},
	    {"verdict = \"accept\"; relay = true", false, true},
	    {"verdict = \"accept\"; relay = false", true, false},
	    {"verdict = \"accept\"; client = [ \"192.0.2.9\" ]", true, false},
	    {"verdict = \"accept\"; recipient = [ \"far.example\" ]", false, false},
	    {"verdict = \"accept\"; relay = true; recipient = [ \"far.example\" ]", false, true},
	    {"verdict = \"accept\"; unless = { relay = false; }", false, false},
	    {"verdict = \"accept\"; unless = { relay = true; }", true, false},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		char text[600];
		struct rules *rules;

		snprintf(text, sizeof text,
		         "local_domains = [ \"ours.example\" ];\n"
		         "listeners = ( { name = \"one\"; direction = \"inbound\";\n"
		         "  rcpt = ( { %s; }, { verdict = \"reject\"; relay = false; } ); } );\n",
		         rows[i].rule);
		rules = told_rules(text);
		cr_expect_eq(
		    strcmp(told_judge(rules, &(struct told){.client = "192.0.2.9", .recipient = "a@ours.example"}),
		           "accept") == 0,
		    rows[i].local, "local: %s", rows[i].rule);
		cr_expect_eq(
		    strcmp(told_judge(rules, &(struct told){.client = "192.0.2.9", .recipient = "a@far.example"}),
		           "accept") == 0,
		    rows[i].relay, "relay: %s", rows[i].rule);
		rules_free(rules);
	}
}

#define TEMPFAIL_NAME "450 4.7.1 Cannot look up your name, try again later"
#define TEMPFAIL_BROKEN "451 4.3.0 Cannot judge this just now, try again later"

/* Judges a session at a listener with these settings. */
static const char *judge_with(const char *settings, const struct told *told)
{
	static char outcome[1000];
	char text[1500];
	struct rules *rules;

	snprintf(text, sizeof text,
	         "local_domains = [ \"ours.example\" ];\n"
	         "listeners = ( { name = \"one\"; direction = \"inbound\"; %s } );\n",
	         settings);
	rules = told_rules(text);
	snprintf(outcome, sizeof outcome, "%s", told_judge(rules, told));
	rules_free(rules);
	return outcome;
}

Test(session_relay, a_name_that_cannot_be_looked_up_puts_off_what_asks_for_it)
{
	static const struct {
		const char *settings, *outcome;
	} rows[] = {
	    {"relay = { mode = \"all-except\"; };", "accept"},
	    {"connect = ( { verdict = \"reject\"; client_name = [ \".example\" ]; } );",
	     "connect tempfail: " TEMPFAIL_NAME},
	    {"connect = ( { verdict = \"reject\"; client_name = [ \"unknown\" ]; } );",
	     "connect tempfail: " TEMPFAIL_NAME},
	    {"connect = ( { verdict = \"accept\"; client_name = [ \".example\" ]; }, { verdict = \"reject\"; } );",
	     "connect tempfail: " TEMPFAIL_NAME},
	    {"connect = ( { verdict = \"reject\"; unless = { client_name = [ \".example\" ]; }; } );",
	     "connect tempfail: " TEMPFAIL_NAME},
	    {"connect = ( { verdict = \"reject\"; client = [ \"10.0.0.1\" ]; client_name = [ \".example\" ]; } );",
	     "rcpt reject: 550 5.7.1 Unable to relay for a@far.example"},
	    {"connect = ( { verdict = \"reject\"; }, { verdict = \"reject\"; client_name = [ \".example\" ]; } );",
	     "connect reject: 550 5.7.1 Refused by policy"},
	    {"mail = ( { verdict = \"reject\"; client_name = [ \".example\" ]; tls = true; } );",
	     "rcpt reject: 550 5.7.1 Unable to relay for a@far.example"},
	    {"mail = ( { verdict = \"reject\"; client_name = [ \".example\" ]; tls = false; } );",
	     "mail tempfail: " TEMPFAIL_NAME},
	    {"mail = ( { verdict = \"reject\"; client_name = []; } );",
	     "rcpt reject: 550 5.7.1 Unable to relay for a@far.example"},
	    {"connection = { mode = \"only\"; clients = [ \"192.0.2.9\" ]; names = [ \".example\" ]; };",
	     "rcpt reject: 550 5.7.1 Unable to relay for a@far.example"},
	    {"connection = { mode = \"only\"; names = [ \".example\" ]; };", "connect tempfail: " TEMPFAIL_NAME},
	    {"connection = { mode = \"all-except\"; names = [ \".example\" ]; };", "connect tempfail: " TEMPFAIL_NAME},
	    {"connection = { mode = \"all-except\"; names = []; };",
	     "rcpt reject: 550 5.7.1 Unable to relay for a@far.example"},
	    {"relay = { mode = \"only\"; clients = [ \"192.0.2.9\" ]; names = [ \".example\" ]; };", "accept"},
	    {"relay = { mode = \"only\"; names = [ \".example\" ]; };", "rcpt tempfail: " TEMPFAIL_NAME},
	    {"relay = { mode = \"only\"; names = [ \".example\" ]; authenticated = true; };",
	     "rcpt tempfail: " TEMPFAIL_NAME},
	    {"rcpt = ( { verdict = \"accept\"; client_name = [ \".example\" ]; } );",
	     "rcpt reject: 550 5.7.1 Unable to relay for a@far.example"},
	    {"rcpt = ( { verdict = \"accept\"; relay = true; client_name = [ \".example\" ]; } );",
	     "rcpt tempfail: " TEMPFAIL_NAME},
	    {"relay = { mode = \"all-except\"; }; data = ( { verdict = \"reject\"; client_name = [ \".example\" ]; } "
	     ");",
	     "data tempfail: " TEMPFAIL_NAME},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct told told = {
		    .client = "192.0.2.9", .client_name = "[TEMPUNAVAIL]", .recipient = "<a@far.example>"};
		const char *outcome = judge_with(rows[i].settings, &told);

		cr_expect_str_eq(outcome, rows[i].outcome, "%s %s", rows[i].settings, outcome);
	}
}

/* What /^(a+)+$/ never comes to an end with. */
#define ENDLESS "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"

Test(session_relay, an_expression_past_its_limit_puts_off_what_asks_for_it)
{
	static const struct {
		const char *settings;
		struct told told;
		const char *outcome;
	} rows[] = {
	    {"helo = ( { verdict = \"reject\"; helo = [ \"/^(a+)+$/\" ]; } );",
	     {.helo = ENDLESS},
	     "helo tempfail: " TEMPFAIL_BROKEN},
	    {"helo = ( { verdict = \"accept\"; helo = [ \"/^(a+)+$/\" ]; } );",
	     {.helo = ENDLESS},
	     "helo tempfail: " TEMPFAIL_BROKEN},
	    {"helo = ( { verdict = \"reject\"; unless = { helo = [ \"/^(a+)+$/\" ]; }; } );",
	     {.helo = ENDLESS},
	     "helo tempfail: " TEMPFAIL_BROKEN},
	    {"connect = ( { verdict = \"reject\"; client_name = [ \"/^(a+)+$/\" ]; } );",
	     {.client_name = ENDLESS},
	     "connect tempfail: " TEMPFAIL_BROKEN},
	    {"connection = { mode = \"all-except\"; names = [ \"/^(a+)+$/\" ]; };",
	     {.client_name = ENDLESS},
	     "connect tempfail: " TEMPFAIL_BROKEN},
	    {"mail = ( { verdict = \"reject\"; sender = [ \"/^(a+)+$/\" ]; } );",
	     {.sender = "<" ENDLESS ">"},
	     "mail tempfail: " TEMPFAIL_BROKEN},
	    {"mail = ( { verdict = \"reject\"; user = [ \"/^(a+)+$/\" ]; } );",
	     {.user = ENDLESS},
	     "mail tempfail: " TEMPFAIL_BROKEN},
	    {"auth = { mode = \"optional\"; users = [ \"/^(a+)+$/\" ]; };",
	     {.user = ENDLESS},
	     "mail tempfail: " TEMPFAIL_BROKEN},
	    {"rcpt = ( { verdict = \"reject\"; recipient = [ \"/^(a+)+@ours/\" ]; } );",
	     {.recipient = "<" ENDLESS "@ours.example>"},
	     "rcpt tempfail: " TEMPFAIL_BROKEN},
	    /* the domain of a recipient: whether it is relay cannot be told */
	    {"helo = ( { verdict = \"reject\"; helo = [ \"/^(a+)+$/\" ]; } );",
	     {.recipient = "<user@" ENDLESS ">"},
	     "rcpt tempfail: " TEMPFAIL_BROKEN},
	    {"helo = ( { verdict = \"reject\"; helo = [ \"/^(a+)+$/\" ]; } ); relay = { mode = \"all-except\"; };",
	     {.recipient = "<user@" ENDLESS ">"},
	     "rcpt tempfail: " TEMPFAIL_BROKEN},
	    {"helo = ( { verdict = \"reject\"; helo = [ \"/^(a+)+$/\" ]; } ); relay = { mode = \"all-except\"; };",
	     {.recipient = "<user@ours.example>", .resolved = "<user@" ENDLESS ">"},
	     "rcpt tempfail: " TEMPFAIL_BROKEN},
	    /* nothing asks for it */
	    {"data = ( { verdict = \"reject\"; helo = [ \"/^(a+)+$/\" ]; tls = true; } );",
	     {.helo = ENDLESS, .recipient = "<user@ours.example>"},
	     "accept"},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct told told = rows[i].told;
		const char *outcome;

		told.client = "192.0.2.9";
		outcome = judge_with(rows[i].settings, &told);
		cr_expect_str_eq(outcome, rows[i].outcome, "row %zu: %s", i, outcome);
	}
}
