#include "milter/smtp_client.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *name;
	const char *words;
} faults[] = {
    [SMTP_FINE] = {"fine", "no fault"},
    [SMTP_CANNOT_CONNECT] = {"cannot-connect", "cannot be reached"},
    [SMTP_TIMED_OUT] = {"timed-out", "did not answer in time"},
    [SMTP_HUNG_UP] = {"hung-up", "hung up"},
    [SMTP_GARBAGE] = {"garbage", "answered with what is no SMTP reply"},
    [SMTP_LONG_LINE] = {"long-line", "answered with a line that does not end"},
    [SMTP_MANY_LINES] = {"many-lines", "answered with a reply that does not end"},
    [SMTP_OUT_OF_TURN] = {"out-of-turn", "spoke out of turn"},
    [SMTP_PLAINTEXT] = {"plaintext", "sent plaintext after its answer to STARTTLS"},
    [SMTP_TLS_FAILED] = {"tls-failed", "failed to encrypt"},
    [SMTP_NO_MEMORY] = {"no-memory", "could not be tried: no memory"},
};
static_assert(sizeof faults / sizeof *faults == SMTP_FAULT_COUNT, "every fault has words");

const char *smtp_fault_name(enum smtp_fault fault)
{
	return faults[fault].name;
}

const char *smtp_fault_words(enum smtp_fault fault)
{
	return faults[fault].words;
}

/* Milliseconds of CLOCK_MONOTONIC. */
static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* When the step that begins now must have ended. */
static int64_t step_deadline(const struct smtp_client *client)
{
	int64_t deadline = now() + (int64_t)client->seconds * 1000;

	return deadline < client->deadline ? deadline : client->deadline;
}

void smtp_client_begin(struct smtp_client *client, unsigned seconds)
{
	memset(client, 0, sizeof *client);
	client->socket = -1;
	client->seconds = seconds;
	client->deadline = now() + (int64_t)seconds * 1000 * SMTP_CLIENT_LIMITS;
	smtp_reply_begin(&client->reply);
}

static enum smtp_fault system_fault(struct smtp_client *client, enum smtp_fault fault)
{
	snprintf(client->detail, sizeof client->detail, "%s", strerror(errno));
	return fault;
}

/* Waits for events of poll(2) on the socket. */
static enum smtp_fault wait_for(struct smtp_client *client, short events, int64_t deadline)
{
	struct pollfd waiting = {.fd = client->socket, .events = events};

	while (true) {
		int64_t left = deadline - now();
		int ready;

		if (left <= 0)
			return SMTP_TIMED_OUT;
		ready = poll(&waiting, 1, (int)left);
		if (ready > 0)
			return SMTP_FINE;
		if (ready < 0 && errno != EINTR)
			return system_fault(client, SMTP_HUNG_UP);
	}
}

enum smtp_fault smtp_client_connect(struct smtp_client *client, const struct sockaddr *to, socklen_t to_length,
                                    const struct sockaddr *from, socklen_t from_length)
{
	enum smtp_fault fault;
	int error = 0;
	socklen_t length = sizeof error;

	client->socket = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->socket < 0)
		return system_fault(client, SMTP_CANNOT_CONNECT);
	if (from != NULL && bind(client->socket, from, from_length) != 0)
		return system_fault(client, SMTP_CANNOT_CONNECT);
	if (connect(client->socket, to, to_length) == 0)
		return SMTP_FINE;
	if (errno != EINPROGRESS)
		return system_fault(client, SMTP_CANNOT_CONNECT);
	fault = wait_for(client, POLLOUT, step_deadline(client));
	if (fault == SMTP_TIMED_OUT) {
		errno = ETIMEDOUT;
		return system_fault(client, SMTP_CANNOT_CONNECT);
	}
	if (fault == SMTP_FINE && getsockopt(client->socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 &&
	    error != 0) {
		errno = error;
		return system_fault(client, SMTP_CANNOT_CONNECT);
	}
	return fault;
}

/* Notes the oldest of OpenSSL's errors, if there is one. */
static enum smtp_fault tls_fault(struct smtp_client *client, enum smtp_fault fault)
{
	unsigned long error = ERR_get_error();
	const char *reason = error != 0 ? ERR_reason_error_string(error) : NULL;

	if (reason != NULL)
		snprintf(client->detail, sizeof client->detail, "%s", reason);
	ERR_clear_error();
	return fault;
}

/* After a call of OpenSSL that did not succeed: waits until it may be tried again, or says why it may not. */
static enum smtp_fault tls_wait(struct smtp_client *client, int result, int64_t deadline, enum smtp_fault otherwise)
{
	switch (SSL_get_error(client->tls, result)) {
	case SSL_ERROR_WANT_READ:
		return wait_for(client, POLLIN, deadline);
	case SSL_ERROR_WANT_WRITE:
		return wait_for(client, POLLOUT, deadline);
	case SSL_ERROR_ZERO_RETURN:
		return SMTP_HUNG_UP;
	default: /* OpenSSL's numbers, not ours */
		return tls_fault(client, otherwise);
	}
}

/* Reads what there is into the empty buffer; waits for something. */
static enum smtp_fault fill(struct smtp_client *client, int64_t deadline)
{
	enum smtp_fault fault = SMTP_FINE;

