/* The logins that a party has: which entries let them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/dictionary.h"
#include "policy/expression.h"
#include "policy/party_finding.h"
#include "policy/room.h"
#include "policy/ruleset.h"
#include "policy/vocabulary.h"

/* Stands for any realm that no entry names. */
#define ANY_REALM "realm.invalid"

/* Whether a login that is in these sets is let by one of the ways for a client. */
static bool login_may(const struct finding *finding, size_t client, const uint64_t *const *sets)
{
	const struct parties *parties = finding->parties;

	for (size_t i = 0; i < parties->way_count; i++) {
		const struct way *way = &parties->ways[i];
		bool may = way_is_open_to(way, client);

		for (size_t k = 0; k < way->answer_count && may; k++) {
			const struct answer *answer = &way->answers[k];

			if (answer->question.fact == FACT_USER)
				may = bits_test(sets[answer->side], answer->question.set) == answer->yes;
		}
		if (may)
			return true;
	}
	return false;
}

static void add_user(struct finding *finding, struct party *party, const char *before, const char *name,
                     const char *behind)
{
	char *text;

	if (!room_grow(&party->users, party->user_count, sizeof *party->users) ||
	    asprintf(&text, "%s%s%s", before, name, behind) < 0)
		finding->failed = true;
	else
		party->users[party->user_count++] = text;
}

/* What is taken out stands last. */
static int compare_users(const void *one, const void *other)
{
	const char *const *a = one, *const *b = other;
	int out = (**a == '!') - (**b == '!');

	return out != 0 ? out : strcmp(*a, *b);
}

/* Looks a login up on all sides, into finding->sets; false where an expression ran past its limit. */
static bool look_up(struct finding *finding, const char *login, const uint64_t *ret_sets[WORLD_SIDES])
{
	const struct world *world = grid_world(finding->parties->grid);

	for (unsigned side = 0; side < world_side_count(world); side++) {
		ret_sets[side] = vocabulary_text(world_side(world, side)->vocabulary, VALUE_LOGIN, login, finding->room,
		                                 finding->sets[side]);
		if (ret_sets[side] == NULL)
			return false;
	}
	return true;
}

/* Whether the login called name@realm, whatever the realm, is let. */
static bool any_realm_may(struct finding *finding, size_t client, const char *name)
{
	const uint64_t *sets[WORLD_SIDES];
	char *login;
	bool may = false;

	if (asprintf(&login, "%s@%s", name, ANY_REALM) < 0) {
		finding->failed = true;
		return false;
	}
	may = look_up(finding, login, sets) && login_may(finding, client, sets);
	free(login);
	return may;
}

/* Whether logins called as this one but for the realm are let. */
static bool other_realms_may(struct finding *finding, size_t client, const char *login)
{
	const char *realm = strrchr(login, '@');
	char *name;
	bool may;

	if (realm == NULL || realm == login || realm[1] == '\0')
		return false;
	name = strndup(login, (size_t)(realm - login));
	if (name == NULL) {
		finding->failed = true;
		return false;
	}
	may = any_realm_may(finding, client, name);
	free(name);
	return may;
}

/* Whether an entry names the login. */
static bool is_named(const struct world *world, const char *login)
{
	for (unsigned side = 0; side < world_side_count(world); side++) {
		const struct vocabulary *vocabulary = world_side(world, side)->vocabulary;

		if (dictionary_class(vocabulary_dictionary(vocabulary, VALUE_LOGIN), login) != CLASS_EMPTY)
			return true;
	}
	return false;
}

/* Whether the login is listed as a name, if it is let: by itself, or with any realm. */
static bool is_listed(struct finding *finding, size_t client, const char *login)
{
	const struct world *world = grid_world(finding->parties->grid);

	for (unsigned side = 0; side < world_side_count(world); side++)
		if (dictionary_has(vocabulary_dictionary(world_side(world, side)->vocabulary, VALUE_LOGIN), login))
			return true;
	return is_named(world, login) && other_realms_may(finding, client, login);
}

/*
 * Whether an expression finds a login that is not listed as a name and that is let; and, to
 * *ret_all (untouched where not), whether all are that it finds.
 */
static bool expression_may(struct finding *finding, size_t client, unsigned side, uint32_t set, bool *ret_all)
{
	const struct world *world = grid_world(finding->parties->grid);
	bool any = false, all = true;

	for (size_t i = 0; i < world_count(world, VALUE_LOGIN); i++) {
		struct specimen login = world_specimen(world, VALUE_LOGIN, i);
		bool may;

		if (!bits_test(login.sets[side], set) || is_listed(finding, client, login.text))
			continue;
		may = login_may(finding, client, login.sets);
		any |= may;
		all &= may;
	}
	if (any)
		*ret_all = all;
	return any;
}

