#include "rules/public.h"

#include <stddef.h>

#include "policy/network.h"

static const struct network inside[] = {
    {{ADDRESS_IPV4, {10}}, 8},       {{ADDRESS_IPV4, {172, 16}}, 12},    {{ADDRESS_IPV4, {192, 168}}, 16},
    {{ADDRESS_IPV4, {100, 64}}, 10}, {{ADDRESS_IPV4, {127}}, 8},         {{ADDRESS_IPV4, {169, 254}}, 16},
    {{ADDRESS_IPV6, {0xfc}}, 7},     {{ADDRESS_IPV6, {0xfe, 0x80}}, 10}, {{ADDRESS_IPV6, {[15] = 1}}, 128},
};

static bool within(const struct network *inner, const struct network *outer)
{
	struct address last = network_last(outer);

	if (inner->base.family != outer->base.family || inner->prefix_length < outer->prefix_length)
		return false;
	return address_to_number(&inner->base) >= address_to_number(&outer->base) &&
	       address_to_number(&inner->base) <= address_to_number(&last);
}

bool network_is_public(const struct network *network)
{
	for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
		if (within(network, &inside[i]))
			return false;
	return true;
}
