#include <criterion/criterion.h>
#include <string.h>

#include "milter/smtp_reply.h"

static struct smtp_reply reply;

/* Takes the bytes until something comes out; how many were taken is left in *ret_taken. */
static enum smtp_reply_state take(const char *bytes, size_t length, size_t *ret_taken)
{
	enum smtp_reply_state state = SMTP_REPLY_MORE;
	size_t taken = 0;

	smtp_reply_begin(&reply);
	while (state == SMTP_REPLY_MORE && taken < length)
		state = smtp_reply_take(&reply, bytes[taken++]);
	*ret_taken = taken;
	return state;
}

static enum smtp_reply_state take_text(const char *text)
{
	size_t taken;

	return take(text, strlen(text), &taken);
}

static void expect(const char *bytes, unsigned code, const char *text)
{
	cr_assert_eq(take_text(bytes), SMTP_REPLY_DONE, "%s", bytes);
	cr_assert_eq(reply.code, code, "%s: %u", bytes, reply.code);
	cr_assert_str_eq(reply.text, text);
}

static void expect_garbage(const char *bytes)
{
	cr_assert_eq(take_text(bytes), SMTP_REPLY_GARBAGE, "%s", bytes);
}

Test(smtp_reply, one_line)
{
	expect("250 2.1.0 Ok\r\n", 250, "250 2.1.0 Ok");
	expect("354 Go on\n", 354, "354 Go on");
	expect("250\r\n", 250, "250 ");
	expect("250 \r\n", 250, "250 ");
	cr_assert_eq(smtp_reply_class(&reply), 2);
}

Test(smtp_reply, several_lines)
{
	expect("550-5.7.1 one\r\n550-\r\n550 5.7.1 three\r\n", 550, "550 5.7.1 one\n\n5.7.1 three");
	expect("550-one\r\n550\r\n", 550, "550 one\n");
}

Test(smtp_reply, ends_with_its_last_line_and_takes_no_more)
{
	static const char bytes[] = "250 Ok\r\n250 Forged\r\n";
	size_t taken;

	cr_assert_eq(take(bytes, sizeof bytes - 1, &taken), SMTP_REPLY_DONE);
	cr_assert_eq(taken, strlen("250 Ok\r\n"));
}

Test(smtp_reply, what_is_no_reply_is_garbage)
{
	expect_garbage("\r\n");
	expect_garbage("HTTP/1.1 400 Bad Request\r\n");
	expect_garbage("25\r\n");
	expect_garbage("2500 Ok\r\n");
	expect_garbage("150 Ok\r\n");
	expect_garbage("650 Ok\r\n");
	expect_garbage("250:Ok\r\n");
	expect_garbage(" 250 Ok\r\n");
	expect_garbage("2 0 Ok\r\n");
	cr_assert_str_eq(reply.text, "2 0 Ok");
}

Test(smtp_reply, a_code_that_changes_within_is_garbage)
{
	expect_garbage("250-one\r\n550 two\r\n");
	expect_garbage("250-one\r\ntwo\r\n");
}

Test(smtp_reply, no_byte_that_a_terminal_obeys_is_kept)
{
	static const char bytes[] = "550 \033[2Ja\0b\rc\x7f\xc3\xbc\x9b\t\r\n";
	size_t taken;

	cr_assert_eq(take(bytes, sizeof bytes - 1, &taken), SMTP_REPLY_DONE);
	cr_assert_str_eq(reply.text, "550 ?[2Ja?b?c?????");
}

Test(smtp_reply, a_line_of_the_greatest_length_is_taken_and_a_longer_one_is_not)
{
	char bytes[SMTP_REPLY_LINE + 2];
	size_t taken;

	memset(bytes, 'x', sizeof bytes);
	memcpy(bytes, "250 ", 4);
	bytes[SMTP_REPLY_LINE] = '\n';
	cr_assert_eq(take(bytes, SMTP_REPLY_LINE + 1, &taken), SMTP_REPLY_DONE);
	bytes[SMTP_REPLY_LINE] = 'x';
	cr_assert_eq(take(bytes, sizeof bytes, &taken), SMTP_REPLY_LONG_LINE);
	cr_assert_eq(taken, SMTP_REPLY_LINE + 1);
}

