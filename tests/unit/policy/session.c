#include "policy/session.h"

#include <criterion/criterion.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "policy/reply.h"
#include "policy/ruleset.h"
#include "rules/load.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

/* One listener with a refusal for each stage, each on its own fact. */
static const char every_stage[] =
    "networks = { lan = [ \"192.0.2.0/24\" ]; };\n"
    "users = { staff = [ \"alice\" ]; };\n"
    "local_domains = [ \"ours.example\" ];\n"
    "listeners = ( { name = \"one\"; direction = \"inbound\";\n"
    "  match = { port = [ 25 ]; };\n"
    "  connect = ( { verdict = \"reject\"; client = [ \"203.0.113.66\" ]; reply = \"550 5.7.1 no {client}\"; },\n"
    "              { verdict = \"tempfail\"; client_name = [ \"slow.example\" ]; } );\n"
    "  helo = ( { verdict = \"reject\"; helo = [ \"bad.example\" ]; reply = \"550 5.7.1 no {helo}\"; } );\n"
    "  mail = ( { verdict = \"reject\"; sender = [ \"bad.example\" ]; reply = \"550 5.7.1 no {sender}\"; },\n"
    "           { verdict = \"reject\"; user = [ \"mallory\" ]; reply = \"550 5.7.1 no {user}\"; },\n"
    "           { verdict = \"reject\"; tls = 64; reply = \"550 5.7.1 no tls\"; },\n"
    "           { verdict = \"reject\"; size_over = 1000; reply = \"552 5.3.4 large\"; } );\n"
    "  rcpt = ( { verdict = \"reject\"; recipient = [ \"bad@\" ]; reply = \"550 5.1.1 no {recipient}\"; } );\n"
    "  data = ( { verdict = \"tempfail\"; recipients_over = 2; reply = \"452 4.5.3 too many from {sender}\"; } );\n"
    "  relay = { mode = \"only\"; clients = [ \"@lan\" ]; authenticated = true; users = [ \"@staff\" ]; };\n"
    "} );\n";

static struct rules *rules;
static struct session *session;

static void begin(const char *text)
{
	rules = told_rules(text);
	session = session_new(rules->ruleset);
	cr_assert_not_null(session);
}

static void start(void)
{
	rule_files_start();
	begin(every_stage);
}

static void end(void)
{
	session_free(session);
	rules_free(rules);
	rule_files_end();
}

/* Ends what start began, and begins with other rules. */
static void begin_anew(const char *text)
{
	session_free(session);
	rules_free(rules);
	begin(text);
}

TestSuite(session, .init = start, .fini = end);

static const char *at_connect(struct told told)
{
	struct connection connection;

	if (told.client == NULL)
		told.client = "203.0.113.1";
	connection = told_connection(&told);
	return told_outcome(session, session_connect(session, &connection));
}

static const char *at_helo(const char *helo)
{
	return told_outcome(session, session_helo(session, helo));
}

static const char *at_mail(struct told told)
{
	struct envelope envelope;

	if (told.sender == NULL)
		told.sender = "<a@good.example>";
	envelope = told_envelope(&told);
	return told_outcome(session, session_mail(session, &envelope));
}

static const char *at_rcpt(const char *recipient)
{
	return told_outcome(session, session_rcpt(session, recipient, NULL));
}

static const char *at_data(void)
{
	return told_outcome(session, session_data(session));
}

/* What is not said of a client or a sender is nothing to object to. */
#define CONNECT(...) at_connect((struct told){.port = 25, __VA_ARGS__})
#define MAIL(...) at_mail((struct told){.local = false, __VA_ARGS__})

static const char internal[] = ": 451 4.3.0 Cannot judge this just now, try again later";

static void assert_internal(const char *outcome, const char *stage)
{
	char expected[128];

	snprintf(expected, sizeof expected, "%s tempfail%s", stage, internal);
	cr_assert_str_eq(outcome, expected, "%s", outcome);
}

