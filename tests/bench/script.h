/*
 * NAME
 *	script - what Postfix says to a milter in one session, and what must be answered
 *
 * SYNOPSIS
 *	script_negotiation(&packets);                     first of all, whatever the session
 *	script = script_new(&scenario, reply, length);    for what the milter answered to it
 *	for (i = 0; i < script->count; i++)
 *		send script->exchanges[i], read the answer, script_judge(script, i, letter, text)
 *	script_free(script);
 *
 * DESCRIPTION
 *	A scenario says who sends what to whom, how far the session goes, and what the milter refuses in it.  With
 *	what the milter negotiated this fixes every octet that the MTA will send, so a script is
 *	written once and played many times.
 *
 *	The MTA is Postfix 3.7.  A step that the milter does not want (SMFIP_NO*) is not told; of a command
 *	of SMTP the macros still are.  A step whose answer it does not give (SMFIP_NR_*) stays in Postfix's buffer, and
 *	goes out together with the next one that is answered; but what is there when DATA was told goes out
 *	then, for another process sends the message.  Macros stand before each step: those that the milter has asked
 *	for (SMFIF_SETSYMLIST), else Postfix's own lists, as far as they have a value; where none has, an empty
 *	packet.  The last words are two aborts and a quit.
 */
#ifndef BENCH_SCRIPT_H
#define BENCH_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packets.h"

/* How far a session goes. */
enum script_end {
	SCRIPT_END_MAIL,
	SCRIPT_END_RCPT,
	SCRIPT_END_DATA,
	SCRIPT_END_MESSAGE,
};

#define SCENARIO_RECIPIENTS 64

/* All texts belong to the caller, and may be NULL where it says so. */
struct scenario {
	const char *client;      /* address */
	const char *client_name; /* verified name; NULL: none */
	const char *helo;
	const char *daemon;
	const char *daemon_port;
	const char *user;      /* NULL: no login */
	const char *mechanism; /* of the login */
	const char *tls_bits;  /* NULL: not encrypted */
	const char *sender;
	const char *recipients[SCENARIO_RECIPIENTS];
	size_t recipient_count;
	enum script_end end;
	const char *mail_refusal; /* how the reply begins that MAIL is refused with; NULL: it is not */
	const char *rcpt_refusal; /* how the reply begins that every RCPT is refused with; NULL: none is */
};

/* As in libmilter: SMFIM_CONNECT ... SMFIM_EOH. */
#define SCRIPT_PLACES 7

/* What the milter wants. */
struct negotiated {
	uint32_t version;
	uint32_t actions;
	uint32_t steps;
	char *macros[SCRIPT_PLACES]; /* as it wrote them; NULL: the MTA's own */
};

/* Makes a copy of another one, in place of what was there. */
void negotiated_copy(const struct negotiated *from, struct negotiated *to);

void negotiated_free(struct negotiated *negotiated);

struct exchange {
	char letter; /* the step that is answered: SMFIC_* */
	size_t start;
	size_t length;
	size_t first;        /* of these octets, so many are sent by themselves, before the others; mostly 0 */
	const char *refusal; /* how the reply must begin; NULL: the step must be let through */
};

struct script {
	struct negotiated negotiated;
	struct packets packets;
	struct exchange *exchanges;
	size_t count;
	size_t unanswered; /* from there on: steps behind the last answer, and the last words */
	size_t last_words;
};

enum script_next {
	SCRIPT_NEXT,       /* go on with the next exchange */
	SCRIPT_UNANSWERED, /* that was the last: say what is not answered, and the last words */
	SCRIPT_LAST_WORDS, /* nothing more of this session is to be told */
	SCRIPT_WAIT,       /* the answer is still to come */
	SCRIPT_WRONG,
};

/* The first packet of every session: what Postfix offers. */
void script_negotiation(struct packets *packets);

/*
 * Writes the script for a milter that answered a negotiation with these octets, from the letter on.  Returns NULL, with
 * the reason in ret_reason, where Postfix would not accept that, or the milter is not told what it is to refuse.
 */
struct script *script_new(const struct scenario *scenario, const unsigned char *reply, size_t length,
                          const char **ret_reason);

void script_free(struct script *script);

/* What comes after an exchange that was answered by this letter (SMFIR_*), and, for a reply, this text. */
enum script_next script_judge(const struct script *script, size_t exchange, char letter, const char *text);

#endif
