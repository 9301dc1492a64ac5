#include "milter/ledger/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "milter/ledger/figure.h"
#include "milter/ledger/record.h"
#include "policy/arena.h"
#include "policy/limits.h"
#include "rules/fault.h"

/* What is read at once, and what zlib unpacks at once. */
#define CHUNK (128u * 1024)

struct reading {
	const char *const *paths;
	size_t path_count;
	size_t next; /* path */
	struct reading_manner manner;
	struct reading_counts counts;
	struct arena *arena;
	gzFile file; /* NULL between two */
	const char *name;
	uint64_t line;
	char *buffer; /* holds what is read of the file and not yet taken: from start to end */
	size_t capacity;
	size_t start, end;
	size_t searched; /* from start on there is no newline in so many bytes */
	bool at_end;     /* of the file */
	uint64_t total;  /* bytes of all files; 0: one of them has no size */
	uint64_t done;   /* bytes of the files that were read */
	uint64_t next_progress;
	bool shown;
};

static const char standard_input[] = "-";
static const char *const only_standard_input[] = {standard_input};

static uint64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool is_standard_input(const char *path)
{
	return strcmp(path, standard_input) == 0;
}

/* Whether all paths can be read, as far as can be told without opening them: a pipe is opened once only. */
static bool look_at(struct reading *reading, struct fault *ret_fault)
{
	bool sized = true;

	for (size_t i = 0; i < reading->path_count; i++) {
		const char *path = reading->paths[i];
		struct stat status;

		if (is_standard_input(path)) {
			sized = false;
			continue;
		}
		if (stat(path, &status) != 0 || eaccess(path, R_OK) != 0)
			return fault_set(ret_fault, "%s: cannot be read: %s", path, strerror(errno));
		if (S_ISDIR(status.st_mode))
			return fault_set(ret_fault, "%s: is a directory", path);
		sized = sized && S_ISREG(status.st_mode);
		reading->total += (uint64_t)status.st_size;
	}
	if (!sized)
		reading->total = 0;
	return true;
}

struct reading *reading_new(const char *const *paths, size_t count, const struct reading_manner *manner,
                            struct fault *ret_fault)
{
	struct reading *reading = calloc(1, sizeof *reading);

	if (reading == NULL) {
		fault_set(ret_fault, "no memory");
		return NULL;
	}
	reading->paths = count > 0 ? paths : only_standard_input;
	reading->path_count = count > 0 ? count : 1;
	reading->manner = *manner;
	reading->next_progress = milliseconds() + manner->patience;
	reading->capacity = CHUNK;
	reading->buffer = malloc(CHUNK);
	reading->arena = arena_new();
	if (reading->buffer == NULL || reading->arena == NULL)
		fault_set(ret_fault, "no memory");
	else if (look_at(reading, ret_fault))
		return reading;
	reading_free(reading);
	return NULL;
}

void reading_free(struct reading *reading)
{
	if (reading == NULL)
		return;
	if (reading->file != NULL)
		gzclose(reading->file);
	arena_free(reading->arena);
	free(reading->buffer);
	free(reading);
}

static bool open_next(struct reading *reading, struct fault *ret_fault)
{
	const char *path = reading->paths[reading->next++];
	int descriptor = is_standard_input(path) ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);

	reading->name = is_standard_input(path) ? "standard input" : path;
	if (descriptor < 0)
		return fault_set(ret_fault, "%s: cannot be read: %s", reading->name, strerror(errno));
	reading->file = gzdopen(descriptor, "rb");
	if (reading->file == NULL) {
		close(descriptor);
		return fault_set(ret_fault, "no memory");
	}
	gzbuffer(reading->file, CHUNK);
	reading->line = 0;
	reading->start = reading->end = reading->searched = 0;
	reading->at_end = false;
	reading->counts.files++;
	return true;
}

static void close_file(struct reading *reading)
{
	struct stat status;

	if (stat(reading->name, &status) == 0)
		reading->done += (uint64_t)status.st_size;
	gzclose(reading->file);
	reading->file = NULL;
}

static void show_progress(struct reading *reading)
{
	FILE *to = reading->manner.progress;
	uint64_t now, done;
	char lines[FIGURE_TEXT];

	if (to == NULL || (now = milliseconds()) < reading->next_progress)
		return;
	reading->next_progress = now + reading->manner.patience;
	reading->shown = true;
	figure_count(reading->counts.lines, lines);
	done = reading->done + (uint64_t)gzoffset(reading->file);
	fprintf(to, "\r%s: ", reading->manner.name);
	if (reading->total > 0)
		fprintf(to, "%u %%, ", done < reading->total ? (unsigned)(done * 100 / reading->total) : 100);
	fprintf(to, "%s lines", lines);
	fflush(to);
}

static void hide_progress(struct reading *reading)
{
	if (!reading->shown)
		return;
	/* Erase in Line (ECMA-48). */
	fputs("\r\033[K", reading->manner.progress);
	fflush(reading->manner.progress);
	reading->shown = false;
}

/* A line of a log may be anybody's: nothing of it reaches a terminal but plain characters. */
static void tell(struct reading *reading, const char *why)
{
	FILE *to = reading->manner.messages;

	if (reading->counts.foreign + reading->counts.torn > READING_TOLD)
		return;
	hide_progress(reading);
	fprintf(to, "%s:%llu: ", reading->name, (unsigned long long)reading->line);
	for (; *why != '\0'; why++)
		fputc((unsigned char)*why < 0x20 || (unsigned char)*why >= 0x7f ? '?' : *why, to);
	fputc('\n', to);
}

