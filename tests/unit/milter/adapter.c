#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "fake_mta.h"
#include "fixture.h"
#include "milter/adapter.h"
#include "milter/ledger/ledger.h"
#include "milter/snapshot.h"
#include "policy/limits.h"

static const char text[] =
    "local_domains = [ \"ours.example\" ];\n"
    "listeners = (\n"
    "  { name = \"machine\"; direction = \"outbound\"; match = { local = true; };\n"
    "    relay = { mode = \"only\"; clients = [ \"127.0.0.1\" ]; }; },\n"
    "  { name = \"gate\"; direction = \"inbound\"; match = { port = [ 25 ]; };\n"
    "    connection = { mode = \"all-except\"; clients = [ \"198.51.100.0/24\" ]; names = [ \"bad.example\" ]; };\n"
    "    helo = ( { helo = [ \"liar.example\" ]; verdict = \"tempfail\"; reply = \"450 4.7.0 100% {helo}\"; } );\n"
    "    mail = ( { size_over = 1000; verdict = \"reject\"; reply = \"552 5.3.4 Too large\"; },\n"
    "             { sender = [ \"long@\" ]; verdict = \"reject\"; reply = \"550 5.7.1 "
    "{helo}{helo}{helo}\\n{helo}{helo}{helo}\"; },"
    "             { tls = 100; sender = [ \"tls@\" ]; verdict = \"reject\"; reply = \"550 5.7.1 tls\"; } );\n"
    "    relay = { mode = \"only\"; clients = [ \"10.0.0.0/8\" ]; authenticated = true; };\n"
    "    data = ( { recipients_over = 2; verdict = \"reject\"; reply = \"550 5.7.1 Too many\"; } ); },\n"
    "  { name = \"far\"; direction = \"inbound\"; match = { port = [ 26 ]; address = [ \"192.0.2.25\" ]; }; }\n"
    ");\n";

static const struct ledger nothing_written;
static struct fake_mta fake;
static struct snapshots *snapshots;
static struct adapter *adapter;

static void begin(void)
{
	fake_mta_init(&fake);
	snapshots = snapshots_new(fixture_rules(text), false);
	adapter = adapter_new(snapshots, &nothing_written, &fake.mta, true);
	fixture_log_begin();
}

/* Ends the session and returns the log. */
static char *finish(void)
{
	adapter_free(adapter);
	adapter = NULL;
	return fixture_log_end();
}

static void end(void)
{
	if (adapter != NULL)
		free(finish());
	snapshots_free(snapshots);
}

TestSuite(adapter, .init = begin, .fini = end);

static struct sockaddr_in ipv4(const char *address, uint16_t port)
{
	struct sockaddr_in result = {.sin_family = AF_INET, .sin_port = htons(port)};

	cr_assert_eq(inet_pton(AF_INET, address, &result.sin_addr), 1);
	return result;
}

/* A client at the listener "gate", with no verified name. */
static void connect_from(const char *address)
{
	struct sockaddr_in peer = ipv4(address, 40000);

	fake_mta_macro(&fake, "{daemon_port}", "25");
	fake_mta_macro(&fake, "{daemon_addr}", "192.0.2.25");
	fake_mta_macro(&fake, "{client_resolve}", "FAIL");
	adapter_connect(adapter, "unknown", (struct sockaddr *)&peer);
}

static enum answer mail(const char *sender, const char *parameter)
{
	char *arguments[] = {(char *)sender, (char *)parameter, NULL};

	fake.reply[0] = '\0';
	return adapter_mail(adapter, arguments);
}

static enum answer rcpt(const char *recipient)
{
	char *arguments[] = {(char *)recipient, NULL};

	fake.reply[0] = '\0';
	return adapter_rcpt(adapter, arguments);
}

Test(adapter, a_whole_session_is_judged)
{
	connect_from("203.0.113.10");
	adapter_helo(adapter, "client.example");
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_CONTINUE);
	cr_assert_eq(rcpt("<info@ours.example>"), ANSWER_CONTINUE);
	cr_assert_eq(rcpt("<test@example.com>"), ANSWER_REJECT);
	cr_assert_str_eq(fake.reply, "550 5.7.1 Unable to relay for test@example.com");
	cr_assert_eq(adapter_data(adapter), ANSWER_ACCEPT);
}

