/* Addresses in which the MTA reads something else than was written: both are asked about. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "policy/session.h"
#include "rules/load.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(session_reading, .init = rule_files_start, .fini = rule_files_end);

#define ROWS(rows) (sizeof(rows) / sizeof *(rows))

/* How a session comes out with these rules of mail and rcpt. */
static const char *judge(const char *mail, const char *rcpt, const struct told *told)
{
	static char outcome[400];
	struct told whole = *told;
	struct rules *rules;
	char text[1000];

	snprintf(text, sizeof text,
	         "local_domains = [ \"ours.example\" ];\n"
	         "listeners = ( { name = \"one\"; direction = \"inbound\";\n"
	         "  mail = ( %s ); rcpt = ( %s ); } );\n",
	         mail, rcpt);
	whole.client = "203.0.113.1";
	rules = told_rules(text);
	snprintf(outcome, sizeof outcome, "%s", told_judge(rules, &whole));
	rules_free(rules);
	return outcome;
}

/* Spellings that an MTA takes for sales@ours.example, or has that in. */
static const char *const spellings[] = {
    "<sal\\es@ours.example>",   "<sales(x)@ours.example>",  "<(x)sales@ours.example>",
    "<sales @ours.example>",    "< sales@ours.example>",    "<;sales@ours.example>",
    "<sales@ours.example (x)>", "<sales@(c)ours.example>",  "<sales@ ours.example>",
    "<sales@ours .example>",    "<sales@ours\\.example>",   "<ours.example!sales>",
    "<sales%ours.example>",     "<\"sales@ours.example\">", "<sales>",
};

Test(session_reading, a_refusing_rule_knows_a_sender_by_what_is_read_in_it)
{
	for (size_t i = 0; i < ROWS(spellings); i++) {
		struct told told = {.sender = spellings[i], .sender_reading = "sales@ours.example"};

		cr_expect_str_eq(judge("{ verdict = \"reject\"; sender = [ \"sales@ours.example\" ]; }", "", &told),
		                 "mail reject: 550 5.7.1 Refused by policy", "%s", spellings[i]);
		cr_expect_str_eq(
		    judge("{ verdict = \"tempfail\"; sender = [ \"ours.example\", \".ours.example\" ]; }", "", &told),
		    "mail tempfail: 451 4.7.1 Try again later", "%s", spellings[i]);
		told.recipient = "<postmaster>";
		cr_expect_str_eq(judge("", "{ verdict = \"reject\"; sender = [ \"sales@ours.example\" ]; }", &told),
		                 "rcpt reject: 550 5.7.1 Refused by policy", "at a later stage, %s", spellings[i]);
	}
}

Test(session_reading, a_refusing_rule_knows_a_recipient_by_what_is_read_in_it)
{
	for (size_t i = 0; i < ROWS(spellings); i++) {
		struct told told = {
		    .recipient = spellings[i],
		    .recipient_reading = "sales@ours.example",
		    .resolved = "sales@ours.example",
		};
		const char *outcome =
		    judge("", "{ verdict = \"reject\"; recipient = [ \"sales@ours.example\" ]; }", &told);

		cr_expect_str_eq(outcome, "rcpt reject: 550 5.7.1 Refused by policy", "%s: %s", spellings[i], outcome);
	}
}

/* As Sendmail says it of what its local mailer is to deliver, or would have sent. */
Test(session_reading, what_is_read_without_a_domain_is_at_the_one_that_was_written)
{
	static const char rule[] = "{ verdict = \"reject\"; %s = [ \"sales@ours.example\" ]; }";
	char mail[100], rcpt[100];

	snprintf(mail, sizeof mail, rule, "sender");
	snprintf(rcpt, sizeof rcpt, rule, "recipient");
	for (size_t i = 0; i < ROWS(spellings); i++) {
		const char *reading = strchr(spellings[i], '\\') != NULL ? "sal\\es" : "sales";
		bool without = strcmp(spellings[i], "<sales>") == 0;
		const char *outcome =
		    judge(mail, "", &(struct told){.sender = spellings[i], .sender_reading = reading});

		cr_expect_str_eq(outcome, without ? "accept" : "mail reject: 550 5.7.1 Refused by policy", "%s: %s",
		                 spellings[i], outcome);
		outcome =
		    judge("", rcpt,
		          &(struct told){.recipient = spellings[i], .recipient_reading = reading, .resolved = reading});
		cr_expect_str_eq(outcome, without ? "accept" : "rcpt reject: 550 5.7.1 Refused by policy", "%s: %s",
		                 spellings[i], outcome);
	}
}

Test(session_reading, a_quoted_pair_that_the_mta_leaves_is_what_it_stands_for)
{
	struct told told = {.sender = "<sal\\es@far.example>", .sender_reading = "sal\\es@far.example"};

	cr_expect_str_eq(judge("{ verdict = \"reject\"; sender = [ \"sales@far.example\" ]; }", "", &told),
	                 "mail reject: 550 5.7.1 Refused by policy");
}

