/*
 * NAME
 *	needs - what of a session has to be told for a rule set to judge it
 *
 * SYNOPSIS
 *	needs = needs_of(ruleset, ledger);
 *	needs.told[STAGE_DATA], needs.answered[STAGE_DATA], needs.message_end
 *
 * DESCRIPTION
 *	Every event that an MTA tells costs a hand-over between processes, and every
 *	answer a wait.  What makes no difference to any session need not be told,
 *	and where nothing but "go on" can be said, no answer need be awaited.
 *
 *	- Connect chooses the listener, and HELO is a fact for rules, replies and the log
 *	  of a refusal: both are always told.  A refusal there is kept for MAIL, so
 *	  neither needs an answer.  But what is not awaited can be lost, where the MTA
 *	  hangs up at once: a ledger that tells of refused sessions has those stages
 *	  awaited that could refuse.
 *	- MAIL and RCPT are told and answered whatever the rules say: an address that
 *	  cannot be read is refused, and so is relay that nobody allows.
 *	- DATA is told where a rule could refuse it.  It is told, too, where no rule could
 *	  and nobody wants the end of the message: then it is where that message ends
 *	  for the milter.  (Earlier it cannot end: whoever accepts a message at MAIL, or
 *	  a recipient for good, hears of no further recipients.)
 *	- The end of a message decides nothing.  Who keeps a ledger of messages
 *	  wants it: then a DATA that no rule could refuse is not told.
 *
 *	The listener is not known before the connection is: this is for all listeners
 *	of the rule set.
 */
#ifndef POLICY_NEEDS_H
#define POLICY_NEEDS_H

#include <stdbool.h>

#include "policy/stage.h"

struct ruleset;

struct needs {
	bool told[STAGE_COUNT];     /* the stage's event */
	bool answered[STAGE_COUNT]; /* it can get another answer than "go on"; else it waits for none */
	bool message_end;           /* the end of the message is told, with what the MTA says of it then */
};

/* ledger: each message and each refused session is written down. */
struct needs needs_of(const struct ruleset *ruleset, bool ledger);

/* What one or the other needs. */
struct needs needs_union(const struct needs *one, const struct needs *other);

#endif