Test(adapter, a_long_reply_is_given_and_logged_whole)
{
	char helo[LIMIT_PLACEHOLDER + 1];
	char three[sizeof helo * 3];
	char expected[sizeof three * 2 + 64];
	char *log;

	memset(helo, 'x', sizeof helo - 1);
	helo[sizeof helo - 1] = '\0';
	connect_from("203.0.113.10");
	adapter_helo(adapter, helo);
	cr_assert_eq(mail("<long@example.org>", NULL), ANSWER_REJECT);
	snprintf(three, sizeof three, "%s%s%s", helo, helo, helo);
	snprintf(expected, sizeof expected, "550 5.7.1 %s\n550 5.7.1 %s", three, three);
	cr_assert_str_eq(fake.reply, expected);
	log = finish();
	cr_assert_eq(fixture_count(log, three), 1, "%s", log);
	free(log);
}

Test(adapter, a_refusal_is_one_line_of_the_log)
{
	char *log;

	connect_from("203.0.113.10");
	adapter_helo(adapter, "client.example");
	mail("<>", NULL);
	fake_mta_macro(&fake, "i", "4XYZ");
	cr_assert_eq(rcpt("<test@example.com>"), ANSWER_REJECT);
	log = finish();
	cr_assert_eq(fixture_count(log, "\n"), 1, "%s", log);
	cr_assert_eq(strncmp(log, "refused session=", 16), 0, "%s", log);
	static const char *const parts[] = {
	    " listener=gate ",
	    " stage=rcpt ",
	    " verdict=reject ",
	    " rule=\"relay\" ",
	    ":10 ",
	    " cause=block ",
	    " client=203.0.113.10 ",
	    " client_name=unknown ",
	    " helo=client.example ",
	    " sender=<> ",
	    " recipient=test@example.com ",
	    " queue=4XYZ ",
	    " reply=\"550 5.7.1 Unable to relay for test@example.com\"\n",
	};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		cr_assert_not_null(strstr(log, parts[i]), "%s in %s", parts[i], log);
	cr_assert_null(strstr(log, "resolved="), "%s", log);
	free(log);
}

Test(adapter, what_the_mta_made_of_a_recipient_is_logged_where_it_decided)
{
	char *log;

	connect_from("203.0.113.10");
	mail("<someone@example.org>", NULL);
	fake_mta_macro(&fake, "{rcpt_addr}", "user@elsewhere.example");
	cr_assert_eq(rcpt("<alias@ours.example>"), ANSWER_REJECT);
	cr_assert_str_eq(fake.reply, "550 5.7.1 Unable to relay for user@elsewhere.example");
	fake_mta_macro(&fake, "{rcpt_addr}", "info@ours.example");
	cr_assert_eq(rcpt("<info@ours.example>"), ANSWER_CONTINUE);
	log = finish();
	cr_assert_not_null(strstr(log, " recipient=alias@ours.example resolved=user@elsewhere.example "), "%s", log);
	free(log);
}

Test(adapter, a_refusal_at_connect_is_the_answer_to_every_mail)
{
	char *log;

	connect_from("198.51.100.7");
	adapter_helo(adapter, "client.example");
	for (unsigned i = 0; i < 3; i++) {
		cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_REJECT);
		cr_assert_str_eq(fake.reply, "550 5.7.1 Access denied for 198.51.100.7");
		adapter_abort(adapter);
	}
	log = finish();
	cr_assert_eq(fixture_count(log, "refused "), 3, "%s", log);
	cr_assert_eq(fixture_count(log, " stage=connect "), 3, "%s", log);
	free(log);
}

Test(adapter, a_refusal_at_helo_lasts_until_the_next_helo)
{
	connect_from("203.0.113.10");
	adapter_helo(adapter, "liar.example");
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_TEMPFAIL);
	cr_assert_str_eq(fake.reply, "450 4.7.0 100%% liar.example");
	adapter_helo(adapter, "client.example");
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_CONTINUE);
}

Test(adapter, a_name_that_cannot_be_looked_up_is_a_reason_to_wait)
{
	struct sockaddr_in peer = ipv4("203.0.113.10", 40000);

	fake_mta_macro(&fake, "{daemon_port}", "25");
	fake_mta_macro(&fake, "{client_resolve}", "TEMP");
	adapter_connect(adapter, "[203.0.113.10]", (struct sockaddr *)&peer);
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_TEMPFAIL);
	cr_assert_eq(strncmp(fake.reply, "450 4.7.1 ", 10), 0, "%s", fake.reply);
}

