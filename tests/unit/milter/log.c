#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "milter/log.h"

static void expect_text(const struct log_field *fields, const char *expected)
{
	char line[LOG_LINE];
	size_t length = log_text("event", "", NULL, fields, line, sizeof line);

	cr_assert_str_eq(line, expected);
	cr_assert_eq(length, strlen(expected));
}

Test(log, plain_values_stand_bare)
{
	expect_text(log_fields(log_word("client", "2001:db8::7"), log_word("by", "/etc/a.conf:28"), log_number("n", 7)),
	            "event client=2001:db8::7 by=/etc/a.conf:28 n=7\n");
	expect_text(log_fields(log_word("sender", "<>"), log_word("recipient", "o'neil+x@example.com")),
	            "event sender=<> recipient=o'neil+x@example.com\n");
}

Test(log, a_field_without_text_is_left_out)
{
	expect_text(log_fields(log_word("a", NULL), log_quoted("b", NULL), log_word("c", "x")), "event c=x\n");
}

Test(log, an_empty_value_shows)
{
	expect_text(log_fields(log_word("helo", "")), "event helo=\"\"\n");
}

Test(log, a_client_cannot_forge_a_field)
{
	expect_text(log_fields(log_word("helo", "x verdict=accept")), "event helo=\"x verdict=accept\"\n");
	expect_text(log_fields(log_word("helo", "a=b")), "event helo=\"a=b\"\n");
	expect_text(log_fields(log_word("helo", "x\" client=\"192.0.2.1")),
	            "event helo=\"x\\\" client=\\\"192.0.2.1\"\n");
	expect_text(log_fields(log_word("helo", "x\\")), "event helo=\"x\\\\\"\n");
	expect_text(log_fields(log_quoted("rule", "relay")), "event rule=\"relay\"\n");
}

Test(log, a_client_cannot_forge_a_line)
{
	expect_text(log_fields(log_word("helo", "x\nrefused session=1")), "event helo=\"x\\x0arefused session=1\"\n");
	expect_text(log_fields(log_word("helo", "x\r\x1b[2J\x7f\xe3\x81")),
	            "event helo=\"x\\x0d\\x1b[2J\\x7f\\xe3\\x81\"\n");
}

Test(log, a_long_value_is_cut)
{
	char value[3 * LOG_VALUE];
	char line[LOG_LINE];

	memset(value, 'x', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	log_text("event", "", NULL, log_fields(log_word("helo", value), log_word("after", "it")), line, sizeof line);
	cr_assert_not_null(strstr(line, "xxx... after=it\n"));
	cr_assert_lt(strlen(line), (size_t)LOG_VALUE + 40);
}

Test(log, a_value_is_cut_where_the_next_byte_would_not_fit)
{
	char value[LOG_VALUE + 2];
	char expected[LOG_VALUE + 64];

	memset(value, 'x', LOG_VALUE);
	value[LOG_VALUE] = '\0';
	snprintf(expected, sizeof expected, "event helo=%s\n", value);
	expect_text(log_fields(log_word("helo", value)), expected);
	strcpy(value + LOG_VALUE - 2, "\"");
	snprintf(expected, sizeof expected, "event helo=\"%.*s\\\"\"\n", LOG_VALUE - 2, value);
	expect_text(log_fields(log_word("helo", value)), expected);
	strcpy(value + LOG_VALUE - 2, "x\"");
	snprintf(expected, sizeof expected, "event helo=\"%.*s...\"\n", LOG_VALUE - 1, value);
	expect_text(log_fields(log_word("helo", value)), expected);
	memset(value, '\\', LOG_VALUE + 1);
	value[LOG_VALUE / 2] = '\0';
	memset(expected, '\\', sizeof expected);
	memcpy(expected, "event helo=\"", strlen("event helo=\""));
	strcpy(expected + strlen("event helo=\"") + LOG_VALUE, "\"\n");
	expect_text(log_fields(log_word("helo", value)), expected);
}

/* Around the length up to which lines are usual, whatever that is. */
Test(log, lines_of_any_length_are_written_whole_and_once)
{
	static char values[8][LOG_VALUE];
	char expected[LOG_LINE];

	for (size_t count = 1; count <= 8; count++) {
		for (size_t length = LOG_VALUE - 1; length > LOG_VALUE - 200; length--) {
			struct log_field fields[9] = {{.kind = LOG_END}};
			char *written;

			for (size_t i = 0; i < count; i++) {
				memset(values[i], 'a' + (int)i, length);
				values[i][length] = '\0';
				fields[i] = log_word("value", values[i]);
			}
			log_text("event", "", NULL, fields, expected, sizeof expected);
			fixture_log_begin();
			log_event("event", fields);
			written = fixture_log_end();
			cr_assert_str_eq(written, expected, "%zu values of %zu bytes", count, length);
			free(written);
		}
	}
}

Test(log, numbers_are_written_whole)
{
	expect_text(log_fields(log_number("a", 0), log_number("b", 1000), log_number("c", UINT64_MAX)),
	            "event a=0 b=1000 c=18446744073709551615\n");
}

Test(log, a_line_that_does_not_fit_still_ends)
{
	char line[16];
	size_t length = log_text("event", "", NULL, log_fields(log_word("name", "0123456789")), line, sizeof line);

	cr_assert_eq(length, sizeof line - 1);
	cr_assert_str_eq(line, "event name=012\n");
}

Test(log, a_message_stands_behind_the_event)
{
	char line[LOG_LINE];

	log_text("reloaded", " ", "gateway.conf", log_fields(log_number("generation", 2)), line, sizeof line);
	cr_assert_str_eq(line, "reloaded gateway.conf generation=2\n");
	log_text("warning", ": ", "a\nb", log_none, line, sizeof line);
	cr_assert_str_eq(line, "warning: a?b\n");
}

static json_t *parsed(const char *message, const struct log_field *fields)
{
	char *line = log_json("2026-01-02T03:04:05.678Z", "event", message, fields);
	json_t *object;

	cr_assert_not_null(line);
	cr_assert_eq(strchr(line, '\n'), line + strlen(line) - 1, "one line");
	object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(object);
	free(line);
	return object;
}

static const char *member(json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

Test(log, json_has_the_same_fields_and_the_time)
{
	json_t *object = parsed("words", log_fields(log_word("client", "192.0.2.7"), log_quoted("rule", "a \"b\""),
	                                            log_number("port", 25), log_word("user", NULL)));

	cr_assert_str_eq(member(object, "time"), "2026-01-02T03:04:05.678Z");
	cr_assert_str_eq(member(object, "event"), "event");
	cr_assert_str_eq(member(object, "message"), "words");
	cr_assert_str_eq(member(object, "client"), "192.0.2.7");
	cr_assert_str_eq(member(object, "rule"), "a \"b\"");
	cr_assert_eq(json_integer_value(json_object_get(object, "port")), 25);
	cr_assert_null(json_object_get(object, "user"));
	json_decref(object);
}

Test(log, json_takes_what_is_not_utf8_or_too_long)
{
	char value[3 * LOG_VALUE];
	json_t *object;

	memset(value, 'x', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	object = parsed(
	    NULL, log_fields(log_word("helo", "a\xff\nb"), log_word("long", value), log_word("utf8", "\xc3\xa9")));
	cr_assert_str_eq(member(object, "helo"), "a\\xff\\x0ab");
	cr_assert_eq(strlen(member(object, "long")), (size_t)LOG_VALUE + 3);
	cr_assert_str_eq(member(object, "utf8"), "\xc3\xa9");
	json_decref(object);
}
