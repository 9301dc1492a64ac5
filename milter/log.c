#include "milter/log.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "milter/moment.h"
#include "rules/diagnostic.h"

/* Bytes of a line that seldom is longer: a thread's stack need not have room for more, which is given back with it. */
#define USUAL_LINE 2048

static enum log_format format_in_force = LOG_FORMAT_TEXT;
static bool time_in_front;
static pthread_mutex_t one_line_at_a_time = PTHREAD_MUTEX_INITIALIZER;

void log_open(enum log_format format)
{
	struct stat status;

	format_in_force = format;
	time_in_front = fstat(STDERR_FILENO, &status) == 0 && (S_ISREG(status.st_mode) || isatty(STDERR_FILENO));
}

/* Text that is being written into a buffer of fixed size: what does not fit is dropped. */
struct line {
	char *text;
	size_t size;
	size_t length;
};

static void line_add(struct line *line, const char *text, size_t length)
{
	size_t room = line->size - 1 - line->length;

	if (length > room)
		length = room;
	memcpy(line->text + line->length, text, length);
	line->length += length;
	line->text[line->length] = '\0';
}

static void line_add_text(struct line *line, const char *text)
{
	line_add(line, text, strlen(text));
}

/* Whether a byte of a quoted value stands for itself. */
static bool printable(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* Whether a value of this byte needs no quotes. */
static bool plain(unsigned char byte)
{
	return printable(byte) && byte != ' ' && byte != '=';
}

static bool all_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if (!plain((unsigned char)*text))
			return false;
	}
	return true;
}

/* Writes what stands for a byte into ret_escape, of 4 bytes; returns its length. */
static size_t escape(unsigned char byte, char *ret_escape)
{
	static const char digits[] = "0123456789abcdef";

	if (printable(byte)) {
		ret_escape[0] = (char)byte;
		return 1;
	}
	ret_escape[0] = '\\';
	if (byte == '"' || byte == '\\') {
		ret_escape[1] = (char)byte;
		return 2;
	}
	ret_escape[1] = 'x';
	ret_escape[2] = digits[byte >> 4];
	ret_escape[3] = digits[byte & 0xf];
	return 4;
}

/* How many bytes, of at most limit, stand for themselves at the beginning of the text. */
static size_t printable_span(const char *text, size_t limit)
{
	size_t span = 0;

	while (span < limit && printable((unsigned char)text[span]))
		span++;
	return span;
}

/* Adds the text with control and non-ASCII bytes, quotes and backslashes escaped, cut after LOG_VALUE bytes. */
static void line_add_escaped(struct line *line, const char *text)
{
	size_t written = printable_span(text, LOG_VALUE);

	line_add(line, text, written);
	for (text += written; *text != '\0'; text++) {
		char escaped[4];
		size_t length = escape((unsigned char)*text, escaped);

		written += length;
		if (written > LOG_VALUE) {
			line_add_text(line, "...");
			return;
		}
		line_add(line, escaped, length);
	}
}

/* A message is the program's own, with names of files in it: only what would break the line is replaced. */
static void line_add_message(struct line *line, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		line_add(line, byte < 0x20 || byte == 0x7f ? "?" : text, 1);
	}
}

