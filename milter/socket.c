#include "milter/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "milter/fault.h"

/* How long another instance's start is waited for, and how often it is looked at, in milliseconds. */
#define CLAIM_PATIENCE 2000
#define CLAIM_NAP 50

static bool read_local(const char *text, const char *path, struct socket_name *socket, struct fault *ret_fault)
{
	struct sockaddr_un *address = &socket->address.local;

	if (*path != '/')
		return fault_set(ret_fault, "\"%s\" is not an absolute path; write \"unix:/run/sallyport/milter.sock\"",
		                 text);
	if (strlen(path) >= sizeof address->sun_path)
		return fault_set(ret_fault, "\"%s\" is too long: a socket's path has at most %zu bytes", text,
		                 sizeof address->sun_path - 1);
	address->sun_family = AF_UNIX;
	strcpy(address->sun_path, path);
	socket->length = sizeof *address;
	snprintf(socket->text, sizeof socket->text, "unix:%s", path);
	return true;
}

/* Reads "PORT@" and moves *text behind it; returns 0, and leaves *text, where there is none. */
static uint16_t take_port(const char **text)
{
	size_t digits = strspn(*text, "0123456789");
	unsigned long port;

	if (digits == 0 || digits > 5 || (*text)[digits] != '@')
		return 0;
	port = strtoul(*text, NULL, 10);
	if (port > UINT16_MAX)
		return 0;
	*text += digits + 1;
	return (uint16_t)port;
}

/* Copies the host without the brackets that may enclose it; returns false where it does not fit. */
static bool take_host(const char *text, char *ret_host, size_t size)
{
	size_t length = strlen(text);

	if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	if (length >= size)
		return false;
	memcpy(ret_host, text, length);
	ret_host[length] = '\0';
	return true;
}

static bool read_internet(const char *text, const char *rest, int family, struct socket_name *socket,
                          struct fault *ret_fault)
{
	bool ipv4 = family == AF_INET;
	const char *example = ipv4 ? "inet:8894@127.0.0.1" : "inet6:8894@[::1]";
	uint16_t port = take_port(&rest);
	char host[INET6_ADDRSTRLEN];
	void *place = ipv4 ? (void *)&socket->address.ipv4.sin_addr : (void *)&socket->address.ipv6.sin6_addr;

	if (port == 0)
		return fault_set(ret_fault, "\"%s\" is not %s:PORT@ADDRESS with a port from 1 to 65535; write \"%s\"",
		                 text, ipv4 ? "inet" : "inet6", example);
	if (!take_host(rest, host, sizeof host))
		return fault_set(ret_fault, "\"%s\" names no address; write \"%s\"", text, example);
	if (strcmp(host, "localhost") == 0)
		strcpy(host, ipv4 ? "127.0.0.1" : "::1");
	if (inet_pton(family, host, place) != 1)
		return fault_set(ret_fault, "\"%s\": \"%s\" is not an %s address; write \"%s\"", text, rest,
		                 ipv4 ? "IPv4" : "IPv6", example);
	if (ipv4) {
		socket->address.ipv4.sin_family = AF_INET;
		socket->address.ipv4.sin_port = htons(port);
		socket->length = sizeof socket->address.ipv4;
	} else {
		socket->address.ipv6.sin6_family = AF_INET6;
		socket->address.ipv6.sin6_port = htons(port);
		socket->length = sizeof socket->address.ipv6;
	}
	snprintf(socket->text, sizeof socket->text, ipv4 ? "inet:%u@%s" : "inet6:%u@[%s]", port, host);
	return true;
}

/* What follows the prefix, or NULL where text does not begin with it. */
static const char *after(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : NULL;
}

bool socket_read(const char *text, struct socket_name *ret_socket, struct fault *ret_fault)
{
	struct socket_name name = {.directory = -1};
	const char *rest;
	bool sound;

	if ((rest = after(text, "unix:")) != NULL || (rest = after(text, "local:")) != NULL)
		sound = read_local(text, rest, &name, ret_fault);
	else if ((rest = after(text, "inet:")) != NULL)
		sound = read_internet(text, rest, AF_INET, &name, ret_fault);
	else if ((rest = after(text, "inet6:")) != NULL)
		sound = read_internet(text, rest, AF_INET6, &name, ret_fault);
	else
		sound = fault_set(ret_fault,
		                  "\"%s\" is not a socket; write \"unix:/PATH\", \"inet:PORT@ADDRESS\" or "
		                  "\"inet6:PORT@[ADDRESS]\"",
		                  text);
	if (sound)
		*ret_socket = name;
	return sound;
}

