#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../fake_mta.h"
#include "../fixture.h"
#include "milter/adapter.h"
#include "milter/ledger/decision_log.h"
#include "milter/ledger/ledger.h"
#include "milter/ledger/record.h"
#include "milter/snapshot.h"
#include "policy/arena.h"
#include "rules/fault.h"

static const char text[] =
    "local_domains = [ \"ours.example\" ];\n"
    "listeners = (\n"
    "  { name = \"gate\"; direction = \"outbound\"; match = { port = [ 25 ]; };\n"
    "    connection = { mode = \"all-except\"; clients = [ \"198.51.100.0/24\" ]; };\n"
    "    helo = ( { helo = [ \"liar.example\" ]; verdict = \"tempfail\"; reply = \"450 4.7.0 {helo}\"; } );\n"
    "    mail = ( { name = \"no spam\"; sender = [ \"spam@\" ]; verdict = \"reject\"; } );\n"
    "    relay = { mode = \"only\"; clients = [ \"10.0.0.0/8\" ]; };\n"
    "    data = ( { recipients_over = 2; verdict = \"reject\"; reply = \"550 5.7.1 Too many\"; } ); },\n"
    "  { name = \"machine\"; direction = \"outbound\"; match = { local = true; };\n"
    "    relay = { mode = \"only\"; clients = [ \"127.0.0.1\" ]; }; }\n"
    ");\n";

static char path[] = "/tmp/sallyport-account-XXXXXX";
static struct fake_mta fake;
static struct ledger ledger;
static struct snapshots *snapshots;
static struct adapter *adapter;
static struct arena *arena;
static struct record records[8];
static size_t record_count;

static void begin(void)
{
	struct fault fault;

	close(mkstemp(path));
	fake_mta_init(&fake);
	fixture_log_begin();
	ledger.decisions = decision_log_open(path, NULL, &fault);
	cr_assert_not_null(ledger.decisions);
	cr_assert(decision_log_start(ledger.decisions));
	snapshots = snapshots_new(fixture_rules(text), true);
	adapter = adapter_new(snapshots, &ledger, &fake.mta, true);
	arena = arena_new();
}

static void end(void)
{
	snapshots_free(snapshots);
	arena_free(arena);
	unlink(path);
}

TestSuite(account, .init = begin, .fini = end);

/* Ends the session and reads what was written of it. */
static void finish(void)
{
	FILE *file;
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	adapter_free(adapter);
	decision_log_finish(ledger.decisions, 20000);
	file = fopen(path, "r");
	while ((length = getline(&line, &size, file)) > 0) {
		struct fault fault;

		cr_assert(record_read(line, (size_t)length, arena, &records[record_count], &fault), "%s: %s",
		          fault.text, line);
		record_count++;
	}
	free(line);
	fclose(file);
	cr_assert_eq(decision_log_lost(ledger.decisions), 0);
}

/* "connect=accept:connection helo=accept:- ...": each step with its verdict and rule, a recipient with its address. */
static const char *steps(const struct record *record)
{
	static char all[2048];
	size_t length = 0;

	all[0] = '\0';
	for (size_t i = 0; i < record->step_count; i++) {
		const struct record_step *step = &record->steps[i];

		length += (size_t)snprintf(all + length, sizeof all - length, "%s%s%s%s%s=%s:%s", i > 0 ? " " : "",
		                           stage_name(step->stage), step->recipient != NULL ? "(" : "",
		                           step->recipient != NULL ? step->recipient : "",
		                           step->recipient != NULL ? step->relay ? ",relay)" : ",local)" : "",
		                           verdict_name(step->verdict), step->rule != NULL ? step->rule : "-");
	}
	return all;
}

/* The only record's, or the index-th. */
static void expect(size_t index, enum record_kind kind, enum record_end ended, enum verdict verdict,
                   const char *expected)
{
	const struct record *record = &records[index];

	cr_assert_lt(index, record_count);
	cr_assert_str_eq(steps(record), expected);
	cr_assert_eq(record->kind, kind);
	cr_assert_eq(record->end, ended, "%s", record_end_name(record->end));
	cr_assert_eq(record->verdict, verdict, "%s", verdict_name(record->verdict));
}