	while (fault == SMTP_FINE) {
		ssize_t count;

		if (client->tls != NULL) {
			count = SSL_read(client->tls, client->buffer, sizeof client->buffer);
			if (count <= 0)
				fault = tls_wait(client, (int)count, deadline, SMTP_HUNG_UP);
		} else {
			count = read(client->socket, client->buffer, sizeof client->buffer);
			if (count == 0)
				return SMTP_HUNG_UP;
			if (count < 0 && errno == EAGAIN)
				fault = wait_for(client, POLLIN, deadline);
			else if (count < 0 && errno != EINTR)
				return system_fault(client, SMTP_HUNG_UP);
		}
		if (count > 0) {
			client->taken = 0;
			client->filled = (size_t)count;
			return SMTP_FINE;
		}
	}
	return fault;
}

static enum smtp_fault fault_from_state(enum smtp_reply_state state)
{
	switch (state) {
	case SMTP_REPLY_MORE:
	case SMTP_REPLY_DONE:
		return SMTP_FINE;
	case SMTP_REPLY_GARBAGE:
		return SMTP_GARBAGE;
	case SMTP_REPLY_LONG_LINE:
		return SMTP_LONG_LINE;
	case SMTP_REPLY_MANY_LINES:
		return SMTP_MANY_LINES;
	}
	return SMTP_GARBAGE;
}

enum smtp_fault smtp_client_read(struct smtp_client *client)
{
	int64_t deadline = step_deadline(client);
	enum smtp_reply_state state = SMTP_REPLY_MORE;

	smtp_reply_begin(&client->reply);
	while (state == SMTP_REPLY_MORE) {
		if (client->taken == client->filled) {
			enum smtp_fault fault = fill(client, deadline);

			if (fault != SMTP_FINE)
				return fault;
		}
		state = smtp_reply_take(&client->reply, client->buffer[client->taken++]);
	}
	return fault_from_state(state);
}

static enum smtp_fault write_all(struct smtp_client *client, const char *bytes, size_t length)
{
	int64_t deadline = step_deadline(client);
	enum smtp_fault fault = SMTP_FINE;

	while (length > 0 && fault == SMTP_FINE) {
		ssize_t count;

		if (client->tls != NULL) {
			count = SSL_write(client->tls, bytes, (int)length);
			if (count <= 0)
				fault = tls_wait(client, (int)count, deadline, SMTP_HUNG_UP);
		} else {
			count = write(client->socket, bytes, length);
			if (count < 0 && errno == EAGAIN)
				fault = wait_for(client, POLLOUT, deadline);
			else if (count < 0 && errno != EINTR)
				fault = system_fault(client, SMTP_HUNG_UP);
		}
		if (count > 0) {
			bytes += count;
			length -= (size_t)count;
		}
	}
	return fault;
}

enum smtp_fault smtp_client_write(struct smtp_client *client, const char *text)
{
	/* What came before it was asked for would be taken for the answer. */
	if (client->taken < client->filled)
		return SMTP_OUT_OF_TURN;
	return write_all(client, text, strlen(text));
}

enum smtp_fault smtp_client_command(struct smtp_client *client, const char *line)
{
	char bytes[2 * SMTP_REPLY_LINE];
	int length = snprintf(bytes, sizeof bytes, "%s\r\n", line);
	enum smtp_fault fault;

	if (length < 0 || (size_t)length >= sizeof bytes)
		return SMTP_NO_MEMORY;
	fault = smtp_client_write(client, bytes);
	return fault == SMTP_FINE ? smtp_client_read(client) : fault;
}

/*
 * Any server is to be spoken to, however old its TLS: the certificate is judged
 * afterwards, and protects only a password.
 */
static SSL_CTX *make_context(bool verify)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (context == NULL)
		return NULL;
	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
	SSL_CTX_set_options(context, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
	if (verify)
		SSL_CTX_set_default_verify_paths(context);
	return context;
}

/* Has the certificate held against the host; a name is also told to the server (RFC 6066 section 3). */
static bool expect_host(SSL *tls, const char *host)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host) == 1;
	return SSL_set1_host(tls, host) == 1 && SSL_set_tlsext_host_name(tls, host) == 1;
}

enum smtp_fault smtp_client_encrypt(struct smtp_client *client, const char *host, bool verify)
{
	int64_t deadline = step_deadline(client);
	enum smtp_fault fault = SMTP_FINE;
	SSL_CTX *context;

	if (client->taken < client->filled)
		return SMTP_PLAINTEXT;
	context = make_context(verify);
	if (context != NULL)
		client->tls = SSL_new(context);
	SSL_CTX_free(context); /* the connection holds it */
	if (client->tls == NULL || !expect_host(client->tls, host) || SSL_set_fd(client->tls, client->socket) != 1)
		return tls_fault(client, SMTP_NO_MEMORY);
	while (fault == SMTP_FINE) {
		int result = SSL_connect(client->tls);

		if (result == 1) {
			/* Without a certificate there is nothing to object to, either. */
			client->verified = verify && SSL_get0_peer_certificate(client->tls) != NULL &&
			                   SSL_get_verify_result(client->tls) == X509_V_OK;
			return SMTP_FINE;
		}
		fault = tls_wait(client, result, deadline, SMTP_TLS_FAILED);
	}
	return fault == SMTP_HUNG_UP ? SMTP_TLS_FAILED : fault;
}

void smtp_client_close(struct smtp_client *client)
{
	SSL_free(client->tls);
	client->tls = NULL;
	if (client->socket >= 0)
		close(client->socket);
	client->socket = -1;
}
