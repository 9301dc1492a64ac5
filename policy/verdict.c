#include "policy/verdict.h"

#include <assert.h>
#include <string.h>

static const char *const names[] = {
    [VERDICT_ACCEPT] = "accept",
    [VERDICT_TEMPFAIL] = "tempfail",
    [VERDICT_REJECT] = "reject",
};
static_assert(sizeof names / sizeof *names == VERDICT_COUNT, "every verdict has a name");

const char *verdict_name(enum verdict verdict)
{
	return names[verdict];
}

bool verdict_from_name(const char *name, enum verdict *ret_verdict)
{
	for (unsigned i = 0; i < VERDICT_COUNT; i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret_verdict = (enum verdict)i;
			return true;
		}
	}
	return false;
}

enum verdict verdict_worse(enum verdict one, enum verdict other)
{
	return one > other ? one : other;
}
