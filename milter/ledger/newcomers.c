#include "milter/ledger/newcomers.h"

#include <stdlib.h>
#include <string.h>

#include "milter/ledger/record.h"
#include "milter/ledger/top.h"
#include "policy/limits.h"

#define NONE UINT32_MAX

struct node {
	struct newcomer newcomer;
	uint32_t next; /* in its bucket, or NONE */
};

struct newcomers {
	struct node *nodes; /* as many as there is room for; what is not used is not touched */
	size_t capacity, count;
	uint32_t *buckets;
	size_t bucket_mask;
	uint64_t missed;
};

struct newcomers *newcomers_new(size_t capacity)
{
	struct newcomers *newcomers = calloc(1, sizeof *newcomers);
	size_t buckets = 2;

	if (newcomers == NULL)
		return NULL;
	while (buckets < 2 * capacity)
		buckets *= 2;
	newcomers->capacity = capacity;
	newcomers->bucket_mask = buckets - 1;
	newcomers->nodes = calloc(capacity, sizeof *newcomers->nodes);
	newcomers->buckets = malloc(buckets * sizeof *newcomers->buckets);
	if (newcomers->nodes == NULL || newcomers->buckets == NULL) {
		newcomers_free(newcomers);
		return NULL;
	}
	memset(newcomers->buckets, 0xff, buckets * sizeof *newcomers->buckets);
	return newcomers;
}

void newcomers_free(struct newcomers *newcomers)
{
	if (newcomers == NULL)
		return;
	for (size_t i = 0; i < newcomers->count; i++)
		free(newcomers->nodes[i].newcomer.name);
	free(newcomers->nodes);
	free(newcomers->buckets);
	free(newcomers);
}

/* Relay recipients of the record that were accepted at rcpt. */
static uint64_t relayed(const struct record *record)
{
	uint64_t count = 0;

	for (size_t i = 0; i < record->step_count; i++) {
		const struct record_step *step = &record->steps[i];

		count += step->stage == STAGE_RCPT && step->relay && step->verdict == VERDICT_ACCEPT;
	}
	return count;
}

/* FNV-1a, 32 bits. */
static uint32_t hash_of(bool login, const char *name)
{
	uint32_t hash = (2166136261u ^ login) * 16777619u;

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash;
}

static bool is(const struct newcomer *newcomer, bool login, const char *name)
{
	return newcomer->login == login && strcmp(newcomer->name, name) == 0;
}

/* Finds it, or makes it; NULL where there is no memory, or (full) no room. */
static struct newcomer *take(struct newcomers *newcomers, bool login, const char *name, bool *ret_full)
{
	uint32_t *bucket = &newcomers->buckets[hash_of(login, name) & newcomers->bucket_mask];
	uint32_t index = *bucket;
	struct node *node;

	while (index != NONE && !is(&newcomers->nodes[index].newcomer, login, name))
		index = newcomers->nodes[index].next;
	if (index != NONE)
		return &newcomers->nodes[index].newcomer;
	*ret_full = newcomers->count == newcomers->capacity;
	if (*ret_full)
		return NULL;
	node = &newcomers->nodes[newcomers->count];
	node->newcomer = (struct newcomer){.login = login, .name = strdup(name), .first = UINT64_MAX};
	if (node->newcomer.name == NULL)
		return NULL;
	node->next = *bucket;
	*bucket = (uint32_t)newcomers->count++;
	return &node->newcomer;
}

bool newcomers_add(struct newcomers *newcomers, const struct record *record, bool counts)
{
	uint64_t recipients = relayed(record);
	char name[TOP_TEXT] = "";
	struct newcomer *newcomer;
	bool full = false;

	if (recipients == 0 || (record->user == NULL && !record->has_client))
		return true;
	if (record->user != NULL)
		top_cut(record->user, name);
	else
		address_to_text(&record->client, name);
	newcomer = take(newcomers, record->user != NULL, name, &full);
	if (newcomer == NULL) {
		newcomers->missed += full;
		return full;
	}
	if (record->time < newcomer->first)
		newcomer->first = record->time;
	if (counts)
		newcomer->recipients += recipients;
	return true;
}

uint64_t newcomers_missed(const struct newcomers *newcomers)
{
	return newcomers->missed;
}

/* By time, then by name. */
static int compare(const void *one, const void *other)
{
	const struct newcomer *a = *(const struct newcomer *const *)one, *b = *(const struct newcomer *const *)other;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->login != b->login ? (a->login ? 1 : -1) : strcmp(a->name, b->name);
}

const struct newcomer **newcomers_list(const struct newcomers *newcomers, uint64_t from, uint64_t until,
                                       size_t *ret_count)
{
	const struct newcomer **list = calloc(newcomers->count + 1, sizeof *list);
	size_t count = 0;

	if (list == NULL)
		return NULL;
	for (size_t i = 0; i < newcomers->count; i++) {
		const struct newcomer *newcomer = &newcomers->nodes[i].newcomer;

		if (newcomer->first >= from && newcomer->first < until)
			list[count++] = newcomer;
	}
	qsort(list, count, sizeof *list, compare);
	*ret_count = count;
	return list;
}