static void connect_from(const char *address)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(40000)};

	cr_assert_eq(inet_pton(AF_INET, address, &peer.sin_addr), 1);
	fake_mta_macro(&fake, "{daemon_name}", "inbound");
	fake_mta_macro(&fake, "{daemon_port}", "25");
	fake_mta_macro(&fake, "{daemon_addr}", "192.0.2.25");
	fake_mta_macro(&fake, "{client_resolve}", "FAIL");
	adapter_connect(adapter, "unknown", (struct sockaddr *)&peer);
}

static enum answer mail(const char *sender, const char *parameter)
{
	char *arguments[] = {(char *)sender, (char *)parameter, NULL};

	return adapter_mail(adapter, arguments);
}

static enum answer rcpt(const char *recipient)
{
	char *arguments[] = {(char *)recipient, NULL};

	return adapter_rcpt(adapter, arguments);
}

Test(account, a_whole_message)
{
	const struct record *record = &records[0];

	connect_from("203.0.113.10");
	adapter_helo(adapter, "client.example");
	fake_mta_macro(&fake, "{auth_authen}", "alice");
	fake_mta_macro(&fake, "{auth_type}", "PLAIN");
	fake_mta_macro(&fake, "{tls_version}", "TLSv1.3");
	fake_mta_macro(&fake, "{cipher_bits}", "256");
	cr_assert_eq(mail("<Someone@example.org>", "SIZE=1234"), ANSWER_CONTINUE);
	cr_assert_eq(rcpt("<info@ours.example>"), ANSWER_CONTINUE);
	fake_mta_macro(&fake, "i", "4XYZ");
	cr_assert_eq(rcpt("<test@example.com>"), ANSWER_REJECT);
	cr_assert_eq(adapter_data(adapter), ANSWER_CONTINUE);
	cr_assert_eq(adapter_message_end(adapter), ANSWER_ACCEPT);
	finish();
	cr_assert_eq(record_count, 1);
	expect(0, RECORD_MESSAGE, RECORD_ACCEPTED, VERDICT_REJECT,
	       "connect=accept:connection helo=accept:- mail=accept:- rcpt(info@ours.example,local)=accept:relay "
	       "rcpt(test@example.com,relay)=reject:relay data=accept:-");
	cr_assert_eq(record->message, 1);
	cr_assert_eq(record->generation, 1);
	cr_assert_eq(strlen(record->digest), 64);
	cr_assert_str_eq(record->queue, "4XYZ");
	cr_assert_str_eq(record->listener, "gate");
	cr_assert_eq(record->direction, DIRECTION_OUTBOUND);
	cr_assert_str_eq(record->daemon, "inbound");
	cr_assert_eq(record->port, 25);
	cr_assert(record->has_address && record->has_client && !record->local);
	cr_assert_str_eq(record->client_name, "unknown");
	cr_assert_str_eq(record->helo, "client.example");
	cr_assert_str_eq(record->user, "alice");
	cr_assert_str_eq(record->mechanism, "PLAIN");
	cr_assert_eq(record->tls_bits, 256);
	cr_assert(record->size_declared);
	cr_assert_eq(record->size, 1234);
	cr_assert_str_eq(record->sender, "Someone@example.org");
	cr_assert_str_eq(record->steps[4].reply, "550 5.7.1 Unable to relay for test@example.com");
	cr_assert_not_null(strstr(record->steps[4].by, ":7"), "%s", record->steps[4].by);
}

Test(account, each_message_is_a_record_and_none_has_what_was_another_s)
{
	connect_from("10.0.0.1");
	adapter_helo(adapter, "client.example");
	fake_mta_macro(&fake, "{auth_authen}", "alice");
	mail("<one@example.org>", "SIZE=1");
	fake_mta_macro(&fake, "i", "4ONE");
	rcpt("<info@ours.example>");
	cr_assert_eq(adapter_message_end(adapter), ANSWER_ACCEPT);
	fake_mta_macro(&fake, "{auth_authen}", NULL);
	fake_mta_macro(&fake, "i", NULL);
	mail("<>", NULL);
	rcpt("<far@example.com>");
	cr_assert_eq(adapter_message_end(adapter), ANSWER_ACCEPT);
	finish();
	cr_assert_eq(record_count, 2);
	expect(1, RECORD_MESSAGE, RECORD_ACCEPTED, VERDICT_ACCEPT,
	       "connect=accept:connection helo=accept:- mail=accept:- rcpt(far@example.com,relay)=accept:relay "
	       "data=accept:-");
	cr_assert_str_eq(records[0].session, records[1].session);
	cr_assert_eq(records[1].message, 2);
	cr_assert_str_eq(records[0].user, "alice");
	cr_assert_null(records[1].user);
	cr_assert_null(records[1].queue);
	cr_assert_not(records[1].size_declared);
	cr_assert_str_eq(records[1].sender, "");
}