Test(adapter, only_a_verified_name_counts)
{
	struct sockaddr_in peer = ipv4("203.0.113.10", 40000);

	fake_mta_macro(&fake, "{daemon_port}", "25");
	fake_mta_macro(&fake, "{client_resolve}", "OK");
	adapter_connect(adapter, "bad.example", (struct sockaddr *)&peer);
	cr_assert_eq(mail("<>", NULL), ANSWER_REJECT);
	fake_mta_macro(&fake, "{client_resolve}", "FORGED");
	adapter_connect(adapter, "bad.example", (struct sockaddr *)&peer);
	cr_assert_eq(mail("<>", NULL), ANSWER_CONTINUE);
}

Test(adapter, login_is_read_anew_at_every_mail)
{
	connect_from("203.0.113.10");
	fake_mta_macro(&fake, "{auth_authen}", "alice");
	fake_mta_macro(&fake, "{auth_type}", "PLAIN");
	mail("<alice@ours.example>", NULL);
	cr_assert_eq(rcpt("<test@example.com>"), ANSWER_CONTINUE);
	fake_mta_macro(&fake, "{auth_authen}", NULL);
	fake_mta_macro(&fake, "{auth_type}", NULL);
	mail("<alice@ours.example>", NULL);
	cr_assert_eq(rcpt("<test@example.com>"), ANSWER_REJECT);
	fake_mta_macro(&fake, "{auth_authen}", "");
	fake_mta_macro(&fake, "{auth_type}", "ANONYMOUS");
	mail("<alice@ours.example>", NULL);
	cr_assert_eq(rcpt("<test@example.com>"), ANSWER_REJECT);
}

Test(adapter, tls_is_read_anew_at_every_mail)
{
	connect_from("203.0.113.10");
	cr_assert_eq(mail("<tls@example.org>", NULL), ANSWER_CONTINUE);
	fake_mta_macro(&fake, "{tls_version}", "TLSv1.3");
	fake_mta_macro(&fake, "{cipher_bits}", "256");
	cr_assert_eq(mail("<tls@example.org>", NULL), ANSWER_REJECT);
	fake_mta_macro(&fake, "{cipher_bits}", NULL);
	cr_assert_eq(mail("<tls@example.org>", NULL), ANSWER_CONTINUE);
}

Test(adapter, the_declared_size_is_a_number_or_none)
{
	static const struct {
		const char *parameter;
		enum answer answer;
	} rows[] = {
	    {"SIZE=1000", ANSWER_CONTINUE},
	    {"SIZE=1001", ANSWER_REJECT},
	    {"size=1001", ANSWER_REJECT},
	    {"SIZE=18446744073709551615", ANSWER_REJECT},
	    {"SIZE=18446744073709551616", ANSWER_REJECT},
	    {"SIZE=99999999999999999999999999", ANSWER_REJECT},
	    {"SIZE=", ANSWER_CONTINUE},
	    {"SIZE", ANSWER_CONTINUE},
	    {"SIZE=-1", ANSWER_CONTINUE},
	    {"SIZE=9999x", ANSWER_CONTINUE},
	    {"SIZE= 9999", ANSWER_CONTINUE},
	    {"XSIZE=9999", ANSWER_CONTINUE},
	    {"BODY=8BITMIME", ANSWER_CONTINUE},
	};

	connect_from("203.0.113.10");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_assert_eq(mail("<someone@example.org>", rows[i].parameter), rows[i].answer, "%s", rows[i].parameter);
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_CONTINUE,
	             "the size of an earlier message is forgotten");
}

Test(adapter, recipients_are_counted_for_each_message)
{
	connect_from("10.0.0.1");
	for (unsigned message = 0; message < 2; message++) {
		mail("<someone@example.org>", NULL);
		for (unsigned i = 0; i < 3; i++)
			cr_assert_eq(rcpt("<info@ours.example>"), ANSWER_CONTINUE);
		fake.reply[0] = '\0';
		cr_assert_eq(adapter_data(adapter), ANSWER_REJECT);
		cr_assert_str_eq(fake.reply, "550 5.7.1 Too many");
	}
	for (unsigned message = 0; message < 2; message++) {
		mail("<someone@example.org>", NULL);
		cr_assert_eq(rcpt("<info@ours.example>"), ANSWER_CONTINUE);
		cr_assert_eq(rcpt("<test@example.com>"), ANSWER_CONTINUE);
		cr_assert_eq(adapter_data(adapter), ANSWER_ACCEPT);
	}
}

