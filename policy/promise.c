#include "policy/promise.h"

#include "policy/prove.h"
#include "policy/ruleset.h"

struct checking {
	struct witness witness;
	bool broken;
	bool unproved;
};

static bool look(void *visitor, const struct visit *visit)
{
	struct checking *checking = visitor;
	struct witness witness;

	if (visit->decisions[0].verdict != VERDICT_ACCEPT)
		return true;
	if (!witness_find(visit, 0, &witness)) {
		checking->unproved = true;
		return true;
	}
	if (!checking->broken || witness_length(&witness) < witness_length(&checking->witness))
		checking->witness = witness;
	checking->broken = true;
	return true;
}

/* Looks at all sessions at one listener.  Returns false where there is no memory. */
static bool check_listener(const struct world *world, const struct promise *promise, const struct listener *listener,
                           struct checking *checking)
{
	struct grid_subject subject = {
	    .listeners = {listener}, .rule = &promise->rule, .local = listener_is_local(listener)};
	struct grid *grid = grid_new(world, &subject);
	bool done = grid != NULL;

	if (grid != NULL && grid_incomplete(grid))
		checking->unproved = true;
	for (unsigned i = 0; i < 4 && done; i++) {
		bool relay = i / 2 == 0;
		struct survey_scope scope = {
		    .authenticated = i % 2 == 1,
		    .relay = {relay, relay},
		    .last = STAGE_RCPT,
		    .rule = &promise->rule,
		};

		switch (survey(grid, &scope, look, checking)) {
		case SURVEY_TOO_LONG:
			checking->unproved = true;
			break;
		case SURVEY_NO_MEMORY:
			done = false;
			break;
		case SURVEY_DONE:
		case SURVEY_STOPPED:
			break;
		}
	}
	grid_free(grid);
	return done;
}

enum promise_state promise_check(const struct world *world, const struct promise *promise, struct witness *ret_witness,
                                 struct witness_course *ret_course)
{
	const struct ruleset *ruleset = world_side(world, 0);
	struct checking checking = {0};
	struct witness_course course;

	for (size_t i = 0; i < ruleset->listener_count; i++) {
		const struct listener *listener = &ruleset->listeners[i];

		if (promise->listener != NULL && promise->listener != listener)
			continue;
		if (!check_listener(world, promise, listener, &checking))
			return PROMISE_NO_MEMORY;
	}
	if (!checking.broken)
		return checking.unproved ? PROMISE_NOT_PROVED : PROMISE_HOLDS;
	if (!witness_play(ruleset, &checking.witness, &course))
		return PROMISE_NO_MEMORY;
	/* What is shown must be true: otherwise nothing is said to be shown, and nothing to hold. */
	if (!witness_accepted(&course))
		return PROMISE_NOT_PROVED;
	*ret_witness = checking.witness;
	*ret_course = course;
	return PROMISE_BROKEN;
}