Test(session, every_stage_is_judged_by_its_own_rules)
{
	cr_expect_str_eq(CONNECT(), "accept");
	cr_expect_str_eq(at_helo("mx.good.example"), "accept");
	cr_expect_str_eq(MAIL(), "accept");
	cr_expect_str_eq(at_rcpt("<a@ours.example>"), "accept");
	cr_expect_str_eq(at_data(), "accept");

	cr_expect_str_eq(MAIL(.sender = "<x@bad.example>"), "mail reject: 550 5.7.1 no x@bad.example");
	cr_expect_str_eq(MAIL(.size_declared = true, .size = 1001), "mail reject: 552 5.3.4 large");
	cr_expect_str_eq(MAIL(), "accept");
	cr_expect_str_eq(at_rcpt("<Bad@ours.example>"), "rcpt reject: 550 5.1.1 no Bad@ours.example");
	cr_expect_str_eq(at_rcpt("<a@far.example>"), "rcpt reject: 550 5.7.1 Unable to relay for a@far.example");
	cr_expect_str_eq(at_rcpt("<a@ours.example>"), "accept");
	cr_expect_str_eq(at_rcpt("<b@ours.example>"), "accept");
	cr_expect_str_eq(at_data(), "accept");
	cr_expect_str_eq(at_rcpt("<c@ours.example>"), "accept");
	cr_expect_str_eq(at_data(), "data tempfail: 452 4.5.3 too many from a@good.example");
}

Test(session, a_refusal_at_connect_is_the_answer_to_every_mail)
{
	static const char refusal[] = "connect reject: 550 5.7.1 no 203.0.113.66";

	cr_expect_str_eq(CONNECT(.client = "203.0.113.66"), refusal);
	cr_expect_str_eq(MAIL(), refusal);
	cr_expect_str_eq(MAIL(.sender = "<x@bad.example>"), refusal, "before anything else is judged");
	cr_expect_str_eq(MAIL(.sender = "<@>"), refusal);
	cr_expect_str_eq(at_helo("mx.good.example"), refusal);
	cr_expect_str_eq(at_helo("bad.example"), refusal, "an earlier one goes before a later one");
	cr_expect_str_eq(MAIL(), refusal);
	session_reset(session);
	cr_expect_str_eq(MAIL(.user = "alice", .tls_bits = 32), refusal);
	assert_internal(at_rcpt("<a@ours.example>"), "rcpt");
	assert_internal(at_data(), "data");
}

Test(session, a_tempfail_at_connect_is_kept_too)
{
	static const char refusal[] = "connect tempfail: 451 4.7.1 Try again later";

	cr_expect_str_eq(CONNECT(.client_name = "slow.example"), refusal);
	cr_expect_str_eq(at_helo("mx.good.example"), refusal);
	cr_expect_str_eq(MAIL(), refusal);
	cr_expect_str_eq(MAIL(), refusal);
}

Test(session, a_refusal_at_helo_is_the_answer_to_every_mail_until_the_next_helo)
{
	static const char refusal[] = "helo reject: 550 5.7.1 no bad.example";

	cr_expect_str_eq(CONNECT(), "accept");
	cr_expect_str_eq(at_helo("bad.example"), refusal);
	cr_expect_str_eq(MAIL(), refusal);
	session_reset(session);
	cr_expect_str_eq(MAIL(.sender = "<x@bad.example>"), refusal);
	assert_internal(at_rcpt("<a@ours.example>"), "rcpt");
	cr_expect_str_eq(at_helo("mx.good.example"), "accept", "judged anew");
	cr_expect_str_eq(MAIL(), "accept");
	cr_expect_str_eq(at_rcpt("<a@ours.example>"), "accept");
	cr_expect_str_eq(at_helo("bad.example"), refusal);
	assert_internal(at_rcpt("<a@ours.example>"), "rcpt");
	cr_expect_str_eq(MAIL(), refusal);
}

Test(session, without_helo_the_stage_is_judged_at_mail_without_one)
{
	begin_anew("listeners = ( { name = \"one\"; direction = \"inbound\";\n"
	           "  helo = ( { verdict = \"accept\"; helo = [ \"/./\" ]; },\n"
	           "           { verdict = \"reject\"; reply = \"550 5.5.1 say HELO, {helo}\"; } ); } );\n");
	cr_expect_str_eq(CONNECT(), "accept");
	cr_expect_str_eq(MAIL(), "helo reject: 550 5.5.1 say HELO, ");
	cr_expect_str_eq(MAIL(), "helo reject: 550 5.5.1 say HELO, ");
	cr_expect_str_eq(at_helo("mx.good.example"), "accept");
	cr_expect_str_eq(MAIL(), "accept");
	cr_expect_str_eq(at_helo(NULL), "helo reject: 550 5.5.1 say HELO, ", "the name is forgotten");
	cr_expect_null(session_texts(session)->texts[FACT_HELO]);
}

