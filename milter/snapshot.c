#include "milter/snapshot.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "rules/load.h"

struct held {
	struct snapshot snapshot; /* what others see: first, so that its address is ours */
	struct rules *rules;
	atomic_uint holders;
	struct held *next; /* that nobody holds any more */
};

struct snapshots {
	pthread_mutex_t lock; /* between reading "current" and counting oneself among its holders */
	struct held *current;
	bool ledger;
};

/* What nobody holds any more, and who is told of it. */
static struct {
	pthread_mutex_t lock;
	struct held *list;
	void (*tell)(void);
} left = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct needs needs_of_all(const struct rules *rules, bool ledger)
{
	struct needs needs = needs_of(rules->ruleset, ledger || rules->shadow != NULL);
	struct needs of_shadow;

	if (rules->shadow == NULL)
		return needs;
	of_shadow = needs_of(rules->shadow->ruleset, true);
	return needs_union(&needs, &of_shadow);
}

/* Rules with one holder, or NULL. */
static struct held *held_new(struct rules *rules, unsigned generation, bool ledger)
{
	struct held *held = malloc(sizeof *held);

	if (held == NULL)
		return NULL;
	held->snapshot = (struct snapshot){
	    .rules = rules,
	    .generation = generation,
	    .needs = needs_of_all(rules, ledger),
	};
	held->rules = rules;
	atomic_init(&held->holders, 1);
	return held;
}

struct snapshots *snapshots_new(struct rules *rules, bool ledger)
{
	struct snapshots *snapshots = malloc(sizeof *snapshots);

	if (snapshots == NULL)
		return NULL;
	snapshots->ledger = ledger;
	snapshots->current = held_new(rules, 1, ledger);
	if (snapshots->current == NULL) {
		free(snapshots);
		return NULL;
	}
	pthread_mutex_init(&snapshots->lock, NULL);
	return snapshots;
}

void snapshots_free(struct snapshots *snapshots)
{
	if (snapshots == NULL)
		return;
	snapshot_release(&snapshots->current->snapshot);
	pthread_mutex_destroy(&snapshots->lock);
	free(snapshots);
}

const struct snapshot *snapshot_acquire(struct snapshots *snapshots)
{
	struct held *held;

	pthread_mutex_lock(&snapshots->lock);
	held = snapshots->current;
	atomic_fetch_add_explicit(&held->holders, 1, memory_order_relaxed);
	pthread_mutex_unlock(&snapshots->lock);
	return &held->snapshot;
}

void snapshot_hold(const struct snapshot *snapshot)
{
	atomic_fetch_add_explicit(&((struct held *)snapshot)->holders, 1, memory_order_relaxed);
}

/* Leaves to others what nobody holds any more.  Returns false where there are none. */
static bool leave(struct held *held)
{
	void (*tell)(void);

	pthread_mutex_lock(&left.lock);
	tell = left.tell;
	if (tell != NULL) {
		held->next = left.list;
		left.list = held;
	}
	pthread_mutex_unlock(&left.lock);
	if (tell != NULL)
		tell();
	return tell != NULL;
}

void snapshot_release(const struct snapshot *snapshot)
{
	struct held *held = (struct held *)snapshot;

	if (held == NULL || atomic_fetch_sub_explicit(&held->holders, 1, memory_order_acq_rel) > 1 || leave(held))
		return;
	rules_free(held->rules);
	free(held);
}

void snapshots_leave(void (*tell)(void))
{
	pthread_mutex_lock(&left.lock);
	left.tell = tell;
	pthread_mutex_unlock(&left.lock);
}

void snapshots_collect(void)
{
	struct held *list;

	pthread_mutex_lock(&left.lock);
	list = left.list;
	left.list = NULL;
	pthread_mutex_unlock(&left.lock);
	if (list == NULL)
		return;
	for (struct held *next; list != NULL; list = next) {
		next = list->next;
		rules_free(list->rules);
		free(list);
	}
	malloc_trim(0); /* a rule set may be large, and the next one may come in a year */
}

unsigned snapshots_replace(struct snapshots *snapshots, struct rules *rules)
{
	struct held *new;
	struct held *old;
	unsigned generation;

	new = held_new(rules, 0, snapshots->ledger);
	if (new == NULL)
		return 0;
	pthread_mutex_lock(&snapshots->lock);
	old = snapshots->current;
	generation = old->snapshot.generation + 1;
	new->snapshot.generation = generation;
	snapshots->current = new;
	pthread_mutex_unlock(&snapshots->lock);
	snapshot_release(&old->snapshot);
	return generation;
}
