#include "policy/span.h"

#include <stdbool.h>

/* As many spans, or fewer, are sorted by insertion: faster, then, than counting 256 digits. */
#define FEW 32

/* The digits of a span: the bytes of its first address, the highest first, and its prefix length. */
static unsigned digit_of(const struct span *span, unsigned digit, unsigned bytes)
{
	if (digit == bytes)
		return span->prefix_length;
	return (uint8_t)(span->first >> 8 * (bytes - 1 - digit));
}

static bool precedes(const struct span *one, const struct span *other)
{
	if (one->first != other->first)
		return one->first < other->first;
	return one->prefix_length < other->prefix_length;
}

static void sort_few(struct span *spans, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct span span = spans[i];
		size_t to = i;

		for (; to > 0 && precedes(&span, &spans[to - 1]); to--)
			spans[to] = spans[to - 1];
		spans[to] = span;
	}
}

/* Puts each span where its digit belongs, by exchanges: begins[d] .. ends[d] is what is left to fill of digit d. */
static void distribute(struct span *spans, size_t *begins, const size_t *ends, unsigned digit, unsigned bytes)
{
	for (unsigned value = 0; value < 256; value++) {
		while (begins[value] < ends[value]) {
			struct span *here = &spans[begins[value]];
			unsigned belongs = digit_of(here, digit, bytes);
			struct span *there = &spans[begins[belongs]++];
			struct span moved = *here;

			*here = *there;
			*there = moved;
		}
	}
}

/* Sorts spans that are alike in all digits before this one: a radix sort, from the highest digit, in place. */
static void sort_digit(struct span *spans, size_t count, unsigned digit, unsigned bytes)
{
	size_t begins[256] = {0}, ends[256];

	if (count <= FEW) {
		sort_few(spans, count);
		return;
	}
	for (size_t i = 0; i < count; i++)
		begins[digit_of(&spans[i], digit, bytes)]++;
	for (size_t value = 0, end = 0; value < 256; value++) {
		end += begins[value];
		begins[value] = end - begins[value];
		ends[value] = end;
	}
	distribute(spans, begins, ends, digit, bytes);
	for (size_t value = 0, begin = 0; value < 256 && digit < bytes; begin = ends[value++])
		if (ends[value] - begin > 1)
			sort_digit(spans + begin, ends[value] - begin, digit + 1, bytes);
}

void spans_sort(struct span *spans, size_t count, enum address_family family)
{
	sort_digit(spans, count, 0, family == ADDRESS_IPV4 ? 4 : 16);
}