/* Opens and locks the directory of the socket; waits a while for another instance that is starting. */
static bool lock_directory(struct socket_name *socket, struct fault *ret_fault)
{
	char path[sizeof socket->address.local.sun_path];
	const struct timespec nap = {.tv_nsec = CLAIM_NAP * 1000000};
	const char *name;

	strcpy(path, socket->address.local.sun_path);
	name = dirname(path);
	socket->directory = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (socket->directory < 0)
		return fault_set(ret_fault, "%s: cannot open the directory %s: %s", socket->text, name,
		                 strerror(errno));
	for (unsigned waited = 0; flock(socket->directory, LOCK_EX | LOCK_NB) != 0; waited += CLAIM_NAP) {
		if (errno != EWOULDBLOCK || waited >= CLAIM_PATIENCE)
			return fault_set(ret_fault, "%s: cannot lock the directory %s: %s", socket->text, name,
			                 errno == EWOULDBLOCK ? "another process holds the lock" : strerror(errno));
		nanosleep(&nap, NULL);
	}
	return true;
}

/* Removes a socket that nobody listens at. */
static bool clear_path(const struct socket_name *name, struct fault *ret_fault)
{
	const char *path = name->address.local.sun_path;
	struct stat status;
	int probe;
	int error;

	if (lstat(path, &status) != 0)
		return errno == ENOENT || fault_set(ret_fault, "%s: %s", name->text, strerror(errno));
	if (!S_ISSOCK(status.st_mode))
		return fault_set(
		    ret_fault,
		    "%s: there is a file of that name, and it is not a socket; remove it, or choose another "
		    "path",
		    name->text);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return fault_set(ret_fault, "%s: %s", name->text, strerror(errno));
	error = connect(probe, &name->address.any, name->length) == 0 ? 0 : errno;
	close(probe);
	if (error == 0 || error == EAGAIN)
		return fault_set(ret_fault, "%s: another process listens there; stop it first, or choose another path",
		                 name->text);
	if (error != ECONNREFUSED)
		return fault_set(ret_fault, "%s: cannot find out whether somebody listens there: %s", name->text,
		                 strerror(error));
	if (unlink(path) != 0)
		return fault_set(ret_fault, "%s: cannot remove the socket that nobody listens at: %s", name->text,
		                 strerror(errno));
	return true;
}

/* Whether the address can be bound: libmilter does not say why it could not. */
static bool try_address(const struct socket_name *name, struct fault *ret_fault)
{
	const int on = 1;
	int probe = socket(name->address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (probe < 0)
		return fault_set(ret_fault, "%s: %s", name->text, strerror(errno));
	setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(probe, &name->address.any, name->length) != 0)
		error = errno;
	close(probe);
	if (error == EADDRINUSE)
		return fault_set(ret_fault, "%s: another process listens there; stop it first, or choose another port",
		                 name->text);
	if (error != 0)
		return fault_set(ret_fault, "%s: %s", name->text, strerror(error));
	return true;
}

bool socket_claim(struct socket_name *socket, struct fault *ret_fault)
{
	bool clear;

	socket->umask = umask(S_IXUSR | S_IXGRP | S_IRWXO);
	if (socket->address.any.sa_family == AF_UNIX)
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
	if (bound && lstat(socket->address.local.sun_path, &status) == 0 && S_ISSOCK(status.st_mode)) {
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
	const char *path = socket->address.local.sun_path;
	struct stat status;

	if (socket->made && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_dev == socket->device &&
	    status.st_ino == socket->inode && status.st_mtim.tv_sec == socket->time.tv_sec &&
	    status.st_mtim.tv_nsec == socket->time.tv_nsec)
		unlink(path);
}
