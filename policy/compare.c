#include "policy/compare.h"

#include <stdlib.h>
#include <string.h>

#include "policy/doors.h"
#include "policy/room.h"
#include "policy/ruleset.h"

/* Boxes with the same outcome on both sides. */
struct outcome {
	struct decision decisions[WORLD_SIDES];
	struct deciders deciders[WORLD_SIDES];
	struct parties *parties;
};

struct comparing {
	const struct grid *grid;
	const struct survey_scope *scope;
	struct outcome *outcomes;
	size_t count;
	bool failed; /* no memory */
};

bool decisions_alike(const struct decision *one, const struct decision *other)
{
	if (one->verdict != other->verdict || (one->reply == NULL) != (other->reply == NULL))
		return false;
	return one->reply == NULL ||
	       (one->reply->code == other->reply->code && strcmp(one->reply->enhanced, other->reply->enhanced) == 0 &&
	        strcmp(one->reply->text, other->reply->text) == 0);
}

int difference_opens(const struct difference *difference)
{
	bool before = difference->decisions[SIDE_OLD].verdict == VERDICT_ACCEPT;
	bool now = difference->decisions[SIDE_NEW].verdict == VERDICT_ACCEPT;

	return (int)now - (int)before;
}

/* Whether the reply has the listener's name in it, and the listeners' names differ. */
static bool names_matter(const struct grid_subject *subject, const struct reply *reply)
{
	const struct listener *old = subject->listeners[SIDE_OLD], *new = subject->listeners[SIDE_NEW];

	return reply != NULL && old != NULL && new != NULL &&strcmp(old->name, new->name) != 0 &&
	       strstr(reply->text, "{listener}") != NULL;
}

static bool judged_alike(const struct visit *visit)
{
	return decisions_alike(&visit->decisions[SIDE_OLD], &visit->decisions[SIDE_NEW]) &&
	       !names_matter(grid_subject(visit->grid), visit->decisions[SIDE_NEW].reply);
}

/* The boxes of the visit's outcome, or NULL where there is no memory. */
static struct outcome *outcome_of(struct comparing *comparing, const struct visit *visit)
{
	struct outcome outcome = {.decisions = {visit->decisions[0], visit->decisions[1]}};
	struct outcome *list;

	for (size_t i = 0; i < comparing->count; i++)
		if (decisions_alike(&comparing->outcomes[i].decisions[SIDE_OLD], &visit->decisions[SIDE_OLD]) &&
		    decisions_alike(&comparing->outcomes[i].decisions[SIDE_NEW], &visit->decisions[SIDE_NEW]))
			return &comparing->outcomes[i];
	list = room_for_one(comparing->outcomes, comparing->count, sizeof *list);
	if (list == NULL)
		return NULL;
	comparing->outcomes = list;
	outcome.parties = parties_new(comparing->grid, comparing->scope->authenticated);
	if (outcome.parties == NULL)
		return NULL;
	comparing->outcomes[comparing->count] = outcome;
	return &comparing->outcomes[comparing->count++];
}

/* Whether one stands before the other: what no rule decided, then file by file, line by line. */
static bool stands_before(const struct decision *one, const struct decision *other)
{
	int order;

	if (one->by == NULL || other->by == NULL)
		return one->by == NULL && other->by != NULL;
	order = strcmp(one->by->file, other->by->file);
	if (order != 0 || one->by->line != other->by->line)
		return order != 0 ? order < 0 : one->by->line < other->by->line;
	return one->stage != other->stage ? one->stage < other->stage : strcmp(one->rule, other->rule) < 0;
}

/* Keeps the first, in the order in which they stand. */
static void note_decider(struct deciders *deciders, const struct decision *decision)
{
	size_t place = 0;

	for (size_t i = 0; i < deciders->count; i++) {
		if (deciders->list[i].by == decision->by && deciders->list[i].rule == decision->rule)
			return;
		place += stands_before(&deciders->list[i], decision);
	}
	if (deciders->count == DECIDERS)
		deciders->more = true;
	else
		deciders->count++;
	if (place == DECIDERS)
		return;
	memmove(deciders->list + place + 1, deciders->list + place,
	        (deciders->count - place - 1) * sizeof *deciders->list);
	deciders->list[place] = *decision;
}

static bool note(void *visitor, const struct visit *visit)
{
	struct comparing *comparing = visitor;
	struct outcome *outcome;

	if (judged_alike(visit))
		return true;
	outcome = outcome_of(comparing, visit);
	comparing->failed = outcome == NULL || !parties_note(outcome->parties, visit, NULL);
	for (unsigned side = 0; side < WORLD_SIDES && !comparing->failed; side++)
		note_decider(&outcome->deciders[side], &visit->decisions[side]);
	return !comparing->failed;
}

