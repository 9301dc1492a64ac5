#include "milter/probe_target.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool is_ipv4(const char *text)
{
	struct in_addr address;

	return inet_pton(AF_INET, text, &address) == 1;
}

static bool is_ipv6(const char *text)
{
	struct in6_addr address;

	return inet_pton(AF_INET6, text, &address) == 1;
}

static bool read_port(const char *text, unsigned *ret_port)
{
	unsigned long port;

	if (*text == '\0' || strlen(text) > 5 || text[strspn(text, DIGITS)] != '\0')
		return false;
	port = strtoul(text, NULL, 10);
	if (port == 0 || port > 65535)
		return false;
	*ret_port = (unsigned)port;
	return true;
}

bool probe_target_read(const char *text, struct probe_target *ret_target)
{
	struct probe_target target = {.port = 25};
	bool bracket = *text == '[';
	const char *end;
	const char *rest;

	if (is_ipv6(text)) {
		snprintf(target.host, sizeof target.host, "%s", text);
		*ret_target = target;
		return true;
	}
	if (bracket)
		text++;
	end = text + strcspn(text, bracket ? "]" : ":");
	rest = bracket && *end == ']' ? end + 1 : end;
	if (end == text || (size_t)(end - text) >= sizeof target.host || (bracket && *end != ']'))
		return false;
	if (*rest == ':' ? !read_port(rest + 1, &target.port) : *rest != '\0')
		return false;
	memcpy(target.host, text, (size_t)(end - text));
	target.named = !bracket && !is_ipv4(target.host);
	if (bracket && !is_ipv6(target.host))
		return false;
	if (target.named && target.host[strspn(target.host, LETTERS DIGITS "-._")] != '\0')
		return false;
	*ret_target = target;
	return true;
}

static bool set_address(struct probe_address *address, const struct sockaddr *socket, socklen_t length)
{
	memset(address, 0, sizeof *address);
	memcpy(&address->socket, socket, length);
	address->length = length;
	if (getnameinfo(socket, length, address->text, sizeof address->text, NULL, 0, NI_NUMERICHOST) != 0)
		return false;
	snprintf(address->literal, sizeof address->literal, "[%s%.*s]", socket->sa_family == AF_INET6 ? "IPv6:" : "",
	         (int)strcspn(address->text, "%"), address->text);
	return true;
}

int probe_target_resolve(const struct probe_target *target, int family, struct probe_address *ret_addresses,
                         size_t *ret_count)
{
	struct addrinfo wanted = {.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *list;
	char port[8];
	size_t count = 0;
	int error;

	snprintf(port, sizeof port, "%u", target->port);
	error = getaddrinfo(target->host, port, &wanted, &list);
	if (error != 0)
		return error;
	for (struct addrinfo *one = list; one != NULL && count < PROBE_ADDRESSES; one = one->ai_next) {
		if (set_address(&ret_addresses[count], one->ai_addr, one->ai_addrlen))
			count++;
	}
	freeaddrinfo(list);
	*ret_count = count;
	return 0;
}

bool probe_address_read(const char *text, struct probe_address *ret_address)
{
	struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
	struct addrinfo *list;
	bool read;

	if (getaddrinfo(text, NULL, &wanted, &list) != 0)
		return false;
	read = set_address(ret_address, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	return read;
}

bool probe_is_domain(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length >= PROBE_HOST - 1 || text[strspn(text, LETTERS DIGITS "-.")] != '\0')
		return false;
	if (strchr(text, '.') == NULL || strstr(text, "..") != NULL || *text == '.' || text[length - 1] == '.')
		return false;
	return !is_ipv4(text);
}

bool probe_is_mailbox(const char *text)
{
	size_t length = strspn(text, LETTERS DIGITS "-._+=");

	return length > 0 && length <= 64 && text[length] == '@' && probe_is_domain(text + length + 1);
}
