#include "packets.h"

#include <arpa/inet.h>
#include <err.h>
#include <stdlib.h>
#include <string.h>

void packets_add(struct packets *packets, const void *octets, size_t length)
{
	if (length == 0)
		return;
	if (packets->room - packets->length < length) {
		packets->room = 2 * packets->room + length;
		packets->octets = realloc(packets->octets, packets->room);
		if (packets->octets == NULL)
			err(1, "no memory for packets");
	}
	memcpy(packets->octets + packets->length, octets, length);
	packets->length += length;
}

void packets_add_text(struct packets *packets, const char *text)
{
	packets_add(packets, text, strlen(text) + 1);
}

void packets_add_number(struct packets *packets, uint32_t number)
{
	uint32_t in_order = htonl(number);

	packets_add(packets, &in_order, sizeof in_order);
}

void packet_begin(struct packets *packets, char letter)
{
	packets->open = packets->length;
	packets_add_number(packets, 0);
	packets_add(packets, &letter, 1);
}

void packet_end(struct packets *packets)
{
	uint32_t length = htonl((uint32_t)(packets->length - packets->open - sizeof length));

	memcpy(packets->octets + packets->open, &length, sizeof length);
}

void packets_free(struct packets *packets)
{
	free(packets->octets);
	*packets = (struct packets){0};
}

uint32_t packets_number(const unsigned char *octets)
{
	uint32_t number;

	memcpy(&number, octets, sizeof number);
	return ntohl(number);
}
