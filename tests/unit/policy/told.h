/*
 * NAME
 *	told - whole sessions of a test, told in a line
 *
 * DESCRIPTION
 *	Loads rules from text, plays a session as an MTA would (a refusal at connect
 *	or helo comes as the answer to MAIL), and says in words how it came out.
 *	What a told session does not say is not known to it.
 *	All functions end the test where they fail.
 */
#ifndef TESTS_TOLD_H
#define TESTS_TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/session.h"

struct rules;

struct told {
	const char *listener, *daemon, *address;
	unsigned port;
	bool local, no_macros;
	const char *client, *client_name; /* "[TEMPUNAVAIL]": could not be looked up */
	const char *helo;                 /* NULL: no HELO came */
	const char *sender;               /* NULL: <> */
	const char *user, *mechanism;
	unsigned tls_bits;
	bool size_declared;
	uint64_t size;
	const char *recipient; /* NULL: it ends after MAIL */
	const char *resolved;
	const char *sender_reading, *recipient_reading; /* what the MTA reads in them */
};

/* Rules from text, in which nothing is wrong.  Needs a directory of the test's own (tests/unit/rules/rule_files.h). */
struct rules *told_rules(const char *text);

struct connection told_connection(const struct told *told);
struct envelope told_envelope(const struct told *told);

/*
 * "accept", or "STAGE VERDICT: REPLY" as the client sees it; told_outcome of one
 * decision, told_judge of a whole session.  Valid until the next call.
 */
const char *told_outcome(const struct session *session, struct decision decision);
const char *told_judge(const struct rules *rules, const struct told *told);

#endif