static void line_add_number(struct line *line, uint64_t number)
{
	char digits[20];
	size_t start = sizeof digits;

	do {
		digits[--start] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	line_add(line, digits + start, sizeof digits - start);
}

static void line_add_field(struct line *line, const struct log_field *field)
{
	line_add_text(line, " ");
	line_add_text(line, field->name);
	line_add_text(line, "=");
	if (field->kind == LOG_NUMBER) {
		line_add_number(line, field->number);
	} else if (field->kind == LOG_WORD && *field->text != '\0' && all_plain(field->text)) {
		line_add_escaped(line, field->text);
	} else {
		line_add_text(line, "\"");
		line_add_escaped(line, field->text);
		line_add_text(line, "\"");
	}
}

static bool left_out(const struct log_field *field)
{
	return field->kind != LOG_NUMBER && field->text == NULL;
}

size_t log_text(const char *event, const char *separator, const char *message, const struct log_field *fields,
                char *ret_line, size_t size)
{
	struct line line = {.text = ret_line, .size = size - 1}; /* room for the newline */

	ret_line[0] = '\0';
	line_add_text(&line, event);
	if (message != NULL) {
		line_add_text(&line, separator);
		line_add_message(&line, message);
	}
	for (; fields->kind != LOG_END; fields++) {
		if (!left_out(fields))
			line_add_field(&line, fields);
	}
	line.size = size;
	line_add_text(&line, "\n");
	return line.length;
}

/* A JSON string of the text: as it is where it is UTF-8 and not too long, else as in a line of text. */
static json_t *json_value(const char *text)
{
	char escaped[LOG_VALUE + 4] = "";
	struct line line = {.text = escaped, .size = sizeof escaped};

	if (strlen(text) <= LOG_VALUE) {
		json_t *value = json_string(text);
		if (value != NULL)
			return value;
	}
	line_add_escaped(&line, text);
	return json_string(escaped);
}

char *log_json(const char *time, const char *event, const char *message, const struct log_field *fields)
{
	json_t *object = json_object();
	char *dumped = NULL;
	char *line = NULL;
	bool sound = object != NULL;

	sound = sound && json_object_set_new(object, "time", json_string(time)) == 0;
	sound = sound && json_object_set_new(object, "event", json_string(event)) == 0;
	for (; sound && fields->kind != LOG_END; fields++) {
		if (left_out(fields))
			continue;
		sound = json_object_set_new(object, fields->name,
		                            fields->kind == LOG_NUMBER ? json_integer((json_int_t)fields->number)
		                                                       : json_value(fields->text)) == 0;
	}
	if (sound && message != NULL)
		sound = json_object_set_new(object, "message", json_value(message)) == 0;
	if (sound)
		dumped = json_dumps(object, JSON_ENSURE_ASCII);
	if (dumped != NULL && asprintf(&line, "%s\n", dumped) < 0)
		line = NULL;
	free(dumped);
	json_decref(object);
	return line;
}

static void write_line(const char *text, size_t length)
{
	pthread_mutex_lock(&one_line_at_a_time);
	while (length > 0) {
		ssize_t written = write(STDERR_FILENO, text, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			break;
		text += written;
		length -= (size_t)written;
	}
	pthread_mutex_unlock(&one_line_at_a_time);
}

/* Writes a line of text in a buffer of size bytes; returns false, and writes nothing, where it may not fit. */
static bool write_text(const char *time, const char *event, const char *separator, const char *message,
                       const struct log_field *fields, char *line, size_t size)
{
	size_t length = 0;

	if (time_in_front) {
		length = strlen(time);
		memcpy(line, time, length);
		line[length++] = ' ';
	}
	length += log_text(event, separator, message, fields, line + length, size - length);
	if (length + 1 == size && size < LOG_LINE)
		return false;
	write_line(line, length);
	return true;
}

/* The same, whatever the line. */
__attribute__((noinline)) static void write_long_text(const char *time, const char *event, const char *separator,
                                                      const char *message, const struct log_field *fields)
{
	char line[LOG_LINE];

	write_text(time, event, separator, message, fields, line, sizeof line);
}

static void log_line(const char *event, const char *separator, const char *message, const struct log_field *fields)
{
	char time[MOMENT_TEXT];
	char line[USUAL_LINE];

	if (time_in_front || format_in_force == LOG_FORMAT_JSON)
		moment_to_text(moment_now(), time);
	if (format_in_force == LOG_FORMAT_JSON) {
		char *json = log_json(time, event, message, fields);
		if (json != NULL) {
			write_line(json, strlen(json));
			free(json);
			return;
		}
	}
	if (!write_text(time, event, separator, message, fields, line, sizeof line))
		write_long_text(time, event, separator, message, fields);
}

__attribute__((format(printf, 4, 0))) static void log_formatted(const char *event, const char *separator,
                                                                const struct log_field *fields, const char *format,
                                                                va_list arguments)
{
	char message[LOG_VALUE];

	vsnprintf(message, sizeof message, format, arguments);
	log_line(event, separator, message, fields);
}

void log_event(const char *event, const struct log_field *fields)
{
	log_line(event, "", NULL, fields);
}

void log_message(const char *event, const struct log_field *fields, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_formatted(event, " ", fields, format, arguments);
	va_end(arguments);
}

void log_warning(const struct log_field *fields, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_formatted("warning", ": ", fields, format, arguments);
	va_end(arguments);
}

void log_error(const struct log_field *fields, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_formatted("error", ": ", fields, format, arguments);
	va_end(arguments);
}

void log_diagnostic(const struct diagnostic *diagnostic)
{
	char line[2 * LOG_VALUE];

	if (format_in_force == LOG_FORMAT_JSON) {
		log_line("diagnostic", "", diagnostic->text,
		         log_fields(log_word("file", diagnostic->file), log_number("line", diagnostic->line),
		                    log_word("severity", severity_name(diagnostic->severity))));
		return;
	}
	diagnostic_print(diagnostic, line, sizeof line);
	log_line("", "", line, log_none);
}
