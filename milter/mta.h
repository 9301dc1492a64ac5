/*
 * NAME
 *	mta - what the adapter asks of the MTA at the other end
 *
 * DESCRIPTION
 *	The seam between the adapter and libmilter: a small table of operations.
 *	milter/filter.c brings one that calls libmilter, a test another.
 */
#ifndef MILTER_MTA_H
#define MILTER_MTA_H

#include <stdbool.h>
#include <stddef.h>

struct mta {
	/*
	 * The value of the macro called name, as smfi_getsymval(3) takes it: "i",
	 * "{auth_authen}"; NULL where the MTA did not send it.  Valid until the
	 * next event.
	 */
	const char *(*macro)(void *context, const char *name);

	/*
	 * Sets the reply that goes with the answer to this event.  Each line is as
	 * smfi_setmlreply(3) wants it: "%" doubled, no line end, not too long; there are
	 * 1 to LIMIT_REPLY_LINES of them.  Returns false where it could not be set.
	 */
	bool (*set_reply)(void *context, const char *code, const char *enhanced, const char *const *lines,
	                  size_t count);

	void *context;
};

#endif
