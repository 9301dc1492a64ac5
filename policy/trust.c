#include "policy/trust.h"

#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/prove.h"
#include "policy/room.h"
#include "policy/ruleset.h"
#include "policy/survey.h"
#include "policy/territory.h"
#include "policy/world.h"

struct finding {
	const struct world *world;
	const struct listener *listener;
	struct trusts trusts;
	bool failed; /* no memory */
};

static size_t class_count(const struct finding *finding)
{
	return territory_classes(world_territory(finding->world));
}

/* Those whom this lets, or NULL where there is no memory. */
static struct trust *trust_of(struct finding *finding, const struct location *by)
{
	const struct relay_block *relay = finding->listener->relay;
	struct trust trust = {.listener = finding->listener, .by = by};
	struct trust *list;

	for (size_t i = 0; i < finding->trusts.count; i++)
		if (finding->trusts.list[i].listener == trust.listener && finding->trusts.list[i].by == by)
			return &finding->trusts.list[i];
	list = room_for_one(finding->trusts.list, finding->trusts.count, sizeof *list);
	if (list == NULL)
		return NULL;
	finding->trusts.list = list;
	trust.all_except = relay != NULL && relay->mode == MODE_ALL_EXCEPT && by == &relay->where;
	trust.classes = calloc(bits_words(class_count(finding)), sizeof *trust.classes);
	if (trust.classes == NULL)
		return NULL;
	list[finding->trusts.count] = trust;
	return &list[finding->trusts.count++];
}

/* Whether the box is of sessions that somebody without a name has, to recipients that no list names. */
static bool is_open(const struct visit *visit)
{
	if (!visit->shown || visit->decisions[0].verdict != VERDICT_ACCEPT || visit->decisions[0].by == NULL ||
	    !visit_has(visit, FACT_CLIENT_NAME, CELL_NONE))
		return false;
	for (size_t i = 0; i < visit->answer_count; i++)
		if (visit->answers[i].question.fact == FACT_RECIPIENT && visit->answers[i].yes)
			return false;
	return true;
}

static bool note(void *visitor, const struct visit *visit)
{
	struct finding *finding = visitor;
	size_t cell_count = grid_cell_count(visit->grid, FACT_CLIENT);
	struct trust *trust;
	uint64_t *cells;

	if (!is_open(visit))
		return true;
	trust = trust_of(finding, visit->decisions[0].by);
	cells = calloc(bits_words(cell_count), sizeof *cells);
	finding->failed = trust == NULL || cells == NULL;
	for (size_t i = 0; i < cell_count && !finding->failed; i++)
		if (visit_has(visit, FACT_CLIENT, i))
			bits_set(cells, (unsigned)i);
	for (uint32_t i = 0; i < class_count(finding) && !finding->failed; i++)
		if (bits_test(cells, grid_client_cells(visit->grid)[i]))
			bits_set(trust->classes, i);
	free(cells);
	return !finding->failed;
}

/* Forgets what was found from a count on. */
static void forget(struct trusts *trusts, size_t count)
{
	while (trusts->count > count) {
		struct trust *trust = &trusts->list[--trusts->count];

		free(trust->classes);
		networks_destroy(&trust->clients);
	}
}

static void look_at_listener(struct finding *finding, size_t *decisions)
{
	struct grid_subject subject = {.listeners = {finding->listener}};
	struct survey_scope scope = {.relay = {true, true}, .last = STAGE_RCPT, .decisions = decisions};
	struct grid *grid = grid_new(finding->world, &subject);
	size_t before = finding->trusts.count;
	enum survey_result result = SURVEY_NO_MEMORY;

	if (grid != NULL)
		result = survey(grid, &scope, note, finding);
	if (grid != NULL && (result == SURVEY_TOO_LONG || grid_incomplete(grid)))
		forget(&finding->trusts, before);
	finding->failed |= result == SURVEY_NO_MEMORY;
	grid_free(grid);
}

/* Networks */

/* kinds: room for one of each class. */
static bool find_networks(const struct territory *territory, struct trust *trust, uint32_t *kinds)
{
	bool done = true;

	for (uint32_t i = 0; i < territory_classes(territory); i++)
		kinds[i] = bits_test(trust->classes, i);
	for (size_t i = 0, end; i < territory_count(territory) && done; i = end) {
		enum address_family family = territory_family(territory, i);
		struct address first = address_from_number(territory_first(territory, i), family), last;

		end = territory_run_end(territory, i, kinds);
		last = address_from_number(territory_last(territory, end - 1), family);
		if (kinds[territory_stretches(territory)[i]] == 1)
			done = networks_cover(&trust->clients, &first, &last);
	}
	return done;
}

static void find_all_networks(struct finding *finding)
{
	uint32_t *kinds = calloc(class_count(finding), sizeof *kinds);

	finding->failed = kinds == NULL;
	for (size_t i = 0; i < finding->trusts.count && !finding->failed; i++) {
		struct trust *trust = &finding->trusts.list[i];

		if (!trust->all_except)
			finding->failed = !find_networks(world_territory(finding->world), trust, kinds);
	}
	free(kinds);
}

bool trusts_find(const struct world *world, size_t *decisions, struct trusts *ret_trusts)
{
	const struct ruleset *ruleset = world_side(world, 0);
	struct finding finding = {.world = world};

	for (size_t i = 0; i < ruleset->listener_count && !finding.failed; i++) {
		finding.listener = &ruleset->listeners[i];
		if (!listener_is_local(finding.listener))
			look_at_listener(&finding, decisions);
	}
	if (!finding.failed)
		find_all_networks(&finding);
	if (finding.failed)
		trusts_destroy(&finding.trusts);
	else
		*ret_trusts = finding.trusts;
	return !finding.failed;
}

void trusts_destroy(struct trusts *trusts)
{
	forget(trusts, 0);
	free(trusts->list);
	*trusts = (struct trusts){0};
}
