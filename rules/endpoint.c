#include "rules/endpoint.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/fault.h"

static bool read_local(const char *text, const char *path, struct endpoint *endpoint, struct fault *ret_fault)
{
	struct sockaddr_un *address = &endpoint->address.local;

	if (*path != '/')
		return fault_set(ret_fault, "\"%s\" is not an absolute path; write \"unix:/run/sallyport/milter.sock\"",
		                 text);
	if (strlen(path) >= sizeof address->sun_path)
		return fault_set(ret_fault, "\"%s\" is too long: a socket's path has at most %zu bytes", text,
		                 sizeof address->sun_path - 1);
	address->sun_family = AF_UNIX;
	strcpy(address->sun_path, path);
	endpoint->length = sizeof *address;
	snprintf(endpoint->text, sizeof endpoint->text, "unix:%s", path);
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

static bool read_internet(const char *text, const char *rest, int family, struct endpoint *endpoint,
                          struct fault *ret_fault)
{
	bool ipv4 = family == AF_INET;
	const char *example = ipv4 ? "inet:8894@127.0.0.1" : "inet6:8894@[::1]";
	uint16_t port = take_port(&rest);
	char host[INET6_ADDRSTRLEN];
	void *place = ipv4 ? (void *)&endpoint->address.ipv4.sin_addr : (void *)&endpoint->address.ipv6.sin6_addr;

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
		endpoint->address.ipv4.sin_family = AF_INET;
		endpoint->address.ipv4.sin_port = htons(port);
		endpoint->length = sizeof endpoint->address.ipv4;
	} else {
		endpoint->address.ipv6.sin6_family = AF_INET6;
		endpoint->address.ipv6.sin6_port = htons(port);
		endpoint->length = sizeof endpoint->address.ipv6;
	}
	snprintf(endpoint->text, sizeof endpoint->text, ipv4 ? "inet:%u@%s" : "inet6:%u@[%s]", port, host);
	return true;
}

/* What follows the prefix, or NULL where text does not begin with it. */
static const char *after(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0 ? text + strlen(prefix) : NULL;
}

bool endpoint_read(const char *text, struct endpoint *ret_endpoint, struct fault *ret_fault)
{
	struct endpoint endpoint = {0};
	const char *rest;
	bool sound;

	if ((rest = after(text, "unix:")) != NULL || (rest = after(text, "local:")) != NULL)
		sound = read_local(text, rest, &endpoint, ret_fault);
	else if ((rest = after(text, "inet:")) != NULL)
		sound = read_internet(text, rest, AF_INET, &endpoint, ret_fault);
	else if ((rest = after(text, "inet6:")) != NULL)
		sound = read_internet(text, rest, AF_INET6, &endpoint, ret_fault);
	else
		sound = fault_set(ret_fault,
		                  "\"%s\" is not a socket; write \"unix:/PATH\", \"inet:PORT@ADDRESS\" or "
		                  "\"inet6:PORT@[ADDRESS]\"",
		                  text);
	if (sound)
		*ret_endpoint = endpoint;
	return sound;
}

bool endpoint_read_web(const char *text, struct endpoint *ret_endpoint, struct fault *ret_fault)
{
	const char *colon = strrchr(text, ':');
	struct endpoint endpoint;
	struct fault unused;
	char *named;
	bool sound = false;

	if (colon != NULL && asprintf(&named, "%s:%s@%.*s", text[0] == '[' ? "inet6" : "inet", colon + 1,
	                              (int)(colon - text), text) >= 0) {
		sound = endpoint_read(named, &endpoint, &unused);
		free(named);
	}
	if (!sound)
		return fault_set(ret_fault, "\"%s\" is not ADDRESS:PORT; write \"127.0.0.1:9894\" or \"[::1]:9894\"",
		                 text);
	*ret_endpoint = endpoint;
	return true;
}
