/*
 * NAME
 *	figure - large numbers as people read them
 */
#ifndef MILTER_LEDGER_FIGURE_H
#define MILTER_LEDGER_FIGURE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a figure as text, with the end of the string. */
#define FIGURE_TEXT 32

/* "1,234,567" */
void figure_count(uint64_t number, char *ret_text);

/* In at most 7 columns: "123,456", and from a million on "1.23 M", "12.3 G", of thousands. */
void figure_short(uint64_t number, char *ret_text);

/* In at most 7 columns, of thousands (SI): "999 B", "1.23 kB", "45.6 MB", "789 GB". */
void figure_bytes(uint64_t bytes, char *ret_text);

/* The sum, or what JSON's numbers go up to (2^63-1): what a client declares may be anything. */
uint64_t figure_sum(uint64_t one, uint64_t other);

#endif
