#include "milter/ledger/changes.h"

#include <stdlib.h>
#include <string.h>

#include "milter/ledger/record.h"
#include "policy/arena.h"
#include "policy/limits.h"
#include "policy/room.h"

struct changes {
	struct arena *arena; /* texts */
	struct change_group *list;
	size_t count;
	uint64_t *latest; /* of each group: the ordinal of the record that came to it last */
	uint64_t beyond;
};

struct changes *changes_new(void)
{
	struct changes *changes = calloc(1, sizeof *changes);

	if (changes == NULL)
		return NULL;
	changes->arena = arena_new();
	if (changes->arena == NULL) {
		free(changes);
		return NULL;
	}
	return changes;
}

void changes_free(struct changes *changes)
{
	if (changes == NULL)
		return;
	arena_free(changes->arena);
	free(changes->list);
	free(changes->latest);
	free(changes);
}

static bool same_text(const char *one, const char *other)
{
	return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

static bool same_side(const struct change_side *side, const struct outcome *outcome)
{
	return side->verdict == outcome->verdict && same_text(side->rule, outcome->rule) &&
	       same_text(side->by, outcome->by);
}

static bool belongs(const struct change_group *group, const struct again_change *change)
{
	return group->stage == change->stage && group->relay == change->relay &&
	       same_text(group->listener, change->listener) && same_side(&group->old, &change->old) &&
	       same_side(&group->new, &change->new);
}

/* A copy of a text that may be NULL; *ret_failed where there is no memory. */
static const char *keep(struct changes *changes, const char *text, bool *ret_failed)
{
	const char *copy = text != NULL ? arena_text(changes->arena, text, strlen(text)) : NULL;

	*ret_failed |= text != NULL && copy == NULL;
	return copy;
}

static struct change_side keep_side(struct changes *changes, const struct outcome *outcome, bool *ret_failed)
{
	return (struct change_side){
	    .verdict = outcome->verdict,
	    .reply = keep(changes, outcome->reply, ret_failed),
	    .rule = keep(changes, outcome->rule, ret_failed),
	    .by = keep(changes, outcome->by, ret_failed),
	};
}

/* Makes a group of the change; returns NULL where there is no memory. */
static struct change_group *new_group(struct changes *changes, const struct again_change *change)
{
	struct change_group *list = room_for_one(changes->list, changes->count, sizeof *list);
	uint64_t *latest;
	bool failed = false;

	if (list == NULL)
		return NULL;
	changes->list = list;
	latest = room_for_one(changes->latest, changes->count, sizeof *latest);
	if (latest == NULL)
		return NULL;
	changes->latest = latest;
	latest[changes->count] = 0;
	list[changes->count] = (struct change_group){
	    .stage = change->stage,
	    .listener = keep(changes, change->listener, &failed),
	    .relay = change->relay,
	    .old = keep_side(changes, &change->old, &failed),
	    .new = keep_side(changes, &change->new, &failed),
	};
	return failed ? NULL : &list[changes->count++];
}

/* Keeps the record as an example of the group. */
static bool add_example(struct changes *changes, struct change_group *group, const struct again_change *change,
                        const struct record *record, const char *file, uint64_t line)
{
	char client[LIMIT_NETWORK_TEXT] = "";
	bool failed = false;

	if (record->has_client)
		address_to_text(&record->client, client);
	group->examples[group->example_count] = (struct change_example){
	    .file = keep(changes, file, &failed),
	    .line = line,
	    .session = keep(changes, record->session, &failed),
	    .message = record->message,
	    .time = record->time,
	    .client = keep(changes, record->has_client ? client : NULL, &failed),
	    .user = keep(changes, record->user, &failed),
	    .sender = keep(changes, record->sender, &failed),
	    .recipient = keep(changes, change->recipient, &failed),
	};
	group->example_count += !failed;
	return !failed;
}

static struct change_group *find(const struct changes *changes, const struct again_change *change)
{
	for (size_t i = 0; i < changes->count; i++) {
		if (belongs(&changes->list[i], change))
			return &changes->list[i];
	}
	return NULL;
}

bool changes_add(struct changes *changes, const struct again_change *change, const struct record *record,
                 uint64_t ordinal, const char *file, uint64_t line)
{
	struct change_group *group = find(changes, change);
	size_t index;

	if (group == NULL && changes->count == LIMIT_REPLAY_GROUPS) {
		changes->beyond++;
		return true;
	}
	if (group == NULL)
		group = new_group(changes, change);
	if (group == NULL)
		return false;
	index = (size_t)(group - changes->list);
	group->count++;
	group->messages += changes->latest[index] != ordinal;
	changes->latest[index] = ordinal;
	return group->example_count == CHANGE_EXAMPLES || add_example(changes, group, change, record, file, line);
}

enum change_way change_way(const struct change_group *group)
{
	if (group->new.verdict < group->old.verdict)
		return CHANGE_OPENS;
	return group->new.verdict > group->old.verdict ? CHANGE_CLOSES : CHANGE_OTHER_REPLY;
}

void changes_sort(struct changes *changes)
{
	for (size_t i = 1; i < changes->count; i++) {
		struct change_group group = changes->list[i];
		size_t at = i;

		for (; at > 0 && change_way(&changes->list[at - 1]) > change_way(&group); at--)
			changes->list[at] = changes->list[at - 1];
		changes->list[at] = group;
	}
}

size_t changes_count(const struct changes *changes)
{
	return changes->count;
}

const struct change_group *changes_at(const struct changes *changes, size_t index)
{
	return &changes->list[index];
}

uint64_t changes_beyond(const struct changes *changes)
{
	return changes->beyond;
}
