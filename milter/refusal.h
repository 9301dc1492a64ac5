/*
 * NAME
 *	refusal - the one line of the log for each refusal
 */
#ifndef MILTER_REFUSAL_H
#define MILTER_REFUSAL_H

#include "policy/decide.h"

struct session;

struct refusal {
	const char *id;                /* of the session */
	const struct session *session; /* its facts as they are now; NULL where there is none */
	const struct decision *decision;
	const char *recipient; /* as the client wrote it, without angle brackets; NULL at other stages than rcpt */
	const char *reading;   /* what the MTA reads in the sender, or in the recipient, that is judged; or NULL */
	const char *queue;     /* the MTA's queue id, or NULL */
	const char *reply;     /* as the client sees it */
};

/*
 * Logs the refusal as the event "refused".  Where the session's recipient is
 * not the client's, what the MTA made of it is why it was refused: it is
 * logged, too, as "resolved".  Where the address was judged by two readings, the
 * MTA's is logged as "read_as".
 */
void refusal_log(const struct refusal *refusal);

#endif