/* Whether an expression that is listed finds the login with these sets. */
static bool expressions_find(struct finding *finding, size_t client, const uint64_t *const *sets)
{
	const struct world *world = grid_world(finding->parties->grid);

	for (unsigned side = 0; side < world_side_count(world); side++) {
		const struct vocabulary *vocabulary = world_side(world, side)->vocabulary;

		for (size_t i = 0; i < vocabulary_expression_count(vocabulary, VALUE_LOGIN); i++) {
			uint32_t set = vocabulary_expression(vocabulary, VALUE_LOGIN, i).set;
			bool all;

			if (bits_test(sets[side], set) && expression_may(finding, client, side, set, &all))
				return true;
		}
	}
	return false;
}

/* Lists a name as what it lets: itself, itself with any realm, or what other entries let less this one. */
static void list_name(struct finding *finding, struct party *party, size_t client, const char *name)
{
	const uint64_t *sets[WORLD_SIDES];
	bool may, realms, out;

	if (!look_up(finding, name, sets))
		return;
	may = login_may(finding, client, sets);
	/* look_up has one buffer: what is asked of these sets comes first. */
	out = !may && expressions_find(finding, client, sets);
	realms = any_realm_may(finding, client, name);
	if (may || realms)
		add_user(finding, party, "", name, realms ? "@" : "");
	if (out || (!may && (realms || other_realms_may(finding, client, name))))
		add_user(finding, party, "!", name, "");
}

/* Lists names.  Returns whether there are some with any realm that may not: expressions could find them. */
static bool list_names(struct finding *finding, struct party *party, size_t client, const struct vocabulary *vocabulary)
{
	const struct dictionary *dictionary = vocabulary_dictionary(vocabulary, VALUE_LOGIN);
	struct dictionary_key key;
	bool shut = false;

	for (size_t place = 0; !finding->failed && dictionary_next(dictionary, &place, &key);) {
		list_name(finding, party, client, key.key);
		shut |= key.classes.below != CLASS_EMPTY && !any_realm_may(finding, client, key.key);
	}
	return shut;
}

/* Lists expressions that find a login that may.  Returns whether all may that they find; shut: as list_names says. */
static bool list_expressions(struct finding *finding, struct party *party, size_t client, unsigned side, bool shut)
{
	const struct vocabulary *vocabulary = world_side(grid_world(finding->parties->grid), side)->vocabulary;
	bool all = true;

	for (size_t i = 0; i < vocabulary_expression_count(vocabulary, VALUE_LOGIN) && !finding->failed; i++) {
		struct vocabulary_expression expression = vocabulary_expression(vocabulary, VALUE_LOGIN, i);
		bool these;

		if (!expression_may(finding, client, side, expression.set, &these))
			continue;
		add_user(finding, party, "/", expression_pattern(expression.expression), "/");
		all &= these && !shut;
	}
	return all;
}

/* Expressions that may turn out either way. */
struct either {
	unsigned side;
	uint32_t set;
};

/* Of more, nothing is said. */
#define EITHERS 8

struct eithers {
	struct either list[EITHERS];
	size_t count;
	bool more;
};

/* Adds the expressions that it takes to answer the question. */
static void add_eithers(const struct finding *finding, const struct answer *answer, struct eithers *eithers)
{
	const struct world *world = grid_world(finding->parties->grid);
	const struct vocabulary *vocabulary = world_side(world, answer->side)->vocabulary;
	uint64_t *parts = finding->supposed[answer->side];

	memset(parts, 0, vocabulary_words(vocabulary, VALUE_LOGIN) * sizeof *parts);
	bits_set(parts, answer->question.set);
	vocabulary_add_parts(vocabulary, VALUE_LOGIN, parts);
	for (size_t i = 0; i < vocabulary_expression_count(vocabulary, VALUE_LOGIN); i++) {
		struct either either = {answer->side, vocabulary_expression(vocabulary, VALUE_LOGIN, i).set};
		bool known = !bits_test(parts, either.set);

		for (size_t k = 0; k < eithers->count && !known; k++)
			known = eithers->list[k].side == either.side && eithers->list[k].set == either.set;
		if (known)
			continue;
		if (eithers->count == EITHERS)
			eithers->more = true;
		else
			eithers->list[eithers->count++] = either;
	}
}

static struct eithers eithers_of(const struct finding *finding, size_t client)
{
	const struct parties *parties = finding->parties;
	struct eithers eithers = {.count = 0};