Test(account, what_a_client_s_address_is_trusted_with_stands_in_the_record)
{
	static const char *const senders[] = {"<one@example.org>", "<\"torn@example.org>", "<one@ours.example>", "<>"};

	connect_from("10.0.0.1");
	for (size_t i = 0; i < 4; i++)
		mail(senders[i], NULL);
	adapter_abort(adapter);
	connect_from("203.0.113.10");
	mail("<one@example.org>", NULL);
	finish();
	cr_assert_eq(record_count, 5);
	for (size_t i = 0; i < 4; i++) {
		cr_assert_str_eq(records[i].trusted, "address");
		cr_assert_eq(records[i].outside, i == 0, "%s", senders[i]);
	}
	cr_assert_null(records[4].trusted);
	cr_assert_not(records[4].outside);
}

Test(account, a_refusal_before_mail_is_the_first_of_the_record)
{
	connect_from("198.51.100.7");
	adapter_helo(adapter, "liar.example");
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_REJECT);
	cr_assert_eq(mail("<spam@example.org>", NULL), ANSWER_REJECT);
	finish();
	cr_assert_eq(record_count, 2);
	for (size_t i = 0; i < 2; i++) {
		expect(i, RECORD_MESSAGE, RECORD_REFUSED, VERDICT_REJECT, "connect=reject:connection");
		cr_assert_str_eq(records[i].steps[0].reply, "550 5.7.1 Access denied for 198.51.100.7");
	}
}

Test(account, a_refused_helo_has_its_reply_and_connect_none)
{
	connect_from("203.0.113.10");
	adapter_helo(adapter, "liar.example");
	cr_assert_eq(mail("<someone@example.org>", NULL), ANSWER_TEMPFAIL);
	finish();
	expect(0, RECORD_MESSAGE, RECORD_REFUSED, VERDICT_TEMPFAIL, "connect=accept:connection helo=tempfail:helo[1]");
	cr_assert_null(records[0].steps[0].reply);
	cr_assert_str_eq(records[0].steps[1].reply, "450 4.7.0 liar.example");
}

Test(account, a_session_refused_without_a_mail_is_a_record)
{
	connect_from("198.51.100.7");
	adapter_helo(adapter, "x.example");
	finish();
	cr_assert_eq(record_count, 1);
	expect(0, RECORD_SESSION, RECORD_REFUSED, VERDICT_REJECT, "connect=reject:connection");
	cr_assert_eq(records[0].message, 0);
	cr_assert_null(records[0].sender);
	cr_assert_null(records[0].steps[0].reply);
	cr_assert_str_eq(records[0].helo, "x.example");
}

Test(account, a_session_that_was_not_refused_and_sent_nothing_is_none)
{
	connect_from("203.0.113.10");
	adapter_helo(adapter, "x.example");
	finish();
	cr_assert_eq(record_count, 0);
}

Test(account, what_the_client_gives_up_is_abandoned)
{
	connect_from("203.0.113.10");
	mail("<one@example.org>", NULL);
	adapter_abort(adapter);
	adapter_abort(adapter);
	mail("<two@example.org>", NULL);
	rcpt("<info@ours.example>");
	mail("<three@example.org>", NULL);
	rcpt("<info@ours.example>");
	adapter_helo(adapter, "again.example");
	mail("<four@example.org>", NULL);
	rcpt("<info@ours.example>");
	adapter_data(adapter);
	finish();
	cr_assert_eq(record_count, 4);
	expect(0, RECORD_MESSAGE, RECORD_ABANDONED, VERDICT_ACCEPT,
	       "connect=accept:connection helo=accept:- mail=accept:-");
	cr_assert_null(records[0].helo);
	for (size_t i = 1; i < 4; i++)
		cr_assert_eq(records[i].end, RECORD_ABANDONED);
	cr_assert_str_eq(records[3].helo, "again.example");
}