/* Goes on with a session of its own, of a daemon that keeps a ledger of messages. */
static void begin_with_ledger(void)
{
	free(finish());
	snapshots_free(snapshots);
	snapshots = snapshots_new(fixture_rules(text), true);
	adapter = adapter_new(snapshots, &nothing_written, &fake.mta, true);
	fixture_log_begin();
	cr_assert(adapter_needs(adapter)->message_end);
	connect_from("10.0.0.1");
}

Test(adapter, a_message_whose_end_is_wanted_goes_on_to_its_end)
{
	begin_with_ledger();
	for (unsigned message = 0; message < 2; message++) {
		mail("<someone@example.org>", NULL);
		cr_assert_eq(rcpt("<info@ours.example>"), ANSWER_CONTINUE);
		cr_assert_eq(adapter_data(adapter), ANSWER_CONTINUE);
		cr_assert_eq(adapter_message_end(adapter), ANSWER_ACCEPT);
		cr_assert_eq(rcpt("<info@ours.example>"), ANSWER_TEMPFAIL, "the message is over");
	}
}

Test(adapter, a_message_whose_end_is_wanted_is_judged_at_data_all_the_same)
{
	begin_with_ledger();
	mail("<someone@example.org>", NULL);
	for (unsigned i = 0; i < 3; i++)
		rcpt("<info@ours.example>");
	cr_assert_eq(adapter_data(adapter), ANSWER_REJECT);
}

Test(adapter, a_message_that_does_not_come_to_its_end_leaves_nothing_for_the_next)
{
	begin_with_ledger();
	for (unsigned way = 0; way < 2; way++) {
		mail("<someone@example.org>", NULL);
		rcpt("<info@ours.example>");
		cr_assert_eq(adapter_data(adapter), ANSWER_CONTINUE);
		if (way == 0)
			adapter_abort(adapter);
		mail("<someone@example.org>", NULL);
		for (unsigned i = 0; i < 3; i++)
			rcpt("<info@ours.example>");
		cr_assert_eq(adapter_message_end(adapter), ANSWER_REJECT, "it was judged before");
	}
}

Test(adapter, a_message_whose_data_was_not_told_is_judged_at_its_end)
{
	connect_from("10.0.0.1");
	for (unsigned recipients = 2; recipients < 4; recipients++) {
		mail("<someone@example.org>", NULL);
		for (unsigned i = 0; i < recipients; i++)
			rcpt("<info@ours.example>");
		cr_assert_eq(adapter_message_end(adapter), recipients == 2 ? ANSWER_ACCEPT : ANSWER_REJECT);
	}
}

Test(adapter, abort_may_come_at_any_time)
{
	adapter_abort(adapter);
	connect_from("203.0.113.10");
	adapter_abort(adapter);
	adapter_helo(adapter, "client.example");
	adapter_abort(adapter);
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_CONTINUE);
	adapter_abort(adapter);
	adapter_abort(adapter);
	cr_assert_eq(rcpt("<info@ours.example>"), ANSWER_TEMPFAIL, "the message is over");
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_CONTINUE);
	cr_assert_eq(rcpt("<info@ours.example>"), ANSWER_CONTINUE);
	adapter_abort(adapter);
	cr_assert_eq(adapter_data(adapter), ANSWER_TEMPFAIL, "the message is over");
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_CONTINUE);
	cr_assert_eq(rcpt("<info@ours.example>"), ANSWER_CONTINUE);
	cr_assert_eq(adapter_data(adapter), ANSWER_ACCEPT);
	adapter_abort(adapter);
}

Test(adapter, mail_twice_begins_a_new_message)
{
	connect_from("203.0.113.10");
	mail("<one@example.org>", NULL);
	rcpt("<info@ours.example>");
	cr_assert_eq(mail("<two@example.org>", NULL), ANSWER_CONTINUE);
	cr_assert_eq(adapter_data(adapter), ANSWER_TEMPFAIL, "the first one's recipient does not count");
}

