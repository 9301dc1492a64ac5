/*
 * NAME
 *	answer - what the MTA is answered, and the reply that goes with a refusal
 *
 * DESCRIPTION
 *	Owns every trap of smfi_setreply(3) and smfi_setmlreply(3), which take
 *	wrong replies in silence:
 *
 *	- a single "%" is dropped by Postfix, and the whole reply by Sendmail: each
 *	  one is doubled;
 *	- a CR or LF makes the call fail: lines are given one by one, and a control
 *	  byte within one becomes "?";
 *	- a code of the other class (4xx with a rejection) is ignored: it is
 *	  refused here, and so is an enhanced code of another class than the code's;
 *	- a line over 980 bytes, or more than 32 lines, make the call fail: they
 *	  are cut, a line never between the two halves of a doubled "%";
 *	- it may not be called for the connect event: the adapter never refuses there.
 */
#ifndef MILTER_ANSWER_H
#define MILTER_ANSWER_H

#include <stdbool.h>

#include "policy/reply.h"
#include "policy/verdict.h"

struct mta;

enum answer {
	ANSWER_CONTINUE,
	ANSWER_ACCEPT, /* final for this message: nothing later is asked */
	ANSWER_TEMPFAIL,
	ANSWER_REJECT,
};
#define ANSWER_COUNT (ANSWER_REJECT + 1)

/* Bytes of a line of the text after doubling: what libmilter takes (MAXREPLYLEN). */
#define ANSWER_LINE 980

/* "continue", "accept", "tempfail", "reject" */
const char *answer_name(enum answer answer);

/* The answer that carries out a verdict: "accept" is "continue", as the later stages still judge. */
enum answer answer_from_verdict(enum verdict verdict);

/*
 * Sets the reply of a refusal at the MTA; rendered is its text (reply_render).
 * Returns false where its codes do not fit the verdict, or the MTA does not take
 * it: then the MTA answers in words of its own.
 */
bool answer_set_reply(const struct mta *mta, enum verdict verdict, const struct reply *reply, const char *rendered);

#endif
