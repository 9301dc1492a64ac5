#include "milter/readahead.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "policy/limits.h"

/* What is known of a connection, and what was read of it and not asked for yet: bytes[begin] to bytes[end - 1]. */
struct stream {
	atomic_bool open;
	short seen; /* what poll(2) last said, and nothing was read since; 0 where it is to be asked */
	uint16_t begin;
	uint16_t end;
	char *bytes; /* NULL where there are none */
};

static_assert(LIMIT_READAHEAD <= UINT16_MAX, "begin and end are 16 bits");

/* By the number of the descriptor. */
static struct stream streams[LIMIT_READAHEAD_CONNECTIONS];

/* NULL for what is no MTA's connection, or not read ahead. */
static struct stream *stream_of(int descriptor)
{
	if (descriptor < 0 || descriptor >= LIMIT_READAHEAD_CONNECTIONS)
		return NULL;
	if (!atomic_load_explicit(&streams[descriptor].open, memory_order_acquire))
		return NULL;
	return &streams[descriptor];
}

static void forget(struct stream *stream)
{
	free(stream->bytes);
	stream->bytes = NULL;
	stream->seen = 0;
}

void readahead_begin(int descriptor)
{
	struct stream *stream = stream_of(descriptor); /* what its last close() wrote is seen from here on, too */

	if (stream != NULL)
		forget(stream);
	else if (descriptor >= 0 && descriptor < LIMIT_READAHEAD_CONNECTIONS)
		atomic_store_explicit(&streams[descriptor].open, true, memory_order_release);
}

static ssize_t system_read(int descriptor, void *buffer, size_t size)
{
	return readv(descriptor, &(struct iovec){buffer, size}, 1);
}

/* Reads as much as there is; returns false, with what readahead_read is to return, where nothing can be taken of it. */
static bool read_ahead(struct stream *stream, int descriptor, void *buffer, size_t size, ssize_t *ret_length)
{
	char *bytes = size < LIMIT_READAHEAD ? malloc(LIMIT_READAHEAD) : NULL;
	ssize_t length =
	    bytes != NULL ? system_read(descriptor, bytes, LIMIT_READAHEAD) : system_read(descriptor, buffer, size);

	if (bytes == NULL || length <= 0) {
		int error = errno;

		free(bytes);
		errno = error;
		*ret_length = length;
		return false;
	}
	stream->bytes = bytes;
	stream->begin = 0;
	stream->end = (uint16_t)length;
	return true;
}

ssize_t readahead_read(int descriptor, void *buffer, size_t size)
{
	struct stream *stream = stream_of(descriptor);
	size_t taken;
	ssize_t length;

	if (stream == NULL)
		return system_read(descriptor, buffer, size);
	stream->seen = 0;
	if (stream->bytes == NULL && !read_ahead(stream, descriptor, buffer, size, &length))
		return length;
	taken = (size_t)(stream->end - stream->begin);
	if (taken > size)
		taken = size;
	memcpy(buffer, stream->bytes + stream->begin, taken);
	stream->begin += (uint16_t)taken;
	if (stream->begin == stream->end)
		forget(stream);
	return (ssize_t)taken;
}

static int system_poll(struct pollfd *descriptors, nfds_t count, int timeout)
{
	struct timespec time = {.tv_sec = timeout / 1000, .tv_nsec = timeout % 1000 * 1000000L};

	return ppoll(descriptors, count, timeout >= 0 ? &time : NULL, NULL);
}

/* Asks for one connection, once for each time that something comes. */
static int poll_one(struct stream *stream, struct pollfd *descriptor, int timeout)
{
	int ready;

	if (stream->bytes != NULL || stream->seen != 0) {
		descriptor->revents = stream->bytes != NULL ? POLLIN : stream->seen;
		return 1;
	}
	ready = system_poll(descriptor, 1, timeout);
	if (ready == 1)
		stream->seen = descriptor->revents;
	return ready;
}

/* Whether something is there that is asked for. */
static bool is_ready(const struct pollfd *descriptor)
{
	const struct stream *stream = stream_of(descriptor->fd);

	return stream != NULL && stream->bytes != NULL && (descriptor->events & POLLIN) != 0;
}

/* The same of any, the others of which are asked for without waiting. */
static int poll_all(struct pollfd *descriptors, nfds_t count)
{
	int ready = system_poll(descriptors, count, 0);

	for (nfds_t i = 0; i < count && ready >= 0; i++) {
		if (!is_ready(&descriptors[i]))
			continue;
		ready += descriptors[i].revents == 0;
		descriptors[i].revents |= POLLIN;
	}
	return ready;
}

int readahead_poll(struct pollfd *descriptors, nfds_t count, int timeout)
{
	if (count == 1 && (descriptors->events & POLLIN) != 0) {
		struct stream *stream = stream_of(descriptors->fd);

		if (stream != NULL)
			return poll_one(stream, descriptors, timeout);
	}
	for (nfds_t i = 0; i < count; i++)
		if (is_ready(&descriptors[i]))
			return poll_all(descriptors, count);
	return system_poll(descriptors, count, timeout);
}

int readahead_close(int descriptor)
{
	struct stream *stream = stream_of(descriptor);

	if (stream != NULL) {
		forget(stream);
		atomic_store_explicit(&stream->open, false, memory_order_release);
	}
	return (int)syscall(SYS_close, descriptor);
}
