#include "milter/ledger/decision_log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "milter/ledger/note.h"
#include "milter/ledger/pseudonyms.h"
#include "milter/ledger/queue.h"
#include "milter/ledger/record.h"
#include "milter/log.h"
#include "milter/moment.h"
#include "policy/limits.h"
#include "rules/fault.h"

/* Records that are made lines at a time: enough that a write(2) is not for each. */
#define BATCH_RECORDS 256

/* Seconds between attempts to write to a file that cannot be written. */
#define RETRY_SECONDS 1

/* Lines that are being written. */
struct batch {
	char *text;
	size_t size;
	size_t capacity;
	size_t written;
};

struct decision_log {
	const char *path;
	const struct pseudonyms *pseudonyms; /* or NULL */
	int descriptor;                      /* the thread's, as are the next three */
	struct batch batch;                  /* not written yet */
	bool failing;                        /* the last write(2) did */
	bool on_new_line;                    /* the file's last byte ends a line */

	pthread_mutex_t lock;
	pthread_cond_t changed; /* for the thread: there is something to do */
	pthread_cond_t settled; /* for who waits: there is nothing left to do */
	struct queue queue;
	uint64_t lost;
	uint64_t lost_told; /* of them, those that the administrator knows */
	bool overflowing;   /* records are being lost, and the administrator knows */
	bool reopen;
	bool busy; /* the thread has lines that are not written */
};

/* Whether the file ends in the middle of a line; what cannot be read again, as a pipe, does not. */
static bool ends_in_a_line(const char *path)
{
	int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat status;
	char byte = '\n';

	if (descriptor < 0)
		return true;
	if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0 &&
	    pread(descriptor, &byte, 1, status.st_size - 1) != 1)
		byte = '\n';
	close(descriptor);
	return byte == '\n';
}

/* Opens the file; returns -1, with errno set, where it cannot. */
static int open_file(const char *path)
{
	/* A FIFO that nobody reads is an error, and not waited for. */
	int descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
	int flags;

	if (descriptor < 0)
		return -1;
	flags = fcntl(descriptor, F_GETFL);
	if (flags < 0 || fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK) < 0) {
		close(descriptor);
		return -1;
	}
	return descriptor;
}

struct decision_log *decision_log_open(const char *path, const struct pseudonyms *pseudonyms, struct fault *ret_fault)
{
	struct decision_log *log = calloc(1, sizeof *log);
	pthread_condattr_t monotonic;

	if (log == NULL) {
		fault_set(ret_fault, "no memory for the decision log");
		return NULL;
	}
	log->path = path;
	log->pseudonyms = pseudonyms;
	queue_init(&log->queue, NOTE_DECISIONS);
	log->descriptor = open_file(path);
	if (log->descriptor < 0) {
		fault_set(ret_fault, "cannot open the decision log \"%s\": %s", path, strerror(errno));
		free(log);
		return NULL;
	}
	log->on_new_line = ends_in_a_line(path);
	pthread_mutex_init(&log->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&log->changed, &monotonic);
	pthread_cond_init(&log->settled, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return log;
}

/* Makes room for more bytes behind those of the batch. */
static bool batch_reserve(struct batch *batch, size_t more)
{
	size_t wanted = batch->capacity;
	char *larger;

	while (wanted - batch->size < more)
		wanted = wanted == 0 ? 64 * 1024 : 2 * wanted;
	if (wanted == batch->capacity)
		return true;
	larger = realloc(batch->text, wanted);
	if (larger == NULL)
		return false;
	batch->text = larger;
	batch->capacity = wanted;
	return true;
}

/* Adds the record's line; returns false where there is no memory. */
static bool batch_add(struct batch *batch, const struct record *record)
{
	size_t length;
	char *line = record_write(record, &length);
	bool added = line != NULL && batch_reserve(batch, length);

	if (added) {
		memcpy(batch->text + batch->size, line, length);
		batch->size += length;
	}
	free(line);
	return added;
}

/* Goes back to the start of the line that was written in part: it begins anew in another file. */
static void batch_rewind(struct batch *batch)
{
	while (batch->written > 0 && batch->text[batch->written - 1] != '\n')
		batch->written--;
}

static void count_lost(struct decision_log *log, uint64_t count)
{
	pthread_mutex_lock(&log->lock);
	log->lost += count;
	pthread_mutex_unlock(&log->lock);
}

/* Adds the line of a record that waited, without its names where they are not to be written. */
static bool add_line(struct decision_log *log, const struct note *note)
{
	struct record nameless;

	if (log->pseudonyms == NULL)
		return batch_add(&log->batch, note->record);
	return pseudonyms_apply(log->pseudonyms, note->arena, note->record, &nameless) &&
	       batch_add(&log->batch, &nameless);
}

/* Makes lines of the records, and lets them go. */
static void make_lines(struct decision_log *log, struct note *notes)
{
	uint64_t lost = 0;

	for (struct note *note = notes, *next; note != NULL; note = next) {
		next = note->next[NOTE_DECISIONS];
		if (!add_line(log, note))
			lost++;
		note_release(note);
	}
	if (lost > 0)
		count_lost(log, lost);
}

/* write(2), and the newline that a torn line before it lacks. */
static ssize_t write_some(struct decision_log *log)
{
	ssize_t written;

	if (!log->on_new_line && log->batch.written == 0) {
		written = write(log->descriptor, "\n", 1);
		if (written <= 0)
			return written;
		log->on_new_line = true;
	}
	return write(log->descriptor, log->batch.text + log->batch.written, log->batch.size - log->batch.written);
}

static void tell_failure(struct decision_log *log, int error)
{
	if (!log->failing)
		log_error(
		    log_fields(log_word("decisions", log->path)),
		    "the decision log cannot be written: %s; mail goes on, and up to %u records are kept until it "
		    "can be",
		    strerror(error), LIMIT_WAITING_RECORDS);
	log->failing = true;
}

/* Says, once lines are written, what was lost meanwhile. */
static void tell_recovery(struct decision_log *log)
{
	uint64_t lost;

	pthread_mutex_lock(&log->lock);
	lost = log->lost - log->lost_told;
	log->lost_told = log->lost;
	log->overflowing = false;
	pthread_mutex_unlock(&log->lock);
	if (log->failing || lost > 0)
		log_message("decisions", log_fields(log_word("decisions", log->path), log_number("lost", lost)),
		            "the decision log is written again");
	log->failing = false;
}

/* Writes what it can; the batch is empty then, or the log failing. */
static void write_batch(struct decision_log *log)
{
	struct batch *batch = &log->batch;

	while (batch->written < batch->size) {
		ssize_t written = write_some(log);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			tell_failure(log, written < 0 ? errno : ENOSPC);
			return;
		}
		batch->written += (size_t)written;
	}
	if (batch->size > 0)
		tell_recovery(log);
	batch->size = 0;
	batch->written = 0;
}

