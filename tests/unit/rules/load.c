#include "rules/load.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "policy/ruleset.h"
#include "policy/session.h"
#include "rules/diagnostic.h"
#include "tests/unit/rules/rule_files.h"
#include "tests/unit/rules/said.h"

TestSuite(load, .init = rule_files_start, .fini = rule_files_end);

Test(load, the_least_that_is_a_rule_file)
{
	struct rules *rules = said_load(SAID_LISTENER);

	cr_assert_not_null(rules, "%s", said());
	cr_expect_str_eq(said(), "");
	cr_expect_eq(rules->ruleset->listener_count, 1);
	cr_expect_not(rules->ruleset->local_domains.given);
	cr_expect_null(rules->settings.socket);
	cr_expect_null(rules->settings.user);
	cr_expect_null(rules->settings.group);
	cr_expect_null(rules->settings.decisions);
	cr_expect_null(rules->settings.metrics);
	cr_expect_eq(rules->settings.log, LOG_FORMAT_TEXT);
	cr_expect_eq(rules->settings.nat_watch, NAT_WATCH_WARN);
	cr_assert_eq(rules->file_count, 1);
	cr_expect_str_eq(rules->files[0], "a.conf");
	rules_free(rules);
}

Test(load, the_daemons_settings_are_handed_on)
{
	struct rules *rules = said_load(
	    "socket = \"unix:/run/s/milter.sock\"; user = \"s\"; group = \"g\"; log = \"json\";\n"
	    "decisions = \"/var/log/s.log\"; metrics = \"127.0.0.1:9894\"; nat_watch = \"refuse\";\n" SAID_LISTENER);

	cr_assert_not_null(rules, "%s", said());
	cr_expect_str_eq(rules->settings.socket, "unix:/run/s/milter.sock");
	cr_expect_str_eq(rules->settings.user, "s");
	cr_expect_str_eq(rules->settings.group, "g");
	cr_expect_str_eq(rules->settings.decisions, "/var/log/s.log");
	cr_expect_str_eq(rules->settings.metrics, "127.0.0.1:9894");
	cr_expect_eq(rules->settings.log, LOG_FORMAT_JSON);
	cr_expect_eq(rules->settings.nat_watch, NAT_WATCH_REFUSE);
	rules_free(rules);
}

/* Each of the errors that the manual page lists, one a line, all in one pass. */
Test(load, every_error_is_told_at_its_line_in_one_pass)
{
	static const struct {
		const char *line, *part;
	} rows[] = {
	    {"networks = { lan = [ \"10.0.0.0/8\" ];", NULL},
	    {"  bits = [ \"192.0.2.7/24\" ];", "host bits"},
	    {"  out = [ \"!192.0.2.7\" ]; };", "only takes out"},
	    {"domains = { reg = [ \"/(/\" ]; };", "does not compile"},
	    {"local_domain = [ \"a.example\" ];", "did you mean \"local_domains\"?"},
	    {"socket = 5;", "must be a string"},
	    {"listeners = ( {", NULL},
	    {"  name = \"one\"; direction = \"inbound\";", NULL},
	    {"  match = { port = [ 70000 ]; };", "from 1 to 65535"},
	    {"  connect = ( { verdict = \"reject\"; helo = [ \"a\" ]; },", "\"helo\" is not known at connect yet"},
	    {"    { verdict = \"reject\"; client = [ \"@lam\" ]; },", "did you mean \"@lan\"?"},
	    {"    { verdict = \"reject\"; reply = \"450 4.7.1 no\"; },", "does not fit the verdict"},
	    {"    { verdict = \"reject\"; unless = { }; } );", "\"unless\" is empty"},
	    {"  mail = ( { verdict = \"reject\"; recipient = [ \"a@\" ]; } );", "\"recipient\" is"},
	    {"  relay = { mode = \"only\"; users = [ \"a\" ]; };", "authenticated = true"},
	    {"}, { name = \"one\"; direction = \"outbound\"; } );", "is named \"one\" already"},
	    {"expect = ( { listener = \"none\"; client = \"192.0.2.1\"; verdict = \"accept\"; } );",
	     "no listener is named"},
	};
	char text[3000] = "", where[40];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		strcat(strcat(text, rows[i].line), "\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(where, sizeof where, "a.conf:%zu: error:", i + 1);
		if (rows[i].part != NULL)
			cr_expect(said_at(text, where, rows[i].part), "%s not among\n%s", where, said());
	}
	cr_expect_eq(said_lines(), 14, "%s", said());
}

