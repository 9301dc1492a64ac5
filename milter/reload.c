#include "milter/reload.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "milter/change.h"
#include "milter/host.h"
#include "milter/ledger/counters.h"
#include "milter/ledger/ledger.h"
#include "milter/ledger/shadow.h"
#include "milter/log.h"
#include "milter/sentry.h"
#include "milter/snapshot.h"
#include "policy/ruleset.h"
#include "rules/diagnostic.h"
#include "rules/load.h"

/* Bytes of the thread's stack: it parses what administrators nest, not what clients send. */
#define RELOAD_STACK (8u * 1024 * 1024)

/* The thread's nice value: beside a thread that judges and never waits it gets a tenth of a processor. */
#define RELOAD_NICE 10

/* Bytes of an error in the status; systemd takes some KiB, and a person reads a few lines. */
#define STATUS_TEXT 1024

static struct {
	const char *path;
	const struct settings *settings;
	struct snapshots *snapshots;
	const struct ledger *ledger;
	unsigned generation; /* in force; only the thread uses it */
	pthread_mutex_t lock;
	pthread_cond_t asked;
	bool pending; /* under the lock, as is the next */
	bool left;    /* rules that nobody holds any more */
} reloader = {
    .generation = 1,
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .asked = PTHREAD_COND_INITIALIZER,
};

static void tell_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reading %s",
	           (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000, reloader.path);
}

static void tell_setting(const char *name, const char *running, const char *given)
{
	static const char none[] = "nothing";

	if (running == given || (running != NULL && given != NULL && strcmp(running, given) == 0))
		return;
	log_warning(log_fields(log_word("setting", name)), "%s: \"%s\" needs a restart to change from %s to %s",
	            reloader.path, name, running != NULL ? running : none, given != NULL ? given : none);
}

/* Warns of the settings that keep their value although the file has another. */
static void tell_settings(const struct settings *given)
{
	const struct settings *running = reloader.settings;
	static const char *const formats[] = {[LOG_FORMAT_TEXT] = "text", [LOG_FORMAT_JSON] = "json"};

	tell_setting("socket", running->socket, given->socket);
	tell_setting("user", running->user, given->user);
	tell_setting("group", running->group, given->group);
	tell_setting("decisions", running->decisions, given->decisions);
	tell_setting("decisions_key", running->decisions_key, given->decisions_key);
	tell_setting("metrics", running->metrics, given->metrics);
	tell_setting("log", formats[running->log], formats[given->log]);
}

static void log_diagnostics(const struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < diagnostics_shown(diagnostics); i++)
		log_diagnostic(diagnostics_at(diagnostics, i));
	if (diagnostics_incomplete(diagnostics))
		log_warning(log_none, "%s: there are more faults than could be shown", reloader.path);
}

/* Tells whoever counts that the rules are in force. */
static void count(const struct rules *rules)
{
	struct counters *counters = reloader.ledger->counters;

	if (counters == NULL)
		return;
	counters_reload(counters, true);
	counters_rules(counters, reloader.generation);
	counters_shadow_rules(counters, rules->shadow != NULL ? reloader.generation : 0, shadow_is_missing(rules));
}

/* Tells the log of the rules in force, and how they differ from those before. */
static void tell_rules(const struct rules *before, const struct rules *now)
{
	char change[LOG_VALUE];

	change_describe(before->ruleset, now->ruleset, change, sizeof change);
	log_message("reloaded",
	            log_fields(log_number("generation", reloader.generation),
	                       log_number("listeners", now->ruleset->listener_count), log_word("relay", change),
	                       log_word("shadow", now->shadow != NULL ? now->shadow->files[0] : NULL),
	                       log_word("shadow_digest", now->shadow != NULL ? now->shadow->digest : NULL)),
	            "%s", reloader.path);
	sd_notifyf(0, "READY=1\nSTATUS=Generation %u of %s in force%s", reloader.generation, reloader.path,
	           shadow_status(now));
}

/* Loads what is to judge beside the rules, and answers nobody; without it they judge, too. */
static void load_shadow(struct rules *rules)
{
	struct shadow *shadow = reloader.ledger->shadow;

	shadow_load(rules);
	if (rules->shadow == NULL || shadow_start(shadow))
		return;
	log_error(log_none, "cannot start a thread for the shadow: %s", strerror(errno));
	rules_free(rules->shadow);
	rules->shadow = NULL;
}

