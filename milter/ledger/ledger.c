#include "milter/ledger/ledger.h"

#include <stddef.h>

#include "milter/ledger/counters.h"
#include "milter/ledger/decision_log.h"
#include "policy/arena.h"

bool ledger_is_kept(const struct ledger *ledger)
{
	return ledger->decisions != NULL || ledger->counters != NULL;
}

void ledger_take(const struct ledger *ledger, struct arena *arena, const struct record *record)
{
	if (ledger->counters != NULL)
		counters_record(ledger->counters, record);
	if (ledger->decisions != NULL)
		decision_log_put(ledger->decisions, arena, record);
	else
		arena_free(arena);
}

void ledger_lose(const struct ledger *ledger)
{
	if (ledger->decisions != NULL)
		decision_log_lose(ledger->decisions);
}
