/*
 * NAME
 *	sketch - how many different texts there were, in a few bytes
 *
 * DESCRIPTION
 *	Linear counting (K.-Y. Whang, B. T. Vander-Zanden, H. M. Taylor: "A Linear-Time
 *	Probabilistic Counting Algorithm for Database Applications", ACM TODS 15, 1990): each
 *	text sets the bit of its hash, and how many bits are left says about how many texts there
 *	were.  Of 20 that is off by one at times, and seldom by more; of 100 by ten.  It counts no
 *	further than SKETCH_MOST.
 *
 *	What was seen by one of two sketches is the union of their bits.
 */
#ifndef MILTER_LEDGER_SKETCH_H
#define MILTER_LEDGER_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SKETCH_WORDS 4

/* Where every bit is set. */
#define SKETCH_MOST 1420

struct sketch {
	uint64_t words[SKETCH_WORDS];
};

/*
 * A hash of so many bytes, in which letters of ASCII have no case.  Who does not know the seed cannot choose
 * texts that set the same bit.
 */
uint64_t sketch_hash(uint64_t seed, const char *text, size_t length);

/* Returns whether that changed it. */
bool sketch_add(struct sketch *sketch, uint64_t hash);

/* How many texts there were in the one or the other. */
unsigned sketch_count(const struct sketch *one, const struct sketch *other);

#endif
