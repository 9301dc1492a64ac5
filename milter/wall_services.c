#include "milter/wall_services.h"

#include <string.h>

#include "policy/bits.h"
#include "policy/partition.h"
#include "policy/room.h"
#include "policy/ruleset.h"
#include "policy/vocabulary.h"
#include "rules/load.h"

#define SMTP 25

/* Ports that have a name (IANA), which a listener may well have, too. */
static const struct {
	const char *name;
	unsigned port;
} known_ports[] = {
    {"smtp", SMTP},
    {"submission", 587},
    {"submissions", 465},
};

static unsigned port_of(const char *daemon)
{
	for (size_t i = 0; i < sizeof known_ports / sizeof *known_ports; i++)
		if (strcmp(known_ports[i].name, daemon) == 0)
			return known_ports[i].port;
	return 0;
}

/* Whether both MTAs take the name as it is. */
static bool is_plain(const char *daemon)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return *daemon != '\0' && daemon[strspn(daemon, plain)] == '\0';
}

/* The networks of a set. */
static bool networks_of_set(const struct vocabulary *vocabulary, unsigned set, struct networks *ret_networks)
{
	const struct partition *partition = vocabulary_partition(vocabulary);
	struct networks found = {0};

	for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT; family++) {
		struct partition_walk walk = partition_walk(partition, (enum address_family)family);

		do {
			struct address first = address_from_number(walk.first, walk.family);
			struct address last = address_from_number(walk.last, walk.family);

			if (bits_test(vocabulary_class(vocabulary, VALUE_NETWORK, walk.class), set) &&
			    !networks_cover(&found, &first, &last)) {
				networks_destroy(&found);
				return false;
			}
		} while (partition_walk_on(&walk));
	}
	if (!networks_join(&found, &(struct networks){0})) {
		networks_destroy(&found);
		return false;
	}
	*ret_networks = found;
	return true;
}

static bool is_single(const struct network *network)
{
	return network->prefix_length == (network->base.family == ADDRESS_IPV4 ? 32 : 128);
}

static bool same_socket(const struct wall_service *one, const struct wall_service *other)
{
	return one->port == other->port && one->bound == other->bound &&
	       (!one->bound || (address_equal(&one->address.base, &other->address.base) &&
	                        one->address.prefix_length == other->address.prefix_length));
}

/* The listener that judges who comes in there. */
static const struct listener *judge(const struct second_wall *wall, const struct wall_service *service)
{
	struct listener_facts facts = {
	    .daemon = service->daemon,
	    .address = service->bound ? &service->address.base : NULL,
	    .port = service->port,
	};

	return ruleset_listener(wall->rules->ruleset, &facts);
}

/* taken: by another service. */
static enum wall_lack lack_of(const struct wall_service *service, bool taken)
{
	if (service->port == 0)
		return LACK_PORT;
	if (service->daemon != NULL && !is_plain(service->daemon))
		return LACK_NAME;
	if (service->bound && !is_single(&service->address))
		return LACK_ADDRESS;
	return taken ? LACK_ROOM : LACK_NOTHING;
}

/* Adds a service, if this listener judges there.  guessed: the rules do not say where. */
static bool add_service(struct second_wall *wall, struct wall_service service, bool guessed)
{
	struct wall_service *services;
	bool taken = false;

	if (judge(wall, &service) != service.of->listener)
		return true;
	for (size_t i = 0; i < wall->service_count; i++) {
		if (!same_socket(&wall->services[i], &service) || service.port == 0)
			continue;
		if (guessed || wall->services[i].of == service.of)
			return true;
		taken = true;
	}
	service.lack = lack_of(&service, taken);
	services = room_for_one(wall->services, wall->service_count, sizeof *services);
	if (services == NULL)
		return false;
	wall->services = services;
	services[wall->service_count++] = service;
	return true;
}

/* The services of a listener at one network of addresses, or at all. */
static bool add_at(struct second_wall *wall, const struct wall_listener *of, const struct network *address)
{
	const struct listener_match *match = &of->listener->match;
	size_t daemons = match->daemon_count > 0 ? match->daemon_count : 1;
	size_t ports = match->port_count > 0 ? match->port_count : 1;

	for (size_t i = 0; i < ports; i++)
		for (size_t j = 0; j < daemons; j++) {
			struct wall_service service = {.of = of, .bound = address != NULL};
			bool guessed = match->port_count + match->daemon_count == 0 && address == NULL;

			if (match->daemon_count > 0)
				service.daemon = match->daemons[j];
			else if (is_plain(of->listener->name))
				service.daemon = of->listener->name;
			if (match->port_count > 0)
				service.port = match->ports[i];
			else
				service.port = match->daemon_count > 0 ? port_of(service.daemon) : SMTP;
			if (address != NULL)
				service.address = *address;
			if (!add_service(wall, service, guessed))
				return false;
		}
	return true;
}

static bool add_services(struct second_wall *wall, const struct wall_listener *of)
{
	const struct listener_match *match = &of->listener->match;
	struct networks addresses;
	bool done = true;

	if (listener_is_local(of->listener))
		return true;
	if (match->everything || !match->addresses.given)
		return add_at(wall, of, NULL);
	if (!networks_of_set(wall->rules->ruleset->vocabulary, match->addresses.set, &addresses))
		return false;
	for (size_t i = 0; i < addresses.count && done; i++)
		done = add_at(wall, of, &addresses.list[i]);
	networks_destroy(&addresses);
	return done;
}

/* A socket for all addresses leaves no room for one that is bound to some. */
static void find_crowded(struct second_wall *wall)
{
	for (size_t i = 0; i < wall->service_count; i++)
		for (size_t j = 0; j < wall->service_count; j++)
			if (wall->services[i].lack == LACK_NOTHING && !wall->services[i].bound &&
			    wall->services[j].bound && wall->services[i].port == wall->services[j].port)
				wall->services[i].lack = LACK_ROOM;
}

bool wall_find_services(struct second_wall *wall)
{
	for (size_t i = 0; i < wall->count; i++)
		if (!add_services(wall, &wall->listeners[i]))
			return false;
	find_crowded(wall);
	return true;
}
