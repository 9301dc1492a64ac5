#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../fixture.h"
#include "milter/ledger/decision_log.h"
#include "milter/ledger/note.h"
#include "milter/ledger/record.h"
#include "policy/arena.h"
#include "policy/limits.h"
#include "rules/fault.h"

/* Long enough for any machine, and only ever waited for where a test fails. */
#define LONG 20000

static char directory[] = "/tmp/sallyport-decisions-XXXXXX";
static char path[64];
static char other[64];

static void begin(void)
{
	cr_assert_not_null(mkdtemp(directory));
	snprintf(path, sizeof path, "%s/decisions", directory);
	snprintf(other, sizeof other, "%s/other", directory);
	fixture_log_begin();
}

static void end(void)
{
	unlink(path);
	unlink(other);
	rmdir(directory);
}

TestSuite(decision_log, .init = begin, .fini = end);

static struct decision_log *opened(void)
{
	struct fault fault;
	struct decision_log *log = decision_log_open(path, NULL, &fault);

	cr_assert_not_null(log, "%s", fault.text);
	cr_assert(decision_log_start(log));
	return log;
}

/* A record of that number, with a text of so many bytes. */
static void put(struct decision_log *log, unsigned number, size_t bytes)
{
	struct arena *arena = arena_new();
	struct record *record = arena_take(arena, 1, sizeof *record);
	char *helo = arena_take(arena, bytes + 1, 1);
	struct note *note;

	memset(helo, 'x', bytes);
	*record = (struct record){.session = "s", .message = number, .helo = helo};
	note = note_new(arena, record);
	cr_assert_not_null(note);
	decision_log_put(log, note);
	note_release(note);
}