static bool asks_name(const struct clause *clause)
{
	for (size_t i = 0; i < clause->count; i++)
		if (clause->answers[i].question.fact == FACT_CLIENT_NAME)
			return true;
	return false;
}

/* Whether those clauses that ask nothing of the client's name are the others. */
static bool same_clauses_without_name(const struct clauses *named, const struct clauses *others)
{
	size_t found = 0;

	for (size_t i = 0; i < named->count; i++) {
		if (asks_name(&named->list[i]))
			continue;
		if (found == others->count ||
		    !clauses_equal(&(struct clauses){&named->list[i], 1}, &(struct clauses){&others->list[found], 1}))
			return false;
		found++;
	}
	return found == others->count;
}

static bool same_without_name(const struct party *named, const struct party *other)
{
	struct party rest = *named;

	rest.when = other->when;
	return parties_equal(&rest, other) && same_clauses_without_name(&named->when, &other->when);
}

/*
 * Whether they are the same where what the first says of the client's name does not hold, as it does not of one that
 * cannot be looked up.
 */
static bool same_but_for_lookup(const struct difference *one, const struct difference *other)
{
	bool same = one->lookup == LOOKUP_DONE && one->besides == other->besides && one->door == other->door &&
	            one->authenticated == other->authenticated && networks_equal(&one->unproved, &other->unproved) &&
	            same_without_name(&one->who, &other->who);

	for (unsigned side = 0; side < WORLD_SIDES && same; side++)
		same = one->relay[side] == other->relay[side] &&
		       decisions_alike(&one->decisions[side], &other->decisions[side]);
	return same;
}

/* Takes over who and unproved, also on failure. */
static bool add_difference(struct comparison *comparison, struct difference *difference)
{
	struct difference *list;

	for (size_t i = 0; difference->lookup == LOOKUP_FAILED && i < comparison->count; i++) {
		if (!same_but_for_lookup(&comparison->list[i], difference))
			continue;
		comparison->list[i].lookup = LOOKUP_ANY;
		party_destroy(&difference->who);
		networks_destroy(&difference->unproved);
		return true;
	}
	list = room_for_one(comparison->list, comparison->count, sizeof *list);
	if (list == NULL) {
		party_destroy(&difference->who);
		networks_destroy(&difference->unproved);
		return false;
	}
	comparison->list = list;
	comparison->list[comparison->count++] = *difference;
	return true;
}

/* Adds a difference of the party, or of clients that are not shown; takes them over, also on failure. */
static bool add_sessions(struct comparison *comparison, const struct outcome *outcome, const struct difference *common,
                         const struct party *who, struct networks *unproved)
{
	struct difference difference = *common;

	memcpy(difference.decisions, outcome->decisions, sizeof difference.decisions);
	memcpy(difference.deciders, outcome->deciders, sizeof difference.deciders);
	if (who != NULL)
		difference.who = *who;
	if (unproved != NULL) {
		difference.besides = unproved == &outcome->parties->doubtful;
		difference.unproved = *unproved;
		*unproved = (struct networks){0};
	}
	return add_difference(comparison, &difference);
}

/* Adds a difference for each party of an outcome, and one for the clients for whom none can be shown. */
static bool add_outcome(struct comparison *comparison, struct outcome *outcome, const struct difference *common)
{
	struct parties *parties = outcome->parties;

	if (!parties_find(parties))
		return false;
	while (parties->count > 0) {
		struct party who = parties->list[0];

		memmove(parties->list, parties->list + 1, --parties->count * sizeof *parties->list);
		if (!add_sessions(comparison, outcome, common, &who, NULL))
			return false;
	}
	return (parties->unproved.count == 0 || add_sessions(comparison, outcome, common, NULL, &parties->unproved)) &&
	       (parties->doubtful.count == 0 || add_sessions(comparison, outcome, common, NULL, &parties->doubtful));
}

/* common: what the scope's differences have in common. */
static bool compare_scope(struct comparison *comparison, const struct grid *grid, const struct survey_scope *scope,
                          const struct difference *common)
{
	struct comparing comparing = {.grid = grid, .scope = scope};
	enum survey_result result = survey(grid, scope, note, &comparing);
	bool done = !comparing.failed && result != SURVEY_NO_MEMORY;

	comparison->incomplete |= result == SURVEY_TOO_LONG;
	for (size_t i = 0; i < comparing.count; i++) {
		done = done && add_outcome(comparison, &comparing.outcomes[i], common);
		parties_free(comparing.outcomes[i].parties);
	}
	free(comparing.outcomes);
	return done;
}

