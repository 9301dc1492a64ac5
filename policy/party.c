#include "policy/party.h"

#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/party_finding.h"
#include "policy/room.h"
#include "policy/ruleset.h"
#include "policy/vocabulary.h"

struct parties *parties_new(const struct grid *grid, bool authenticated)
{
	struct parties *parties = calloc(1, sizeof *parties);

	if (parties == NULL)
		return NULL;
	parties->grid = grid;
	parties->authenticated = authenticated;
	return parties;
}

bool parties_note(struct parties *parties, const struct visit *visit, const struct location *by)
{
	size_t cells = grid_cell_count(visit->grid, FACT_CLIENT);
	struct way way = {.by = by, .shown = visit->shown};

	way.clients = calloc(bits_words(cells), sizeof *way.clients);
	way.answers = calloc(visit->answer_count + 1, sizeof *way.answers);
	if (way.clients == NULL || way.answers == NULL ||
	    !room_grow(&parties->ways, parties->way_count, sizeof *parties->ways)) {
		free(way.clients);
		free(way.answers);
		return false;
	}
	for (size_t i = 0; i < cells; i++)
		if (visit_has(visit, FACT_CLIENT, i))
			bits_set(way.clients, (unsigned)i);
	for (size_t i = 0; i < visit->answer_count; i++) {
		struct answer *answer = &way.answers[way.answer_count];

		if (visit->answers[i].question.fact == FACT_CLIENT)
			continue;
		*answer = visit->answers[i];
		grid_first_question(visit->grid, &answer->side, &answer->question);
		way.answer_count++;
	}
	parties->ways[parties->way_count++] = way;
	return true;
}

static void forget_ways(struct parties *parties)
{
	for (size_t i = 0; i < parties->way_count; i++) {
		free(parties->ways[i].clients);
		free(parties->ways[i].answers);
	}
	free(parties->ways);
	parties->ways = NULL;
	parties->way_count = 0;
}

static int compare_locations(const void *one, const void *other)
{
	const struct location *a = *(const struct location *const *)one, *b = *(const struct location *const *)other;
	int order = strcmp(a->file, b->file);

	if (order != 0)
		return order;
	return (a->line > b->line) - (a->line < b->line);
}

static void add_location(struct finding *finding, struct party *party, const struct location *by)
{
	if (by == NULL)
		return;
	for (size_t i = 0; i < party->by_count; i++)
		if (compare_locations(&party->by[i], &by) == 0)
			return;
	if (room_grow(&party->by, party->by_count, sizeof *party->by))
		party->by[party->by_count++] = by;
	else
		finding->failed = true;
}

/* Whether what one way asks of the login, the other asks too. */
static bool asks_as_much(const struct way *one, const struct way *other)
{
	for (size_t i = 0; i < other->answer_count; i++) {
		const struct answer *answer = &other->answers[i];
		bool found = answer->question.fact != FACT_USER;

		for (size_t k = 0; k < one->answer_count && !found; k++)
			found = one->answers[k].question.fact == FACT_USER && one->answers[k].side == answer->side &&
			        one->answers[k].question.set == answer->question.set &&
			        one->answers[k].yes == answer->yes;
		if (!found)
			return false;
	}
	return true;
}

/* Whether all ways for the client ask the same of the login. */
static bool same_logins(const struct parties *parties, size_t client)
{
	const struct way *first = NULL;

	for (size_t i = 0; i < parties->way_count; i++) {
		const struct way *way = &parties->ways[i];

		if (!way_is_open_to(way, client))
			continue;
		if (first == NULL)
			first = way;
		if (!asks_as_much(way, first) || !asks_as_much(first, way))
			return false;
	}
	return true;
}

