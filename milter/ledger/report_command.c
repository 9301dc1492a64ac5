/*
 * sallyport report: what passed, in which direction, and what was refused and why.
 */
#include <errno.h>
#include <getopt.h>
#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "milter/command.h"
#include "milter/ledger/reading.h"
#include "milter/ledger/record.h"
#include "milter/ledger/report.h"
#include "milter/ledger/report_page.h"
#include "rules/fault.h"

/* Milliseconds until progress is shown on a terminal. */
#define PATIENCE 1000

struct wish {
	struct period_wish period;
	bool json;
	const char *html; /* file, or NULL */
	size_t rows;
};

static int trouble(const char *why)
{
	fprintf(stderr, "sallyport report: %s\n", why);
	return STATUS_TROUBLE;
}

/* Whether the locale's characters are UTF-8. */
static bool has_blocks(void)
{
	locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	bool utf8 = locale != (locale_t)0 && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;

	if (locale != (locale_t)0)
		freelocale(locale);
	return utf8;
}

/* Text or JSON on standard output, and the page; where there is a page, text is not asked for. */
static int print(const struct wish *wish, struct report *report)
{
	struct fault fault;

	if (wish->html != NULL && !report_page_write(report, wish->html, &fault))
		return trouble(fault.text);
	if (wish->html != NULL && !wish->json)
		return STATUS_FINE;
	if (!(wish->json ? report_print_json : report_print_text)(report, stdout))
		return trouble("no memory");
	if (fflush(stdout) != 0 || ferror(stdout) != 0)
		return trouble("standard output cannot be written");
	return STATUS_FINE;
}

static int print_tally(const struct wish *wish, struct tally *tally, const struct reading_counts *counts)
{
	struct report *report = calloc(1, sizeof *report);
	int status = STATUS_TROUBLE;

	tally_close(tally);
	if (report != NULL)
		*report = (struct report){.tally = tally, .counts = counts, .rows = wish->rows, .blocks = has_blocks()};
	if (report == NULL || !report_prepare(report))
		trouble("no memory");
	else
		status = print(wish, report);
	if (report != NULL)
		report_clear(report);
	free(report);
	return status;
}

/* Reads all there is.  Returns false, having said why, where that cannot be done. */
static bool count(struct reading *reading, struct tally *tally)
{
	struct record record;
	struct fault fault;
	enum reading_result result;

	while ((result = reading_next(reading, &record, &fault)) == READING_RECORD) {
		if (!tally_add(tally, &record)) {
			fault_set(&fault, "no memory");
			result = READING_FAILED;
			break;
		}
	}
	reading_close(reading);
	if (result == READING_FAILED)
		trouble(fault.text);
	return result != READING_FAILED;
}

static int report_logs(const struct wish *wish, const struct period *period, char *const *paths, size_t path_count)
{
	const struct reading_manner manner = {
	    .name = "sallyport report",
	    .messages = stderr,
	    .progress = isatty(STDERR_FILENO) ? stderr : NULL,
	    .patience = PATIENCE,
	};
	struct fault fault;
	struct reading *reading = reading_new((const char *const *)paths, path_count, &manner, &fault);
	struct tally *tally = tally_new(period);
	int status = STATUS_TROUBLE;

	if (reading == NULL)
		trouble(fault.text);
	else if (tally == NULL)
		trouble("no memory");
	else if (count(reading, tally))
		status = print_tally(wish, tally, reading_counts(reading));
	tally_free(tally);
	reading_free(reading);
	return status;
}

static bool read_rows(const char *text, size_t *ret_rows)
{
	char *end;
	unsigned long rows = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || rows < 1 || rows > REPORT_MOST_ROWS)
		return false;
	*ret_rows = rows;
	return true;
}

enum {
	SINCE = 256,
	UNTIL,
	DAY,
	WEEK,
	LOCAL,
	TOP,
	JSON,
	HTML,
};

static const struct option options[] = {
    {"since", required_argument, NULL, SINCE}, {"until", required_argument, NULL, UNTIL},
    {"day", required_argument, NULL, DAY},     {"week", required_argument, NULL, WEEK},
    {"local", no_argument, NULL, LOCAL},       {"top", required_argument, NULL, TOP},
    {"json", no_argument, NULL, JSON},         {"html", required_argument, NULL, HTML},
    {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
};

/* Takes an option.  Returns false where its value is none. */
static bool take(int option, struct wish *wish)
{
	switch (option) {
	case SINCE:
		wish->period.since = optarg;
		return true;
	case UNTIL:
		wish->period.until = optarg;
		return true;
	case DAY:
		wish->period.day = optarg;
		return true;
	case WEEK:
		wish->period.week = optarg;
		return true;
	case LOCAL:
		wish->period.local = true;
		return true;
	case TOP:
		return read_rows(optarg, &wish->rows);
	case JSON:
		wish->json = true;
		return true;
	case HTML:
		wish->html = optarg;
		return true;
	default:
		return false;
	}
}

int report_main(const struct command *command, int argc, char **argv)
{
	struct wish wish = {.rows = REPORT_ROWS};
	struct period period;
	struct fault fault;
	int option;
	int status;

	while ((option = command_option(command, argc, argv, options, &status)) != -1) {
		if (option == '?')
			return status;
		if (!take(option, &wish))
			return command_usage_error(command, "--top \"%s\" is no number from 1 to %d", optarg,
			                           REPORT_MOST_ROWS);
	}
	tzset();
	if (!period_read(&wish.period, time(NULL), &period, &fault))
		return command_usage_error(command, "%s", fault.text);
	if (optind == argc && isatty(STDIN_FILENO))
		return command_usage_error(command, "no log is named, and standard input is a terminal");
	if (wish.html != NULL && !report_page_possible(wish.html, &fault))
		return trouble(fault.text);
	return report_logs(&wish, &period, argv + optind, (size_t)(argc - optind));
}