Test(session, the_login_is_read_anew_at_every_mail)
{
	cr_expect_str_eq(CONNECT(), "accept");
	cr_expect_str_eq(MAIL(.user = "mallory"), "mail reject: 550 5.7.1 no mallory");
	cr_expect_str_eq(MAIL(), "accept");
	cr_expect_null(session_texts(session)->texts[FACT_USER]);
	cr_expect_str_eq(MAIL(.user = "alice", .mechanism = "PLAIN"), "accept");
	cr_expect_str_eq(at_rcpt("<a@far.example>"), "accept");
	cr_expect_str_eq(MAIL(), "accept");
	cr_expect_str_eq(at_rcpt("<a@far.example>"), "rcpt reject: 550 5.7.1 Unable to relay for a@far.example");
	cr_expect_str_eq(MAIL(.user = "bob"), "accept");
	cr_expect_str_eq(at_rcpt("<a@far.example>"), "rcpt reject: 550 5.7.1 Unable to relay for a@far.example");
}

Test(session, tls_and_size_are_read_anew_at_every_mail)
{
	cr_expect_str_eq(CONNECT(), "accept");
	cr_expect_str_eq(MAIL(.tls_bits = 64), "mail reject: 550 5.7.1 no tls");
	cr_expect_str_eq(MAIL(.tls_bits = 63), "accept");
	cr_expect_str_eq(MAIL(.size_declared = true, .size = 5000), "mail reject: 552 5.3.4 large");
	cr_expect_str_eq(MAIL(.size_declared = true, .size = 1000), "accept");
	cr_expect_str_eq(MAIL(.size = 5000), "accept", "it was not declared");
}

Test(session, anonymous_and_an_empty_name_are_no_login)
{
	static const struct {
		const char *user, *mechanism;
		bool login;
	} rows[] = {
	    {"alice", NULL, true},         {"alice", "PLAIN", true},      {"alice", "", true},
	    {"", "PLAIN", false},          {NULL, "PLAIN", false},        {NULL, NULL, false},
	    {"alice", "ANONYMOUS", false}, {"alice", "anonymous", false}, {"alice", "ANONYMOUSX", true},
	};

	begin_anew("listeners = ( { name = \"one\"; direction = \"inbound\"; auth = { mode = \"required\"; };\n"
	           "  relay = { mode = \"only\"; authenticated = true; }; } );\n");
	cr_expect_str_eq(CONNECT(), "accept");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *outcome = MAIL(.user = rows[i].user, .mechanism = rows[i].mechanism);

		cr_expect_str_eq(outcome, rows[i].login ? "accept" : "mail reject: 530 5.7.0 Authentication required",
		                 "row %zu: %s", i, outcome);
		cr_expect_eq(session_texts(session)->texts[FACT_USER] != NULL, rows[i].login, "row %zu", i);
	}
}

Test(session, events_out_of_order_are_put_off)
{
	assert_internal(at_rcpt("<a@ours.example>"), "rcpt");
	assert_internal(at_data(), "data");
	assert_internal(MAIL(), "connect");
	assert_internal(at_rcpt("<a@ours.example>"), "rcpt");
	cr_expect_str_eq(CONNECT(), "accept");
	assert_internal(at_rcpt("<a@ours.example>"), "rcpt");
	cr_expect_str_eq(MAIL(.sender = "<x@bad.example>"), "mail reject: 550 5.7.1 no x@bad.example");
	assert_internal(at_rcpt("<a@ours.example>"), "rcpt");
	assert_internal(at_data(), "data");
	cr_expect_str_eq(MAIL(), "accept");
	assert_internal(at_data(), "data");
	cr_expect_str_eq(at_rcpt("<bad@ours.example>"), "rcpt reject: 550 5.1.1 no bad@ours.example");
	assert_internal(at_data(), "data");
	cr_expect_str_eq(at_rcpt("<a@ours.example>"), "accept");
	cr_expect_str_eq(at_data(), "accept");
}

