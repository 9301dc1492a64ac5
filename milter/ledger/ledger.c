#include "milter/ledger/ledger.h"

#include <stddef.h>

#include "milter/ledger/counters.h"
#include "milter/ledger/decision_log.h"
#include "milter/ledger/note.h"
#include "milter/ledger/shadow.h"
#include "milter/snapshot.h"
#include "policy/arena.h"
#include "rules/load.h"

bool ledger_is_kept(const struct ledger *ledger)
{
	return ledger->decisions != NULL || ledger->counters != NULL;
}

static bool has_shadow(const struct ledger *ledger, const struct snapshot *snapshot)
{
	return ledger->shadow != NULL && snapshot->rules->shadow != NULL;
}

bool ledger_wants(const struct ledger *ledger, const struct snapshot *snapshot)
{
	return ledger_is_kept(ledger) || has_shadow(ledger, snapshot);
}

/* What of the record is read later, by threads of their own. */
static void take_for_later(const struct ledger *ledger, const struct snapshot *snapshot, struct note *note)
{
	if (has_shadow(ledger, snapshot))
		shadow_put(ledger->shadow, note, snapshot);
	if (ledger->decisions != NULL)
		decision_log_put(ledger->decisions, note);
	note_release(note);
}

void ledger_take(const struct ledger *ledger, const struct snapshot *snapshot, struct arena *arena,
                 const struct record *record)
{
	struct note *note;

	if (ledger->counters != NULL)
		counters_record(ledger->counters, record);
	if (ledger->decisions == NULL && !has_shadow(ledger, snapshot)) {
		arena_free(arena);
		return;
	}
	note = note_new(arena, record);
	if (note != NULL) {
		take_for_later(ledger, snapshot, note);
		return;
	}
	arena_free(arena);
	if (ledger->decisions != NULL)
		decision_log_lose(ledger->decisions);
	if (has_shadow(ledger, snapshot))
		shadow_lose(ledger->shadow);
}

void ledger_lose(const struct ledger *ledger, const struct snapshot *snapshot)
{
	if (ledger->counters != NULL)
		counters_lose(ledger->counters);
	if (ledger->decisions != NULL)
		decision_log_lose(ledger->decisions);
	if (has_shadow(ledger, snapshot))
		shadow_lose(ledger->shadow);
}
