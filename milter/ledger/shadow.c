#include "milter/ledger/shadow.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "milter/ledger/again.h"
#include "milter/ledger/counters.h"
#include "milter/ledger/note.h"
#include "milter/ledger/queue.h"
#include "milter/ledger/record.h"
#include "milter/log.h"
#include "milter/moment.h"
#include "milter/snapshot.h"
#include "policy/limits.h"
#include "rules/diagnostic.h"
#include "rules/load.h"

/* What the administrator's log is told of differences; the thread's. */
struct telling {
	unsigned minute;     /* milliseconds */
	struct timespec end; /* of the minute at hand */
	unsigned told;       /* in it */
	uint64_t untold;
};

struct shadow {
	struct counters *counters; /* or NULL */
	struct telling telling;

	pthread_mutex_t lock;
	pthread_cond_t changed; /* for the thread: there is something to do */
	pthread_cond_t settled; /* for who waits: there is nothing left to do */
	struct queue queue;
	uint64_t overflowed; /* since the administrator was told */
	bool overflowing;    /* the administrator knows that records find no room */
	bool started;
	bool busy; /* the thread is judging, or has something to tell */
	bool ending;
};

struct shadow *shadow_new(struct counters *counters, unsigned minute)
{
	struct shadow *shadow = calloc(1, sizeof *shadow);
	pthread_condattr_t monotonic;

	if (shadow == NULL)
		return NULL;
	shadow->counters = counters;
	shadow->telling.minute = minute;
	queue_init(&shadow->queue, NOTE_SHADOW);
	pthread_mutex_init(&shadow->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&shadow->changed, &monotonic);
	pthread_cond_init(&shadow->settled, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return shadow;
}

static void log_diagnostics(const struct diagnostics *diagnostics)
{
	if (diagnostics == NULL)
		log_error(log_none, "no memory");
	for (size_t i = 0; diagnostics != NULL && i < diagnostics_shown(diagnostics); i++)
		log_diagnostic(diagnostics_at(diagnostics, i));
}

void shadow_load(struct rules *rules)
{
	struct diagnostics *diagnostics;
	bool loaded;

	if (rules->settings.shadow == NULL)
		return;
	diagnostics = diagnostics_new();
	loaded = diagnostics != NULL && rules_load_shadow(rules, diagnostics);
	log_diagnostics(diagnostics);
	diagnostics_free(diagnostics);
	if (loaded)
		rules_forget_model(rules->shadow);
	else
		log_error(log_fields(log_word("shadow", rules->settings.shadow)),
		          "the shadow was not loaded: %s judges without one", rules->files[0]);
}

bool shadow_is_missing(const struct rules *rules)
{
	return rules->settings.shadow != NULL && rules->shadow == NULL;
}

const char *shadow_status(const struct rules *rules)
{
	return shadow_is_missing(rules) ? "; its shadow could not be loaded" : "";
}

static bool is_before(const struct timespec *one, const struct timespec *other)
{
	return one->tv_sec != other->tv_sec ? one->tv_sec < other->tv_sec : one->tv_nsec < other->tv_nsec;
}

/* Tells what was only counted. */
static void tell_the_rest(struct telling *telling)
{
	if (telling->untold > 0)
		log_message("shadow differs", log_fields(log_number("more", telling->untold)),
		            "so many times more within a minute");
	telling->untold = 0;
}

/* Whether one more line may be written; begins a new minute where the last one is over. */
static bool may_tell(struct telling *telling)
{
	struct timespec now = moment_in(0);

	if (!is_before(&now, &telling->end)) {
		tell_the_rest(telling);
		telling->end = moment_in(telling->minute);
		telling->told = 0;
	}
	if (telling->told == LIMIT_SHADOW_LINES) {
		telling->untold++;
		return false;
	}
	telling->told++;
	return true;
}

static const char *mailbox(const char *text)
{
	return text != NULL && *text == '\0' ? "<>" : text;
}

static void tell(const struct record *record, const struct again_change *change)
{
	char client[LIMIT_NETWORK_TEXT] = "";

	if (record->has_client)
		address_to_text(&record->client, client);
	log_event(
	    "shadow differs",
	    log_fields(log_word("session", record->session), log_number("message", record->message),
	               log_word("listener", record->listener), log_word("stage", stage_name(change->stage)),
	               log_word("client", record->has_client ? client : NULL), log_word("user", record->user),
	               log_word("sender", mailbox(record->sender)), log_word("recipient", mailbox(change->recipient)),
	               log_word("verdict", verdict_name(change->old.verdict)), log_quoted("rule", change->old.rule),
	               log_word("by", change->old.by), log_quoted("reply", change->old.reply),
	               log_word("shadow_verdict", verdict_name(change->new.verdict)),
	               log_quoted("shadow_rule", change->new.rule), log_word("shadow_by", change->new.by),
	               log_quoted("shadow_reply", change->new.reply)));
}

/* What the visitor of changes works on. */
struct judging {
	struct shadow *shadow;
	const struct record *record;
	bool different;
};

static void take_change(void *context, const struct again_change *change)
{
	struct judging *judging = context;
	struct shadow *shadow = judging->shadow;

	judging->different = true;
	if (shadow->counters != NULL)
		counters_shadow_difference(shadow->counters, judging->record, change);
	if (may_tell(&shadow->telling))
		tell(judging->record, change);
}

static void count_result(const struct shadow *shadow, enum again_result result, bool different)
{
	if (shadow->counters == NULL)
		return;
	switch (result) {
	case AGAIN_JUDGED:
		counters_shadow_judged(shadow->counters, different);
		break;
	case AGAIN_HASHED: /* only as they are written */
		break;
	case AGAIN_NO_RULES:
		counters_shadow_not_judged(shadow->counters, NOT_JUDGED_NO_RULES);
		break;
	case AGAIN_NO_MEMORY:
		counters_shadow_not_judged(shadow->counters, NOT_JUDGED_NO_MEMORY);
		break;
	}
}

static void judge(struct shadow *shadow, const struct note *note)
{
	struct judging judging = {.shadow = shadow, .record = note->record};
	enum again_result result =
	    again_judge(note->snapshot->rules->shadow->ruleset, note->record, take_change, &judging);

	count_result(shadow, result, judging.different);
}

static bool nothing_to_do(const struct shadow *shadow)
{
	return shadow->queue.first == NULL && !(shadow->ending && shadow->telling.untold > 0);
}

/* Waits for the next note; NULL: there is something to be told. */
static struct note *await_note(struct shadow *shadow)
{
	struct note *note;

