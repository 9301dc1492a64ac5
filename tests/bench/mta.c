#include "mta.h"

#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <libmilter/mfdef.h>

/* More than any answer: one of negotiation with seven lists, or a reply of 32 lines. */
#define ANSWER_ROOM (64 * 1024)

/* Different negotiations that one run may see: rules that are changed meanwhile want different steps. */
#define SCRIPTS 16

#define EVENTS 256

enum doing {
	DOING_NOTHING,    /* no socket */
	DOING_CONNECTING, /* the socket is not connected yet */
	DOING_NEGOTIATING,
	DOING_PLAYING,
	DOING_STAYING,
};

struct connection {
	enum doing doing;
	bool stays;
	int socket;
	const struct script *script;
	size_t exchange;
	uint64_t begun;
	uint64_t asked;
	const unsigned char *unsent; /* what the socket had no room for */
	size_t unsent_length;
	size_t received;
	unsigned char answer[ANSWER_ROOM];
};

struct known_script {
	unsigned char *reply; /* the negotiation's */
	size_t length;
	struct script *script;
};

struct run {
	const struct load *load;
	struct tally *tally;
	int epoll;
	struct packets negotiation;
	struct known_script scripts[SCRIPTS];
	struct connection *connections;
	size_t waiting; /* connections whose connect(2) is to be tried again */
	uint64_t ended; /* sessions */
	unsigned staying;
	bool counting;
	uint64_t interval; /* nanoseconds between sessions, 0 without a rate */
	uint64_t due;      /* when the next session is */
	uint64_t start;
	uint64_t cpu_start;
	clockid_t cpu_clock;
};

static uint64_t clock_now(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) != 0)
		err(1, "cannot read a clock");
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t now(void)
{
	return clock_now(CLOCK_MONOTONIC);
}

static bool wrong(const struct connection *connection, const char *what)
{
	char step = connection->doing == DOING_PLAYING ? connection->script->exchanges[connection->exchange].letter
	                                               : SMFIC_OPTNEG;

	warnx("at step %c: %s", step, what);
	return false;
}

static void watch(const struct run *run, struct connection *connection, int operation, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = connection};

	if (epoll_ctl(run->epoll, operation, connection->socket, &event) != 0)
		err(1, "epoll_ctl");
}