/* Makes room behind what is there for a chunk.  Returns false where there is none. */
static bool make_room(struct reading *reading)
{
	size_t held = reading->end - reading->start;
	char *larger;

	memmove(reading->buffer, reading->buffer + reading->start, held);
	reading->start = 0;
	reading->end = held;
	if (reading->capacity - held >= CHUNK / 2)
		return true;
	larger = realloc(reading->buffer, reading->capacity * 2);
	if (larger == NULL)
		return false;
	reading->buffer = larger;
	reading->capacity *= 2;
	return true;
}

/* Reads more of the file; sets at_end where there is no more. */
static bool fill(struct reading *reading, struct fault *ret_fault)
{
	int got, error;
	const char *text;

	if (!make_room(reading))
		return fault_set(ret_fault, "no memory");
	got = gzread(reading->file, reading->buffer + reading->end, (unsigned)(reading->capacity - reading->end));
	if (got < 0) {
		text = gzerror(reading->file, &error);
		return fault_set(ret_fault, "%s: cannot be read: %s", reading->name,
		                 error == Z_ERRNO ? strerror(errno) : text);
	}
	reading->end += (size_t)got;
	reading->at_end = got == 0;
	return true;
}

/* The line that stands at start, without its newline; NULL where no newline was read yet. */
static char *find_line(struct reading *reading, size_t *ret_length)
{
	char *line = reading->buffer + reading->start;
	size_t held = reading->end - reading->start;
	const char *newline = memchr(line + reading->searched, '\n', held - reading->searched);

	reading->searched = held;
	if (newline == NULL)
		return NULL;
	*ret_length = (size_t)(newline - line);
	reading->start += *ret_length + 1;
	reading->searched = 0;
	return line;
}

/* Leaves out the line that is too long, with what of it was not read yet. */
static bool skip_line(struct reading *reading, struct fault *ret_fault)
{
	const char *newline = NULL;

	while (newline == NULL && !reading->at_end) {
		reading->start = reading->end = reading->searched = 0;
		if (!fill(reading, ret_fault))
			return false;
		newline = memchr(reading->buffer, '\n', reading->end);
	}
	reading->start = newline != NULL ? (size_t)(newline - reading->buffer) + 1 : reading->end;
	reading->searched = 0;
	reading->counts.lines++;
	reading->counts.foreign++;
	tell(reading, "is longer than a line of a decision log can be");
	return true;
}

/* Whether compressed data end before their end. */
static bool ends_short(const struct reading *reading)
{
	int error;

	gzerror(reading->file, &error);
	return error == Z_BUF_ERROR;
}

static void count_torn(struct reading *reading, const char *why)
{
	reading->counts.torn++;
	tell(reading, why);
}

static bool take_line(struct reading *reading, const char *line, size_t length, bool whole, struct record *ret_record)
{
	struct fault fault;

	reading->counts.lines++;
	arena_reset(reading->arena);
	if (record_read(line, length, reading->arena, ret_record, &fault)) {
		reading->counts.records++;
		return true;
	}
	if (!whole) {
		count_torn(reading, "ends in the middle");
		return false;
	}
	reading->counts.foreign++;
	tell(reading, length > 0 ? fault.text : "is empty");
	return false;
}

/* What stands behind the last newline: a record, torn, or nothing. */
static bool take_rest(struct reading *reading, struct record *ret_record)
{
	const char *line = reading->buffer + reading->start;
	size_t length = reading->end - reading->start;

	if (length == 0 && !ends_short(reading))
		return false;
	reading->line++;
	reading->start = reading->end;
	reading->searched = 0;
	if (length > 0)
		return take_line(reading, line, length, false, ret_record);
	count_torn(reading, "the compressed file ends in the middle");
	return false;
}

/* Reads to the next record of the file, or to its end. */
static enum reading_result next_of_file(struct reading *reading, struct record *ret_record, struct fault *ret_fault)
{
	for (;;) {
		size_t length;
		char *line = find_line(reading, &length);

		if (line != NULL) {
			reading->line++;
			show_progress(reading);
			if (take_line(reading, line, length, true, ret_record))
				return READING_RECORD;
			continue;
		}
		if (reading->at_end)
			return take_rest(reading, ret_record) ? READING_RECORD : READING_END;
		if (reading->end - reading->start > LIMIT_LOG_LINE) {
			reading->line++;
			if (!skip_line(reading, ret_fault))
				return READING_FAILED;
			continue;
		}
		if (!fill(reading, ret_fault))
			return READING_FAILED;
	}
}

enum reading_result reading_next(struct reading *reading, struct record *ret_record, struct fault *ret_fault)
{
	while (reading->file != NULL || reading->next < reading->path_count) {
		enum reading_result result;

		if (reading->file == NULL && !open_next(reading, ret_fault))
			return READING_FAILED;
		result = next_of_file(reading, ret_record, ret_fault);
		if (result != READING_END)
			return result;
		close_file(reading);
	}
	return READING_END;
}

const char *reading_file(const struct reading *reading)
{
	return reading->name;
}

uint64_t reading_line(const struct reading *reading)
{
	return reading->line;
}

const struct reading_counts *reading_counts(const struct reading *reading)
{
	return &reading->counts;
}

void reading_close(struct reading *reading)
{
	uint64_t left_out = reading->counts.foreign + reading->counts.torn;
	char count[FIGURE_TEXT], lines[FIGURE_TEXT];

	hide_progress(reading);
	if (left_out == 0)
		return;
	figure_count(left_out, count);
	figure_count(reading->counts.lines, lines);
	fprintf(reading->manner.messages, "%s: %s of %s lines left out, as %s no record%s of a decision log%s\n",
	        reading->manner.name, count, lines, left_out == 1 ? "it is" : "they are", left_out == 1 ? "" : "s",
	        left_out > READING_TOLD ? "; the first are told above" : "");
}