Test(session_reading, a_quoted_domain_that_the_mta_passes_on_is_what_the_next_host_makes_of_it)
{
	struct told told = {.recipient = "<sales@\"ours.example\">", .recipient_reading = "sales@\"ours.example\""};

	cr_expect_str_eq(judge("", "{ verdict = \"reject\"; recipient = [ \"sales@ours.example\" ]; }", &told),
	                 "rcpt reject: 550 5.7.1 Refused by policy");
	told.recipient = "<a@\"far.example@mx\".ours.example>";
	told.recipient_reading = "a@\"far.example@mx\".ours.example";
	cr_expect_neq(
	    strcmp(judge("", "{ verdict = \"accept\"; relay = true; recipient = [ \".ours.example\" ]; }", &told),
	           "accept"),
	    0);
}

Test(session_reading, an_accept_rule_asks_for_both)
{
	static const struct {
		const char *sender, *reading;
		bool accepted;
	} rows[] = {
	    {"<sales@ours.example>", NULL, true},
	    {"<sales@ours.example>", "sales@far.example", true}, /* nothing else can be read in it */
	    {"<other@ours.example>", "sales@ours.example", false},
	    {"<sal\\es@ours.example>", "sales@ours.example", false},
	    {"<sales@far.example (@ours.example>", "sales@far.example", false},
	    {"<\"sales\"@ours.example>", "sales@ours.example", true},
	    {"<@a.example:sales@ours.example>", "sales@ours.example", true},
	    {"<@a.example:sales@ours.example>", "other@ours.example", false},
	    {"<@a.example:sales@ours.example>", "@", false}, /* which no condition knows */
	    {"<@a.example:sales@ours.example>", NULL, true},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct told told = {.sender = rows[i].sender, .sender_reading = rows[i].reading};
		const char *outcome =
		    judge("{ verdict = \"accept\"; sender = [ \"sales@ours.example\" ]; }, { verdict = \"reject\"; }",
		          "", &told);

		cr_expect_eq(strcmp(outcome, "accept") == 0, rows[i].accepted, "row %zu: %s", i, outcome);
		/* to exempt is to accept */
		outcome =
		    judge("{ verdict = \"reject\"; unless = { sender = [ \"sales@ours.example\" ]; }; }", "", &told);
		cr_expect_eq(strcmp(outcome, "accept") == 0, rows[i].accepted, "row %zu, unless: %s", i, outcome);
	}
}

Test(session_reading, what_is_read_is_forgotten_with_its_address)
{
	struct rules *rules =
	    told_rules("local_domains = [ \"ours.example\" ];\n"
	               "listeners = ( { name = \"one\"; direction = \"inbound\";\n"
	               "  mail = ( { verdict = \"reject\"; sender = [ \"a@ours.example\" ]; } );\n"
	               "  rcpt = ( { verdict = \"reject\"; recipient = [ \"a@ours.example\" ]; } ); } );\n");
	struct connection connection = told_connection(&(struct told){.client = "203.0.113.1"});
	struct session *session = session_new(rules->ruleset);

	cr_assert_eq(session_connect(session, &connection).verdict, VERDICT_ACCEPT);
	cr_expect_eq(session_mail(session, &(struct envelope){.sender = "a (x)", .reading = "a@ours.example"}).verdict,
	             VERDICT_REJECT);
	cr_expect(session_read_twice(session, FACT_SENDER));
	cr_expect_eq(session_mail(session, &(struct envelope){.sender = "a (x)"}).verdict, VERDICT_ACCEPT);
	cr_expect_not(session_read_twice(session, FACT_SENDER));
	cr_expect_eq(session_mail(session, &(struct envelope){.sender = "<>", .reading = "a@ours.example"}).verdict,
	             VERDICT_ACCEPT, "there is nothing to be read in the null sender");
	cr_expect_not(session_read_twice(session, FACT_SENDER));
	cr_expect_eq(session_rcpt_read(session, "a (x)", NULL, "a@ours.example").verdict, VERDICT_REJECT);
	cr_expect(session_read_twice(session, FACT_RECIPIENT));
	cr_expect_eq(session_rcpt(session, "a (x)", NULL).verdict, VERDICT_ACCEPT);
	cr_expect_not(session_read_twice(session, FACT_RECIPIENT));
	cr_expect_eq(session_mail(session, &(struct envelope){.sender = "a (x)", .reading = "b@ours.example"}).verdict,
	             VERDICT_ACCEPT);
	cr_expect_eq(session_rcpt_read(session, "a (x)", NULL, "b@ours.example").verdict, VERDICT_ACCEPT);
	cr_expect(session_read_twice(session, FACT_RECIPIENT));
	cr_expect_eq(session_data(session).verdict, VERDICT_ACCEPT);
	cr_expect_not(session_read_twice(session, FACT_RECIPIENT));
	session_reset(session);
	cr_expect_not(session_read_twice(session, FACT_SENDER));
	session_free(session);
	rules_free(rules);
}

Test(session_reading, a_reading_that_cannot_be_compared_puts_the_address_off)
{
	struct told told = {
	    .sender = "<a (x)@far.example>",
	    .sender_reading = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1",
	};

	cr_expect_str_eq(judge("{ verdict = \"reject\"; sender = [ \"/^(a+)+$/\" ]; }", "", &told),
	                 "mail tempfail: 451 4.3.0 Cannot judge this just now, try again later");
	cr_expect_str_eq(
	    judge("{ verdict = \"accept\"; sender = [ \"/^(a+)+$/\", \"/^a/\" ]; }, { verdict = \"reject\"; }", "",
	          &told),
	    "mail tempfail: 451 4.3.0 Cannot judge this just now, try again later");
}