Test(smtp_reply, a_reply_of_the_most_lines_is_taken_and_a_longer_one_is_not)
{
	smtp_reply_begin(&reply);
	for (size_t line = 1; line <= SMTP_REPLY_LINES; line++) {
		const char *bytes = line < SMTP_REPLY_LINES ? "250-x\r\n" : "250 x\r\n";
		enum smtp_reply_state state = SMTP_REPLY_MORE;

		for (; *bytes != '\0'; bytes++)
			state = smtp_reply_take(&reply, *bytes);
		cr_assert_eq(state, line < SMTP_REPLY_LINES ? SMTP_REPLY_MORE : SMTP_REPLY_DONE, "line %zu", line);
	}
	smtp_reply_begin(&reply);
	for (size_t line = 1; line <= SMTP_REPLY_LINES; line++) {
		for (const char *bytes = "250-x\r\n"; *bytes != '\0'; bytes++)
			cr_assert_eq(smtp_reply_take(&reply, *bytes), SMTP_REPLY_MORE);
	}
	cr_assert_eq(smtp_reply_take(&reply, '2'), SMTP_REPLY_MANY_LINES);
}

Test(smtp_reply, empty_lines_without_end_are_garbage_too)
{
	cr_assert_eq(take_text("\n\n\n"), SMTP_REPLY_GARBAGE);
}

Test(smtp_reply, what_is_kept_is_bounded)
{
	char line[1000];
	enum smtp_reply_state state = SMTP_REPLY_MORE;

	memset(line, 'x', sizeof line);
	memcpy(line, "250-", 4);
	line[sizeof line - 1] = '\n';
	smtp_reply_begin(&reply);
	for (size_t count = 0; count < 20; count++) {
		for (size_t i = 0; i < sizeof line; i++)
			state = smtp_reply_take(&reply, line[i]);
	}
	cr_assert_eq(state, SMTP_REPLY_MORE);
	cr_assert_eq(strlen(reply.text), SMTP_REPLY_TEXT - 1);
	cr_assert_str_eq(reply.text + SMTP_REPLY_TEXT - 4, "...");
}

Test(smtp_reply, keywords_of_ehlo)
{
	expect("250-mx STARTTLS\r\n250-SIZE 100\r\n250-auth PLAIN LOGIN\r\n250 8BITMIME\r\n", 250,
	       "250 mx STARTTLS\nSIZE 100\nauth PLAIN LOGIN\n8BITMIME");
	cr_assert_null(smtp_reply_keyword(&reply, "STARTTLS"), "the first line names the server");
	cr_assert_not_null(smtp_reply_keyword(&reply, "8bitmime"));
	cr_assert_null(smtp_reply_keyword(&reply, "8BIT"));
	cr_assert(smtp_reply_has_word(smtp_reply_keyword(&reply, "AUTH"), "login"));
	cr_assert(smtp_reply_has_word(smtp_reply_keyword(&reply, "AUTH"), "PLAIN"));
	cr_assert_not(smtp_reply_has_word(smtp_reply_keyword(&reply, "AUTH"), "LOG"));
	cr_assert_not(smtp_reply_has_word(smtp_reply_keyword(&reply, "AUTH"), "8BITMIME"), "that is the next line");
	cr_assert_not(smtp_reply_has_word(NULL, "PLAIN"));
}

Test(smtp_reply, the_old_spelling_of_auth)
{
	expect("250-mx\r\n250 AUTH=LOGIN PLAIN\r\n", 250, "250 mx\nAUTH=LOGIN PLAIN");
	cr_assert(smtp_reply_has_word(smtp_reply_keyword(&reply, "AUTH"), "LOGIN"));
	cr_assert(smtp_reply_has_word(smtp_reply_keyword(&reply, "AUTH"), "PLAIN"));
}
