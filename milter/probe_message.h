/*
 * NAME
 *	probe_message - the message of sallyport probe --deliver
 */
#ifndef MILTER_PROBE_MESSAGE_H
#define MILTER_PROBE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of a message, with the end of the string. */
#define PROBE_MESSAGE_SIZE 4096

/* The header field that has the token. */
#define PROBE_MESSAGE_FIELD "X-Sallyport-Probe"

struct probe_delivery;
struct probe_settings;

/* Writes random hexadecimal digits, size - 1 of them; returns false where the system has no randomness. */
bool probe_make_token(char *ret_token, size_t size);

/* Writes the message that goes by the form of that name; lines end with CRLF, none with a dot alone. */
void probe_message(const struct probe_delivery *delivery, const struct probe_settings *settings, const char *form,
                   char *ret_message, size_t size);

#endif
