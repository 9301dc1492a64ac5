#include "milter/ledger/queue.h"

#include <criterion/criterion.h>

#include "milter/ledger/record.h"
#include "policy/arena.h"
#include "policy/limits.h"

static struct note *note_of(unsigned number)
{
	struct arena *arena = arena_new();
	struct record *record = arena_take(arena, 1, sizeof *record);

	record->message = number;
	return note_new(arena, record);
}

/* Takes at most so many notes of the queue, releases them, and returns their numbers as digits of one. */
static unsigned take(struct queue *queue, size_t most)
{
	unsigned numbers = 0;

	for (struct note *note = queue_take(queue, most), *next; note != NULL; note = next) {
		next = note->next[queue->reader];
		numbers = 10 * numbers + note->record->message;
		note_release(note);
	}
	return numbers;
}

Test(queue, a_note_waits_in_several_queues_and_lives_until_the_last_reader_lets_go)
{
	struct queue decisions, shadow;

	queue_init(&decisions, NOTE_DECISIONS);
	queue_init(&shadow, NOTE_SHADOW);
	for (unsigned number = 1; number <= 5; number++) {
		struct note *note = note_of(number);

		cr_assert(queue_put(&decisions, note));
		cr_assert(number % 2 == 0 || queue_put(&shadow, note));
		note_release(note);
	}
	cr_assert_eq(take(&shadow, 2), 13);
	cr_assert_eq(take(&decisions, 9), 12345);
	cr_assert_eq(take(&decisions, 9), 0);
	cr_assert_eq(decisions.count + decisions.bytes, 0);
	cr_assert_eq(shadow.count, 1);
	cr_assert_eq(take(&shadow, 1), 5, "all others have let it go");
}

Test(queue, what_was_emptied_takes_again)
{
	struct queue queue;

	queue_init(&queue, NOTE_SHADOW);
	for (unsigned number = 1; number <= 3; number++) {
		struct note *note = note_of(number);

		cr_assert(queue_put(&queue, note));
		note_release(note);
		cr_assert_eq(take(&queue, 1), number);
	}
}

Test(queue, there_is_a_bound_of_notes)
{
	struct note *note = note_of(1);
	struct queue queue;
	struct note *first;

	queue_init(&queue, NOTE_SHADOW);
	cr_assert(queue_put(&queue, note));
	queue.count = LIMIT_WAITING_RECORDS;
	first = note_of(2);
	cr_assert_not(queue_put(&queue, first));
	queue.count = 1;
	queue.bytes = LIMIT_WAITING_BYTES - first->bytes + 1;
	cr_assert_not(queue_put(&queue, first), "and of bytes");
	queue.bytes--;
	cr_assert(queue_put(&queue, first));
	note_release(note);
	note_release(first);
	cr_assert_eq(take(&queue, 9), 12);
}
