#include "policy/prove.h"

#include <stdlib.h>
#include <string.h>

#include "policy/room.h"
#include "policy/ruleset.h"

bool listener_is_local(const struct listener *listener)
{
	return !listener->match.everything && listener->match.local;
}

static bool note(void *visitor, const struct visit *visit)
{
	const struct decision *decision = &visit->decisions[0];

	return decision->verdict != VERDICT_ACCEPT || parties_note(visitor, visit, decision->by);
}

/* Moves the parties to the rows of the result.  Returns false where there is no memory. */
static bool add_rows(struct relayers *relayers, struct parties *parties)
{
	while (parties->count > 0) {
		struct relay_row *rows = room_for_one(relayers->rows, relayers->count, sizeof *rows);

		if (rows == NULL)
			return false;
		relayers->rows = rows;
		rows[relayers->count++] = (struct relay_row){parties->authenticated, parties->list[0]};
		memmove(parties->list, parties->list + 1, --parties->count * sizeof *parties->list);
	}
	return true;
}

/* Finds who may without a login, or with one.  Returns false where there is no memory. */
static bool prove(struct relayers *relayers, const struct grid *grid, bool authenticated)
{
	struct parties *parties = parties_new(grid, authenticated);
	struct survey_scope scope = {.authenticated = authenticated, .relay = {true, true}, .last = STAGE_RCPT};
	bool done = parties != NULL;

	if (!done)
		return false;
	switch (survey(grid, &scope, note, parties)) {
	case SURVEY_TOO_LONG:
		relayers->incomplete = true;
		break;
	case SURVEY_NO_MEMORY:
	case SURVEY_STOPPED:
		done = false;
		break;
	case SURVEY_DONE:
		break;
	}
	done = done && parties_find(parties) && add_rows(relayers, parties);
	if (done) {
		relayers->unproved[authenticated] = parties->unproved;
		parties->unproved = (struct networks){0};
	}
	parties_free(parties);
	return done;
}

struct relayers *prove_listener(const struct world *world, const struct listener *listener)
{
	struct grid_subject subject = {.listeners = {listener}, .local = listener_is_local(listener)};
	struct relayers *relayers = calloc(1, sizeof *relayers);
	struct grid *grid = grid_new(world, &subject);
	bool done = false;

	if (relayers != NULL && grid != NULL) {
		relayers->listener = listener;
		relayers->incomplete = grid_incomplete(grid);
		done = prove(relayers, grid, false) && prove(relayers, grid, true);
	}
	grid_free(grid);
	if (done)
		return relayers;
	relayers_free(relayers);
	return NULL;
}

void relayers_free(struct relayers *relayers)
{
	if (relayers == NULL)
		return;
	for (size_t i = 0; i < relayers->count; i++)
		party_destroy(&relayers->rows[i].who);
	free(relayers->rows);
	networks_destroy(&relayers->unproved[0]);
	networks_destroy(&relayers->unproved[1]);
	free(relayers);
}