	pthread_mutex_lock(&shadow->lock);
	shadow->busy = shadow->telling.untold > 0;
	if (!shadow->busy && shadow->queue.first == NULL)
		pthread_cond_broadcast(&shadow->settled);
	while (nothing_to_do(shadow)) {
		if (shadow->telling.untold == 0)
			pthread_cond_wait(&shadow->changed, &shadow->lock);
		else if (pthread_cond_timedwait(&shadow->changed, &shadow->lock, &shadow->telling.end) == ETIMEDOUT)
			break;
	}
	note = queue_take(&shadow->queue, 1);
	shadow->busy = true;
	pthread_mutex_unlock(&shadow->lock);
	return note;
}

/* Says, once there is room again, what was not judged meanwhile. */
static void tell_recovery(struct shadow *shadow)
{
	uint64_t overflowed = 0;

	pthread_mutex_lock(&shadow->lock);
	if (shadow->overflowing && shadow->queue.first == NULL) {
		overflowed = shadow->overflowed;
		shadow->overflowed = 0;
		shadow->overflowing = false;
	}
	pthread_mutex_unlock(&shadow->lock);
	if (overflowed > 0)
		log_message("shadow", log_fields(log_number("lost", overflowed)),
		            "the shadow has caught up, and judges again");
}

static void *run(void *argument)
{
	struct shadow *shadow = argument;

	while (true) {
		struct note *note = await_note(shadow);

		if (note == NULL) {
			tell_the_rest(&shadow->telling);
			continue;
		}
		judge(shadow, note);
		snapshot_release(note->snapshot);
		note_release(note);
		tell_recovery(shadow);
	}
	return NULL;
}

bool shadow_start(struct shadow *shadow)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error = 0;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_mutex_lock(&shadow->lock);
	if (!shadow->started)
		error = pthread_create(&thread, &attributes, run, shadow);
	shadow->started = error == 0;
	pthread_mutex_unlock(&shadow->lock);
	pthread_attr_destroy(&attributes);
	errno = error;
	return error == 0;
}

void shadow_put(struct shadow *shadow, struct note *note, const struct snapshot *snapshot)
{
	bool tell = false;
	bool full;

	snapshot_hold(snapshot);
	note->snapshot = snapshot;
	pthread_mutex_lock(&shadow->lock);
	full = !queue_put(&shadow->queue, note);
	if (full) {
		shadow->overflowed++;
		tell = !shadow->overflowing;
		shadow->overflowing = true;
	}
	pthread_cond_signal(&shadow->changed);
	pthread_mutex_unlock(&shadow->lock);
	if (full) {
		snapshot_release(snapshot);
		if (shadow->counters != NULL)
			counters_shadow_not_judged(shadow->counters, NOT_JUDGED_OVERFLOW);
	}
	if (tell)
		log_warning(log_none, "the shadow does not keep up: some records are not judged by it");
}

void shadow_lose(const struct shadow *shadow)
{
	if (shadow->counters != NULL)
		counters_shadow_not_judged(shadow->counters, NOT_JUDGED_NO_MEMORY);
}

void shadow_finish(struct shadow *shadow, unsigned milliseconds)
{
	struct timespec end = moment_in(milliseconds);
	bool in_time;
	uint64_t left;

	pthread_mutex_lock(&shadow->lock);
	in_time = shadow->started;
	shadow->ending = true;
	pthread_cond_signal(&shadow->changed);
	while (in_time && (shadow->busy || shadow->queue.first != NULL))
		in_time = pthread_cond_timedwait(&shadow->settled, &shadow->lock, &end) != ETIMEDOUT;
	left = shadow->queue.count;
	pthread_mutex_unlock(&shadow->lock);
	if (left > 0)
		log_warning(log_fields(log_number("waiting", left)),
		            "the daemon ends with records that its shadow did not judge");
}