Test(adapter, events_out_of_order_are_refused_for_now_and_logged)
{
	char *log;

	adapter_helo(adapter, "client.example");
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_TEMPFAIL);
	cr_assert_eq(fake.reply[0], '4', "%s", fake.reply);
	cr_assert_eq(rcpt("<info@ours.example>"), ANSWER_TEMPFAIL);
	cr_assert_eq(adapter_data(adapter), ANSWER_TEMPFAIL);
	log = finish();
	cr_assert_eq(fixture_count(log, "error: "), 3, "%s", log);
	cr_assert_eq(fixture_count(log, "refused "), 3, "%s", log);
	free(log);
}

Test(adapter, an_event_without_arguments_is_refused_for_now)
{
	char *none[] = {NULL};

	connect_from("203.0.113.10");
	cr_assert_eq(adapter_mail(adapter, none), ANSWER_TEMPFAIL);
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_CONTINUE);
	cr_assert_eq(adapter_rcpt(adapter, none), ANSWER_TEMPFAIL);
}

Test(adapter, a_connection_may_be_closed_without_an_event)
{
	char *log = finish();

	cr_assert_str_eq(log, "");
	free(log);
	adapter_free(NULL);
	fixture_log_begin();
	adapter = adapter_new(snapshots, &nothing_written, &fake.mta, true);
}

Test(adapter, an_mta_that_cannot_be_asked_for_macros_is_not_judged_by)
{
	char *log;

	adapter_free(adapter);
	adapter = adapter_new(snapshots, &nothing_written, &fake.mta, false);
	connect_from("10.0.0.1");
	adapter_helo(adapter, "client.example");
	for (unsigned i = 0; i < 2; i++) {
		cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_TEMPFAIL);
		cr_assert_eq(strncmp(fake.reply, "451 4.3.5 ", 10), 0, "%s", fake.reply);
	}
	log = finish();
	cr_assert_eq(fixture_count(log, "SMFIF_SETSYMLIST"), 1, "%s", log);
	free(log);
}

Test(adapter, a_connection_that_no_listener_takes_says_what_came)
{
	struct sockaddr_in peer = ipv4("203.0.113.10", 40000);
	char *log;

	fake_mta_macro(&fake, "{daemon_port}", "2525");
	fake_mta_macro(&fake, "{daemon_name}", "some name");
	fake_mta_macro(&fake, "{daemon_addr}", "192.0.2.25");
	adapter_connect(adapter, "unknown", (struct sockaddr *)&peer);
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_TEMPFAIL);
	cr_assert_str_eq(fake.reply, "451 4.3.5 No policy for this listener");
	log = finish();
	cr_assert_not_null(strstr(log, " daemon=\"some name\" address=192.0.2.25 port=2525 "), "%s", log);
	free(log);
}

Test(adapter, a_listener_is_found_by_the_address_that_the_client_reached)
{
	struct sockaddr_in peer = ipv4("203.0.113.10", 40000);

	fake_mta_macro(&fake, "{daemon_port}", "26");
	fake_mta_macro(&fake, "{daemon_addr}", "0.0.0.0");
	fake_mta_macro(&fake, "{if_addr}", "192.0.2.25");
	adapter_connect(adapter, "unknown", (struct sockaddr *)&peer);
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_CONTINUE);
	fake_mta_macro(&fake, "{if_addr}", "192.0.2.26");
	adapter_connect(adapter, "unknown", (struct sockaddr *)&peer);
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_TEMPFAIL);
}

/* Connects, and returns whether the session was taken as submitted on the machine itself: only there may it relay. */
static bool is_local(const char *host, const struct sockaddr *peer)
{
	adapter_connect(adapter, host, peer);
	return mail("<root@ours.example>", NULL) == ANSWER_CONTINUE && rcpt("<test@example.com>") == ANSWER_CONTINUE;
}

Test(adapter, mail_submitted_on_the_machine_is_known_by_what_it_lacks)
{
	struct sockaddr_in postfix = ipv4("127.0.0.1", 0);

	cr_assert(is_local("localhost", NULL), "Sendmail -bs");
	fake_mta_macro(&fake, "i", "4ABC");
	cr_assert(is_local("localhost", (struct sockaddr *)&postfix), "Postfix non_smtpd_milters");
}

