#include "milter/second_wall.h"

#include <stdlib.h>

#include "milter/wall_services.h"
#include "policy/condition.h"
#include "policy/room.h"
#include "policy/ruleset.h"
#include "rules/load.h"

static bool is_login_condition(enum condition_kind kind)
{
	return kind == CONDITION_AUTHENTICATED || kind == CONDITION_USER || kind == CONDITION_MECHANISM;
}

static bool have_login(const struct conditions *conditions)
{
	for (size_t i = 0; i < conditions->count; i++)
		if (is_login_condition(conditions->list[i].kind))
			return true;
	return false;
}

/* Whether a rule asks about a login. */
static bool rules_ask_for_login(const struct listener *listener)
{
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
		const struct stage_rules *rules = &listener->stages[stage];

		for (size_t i = 0; i < rules->count; i++)
			if (have_login(&rules->list[i].conditions) || have_login(&rules->list[i].unless))
				return true;
	}
	return false;
}

/* Whether every session is asked by the auth block: no rule accepts in its place. */
static bool auth_decides(const struct listener *listener)
{
	const struct stage_rules *rules = &listener->stages[STAGE_MAIL];

	for (size_t i = 0; i < rules->count; i++)
		if (rules->list[i].verdict == VERDICT_ACCEPT)
			return false;
	return listener->auth != NULL;
}

static void find_logins(struct wall_listener *wall)
{
	const struct auth_block *auth = wall->listener->auth;
	bool decides = auth_decides(wall->listener);
	bool refused = decides && auth->mode == AUTH_FORBIDDEN;

	wall->demands_login = decides && auth->mode == AUTH_REQUIRED;
	wall->demands_tls = wall->demands_login && auth->tls_bits > 0;
	wall->offers_login =
	    !refused && (auth != NULL || wall->with_login.count > 0 || rules_ask_for_login(wall->listener));
}

/* Whether an address alone, or a login, is enough. */
static bool nothing_must_hold(const struct clauses *when)
{
	for (size_t i = 0; i < when->count; i++)
		if (when->list[i].count == 0)
			return true;
	return when->count == 0;
}

/* Adds the clients of a row to the list that they belong to. */
static bool add_row(struct wall_listener *wall, const struct relay_row *row)
{
	if (row->authenticated)
		return networks_join(&wall->with_login, &row->who.clients);
	return networks_join(nothing_must_hold(&row->who.when) ? &wall->by_address : &wall->conditional,
	                     &row->who.clients);
}

/* Takes out of the list what the other has. */
static bool take_out(struct networks *networks, const struct networks *other)
{
	struct networks less;

	if (!networks_less(networks, other, &less))
		return false;
	networks_destroy(networks);
	*networks = less;
	return true;
}

static bool find_relayers(struct wall_listener *wall, const struct world *world)
{
	const struct relayers *relayers = wall->relayers = prove_listener(world, wall->listener);
	bool done = relayers != NULL;

	for (size_t i = 0; done && i < relayers->count; i++)
		done = add_row(wall, &relayers->rows[i]);
	return done && networks_join(&wall->conditional, &relayers->unproved[false]) &&
	       networks_join(&wall->with_login, &relayers->unproved[true]) &&
	       take_out(&wall->conditional, &wall->by_address) && take_out(&wall->with_login, &wall->by_address) &&
	       take_out(&wall->with_login, &wall->conditional);
}

/* Whether the MTA asks for addresses there: it is a listener of its own, and clients without a login get on. */
static bool asks_address(const struct wall_listener *wall)
{
	return !listener_is_local(wall->listener) && !wall->demands_login;
}

static bool find_listeners(struct second_wall *wall, const struct world *world)
{
	const struct ruleset *ruleset = wall->rules->ruleset;

	wall->listeners = calloc(ruleset->listener_count + 1, sizeof *wall->listeners);
	if (wall->listeners == NULL)
		return false;
	for (size_t i = 0; i < ruleset->listener_count; i++) {
		struct wall_listener *listener = &wall->listeners[wall->count++];

		listener->listener = &ruleset->listeners[i];
		if (!find_relayers(listener, world))
			return false;
		find_logins(listener);
		if (asks_address(listener) && (!networks_join(&wall->anywhere, &listener->by_address) ||
		                               !networks_join(&wall->anywhere, &listener->conditional)))
			return false;
	}
	return true;
}

