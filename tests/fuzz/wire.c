/*
 * Any bytes at the milter's socket, libmilter included, as somebody might send them who can reach it.  Whatever came
 * before, an MTA is judged as by the rules afterwards.
 *
 * The first byte of an input says whether it begins with a sound negotiation, and whether what follows are packets
 * (command, length of two bytes, data), to which the length is written as the protocol wants it, or bytes as they are.
 *
 * One thing is not sent, as libmilter 8.17 reads past its end: macros (D) of which the last has no value.
 */
#include "bytes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/filter.h"
#include "milter/ledger/counters.h"
#include "milter/ledger/ledger.h"
#include "milter/snapshot.h"
#include "rules/diagnostic.h"
#include "rules/load.h"

/* Seconds; the daemon answers at once. */
#define PATIENCE 10

#define COMMANDS "ABCDEHKLMNOQRTU"

static struct sockaddr_un place = {.sun_family = AF_UNIX};

static void *serve(void *unused)
{
	filter_serve();
	return unused;
}

static void start(void)
{
	static char folder[] = "/tmp/sallyport-fuzz-XXXXXX";
	static struct ledger ledger;
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules = rules_load_unproved(EXAMPLES "/gateway.conf", diagnostics);
	char name[128];
	pthread_t thread;

	bytes_claim(rules != NULL && mkdtemp(folder) != NULL, "rules and a folder");
	diagnostics_free(diagnostics);
	ledger.counters = counters_new();
	snprintf(place.sun_path, sizeof place.sun_path, "%s/socket", folder);
	snprintf(name, sizeof name, "unix:%s", place.sun_path);
	bytes_claim(filter_register(snapshots_new(rules, true), &ledger, name) && filter_open(), "the socket listens");
	bytes_claim(pthread_create(&thread, NULL, serve, NULL) == 0, "a thread");
}

static int call(void)
{
	const struct timeval patience = {.tv_sec = PATIENCE};
	int line = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	bytes_claim(line >= 0 && connect(line, (const struct sockaddr *)&place, sizeof place) == 0,
	            "it takes a connection");
	setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(line, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	return line;
}

/* Whether it was taken: the daemon may hang up at any time. */
static bool send_bytes(int line, const void *data, size_t length)
{
	return send(line, data, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* Whether libmilter can look a macro up in them: a place, then names and values, each with its NUL. */
static bool macros_are_pairs(const uint8_t *data, size_t length)
{
	size_t ends = 0;

	for (size_t i = 1; i < length; i++)
		ends += data[i] == '\0';
	return ends % 2 == 0;
}

/* How much of the stream can be sent. */
static size_t sendable(const uint8_t *data, size_t length)
{
	size_t at = 0;

	while (length - at > sizeof(uint32_t)) {
		uint32_t size;

		memcpy(&size, data + at, sizeof size);
		size = ntohl(size);
		if (size == 0 || size > length - at - sizeof size)
			break;
		if (data[at + sizeof size] == 'D' && !macros_are_pairs(data + at + sizeof size + 1, size - 1))
			return at;
		at += sizeof size + size;
	}
	return length;
}

static bool send_packet(int line, char command, const void *data, size_t length)
{
	const uint32_t size = htonl((uint32_t)length + 1);

	return send_bytes(line, &size, sizeof size) && send_bytes(line, &command, 1) &&
	       (length == 0 || send_bytes(line, data, length));
}

static bool negotiate(int line)
{
	/* version 6, all actions, all steps */
	static const char wishes[] = "\0\0\0\6\0\0\1\377\0\37\377\377";

	return send_packet(line, 'O', wishes, sizeof wishes - 1);
}

/* The whole of what comes until the daemon hangs up. */
static size_t hear(int line, char *ret_heard, size_t room)
{
	size_t length = 0;
	ssize_t count;

	shutdown(line, SHUT_WR);
	do { /* libFuzzer's own alarm clock may ring meanwhile */
		count = recv(line, ret_heard + length, room - length, 0);
		if (count > 0)
			length += (size_t)count;
	} while ((count > 0 && length < room) || (count < 0 && errno == EINTR));
	bytes_claim(count >= 0 || errno == ECONNRESET, "the daemon hangs up when the MTA does");
	close(line);
	return length;
}

static void send_input(int line, struct bytes *bytes)
{
	static uint8_t data[65536];
	unsigned flags = bytes_byte(bytes);

	if ((flags & 1) != 0 && !negotiate(line))
		return;
	if ((flags & 2) != 0) {
		send_bytes(line, bytes->at, sendable(bytes->at, bytes->left));
		return;
	}
	while (bytes->left > 0) {
		char command = COMMANDS[bytes_below(bytes, sizeof COMMANDS - 1)];
		size_t length = bytes_number(bytes) % 600;

		if (length > bytes->left)
			length = bytes->left;
		bytes_take(bytes, data, length);
		if (command == 'D' && !macros_are_pairs(data, length))
			continue;
		if (!send_packet(line, command, data, length))
			return;
	}
}

/* A stranger's session, as an MTA tells it. */
static void be_judged(void)
{
	static const char connect_macros[] = "Cj\0mx.example.net\0{daemon_name}\0inbound\0{daemon_port}\0"
	                                     "25";
	static const char client[] = "outside.example\0"
	                             "4\234\100"
	                             "203.0.113.10";
	static const char sender[] = "<somebody@example.org>";
	static const char recipient[] = "<somebody@example.com>";
	static char heard[4096];
	int line = call();
	size_t length;

	bytes_claim(
	    negotiate(line) && send_packet(line, 'D', connect_macros, sizeof connect_macros) &&
	        send_packet(line, 'C', client, sizeof client) && send_packet(line, 'H', "there", sizeof "there") &&
	        send_packet(line, 'M', sender, sizeof sender) && send_packet(line, 'R', recipient, sizeof recipient),
	    "it takes a session");
	length = hear(line, heard, sizeof heard);
	bytes_claim(memmem(heard, length, "550 5.7.1", 9) != NULL, "a stranger may not relay");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	static unsigned played;
	static char heard[1 << 20];
	struct bytes bytes = {data, size};
	int line;

	if (!started)
		start();
	started = true;
	line = call();
	send_input(line, &bytes);
	hear(line, heard, sizeof heard);
	if (played++ % 16 == 0)
		be_judged();
	return 0;
}
