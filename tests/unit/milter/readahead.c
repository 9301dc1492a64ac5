#include "milter/readahead.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/limits.h"

enum {
	OURS,
	MTA
};

static int ends[2];

static void begin(void)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	readahead_begin(ends[OURS]);
}

static void end(void)
{
	readahead_close(ends[OURS]);
	readahead_close(ends[MTA]);
}

TestSuite(readahead, .init = begin, .fini = end);

static void say(const char *text)
{
	cr_assert_eq(send(ends[MTA], text, strlen(text), 0), (ssize_t)strlen(text));
}

/* Reads as many bytes, which must be these. */
static void expect(int descriptor, const char *text)
{
	char buffer[64] = "";

	cr_assert_eq(readahead_read(descriptor, buffer, strlen(text)), (ssize_t)strlen(text));
	cr_assert_str_eq(buffer, text);
}

static int unread(int descriptor)
{
	int bytes = -1;

	cr_assert_eq(ioctl(descriptor, FIONREAD, &bytes), 0);
	return bytes;
}

/* Whether there is something to read, as poll says that has time. */
static bool is_ready(int descriptor, int timeout)
{
	struct pollfd asked = {.fd = descriptor, .events = POLLIN | POLLPRI, .revents = 0x7f};
	int ready = readahead_poll(&asked, 1, timeout);

	cr_assert(ready == 0 || ready == 1);
	cr_assert_eq(asked.revents, ready == 1 ? POLLIN : 0);
	return ready == 1;
}

Test(readahead, libmilter_reads_through_it)
{
	cr_assert_eq((uintptr_t)dlsym(RTLD_DEFAULT, "read"), (uintptr_t)readahead_read);
	cr_assert_eq((uintptr_t)dlsym(RTLD_DEFAULT, "poll"), (uintptr_t)readahead_poll);
	cr_assert_eq((uintptr_t)dlsym(RTLD_DEFAULT, "close"), (uintptr_t)readahead_close);
}

Test(readahead, what_was_said_in_one_piece_is_read_in_one)
{
	say("abcdefgh");
	expect(ends[OURS], "ab");
	cr_assert_eq(unread(ends[OURS]), 0);
	cr_assert(is_ready(ends[OURS], 0));
	expect(ends[OURS], "cde");
	cr_assert(is_ready(ends[OURS], -1));
	say("ijk");
	expect(ends[OURS], "fgh");
	cr_assert_eq(unread(ends[OURS]), 3);
	cr_assert(is_ready(ends[OURS], 0));
	expect(ends[OURS], "ijk");
	cr_assert_not(is_ready(ends[OURS], 0));
	cr_assert_not(is_ready(ends[OURS], 1));
}

Test(readahead, no_more_than_there_is_is_said_to_be_there)
{
	char buffer[16];

	say("abc");
	expect(ends[OURS], "a");
	cr_assert_eq(readahead_read(ends[OURS], buffer, sizeof buffer), 2);
	cr_assert_eq(memcmp(buffer, "bc", 2), 0);
}

Test(readahead, more_than_is_kept_comes_in_the_same_order)
{
	static unsigned char said[5 * LIMIT_READAHEAD], heard[sizeof said];
	size_t length = 0;

	for (size_t i = 0; i < sizeof said; i++)
		said[i] = (unsigned char)(i * 7 + i / 251);
	for (size_t at_once = 1; at_once < 2 * LIMIT_READAHEAD; at_once += at_once / 3 + 1) {
		cr_assert_eq(send(ends[MTA], said, sizeof said, 0), (ssize_t)sizeof said);
		for (length = 0; length < sizeof said;) {
			size_t wanted = sizeof said - length < at_once ? sizeof said - length : at_once;
			ssize_t came = readahead_read(ends[OURS], heard + length, wanted);

			cr_assert(came > 0 && (size_t)came <= wanted, "%zu at once", at_once);
			length += (size_t)came;
		}
		cr_assert_eq(memcmp(said, heard, sizeof said), 0, "%zu at once", at_once);
	}
}

Test(readahead, what_was_said_before_hanging_up_comes_before_the_end)
{
	char byte;

	say("abc");
	expect(ends[OURS], "a");
	shutdown(ends[MTA], SHUT_RDWR);
	cr_assert(is_ready(ends[OURS], 0));
	expect(ends[OURS], "bc");
	cr_assert_eq(readahead_read(ends[OURS], &byte, 1), 0);
	cr_assert_eq(readahead_read(ends[OURS], &byte, 1), 0);
}

