#include "milter/ledger/reading.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "milter/ledger/record.h"
#include "policy/limits.h"
#include "rules/fault.h"

/* A record, whose session is all that differs. */
#define RECORD(session)                                                                                                \
	"{\"v\":1,\"time\":\"2026-09-21T14:13:20.123Z\",\"kind\":\"message\",\"session\":\"" session                   \
	"\",\"verdict\":\"accept\",\"end\":\"accepted\",\"stages\":[]}"

static char directory[] = "/tmp/reading.XXXXXX";
static char *said; /* all that was told */
static size_t said_size;
static FILE *messages;
static struct reading_manner manner = {.name = "tester"};
static struct reading_counts counts;

static void begin(void)
{
	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(chdir(directory), 0);
	messages = open_memstream(&said, &said_size);
	manner.messages = messages;
}

static void end(void)
{
	char command[sizeof directory + 16];

	fclose(messages);
	free(said);
	snprintf(command, sizeof command, "rm -r %s", directory);
	cr_assert_eq(system(command), 0);
}

TestSuite(reading, .init = begin, .fini = end);

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0);
}

static void put_packed(const char *path, const char *text)
{
	gzFile file = gzopen(path, "wb");

	cr_assert_not_null(file);
	cr_assert_eq(gzputs(file, text), (int)strlen(text));
	cr_assert_eq(gzclose(file), Z_OK);
}

/* Reads the paths to the end; the sessions, with a blank behind each, must be the expected ones. */
static void expect_sessions(const char *expected, size_t path_count, const char *const *paths)
{
	struct fault fault;
	struct reading *reading = reading_new(paths, path_count, &manner, &fault);
	struct record record;
	enum reading_result result;
	char sessions[1024] = "";

	cr_assert_not_null(reading, "%s", fault.text);
	while ((result = reading_next(reading, &record, &fault)) == READING_RECORD) {
		cr_assert_lt(strlen(sessions) + strlen(record.session), sizeof sessions - 2);
		strcat(strcat(sessions, record.session), " ");
	}
	cr_assert_eq(result, READING_END, "%s", fault.text);
	cr_assert_eq(reading_next(reading, &record, &fault), READING_END);
	cr_expect_str_eq(sessions, expected, "\"%s\", not \"%s\"", sessions, expected);
	counts = *reading_counts(reading);
	reading_close(reading);
	reading_free(reading);
	fflush(messages);
}

static void expect_failure(const char *expected, const char *path)
{
	struct fault fault = {""};
	struct reading *reading = reading_new(&path, 1, &manner, &fault);
	struct record record;

	while (reading != NULL && reading_next(reading, &record, &fault) == READING_RECORD)
		;
	reading_free(reading);
	cr_expect_not_null(strstr(fault.text, expected), "\"%s\"", fault.text);
}

#define PATHS(...)                                                                                                     \
	sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), (const char *[])                                       \
	{                                                                                                              \
		__VA_ARGS__                                                                                            \
	}

Test(reading, files_plain_and_packed_are_read_in_their_order)
{
	put("one", RECORD("a") "\n" RECORD("b") "\n");
	put_packed("two.gz", RECORD("c") "\n" RECORD("d") "\n");
	put("empty", "");
	put("three", RECORD("e") "\n");
	expect_sessions("c d a b e ", PATHS("two.gz", "one", "empty", "three"));
	cr_expect_eq(counts.files, 4);
	cr_expect_eq(counts.lines, 5);
	cr_expect_eq(counts.records, 5);
	cr_expect_str_eq(said, "");
}

Test(reading, several_packed_files_in_one_are_read_to_the_end)
{
	put_packed("a.gz", RECORD("a") "\n");
	put_packed("b.gz", RECORD("b") "\n");
	cr_assert_eq(system("cat a.gz b.gz >both.gz"), 0);
	expect_sessions("a b ", PATHS("both.gz"));
}

Test(reading, standard_input_is_read_where_nothing_is_named)
{
	put_packed("log", RECORD("a") "\n");
	cr_assert_not_null(freopen("log", "r", stdin));
	expect_sessions("a ", 0, NULL);
	put("log", RECORD("b") "\n");
	put("more", RECORD("c") "\n");
	cr_assert_not_null(freopen("log", "r", stdin));
	expect_sessions("c b ", PATHS("more", "-"));
}

