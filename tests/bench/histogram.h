/*
 * NAME
 *	histogram - how long things took, to about three per cent
 *
 * SYNOPSIS
 *	histogram_count(&histogram, nanoseconds);
 *	histogram_share(&histogram, 0.99)   99 of 100 took at most so long
 *
 * DESCRIPTION
 *	Each power of two is cut into as many equal parts: no value is kept, and counting costs a few instructions.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_PARTS 32

/* All zero: nothing was counted. */
struct histogram {
	uint64_t counts[64 * HISTOGRAM_PARTS];
	uint64_t total;
	uint64_t longest;
};

void histogram_count(struct histogram *histogram, uint64_t value);

/* The least value that at least this share of what was counted did not exceed; 0 where nothing was. */
uint64_t histogram_share(const struct histogram *histogram, double share);

#endif
