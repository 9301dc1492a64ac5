#include "milter/probe_result.h"

#include <assert.h>

static const char *const names[] = {
    [PROBE_ACCEPTED] = "accepted", [PROBE_UNDECIDED] = "undecided", [PROBE_TROUBLE] = "trouble",
    [PROBE_REFUSED] = "refused",   [PROBE_NOT_TRIED] = "not-tried",
};
static_assert(sizeof names / sizeof *names == PROBE_RESULT_COUNT, "every result has a name");

/* For each step the class of the answer that lets the course go on, and what a 5xx means for the attempt. */
static const struct {
	unsigned good;
	enum probe_result refused;
} steps[] = {
    [PROBE_CONNECT] = {2, PROBE_TROUBLE},      [PROBE_EHLO] = {2, PROBE_TROUBLE},
    [PROBE_HELO] = {2, PROBE_TROUBLE},         [PROBE_STARTTLS] = {2, PROBE_TROUBLE},
    [PROBE_LOGIN] = {2, PROBE_TROUBLE},        [PROBE_WRONG_LOGIN] = {5, PROBE_NOT_TRIED},
    [PROBE_ANONYMOUS] = {2, PROBE_REFUSED},    [PROBE_XCLIENT] = {2, PROBE_REFUSED},
    [PROBE_FIRST_MAIL] = {2, PROBE_NOT_TRIED}, [PROBE_LOCAL] = {2, PROBE_NOT_TRIED},
    [PROBE_RSET] = {2, PROBE_TROUBLE},         [PROBE_MESSAGE] = {2, PROBE_NOT_TRIED},
    [PROBE_MAIL] = {2, PROBE_REFUSED},         [PROBE_RCPT] = {2, PROBE_REFUSED},
    [PROBE_DATA] = {3, PROBE_REFUSED},
};
static_assert(sizeof steps / sizeof *steps == PROBE_STEP_COUNT, "every step can be judged");

const char *probe_result_name(enum probe_result result)
{
	return names[result];
}

bool probe_judge(enum probe_step step, unsigned code, enum probe_result *ret_result)
{
	unsigned class = code / 100;

	if (class == steps[step].good && step == PROBE_DATA) {
		*ret_result = PROBE_ACCEPTED;
		return false;
	}
	/* Whoever takes a wrong password for a right one is to show what it is good for. */
	if (class == steps[step].good || (step == PROBE_WRONG_LOGIN && class == 2))
		return true;
	if (class == 4)
		*ret_result = PROBE_UNDECIDED;
	else if (class == 5)
		*ret_result = steps[step].refused;
	else
		*ret_result = PROBE_TROUBLE;
	return false;
}
