#include "milter/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "rules/fault.h"

/* How long another instance's start is waited for, and how often it is looked at, in milliseconds. */
#define CLAIM_PATIENCE 2000
#define CLAIM_NAP 50

/* Opens and locks the directory of the socket; waits a while for another instance that is starting. */
static bool lock_directory(struct socket_name *socket, struct fault *ret_fault)
{
	char path[sizeof socket->endpoint.address.local.sun_path];
	const struct timespec nap = {.tv_nsec = CLAIM_NAP * 1000000};
	const char *name;

	strcpy(path, socket->endpoint.address.local.sun_path);
	name = dirname(path);
	socket->directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (socket->directory < 0)
		return fault_set(ret_fault, "%s: cannot open the directory %s: %s", socket->endpoint.text, name,
		                 strerror(errno));
	for (unsigned waited = 0; flock(socket->directory, LOCK_EX | LOCK_NB) != 0; waited += CLAIM_NAP) {
		if (errno != EWOULDBLOCK || waited >= CLAIM_PATIENCE)
			return fault_set(ret_fault, "%s: cannot lock the directory %s: %s", socket->endpoint.text, name,
			                 errno == EWOULDBLOCK ? "another process holds the lock" : strerror(errno));
		nanosleep(&nap, NULL);
	}
	return true;
}

/* Removes a socket that nobody listens at. */
static bool clear_path(const struct socket_name *name, struct fault *ret_fault)
{
	const char *path = name->endpoint.address.local.sun_path;
	struct stat status;
	int probe;
	int error;

	if (lstat(path, &status) != 0)
		return errno == ENOENT || fault_set(ret_fault, "%s: %s", name->endpoint.text, strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return fault_set(
		    ret_fault,
		    "%s: there is a file of that name, and it is not a socket; remove it, or choose another "
		    "path",
		    name->endpoint.text);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return fault_set(ret_fault, "%s: %s", name->endpoint.text, strerror(errno));
	error = connect(probe, &name->endpoint.address.any, name->endpoint.length) == 0 ? 0 : errno;
	close(probe);
	if (error == 0 || error == EAGAIN)
		return fault_set(ret_fault, "%s: another process listens there; stop it first, or choose another path",
		                 name->endpoint.text);
	if (error != ECONNREFUSED)
		return fault_set(ret_fault, "%s: cannot find out whether somebody listens there: %s",
		                 name->endpoint.text, strerror(error));
	if (unlink(path) != 0)
		return fault_set(ret_fault, "%s: cannot remove the socket that nobody listens at: %s",
		                 name->endpoint.text, strerror(errno));
	return true;
}

/* Whether the address can be bound: libmilter does not say why it could not. */
static bool try_address(const struct socket_name *name, struct fault *ret_fault)
{
	const int on = 1;
	int probe = socket(name->endpoint.address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (probe < 0)
		return fault_set(ret_fault, "%s: %s", name->endpoint.text, strerror(errno));
	setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(probe, &name->endpoint.address.any, name->endpoint.length) != 0)
		error = errno;
	close(probe);
	if (error == EADDRINUSE)
		return fault_set(ret_fault, "%s: another process listens there; stop it first, or choose another port",
		                 name->endpoint.text);
	if (error != 0)
		return fault_set(ret_fault, "%s: %s", name->endpoint.text, strerror(error));
	return true;
}

bool socket_claim(struct socket_name *socket, struct fault *ret_fault)
{
	bool clear;

	socket->directory = -1;
	socket->made = false;
	socket->umask = umask(S_IXUSR | S_IXGRP | S_IRWXO);
	if (socket->endpoint.address.any.sa_family == AF_UNIX)
		clear = lock_directory(socket, ret_fault) && clear_path(socket, ret_fault);
	else
		clear = try_address(socket, ret_fault);
	if (!clear)
		socket_claimed(socket, false);
	return clear;
}

void socket_claimed(struct socket_name *socket, bool bound)
{
	struct stat status;

	umask(socket->umask);
	if (socket->directory < 0)
		return;
	if (bound && lstat(socket->endpoint.address.local.sun_path, &status) == 0 && S_ISSOCK(status.st_mode)) {
		socket->made = true;
		socket->device = status.st_dev;
		socket->inode = status.st_ino;
		socket->time = status.st_mtim;
	}
	close(socket->directory);
	socket->directory = -1;
}

void socket_remove(const struct socket_name *socket)
{
	const char *path = socket->endpoint.address.local.sun_path;
	struct stat status;

	if (socket->made && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_dev == socket->device &&
	    status.st_ino == socket->inode && status.st_mtim.tv_sec == socket->time.tv_sec &&
	    status.st_mtim.tv_nsec == socket->time.tv_nsec)
		unlink(path);
}