/* What must hold for a client: of all its ways, without what the list of logins says already. */
static void find_clauses(struct finding *finding, struct party *party, size_t client, bool logins_listed)
{
	bool leave_out = logins_listed && same_logins(finding->parties, client);

	for (size_t i = 0; i < finding->parties->way_count && !finding->failed; i++) {
		const struct way *way = &finding->parties->ways[i];
		struct clause *clause;
		size_t kept = 0;

		if (!way_is_open_to(way, client))
			continue;
		add_location(finding, party, way->by);
		if (!clauses_add(&party->when, way->answers, way->answer_count)) {
			finding->failed = true;
			return;
		}
		clause = &party->when.list[party->when.count - 1];
		for (size_t k = 0; k < clause->count; k++)
			if (!leave_out || clause->answers[k].question.fact != FACT_USER)
				clause->answers[kept++] = clause->answers[k];
		clause->count = kept;
	}
	clauses_simplify(&party->when, finding->parties->grid);
	if (party->by_count > 1)
		qsort(party->by, party->by_count, sizeof *party->by, compare_locations);
}

static bool same_party(const struct party *one, const struct party *other)
{
	if (one->by_count != other->by_count || (one->users == NULL) != (other->users == NULL) ||
	    one->user_count != other->user_count)
		return false;
	for (size_t i = 0; i < one->by_count; i++)
		if (compare_locations(&one->by[i], &other->by[i]) != 0)
			return false;
	for (size_t i = 0; i < one->user_count; i++)
		if (strcmp(one->users[i], other->users[i]) != 0)
			return false;
	return clauses_equal(&one->when, &other->when);
}

bool parties_equal(const struct party *one, const struct party *other)
{
	return same_party(one, other) && networks_equal(&one->clients, &other->clients);
}

void party_destroy(struct party *party)
{
	networks_destroy(&party->clients);
	for (size_t i = 0; i < party->user_count; i++)
		free((char *)party->users[i]);
	free(party->users);
	free(party->by);
	clauses_destroy(&party->when);
}

/* Puts a party where there is none like it; returns its index. */
static size_t keep_party(struct finding *finding, struct party *party)
{
	struct parties *parties = finding->parties;

	for (size_t i = 0; i < parties->count; i++) {
		if (!same_party(&parties->list[i], party))
			continue;
		party_destroy(party);
		return i;
	}
	if (!room_grow(&parties->list, parties->count, sizeof *parties->list)) {
		party_destroy(party);
		finding->failed = true;
		return 0;
	}
	parties->list[parties->count] = *party;
	return parties->count++;
}

/* Of a client cell that is in no party, of one for which none can be shown, and of one for which there may be more. */
#define NO_PARTY UINT32_MAX
#define UNPROVED (UINT32_MAX - 1)
#define DOUBTFUL (UINT32_MAX - 2)

static struct networks *networks_of(struct parties *parties, uint32_t party)
{
	if (party == UNPROVED)
		return &parties->unproved;
	return party == DOUBTFUL ? &parties->doubtful : &parties->list[party].clients;
}

/* The party of each class of addresses.  Returns NULL where there is no memory. */
static uint32_t *parties_of_classes(const struct grid *grid, const uint32_t *parties)
{
	size_t count = territory_classes(world_territory(grid_world(grid)));
	const uint32_t *cells = grid_client_cells(grid);
	uint32_t *result = reallocarray(NULL, count, sizeof *result);

	for (size_t i = 0; i < count && result != NULL; i++)
		result[i] = parties[cells[i]];
	return result;
}

/* Adds all addresses to the parties of their cells: runs of neighbours that are of one party, at once. */
static void find_networks(struct finding *finding, const uint32_t *parties)
{
	const struct grid *grid = finding->parties->grid;
	const struct territory *territory = world_territory(grid_world(grid));
	uint32_t *of_classes = parties_of_classes(grid, parties);

	finding->failed |= of_classes == NULL;
	for (size_t i = 0, end; i < territory_count(territory) && !finding->failed; i = end) {
		uint32_t party = of_classes[territory_stretches(territory)[i]];
		enum address_family family = territory_family(territory, i);
		struct address first, last;

		end = territory_run_end(territory, i, of_classes);
		if (party == NO_PARTY)
			continue;
		first = address_from_number(territory_first(territory, i), family);
		last = address_from_number(territory_last(territory, end - 1), family);
		finding->failed = !networks_cover(networks_of(finding->parties, party), &first, &last);
	}
	free(of_classes);
}

