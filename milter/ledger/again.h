/*
 * NAME
 *	again - a recorded session judged by other rules, and what would have been different
 *
 * DESCRIPTION
 *	The record's session is played through policy/session.h under another rule
 *	set, as explain would with the same options.  The listener is chosen anew,
 *	by what the MTA said of its own.
 *
 *	What is compared is what the client was told: verdict and reply of the stages up to
 *	MAIL, of each recipient, and of DATA.  Which line of a file decided makes no
 *	difference.  Of a session that was refused before its recipients nobody knows whom
 *	it would have named: where the rules now let it go on, that is the change.
 *
 *	NOT TO BE JUDGED AGAIN are records whose local parts were hashed, and those that no rule
 *	decided: what the MTA did not tell then, what lacked memory, and what was put off by the NAT
 *	watch.
 */
#ifndef MILTER_LEDGER_AGAIN_H
#define MILTER_LEDGER_AGAIN_H

#include <stdbool.h>

#include "policy/stage.h"
#include "policy/verdict.h"

struct record;
struct ruleset;

/* What a client was, or would have been, told, and why.  Texts are NULL where there is none. */
struct outcome {
	enum verdict verdict;
	const char *reply; /* NULL where accepted */
	const char *rule;
	const char *by; /* "FILE:LINE" */
};

struct again_change {
	enum stage stage;      /* MAIL stands for all up to it */
	const char *listener;  /* the new one; else the old one; or NULL */
	const char *recipient; /* at rcpt, else NULL */
	bool relay;            /* the recipient is, by the rules at hand */
	struct outcome old;
	struct outcome new;
};

enum again_result {
	AGAIN_JUDGED,
	AGAIN_HASHED,   /* cannot be: local parts are hashed */
	AGAIN_NO_RULES, /* cannot be: no rule decided it */
	AGAIN_NO_MEMORY,
};
#define AGAIN_RESULT_COUNT (AGAIN_NO_MEMORY + 1)

/* Is told of each change; what it points to is valid until it returns. */
typedef void (*again_visitor)(void *context, const struct again_change *change);

enum again_result again_judge(const struct ruleset *ruleset, const struct record *record, again_visitor visit,
                              void *context);

#endif
