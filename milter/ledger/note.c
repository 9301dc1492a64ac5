#include "milter/ledger/note.h"

#include "policy/arena.h"

struct note *note_new(struct arena *arena, const struct record *record)
{
	struct note *note = arena_take(arena, 1, sizeof *note);

	if (note == NULL)
		return NULL;
	note->record = record;
	note->arena = arena;
	note->bytes = arena_bytes(arena);
	atomic_init(&note->holders, 1);
	return note;
}

void note_hold(struct note *note)
{
	atomic_fetch_add_explicit(&note->holders, 1, memory_order_relaxed);
}

void note_release(struct note *note)
{
	if (atomic_fetch_sub_explicit(&note->holders, 1, memory_order_acq_rel) == 1)
		arena_free(note->arena);
}
