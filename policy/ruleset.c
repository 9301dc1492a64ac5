#include "policy/ruleset.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "policy/address.h"
#include "policy/arena.h"
#include "policy/bits.h"
#include "policy/vocabulary.h"

static const char *const list_mode_names[] = {
    [MODE_ONLY] = "only",
    [MODE_ALL_EXCEPT] = "all-except",
};
static_assert(sizeof list_mode_names / sizeof *list_mode_names == LIST_MODE_COUNT, "every mode has a name");

static const char *const auth_mode_names[] = {
    [AUTH_OPTIONAL] = "optional",
    [AUTH_REQUIRED] = "required",
    [AUTH_FORBIDDEN] = "forbidden",
};
static_assert(sizeof auth_mode_names / sizeof *auth_mode_names == AUTH_MODE_COUNT, "every mode has a name");

static const char *const direction_names[] = {
    [DIRECTION_INBOUND] = "inbound",
    [DIRECTION_OUTBOUND] = "outbound",
};
static_assert(sizeof direction_names / sizeof *direction_names == DIRECTION_COUNT, "every direction has a name");

static bool find_name(const char *const *names, unsigned count, const char *name, unsigned *ret_index)
{
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

const char *list_mode_name(enum list_mode mode)
{
	return list_mode_names[mode];
}

bool list_mode_from_name(const char *name, enum list_mode *ret_mode)
{
	unsigned index;

	if (!find_name(list_mode_names, LIST_MODE_COUNT, name, &index))
		return false;
	*ret_mode = (enum list_mode)index;
	return true;
}

const char *auth_mode_name(enum auth_mode mode)
{
	return auth_mode_names[mode];
}

bool auth_mode_from_name(const char *name, enum auth_mode *ret_mode)
{
	unsigned index;

	if (!find_name(auth_mode_names, AUTH_MODE_COUNT, name, &index))
		return false;
	*ret_mode = (enum auth_mode)index;
	return true;
}

const char *direction_name(enum direction direction)
{
	return direction_names[direction];
}

bool direction_from_name(const char *name, enum direction *ret_direction)
{
	unsigned index;

	if (!find_name(direction_names, DIRECTION_COUNT, name, &index))
		return false;
	*ret_direction = (enum direction)index;
	return true;
}

struct ruleset *ruleset_new(void)
{
	struct ruleset *ruleset = calloc(1, sizeof *ruleset);

	if (ruleset == NULL)
		return NULL;
	ruleset->arena = arena_new();
	if (ruleset->arena == NULL) {
		free(ruleset);
		return NULL;
	}
	return ruleset;
}

void ruleset_free(struct ruleset *ruleset)
{
	if (ruleset == NULL)
		return;
	vocabulary_free(ruleset->vocabulary);
	arena_free(ruleset->arena);
	free(ruleset);
}

static bool daemon_matches(const struct listener_match *match, const char *daemon)
{
	for (size_t i = 0; i < match->daemon_count; i++)
		if (daemon != NULL && strcmp(match->daemons[i], daemon) == 0)
			return true;
	return match->any_daemon;
}

static bool port_matches(const struct listener_match *match, unsigned port)
{
	for (size_t i = 0; i < match->port_count; i++)
		if (match->ports[i] == port)
			return true;
	return match->any_port;
}

static bool address_matches(const struct ruleset *ruleset, const struct listener_match *match,
                            const struct address *address)
{
	if (!match->addresses.given)
		return true;
	return address != NULL && bits_test(vocabulary_network(ruleset->vocabulary, address), match->addresses.set);
}

bool listener_takes(const struct ruleset *ruleset, const struct listener *listener, const struct listener_facts *facts)
{
	const struct listener_match *match = &listener->match;

	if (match->everything)
		return true;
	return match->local == facts->local && daemon_matches(match, facts->daemon) &&
	       port_matches(match, facts->port) && address_matches(ruleset, match, facts->address);
}

const struct listener *ruleset_listener(const struct ruleset *ruleset, const struct listener_facts *facts)
{
	for (size_t i = 0; i < ruleset->listener_count; i++) {
		const struct listener *listener = &ruleset->listeners[i];
		bool chosen = facts->name != NULL ? strcmp(listener->name, facts->name) == 0
		                                  : listener_takes(ruleset, listener, facts);

		if (chosen)
			return listener;
	}
	return NULL;
}
