/*
 * NAME
 *	socket - where the MTA finds the daemon
 *
 * SYNOPSIS
 *	socket_read("unix:/run/sallyport/milter.sock", &socket, &fault)
 *	socket_claim(&socket, &fault)  ...  bind and listen  ...
 *	socket_claimed(&socket, bound)
 *	...
 *	socket_remove(&socket)
 *
 * DESCRIPTION
 *	Names a socket as MTAs do:
 *
 *		unix:/PATH, local:/PATH
 *		inet:PORT@ADDRESS         inet:8894@127.0.0.1
 *		inet6:PORT@ADDRESS        inet6:8894@[::1]
 *
 *	where "localhost" is the loopback address of the family.  An address must be
 *	given: who can reach the socket may ask about anybody, so that listening on
 *	all of them is to be said ("0.0.0.0", "::").
 *
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

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>

struct fault;

struct socket_name {
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} address;
	socklen_t length;
	char text[sizeof(struct sockaddr_un) + 16]; /* as libmilter wants it */
	int directory;                              /* locked while the socket is claimed, else -1 */
	mode_t umask;                               /* that was in force before */
	bool made;                                  /* there is a file of ours: */
	dev_t device;
	ino_t inode;
	struct timespec time; /* of its making: inodes are used again */
};

/* Reads a name.  Returns false where it is none: the fault says what to write instead. */
bool socket_read(const char *text, struct socket_name *ret_socket, struct fault *ret_fault);

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