bool second_wall_trusts_logins(const struct second_wall *wall)
{
	for (size_t i = 0; i < wall->count; i++)
		if (!listener_is_local(wall->listeners[i].listener) && wall->listeners[i].with_login.count > 0)
			return true;
	return false;
}

/* Gaps */

/* Adds a gap, with a copy of the clients.  Without clients there is none. */
static bool add_gap(struct second_wall *wall, const struct wall_gap *gap, const struct networks *clients)
{
	struct wall_gap *gaps;

	if (clients->count == 0)
		return true;
	gaps = room_for_one(wall->gaps, wall->gap_count, sizeof *gaps);
	if (gaps == NULL)
		return false;
	wall->gaps = gaps;
	gaps[wall->gap_count] = *gap;
	gaps[wall->gap_count].clients = (struct networks){0};
	return networks_join(&gaps[wall->gap_count++].clients, clients);
}

/* With a login only those clients count that may not without one. */
static bool add_condition(struct second_wall *wall, const struct wall_gap *gap, const struct networks *clients)
{
	struct networks counted = {0};
	bool done = networks_join(&counted, clients);

	if (done && gap->authenticated)
		done = take_out(&counted, &gap->of->by_address) && take_out(&counted, &gap->of->conditional);
	done = done && add_gap(wall, gap, &counted);
	networks_destroy(&counted);
	return done;
}

static bool add_conditions(struct second_wall *wall, const struct wall_listener *of)
{
	const struct relayers *relayers = of->relayers;

	for (size_t i = 0; i < relayers->count; i++) {
		const struct relay_row *row = &relayers->rows[i];

		if (nothing_must_hold(&row->who.when) && row->who.users == NULL)
			continue;
		if (!add_condition(wall, &(struct wall_gap){GAP_CONDITION, of, row, row->authenticated, {0}},
		                   &row->who.clients))
			return false;
	}
	for (unsigned authenticated = 0; authenticated < 2; authenticated++)
		if (!add_condition(wall, &(struct wall_gap){GAP_UNPROVED, of, NULL, authenticated == 1, {0}},
		                   &relayers->unproved[authenticated]))
			return false;
	return true;
}

/* What the stage data refuses only then. */
static bool add_data(struct second_wall *wall, const struct wall_listener *of)
{
	const struct stage_rules *rules = &of->listener->stages[STAGE_DATA];
	bool refuses = false;

	for (size_t i = 0; i < rules->count; i++)
		refuses |= rules->list[i].verdict != VERDICT_ACCEPT;
	return !refuses || (add_gap(wall, &(struct wall_gap){GAP_DATA, of, NULL, false, {0}}, &of->by_address) &&
	                    add_gap(wall, &(struct wall_gap){GAP_DATA, of, NULL, true, {0}}, &of->with_login));
}

/* Adds what is in the list and may not relay without a login, nor, where that is asked, with one. */
static bool add_outside(struct second_wall *wall, const struct wall_gap *gap, const struct networks *list)
{
	struct networks outside = {0};
	bool done = networks_join(&outside, list) && take_out(&outside, &gap->of->by_address) &&
	            take_out(&outside, &gap->of->conditional) &&
	            (!gap->authenticated || take_out(&outside, &gap->of->with_login)) && add_gap(wall, gap, &outside);

	networks_destroy(&outside);
	return done;
}

