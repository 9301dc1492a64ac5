#include "rules/exposure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/classify.h"
#include "policy/limits.h"
#include "policy/ruleset.h"
#include "policy/territory.h"
#include "policy/trust.h"
#include "policy/vocabulary.h"
#include "policy/world.h"
#include "rules/diagnostic.h"
#include "rules/load.h"
#include "rules/model.h"
#include "rules/public.h"
#include "rules/surroundings.h"

/* The shortest prefixes of networks that are no range. */
#define HOSTS_IPV4 30
#define SITE_IPV6 48

struct exposing {
	const struct rules *rules;
	const struct world *world;
	const struct surroundings *surroundings;
	struct diagnostics *diagnostics;
	struct classifier classifier;
};

static bool network_has(const struct network *network, const struct address *address)
{
	struct address last = network_last(network);

	return network->base.family == address->family &&
	       address_to_number(&network->base) <= address_to_number(address) &&
	       address_to_number(address) <= address_to_number(&last);
}

/* Addresses of strangers */

/* What to write so that the address may not. */
static const char *remedy(const struct trust *trust)
{
	if (trust->all_except)
		return "put it on the list";
	if (trust->listener->relay != NULL && trust->by == &trust->listener->relay->where)
		return "take it out of the list, with \"!\"";
	return "exempt it, with \"unless\"";
}

static void report_stand_in(const struct exposing *exposing, const struct trust *trust, const struct stand_in *stand_in)
{
	char text[LIMIT_NETWORK_TEXT];

	address_to_text(&stand_in->address, text);
	switch (stand_in->kind) {
	case STAND_IN_GATEWAY:
		diagnostics_warning(exposing->diagnostics, *trust->by,
		                    "%s may relay without a login, and is this host's default gateway (by %s): "
		                    "everything that the router forwards with its own address will look like this; %s",
		                    text, stand_in->device, remedy(trust));
		break;
	case STAND_IN_BRIDGE:
		diagnostics_warning(exposing->diagnostics, *trust->by,
		                    "%s may relay without a login, and is this host's address on the bridge %s: "
		                    "everything that is forwarded to a container with it will look like this; %s",
		                    text, stand_in->device, remedy(trust));
		break;
	}
}

static void look_for_stand_ins(const struct exposing *exposing, const struct trust *trust)
{
	const struct territory *territory = world_territory(exposing->world);

	for (size_t i = 0; exposing->surroundings != NULL && i < exposing->surroundings->count; i++) {
		const struct stand_in *stand_in = &exposing->surroundings->list[i];

		if (bits_test(trust->classes, territory_class_of(territory, &stand_in->address)))
			report_stand_in(exposing, trust, stand_in);
	}
}

/* Public ranges */

static bool is_range(const struct network *network)
{
	unsigned longest = network->base.family == ADDRESS_IPV4 ? HOSTS_IPV4 : SITE_IPV6;

	return network->prefix_length < longest && network_is_public(network);
}

/* Whether an example has a client of the network relay there. */
static bool is_meant(const struct exposing *exposing, const struct trust *trust, const struct network *network)
{
	const struct model *model = exposing->rules->model;
	struct locality locality = {.domains = exposing->rules->ruleset->local_domains};

	for (size_t i = 0; i < model->example_count; i++) {
		const struct example *example = &model->examples[i];
		struct address client;

		if (example->verdict == VERDICT_ACCEPT && example->user == NULL && example->recipient != NULL &&
		    strcmp(example->listener, trust->listener->name) == 0 &&
		    address_from_text(example->client, &client) && network_has(network, &client) &&
		    classify_local_text(&exposing->classifier, &locality, example->recipient) == TRUTH_NO)
			return true;
	}
	return false;
}

static void look_for_ranges(const struct exposing *exposing, const struct trust *trust)
{
	const struct network *first = NULL;
	char text[LIMIT_NETWORK_TEXT];
	char more[64] = "";
	size_t count = 0;

	for (size_t i = 0; i < trust->clients.count; i++) {
		const struct network *network = &trust->clients.list[i];

		if (!is_range(network) || is_meant(exposing, trust, network))
			continue;
		if (count++ == 0)
			first = network;
	}
	if (first == NULL)
		return;
	if (networks_are_most_public(&trust->clients, first->base.family)) {
		diagnostics_warning(
		    exposing->diagnostics, *trust->by,
		    "most of the internet may relay without a login: an open relay to all who reach it; "
		    "list only your own");
		return;
	}
	network_to_text(first, text);
	if (count > 1)
		snprintf(more, sizeof more, " and of %zu more network%s", count - 1, count > 2 ? "s" : "");
	diagnostics_warning(exposing->diagnostics, *trust->by,
	                    "the public addresses of %s%s may relay without a login, and so may every outsider among "
	                    "them; list only your own, and have one of them relay in an example (\"expect\") to say "
	                    "that it is meant",
	                    text, more);
}

bool exposure_find(const struct rules *rules, const struct world *world, const struct trusts *trusts,
                   const struct surroundings *surroundings, struct diagnostics *diagnostics)
{
	const struct vocabulary *vocabulary = rules->ruleset->vocabulary;
	struct match_room *room = match_room_new();
	uint64_t *domain = calloc(vocabulary_words(vocabulary, VALUE_NAME) + 1, sizeof *domain);
	struct exposing exposing = {
	    .rules = rules,
	    .world = world,
	    .surroundings = surroundings,
	    .diagnostics = diagnostics,
	    .classifier = {vocabulary, room, domain},
	};
	bool done = room != NULL && domain != NULL;

	for (size_t i = 0; i < trusts->count && done; i++) {
		look_for_stand_ins(&exposing, &trusts->list[i]);
		look_for_ranges(&exposing, &trusts->list[i]);
	}
	free(domain);
	match_room_free(room);
	return done;
}