static void reopen_file(struct decision_log *log)
{
	int descriptor = open_file(log->path);

	if (descriptor < 0) {
		log_error(log_fields(log_word("decisions", log->path)),
		          "cannot open the decision log anew: %s; it goes on in the old file", strerror(errno));
		return;
	}
	close(log->descriptor);
	log->descriptor = descriptor;
	log->on_new_line = ends_in_a_line(log->path);
	batch_rewind(&log->batch);
}

/* What the thread is to do next. */
struct task {
	bool reopen;
	struct note *notes;
};

static bool nothing_to_do(const struct decision_log *log)
{
	return !log->reopen && (log->queue.first == NULL || log->failing);
}

/* Waits for something to do; while writing fails, no longer than until it is to be tried again. */
static struct task await_task(struct decision_log *log)
{
	struct timespec retry = moment_in(RETRY_SECONDS * 1000);
	struct task task = {.notes = NULL};

	pthread_mutex_lock(&log->lock);
	log->busy = log->batch.size > 0;
	if (!log->busy && log->queue.first == NULL)
		pthread_cond_broadcast(&log->settled);
	while (nothing_to_do(log)) {
		if (!log->failing)
			pthread_cond_wait(&log->changed, &log->lock);
		else if (pthread_cond_timedwait(&log->changed, &log->lock, &retry) == ETIMEDOUT)
			break;
	}
	task.reopen = log->reopen;
	log->reopen = false;
	if (log->batch.size == 0) {
		task.notes = queue_take(&log->queue, BATCH_RECORDS);
		log->busy = task.notes != NULL;
	}
	pthread_mutex_unlock(&log->lock);
	return task;
}

static void *run(void *argument)
{
	struct decision_log *log = argument;

	while (true) {
		struct task task = await_task(log);

		if (task.reopen)
			reopen_file(log);
		make_lines(log, task.notes);
		write_batch(log);
	}
	return NULL;
}

bool decision_log_start(struct decision_log *log)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	errno = pthread_create(&thread, &attributes, run, log);
	pthread_attr_destroy(&attributes);
	return errno == 0;
}

void decision_log_put(struct decision_log *log, struct note *note)
{
	bool tell = false;

	pthread_mutex_lock(&log->lock);
	if (queue_put(&log->queue, note)) {
		pthread_cond_signal(&log->changed);
	} else {
		log->lost++;
		tell = !log->overflowing;
		log->overflowing = true;
	}
	pthread_mutex_unlock(&log->lock);
	if (tell)
		log_warning(log_fields(log_word("decisions", log->path)),
		            "the decision log does not keep up: records are lost from now on; mail goes on");
}

void decision_log_lose(struct decision_log *log)
{
	count_lost(log, 1);
}

void decision_log_reopen(struct decision_log *log)
{
	pthread_mutex_lock(&log->lock);
	log->reopen = true;
	pthread_cond_signal(&log->changed);
	pthread_mutex_unlock(&log->lock);
}

uint64_t decision_log_lost(struct decision_log *log)
{
	uint64_t lost;

	pthread_mutex_lock(&log->lock);
	lost = log->lost;
	pthread_mutex_unlock(&log->lock);
	return lost;
}

void decision_log_finish(struct decision_log *log, unsigned milliseconds)
{
	struct timespec end = moment_in(milliseconds);
	bool in_time = true;
	uint64_t left;

	pthread_mutex_lock(&log->lock);
	while (in_time && (log->busy || log->queue.first != NULL))
		in_time = pthread_cond_timedwait(&log->settled, &log->lock, &end) != ETIMEDOUT;
	left = log->queue.count;
	in_time = !log->busy && log->queue.first == NULL;
	pthread_mutex_unlock(&log->lock);
	if (!in_time)
		log_error(log_fields(log_word("decisions", log->path), log_number("waiting", left)),
		          "the daemon ends with records that the decision log did not take");
}
