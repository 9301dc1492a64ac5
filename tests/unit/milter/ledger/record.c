#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "milter/ledger/record.h"
#include "policy/arena.h"
#include "rules/fault.h"

static struct arena *arena;

static void begin(void)
{
	arena = arena_new();
	cr_assert_not_null(arena);
}

static void end(void)
{
	arena_free(arena);
}

TestSuite(record, .init = begin, .fini = end);

/* A record with everything that one can have. */
static struct record whole(void)
{
	static const struct record_step steps[] = {
	    {.stage = STAGE_CONNECT, .verdict = VERDICT_ACCEPT, .rule = "connection", .by = "gateway.conf:26"},
	    {.stage = STAGE_MAIL, .verdict = VERDICT_ACCEPT, .rule = "auth", .by = "gateway.conf:27"},
	    {.stage = STAGE_RCPT, .verdict = VERDICT_ACCEPT, .recipient = "info@ours.example"},
	    {.stage = STAGE_RCPT,
	     .verdict = VERDICT_REJECT,
	     .recipient = "a%b@ours.example",
	     .resolved = "a@b",
	     .reading = "a@b",
	     .relay = true,
	     .rule = "relay",
	     .by = "gateway.conf:28",
	     .reply = "550-5.7.1 No\n550 5.7.1 \"relay\""},
	    {.stage = STAGE_RCPT,
	     .verdict = VERDICT_REJECT,
	     .recipient = "",
	     .relay = true,
	     .cause = "address syntax",
	     .reply = "501 5.1.3 Bad recipient address syntax"},
	};
	struct record record = {
	    .kind = RECORD_MESSAGE,
	    .end = RECORD_ABANDONED,
	    .verdict = VERDICT_REJECT,
	    .time = 1790000000123,
	    .session = "k3x-1",
	    .message = 2,
	    .queue = "4ABC",
	    .generation = 3,
	    .digest = "00ff",
	    .microseconds = 17,
	    .listener = "outbound",
	    .direction = DIRECTION_OUTBOUND,
	    .local = true,
	    .daemon = "submission",
	    .port = 587,
	    .has_address = true,
	    .address = address_loopback(ADDRESS_IPV6),
	    .has_client = true,
	    .client = address_loopback(ADDRESS_IPV4),
	    .client_name = "unknown",
	    .helo = "[192.0.2.1]",
	    .user = "alice",
	    .mechanism = "PLAIN",
	    .tls_bits = 256,
	    .size_declared = true,
	    .size = 0,
	    .sender = "",
	    .reading = "x@y",
	    .hashed = true,
	    .steps = steps,
	    .step_count = sizeof steps / sizeof *steps,
	};

	return record;
}

static const char whole_line[] =
    "{\"v\":1,\"time\":\"2026-09-21T14:13:20.123Z\",\"kind\":\"message\",\"session\":\"k3x-1\",\"message\":2,"
    "\"queue\":\"4ABC\",\"generation\":3,\"digest\":\"00ff\",\"microseconds\":17,\"listener\":\"outbound\","
    "\"direction\":\"outbound\",\"local\":true,\"daemon\":\"submission\",\"port\":587,\"address\":\"::1\","
    "\"client\":\"127.0.0.1\",\"client_name\":\"unknown\",\"helo\":\"[192.0.2.1]\",\"user\":\"alice\","
    "\"mechanism\":\"PLAIN\",\"tls\":256,\"size\":0,\"sender\":\"<>\",\"read_as\":\"x@y\",\"hashed\":true,"
    "\"verdict\":\"reject\",\"end\":\"abandoned\",\"stages\":["
    "{\"stage\":\"connect\",\"verdict\":\"accept\",\"rule\":\"connection\",\"by\":\"gateway.conf:26\"},"
    "{\"stage\":\"mail\",\"verdict\":\"accept\",\"rule\":\"auth\",\"by\":\"gateway.conf:27\"},"
    "{\"stage\":\"rcpt\",\"recipient\":\"info@ours.example\",\"verdict\":\"accept\",\"relay\":false},"
    "{\"stage\":\"rcpt\",\"recipient\":\"a%b@ours.example\",\"resolved\":\"a@b\",\"read_as\":\"a@b\","
    "\"relay\":true,\"verdict\":\"reject\",\"rule\":\"relay\",\"by\":\"gateway.conf:28\","
    "\"reply\":\"550-5.7.1 No\\n550 5.7.1 \\\"relay\\\"\"},"
    "{\"stage\":\"rcpt\",\"recipient\":\"<>\",\"relay\":true,\"verdict\":\"reject\",\"cause\":\"address syntax\","
    "\"reply\":\"501 5.1.3 Bad recipient address syntax\"}]}\n";

static void expect_line(const struct record *record, const char *expected)
{
	size_t length = 0;
	char *line = record_write(record, &length);

	cr_assert_not_null(line);
	cr_assert_str_eq(line, expected);
	cr_assert_eq(length, strlen(expected));
	free(line);
}

Test(record, a_whole_line)
{
	struct record record = whole();

	expect_line(&record, whole_line);
}

Test(record, what_is_not_there_is_left_out)
{
	const struct record record = {.kind = RECORD_SESSION, .end = RECORD_REFUSED, .session = "k3x-2"};

	expect_line(&record,
	            "{\"v\":1,\"time\":\"1970-01-01T00:00:00.000Z\",\"kind\":\"session\",\"session\":\"k3x-2\","
	            "\"microseconds\":0,\"verdict\":\"accept\",\"end\":\"refused\",\"stages\":[]}\n");
}

