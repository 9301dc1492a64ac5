/*
 * A decision log, as report and replay read it: plain or of gzip(1).  A record that was read is written as a line that
 * reads the same, can be counted, and can be judged by rules.
 */
#include "bytes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "milter/ledger/again.h"
#include "milter/ledger/changes.h"
#include "milter/ledger/reading.h"
#include "milter/ledger/record.h"
#include "milter/ledger/report.h"
#include "milter/ledger/tally.h"
#include "policy/arena.h"
#include "rules/diagnostic.h"
#include "rules/fault.h"
#include "rules/load.h"

static const struct rules *gateway(void)
{
	static const struct rules *rules;

	if (rules == NULL) {
		struct diagnostics *diagnostics = diagnostics_new();

		rules = rules_load_unproved(EXAMPLES "/gateway.conf", diagnostics);
		bytes_claim(rules != NULL, "the shipped rules load");
		diagnostics_free(diagnostics);
	}
	return rules;
}

/* What came is left open for ever otherwise. */
static FILE *nowhere(void)
{
	static FILE *stream;

	if (stream == NULL)
		stream = fopen("/dev/null", "w");
	return stream;
}

static void rewrite(const struct record *record)
{
	struct arena *arena = arena_new();
	struct record again;
	struct fault fault;
	size_t length;
	size_t again_length;
	char *line = record_write(record, &length);
	char *second;

	bytes_claim(arena != NULL && line != NULL && line[length - 1] == '\n', "a record is written as a line");
	bytes_claim(memchr(line, '\n', length - 1) == NULL, "which is one");
	bytes_claim(record_read(line, length - 1, arena, &again, &fault), "a record that was written is read");
	second = record_write(&again, &again_length);
	bytes_claim(second != NULL && length == again_length && memcmp(line, second, length) == 0, "as what it was");
	free(second);
	free(line);
	arena_free(arena);
}

struct judging {
	struct changes *changes;
	const struct record *record;
	uint64_t ordinal;
};

static void take_change(void *context, const struct again_change *change)
{
	struct judging *judging = context;

	changes_add(judging->changes, change, judging->record, judging->ordinal, "log", judging->ordinal);
}

static void print(struct tally *tally, const struct reading_counts *counts)
{
	struct report report = {.tally = tally, .counts = counts, .rows = REPORT_ROWS};

	tally_close(tally);
	bytes_claim(report_prepare(&report) && report_print_text(&report, nowhere()) &&
	                report_print_json(&report, nowhere()) && report_print_html(&report, nowhere()),
	            "a report is written of every log");
	report_clear(&report);
}

static void read_all(struct reading *reading)
{
	static const struct period always;
	struct tally *tally = tally_new(&always);
	struct judging judging = {.changes = changes_new()};
	struct record record;
	struct fault fault;

	bytes_claim(tally != NULL && judging.changes != NULL, "memory");
	judging.record = &record;
	while (reading_next(reading, &record, &fault) == READING_RECORD) {
		judging.ordinal++;
		rewrite(&record);
		bytes_claim(tally_add(tally, &record), "memory");
		bytes_claim(again_judge(gateway()->ruleset, &record, take_change, &judging) != AGAIN_NO_MEMORY,
		            "memory");
	}
	changes_sort(judging.changes);
	print(tally, reading_counts(reading));
	changes_free(judging.changes);
	tally_free(tally);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct reading_manner manner = {.name = "fuzz", .messages = nowhere()};
	char path[64];
	const char *paths[] = {path};
	int file = memfd_create("log", MFD_CLOEXEC);
	struct reading *reading;
	struct fault fault;

	bytes_claim(file >= 0 && write(file, data, size) == (ssize_t)size, "a file is written");
	snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	reading = reading_new(paths, 1, &manner, &fault);
	bytes_claim(reading != NULL, "a file is opened");
	read_all(reading);
	reading_free(reading);
	close(file);
	return 0;
}