Test(session, a_reset_ends_the_message_whenever_it_comes)
{
	session_reset(session);
	cr_expect_str_eq(CONNECT(), "accept");
	session_reset(session);
	session_reset(session);
	cr_expect_str_eq(at_helo("bad.example"), "helo reject: 550 5.7.1 no bad.example");
	session_reset(session);
	cr_expect_str_eq(MAIL(), "helo reject: 550 5.7.1 no bad.example", "what connect and helo said stays");
	cr_expect_str_eq(at_helo("mx.good.example"), "accept");
	cr_expect_str_eq(MAIL(.user = "alice"), "accept");
	cr_expect_str_eq(at_rcpt("<a@far.example>"), "accept");
	cr_expect(session_relay(session));
	session_reset(session);
	cr_expect_not(session_relay(session));
	cr_expect_null(session_texts(session)->texts[FACT_SENDER]);
	cr_expect_null(session_texts(session)->texts[FACT_USER]);
	cr_expect_null(session_texts(session)->texts[FACT_RECIPIENT]);
	cr_expect_str_eq(session_texts(session)->texts[FACT_HELO], "mx.good.example");
	cr_expect_str_eq(session_texts(session)->texts[FACT_CLIENT], "203.0.113.1");
	assert_internal(at_rcpt("<a@ours.example>"), "rcpt");
	assert_internal(at_data(), "data");
	cr_expect_str_eq(MAIL(), "accept");
	cr_expect_str_eq(at_rcpt("<a@far.example>"), "rcpt reject: 550 5.7.1 Unable to relay for a@far.example");
}

Test(session, recipients_are_counted_for_each_message_and_only_those_accepted)
{
	cr_expect_str_eq(CONNECT(), "accept");
	for (unsigned message = 0; message < 3; message++) {
		cr_expect_str_eq(MAIL(), "accept");
		cr_expect_str_eq(at_rcpt("<a@ours.example>"), "accept");
		cr_expect_str_neq(at_rcpt("<a@far.example>"), "accept");
		cr_expect_str_neq(at_rcpt("<@>"), "accept");
		cr_expect_str_eq(at_rcpt("<a@ours.example>"), "accept");
		cr_expect_str_eq(at_data(), "accept", "message %u", message);
	}
	cr_expect_str_eq(at_helo("mx.good.example"), "accept");
	assert_internal(at_data(), "data");
}

Test(session, nothing_but_the_last_message_is_judged)
{
	cr_expect_str_eq(CONNECT(), "accept");
	cr_expect_str_eq(MAIL(.sender = "<x@bad.example>"), "mail reject: 550 5.7.1 no x@bad.example");
	cr_expect_str_eq(MAIL(.sender = "<>"), "accept");
	cr_expect_str_eq(at_rcpt("<bad@ours.example>"), "rcpt reject: 550 5.1.1 no bad@ours.example");
	cr_expect_str_eq(at_rcpt("<a@ours.example>"), "accept");
	cr_expect_not(session_relay(session));
	cr_expect_str_eq(at_data(), "accept");
}

Test(session, an_mta_without_macros_a_client_without_address_and_no_listener)
{
	static const struct {
		struct told told;
		const char *outcome;
		enum decision_cause cause;
	} rows[] = {
	    {{.client = "203.0.113.1", .port = 26},
	     "connect tempfail: 451 4.3.5 No policy for this listener",
	     CAUSE_NO_LISTENER},
	    {{.client = "203.0.113.1"}, "connect tempfail: 451 4.3.5 No policy for this listener", CAUSE_NO_LISTENER},
	    {{.local = true, .port = 25}, "connect tempfail: 451 4.3.5 No policy for this listener", CAUSE_NO_LISTENER},
	    {{.client = "203.0.113.1", .listener = "two", .port = 25},
	     "connect tempfail: 451 4.3.5 No policy for this listener",
	     CAUSE_NO_LISTENER},
	    {{.port = 25}, "connect tempfail: 451 4.3.0 Client address unknown", CAUSE_NO_CLIENT},
	    {{.client = "203.0.113.1", .port = 25, .no_macros = true},
	     "connect tempfail: 451 4.3.5 The policy service cannot ask for what it needs",
	     CAUSE_NO_MACROS},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct connection connection = told_connection(&rows[i].told);
		struct envelope envelope = {.sender = "<>"};
		struct decision decision;

		session_free(session);
		session = session_new(rules->ruleset);
		decision = session_connect(session, &connection);
		cr_expect_eq(decision.cause, rows[i].cause, "row %zu", i);
		cr_expect_str_eq(told_outcome(session, decision), rows[i].outcome, "row %zu", i);
		cr_expect_str_eq(at_helo("mx.good.example"), rows[i].outcome, "row %zu", i);
		decision = session_mail(session, &envelope);
		cr_expect_eq(decision.cause, rows[i].cause, "row %zu", i);
		cr_expect_str_eq(told_outcome(session, decision), rows[i].outcome, "row %zu", i);
		assert_internal(at_rcpt("<a@ours.example>"), "rcpt");
		cr_expect_null(session_listener(session), "row %zu", i);
	}
}