static bool conditions_ask_name(const struct conditions *conditions)
{
	for (size_t i = 0; i < conditions->count; i++)
		if (condition_row(conditions->list[i].kind)->fact == FACT_CLIENT_NAME)
			return true;
	return false;
}

static bool listener_asks_name(const struct listener *listener)
{
	if (listener == NULL)
		return false;
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
		for (size_t i = 0; i < listener->stages[stage].count; i++)
			if (conditions_ask_name(&listener->stages[stage].list[i].conditions) ||
			    conditions_ask_name(&listener->stages[stage].list[i].unless))
				return true;
	return (listener->connection != NULL && listener->connection->names.given) ||
	       (listener->relay != NULL && listener->relay->names.given);
}

/* Whether some recipient is taken so. */
static bool any_recipient(const struct grid *grid, const bool relay[WORLD_SIDES])
{
	for (size_t i = 0; i < grid_cell_count(grid, FACT_RECIPIENT); i++) {
		const struct cell *cell = grid_cell(grid, FACT_RECIPIENT, i);

		if (cell->relay[SIDE_OLD] == relay[SIDE_OLD] && cell->relay[SIDE_NEW] == relay[SIDE_NEW])
			return true;
	}
	return false;
}

/* Every combination of what is not a matter of cells. */
static bool compare_scopes(struct comparison *comparison, const struct grid *grid, const struct door *door,
                           enum stage last)
{
	bool named = listener_asks_name(door->listeners[SIDE_OLD]) || listener_asks_name(door->listeners[SIDE_NEW]);
	struct difference common = {
	    .listeners = {door->listeners[SIDE_OLD], door->listeners[SIDE_NEW]},
	    .door = door,
	    .local = door->local,
	};

	for (unsigned i = 0; i < 4; i++)
		common.relay_kinds += any_recipient(grid, (const bool[]){(i & 1) == 0, (i & 2) == 0});
	for (unsigned i = 0; i < (named ? 16 : 8); i++) {
		struct survey_scope scope = {
		    .authenticated = (i & 1) != 0,
		    .relay = {(i & 2) == 0, (i & 4) == 0},
		    .name_unavailable = (i & 8) != 0,
		    .last = last,
		};

		common.authenticated = scope.authenticated;
		memcpy(common.relay, scope.relay, sizeof common.relay);
		common.lookup = scope.name_unavailable ? LOOKUP_FAILED : named ? LOOKUP_DONE : LOOKUP_ANY;
		if (!compare_scope(comparison, grid, &scope, &common))
			return false;
	}
	return true;
}

static bool compare_door(struct comparison *comparison, const struct world *world, const struct door *door,
                         enum stage last)
{
	struct grid_subject subject = {.listeners = {door->listeners[0], door->listeners[1]}, .local = door->local};
	struct grid **grids = room_for_one(comparison->grids, comparison->grid_count, sizeof *grids);
	struct grid *grid;

	if (grids == NULL)
		return false;
	comparison->grids = grids;
	grid = grid_new(world, &subject);
	if (grid == NULL)
		return false;
	comparison->grids[comparison->grid_count++] = grid;
	comparison->incomplete |= grid_incomplete(grid);
	return compare_scopes(comparison, grid, door, last);
}

/* What opens, then what closes; otherwise as it was found. */
static bool sort(struct comparison *comparison)
{
	static const int order[] = {1, -1, 0};
	struct difference *sorted = calloc(comparison->count + 1, sizeof *sorted);
	size_t count = 0;

	if (sorted == NULL)
		return false;
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		for (size_t k = 0; k < comparison->count; k++)
			if (difference_opens(&comparison->list[k]) == order[i])
				sorted[count++] = comparison->list[k];
	free(comparison->list);
	comparison->list = sorted;
	return true;
}

struct comparison *compare(const struct world *world, enum stage last)
{
	struct comparison *comparison = calloc(1, sizeof *comparison);
	bool done = comparison != NULL && doors_find(world, &comparison->doors);

	for (size_t i = 0; done && i < comparison->doors.count; i++)
		done = compare_door(comparison, world, &comparison->doors.list[i], last);
	if (done && sort(comparison))
		return comparison;
	comparison_free(comparison);
	return NULL;
}

void comparison_free(struct comparison *comparison)
{
	if (comparison == NULL)
		return;
	for (size_t i = 0; i < comparison->count; i++) {
		party_destroy(&comparison->list[i].who);
		networks_destroy(&comparison->list[i].unproved);
	}
	free(comparison->list);
	for (size_t i = 0; i < comparison->grid_count; i++)
		grid_free(comparison->grids[i]);
	free(comparison->grids);
	doors_destroy(&comparison->doors);
	free(comparison);
}