Test(reading, a_record_has_its_place)
{
	struct fault fault;
	struct reading *reading;
	struct record record;

	put("one", RECORD("a") "\nnonsense\n" RECORD("b") "\n");
	put("two", RECORD("c"));
	reading = reading_new((const char *[]){"one", "two"}, 2, &manner, &fault);
	cr_assert_eq(reading_next(reading, &record, &fault), READING_RECORD);
	cr_assert_eq(reading_next(reading, &record, &fault), READING_RECORD);
	cr_expect_str_eq(record.session, "b");
	cr_expect_str_eq(reading_file(reading), "one");
	cr_expect_eq(reading_line(reading), 3);
	cr_assert_eq(reading_next(reading, &record, &fault), READING_RECORD);
	cr_expect_str_eq(reading_file(reading), "two");
	cr_expect_eq(reading_line(reading), 1);
	reading_free(reading);
}

Test(reading, foreign_lines_are_told_and_left_out)
{
	put("log", "\n" RECORD("a") "\nNov 22 01:00:00 mx postfix/smtpd[7]: connect\n{\"v\":2}\n" RECORD("b") "\n");
	expect_sessions("a b ", PATHS("log"));
	cr_expect_eq(counts.foreign, 3);
	cr_expect_eq(counts.lines, 5);
	cr_expect_eq(counts.records, 2);
	cr_expect_eq(counts.torn, 0);
	cr_expect_not_null(strstr(said, "log:1: is empty\nlog:3: is not JSON: "), "%s", said);
	cr_expect_not_null(strstr(said, "\nlog:4: is of version 2 of the decision log"), "%s", said);
	cr_expect_not_null(strstr(said, "\ntester: 3 of 5 lines left out, as they are no records of a decision log\n"),
	                   "%s", said);
}

Test(reading, of_many_foreign_lines_the_first_are_told_and_all_are_counted)
{
	FILE *log = fopen("log", "w");

	for (unsigned i = 0; i < 1234; i++)
		fputs("nonsense\n", log);
	fclose(log);
	expect_sessions("", PATHS("log"));
	cr_expect_eq(counts.foreign, 1234);
	cr_expect_not_null(strstr(said, "log:5: "));
	cr_expect_null(strstr(said, "log:6: "));
	cr_expect_not_null(strstr(said, "1,234 of 1,234 lines left out"), "%s", said);
	cr_expect_not_null(strstr(said, "; the first are told above\n"), "%s", said);
}

Test(reading, nothing_of_a_foreign_line_reaches_a_terminal)
{
	put("log", "\"\033[2J\303\244\n");
	expect_sessions("", PATHS("log"));
	for (const char *byte = said; *byte != '\0'; byte++)
		cr_assert(*byte == '\n' || (*byte >= 0x20 && *byte < 0x7f), "%s", said);
}

Test(reading, a_line_with_a_byte_zero_is_foreign)
{
	static const char zeros[] = "\0\0\0\0\n" RECORD("a") "\n";
	FILE *log = fopen("log", "w");

	fwrite(zeros, 1, sizeof zeros - 1, log);
	fclose(log);
	expect_sessions("a ", PATHS("log"));
	cr_expect_eq(counts.foreign, 1);
}

Test(reading, a_last_line_that_ends_in_the_middle_is_torn)
{
	put("log", RECORD("a") "\n{\"v\":1,\"time\":\"2026-09-2");
	put("next", RECORD("b") "\n");
	expect_sessions("a b ", PATHS("log", "next"));
	cr_expect_eq(counts.torn, 1);
	cr_expect_eq(counts.foreign, 0);
	cr_expect_not_null(strstr(said, "log:2: ends in the middle\n"), "%s", said);
}

Test(reading, a_last_line_without_a_newline_that_is_whole_is_a_record)
{
	put("log", RECORD("a") "\n" RECORD("b"));
	expect_sessions("a b ", PATHS("log"));
	cr_expect_eq(counts.torn, 0);
}

Test(reading, a_packed_file_that_ends_in_the_middle_is_read_as_far_as_it_goes)
{
	struct fault fault;
	struct reading *reading;
	struct record record;
	uint64_t records = 0;
	gzFile file = gzopen("log.gz", "wb");

	for (unsigned i = 0; i < 100; i++)
		gzputs(file, RECORD("a") "\n");
	gzclose(file);
	cr_assert_eq(truncate("log.gz", 150), 0);
	put("next", RECORD("b") "\n");
	reading = reading_new((const char *[]){"log.gz", "next"}, 2, &manner, &fault);
	while (reading_next(reading, &record, &fault) == READING_RECORD)
		records++;
	fflush(messages);
	cr_expect_gt(records, 2);
	cr_expect_lt(records, 100);
	cr_expect_str_eq(record.session, "b");
	cr_expect_eq(reading_counts(reading)->torn, 1);
	cr_expect_not_null(strstr(said, "ends in the middle\n"), "%s", said);
	reading_free(reading);
}

