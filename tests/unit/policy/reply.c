#include "policy/reply.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(reply, texts_that_are_one)
{
	static const struct {
		const char *text;
		enum verdict verdict;
		enum stage stage;
		unsigned code;
		const char *enhanced, *rest;
	} rows[] = {
	    {"550 5.7.1 No", VERDICT_REJECT, STAGE_CONNECT, 550, "5.7.1", "No"},
	    {"500 5.0.0 No", VERDICT_REJECT, STAGE_MAIL, 500, "5.0.0", "No"},
	    {"599 5.999.999 No", VERDICT_REJECT, STAGE_MAIL, 599, "5.999.999", "No"},
	    {"451 4.7.1 Later", VERDICT_TEMPFAIL, STAGE_DATA, 451, "4.7.1", "Later"},
	    {"550 5.12.3 No", VERDICT_REJECT, STAGE_MAIL, 550, "5.12.3", "No"},
	    {"550 5.1.234 No", VERDICT_REJECT, STAGE_MAIL, 550, "5.1.234", "No"},
	    {"400 4.1.1 Later", VERDICT_TEMPFAIL, STAGE_DATA, 400, "4.1.1", "Later"},
	    {"420 4.7.1 Later", VERDICT_TEMPFAIL, STAGE_DATA, 420, "4.7.1", "Later"},
	    {"422 4.7.1 Later", VERDICT_TEMPFAIL, STAGE_DATA, 422, "4.7.1", "Later"},
	    {"554 5.7.1   No", VERDICT_REJECT, STAGE_RCPT, 554, "5.7.1", "No"},
	    {"550 5.7.1 one\ntwo\n\nfour", VERDICT_REJECT, STAGE_MAIL, 550, "5.7.1", "one\ntwo\n\nfour"},
	    {"550 5.7.1 {client} [{client_name}] {listener}", VERDICT_REJECT, STAGE_CONNECT, 550, "5.7.1",
	     "{client} [{client_name}] {listener}"},
	    {"550 5.7.1 {helo}", VERDICT_REJECT, STAGE_HELO, 550, "5.7.1", "{helo}"},
	    {"550 5.7.1 {sender} {user}", VERDICT_REJECT, STAGE_MAIL, 550, "5.7.1", "{sender} {user}"},
	    {"550 5.7.1 {recipient}", VERDICT_REJECT, STAGE_RCPT, 550, "5.7.1", "{recipient}"},
	    {"550 5.7.1 {sender} {helo}", VERDICT_REJECT, STAGE_DATA, 550, "5.7.1", "{sender} {helo}"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct reply reply;
		char word[32] = "x";

		cr_assert_eq(reply_read(rows[i].text, rows[i].verdict, rows[i].stage, &reply, word, sizeof word),
		             REPLY_SOUND, "%s", rows[i].text);
		cr_expect_eq(reply.code, rows[i].code, "%s", rows[i].text);
		cr_expect_str_eq(reply.enhanced, rows[i].enhanced, "%s", rows[i].text);
		cr_expect_str_eq(reply.text, rows[i].rest, "%s", rows[i].text);
	}
}

struct fault_row {
	const char *text;
	enum verdict verdict;
	enum stage stage;
	enum reply_fault fault;
	const char *word;
};

static const struct fault_row fault_rows[] = {
    {"", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_CODE, ""},
    {"No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_CODE, ""},
    {"550", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_CODE, ""},
    {"55 5.7.1 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_CODE, ""},
    {"5500 5.7.1 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_CODE, ""},
    {"550-5.7.1 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_CODE, ""},
    {" 550 5.7.1 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_CODE, ""},
    {"5x0 5.7.1 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_CODE, ""},
    {"421 4.7.1 Later", VERDICT_TEMPFAIL, STAGE_MAIL, REPLY_CODE_CLOSES, ""},
    {"521 5.7.1 No", VERDICT_REJECT, STAGE_MAIL, REPLY_CODE_CLOSES, ""},
    {"421 4.7.1 Later", VERDICT_REJECT, STAGE_MAIL, REPLY_CODE_CLOSES, ""},
    {"450 4.7.1 Later", VERDICT_REJECT, STAGE_MAIL, REPLY_CODE_NOT_VERDICT, ""},
    {"550 5.7.1 No", VERDICT_TEMPFAIL, STAGE_MAIL, REPLY_CODE_NOT_VERDICT, ""},
    {"550 5.7.1 No", VERDICT_ACCEPT, STAGE_MAIL, REPLY_CODE_NOT_VERDICT, ""},
    {"250 2.0.0 Ok", VERDICT_ACCEPT, STAGE_MAIL, REPLY_CODE_NOT_VERDICT, ""},
    {"250 2.0.0 Ok", VERDICT_REJECT, STAGE_MAIL, REPLY_CODE_NOT_VERDICT, ""},
    {"650 5.0.0 No", VERDICT_REJECT, STAGE_MAIL, REPLY_CODE_NOT_VERDICT, ""},
    {"399 4.0.0 No", VERDICT_TEMPFAIL, STAGE_MAIL, REPLY_CODE_NOT_VERDICT, ""},
    {"550 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_ENHANCED, ""},
    {"550 ", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_ENHANCED, ""},
    {"550 5 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_ENHANCED, ""},
    {"550 5.7 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_ENHANCED, ""},
    {"550 5.7. No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_ENHANCED, ""},
    {"550 5..1 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_ENHANCED, ""},
    {"550 5.7.1No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_ENHANCED, ""},
    {"550 5.7.1.2 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_ENHANCED, ""},
    {"550 5.1234.1 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_ENHANCED, ""},
    {"550 5.7.1234 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_ENHANCED, ""},
    {"550  5.7.1 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_ENHANCED, ""},
    {"550 x.7.1 No", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_ENHANCED, ""},
    {"550 4.7.1 No", VERDICT_REJECT, STAGE_MAIL, REPLY_ENHANCED_NOT_CODE, ""},
    {"451 5.7.1 Later", VERDICT_TEMPFAIL, STAGE_MAIL, REPLY_ENHANCED_NOT_CODE, ""},
    {"550 2.0.0 Ok", VERDICT_REJECT, STAGE_MAIL, REPLY_ENHANCED_NOT_CODE, ""},
    {"550 5.7.1", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_TEXT, ""},
    {"550 5.7.1 ", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_TEXT, ""},
    {"550 5.7.1    ", VERDICT_REJECT, STAGE_MAIL, REPLY_NO_TEXT, ""},
    {"550 5.7.1 a\rb", VERDICT_REJECT, STAGE_MAIL, REPLY_CONTROL, ""},
    {"550 5.7.1 a\tb", VERDICT_REJECT, STAGE_MAIL, REPLY_CONTROL, ""},
    {"550 5.7.1 a\177b", VERDICT_REJECT, STAGE_MAIL, REPLY_CONTROL, ""},
    {"550 5.7.1 a\303\274b", VERDICT_REJECT, STAGE_MAIL, REPLY_CONTROL, ""},
    {"550 5.7.1 {mechanism}", VERDICT_REJECT, STAGE_MAIL, REPLY_UNKNOWN_PLACEHOLDER, "mechanism"},
    {"550 5.7.1 {tls}", VERDICT_REJECT, STAGE_MAIL, REPLY_UNKNOWN_PLACEHOLDER, "tls"},
    {"550 5.7.1 {size}", VERDICT_REJECT, STAGE_MAIL, REPLY_UNKNOWN_PLACEHOLDER, "size"},
    {"550 5.7.1 {recipients}", VERDICT_REJECT, STAGE_DATA, REPLY_UNKNOWN_PLACEHOLDER, "recipients"},
    {"550 5.7.1 {clientt}", VERDICT_REJECT, STAGE_MAIL, REPLY_UNKNOWN_PLACEHOLDER, "clientt"},
    {"550 5.7.1 {Client}", VERDICT_REJECT, STAGE_MAIL, REPLY_UNKNOWN_PLACEHOLDER, "Client"},
    {"550 5.7.1 {}", VERDICT_REJECT, STAGE_MAIL, REPLY_UNKNOWN_PLACEHOLDER, ""},
    {"550 5.7.1 {client", VERDICT_REJECT, STAGE_MAIL, REPLY_UNKNOWN_PLACEHOLDER, "client"},
    {"550 5.7.1 { client}", VERDICT_REJECT, STAGE_MAIL, REPLY_UNKNOWN_PLACEHOLDER, ""},
    {"550 5.7.1 {client} {oops}", VERDICT_REJECT, STAGE_MAIL, REPLY_UNKNOWN_PLACEHOLDER, "oops"},
    {"550 5.7.1 {helo}", VERDICT_REJECT, STAGE_CONNECT, REPLY_EARLY_PLACEHOLDER, "helo"},
    {"550 5.7.1 {sender}", VERDICT_REJECT, STAGE_HELO, REPLY_EARLY_PLACEHOLDER, "sender"},
    {"550 5.7.1 {user}", VERDICT_REJECT, STAGE_HELO, REPLY_EARLY_PLACEHOLDER, "user"},
    {"550 5.7.1 {recipient}", VERDICT_REJECT, STAGE_MAIL, REPLY_EARLY_PLACEHOLDER, "recipient"},
    {"550 5.7.1 {recipient}", VERDICT_REJECT, STAGE_DATA, REPLY_EARLY_PLACEHOLDER, "recipient"},
};

Test(reply, every_fault_is_named_and_writes_nothing)
{
	bool met[REPLY_FAULT_COUNT] = {[REPLY_SOUND] = true, [REPLY_TOO_LONG] = true};

	for (size_t i = 0; i < sizeof fault_rows / sizeof *fault_rows; i++) {
		const struct fault_row *row = &fault_rows[i];
		struct reply reply = {.code = 1};
		char word[32] = "x";

		cr_expect_eq(reply_read(row->text, row->verdict, row->stage, &reply, word, sizeof word), row->fault,
		             "\"%s\"", row->text);
		cr_expect_str_eq(word, row->word, "\"%s\": \"%s\"", row->text, word);
		cr_expect_eq(reply.code, 1, "\"%s\"", row->text);
		met[row->fault] = true;
	}
	for (size_t i = 0; i < REPLY_FAULT_COUNT; i++)
		cr_expect(met[i], "fault %zu has a row", i);
}

Test(reply, a_word_is_cut_to_its_room)
{
	struct reply reply;
	char word[5] = "xxxx";

	cr_assert_eq(reply_read("550 5.7.1 {clients}", VERDICT_REJECT, STAGE_MAIL, &reply, word, 4),
	             REPLY_UNKNOWN_PLACEHOLDER);
	cr_expect_str_eq(word, "cli");
	/* what is left of it must not pass for a placeholder */
	cr_assert_eq(reply_read("550 5.7.1 {client_names}", VERDICT_REJECT, STAGE_MAIL, &reply, word, 1),
	             REPLY_UNKNOWN_PLACEHOLDER);
	cr_expect_str_eq(word, "");
}

/* A reply of so many lines, each of so many bytes. */
static enum reply_fault read_long(size_t lines, size_t bytes)
{
	static char text[100000];
	struct reply reply;
	char word[32];
	size_t length = (size_t)sprintf(text, "550 5.7.1 ");

	for (size_t line = 0; line < lines; line++) {
		memset(text + length, 'a', bytes);
		length += bytes;
		text[length++] = '\n';
	}
	text[length - 1] = '\0';
	return reply_read(text, VERDICT_REJECT, STAGE_MAIL, &reply, word, sizeof word);
}

Test(reply, one_that_is_too_long_is_refused)
{
	cr_expect_eq(read_long(1, LIMIT_REPLY_LINE / 2), REPLY_SOUND);
	cr_expect_eq(read_long(1, LIMIT_REPLY_LINE / 2 + 1), REPLY_TOO_LONG);
	cr_expect_eq(read_long(LIMIT_REPLY_LINES, LIMIT_REPLY_LINE / 2), REPLY_SOUND);
	cr_expect_eq(read_long(LIMIT_REPLY_LINES, 1), REPLY_SOUND);
	cr_expect_eq(read_long(LIMIT_REPLY_LINES + 1, 1), REPLY_TOO_LONG);
}

/* The reply as the client sees it, with these facts. */
static const char *shown(const char *text, const struct reply_texts *facts)
{
	static char rendered[LIMIT_REPLY], printed[2 * LIMIT_REPLY];
	struct reply reply = {550, "5.7.1", text};

	reply_render(&reply, facts, rendered);
	cr_assert_lt(strlen(rendered), reply_room(&reply), "%s", text);
	cr_assert_leq(reply_room(&reply), sizeof rendered, "%s", text);
	reply_print(&reply, rendered, printed, sizeof printed);
	return printed;
}

Test(reply, facts_are_put_in)
{
	const struct reply_texts facts = {
	    .texts =
	        {
	            [FACT_CLIENT] = "192.0.2.1",
	            [FACT_CLIENT_NAME] = "mx.example.com",
	            [FACT_HELO] = "helo.example",
	            [FACT_SENDER] = "",
	            [FACT_USER] = "alice",
	            [FACT_RECIPIENT] = "{client}@ours.example",
	            [FACT_LISTENER] = "inbound",
	        },
	};

	cr_expect_str_eq(shown("No", &facts), "550 5.7.1 No");
	cr_expect_str_eq(shown("{client} [{client_name}] {helo} <{sender}> {user} {listener}", &facts),
	                 "550 5.7.1 192.0.2.1 [mx.example.com] helo.example <> alice inbound");
	cr_expect_str_eq(shown("{client}{client}", &facts), "550 5.7.1 192.0.2.1192.0.2.1");
	cr_expect_str_eq(shown("{recipient}", &facts), "550 5.7.1 {client}@ours.example",
	                 "what a client says is no template");
	cr_expect_str_eq(shown("one {user}\n\n{user} three", &facts),
	                 "550-5.7.1 one alice\n550-5.7.1 \n550 5.7.1 alice three");
}

Test(reply, a_fact_that_is_not_known_is_empty)
{
	const struct reply_texts none = {0};

	cr_expect_str_eq(shown("<{sender}> is not wanted", &none), "550 5.7.1 <> is not wanted");
}

Test(reply, no_fact_can_forge_a_line)
{
	char text[256];
	struct reply_texts facts = {.texts = {[FACT_HELO] = text}};
	const char *seen;

	for (int byte = 1; byte < 256; byte++)
		text[byte - 1] = (char)byte;
	text[255] = '\0';
	seen = shown("a {helo} b", &facts) + strlen("550 5.7.1 a ");
	for (int byte = 1; byte < 256; byte++)
		cr_expect_eq(seen[byte - 1], byte < 0x20 || byte >= 0x7f ? '?' : byte, "byte %d", byte);
	cr_expect_str_eq(seen + 255, " b");
}

Test(reply, a_long_fact_is_cut)
{
	static char text[LIMIT_PLACEHOLDER + 2];
	struct reply_texts facts = {.texts = {[FACT_HELO] = text}};
	const size_t before = strlen("550 5.7.1 ");
	const char *seen;

	memset(text, 'a', LIMIT_PLACEHOLDER);
	seen = shown("{helo}", &facts);
	cr_expect_eq(strlen(seen), before + LIMIT_PLACEHOLDER);
	cr_expect_null(strchr(seen + before, '.'), "it fits");
	text[LIMIT_PLACEHOLDER] = 'a';
	seen = shown("{helo}", &facts);
	cr_expect_eq(strlen(seen), before + LIMIT_PLACEHOLDER);
	cr_expect_str_eq(seen + strlen(seen) - 4, "a...");
}

Test(reply, no_line_gets_longer_than_its_limit_and_no_reply_longer_than_its_room)
{
	static char text[2 * LIMIT_PLACEHOLDER], many[LIMIT_REPLY_LINES * 70];
	struct reply_texts facts = {.texts = {[FACT_HELO] = text, [FACT_USER] = text}};
	const char *seen;
	size_t length = 0, lines = 0;

	memset(text, 'a', sizeof text - 1);
	for (size_t line = 0; line < LIMIT_REPLY_LINES; line++)
		length += (size_t)sprintf(many + length, "%s{helo}{user}{helo}{user}{helo}{user}{helo}{user}",
		                          line == 0 ? "" : "\n");
	seen = shown(many, &facts);
	while (*seen != '\0') {
		size_t line = strcspn(seen, "\n");

		cr_expect_leq(line, LIMIT_REPLY_LINE);
		cr_expect_geq(line, LIMIT_REPLY_LINE - 20, "it is filled");
		lines++;
		seen += line + (seen[line] == '\n');
	}
	cr_expect_eq(lines, LIMIT_REPLY_LINES);
}

Test(reply, a_reply_of_a_line_and_two_facts_takes_little_room)
{
	const struct reply none = {550, "5.7.1", "No"}, two = {550, "5.7.1", "{sender} to {recipient}"};

	cr_expect_eq(reply_room(&none), sizeof "No");
	cr_expect_eq(reply_room(&two), sizeof "{sender} to {recipient}" + (size_t)2 * LIMIT_PLACEHOLDER);
}

Test(reply, as_much_is_printed_as_fits)
{
	static const char whole[] = "451-4.7.1 one\n451 4.7.1 two";
	const struct reply reply = {451, "4.7.1", NULL};

	for (size_t size = 0; size < sizeof whole + 3; size++) {
		char text[sizeof whole + 4];
		size_t kept = size == 0 ? 0 : size < sizeof whole ? size - 1 : sizeof whole - 1;

		memset(text, 'x', sizeof text);
		cr_expect_eq(reply_print(&reply, "one\ntwo", text, size), strlen(whole), "in %zu", size);
		cr_expect_eq(strncmp(text, whole, kept), 0, "in %zu: %.*s", size, (int)kept, text);
		if (size > 0)
			cr_expect_eq(text[kept], '\0', "in %zu", size);
		for (size_t i = size; i < sizeof text; i++)
			cr_expect_eq(text[i], 'x', "in %zu: byte %zu", size, i);
	}
}
