/*
 * NAME
 *	packets - the milter protocol's packets, as octets
 *
 * SYNOPSIS
 *	packet_begin(&packets, SMFIC_HELO);
 *	packets_add_text(&packets, "client.example");
 *	packet_end(&packets);
 *	...
 *	packets_free(&packets);
 *
 * DESCRIPTION
 *	Packets are written one behind the other into a buffer that grows.  A packet is its length in
 *	four octets, high one first, a letter of <libmilter/mfdef.h>, and what belongs to it.
 *
 *	Where there is no memory the program ends: it only measures.
 */
#ifndef BENCH_PACKETS_H
#define BENCH_PACKETS_H

#include <stddef.h>
#include <stdint.h>

/* All zero: no packets. */
struct packets {
	unsigned char *octets;
	size_t length;
	size_t room;
	size_t open; /* where the packet begins that is being written */
};

void packet_begin(struct packets *packets, char letter);
void packet_end(struct packets *packets);

void packets_add(struct packets *packets, const void *octets, size_t length);

/* The text, with the NUL behind it. */
void packets_add_text(struct packets *packets, const char *text);

void packets_add_number(struct packets *packets, uint32_t number);

void packets_free(struct packets *packets);

/* The number that four octets make. */
uint32_t packets_number(const unsigned char *octets);

#endif
