/*
 * NAME
 *	explanation - one whole session, judged stage by stage, with what decided
 *
 * DESCRIPTION
 *	Plays a session through policy/session.h, as the daemon does, and keeps
 *	each stage's decision with the words that the client would read.  The session
 *	ends at the first refusal, recipients apart, of which each is judged; data is
 *	judged where at least one recipient was accepted.
 */
#ifndef MILTER_EXPLANATION_H
#define MILTER_EXPLANATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "policy/session.h"
#include "policy/stage.h"
#include "policy/verdict.h"

struct listener;
struct ruleset;

struct recipient {
	const char *address;  /* as the client gives it */
	const char *resolved; /* what the MTA makes of it, or NULL */
	const char *reading;  /* what the MTA reads in it, or NULL */
};

/* A session to be judged. */
struct scenario {
	struct connection connection;
	const char *helo; /* or NULL */
	struct envelope envelope;
	const struct recipient *recipients;
	size_t recipient_count;
};

struct explanation_step {
	enum stage stage;
	char *recipient; /* without angle brackets; NULL at other stages than rcpt */
	bool relay;
	enum verdict verdict;
	char *reply;      /* NULL where accepted */
	char *by;         /* "FILE:LINE", or NULL */
	const char *rule; /* or NULL */
};

struct explanation {
	const struct listener *listener; /* NULL where none matched */
	enum verdict verdict;            /* the worst of all steps */
	struct explanation_step *steps;
	size_t count;
};

/*
 * Judges the scenario.  Returns false, and writes nothing, where there is no
 * memory.  The explanation refers to the rule set and the scenario.
 */
bool explanation_judge(const struct ruleset *ruleset, const struct scenario *scenario,
                       struct explanation *ret_explanation);
void explanation_destroy(struct explanation *explanation);

/* Writes it for people: a line for each step, in columns; colour: verdicts in colours of a terminal. */
void explanation_print(const struct explanation *explanation, FILE *stream, bool colour);

/* Writes it as one JSON object; returns false where there is no memory, or it cannot be written. */
bool explanation_print_json(const struct explanation *explanation, FILE *stream);

#endif