Test(record, a_client_cannot_forge_a_line_or_a_member)
{
	const struct record record = {.session = "s",
	                              .helo = "x\"}\n{\"v\":1,\"client\":\"192.0.2.1\"",
	                              .user = "\xff\xfe\x01",
	                              .sender = "caf\xc3\xa9@x"};

	expect_line(&record,
	            "{\"v\":1,\"time\":\"1970-01-01T00:00:00.000Z\",\"kind\":\"message\",\"session\":\"s\","
	            "\"microseconds\":0,\"helo\":\"x\\\"}\\n{\\\"v\\\":1,\\\"client\\\":\\\"192.0.2.1\\\"\","
	            "\"user\":\"??\\u0001\",\"sender\":\"caf\\u00E9@x\",\"verdict\":\"accept\",\"end\":\"accepted\","
	            "\"stages\":[]}\n");
}

Test(record, a_size_beyond_what_json_has_is_as_large_as_fits)
{
	const struct record record = {.session = "s", .size_declared = true, .size = UINT64_MAX};

	expect_line(&record,
	            "{\"v\":1,\"time\":\"1970-01-01T00:00:00.000Z\",\"kind\":\"message\",\"session\":\"s\","
	            "\"microseconds\":0,\"size\":9223372036854775807,\"verdict\":\"accept\",\"end\":\"accepted\","
	            "\"stages\":[]}\n");
}

Test(record, read_and_written_again_is_the_same)
{
	struct record record;
	struct fault fault;

	cr_assert(record_read(whole_line, strlen(whole_line), arena, &record, &fault), "%s", fault.text);
	expect_line(&record, whole_line);
}

Test(record, members_that_are_not_known_are_ignored)
{
	static const char line[] =
	    "{\"v\":1,\"time\":\"2026-09-21T14:13:20.123Z\",\"kind\":\"message\",\"session\":\"s\","
	    "\"weather\":{\"rain\":[1,2]},\"verdict\":\"accept\",\"end\":\"accepted\",\"stages\":[]}";
	struct record record;
	struct fault fault;

	cr_assert(record_read(line, sizeof line - 1, arena, &record, &fault), "%s", fault.text);
	cr_assert_str_eq(record.session, "s");
	cr_assert_not(record.has_client);
	cr_assert_not(record.size_declared);
}

static void expect_fault(const char *line, const char *expected)
{
	struct record record = {.message = 77};
	struct fault fault;

	cr_assert_not(record_read(line, strlen(line), arena, &record, &fault), "%s", line);
	cr_assert_not_null(strstr(fault.text, expected), "%s: %s", line, fault.text);
	cr_assert_eq(record.message, 77, "%s", line);
}

#define HEAD "{\"v\":1,\"time\":\"2026-09-21T14:13:20.123Z\",\"kind\":\"message\",\"session\":\"s\","
#define TAIL "\"verdict\":\"accept\",\"end\":\"accepted\",\"stages\":[]}"

Test(record, what_is_no_record_is_told)
{
	expect_fault("", "is not JSON");
	expect_fault("{\"v\":1,\"time\":\"2026", "is not JSON");
	expect_fault("Nov 22 01:00:00 mx postfix/smtpd[7]: connect from unknown", "is not JSON");
	expect_fault("[]", "no \"v\"");
	expect_fault("{\"time\": \"now\", \"event\": \"refused\"}", "no \"v\"");
	expect_fault("{\"v\":2}", "is of version 2 of the decision log, and this program reads 1");
	expect_fault("{\"v\":1}", "\"time\" is missing");
	expect_fault(HEAD "\"verdict\":\"accept\",\"end\":\"accepted\"}", "\"stages\" is missing");
	expect_fault(HEAD "\"port\":\"25\"," TAIL, "\"port\" is not a number");
	expect_fault(HEAD "\"port\":-1," TAIL, "\"port\" is not a number that fits");
	expect_fault(HEAD "\"port\":4294967296," TAIL, "\"port\" is not a number that fits");
	expect_fault(HEAD "\"helo\":7," TAIL, "\"helo\" is not a string");
	expect_fault(HEAD "\"local\":1," TAIL, "\"local\" is not true or false");
	expect_fault(HEAD "\"client\":\"192.0.2.256\"," TAIL, "\"client\" is not an IP address");
	expect_fault(HEAD "\"direction\":\"sideways\"," TAIL, "\"direction\" is not");
	expect_fault(HEAD "\"end\":\"accepted\",\"verdict\":\"maybe\",\"stages\":[]}", "\"verdict\" is not a verdict");
	expect_fault(HEAD "\"verdict\":\"accept\",\"end\":\"over\",\"stages\":[]}", "\"end\" is not");
	expect_fault(HEAD "\"verdict\":\"accept\",\"end\":\"accepted\",\"stages\":[7]}", "no stage");
	expect_fault(
	    HEAD
	    "\"verdict\":\"accept\",\"end\":\"accepted\",\"stages\":[{\"stage\":\"rcpt\",\"verdict\":\"accept\"}]}",
	    "without its recipient");
	expect_fault(HEAD "\"helo\":\"a\",\"helo\":\"b\"," TAIL, "is not JSON");
}

Test(record, names)
{
	enum record_kind kind;
	enum record_end end;

	for (unsigned i = 0; i < RECORD_KIND_COUNT; i++)
		cr_assert(record_kind_from_name(record_kind_name((enum record_kind)i), &kind) && kind == i);
	for (unsigned i = 0; i < RECORD_END_COUNT; i++)
		cr_assert(record_end_from_name(record_end_name((enum record_end)i), &end) && end == i);
	cr_assert_not(record_kind_from_name("", &kind));
	cr_assert_not(record_end_from_name("Accepted", &end));
}
