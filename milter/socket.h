/*
 * NAME
 *	socket - where the MTA finds the daemon
 *
 * SYNOPSIS
 *	endpoint_read("unix:/run/sallyport/milter.sock", &socket.endpoint, &fault)
 *	socket_claim(&socket, &fault)  ...  bind and listen  ...
 *	socket_claimed(&socket, bound)
 *	...
 *	socket_remove(&socket)
 *
 * DESCRIPTION
 *	libmilter would remove whatever lies at the path, a running instance's socket
 *	included.  So the way is cleared here: an instance that listens is left
 *	alone, a socket that nobody listens at is removed, and any other file is an
 *	error.  Between socket_claim and socket_claimed the directory is locked (flock(2)):
 *	of two instances that start at once, one wins.
 *
 *	The socket is made with mode 0660: the owner, and whoever is in its group, may connect.
 */
#ifndef MILTER_SOCKET_H
#define MILTER_SOCKET_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "rules/endpoint.h"

struct fault;

/* The caller sets the endpoint, and socket_claim the rest. */
struct socket_name {
	struct endpoint endpoint;
	int directory; /* locked while the socket is claimed, else -1 */
	mode_t umask;  /* that was in force before */
	bool made;     /* there is a file of ours: */
	dev_t device;
	ino_t inode;
	struct timespec time; /* of its making: inodes are used again */
};

/*
 * Sees to it that the socket can be bound, and that a file made for it has its
 * mode.  To be called before there are other threads: it changes the umask(2).
 * Returns false where it cannot.
 */
bool socket_claim(struct socket_name *socket, struct fault *ret_fault);

/* After binding, or failing to: notes the file that was made, unlocks, and restores the umask. */
void socket_claimed(struct socket_name *socket, bool bound);

/* Removes the file, if it is still the one that was made. */
void socket_remove(const struct socket_name *socket);

#endif
