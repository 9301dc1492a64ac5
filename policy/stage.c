#include "policy/stage.h"

#include <assert.h>
#include <string.h>

static const char *const names[] = {
    [STAGE_CONNECT] = "connect", [STAGE_HELO] = "helo", [STAGE_MAIL] = "mail",
    [STAGE_RCPT] = "rcpt",       [STAGE_DATA] = "data",
};
static_assert(sizeof names / sizeof *names == STAGE_COUNT, "every stage has a name");

const char *stage_name(enum stage stage)
{
	return names[stage];
}

bool stage_from_name(const char *name, enum stage *ret_stage)
{
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		if (strcmp(name, names[i]) == 0) {
			*ret_stage = (enum stage)i;
			return true;
		}
	}
	return false;
}