Test(adapter, nothing_else_is_submitted_on_the_machine)
{
	struct sockaddr_in client = ipv4("203.0.113.10", 40000);
	struct sockaddr_in portless = ipv4("203.0.113.10", 0);
	struct sockaddr_in loopback = ipv4("127.0.0.1", 40000);
	struct sockaddr_in other_loopback = ipv4("127.0.0.2", 0);
	struct sockaddr_in postfix = ipv4("127.0.0.1", 0);
	struct sockaddr_un unix_peer = {.sun_family = AF_UNIX};
	struct sockaddr strange = {.sa_family = AF_APPLETALK};

	cr_assert_not(is_local("localhost", (struct sockaddr *)&postfix), "a proxy that says 0 for every port");
	fake_mta_macro(&fake, "i", "4ABC");
	cr_assert_not(is_local("localhost", (struct sockaddr *)&client), "a client whose name says localhost");
	cr_assert_not(is_local("localhost", (struct sockaddr *)&portless));
	cr_assert_not(is_local("localhost", (struct sockaddr *)&loopback), "a client on the machine");
	cr_assert_not(is_local("localhost", (struct sockaddr *)&other_loopback));
	cr_assert_not(is_local("mail.example", (struct sockaddr *)&postfix));
	cr_assert_not(is_local("localhost", (struct sockaddr *)&unix_peer));
	cr_assert_not(is_local("localhost", &strange));
	cr_assert_not(is_local("unknown", NULL));
	cr_assert_not(is_local(NULL, NULL));
	fake_mta_macro(&fake, "{daemon_port}", "587");
	cr_assert_not(is_local("localhost", (struct sockaddr *)&postfix), "a listener has a port");
}

Test(adapter, without_an_address_nobody_is_judged)
{
	struct sockaddr_un unix_peer = {.sun_family = AF_UNIX};

	fake_mta_macro(&fake, "{daemon_port}", "25");
	adapter_connect(adapter, "unknown", NULL);
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_TEMPFAIL);
	cr_assert_str_eq(fake.reply, "451 4.3.0 Client address unknown");
	adapter_connect(adapter, "somewhere", (struct sockaddr *)&unix_peer);
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_TEMPFAIL);
	cr_assert_str_eq(fake.reply, "451 4.3.0 Client address unknown");
}

Test(adapter, a_mapped_address_is_the_ipv4_address_that_it_stands_for)
{
	struct sockaddr_in6 peer = {.sin6_family = AF_INET6, .sin6_port = htons(40000)};

	cr_assert_eq(inet_pton(AF_INET6, "::ffff:198.51.100.7", &peer.sin6_addr), 1);
	fake_mta_macro(&fake, "{daemon_port}", "25");
	adapter_connect(adapter, "unknown", (struct sockaddr *)&peer);
	cr_assert_eq(mail("<>", NULL), ANSWER_REJECT);
	cr_assert_str_eq(fake.reply, "550 5.7.1 Access denied for 198.51.100.7");
}

Test(adapter, a_reply_that_the_mta_does_not_take_is_still_a_refusal)
{
	char *log;

	connect_from("198.51.100.7");
	fake.reply_refused = true;
	cr_assert_eq(mail("<>", NULL), ANSWER_REJECT);
	log = finish();
	cr_assert_not_null(strstr(log, "in its own words"), "%s", log);
	free(log);
}

Test(adapter, a_session_keeps_the_rules_that_it_began_with)
{
	connect_from("203.0.113.10");
	snapshots_replace(snapshots, fixture_rules("listeners = ( { name = \"closed\"; direction = \"inbound\";\n"
	                                           "mail = ( { verdict = \"reject\"; } ); } );"));
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_CONTINUE);
	adapter_free(adapter);
	adapter = adapter_new(snapshots, &nothing_written, &fake.mta, true);
	connect_from("203.0.113.10");
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_REJECT);
}

Test(adapter, every_session_has_an_id_of_its_own)
{
	struct adapter *other = adapter_new(snapshots, &nothing_written, &fake.mta, true);
	char *none[] = {NULL};
	char first[64], second[64];
	char *log;

	adapter_mail(adapter, none);
	adapter_mail(other, none);
	adapter_free(other);
	log = finish();
	cr_assert_eq(sscanf(strstr(log, "refused session="), "refused session=%63s", first), 1);
	cr_assert_eq(
	    sscanf(strstr(strstr(log, "refused session=") + 1, "refused session="), "refused session=%63s", second), 1);
	cr_assert_str_neq(first, second);
	free(log);
}
