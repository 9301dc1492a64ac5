/*
 * NAME
 *	reply - what the client is told: code, enhanced code, text with placeholders
 *
 * DESCRIPTION
 *	A reply is written once, in a rule file or in this program, and rendered
 *	for each refusal.  Rendering cleans every fact that it puts in: control and
 *	non-ASCII bytes become "?", and over LIMIT_PLACEHOLDER bytes are cut, so
 *	that no client can forge a line of a reply.
 *
 *	Codes are those of RFC 5321 section 4.2 and RFC 3463; 421 and 521 are not
 *	lawful here, as they close the connection.
 */
#ifndef POLICY_REPLY_H
#define POLICY_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/fact.h"
#include "policy/limits.h"
#include "policy/stage.h"
#include "policy/verdict.h"

struct reply {
	unsigned code;     /* 400..599 */
	char enhanced[12]; /* "5.7.1" */
	const char *text;  /* template; lines are separated by \n */
};

/* What placeholders stand for, as the client wrote it: texts[fact], NULL or not known is the empty string. */
struct reply_texts {
	const char *texts[FACT_COUNT];
};

/* Why a text is not a reply. */
enum reply_fault {
	REPLY_SOUND,
	REPLY_NO_CODE,           /* does not begin with three digits and a blank */
	REPLY_CODE_CLOSES,       /* 421 or 521 */
	REPLY_CODE_NOT_VERDICT,  /* the class of the code is not the verdict's */
	REPLY_NO_ENHANCED,       /* no enhanced code of the form C.S.D */
	REPLY_ENHANCED_NOT_CODE, /* its class is not the code's */
	REPLY_NO_TEXT,
	REPLY_CONTROL,             /* a control or non-ASCII byte in the text */
	REPLY_TOO_LONG,            /* a line or the number of lines */
	REPLY_UNKNOWN_PLACEHOLDER, /* {word} that names no fact */
	REPLY_EARLY_PLACEHOLDER,   /* a fact that the stage does not have yet */
};
#define REPLY_FAULT_COUNT (REPLY_EARLY_PLACEHOLDER + 1)

/*
 * Reads "CODE ENHANCED TEXT" for a verdict of a stage.  On success writes
 * *ret_reply, whose text points into the given one.  Otherwise returns the
 * fault, and, for a fault of a placeholder, its name without braces in
 * ret_word (of word_size bytes, at least 1).
 */
enum reply_fault reply_read(const char *text, enum verdict verdict, enum stage stage, struct reply *ret_reply,
                            char *ret_word, size_t word_size);

/* Bytes, with the end of the string, that reply_render writes for any facts: at most LIMIT_REPLY, and mostly few. */
size_t reply_room(const struct reply *reply);

/*
 * Renders the text alone, without codes: lines separated by \n, each at most
 * LIMIT_REPLY_LINE bytes.  ret_text holds reply_room(reply) bytes.
 */
void reply_render(const struct reply *reply, const struct reply_texts *facts, char *ret_text);

/*
 * Renders the reply as the client sees it, lines separated by \n:
 * "550-5.7.1 first\n550 5.7.1 last".  Returns the length that it has, and
 * writes at most size bytes with the end of the string, as snprintf(3) does.
 */
size_t reply_print(const struct reply *reply, const char *rendered, char *ret_text, size_t size);

#endif
