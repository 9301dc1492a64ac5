#include "milter/ledger/timeline.h"

#include <stdlib.h>
#include <string.h>

struct timeline {
	bool local;
	enum calendar_unit unit;
	struct timeline_slot **slots; /* sorted */
	size_t count, capacity;
	time_t begin, end; /* of the slot that was used last */
	size_t latest;     /* that slot */
};

struct timeline *timeline_new(bool local)
{
	struct timeline *timeline = calloc(1, sizeof *timeline);

	if (timeline != NULL)
		timeline->local = local;
	return timeline;
}

void timeline_free(struct timeline *timeline)
{
	if (timeline == NULL)
		return;
	for (size_t i = 0; i < timeline->count; i++)
		free(timeline->slots[i]);
	free(timeline->slots);
	free(timeline);
}

/* The first slot that does not begin before. */
static size_t search(const struct timeline *timeline, time_t begin)
{
	size_t low = 0, high = timeline->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (timeline->slots[middle]->begin < begin)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool insert(struct timeline *timeline, size_t index, time_t begin)
{
	struct timeline_slot *slot;

	if (timeline->count == timeline->capacity) {
		size_t capacity = timeline->capacity > 0 ? 2 * timeline->capacity : 64;
		struct timeline_slot **slots = reallocarray(timeline->slots, capacity, sizeof(struct timeline_slot *));

		if (slots == NULL)
			return false;
		timeline->slots = slots;
		timeline->capacity = capacity;
	}
	slot = calloc(1, sizeof *slot);
	if (slot == NULL)
		return false;
	slot->begin = begin;
	memmove(timeline->slots + index + 1, timeline->slots + index,
	        (timeline->count - index) * sizeof *timeline->slots);
	timeline->slots[index] = slot;
	timeline->count++;
	return true;
}

/* Finds the slot of the time, or makes it. */
static bool find(struct timeline *timeline, time_t time)
{
	time_t begin = calendar_begin(timeline->local, timeline->unit, time);
	size_t index = search(timeline, begin);

	if (index == timeline->count || timeline->slots[index]->begin != begin) {
		if (timeline->count >= TIMELINE_SLOTS && timeline->unit < CALENDAR_YEAR) {
			timeline_coarsen(timeline, timeline->unit + 1);
			return find(timeline, time);
		}
		if (!insert(timeline, index, begin))
			return false;
	}
	timeline->latest = index;
	timeline->begin = begin;
	timeline->end = calendar_next(timeline->local, timeline->unit, begin);
	return true;
}

bool timeline_add(struct timeline *timeline, time_t time, size_t lane, const struct volume *volume)
{
	/* Logs are in order: mostly it is the slot of before. */
	if ((time < timeline->begin || time >= timeline->end) && !find(timeline, time))
		return false;
	volume_add(&timeline->slots[timeline->latest]->lanes[lane], volume);
	return true;
}

static void merge(struct timeline_slot *slot, const struct timeline_slot *other)
{
	for (size_t i = 0; i < TIMELINE_LANES; i++)
		volume_add(&slot->lanes[i], &other->lanes[i]);
}

void timeline_coarsen(struct timeline *timeline, enum calendar_unit unit)
{
	size_t kept = 0;

	if (unit <= timeline->unit)
		return;
	for (size_t i = 0; i < timeline->count; i++) {
		struct timeline_slot *slot = timeline->slots[i];

		slot->begin = calendar_begin(timeline->local, unit, slot->begin);
		if (kept > 0 && timeline->slots[kept - 1]->begin == slot->begin) {
			merge(timeline->slots[kept - 1], slot);
			free(slot);
		} else {
			timeline->slots[kept++] = slot;
		}
	}
	timeline->count = kept;
	timeline->unit = unit;
	timeline->begin = timeline->end = 0;
}

enum calendar_unit timeline_unit(const struct timeline *timeline)
{
	return timeline->unit;
}

size_t timeline_size(const struct timeline *timeline)
{
	return timeline->count;
}

const struct timeline_slot *timeline_slot(const struct timeline *timeline, size_t index)
{
	return timeline->slots[index];
}