Test(readahead, who_hangs_up_is_seen_to)
{
	struct pollfd asked = {.fd = ends[OURS], .events = POLLIN};

	readahead_close(ends[MTA]);
	for (unsigned again = 0; again < 2; again++) {
		cr_assert_eq(readahead_poll(&asked, 1, -1), 1);
		cr_assert_eq(asked.revents, POLLIN | POLLHUP);
	}
}

Test(readahead, what_fails_fails_as_it_would)
{
	char byte;

	fcntl(ends[OURS], F_SETFL, O_NONBLOCK);
	cr_assert_eq(readahead_read(ends[OURS], &byte, 1), -1);
	cr_assert_eq(errno, EAGAIN);
	say("a");
	expect(ends[OURS], "a");
	cr_assert_eq(readahead_read(-1, &byte, 1), -1);
	cr_assert_eq(errno, EBADF);
	cr_assert_eq(readahead_close(-1), -1);
	cr_assert_eq(errno, EBADF);
}

Test(readahead, any_other_descriptor_is_the_systems_alone)
{
	int pipes[2];

	cr_assert_eq(pipe(pipes), 0);
	cr_assert_eq(write(pipes[1], "abcdef", 6), 6);
	expect(pipes[0], "ab");
	cr_assert_eq(unread(pipes[0]), 4);
	cr_assert(is_ready(pipes[0], 0));
	readahead_close(pipes[0]);
	readahead_close(pipes[1]);
}

Test(readahead, a_number_that_is_used_again_has_nothing_of_the_one_before)
{
	int before = ends[OURS], pipes[2];

	say("abc");
	expect(ends[OURS], "a");
	readahead_close(ends[OURS]);
	cr_assert_eq(pipe(pipes), 0);
	cr_assert_eq(pipes[0], before, "the lowest number is used again");
	cr_assert_eq(write(pipes[1], "xyz", 3), 3);
	expect(pipes[0], "x");
	cr_assert_eq(unread(pipes[0]), 2);
	readahead_begin(pipes[0]);
	expect(pipes[0], "y");
	readahead_begin(pipes[0]);
	cr_assert_not(is_ready(pipes[0], 0), "what begins anew is empty");
	ends[OURS] = pipes[0];
	readahead_close(pipes[1]);
}

Test(readahead, among_several_what_is_kept_is_there_at_once)
{
	struct pollfd asked[3] = {{.events = POLLIN}, {.events = POLLIN}, {.fd = -1, .events = POLLIN}};
	int others[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, others), 0);
	asked[0].fd = others[0];
	asked[1].fd = ends[OURS];
	cr_assert_eq(readahead_poll(asked, 3, 0), 0);
	say("ab");
	expect(ends[OURS], "a");
	cr_assert_eq(readahead_poll(asked, 3, -1), 1);
	cr_assert_eq(asked[0].revents, 0);
	cr_assert_eq(asked[1].revents, POLLIN);
	say("c");
	cr_assert_eq(readahead_poll(asked, 3, -1), 1, "counted once, though there is more in the socket");
	cr_assert_eq(write(others[1], "x", 1), 1);
	cr_assert_eq(readahead_poll(asked, 3, -1), 2);
	cr_assert_eq(asked[0].revents, POLLIN);
	cr_assert_eq(asked[1].revents, POLLIN);
	expect(ends[OURS], "b");
	expect(ends[OURS], "c");
	cr_assert_eq(readahead_poll(asked, 3, -1), 1);
	cr_assert_eq(asked[1].revents, 0);
	readahead_close(others[0]);
	readahead_close(others[1]);
}

Test(readahead, whether_there_is_room_to_write_is_not_kept)
{
	struct pollfd asked = {.fd = ends[OURS], .events = POLLOUT};
	static const char much[65536];

	say("ab");
	expect(ends[OURS], "a");
	cr_assert_eq(readahead_poll(&asked, 1, 0), 1);
	cr_assert_eq(asked.revents, POLLOUT);
	while (send(ends[OURS], much, sizeof much, MSG_DONTWAIT) > 0)
		;
	cr_assert_eq(readahead_poll(&asked, 1, 0), 0);
	cr_assert(is_ready(ends[OURS], 0));
}

Test(readahead, a_high_number_is_read_as_ever)
{
	struct rlimit limit;
	int high;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	high = fcntl(ends[OURS], F_DUPFD, LIMIT_READAHEAD_CONNECTIONS);
	if (high < 0)
		cr_skip_test("as many descriptors are not allowed here");
	readahead_begin(high);
	say("abc");
	expect(high, "a");
	cr_assert_eq(unread(high), 2);
	readahead_close(high);
}
