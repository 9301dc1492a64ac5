/*
 * NAME
 *	endpoint - where the MTA, or a collector of metrics, finds the daemon
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
 */
#ifndef RULES_ENDPOINT_H
#define RULES_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct fault;

struct endpoint {
	union {
		struct sockaddr any;
		struct sockaddr_un local;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} address;
	socklen_t length;
	char text[sizeof(struct sockaddr_un) + 16]; /* as libmilter wants it */
};

/* Reads a name.  Returns false where it is none: the fault says what to write instead. */
bool endpoint_read(const char *text, struct endpoint *ret_endpoint, struct fault *ret_fault);

/* The same for "ADDRESS:PORT", as web servers are named: "127.0.0.1:9894", "[::1]:9894". */
bool endpoint_read_web(const char *text, struct endpoint *ret_endpoint, struct fault *ret_fault);

#endif
