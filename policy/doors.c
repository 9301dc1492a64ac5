#include "policy/doors.h"

#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/room.h"
#include "policy/ruleset.h"

/* A name that no listener has, and no MTA gives. */
static const char other_daemon[] = "\001";

/* The values of each fact that listeners are chosen by; one of each kind that makes a difference. */
struct values {
	const char **daemons;
	size_t daemon_count;
	unsigned *ports;
	size_t port_count;
	struct address *addresses;
	size_t address_count;
};

static bool add_daemon(struct values *values, const char *daemon)
{
	const char **list;

	for (size_t i = 0; i < values->daemon_count; i++)
		if (strcmp(values->daemons[i], daemon) == 0)
			return true;
	list = room_for_one(values->daemons, values->daemon_count, sizeof *list);
	if (list == NULL)
		return false;
	values->daemons = list;
	values->daemons[values->daemon_count++] = daemon;
	return true;
}

static bool add_port(struct values *values, unsigned port)
{
	unsigned *list;

	for (size_t i = 0; i < values->port_count; i++)
		if (values->ports[i] == port)
			return true;
	list = room_for_one(values->ports, values->port_count, sizeof *list);
	if (list == NULL)
		return false;
	values->ports = list;
	values->ports[values->port_count++] = port;
	return true;
}

static bool add_match(struct values *values, const struct listener_match *match)
{
	for (size_t i = 0; i < match->daemon_count; i++)
		if (!add_daemon(values, match->daemons[i]))
			return false;
	for (size_t i = 0; i < match->port_count; i++)
		if (!add_port(values, match->ports[i]))
			return false;
	return true;
}

/* Which listeners of all sides would take an address of the class. */
static void note_takers(const struct world *world, uint32_t class, uint64_t *ret_takers)
{
	struct specimen specimen = world_address_class(world, class);
	unsigned bit = 0;

	for (unsigned side = 0; side < world_side_count(world); side++) {
		const struct ruleset *ruleset = world_side(world, side);

		for (size_t i = 0; i < ruleset->listener_count; i++, bit++) {
			struct optional_set set = ruleset->listeners[i].match.addresses;

			if (set.given && bits_test(specimen.sets[side], set.set))
				bits_set(ret_takers, bit);
		}
	}
}

static size_t count_listeners(const struct world *world)
{
	size_t count = 0;

	for (unsigned side = 0; side < world_side_count(world); side++)
		count += world_side(world, side)->listener_count;
	return count;
}

/* One address for each set of listeners that would take it. */
static bool add_addresses(struct values *values, const struct world *world)
{
	const struct territory *territory = world_territory(world);
	size_t words = bits_words(count_listeners(world));
	uint64_t *takers = calloc(words, sizeof *takers);
	struct class_table known = {0};
	bool done = takers != NULL && class_table_init(&known, words * BITS_PER_WORD);

	for (uint32_t i = 0; i < territory_classes(territory) && done; i++) {
		size_t before = known.count, example = territory_example(territory, i);
		struct address *list;

		memset(takers, 0, words * sizeof *takers);
		note_takers(world, i, takers);
		done = class_table_enter(&known, takers) != CLASS_NONE;
		/* What nobody takes is tried as no address at all. */
		if (known.count == before)
			continue;
		list = room_for_one(values->addresses, values->address_count, sizeof *list);
		done = list != NULL;
		if (!done)
			break;
		values->addresses = list;
		values->addresses[values->address_count++] =
		    address_from_number(territory_first(territory, example), territory_family(territory, example));
	}
	class_table_destroy(&known);
	free(takers);
	return done;
}

static bool find_values(struct values *values, const struct world *world)
{
	if (!add_daemon(values, other_daemon) || !add_port(values, 0))
		return false;
	for (unsigned side = 0; side < world_side_count(world); side++) {
		const struct ruleset *ruleset = world_side(world, side);

		for (size_t i = 0; i < ruleset->listener_count; i++)
			if (!add_match(values, &ruleset->listeners[i].match))
				return false;
	}
	return add_addresses(values, world);
}

static void forget_values(struct values *values)
{
	free(values->daemons);
	free(values->ports);
	free(values->addresses);
}

/* Adds the door, unless it is there, or there for all mail. */
static bool add_door(struct doors *doors, const struct door *door)
{
	struct door *list;

	for (size_t i = 0; i < doors->count; i++)
		if (memcmp(doors->list[i].listeners, door->listeners, sizeof door->listeners) == 0 &&
		    (!doors->list[i].local || door->local))
			return true;
	list = room_for_one(doors->list, doors->count, sizeof *list);
	if (list == NULL)
		return false;
	doors->list = list;
	doors->list[doors->count++] = *door;
	return true;
}

