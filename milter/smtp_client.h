/*
 * NAME
 *	smtp_client - one connection to an SMTP server that is not trusted
 *
 * DESCRIPTION
 *	Connects, sends commands and reads replies, in the clear or encrypted.
 *	Nothing waits without a limit: a reply, the connection and the handshake
 *	have seconds each, and all of them together have LIMITS times as many.
 *	The process must ignore SIGPIPE.
 *
 *	After a fault the connection is of no use any more; smtp_client_close()
 *	is all that may follow.  A client serves one thread.
 */
#ifndef MILTER_SMTP_CLIENT_H
#define MILTER_SMTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "milter/smtp_reply.h"

enum smtp_fault {
	SMTP_FINE,
	SMTP_CANNOT_CONNECT,
	SMTP_TIMED_OUT,
	SMTP_HUNG_UP,
	SMTP_GARBAGE,
	SMTP_LONG_LINE,
	SMTP_MANY_LINES,
	SMTP_OUT_OF_TURN, /* it spoke where it was not asked */
	SMTP_PLAINTEXT,   /* it spoke between its answer to STARTTLS and the handshake */
	SMTP_TLS_FAILED,
	SMTP_NO_MEMORY,
};
#define SMTP_FAULT_COUNT (SMTP_NO_MEMORY + 1)

/* How many times the limit of one reply a whole connection may take. */
#define SMTP_CLIENT_LIMITS 8

/* What a fault is called: "timed-out" ... */
const char *smtp_fault_name(enum smtp_fault fault);

/* What it means, in words: "did not answer in time" ... */
const char *smtp_fault_words(enum smtp_fault fault);

struct ssl_st;

struct smtp_client {
	int socket;
	struct ssl_st *tls; /* NULL while in the clear */
	bool verified;      /* encrypted, and the certificate is that of the host, by an authority that is trusted */
	unsigned seconds;   /* for one reply */
	int64_t deadline;   /* of the connection: milliseconds of CLOCK_MONOTONIC */
	char buffer[4096];  /* what was read, and not yet taken */
	size_t taken, filled;
	char detail[256]; /* of the last fault, where more is known; else "" */
	struct smtp_reply reply;
};

/* Makes a client that is not connected; smtp_client_close() is harmless then. */
void smtp_client_begin(struct smtp_client *client, unsigned seconds);

/* Connects, from the address in from unless it is NULL. */
enum smtp_fault smtp_client_connect(struct smtp_client *client, const struct sockaddr *to, socklen_t to_length,
                                    const struct sockaddr *from, socklen_t from_length);

/* Reads a reply into client->reply. */
enum smtp_fault smtp_client_read(struct smtp_client *client);

/* Sends a line, CRLF added, and reads the reply.  The line must have none. */
enum smtp_fault smtp_client_command(struct smtp_client *client, const char *line);

/* Sends text as it is. */
enum smtp_fault smtp_client_write(struct smtp_client *client, const char *text);

/*
 * The handshake, after STARTTLS was answered with 220.  host is the server's
 * name, or address.  To verify is to hold its certificate against that, and
 * against the authorities that the system trusts: client->verified tells what
 * came out.  That it does not fit is no fault.
 */
enum smtp_fault smtp_client_encrypt(struct smtp_client *client, const char *host, bool verify);

/* Hangs up without a word. */
void smtp_client_close(struct smtp_client *client);

#endif
