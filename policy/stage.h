/*
 * NAME
 *	stage - the steps of an SMTP session at which the policy is asked
 *
 * DESCRIPTION
 *	In the order of the session (RFC 5321 section 3); a fact that is known at
 *	one stage is known at all later ones, unless policy/fact.h says otherwise.
 */
#ifndef POLICY_STAGE_H
#define POLICY_STAGE_H

#include <stdbool.h>

enum stage {
	STAGE_CONNECT,
	STAGE_HELO,
	STAGE_MAIL,
	STAGE_RCPT,
	STAGE_DATA,
};
#define STAGE_COUNT (STAGE_DATA + 1)

/* The name in rule files and logs: "connect" ... "data". */
const char *stage_name(enum stage stage);

/* Writes the stage called name to *ret_stage and returns true; false, and nothing written, where none is. */
bool stage_from_name(const char *name, enum stage *ret_stage);

#endif
