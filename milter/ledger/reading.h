/*
 * NAME
 *	reading - decision logs, read record by record
 *
 * SYNOPSIS
 *	reading = reading_new(paths, count, &manner, &fault);
 *	while (reading_next(reading, &record, &fault) == READING_RECORD)
 *		...
 *	reading_close(reading);  reading_counts(reading)  ...  reading_free(reading);
 *
 * DESCRIPTION
 *	Reads logs one after the other, in the order in which they are named: plain files, and
 *	those that gzip(1) made (zlib reads both); "-" is standard input.
 *
 *	A line that is no record of this version is counted, and left out: the first few
 *	of all are told, as "FILE:LINE: is not JSON: ...", with control bytes as "?".  So is a
 *	last line that ends in the middle, as a machine that stops leaves it behind, a
 *	compressed file that ends in the middle, and a line of more than LIMIT_LOG_LINE bytes.
 *	What the files themselves refuse (they cannot be opened, a disk fails, compressed data are
 *	damaged) ends the reading.
 *
 *	Memory is bounded by the longest line, whatever the number of lines.
 *
 * THREADS
 *	One thread at a time.
 */
#ifndef MILTER_LEDGER_READING_H
#define MILTER_LEDGER_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct fault;
struct reading;
struct record;

/* Lines that are no records, and are told; the others are only counted. */
#define READING_TOLD 5

/* How it is read, and what is said meanwhile. */
struct reading_manner {
	const char *name;  /* "sallyport report": what speaks */
	FILE *messages;    /* what is told of lines goes there */
	FILE *progress;    /* a terminal on which progress is shown, or NULL */
	unsigned patience; /* milliseconds before progress is shown, and before it is shown anew */
};

/* What was read so far. */
struct reading_counts {
	uint64_t files;
	uint64_t lines;   /* all */
	uint64_t records; /* those that are records */
	uint64_t foreign; /* those that are none */
	uint64_t torn;    /* those that are none, as a file ended in the middle of them; not among foreign */
};

enum reading_result {
	READING_RECORD,
	READING_END,
	READING_FAILED, /* the fault says why */
};

/*
 * The paths are not copied; none is "-" alone.  Returns NULL where there is no memory, or one
 * of them is nothing that can be read: said in *ret_fault, before any is opened.
 */
struct reading *reading_new(const char *const *paths, size_t count, const struct reading_manner *manner,
                            struct fault *ret_fault);
void reading_free(struct reading *reading);

/* Reads on to the next record, which is valid until the next call. */
enum reading_result reading_next(struct reading *reading, struct record *ret_record, struct fault *ret_fault);

/* Where the latest record stood: the file's name, "standard input" or as it was given, and the line from 1 on. */
const char *reading_file(const struct reading *reading);
uint64_t reading_line(const struct reading *reading);

const struct reading_counts *reading_counts(const struct reading *reading);

/* Takes progress away from the terminal, and says how many lines were left out, if any were. */
void reading_close(struct reading *reading);

#endif
