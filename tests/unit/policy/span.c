#include "policy/span.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define MOST 3000

static int compare(const void *one, const void *other)
{
	const struct span *a = one, *b = other;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return (a->prefix_length > b->prefix_length) - (a->prefix_length < b->prefix_length);
}

/* A number of which only some bytes, told by mask, are not those of all others. */
static address_number random_first(enum address_family family, unsigned mask)
{
	address_number first = 0;

	for (unsigned byte = 0; byte < (family == ADDRESS_IPV4 ? 4 : 16); byte++)
		first = first << 8 | (mask >> byte % 8 & 1 ? (unsigned)random() & 0xff : 0x55);
	return first;
}

/* Equal spans may change places, so the sets are told apart by their sum. */
Test(span, sorted_as_by_comparison_and_none_is_lost)
{
	static struct span spans[MOST], told[MOST];

	srandom(11);
	for (unsigned round = 0; round < 400; round++) {
		enum address_family family = (enum address_family)(random() % ADDRESS_FAMILY_COUNT);
		size_t count = (size_t)random() % (round % 2 == 0 ? 70 : MOST);
		unsigned mask = (unsigned)random() & 0xff;
		uint64_t sum = 0;

		for (size_t i = 0; i < count; i++)
			spans[i] = (struct span){
			    .first = random_first(family, mask),
			    .prefix_length = (unsigned)random() % (family == ADDRESS_IPV4 ? 33 : 129),
			    .set = (uint32_t)random(),
			};
		memcpy(told, spans, sizeof spans);
		for (size_t i = 0; i < count; i++)
			sum += spans[i].set;
		spans_sort(spans, count, family);
		if (count > 0)
			qsort(told, count, sizeof *told, compare);
		for (size_t i = 0; i < count; i++) {
			cr_assert_eq(compare(&spans[i], &told[i]), 0, "round %u, span %zu of %zu", round, i, count);
			sum -= spans[i].set;
		}
		cr_assert_eq(sum, 0, "round %u", round);
	}
}

Test(span, the_larger_network_is_first_among_many_with_the_same_address)
{
	static struct span spans[MOST];

	for (size_t i = 0; i < MOST; i++)
		spans[i] = (struct span){.first = 7, .prefix_length = (uint32_t)(MOST - i) % 129};
	spans_sort(spans, MOST, ADDRESS_IPV6);
	for (size_t i = 1; i < MOST; i++)
		cr_assert_leq(spans[i - 1].prefix_length, spans[i].prefix_length, "span %zu", i);
}
