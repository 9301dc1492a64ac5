/*
 * NAME
 *	decide - one stage of a session judged by a listener's rules
 *
 * DESCRIPTION
 *	The one function from facts to decision: the daemon, the example sessions
 *	and the proofs all call it.  It tests bits, rule by rule; it allocates
 *	nothing, locks nothing and compares no text.  A decision is data: carrying
 *	it out is the caller's work.
 *
 *	Where an address has two readings, what was written and what the MTA reads in
 *	it, a refusing rule matches if it does by either of them, an accept rule if
 *	it does by both.  So nothing is accepted that either reading would not be.
 *	And an accept rule that names recipients does not match one that, as the
 *	MTA reads it, could still send the message on: "a%elsewhere@partner" is not
 *	what a rule for the partner speaks of.
 *
 *	A rule whose conditions depend on a fact that could not be looked up, or
 *	compared, decides "tempfail": nothing passes because something broke.
 */
#ifndef POLICY_DECIDE_H
#define POLICY_DECIDE_H

#include "policy/condition.h"
#include "policy/fact.h"
#include "policy/location.h"
#include "policy/reply.h"
#include "policy/stage.h"
#include "policy/verdict.h"

struct listener;
struct rule;

/* What made the decision. */
enum decision_cause {
	CAUSE_NOTHING,     /* neither rule nor block had anything to say */
	CAUSE_RULE,        /* a rule matched */
	CAUSE_BLOCK,       /* the stage's block was asked */
	CAUSE_NO_BLOCK,    /* relay, and the listener has no relay block */
	CAUSE_SYNTAX,      /* an address that cannot be read */
	CAUSE_NAME,        /* the client's name could not be looked up just now */
	CAUSE_BROKEN,      /* a fact could not be compared */
	CAUSE_NO_LISTENER, /* no listener matches the connection */
	CAUSE_NO_CLIENT,   /* the MTA gave no client address */
	CAUSE_NO_MACROS,   /* the MTA does not let us ask for its macros */
	CAUSE_NAT_WATCH,   /* the daemon takes the client for many, behind one address: no rule was against it */
	CAUSE_INTERNAL,    /* no memory, or events out of order */
	CAUSE_OPEN,        /* it differs among the sessions that are judged at once (policy/fact.h) */
};
#define CAUSE_COUNT (CAUSE_OPEN + 1)

/* A few words for logs: "rule", "no listener" ... */
const char *cause_name(enum decision_cause cause);

struct decision {
	enum stage stage; /* the stage that decided: connect or helo in the answer to MAIL where a refusal was kept */
	enum verdict verdict;
	enum decision_cause cause;
	const struct reply *reply; /* NULL where the verdict is accept */
	const char *rule;          /* the rule's name, "mail[2]", or the block's; NULL where none decided */
	const struct location *by; /* where it stands; NULL where none decided */
};

/*
 * Judges a stage by what is known of the session, or of the sessions where facts
 * are open: a decision with CAUSE_OPEN is none, and facts->question has what would
 * have to be known.  All pointers in the result live as long as the rule set.
 */
struct decision decide(const struct listener *listener, enum stage stage, const struct facts *facts);

/* The decision for a cause that no rule is asked about: CAUSE_SYNTAX and those after it. */
struct decision decide_without_rules(enum stage stage, enum decision_cause cause);

/* Whether the conditions of a rule, and its unless, make it match. */
enum truth rule_matches(const struct rule *rule, const struct facts *facts);

#endif
