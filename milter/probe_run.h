/*
 * NAME
 *	probe_run - tries every form at every address of a server
 *
 * DESCRIPTION
 *	At each address the forms are tried in the clear, after STARTTLS, and, with
 *	a login given, logged in: a pass each.  Before them a pass asks for what
 *	every mail server should do, to take mail for a mailbox of its own: a
 *	server that refuses even that may refuse the forms for another reason than
 *	that they relay.
 *
 *	A pass is given up where an address does not answer in time, or does not
 *	even greet, again and again.
 */
#ifndef MILTER_PROBE_RUN_H
#define MILTER_PROBE_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "milter/probe_attempt.h"
#include "milter/probe_target.h"

/* Attempts in a row that fail before a pass is given up. */
#define PROBE_PATIENCE 3

struct probe_settings {
	struct probe_target target;
	int family;       /* AF_INET, AF_INET6 or AF_UNSPEC */
	const char *bind; /* an address; NULL: any */
	const char *helo;
	const char *sender; /* outside mailboxes, which probe_is_mailbox() takes */
	const char *recipient;
	const char *local;  /* a mailbox that the server takes; NULL: its postmaster */
	const char *domain; /* the server's own; NULL: the host's name, or what it greets with */
	const char *user;   /* NULL: no login */
	const char *password;
	unsigned seconds; /* for each answer */
	bool insecure;
	bool deliver;
};

enum probe_pass_kind {
	PROBE_PASS_CLEAR,
	PROBE_PASS_ENCRYPTED,
	PROBE_PASS_LOGIN,
};
#define PROBE_PASS_COUNT (PROBE_PASS_LOGIN + 1)

struct probe_pass {
	bool made; /* false: not asked for */
	bool encrypted;
	struct probe_attempt control;   /* from the outside sender to the local mailbox */
	char local[PROBE_HOST];         /* that it took; else "" */
	struct probe_attempt *attempts; /* one for each form; NULL where the pass could not be made at all, */
	const char *why;                /* and why */
	size_t counts[PROBE_RESULT_COUNT];
};

/* One address of the server. */
struct probe_stop {
	struct probe_address address;
	struct probe_survey survey;
	char ours[PROBE_HOST]; /* the domain that was taken for the server's own; "" where none is known */
	struct probe_pass passes[PROBE_PASS_COUNT];
};

/* The message that --deliver sent. */
struct probe_delivery {
	char token[33];
	const struct probe_stop *stop; /* NULL where no form went through */
	enum probe_pass_kind pass;
	struct probe_attempt attempt; /* accepted: the server took the message */
};

enum probe_verdict {
	PROBE_CLOSED,
	PROBE_OPEN,
	PROBE_NOT_DECIDED,
};
#define PROBE_VERDICT_COUNT (PROBE_NOT_DECIDED + 1)

struct probe_run {
	const struct probe_settings *settings;
	struct probe_stop stops[PROBE_ADDRESSES];
	size_t count;
	struct probe_delivery delivery;
	enum probe_verdict verdict;
};

/* Is told before each attempt; form is NULL before the first one of an address. */
struct probe_progress {
	void (*tell)(void *context, const struct probe_stop *stop, enum probe_pass_kind pass,
	             const struct probe_form *form, size_t number);
	void *context;
};

/*
 * Runs.  run->settings, stops[].address and count must be set, all else zero.
 * Returns false where there is no memory; probe_run_destroy() in any case.
 */
bool probe_run(struct probe_run *run, const struct probe_progress *progress);

void probe_run_destroy(struct probe_run *run);

/* What a pass is called: "in the clear" ... */
const char *probe_pass_words(const struct probe_pass *pass, enum probe_pass_kind kind);

/* What a verdict is called: "closed", "open", "undecided". */
const char *probe_verdict_name(enum probe_verdict verdict);

#endif
