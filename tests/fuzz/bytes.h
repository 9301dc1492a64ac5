/*
 * NAME
 *	bytes - what a fuzzer gives, taken apart
 *
 * DESCRIPTION
 *	Numbers and texts are taken from the front; where nothing is left, numbers are 0 and
 *	texts are empty.  So every input means something, and a small change of it a small
 *	change of what it means.
 */
#ifndef TESTS_FUZZ_BYTES_H
#define TESTS_FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	const uint8_t *at;
	size_t left;
};

/* The longest text that is taken, without the end of the string. */
#define BYTES_TEXT 1200

/* A byte. */
unsigned bytes_byte(struct bytes *bytes);

/* A number below limit, which is at least 1 and at most 256. */
unsigned bytes_below(struct bytes *bytes, unsigned limit);

/* Two bytes. */
unsigned bytes_number(struct bytes *bytes);

/* So many bytes, filled up with zeros. */
void bytes_take(struct bytes *bytes, void *ret_bytes, size_t length);

/*
 * One of the words, or a text of the input's own (without NUL), in ret_room, which has
 * BYTES_TEXT + 1 bytes.
 */
const char *bytes_text(struct bytes *bytes, const char *const *words, size_t count, char *ret_room);

/* What libFuzzer and tests/fuzz/seeds.c call; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process where the claim does not hold, with the words. */
void bytes_claim(int holds, const char *words);

#endif
