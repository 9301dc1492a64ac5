#include "policy/trusted.h"

#include <stdint.h>
#include <stdlib.h>

#include "policy/bits.h"
#include "policy/partition.h"
#include "policy/ruleset.h"
#include "policy/territory.h"
#include "policy/trust.h"
#include "policy/vocabulary.h"
#include "policy/world.h"

struct trusted {
	const struct ruleset *ruleset;
	size_t words;       /* of one listener */
	uint64_t classes[]; /* of all listeners, in the order of the rule set */
};

/* The listener's place among those of its rule set. */
static size_t place_of(const struct trusted *trusted, const struct listener *listener)
{
	return (size_t)(listener - trusted->ruleset->listeners);
}

struct trusted *trusted_new(const struct world *world, const struct trusts *trusts)
{
	const struct ruleset *ruleset = world_side(world, 0);
	const struct territory *territory = world_territory(world);
	size_t words = bits_words(vocabulary_class_count(ruleset->vocabulary, VALUE_NETWORK));
	struct trusted *trusted =
	    calloc(1, sizeof *trusted + ruleset->listener_count * words * sizeof *trusted->classes);

	if (trusted == NULL)
		return NULL;
	trusted->ruleset = ruleset;
	trusted->words = words;
	for (size_t i = 0; i < trusts->count; i++) {
		const struct trust *trust = &trusts->list[i];
		uint64_t *classes = trusted->classes + place_of(trusted, trust->listener) * words;

		for (uint32_t class = 0; class < territory_classes(territory); class ++)
			if (bits_test(trust->classes, class))
				bits_set(classes, territory_side_class(territory, class, 0));
	}
	return trusted;
}

void trusted_free(struct trusted *trusted)
{
	free(trusted);
}

bool trusted_has(const struct trusted *trusted, const struct listener *listener, const struct address *client)
{
	uint32_t class;

	if (trusted == NULL)
		return false;
	class = partition_class(vocabulary_partition(trusted->ruleset->vocabulary), client);
	return bits_test(trusted->classes + place_of(trusted, listener) * trusted->words, class);
}