static bool try_connection(const struct world *world, const struct listener_facts *facts, struct doors *doors)
{
	struct door door = {
	    .local = facts->local,
	    .daemon = facts->daemon != other_daemon ? facts->daemon : NULL,
	    .port = facts->port,
	    .has_address = facts->address != NULL,
	};
	bool any = false;

	if (facts->address != NULL)
		door.address = *facts->address;
	for (unsigned side = 0; side < world_side_count(world); side++) {
		door.listeners[side] = ruleset_listener(world_side(world, side), facts);
		any |= door.listeners[side] != NULL;
	}
	return !any || add_door(doors, &door);
}

/* Tries every daemon, port and address; what is not local first. */
static bool try_all(const struct world *world, const struct values *values, struct doors *doors)
{
	for (unsigned local = 0; local < 2; local++)
		for (size_t i = 0; i < values->daemon_count; i++)
			for (size_t k = 0; k < values->port_count; k++)
				for (size_t m = 0; m <= values->address_count; m++) {
					struct listener_facts facts = {
					    .local = local == 1,
					    .daemon = values->daemons[i],
					    .port = values->ports[k],
					    .address = m > 0 ? &values->addresses[m - 1] : NULL,
					};

					if (!try_connection(world, &facts, doors))
						return false;
				}
	return true;
}

bool doors_find(const struct world *world, struct doors *ret_doors)
{
	struct values values = {0};
	struct doors doors = {0};
	bool done = find_values(&values, world) && try_all(world, &values, &doors);

	forget_values(&values);
	if (done)
		*ret_doors = doors;
	else
		doors_destroy(&doors);
	return done;
}

/* Whether the listener asks for something else than this daemon, or this port. */
static bool is_for_another(const struct listener_match *match, const char *daemon, unsigned port)
{
	bool same_daemon = match->everything || match->any_daemon, same_port = match->everything || match->any_port;

	for (size_t i = 0; i < match->daemon_count && !same_daemon; i++)
		same_daemon = strcmp(match->daemons[i], daemon) == 0;
	for (size_t i = 0; i < match->port_count && !same_port; i++)
		same_port = match->ports[i] == port;
	return !same_daemon || !same_port;
}

/* Has the listener take a connection, if it would; hiders are those before it that took all so far. */
static void try_way_in(const struct ruleset *ruleset, size_t index, const struct listener_facts *facts,
                       uint64_t *hiders, struct way_in *way)
{
	bool taken = false;

	if (!listener_takes(ruleset, &ruleset->listeners[index], facts))
		return;
	way->any = true;
	for (size_t i = 0; i < index; i++) {
		if (listener_takes(ruleset, &ruleset->listeners[i], facts))
			taken = true;
		else
			bits_clear(hiders, (unsigned)i);
	}
	if (taken)
		return;
	if (facts->local)
		way->local = true;
	else
		way->connections = true;
}

static void find_way_in(const struct ruleset *ruleset, size_t index, const struct values *values, uint64_t *hiders,
                        struct way_in *way)
{
	for (size_t i = 0; i < index; i++)
		bits_set(hiders, (unsigned)i);
	for (size_t i = 0; i < values->daemon_count; i++)
		for (size_t k = 0; k < values->port_count; k++) {
			struct listener_facts facts = {.daemon = values->daemons[i], .port = values->ports[k]};

			if (is_for_another(&ruleset->listeners[index].match, facts.daemon, facts.port))
				continue;
			for (size_t m = 0; m < 2 * (values->address_count + 1); m++) {
				facts.local = m % 2 == 1;
				facts.address = m / 2 < values->address_count ? &values->addresses[m / 2] : NULL;
				try_way_in(ruleset, index, &facts, hiders, way);
			}
		}
	way->hider = 0;
	while (way->hider < index && !bits_test(hiders, (unsigned)way->hider))
		way->hider++;
}

struct way_in *doors_ways_in(const struct world *world)
{
	const struct ruleset *ruleset = world_side(world, 0);
	struct way_in *ways = calloc(ruleset->listener_count + 1, sizeof *ways);
	uint64_t *hiders = calloc(bits_words(ruleset->listener_count + 1), sizeof *hiders);
	struct values values = {0};
	bool done = ways != NULL && hiders != NULL && find_values(&values, world);

	for (size_t i = 0; i < ruleset->listener_count && done; i++)
		find_way_in(ruleset, i, &values, hiders, &ways[i]);
	forget_values(&values);
	free(hiders);
	if (done)
		return ways;
	free(ways);
	return NULL;
}

void doors_destroy(struct doors *doors)
{
	free(doors->list);
	*doors = (struct doors){0};
}