Test(session, mail_of_the_machine_itself_comes_from_its_loopback_address)
{
	begin_anew("listeners = ( { name = \"machine\"; direction = \"outbound\"; match = { local = true; };\n"
	           "  connection = { mode = \"only\"; clients = [ \"127.0.0.1\" ]; };\n"
	           "  relay = { mode = \"only\"; clients = [ \"127.0.0.1\" ]; }; } );\n");
	cr_expect_str_eq(at_connect((struct told){.local = true}), "accept");
	cr_expect_str_eq(session_listener(session)->name, "machine");
	cr_expect_str_eq(session_texts(session)->texts[FACT_CLIENT], "127.0.0.1");
	cr_expect_str_eq(MAIL(), "accept");
	cr_expect_str_eq(at_rcpt("<a@far.example>"), "accept");
	cr_expect_str_eq(at_data(), "accept");
}

Test(session, what_was_given_is_copied_and_shown_as_it_came)
{
	char name[] = "MX.Good.Example", helo[] = "HELO.Example", user[] = "Alice", mechanism[] = "PLAIN";
	char sender[] = "<\"S\"@Good.Example>", recipient[] = "<@far.example:B@Ours.Example.>";
	const struct reply_texts *texts = session_texts(session);

	cr_assert_str_eq(CONNECT(.client = "::ffff:192.0.2.1", .client_name = name), "accept");
	cr_assert_str_eq(at_helo(helo), "accept");
	cr_assert_str_eq(MAIL(.sender = sender, .user = user, .mechanism = mechanism), "accept");
	cr_assert_str_eq(at_rcpt(recipient), "accept");
	memset(name, 'x', sizeof name);
	memset(helo, 'x', sizeof helo);
	memset(user, 'x', sizeof user);
	memset(mechanism, 'x', sizeof mechanism);
	memset(sender, 'x', sizeof sender);
	memset(recipient, 'x', sizeof recipient);
	cr_expect_str_eq(texts->texts[FACT_CLIENT], "192.0.2.1");
	cr_expect_str_eq(texts->texts[FACT_CLIENT_NAME], "MX.Good.Example");
	cr_expect_str_eq(texts->texts[FACT_HELO], "HELO.Example");
	cr_expect_str_eq(texts->texts[FACT_SENDER], "\"S\"@Good.Example");
	cr_expect_str_eq(texts->texts[FACT_USER], "Alice");
	cr_expect_str_eq(texts->texts[FACT_RECIPIENT], "@far.example:B@Ours.Example.");
	cr_expect_str_eq(texts->texts[FACT_LISTENER], "one");
	cr_assert_str_eq(MAIL(.sender = "<>"), "accept");
	cr_expect_str_eq(texts->texts[FACT_SENDER], "");
}

Test(session, a_reply_is_rendered_with_its_facts_and_cut_to_its_room)
{
	static const char whole[] = "550 5.1.1 no bad@ours.example";
	struct decision decision;
	char text[64] = "x";

	cr_assert_str_eq(CONNECT(), "accept");
	cr_assert_str_eq(MAIL(), "accept");
	decision = session_rcpt(session, "<bad@ours.example>", NULL);
	cr_expect_eq(session_reply(session, &decision, text, sizeof text), strlen(whole));
	cr_expect_str_eq(text, whole);
	cr_expect_eq(session_reply(session, &decision, text, 8), strlen(whole));
	cr_expect_str_eq(text, "550 5.1");
	decision = session_rcpt(session, "<a@ours.example>", NULL);
	cr_expect_eq(session_reply(session, &decision, text, sizeof text), 0);
	cr_expect_str_eq(text, "");
	text[0] = 'x';
	cr_expect_eq(session_reply(session, &decision, text, 0), 0);
	cr_expect_eq(text[0], 'x');
}