/* Puts the rules in force and returns true; false where there is no memory: they are then freed. */
static bool put_in_force(struct rules *rules)
{
	const struct snapshot *before = snapshot_acquire(reloader.snapshots), *now;
	unsigned generation;

	tell_settings(&rules->settings);
	rules_forget_model(rules);
	load_shadow(rules);
	generation = snapshots_replace(reloader.snapshots, rules);
	if (generation == 0) {
		snapshot_release(before);
		rules_free(rules);
		log_error(log_none, "no memory");
		return false;
	}
	reloader.generation = generation;
	now = snapshot_acquire(reloader.snapshots);
	sentry_rules(reloader.ledger->sentry, now->rules, before->rules->digest);
	count(now->rules);
	tell_rules(before->rules, now->rules);
	snapshot_release(now);
	snapshot_release(before);
	return true;
}

/* The first error also goes where "systemctl status" shows it. */
static void tell_failure(const struct diagnostics *diagnostics)
{
	char first[STATUS_TEXT] = "no memory";

	for (size_t i = diagnostics != NULL ? diagnostics_shown(diagnostics) : 0; i > 0; i--)
		if (diagnostics_at(diagnostics, i - 1)->severity == SEVERITY_ERROR)
			diagnostic_print(diagnostics_at(diagnostics, i - 1), first, sizeof first);
	if (reloader.ledger->counters != NULL)
		counters_reload(reloader.ledger->counters, false);
	log_message("reload failed", log_none, "%s: the rules of generation %u stay", reloader.path,
	            reloader.generation);
	sd_notifyf(0, "READY=1\nSTATUS=Reload failed, generation %u of %s stays in force: %s", reloader.generation,
	           reloader.path, first);
}

static void reload(void)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules;

	tell_reloading();
	rules = diagnostics != NULL ? host_load(reloader.path, diagnostics) : NULL;
	if (diagnostics != NULL)
		log_diagnostics(diagnostics);
	else
		log_error(log_none, "no memory");
	if (rules == NULL || !put_in_force(rules))
		tell_failure(diagnostics);
	diagnostics_free(diagnostics);
}

/* Waits for something to do.  Returns whether it is to reload. */
static bool await_request(void)
{
	bool pending;

	pthread_mutex_lock(&reloader.lock);
	while (!reloader.pending && !reloader.left)
		pthread_cond_wait(&reloader.asked, &reloader.lock);
	pending = reloader.pending;
	reloader.pending = false;
	reloader.left = false;
	pthread_mutex_unlock(&reloader.lock);
	return pending;
}

/*
 * Lets the threads that judge go first where there is not a processor for all: not
 * more than that, as a reload must end on a busy host, too.  Of Linux, a thread has a
 * nice value of its own.
 */
static void give_way(void)
{
	static const struct sched_param none;

	sched_setscheduler(0, SCHED_BATCH, &none);
	setpriority(PRIO_PROCESS, (id_t)gettid(), RELOAD_NICE);
}

static void *run(void *unused)
{
	give_way();
	while (true) {
		if (await_request())
			reload();
		snapshots_collect();
	}
	return unused;
}

/* There are rules to be freed. */
static void collect_request(void)
{
	pthread_mutex_lock(&reloader.lock);
	reloader.left = true;
	pthread_cond_signal(&reloader.asked);
	pthread_mutex_unlock(&reloader.lock);
}

bool reload_start(const char *path, const struct settings *settings, struct snapshots *snapshots,
                  const struct ledger *ledger)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	reloader.path = path;
	reloader.settings = settings;
	reloader.snapshots = snapshots;
	reloader.ledger = ledger;
	snapshots_leave(collect_request);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, RELOAD_STACK);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attributes, run, NULL);
	pthread_attr_destroy(&attributes);
	errno = error;
	return error == 0;
}

void reload_request(void)
{
	pthread_mutex_lock(&reloader.lock);
	reloader.pending = true;
	pthread_cond_signal(&reloader.asked);
	pthread_mutex_unlock(&reloader.lock);
}