/* What an MTA with one list for all listeners does not tell apart there. */
static bool add_shared(struct second_wall *wall, const struct wall_listener *of)
{
	struct network own[] = {{address_loopback(ADDRESS_IPV4), 32}, {address_loopback(ADDRESS_IPV6), 128}};
	struct networks loopback = {own, ADDRESS_FAMILY_COUNT}, others;
	bool done;

	if (!networks_less(&wall->anywhere, &loopback, &others))
		return false;
	done = add_outside(wall, &(struct wall_gap){GAP_LOOPBACK, of, NULL, false, {0}}, &loopback) &&
	       add_outside(wall, &(struct wall_gap){GAP_OTHER_LISTENER, of, NULL, false, {0}}, &others);
	networks_destroy(&others);
	return done;
}

/* Where the MTA believes a login, whichever it is, and from wherever it comes. */
static bool add_logins(struct second_wall *wall, const struct wall_listener *of)
{
	struct network all[] = {{.base.family = ADDRESS_IPV4}, {.base.family = ADDRESS_IPV6}};
	bool believed = of->with_login.count > 0 || (wall->shared && second_wall_trusts_logins(wall));

	if (!of->offers_login || !believed)
		return true;
	return add_outside(wall, &(struct wall_gap){GAP_LOGIN_ELSEWHERE, of, NULL, true, {0}},
	                   &(struct networks){all, ADDRESS_FAMILY_COUNT});
}

/* An MTA relays for the programs of its machine, whatever it is told. */
static bool add_submitted(struct second_wall *wall)
{
	struct network loopback = {address_loopback(ADDRESS_IPV4), 32};

	if (wall->local == NULL || networks_have(&wall->local->by_address, &loopback.base))
		return true;
	return add_gap(wall, &(struct wall_gap){GAP_SUBMITTED, wall->local, NULL, false, {0}},
	               &(struct networks){&loopback, 1});
}

static bool find_gaps(struct second_wall *wall)
{
	for (size_t i = 0; i < wall->count; i++) {
		const struct wall_listener *of = &wall->listeners[i];

		if (listener_is_local(of->listener))
			continue;
		if (!add_conditions(wall, of) || !add_data(wall, of) || !add_logins(wall, of))
			return false;
		if (wall->shared && asks_address(of) && !add_shared(wall, of))
			return false;
	}
	return add_submitted(wall);
}

/* Listeners that are not chosen by a socket */

static const struct wall_listener *of_listener(const struct second_wall *wall, const struct listener *listener)
{
	for (size_t i = 0; i < wall->count; i++)
		if (wall->listeners[i].listener == listener)
			return &wall->listeners[i];
	return NULL;
}

/* A name that no MTA gives. */
static const char no_daemon[] = "\001";

static void find_catch_all(struct second_wall *wall)
{
	struct listener_facts facts = {.daemon = no_daemon};

	wall->others = of_listener(wall, ruleset_listener(wall->rules->ruleset, &facts));
	for (size_t i = 0; i < wall->count && wall->local == NULL; i++) {
		const struct listener *listener = wall->listeners[i].listener;

		if (listener->match.everything || listener->match.local)
			wall->local = &wall->listeners[i];
	}
}

struct second_wall *second_wall_new(const struct world *world, const struct rules *rules, bool shared)
{
	struct second_wall *wall = calloc(1, sizeof *wall);

	if (wall == NULL)
		return NULL;
	wall->rules = rules;
	wall->shared = shared;
	if (find_listeners(wall, world) && wall_find_services(wall)) {
		find_catch_all(wall);
		if (find_gaps(wall))
			return wall;
	}
	second_wall_free(wall);
	return NULL;
}

void second_wall_free(struct second_wall *wall)
{
	if (wall == NULL)
		return;
	for (size_t i = 0; i < wall->count; i++) {
		relayers_free(wall->listeners[i].relayers);
		networks_destroy(&wall->listeners[i].by_address);
		networks_destroy(&wall->listeners[i].conditional);
		networks_destroy(&wall->listeners[i].with_login);
	}
	for (size_t i = 0; i < wall->gap_count; i++)
		networks_destroy(&wall->gaps[i].clients);
	networks_destroy(&wall->anywhere);
	free(wall->listeners);
	free(wall->services);
	free(wall->gaps);
	free(wall);
}
