#include "histogram.h"

#include <math.h>
#include <stddef.h>

/* log2(HISTOGRAM_PARTS) */
#define PART_BITS 5

static size_t part_of(uint64_t value)
{
	unsigned power;

	if (value < HISTOGRAM_PARTS)
		return value;
	power = 63 - (unsigned)__builtin_clzll(value) - PART_BITS;
	return (size_t)(power + 1) * HISTOGRAM_PARTS + (size_t)(value >> power) - HISTOGRAM_PARTS;
}

/* The largest value of a part. */
static uint64_t end_of(size_t part)
{
	unsigned power;

	if (part < HISTOGRAM_PARTS)
		return part;
	power = (unsigned)(part / HISTOGRAM_PARTS) - 1;
	return ((uint64_t)(part % HISTOGRAM_PARTS + HISTOGRAM_PARTS + 1) << power) - 1;
}

void histogram_count(struct histogram *histogram, uint64_t value)
{
	histogram->counts[part_of(value)]++;
	histogram->total++;
	if (value > histogram->longest)
		histogram->longest = value;
}

uint64_t histogram_share(const struct histogram *histogram, double share)
{
	uint64_t wanted = (uint64_t)ceil(share * (double)histogram->total);
	uint64_t passed = 0;

	for (size_t part = 0; part < sizeof histogram->counts / sizeof *histogram->counts; part++) {
		passed += histogram->counts[part];
		if (passed > 0 && passed >= wanted)
			return end_of(part) < histogram->longest ? end_of(part) : histogram->longest;
	}
	return 0;
}
