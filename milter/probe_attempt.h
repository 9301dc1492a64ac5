/*
 * NAME
 *	probe_attempt - tries one form at one server
 *
 * DESCRIPTION
 *	Makes a connection of its own, goes the form's course, and hangs up: at
 *	the latest when DATA is answered, without a message, so that nothing is
 *	sent.  Only a form that begins with a message of its own (PROBE_MESSAGE),
 *	and probe_deliver(), send one.
 */
#ifndef MILTER_PROBE_ATTEMPT_H
#define MILTER_PROBE_ATTEMPT_H

#include <stdbool.h>
#include <sys/socket.h>

#include "milter/probe_form.h"
#include "milter/probe_result.h"

/* Bytes of a command, and of what is kept of the server's words. */
#define PROBE_LINE 1024
#define PROBE_WORDS 512

/* A server, and how it is spoken to. */
struct probe_way {
	const struct sockaddr *to;
	socklen_t to_length;
	const struct sockaddr *from; /* NULL: any address */
	socklen_t from_length;
	const char *host; /* whose certificate it should have */
	unsigned seconds; /* for each answer */
	bool encrypted;   /* after STARTTLS */
	const char *user; /* logged in, unless NULL */
	const char *password;
	bool insecure;       /* shows the password to whoever asks */
	const char *message; /* what PROBE_MESSAGE sends; NULL: forms that need it are not tried */
};

struct probe_attempt {
	const struct probe_form *form;
	enum probe_result result;
	enum probe_step step;    /* where it ended */
	char words[PROBE_WORDS]; /* the server's, or what the trouble was, or why it was not tried; one line */
	char sender[PROBE_LINE]; /* the commands, as far as they were said; else "" */
	char recipient[PROBE_LINE];
	bool timed_out;
};

/* What a server says of itself. */
struct probe_survey {
	enum probe_result result; /* PROBE_ACCEPTED: it answered */
	char words[PROBE_WORDS];  /* where not */
	char greeted[256];        /* the name in its greeting; "" where that is none */
	bool starttls;
	bool auth;
};

/* Tries a form. */
void probe_attempt(const struct probe_way *way, const struct probe_form *form, const struct probe_names *names,
                   struct probe_attempt *ret_attempt);

/* As probe_attempt, but sends the message where DATA is accepted; the result is then what that is answered. */
void probe_deliver(const struct probe_way *way, const struct probe_form *form, const struct probe_names *names,
                   const char *message, struct probe_attempt *ret_attempt);

/* Connects, in the clear, says EHLO and hangs up. */
void probe_survey(const struct probe_way *way, const struct probe_names *names, struct probe_survey *ret_survey);

#endif