Test(account, a_message_of_which_nothing_was_accepted_is_refused)
{
	connect_from("203.0.113.10");
	mail("<spam@example.org>", NULL);
	mail("<one@example.org>", NULL);
	rcpt("<test@example.com>");
	rcpt("<>");
	adapter_abort(adapter);
	finish();
	cr_assert_eq(record_count, 2);
	expect(0, RECORD_MESSAGE, RECORD_REFUSED, VERDICT_REJECT,
	       "connect=accept:connection helo=accept:- mail=reject:no spam");
	expect(1, RECORD_MESSAGE, RECORD_REFUSED, VERDICT_REJECT,
	       "connect=accept:connection helo=accept:- mail=accept:- rcpt(test@example.com,relay)=reject:relay "
	       "rcpt(,relay)=reject:syntax");
	cr_assert_str_eq(records[1].steps[4].cause, "syntax");
}

Test(account, a_message_refused_at_data_is_refused)
{
	connect_from("203.0.113.10");
	mail("<one@example.org>", NULL);
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(rcpt("<info@ours.example>"), ANSWER_CONTINUE);
	cr_assert_eq(adapter_data(adapter), ANSWER_REJECT);
	finish();
	cr_assert_eq(records[0].end, RECORD_REFUSED);
	cr_assert_eq(records[0].step_count, 7);
	cr_assert_str_eq(records[0].steps[6].reply, "550 5.7.1 Too many");
}

Test(account, many_recipients)
{
	connect_from("203.0.113.10");
	mail("<one@example.org>", NULL);
	for (unsigned i = 0; i < 1000; i++) {
		char recipient[64];

		snprintf(recipient, sizeof recipient, "<user%u@ours.example>", i);
		rcpt(recipient);
	}
	finish();
	cr_assert_eq(records[0].step_count, 1003);
	cr_assert_str_eq(records[0].steps[1002].recipient, "user999@ours.example");
	cr_assert_str_eq(records[0].steps[3].recipient, "user0@ours.example");
}

Test(account, what_the_mta_made_of_an_address_is_written_where_it_differs)
{
	connect_from("203.0.113.10");
	mail("<one@example.org>", NULL);
	fake_mta_macro(&fake, "{rcpt_addr}", "info@ours.example");
	rcpt("<info@ours.example>");
	fake_mta_macro(&fake, "{rcpt_addr}", "elsewhere@example.com");
	rcpt("<info@ours.example>");
	fake_mta_macro(&fake, "{rcpt_addr}", "a@b.example");
	rcpt("<a%b.example@ours.example>");
	finish();
	cr_assert_null(records[0].steps[3].resolved);
	cr_assert_null(records[0].steps[3].reading);
	cr_assert_str_eq(records[0].steps[4].resolved, "elsewhere@example.com");
	cr_assert(records[0].steps[4].relay);
	cr_assert_str_eq(records[0].steps[5].resolved, "a@b.example");
	cr_assert_str_eq(records[0].steps[5].reading, "a@b.example");
}

Test(account, mail_of_the_machine_itself)
{
	adapter_connect(adapter, "localhost", NULL);
	mail("root@ours.example", NULL);
	rcpt("test@example.com");
	adapter_message_end(adapter);
	finish();
	cr_assert(records[0].local && records[0].has_client);
	cr_assert_str_eq(records[0].listener, "machine");
	cr_assert_eq(records[0].client.bytes[0], 127);
}

Test(account, no_listener)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xcb00710a)};

	fake_mta_macro(&fake, "{daemon_port}", "26");
	adapter_connect(adapter, "unknown", (struct sockaddr *)&peer);
	cr_assert_eq(mail("<one@example.org>", NULL), ANSWER_TEMPFAIL);
	finish();
	expect(0, RECORD_MESSAGE, RECORD_REFUSED, VERDICT_TEMPFAIL, "connect=tempfail:-");
	cr_assert_null(records[0].listener);
	cr_assert_str_eq(records[0].steps[0].cause, "no listener");
	cr_assert_str_eq(records[0].steps[0].reply, "451 4.3.5 No policy for this listener");
}
