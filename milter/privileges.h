/*
 * NAME
 *	privileges - the user that the daemon runs as
 *
 * DESCRIPTION
 *	A daemon that judges what strangers write has no business to be root.
 *	Started as root, it must be told a user; it becomes that user, with the
 *	user's supplementary groups, and makes sure that there is no way back.
 *	It may be told to stay root: then it says so each time.
 *
 *	Privileges are given up before the socket is opened, so that the socket is the
 *	user's, and can be removed by it.
 */
#ifndef MILTER_PRIVILEGES_H
#define MILTER_PRIVILEGES_H

#include <stdbool.h>

struct fault;

/*
 * Becomes the user and the group; group NULL is the user's own.  Both may be
 * NULL where the process is not root: nothing changes then.  Returns false where
 * that cannot be: the process must then end.  To be called before there are other threads.
 */
bool privileges_drop(const char *user, const char *group, struct fault *ret_fault);

/* Whether the process is still root. */
bool privileges_are_root(void);

/*
 * Whether the process, as it is now, can read the file again.  Returns false,
 * with errno set, where it cannot.
 */
bool privileges_can_read(const char *path);

#endif
