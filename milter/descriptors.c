#include "milter/descriptors.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <time.h>

#include "milter/log.h"
#include "milter/readahead.h"

/* A connection needs one; below this a busy MTA can use them all up. */
#define FEW_DESCRIPTORS 4096

/* How long the listener waits where there is none, in milliseconds: long for a processor, and short for an MTA. */
#define NAP 50

/* Seconds between two lines of the log that say so. */
#define SILENCE 60

void descriptors_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max < FEW_DESCRIPTORS)
		log_warning(
		    log_fields(log_number("descriptors", limit.rlim_max)),
		    "the limit of open files is low for a busy server; raise it (LimitNOFILE= of systemd, ulimit -Hn)");
}

/* Says that there is none, once in a while. */
static void tell_none_left(void)
{
	static time_t told;
	static bool before;
	struct rlimit limit = {.rlim_cur = 0};
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (before && now.tv_sec - told < SILENCE)
		return;
	before = true;
	told = now.tv_sec;
	getrlimit(RLIMIT_NOFILE, &limit);
	log_error(log_fields(log_number("descriptors", limit.rlim_cur)),
	          "no open file is left for a connection: new ones wait until others end; raise the limit "
	          "(LimitNOFILE= of systemd, ulimit -Hn)");
}

int accept(int socket, __SOCKADDR_ARG address, socklen_t *restrict length)
{
	const struct timespec nap = {.tv_nsec = NAP * 1000000L};
	int connection = accept4(socket, address, length, SOCK_CLOEXEC);

	if (connection < 0 && (errno == EMFILE || errno == ENFILE)) {
		int error = errno;

		tell_none_left();
		nanosleep(&nap, NULL);
		errno = error;
	}
	readahead_begin(connection);
	return connection;
}
