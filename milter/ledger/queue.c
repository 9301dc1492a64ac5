#include "milter/ledger/queue.h"

#include "policy/limits.h"

void queue_init(struct queue *queue, enum note_reader reader)
{
	*queue = (struct queue){.reader = reader, .last = &queue->first};
}

bool queue_put(struct queue *queue, struct note *note)
{
	if (queue->count == LIMIT_WAITING_RECORDS || queue->bytes + note->bytes > LIMIT_WAITING_BYTES)
		return false;
	note_hold(note);
	*queue->last = note;
	queue->last = &note->next[queue->reader];
	queue->count++;
	queue->bytes += note->bytes;
	return true;
}

struct note *queue_take(struct queue *queue, size_t most)
{
	struct note *taken = queue->first;
	struct note **end = &taken;

	for (; most > 0 && *end != NULL; most--) {
		queue->count--;
		queue->bytes -= (*end)->bytes;
		end = &(*end)->next[queue->reader];
	}
	queue->first = *end;
	if (queue->first == NULL)
		queue->last = &queue->first;
	*end = NULL;
	return taken;
}