/* Sends what is unsent, as far as it goes; returns whether the milter still takes it. */
static bool send_unsent(const struct run *run, struct connection *connection)
{
	ssize_t sent = send(connection->socket, connection->unsent, connection->unsent_length, MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN)
		return false;
	if (sent > 0) {
		connection->unsent += sent;
		connection->unsent_length -= (size_t)sent;
	}
	if (connection->unsent_length > 0)
		watch(run, connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
	return true;
}

static bool say(const struct run *run, struct connection *connection, const unsigned char *octets, size_t length)
{
	connection->unsent = octets;
	connection->unsent_length = length;
	connection->asked = now();
	if (!send_unsent(run, connection))
		return wrong(connection, strerror(errno));
	return true;
}

/* Whether the connection may begin a session, and since when. */
static bool is_due(struct run *run, const struct connection *connection, uint64_t *ret_since)
{
	*ret_since = now();
	if (run->interval == 0 || connection->stays)
		return true;
	if (*ret_since < run->due)
		return false;
	*ret_since = run->due;
	run->due += run->interval;
	return true;
}

/* Begins a session that is due; where the milter's queue of connections is full, it is tried again later. */
static bool begin(struct run *run, struct connection *connection)
{
	const struct load *load = run->load;
	const int yes = 1;

	if (connection->doing == DOING_NOTHING) {
		if (!is_due(run, connection, &connection->begun))
			return true;
		connection->socket = socket(load->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connection->socket < 0)
			err(1, "socket");
		if (load->address.ss_family != AF_UNIX)
			setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
		connection->doing = DOING_CONNECTING;
		connection->received = 0;
		connection->exchange = 0;
	}
	if (connect(connection->socket, (const struct sockaddr *)&load->address, load->address_length) != 0) {
		if (errno == EAGAIN)
			return true;
		if (errno == EINPROGRESS) {
			watch(run, connection, EPOLL_CTL_ADD, EPOLLOUT);
			run->waiting--;
			return true;
		}
		return wrong(connection, strerror(errno));
	}
	run->waiting--;
	connection->doing = DOING_NEGOTIATING;
	watch(run, connection, EPOLL_CTL_ADD, EPOLLIN);
	return say(run, connection, run->negotiation.octets, run->negotiation.length);
}

static bool connected(struct run *run, struct connection *connection)
{
	int error = 0;
	socklen_t length = sizeof error;

	getsockopt(connection->socket, SOL_SOCKET, SO_ERROR, &error, &length);
	if (error != 0)
		return wrong(connection, strerror(error));
	connection->doing = DOING_NEGOTIATING;
	watch(run, connection, EPOLL_CTL_MOD, EPOLLIN);
	return say(run, connection, run->negotiation.octets, run->negotiation.length);
}

static void start_counting(struct run *run)
{
	*run->tally = (struct tally){.negotiated = run->tally->negotiated, .exchanges = run->tally->exchanges};
	run->counting = true;
	run->start = now();
	if (run->load->pid != 0)
		run->cpu_start = clock_now(run->cpu_clock);
}

static void stop_counting(struct run *run)
{
	run->tally->seconds = (double)(now() - run->start) / 1e9;
	if (run->load->pid != 0)
		run->tally->cpu_seconds = (double)(clock_now(run->cpu_clock) - run->cpu_start) / 1e9;
}

/* Where the warm-up is over. */
static void start_in_time(struct run *run)
{
	if (!run->counting && run->ended >= run->load->warm_up && run->staying == run->load->idle)
		start_counting(run);
}

static bool enough(const struct run *run)
{
	const struct load *load = run->load;

	if (!run->counting)
		return false;
	return run->tally->sessions >= load->sessions ||
	       (load->seconds > 0 && (double)(now() - run->start) >= load->seconds * 1e9);
}

/* Says what is left from there on, and hangs up: all that Postfix does at the end of a session. */
static bool end_session(struct run *run, struct connection *connection, size_t from)
{
	const struct packets *packets = &connection->script->packets;

	histogram_count(&run->tally->session, now() - connection->begun);
	run->tally->sessions++;
	run->ended++;
	if (connection->stays) {
		connection->doing = DOING_STAYING;
		run->staying++;
		return true;
	}
	/* Who has hung up already does not hear it, and it makes no difference. */
	send(connection->socket, packets->octets + from, packets->length - from, MSG_NOSIGNAL);
	close(connection->socket);
	connection->doing = DOING_NOTHING;
	run->waiting++;
	return begin(run, connection);
}

/* Goes on with the exchange that it has come to; there may be none. */
static bool play(struct run *run, struct connection *connection)
{
	const struct script *script = connection->script;
	const struct exchange *exchange = &script->exchanges[connection->exchange];
	const unsigned char *octets;
	ssize_t sent = 0;

	if (script->count == 0)
		return end_session(run, connection, script->unanswered);
	octets = script->packets.octets + exchange->start;
	if (exchange->first > 0) {
		sent = send(connection->socket, octets, exchange->first, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN)
			return wrong(connection, strerror(errno));
	}
	if (sent < 0)
		sent = 0;
	return say(run, connection, octets + sent, exchange->length - (size_t)sent);
}

/* The script for what was negotiated, or NULL. */
static const struct script *script_for(struct run *run, const unsigned char *reply, size_t length)
{
	struct known_script *known = run->scripts;
	const char *reason;

	while (known->script != NULL && (known->length != length || memcmp(known->reply, reply, length) != 0)) {
		if (++known == run->scripts + SCRIPTS)
			errx(1, "more than %d different negotiations", SCRIPTS);
	}
	if (known->script != NULL)
		return known->script;
	known->script = script_new(run->load->scenario, reply, length, &reason);
	if (known->script == NULL) {
		warnx("%s", reason);
		return NULL;
	}
	known->length = length;
	known->reply = malloc(length);
	if (known->reply == NULL)
		err(1, "no memory for a negotiation");
	memcpy(known->reply, reply, length);
	negotiated_copy(&known->script->negotiated, &run->tally->negotiated);
	run->tally->exchanges = known->script->count;
	return known->script;
}

/* An answer has come whole: a letter and what belongs to it. */
static bool take_answer(struct run *run, struct connection *connection, const unsigned char *answer, size_t length)
{
	if (connection->doing == DOING_NEGOTIATING) {
		connection->script = script_for(run, answer, length);
		if (connection->script == NULL)
			return false;
		connection->doing = DOING_PLAYING;
		return play(run, connection);
	}
	if (connection->doing != DOING_PLAYING)
		return wrong(connection, "an answer that nobody asked for");
	if (length > 1 && answer[length - 1] != '\0')
		return wrong(connection, "a reply without an end");
	histogram_count(&run->tally->answer, now() - connection->asked);
	run->tally->answers++;
	run->tally->refusals +=
	    answer[0] == SMFIR_REPLYCODE || answer[0] == SMFIR_REJECT || answer[0] == SMFIR_TEMPFAIL;
	switch (script_judge(connection->script, connection->exchange, (char)answer[0], (const char *)answer + 1)) {
	case SCRIPT_NEXT:
		connection->exchange++;
		return play(run, connection);
	case SCRIPT_UNANSWERED:
		return end_session(run, connection, connection->script->unanswered);
	case SCRIPT_LAST_WORDS:
		return end_session(run, connection, connection->script->last_words);
	case SCRIPT_WAIT:
		return true;
	case SCRIPT_WRONG:
		break;
	}
	warnx("the answer is \"%c%s\"", answer[0], length > 1 ? (const char *)answer + 1 : "");
	return wrong(connection, connection->script->exchanges[connection->exchange].refusal != NULL
	                             ? "the refusal that must come here did not"
	                             : "it must be let through");
}

static bool receive(struct run *run, struct connection *connection)
{
	ssize_t received = recv(connection->socket, connection->answer + connection->received,
	                        sizeof connection->answer - connection->received, 0);
	size_t length;

	if (received < 0)
		return errno == EAGAIN || wrong(connection, strerror(errno));
	if (received == 0)
		return wrong(connection, "the milter has hung up");
	connection->received += (size_t)received;
	if (connection->received <= MILTER_LEN_BYTES)
		return true;
	length = packets_number(connection->answer);
	if (length == 0 || length > sizeof connection->answer - MILTER_LEN_BYTES)
		return wrong(connection, "an answer of no length, or of too much");
	if (connection->received < MILTER_LEN_BYTES + length)
		return true;
	if (connection->received > MILTER_LEN_BYTES + length)
		return wrong(connection, "two answers to one step");
	connection->received = 0;
	return take_answer(run, connection, connection->answer + MILTER_LEN_BYTES, length);
}

static bool serve(struct run *run, struct connection *connection, uint32_t events)
{
	if (connection->doing == DOING_CONNECTING)
		return connected(run, connection);
	if ((events & EPOLLOUT) != 0) {
		watch(run, connection, EPOLL_CTL_MOD, EPOLLIN);
		if (!send_unsent(run, connection))
			return wrong(connection, strerror(errno));
	}
	return (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0 || receive(run, connection);
}

/* Tries again those that found the milter's queue full. */
static bool begin_waiting(struct run *run, size_t count)
{
	for (size_t i = 0; i < count && run->waiting > 0; i++) {
		struct connection *connection = &run->connections[i];
		bool begins = connection->doing == DOING_NOTHING ||
		              (connection->doing == DOING_CONNECTING && run->load->address.ss_family == AF_UNIX);

		if (begins && !begin(run, connection))
			return false;
	}
	return true;
}

/* How long to wait for an answer: no longer than until something is to begin. */
static struct timespec patience(const struct run *run)
{
	static const uint64_t again = 1000000; /* nanoseconds until connect(2) is tried again */
	uint64_t moment = now();
	uint64_t wait = again;

	if (run->waiting == 0)
		return (struct timespec){.tv_sec = run->load->patience};
	if (run->interval > 0 && run->due < moment + again)
		wait = run->due > moment ? run->due - moment : 0;
	return (struct timespec){.tv_nsec = (long)wait};
}

static bool loop(struct run *run, size_t count)
{
	const struct load *load = run->load;
	struct epoll_event events[EVENTS];

	start_in_time(run);
	while (!enough(run)) {
		const struct timespec wait = patience(run);
		int ready = epoll_pwait2(run->epoll, events, EVENTS, &wait, NULL);

		if (ready < 0 && errno != EINTR)
			err(1, "epoll_pwait2");
		if (ready == 0 && run->waiting == 0) {
			warnx("no answer for %u seconds", load->patience);
			return false;
		}
		for (int i = 0; i < ready; i++) {
			if (!serve(run, events[i].data.ptr, events[i].events))
				return false;
			start_in_time(run);
			if (enough(run))
				break;
		}
		if (run->waiting > 0 && !begin_waiting(run, count))
			return false;
	}
	return true;
}

static void end(struct run *run)
{
	for (struct known_script *known = run->scripts; known < run->scripts + SCRIPTS; known++) {
		script_free(known->script);
		free(known->reply);
	}
	packets_free(&run->negotiation);
	free(run->connections);
	close(run->epoll);
}

bool mta_run(const struct load *load, struct tally *ret_tally)
{
	const size_t count = (size_t)load->connections + load->idle;
	struct run run = {.load = load, .tally = ret_tally};
	bool right;

	*ret_tally = (struct tally){0};
	if (load->pid != 0 && clock_getcpuclockid(load->pid, &run.cpu_clock) != 0)
		errx(1, "there is no process %d", (int)load->pid);
	run.epoll = epoll_create1(EPOLL_CLOEXEC);
	run.connections = calloc(count, sizeof *run.connections);
	if (run.epoll < 0 || run.connections == NULL)
		err(1, "no memory for %zu connections", count);
	for (size_t i = load->connections; i < count; i++)
		run.connections[i].stays = true;
	script_negotiation(&run.negotiation);
	if (load->rate > 0) {
		run.interval = (uint64_t)(1e9 / load->rate);
		run.due = now();
		prctl(PR_SET_TIMERSLACK, 1ul); /* nanosecond: else each wait may be 50 us longer */
	}
	run.waiting = count;
	right = begin_waiting(&run, count) && loop(&run, count);
	if (right)
		stop_counting(&run);
	end(&run);
	return right;
}