/* What libconfig would take without a word. */
Test(load, what_would_be_read_as_something_else_is_an_error)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
	    {"local_domains = [ \"a.example\" \"b.example\" ];\n", "a comma is missing"},
	    {"networks = { a = [ \"10.0.0.0/8\"\n\"!10.0.0.1\" ]; };\n", "a comma is missing"},
	    {"listeners = ( { name = \"a\"; direction = \"inbound\"; match = { port = [ 4294967321 ]; }; } );\n",
	     "4294967321"},
	    {"listeners = ( { name = \"a\"; direction = \"inbound\";\n"
	     "  mail = ( { verdict = \"reject\"; size_over = 3000000000; } ); } );\n",
	     "3000000000"},
	    {"user = \"a\\x00b\";\n", "\\x00"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[400];

		snprintf(text, sizeof text, "%s%s", rows[i].text,
		         strstr(rows[i].text, "listeners") == NULL ? SAID_LISTENER : "");
		cr_expect(said_at(text, "a.conf:", rows[i].part), "%s: %s", rows[i].text, said());
		cr_expect_not_null(strstr(said(), "error:"), "%s: %s", rows[i].text, said());
	}
}

Test(load, a_file_that_is_not_there_or_empty)
{
	struct diagnostics *diagnostics = diagnostics_new();

	cr_expect_null(rules_load("none.conf", diagnostics));
	cr_expect_not_null(strstr(printed(diagnostics), "No such file"), "%s", printed(diagnostics));
	cr_expect_eq(diagnostics_errors(diagnostics), 1);
	diagnostics_free(diagnostics);
	cr_expect_not_null(strstr(said_of(""), "needs \"listeners\""), "%s", said());
	cr_expect_not_null(strstr(said_of("listeners = ();\n"), "a.conf:1: error: there is no listener"), "%s", said());
}

Test(load, a_fault_in_an_included_file_has_that_files_name)
{
	write_file("more.conf", "# one\nlocal_domains = [ \"a b\" ];\n");
	cr_expect(said_at("@include \"more.conf\"\n" SAID_LISTENER, "more.conf:2: error:", "is not a domain name"),
	          "%s", said());
}

/* An error that was told before is none of this file's. */
Test(load, errors_of_another_file_do_not_count)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules;

	write_file("bad.conf", "listeners = 5;\n");
	write_file("good.conf", SAID_LISTENER);
	cr_expect_null(rules_load("bad.conf", diagnostics));
	rules = rules_load("good.conf", diagnostics);
	cr_expect_not_null(rules);
	rules_free(rules);
	diagnostics_free(diagnostics);
}

Test(load, a_warning_does_not_stop_the_file)
{
	struct rules *rules = said_load("networks = { lan = [ \"10.0.0.0/8\" ]; };\n" SAID_LISTENER);

	cr_assert_not_null(rules);
	cr_expect_not_null(strstr(said(), "warning"));
	rules_free(rules);
}

Test(load, an_example_that_comes_out_otherwise_stops_the_file)
{
	cr_expect(said_at(SAID_LISTENER
	                  "expect = ( { listener = \"one\"; client = \"192.0.2.1\"; recipient = \"a@b.example\";\n"
	                  "  verdict = \"accept\"; } );\n",
	                  "a.conf:2: error:", "Unable to relay for a@b.example"),
	          "%s", said());
}

/* The rule set refers to nothing that goes away before it does. */
Test(load, without_model_and_files_it_judges_as_before)
{
	struct rules *rules;
	struct session *session;
	struct connection connection = {.has_client = true, .client_name_state = CLIENT_NAME_NONE};
	struct decision decision;
	char reply[100];

	write_file("nets", "192.0.2.0/24\n");
	rules = said_load(
	    "networks = { a = { file = \"nets\"; }; };\nlisteners = ( { name = \"one\"; direction = \"inbound\";\n"
	    "  connect = ( { name = \"no\"; verdict = \"reject\"; client = [ \"@a\" ];\n"
	    "    reply = \"550 5.7.1 no {client} at {listener}\"; } ); } );\n");
	cr_assert_not_null(rules, "%s", said());
	cr_assert_eq(unlink("nets"), 0);
	cr_assert_eq(unlink("a.conf"), 0);
	rules_forget_model(rules);
	cr_expect_null(rules->model);
	rules_forget_model(rules);
	cr_assert(address_from_text("192.0.2.1", &connection.client));
	session = session_new(rules->ruleset);
	decision = session_connect(session, &connection);
	session_reply(session, &decision, reply, sizeof reply);
	cr_expect_str_eq(reply, "550 5.7.1 no 192.0.2.1 at one");
	cr_expect_str_eq(decision.rule, "no");
	cr_expect_str_eq(decision.by->file, "a.conf");
	cr_expect_eq(decision.by->line, 3);
	session_free(session);
	rules_free(rules);
}