	for (size_t i = 0; i < parties->way_count; i++) {
		const struct way *way = &parties->ways[i];

		for (size_t k = 0; k < way->answer_count && way_is_open_to(way, client); k++)
			if (way->answers[k].question.fact == FACT_USER)
				add_eithers(finding, &way->answers[k], &eithers);
	}
	return eithers;
}

/* Whether a login with these sets is let whatever expressions find. */
static bool may_either_way(const struct finding *finding, size_t client, const uint64_t *const *sets,
                           const struct eithers *eithers)
{
	const struct world *world = grid_world(finding->parties->grid);

	for (unsigned combination = 0; combination < 1U << eithers->count; combination++) {
		for (unsigned side = 0; side < world_side_count(world); side++)
			memcpy(finding->supposed[side], sets[side],
			       vocabulary_words(world_side(world, side)->vocabulary, VALUE_LOGIN) * sizeof(uint64_t));
		for (size_t i = 0; i < eithers->count; i++) {
			const struct either *either = &eithers->list[i];

			if ((combination >> i & 1) != 0)
				bits_set(finding->supposed[either->side], either->set);
			else
				bits_clear(finding->supposed[either->side], either->set);
		}
		for (unsigned side = 0; side < world_side_count(world); side++)
			vocabulary_combine_bits(world_side(world, side)->vocabulary, VALUE_LOGIN,
			                        finding->supposed[side]);
		if (!login_may(finding, client, (const uint64_t *const *)finding->supposed))
			return false;
	}
	return true;
}

/* Whether a name is listed with any realm, and expressions might find some that are not let. */
static bool realms_left_open(struct finding *finding, const struct party *party, size_t client)
{
	struct eithers eithers = eithers_of(finding, client);
	bool left_open = false;

	if (eithers.count == 0)
		return false;
	for (size_t i = 0; i < party->user_count && !left_open && !finding->failed; i++) {
		const char *user = party->users[i];
		const uint64_t *sets[WORLD_SIDES];
		char *login;

		if (*user == '\0' || user[strlen(user) - 1] != '@')
			continue;
		if (asprintf(&login, "%s%s", user, ANY_REALM) < 0) {
			finding->failed = true;
			return true;
		}
		left_open =
		    eithers.more || !look_up(finding, login, sets) || !may_either_way(finding, client, sets, &eithers);
		free(login);
	}
	return left_open;
}

/*
 * The entries whose logins may, each as "NAME", "NAME@" or "/EXPRESSION/", less "!NAME".
 * Returns false where expressions find others, too.
 */
static bool list_users(struct finding *finding, struct party *party, size_t client)
{
	const struct world *world = grid_world(finding->parties->grid);
	size_t kept = 0;
	bool all = true, shut = false;

	for (unsigned side = 0; side < world_side_count(world); side++)
		shut |= list_names(finding, party, client, world_side(world, side)->vocabulary);
	for (unsigned side = 0; side < world_side_count(world); side++)
		all &= list_expressions(finding, party, client, side, shut);
	if (party->user_count > 1)
		qsort(party->users, party->user_count, sizeof *party->users, compare_users);
	for (size_t i = 0; i < party->user_count; i++) {
		if (kept > 0 && strcmp(party->users[kept - 1], party->users[i]) == 0)
			free((char *)party->users[i]);
		else
			party->users[kept++] = party->users[i];
	}
	party->user_count = kept;
	return all && !realms_left_open(finding, party, client);
}

/* Whether an expression finds the login. */
static bool is_found(const struct world *world, const struct specimen *login)
{
	for (unsigned side = 0; side < world_side_count(world); side++) {
		const struct vocabulary *vocabulary = world_side(world, side)->vocabulary;

		for (size_t i = 0; i < vocabulary_expression_count(vocabulary, VALUE_LOGIN); i++)
			if (bits_test(login->sets[side], vocabulary_expression(vocabulary, VALUE_LOGIN, i).set))
				return true;
	}
	return false;
}

bool finding_users(struct finding *finding, struct party *party, size_t client)
{
	const struct world *world = grid_world(finding->parties->grid);
	bool all = true;

	if (!finding->parties->authenticated)
		return false;
	for (size_t i = 0; i < world_count(world, VALUE_LOGIN); i++) {
		struct specimen login = world_specimen(world, VALUE_LOGIN, i);
		bool may = login_may(finding, client, login.sets);

		if (may && !is_named(world, login.text) && !is_found(world, &login))
			return false;
		all &= may;
	}
	return !all && list_users(finding, party, client);
}
