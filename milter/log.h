/*
 * NAME
 *	log - what the daemon tells its administrator, a line at a time
 *
 * SYNOPSIS
 *	log_open(LOG_FORMAT_TEXT);
 *	log_event("stopped", log_none);
 *	log_event("started", log_fields(log_word("socket", socket), log_number("generation", 1)));
 *	log_warning(log_none, "...");
 *
 * DESCRIPTION
 *	A line has an event, perhaps a message for people, and fields.  As text:
 *
 *		refused session=k3x-1 stage=rcpt rule="relay" client=203.0.113.10 ...
 *
 *	as JSON the same as one object, with the time (RFC 3339, UTC) first:
 *
 *		{"time": "...", "event": "refused", "session": "k3x-1", ...}
 *
 *	Lines go to standard error.  Text has the time in front only where standard
 *	error is a file or a terminal: behind a pipe or a socket there is the journal,
 *	or another collector, which keeps the time itself.
 *
 *	A client's words cannot forge a line or a field: a value that is not made of
 *	plain characters alone is quoted, with \" and \\ escaped and every control or
 *	non-ASCII byte as \xNN; a value over LOG_VALUE bytes is cut and ends in "...".
 *
 * THREADS
 *	All functions but log_open may be called by any thread.  A line is one
 *	write(2): lines do not mix.
 *
 * ERRORS
 *	What cannot be written is lost.  Where JSON finds no memory, the line comes
 *	as text.
 */
#ifndef MILTER_LOG_H
#define MILTER_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "rules/load.h"

struct diagnostic;

/* Bytes of one value as it is written: room for any honest address, and no client can flood the log with one. */
#define LOG_VALUE 1024

/* Bytes of one line: every field of a refusal at its longest. */
#define LOG_LINE (24 * 1024)

enum log_kind {
	LOG_END,    /* after the last field */
	LOG_WORD,   /* in text quoted where it must be */
	LOG_QUOTED, /* in text always quoted */
	LOG_NUMBER,
};

/* A field with the text NULL is left out. */
struct log_field {
	enum log_kind kind;
	const char *name;
	const char *text;
	uint64_t number;
};

#define log_word(field, value) ((struct log_field){.kind = LOG_WORD, .name = (field), .text = (value)})
#define log_quoted(field, value) ((struct log_field){.kind = LOG_QUOTED, .name = (field), .text = (value)})
#define log_number(field, value) ((struct log_field){.kind = LOG_NUMBER, .name = (field), .number = (value)})
#define log_fields(...) ((const struct log_field[]){__VA_ARGS__, {.kind = LOG_END}})
#define log_none ((const struct log_field[]){{.kind = LOG_END}})

/* Sets the format; until then lines are text.  To be called before there are other threads. */
void log_open(enum log_format format);

/* "EVENT name=value ..." */
void log_event(const char *event, const struct log_field *fields);

/* "EVENT MESSAGE name=value ..." */
void log_message(const char *event, const struct log_field *fields, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "warning: MESSAGE name=value ..." */
void log_warning(const struct log_field *fields, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "error: MESSAGE name=value ..." */
void log_error(const struct log_field *fields, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "FILE:LINE: error: TEXT"; as JSON the event "diagnostic" with file, line, severity and message. */
void log_diagnostic(const struct diagnostic *diagnostic);

/*
 * The line of text that log_event, or log_message where message is not NULL,
 * writes, without the time, ending in a newline.  Writes at most size bytes (at
 * least 2) with the end of the string, and returns the length of what it wrote.
 */
size_t log_text(const char *event, const char *separator, const char *message, const struct log_field *fields,
                char *ret_line, size_t size);

/* The same as JSON, with the time given; malloc(3) memory, ending in a newline, or NULL where there is none. */
char *log_json(const char *time, const char *event, const char *message, const struct log_field *fields);

#endif
