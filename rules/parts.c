#include "rules/parts.h"

struct range {
	address_number first;
	address_number last;
};

struct parts parts_within(const struct territory *territory, const struct networks *networks,
                          enum address_family family)
{
	struct parts parts = {.territory = territory, .networks = networks, .family = family};

	while (parts.next < networks->count && networks->list[parts.next].base.family < family)
		parts.next++;
	return parts;
}

struct parts parts_between(const struct territory *territory, const struct networks *networks,
                           enum address_family family)
{
	struct parts parts = parts_within(territory, networks, family);

	parts.between = true;
	return parts;
}

static struct range range_of(const struct network *network)
{
	address_number first = address_to_number(&network->base), all = address_last_number(network->base.family);

	/* shifted in two steps: by all bits at once is undefined */
	return (struct range){first,
	                      first + (network->prefix_length == 0 ? all : all >> 1 >> (network->prefix_length - 1))};
}

/* Networks that touch, from the next one on. */
static bool next_range(struct parts *parts, struct range *ret_range)
{
	const struct networks *networks = parts->networks;
	bool found = false;

	for (; parts->next < networks->count; parts->next++) {
		const struct network *network = &networks->list[parts->next];
		struct range range;

		if (network->base.family != parts->family)
			break;
		range = range_of(network);
		if (found && range.first != ret_range->last + 1)
			break;
		ret_range->first = found ? ret_range->first : range.first;
		ret_range->last = range.last;
		found = true;
	}
	return found;
}

/* What is before the next of those, or behind all. */
static bool next_gap(struct parts *parts, struct range *ret_gap)
{
	while (!parts->ended) {
		struct range range;

		ret_gap->first = parts->behind;
		ret_gap->last = address_last_number(parts->family);
		if (!next_range(parts, &range)) {
			parts->ended = true;
			return true;
		}
		parts->ended = range.last == ret_gap->last;
		parts->behind = range.last + 1;
		if (range.first == ret_gap->first)
			continue;
		ret_gap->last = range.first - 1;
		return true;
	}
	return false;
}

bool parts_next(struct parts *parts)
{
	address_number end;

	if (parts->inside && parts->last < parts->range_last) {
		parts->first = parts->last + 1;
		parts->stretch++;
		parts->whole = true;
	} else {
		struct range range;

		if (!(parts->between ? next_gap(parts, &range) : next_range(parts, &range)))
			return false;
		parts->inside = true;
		parts->first = range.first;
		parts->range_last = range.last;
		parts->stretch = territory_find(parts->territory, parts->stretch, parts->family, range.first);
		parts->whole = territory_first(parts->territory, parts->stretch) == range.first;
	}
	end = territory_last(parts->territory, parts->stretch);
	parts->last = end < parts->range_last ? end : parts->range_last;
	parts->whole &= parts->last == end;
	return true;
}