/* The same where any cell has a party; of mail that is submitted on the machine itself, its one address. */
static void add_networks(struct finding *finding, const uint32_t *parties)
{
	const struct grid *grid = finding->parties->grid;
	struct address here = address_loopback(ADDRESS_IPV4);
	size_t cell = 0;

	while (cell < grid_cell_count(grid, FACT_CLIENT) && parties[cell] == NO_PARTY)
		cell++;
	if (cell == grid_cell_count(grid, FACT_CLIENT) || finding->failed)
		return;
	if (grid_subject(grid)->local)
		finding->failed = !networks_cover(networks_of(finding->parties, parties[cell]), &here, &here);
	else
		find_networks(finding, parties);
}

/* Whether the same boxes are open to two client cells. */
static bool same_ways(const struct parties *parties, size_t one, size_t other)
{
	for (size_t i = 0; i < parties->way_count; i++)
		if (bits_test(parties->ways[i].clients, (unsigned)one) !=
		    bits_test(parties->ways[i].clients, (unsigned)other))
			return false;
	return true;
}

/* The party of a client cell. */
static uint32_t find_party(struct finding *finding, size_t client)
{
	const struct parties *parties = finding->parties;
	struct party party = {0};
	uint32_t result = NO_PARTY;

	for (size_t i = 0; i < parties->way_count && result != 0; i++)
		if (bits_test(parties->ways[i].clients, (unsigned)client))
			result = parties->ways[i].shown ? 0 : UNPROVED;
	if (result != 0)
		return result;
	find_clauses(finding, &party, client, finding_users(finding, &party, client));
	return (uint32_t)keep_party(finding, &party);
}

/* Whether a box is open to the client cell in which no session can be shown. */
static bool is_doubtful(const struct parties *parties, size_t client)
{
	for (size_t i = 0; i < parties->way_count; i++)
		if (!parties->ways[i].shown && bits_test(parties->ways[i].clients, (unsigned)client))
			return true;
	return false;
}

static void find_parties(struct finding *finding)
{
	size_t count = grid_cell_count(finding->parties->grid, FACT_CLIENT);
	uint32_t *parties = calloc(count, sizeof *parties);

	if (parties == NULL) {
		finding->failed = true;
		return;
	}
	for (size_t i = 0; i < count && !finding->failed; i++) {
		size_t like = 0;

		while (like < i && !same_ways(finding->parties, like, i))
			like++;
		parties[i] = like < i ? parties[like] : find_party(finding, i);
	}
	add_networks(finding, parties);
	for (size_t i = 0; i < count; i++)
		parties[i] = parties[i] < DOUBTFUL && is_doubtful(finding->parties, i) ? DOUBTFUL : NO_PARTY;
	add_networks(finding, parties);
	free(parties);
}

bool parties_find(struct parties *parties)
{
	struct finding finding = {.parties = parties, .room = match_room_new()};
	const struct world *world = grid_world(parties->grid);

	finding.failed = finding.room == NULL;
	for (unsigned side = 0; side < world_side_count(world); side++) {
		size_t words = vocabulary_words(world_side(world, side)->vocabulary, VALUE_LOGIN);

		finding.sets[side] = calloc(words, sizeof *finding.sets[side]);
		finding.supposed[side] = calloc(words, sizeof *finding.supposed[side]);
		finding.failed |= finding.sets[side] == NULL || finding.supposed[side] == NULL;
	}
	if (!finding.failed) {
		find_parties(&finding);
		finding.failed |= match_room_failed(finding.room);
	}
	match_room_free(finding.room);
	for (unsigned side = 0; side < WORLD_SIDES; side++) {
		free(finding.sets[side]);
		free(finding.supposed[side]);
	}
	forget_ways(parties);
	return !finding.failed;
}

void parties_free(struct parties *parties)
{
	if (parties == NULL)
		return;
	forget_ways(parties);
	for (size_t i = 0; i < parties->count; i++)
		party_destroy(&parties->list[i]);
	free(parties->list);
	networks_destroy(&parties->unproved);
	networks_destroy(&parties->doubtful);
	free(parties);
}
