/*
 * NAME
 *	probe_result - what an attempt at relaying came to
 *
 * DESCRIPTION
 *	Pure: from a step and the code that it was answered with to a result.
 */
#ifndef MILTER_PROBE_RESULT_H
#define MILTER_PROBE_RESULT_H

#include <stdbool.h>

#include "milter/probe_form.h"

enum probe_result {
	PROBE_ACCEPTED,  /* went through: DATA was answered with 354 */
	PROBE_UNDECIDED, /* put off (4xx) */
	PROBE_TROUBLE,   /* not refused, not accepted: hung up, spoke garbage ... */
	PROBE_REFUSED,   /* 5xx */
	PROBE_NOT_TRIED, /* needs what the server does not have */
};
#define PROBE_RESULT_COUNT (PROBE_NOT_TRIED + 1)

/* "accepted", "undecided", "trouble", "refused", "not-tried" */
const char *probe_result_name(enum probe_result result);

/*
 * Judges the answer to a step.  Returns true where the course goes on; else
 * false, with the attempt's result in *ret_result.
 */
bool probe_judge(enum probe_step step, unsigned code, enum probe_result *ret_result);

#endif