Test(reading, damaged_compressed_data_end_the_reading)
{
	FILE *file;

	put_packed("log.gz", RECORD("a") "\n" RECORD("b") "\n");
	file = fopen("log.gz", "r+");
	fseek(file, 30, SEEK_SET);
	fputs("\xff\xff\xff\xff\xff\xff", file);
	fclose(file);
	expect_failure("log.gz: cannot be read: ", "log.gz");
}

Test(reading, what_cannot_be_opened_is_said_before_anything_is_read)
{
	struct fault fault;

	put("log", RECORD("a") "\n");
	cr_expect_null(reading_new((const char *[]){"log", "missing"}, 2, &manner, &fault));
	cr_expect_str_eq(fault.text, "missing: cannot be read: No such file or directory");
	cr_expect_null(reading_new((const char *[]){"log", "/"}, 2, &manner, &fault));
	cr_expect_str_eq(fault.text, "/: is a directory");
}

Test(reading, lines_longer_than_what_is_read_at_once)
{
	FILE *log = fopen("log", "w");

	for (size_t length = 1; length <= 4u << 20; length *= 4) {
		fputs(
		    "{\"v\":1,\"time\":\"2026-09-21T14:13:20.123Z\",\"kind\":\"message\",\"session\":\"s\",\"helo\":\"",
		    log);
		for (size_t i = 0; i < length; i++)
			fputc('x', log);
		fputs("\",\"verdict\":\"accept\",\"end\":\"accepted\",\"stages\":[]}\n", log);
	}
	fclose(log);
	expect_sessions("s s s s s s s s s s s s ", PATHS("log"));
}

Test(reading, a_line_without_end_is_left_out_and_the_next_one_is_read)
{
	static char block[1u << 20];
	FILE *log = fopen("log", "w");

	memset(block, 'x', sizeof block);
	fputs(RECORD("a") "\n", log);
	for (size_t written = 0; written < 3 * (size_t)LIMIT_LOG_LINE; written += sizeof block)
		fwrite(block, 1, sizeof block, log);
	fputs("\n" RECORD("b") "\n", log);
	for (size_t written = 0; written < 2 * (size_t)LIMIT_LOG_LINE; written += sizeof block)
		fwrite(block, 1, sizeof block, log);
	fclose(log);
	expect_sessions("a b ", PATHS("log"));
	cr_expect_eq(counts.foreign, 2);
	cr_expect_eq(counts.lines, 4);
	cr_expect_not_null(strstr(said, "log:2: is longer than a line of a decision log can be\nlog:4: is longer"),
	                   "%s", said);
}

Test(reading, progress_is_shown_and_taken_away)
{
	char *shown;
	size_t size;

	manner.progress = open_memstream(&shown, &size);
	put("log", RECORD("a") "\n" RECORD("b") "\n");
	expect_sessions("a b ", PATHS("log"));
	fclose(manner.progress);
	cr_expect_eq(strncmp(shown, "\rtester: 100 %, ", 16), 0, "%s", shown);
	cr_expect_str_eq(shown + size - 4, "\r\033[K", "%s", shown);
	free(shown);
}

Test(reading, progress_of_what_has_no_size_has_no_part_of_it)
{
	char *shown;
	size_t size;

	manner.progress = open_memstream(&shown, &size);
	put("log", RECORD("a") "\n" RECORD("b") "\n");
	cr_assert_not_null(freopen("log", "r", stdin));
	expect_sessions("a b ", 0, NULL);
	fclose(manner.progress);
	cr_expect_eq(strncmp(shown, "\rtester: 0 lines\rtester: 1 lines", 32), 0, "%s", shown);
	free(shown);
}

Test(reading, before_patience_ends_no_progress_is_shown)
{
	char *shown;
	size_t size;

	manner.progress = open_memstream(&shown, &size);
	manner.patience = 60000;
	put("log", RECORD("a") "\n");
	expect_sessions("a ", PATHS("log"));
	fclose(manner.progress);
	cr_expect_str_eq(shown, "");
	free(shown);
}