Test(session, what_decided_is_named_with_its_line)
{
	struct envelope envelope = {.sender = "<x@bad.example>"};
	struct decision decision;

	cr_assert_str_eq(CONNECT(.client = "192.0.2.1"), "accept");
	decision = session_mail(session, &envelope);
	cr_expect_str_eq(decision.rule, "mail[1]");
	cr_expect_str_eq(decision.by->file, "told.conf");
	cr_expect_eq(decision.by->line, 9);
	cr_assert_str_eq(MAIL(), "accept");
	decision = session_rcpt(session, "<a@far.example>", NULL);
	cr_expect_str_eq(decision.rule, "relay");
	cr_expect_eq(decision.by->line, 15);
	cr_expect_eq(decision.cause, CAUSE_BLOCK);
	decision = session_rcpt(session, "<@>", NULL);
	cr_expect_str_eq(decision.rule, "syntax");
	cr_expect_eq(decision.cause, CAUSE_SYNTAX);
	cr_expect_null(decision.by);
}

Test(session, what_a_name_in_an_example_or_an_option_says)
{
	static const struct {
		const char *text;
		enum client_name_state state;
	} rows[] = {
	    {NULL, CLIENT_NAME_NONE},
	    {"", CLIENT_NAME_NONE},
	    {"unknown", CLIENT_NAME_NONE},
	    {"Unknown", CLIENT_NAME_NONE},
	    {"[TEMPUNAVAIL]", CLIENT_NAME_UNAVAILABLE},
	    {"[tempunavail]", CLIENT_NAME_UNAVAILABLE},
	    {"a", CLIENT_NAME_VERIFIED},
	    {"unknow", CLIENT_NAME_VERIFIED},
	    {"unknown.example", CLIENT_NAME_VERIFIED},
	    {"zzz", CLIENT_NAME_VERIFIED},
	    {"TEMPUNAVAIL", CLIENT_NAME_VERIFIED},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(client_name_state(rows[i].text), rows[i].state, "\"%s\"",
		             rows[i].text != NULL ? rows[i].text : "nothing");
}

Test(session, a_name_that_is_not_verified_is_none)
{
	static const enum client_name_state states[] = {CLIENT_NAME_NONE, CLIENT_NAME_UNAVAILABLE};
	struct connection connection = told_connection(&(struct told){.client = "203.0.113.1", .port = 25});

	connection.client_name = "slow.example";
	for (size_t i = 0; i < 2; i++) {
		connection.client_name_state = states[i];
		session_free(session);
		session = session_new(rules->ruleset);
		session_connect(session, &connection);
		cr_expect_str_eq(session_texts(session)->texts[FACT_CLIENT_NAME], "unknown");
	}
	connection.client_name_state = CLIENT_NAME_NONE;
	cr_expect_str_eq(told_outcome(session, session_connect(session, &connection)), "accept");
	connection.client_name_state = CLIENT_NAME_VERIFIED;
	cr_expect_str_neq(told_outcome(session, session_connect(session, &connection)), "accept");
	connection.client_name = "";
	cr_expect_str_eq(told_outcome(session, session_connect(session, &connection)), "accept");
	cr_expect_str_eq(session_texts(session)->texts[FACT_CLIENT_NAME], "unknown");
}

/* Under the sanitizers nothing is counted. */
Test(session, what_a_message_and_a_recipient_take_is_given_back)
{
	static char helo[2000], sender[6000];
	size_t before = 0;

	memset(helo, 'h', sizeof helo - 1);
	memset(sender, 's', sizeof sender - 1);
	strcpy(sender + sizeof sender - sizeof "@a.example", "@a.example");
	CONNECT(.client = "192.0.2.1");
	for (unsigned round = 0; round < 200; round++) {
		at_helo(round % 2 == 0 ? helo : "short.example");
		cr_assert_str_eq(MAIL(.sender = round % 3 == 0 ? sender : NULL, .user = "alice"), "accept");
		for (unsigned recipient = 0; recipient < 20; recipient++)
			cr_assert_str_eq(at_rcpt(recipient % 3 == 0 ? sender : "a@ours.example"), "accept");
		session_helo(session, NULL);
		if (round == 11)
			before = mallinfo2().uordblks;
	}
	cr_assert_eq(mallinfo2().uordblks, before, "%zu bytes more", mallinfo2().uordblks - before);
}

Test(session, freeing_none)
{
	session_free(NULL);
}