static char *content(const char *file)
{
	FILE *stream = fopen(file, "r");
	char *text = NULL;
	size_t size = 0;

	cr_assert_not_null(stream, "%s", file);
	if (getdelim(&text, &size, '\0', stream) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(stream);
	return text;
}

/* The numbers of the records in the text, each followed by a blank; every line must be whole. */
static char *numbers(const char *text)
{
	static char all[64 * 1024];
	size_t length = 0;

	for (const char *line = text, *newline; *line != '\0'; line = newline + 1) {
		struct arena *arena = arena_new();
		struct record record;
		struct fault fault;

		newline = strchr(line, '\n');
		cr_assert_not_null(newline, "%s", line);
		cr_assert(record_read(line, (size_t)(newline - line), arena, &record, &fault), "%s: %.*s", fault.text,
		          (int)(newline - line), line);
		length += (size_t)snprintf(all + length, sizeof all - length, "%u ", record.message);
		arena_free(arena);
	}
	all[length] = '\0';
	return all;
}

static void expect_numbers(const char *file, const char *expected)
{
	char *text = content(file);

	cr_assert_str_eq(numbers(text), expected);
	free(text);
}

/* Waits until the administrator's log has said it. */
static void await_log(const char *words)
{
	for (unsigned waited = 0; fixture_log_has(words) == 0; waited++) {
		cr_assert_lt(waited, LONG, "not said: %s", words);
		poll(NULL, 0, 1);
	}
}

Test(decision_log, records_are_lines_in_order)
{
	struct decision_log *log = opened();
	struct stat status;

	for (unsigned i = 1; i <= 3; i++)
		put(log, i, 10);
	decision_log_finish(log, LONG);
	expect_numbers(path, "1 2 3 ");
	cr_assert_eq(decision_log_lost(log), 0);
	cr_assert_eq(stat(path, &status), 0);
	cr_assert_eq(status.st_mode & 0137, 0, "%o", status.st_mode);
}

Test(decision_log, a_file_is_appended_to)
{
	struct decision_log *log = opened();

	put(log, 1, 10);
	decision_log_finish(log, LONG);
	log = opened();
	put(log, 2, 10);
	decision_log_finish(log, LONG);
	expect_numbers(path, "1 2 ");
}

Test(decision_log, after_a_torn_line_comes_a_new_one)
{
	FILE *stream = fopen(path, "w");
	struct decision_log *log;
	char *text;

	fputs("{\"v\":1,\"ti", stream);
	fclose(stream);
	log = opened();
	put(log, 7, 10);
	decision_log_finish(log, LONG);
	text = content(path);
	cr_assert_eq(strncmp(text, "{\"v\":1,\"ti\n{\"v\":1,", 18), 0, "%s", text);
	free(text);
}

Test(decision_log, a_file_that_cannot_be_opened_is_told)
{
	struct fault fault;

	cr_assert_null(decision_log_open("/tmp", NULL, &fault));
	cr_assert_str_eq(fault.text, "cannot open the decision log \"/tmp\": Is a directory");
	cr_assert_eq(mkfifo(path, 0600), 0);
	cr_assert_null(decision_log_open(path, NULL, &fault), "a pipe that nobody reads is not waited for");
	cr_assert_not_null(strstr(fault.text, "No such device"), "%s", fault.text);
}

Test(decision_log, reopening_follows_the_name)
{
	struct decision_log *log = opened();

	put(log, 1, 10);
	decision_log_finish(log, LONG);
	cr_assert_eq(rename(path, other), 0);
	put(log, 2, 10);
	decision_log_finish(log, LONG);
	decision_log_reopen(log);
	put(log, 3, 10);
	decision_log_finish(log, LONG);
	expect_numbers(other, "1 2 ");
	expect_numbers(path, "3 ");
}

Test(decision_log, where_reopening_fails_the_old_file_goes_on)
{
	struct decision_log *log = opened();

	cr_assert_eq(rename(path, other), 0);
	cr_assert_eq(mkdir(path, 0700), 0);
	decision_log_reopen(log);
	put(log, 1, 10);
	decision_log_finish(log, LONG);
	rmdir(path);
	expect_numbers(other, "1 ");
	await_log("cannot open the decision log anew: Is a directory");
}

Test(decision_log, a_full_disk_loses_nothing_that_fits_the_queue)
{
	struct decision_log *log;

	cr_assert_eq(symlink("/dev/full", path), 0);
	log = opened();
	put(log, 1, 10);
	await_log("cannot be written: No space left on device");
	put(log, 2, 10);
	unlink(path);
	decision_log_reopen(log);
	decision_log_finish(log, LONG);
	expect_numbers(path, "1 2 ");
	cr_assert_eq(decision_log_lost(log), 0);
	await_log("the decision log is written again");
	cr_assert_eq(fixture_log_has("No space left"), 1, "said once");
}

Test(decision_log, a_disk_that_takes_no_more_is_tried_again_by_itself)
{
	struct rlimit limit = {200, RLIM_INFINITY};
	struct decision_log *log;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	log = opened();
	put(log, 1, 10);
	put(log, 2, 400);
	await_log("cannot be written: File too large");
	limit.rlim_cur = RLIM_INFINITY;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	decision_log_finish(log, LONG);
	expect_numbers(path, "1 2 ");
}

Test(decision_log, a_line_written_in_part_begins_anew_in_another_file)
{
	struct rlimit limit = {200, RLIM_INFINITY};
	struct decision_log *log;

	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	log = opened();
	put(log, 1, 10);
	put(log, 2, 400);
	await_log("cannot be written: File too large");
	cr_assert_eq(rename(path, other), 0);
	limit.rlim_cur = RLIM_INFINITY;
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	decision_log_reopen(log);
	decision_log_finish(log, LONG);
	cr_assert_not_null(strstr(numbers(content(path)), "2 "), "the second is whole in the new file");
}

Test(decision_log, a_disk_that_hangs_holds_nobody_up_and_what_is_lost_is_counted)
{
	const unsigned count = LIMIT_WAITING_RECORDS + 5000;
	struct decision_log *log;
	unsigned lines = 0;
	char buffer[4096];
	struct pollfd reader;
	ssize_t got;

	cr_assert_eq(mkfifo(path, 0600), 0);
	reader = (struct pollfd){open(path, O_RDONLY | O_NONBLOCK), POLLIN, 0};
	log = opened();
	for (unsigned i = 1; i <= count; i++)
		put(log, i, 10);
	cr_assert_gt(decision_log_lost(log), 0);
	await_log("records are lost from now on");
	while (lines + decision_log_lost(log) < count && poll(&reader, 1, LONG) == 1) {
		got = read(reader.fd, buffer, sizeof buffer);
		cr_assert_gt(got, 0);
		for (ssize_t i = 0; i < got; i++)
			lines += buffer[i] == '\n';
	}
	cr_assert_eq(lines + decision_log_lost(log), count);
	decision_log_finish(log, LONG);
	await_log("the decision log is written again");
	cr_assert_eq(fixture_log_has("records are lost from now on"), 1, "said once");
}

Test(decision_log, finish_does_not_wait_for_ever)
{
	struct decision_log *log;

	cr_assert_eq(symlink("/dev/full", path), 0);
	log = opened();
	put(log, 1, 10);
	decision_log_finish(log, 50);
	await_log("the daemon ends with records that the decision log did not take");
}