/* Labels, lines and replies as the file has them. */
Test(load, rules_are_compiled_as_they_are_written)
{
	struct rules *rules = said_load("listeners = (\n"
	                                "  { name = \"one\"; direction = \"outbound\"; resolved = \"ignore\";\n"
	                                "    helo = ( { verdict = \"reject\"; tls = true; } ); } );\n");

	cr_assert_null(rules, "tls is not known at helo");
	rules = said_load(
	    "listeners = (\n"
	    "  { name = \"one\"; direction = \"outbound\"; resolved = \"ignore\";\n"
	    "    match = { daemon = [ \"a\", \"b\" ]; port = [ 25, 587 ]; address = [ \"::1\" ]; };\n"
	    "    mail = ( { verdict = \"reject\"; tls = false; },\n"
	    "             { name = \"second\"; verdict = \"tempfail\"; tls = 128; },\n"
	    "             { verdict = \"accept\"; size_over = 5000000000L; } );\n"
	    "    rcpt = ( { verdict = \"accept\"; client = \"::1\"; }, { verdict = \"accept\"; relay = true; } ); },\n"
	    "  { name = \"two\"; direction = \"inbound\"; match = { local = true; port = 25; };\n"
	    "    auth = { mode = \"required\"; tls = true; };\n"
	    "    relay = { mode = \"all-except\"; authenticated = true; }; } );\n");
	const struct listener *one, *two;
	const struct rule *list;

	cr_assert_not_null(rules, "%s", said());
	cr_assert_eq(rules->ruleset->listener_count, 2);
	one = &rules->ruleset->listeners[0];
	two = &rules->ruleset->listeners[1];
	cr_expect_str_eq(one->name, "one");
	cr_expect_eq(one->direction, DIRECTION_OUTBOUND);
	cr_expect(one->ignore_resolved);
	cr_expect_eq(one->where.line, 2);
	cr_expect_not(one->match.everything || one->match.local);
	cr_assert_eq(one->match.daemon_count, 2);
	cr_expect_str_eq(one->match.daemons[1], "b");
	cr_assert_eq(one->match.port_count, 2);
	cr_expect_eq(one->match.ports[1], 587);
	cr_expect(one->match.addresses.given);
	cr_expect_null(one->connection);
	cr_expect_null(one->auth);
	cr_expect_null(one->relay);
	cr_assert_eq(one->stages[STAGE_MAIL].count, 3);
	list = one->stages[STAGE_MAIL].list;
	cr_expect_str_eq(list[0].label, "mail[1]");
	cr_expect_str_eq(list[1].label, "second");
	cr_expect_str_eq(list[2].label, "mail[3]");
	cr_expect_eq(list[1].where.line, 5);
	cr_expect_eq(list[0].reply->code, 550);
	cr_expect_str_eq(list[0].reply->text, "Refused by policy");
	cr_expect_eq(list[1].reply->code, 451);
	cr_expect_str_eq(list[1].reply->text, "Try again later");
	cr_expect_null(list[2].reply);
	cr_expect_eq(list[0].conditions.list[0].value.number, 0);
	cr_expect_eq(list[1].conditions.list[0].value.number, 128);
	cr_expect_eq(list[2].conditions.list[0].value.number, UINT64_C(5000000000));
	cr_assert_eq(one->stages[STAGE_RCPT].count, 2);
	cr_expect(one->stages[STAGE_RCPT].list[0].local_only);
	cr_expect_not(one->stages[STAGE_RCPT].list[1].local_only);
	cr_expect_not(list[2].local_only);

	cr_expect_eq(two->direction, DIRECTION_INBOUND);
	cr_expect_not(two->ignore_resolved);
	cr_expect(two->match.local);
	cr_expect_eq(two->match.ports[0], 25);
	cr_expect_eq(two->auth->mode, AUTH_REQUIRED);
	cr_expect_eq(two->auth->tls_bits, 1);
	cr_expect_eq(two->auth->where.line, 9);
	cr_expect_eq(two->relay->mode, MODE_ALL_EXCEPT);
	cr_expect(two->relay->authenticated);
	cr_expect_not(two->relay->clients.given);
	rules_free(rules);
}

Test(load, freeing_none)
{
	rules_free(NULL);
}
