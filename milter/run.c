/*
 * sallyport run: the daemon, from its start to its end.
 */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "milter/command.h"
#include "milter/descriptors.h"
#include "milter/filter.h"
#include "milter/host.h"
#include "milter/ledger/counters.h"
#include "milter/ledger/decision_log.h"
#include "milter/ledger/ledger.h"
#include "milter/ledger/metrics.h"
#include "milter/ledger/pseudonyms.h"
#include "milter/ledger/shadow.h"
#include "milter/log.h"
#include "milter/privileges.h"
#include "milter/reload.h"
#include "milter/sentry.h"
#include "milter/signals.h"
#include "milter/snapshot.h"
#include "milter/socket.h"
#include "policy/ruleset.h"
#include "rules/diagnostic.h"
#include "rules/fault.h"
#include "rules/load.h"

/*
 * Bytes of a thread's stack: libmilter's pool grows to some hundred threads, and the
 * usual 8 MiB each would count against limits of address space.
 */
#ifdef __SANITIZE_THREAD__
#define THREAD_STACK (1024u * 1024) /* ThreadSanitizer has things of its own there */
#else
#define THREAD_STACK (256u * 1024)
#endif

/*
 * Bytes from which on malloc(3) takes memory from the system for one block alone,
 * and gives it back with it.  Left alone, it raises the bound to the largest block
 * ever freed, and keeps what a large rule set had.
 */
#define LARGE_BLOCK (128 * 1024)

/*
 * Heaps for each processor that malloc(3) may spread threads over.  Left alone, it
 * makes eight, each with 64 MiB of address space, and leaves a little in all of them.
 */
#define HEAPS 2

/* Milliseconds that the end waits for the shadow to judge the last records, and for the disk to take them. */
#define LAST_RECORDS_WAIT 2000

/* What the command line and the rule file say together. */
struct daemon {
	const char *path;
	const char *socket_text;
	const char *user;
	const char *group;
	struct settings settings; /* as the file had them at the start; the texts are copies */
	struct socket_name socket;
	struct snapshots *snapshots;
	struct ledger ledger;
	int metrics; /* the socket at which they are served, where there are counters */
};

/* Whether libmilter has stopped serving by itself. */
static atomic_bool filter_ended;

static int refuse_to_run(int status, const char *message)
{
	log_error(log_none, "%s", message);
	return status;
}

/* Logs warnings; where the file has an error, and the log's format is not known, shows all faults as check does. */
static struct rules *load(const char *path)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules;

	if (diagnostics == NULL)
		return NULL;
	rules = host_load(path, diagnostics);
	if (rules == NULL) {
		command_show_diagnostics(diagnostics);
	} else {
		log_open(rules->settings.log);
		for (size_t i = 0; i < diagnostics_shown(diagnostics); i++)
			log_diagnostic(diagnostics_at(diagnostics, i));
		rules_forget_model(rules);
	}
	diagnostics_free(diagnostics);
	malloc_trim(0); /* reading takes more than what is left of it */
	return rules;
}

/* Copies a text that may be NULL; returns false where there is no memory. */
static bool copy(const char *text, char **ret_copy)
{
	*ret_copy = text != NULL ? strdup(text) : NULL;
	return text == NULL || *ret_copy != NULL;
}

/* The settings outlive the rules that came with them. */
static bool copy_settings(const struct settings *from, struct settings *ret_copy)
{
	ret_copy->log = from->log;
	return copy(from->socket, &ret_copy->socket) && copy(from->user, &ret_copy->user) &&
	       copy(from->group, &ret_copy->group) && copy(from->decisions, &ret_copy->decisions) &&
	       copy(from->decisions_key, &ret_copy->decisions_key) && copy(from->metrics, &ret_copy->metrics);
}

/* Whether a reload could read every file again as the user that the process now is. */
static bool files_stay_readable(const struct rules *rules)
{
	bool readable = true;

	for (size_t i = 0; i < rules->file_count; i++) {
		if (privileges_can_read(rules->files[i]))
			continue;
		log_error(log_none, "%s: %s for the user to run as: a reload would fail; make it readable",
		          rules->files[i], strerror(errno));
		readable = false;
	}
	return readable;
}

/* Opens what the settings want written, as the user that will write it; returns 0, or the exit status. */
static int open_ledger(struct daemon *daemon)
{
	const struct settings *settings = &daemon->settings;
	struct fault fault;

	if (settings->decisions != NULL) {
		struct pseudonyms *pseudonyms = NULL;

		if (settings->decisions_key != NULL) {
			pseudonyms = pseudonyms_open(settings->decisions_key, &fault);
			if (pseudonyms == NULL)
				return refuse_to_run(EX_CONFIG, fault.text);
		}
		daemon->ledger.decisions = decision_log_open(settings->decisions, pseudonyms, &fault);
		if (daemon->ledger.decisions == NULL)
			return refuse_to_run(EX_CANTCREAT, fault.text);
	}
	if (settings->metrics != NULL) {
		daemon->ledger.counters = counters_new();
		if (daemon->ledger.counters == NULL)
			return refuse_to_run(EX_OSERR, "no memory");
		counters_rules(daemon->ledger.counters, 1);
		daemon->metrics = metrics_listen(settings->metrics, &fault);
		if (daemon->metrics < 0)
			return refuse_to_run(EX_UNAVAILABLE, fault.text);
	}
	daemon->ledger.shadow = shadow_new(daemon->ledger.counters, SHADOW_MINUTE);
	return daemon->ledger.shadow != NULL ? 0 : refuse_to_run(EX_OSERR, "no memory");
}

/* Takes on what the process is to be; returns 0, or the exit status. */
static int settle(struct daemon *daemon, const struct rules *rules)
{
	struct fault fault;

	if (daemon->socket_text == NULL)
		return refuse_to_run(EX_CONFIG,
		                     "no socket is set; write socket = \"unix:/run/sallyport/milter.sock\"; in "
		                     "the rule file, or give --socket");
	if (!endpoint_read(daemon->socket_text, &daemon->socket.endpoint, &fault))
		return refuse_to_run(EX_CONFIG, fault.text);
	if (!privileges_drop(daemon->user, daemon->group, &fault))
		return refuse_to_run(EX_CONFIG, fault.text);
	if (privileges_are_root())
		log_warning(log_none, "running as root, as was asked for; a user of its own would be safer");
	if (!files_stay_readable(rules))
		return EX_CONFIG;
	descriptors_raise_limit();
	return open_ledger(daemon);
}

/* Opens the socket; returns 0, or the exit status.  Until it listens there is no other thread. */
static int open_socket(struct daemon *daemon)
{
	struct fault fault;
	bool bound;

	if (!socket_claim(&daemon->socket, &fault))
		return refuse_to_run(EX_UNAVAILABLE, fault.text);
	bound = filter_register(daemon->snapshots, &daemon->ledger, daemon->socket.endpoint.text) && filter_open();
	if (!bound)
		fault_set(&fault, "%s: cannot listen: %s", daemon->socket.endpoint.text,
		          errno != 0 ? strerror(errno) : "libmilter does not say why");
	socket_claimed(&daemon->socket, bound);
	return bound ? 0 : refuse_to_run(EX_UNAVAILABLE, fault.text);
}

static void *serve(void *unused)
{
	filter_serve();
	atomic_store(&filter_ended, true);
	signals_stop();
	return unused;
}

/* Starts the threads that judge and reload; returns false, with errno set, where it cannot. */
static bool start_threads(struct daemon *daemon, bool has_shadow)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	errno =
	    pthread_setattr_default_np(&attributes); /* before the next line: libmilter detaches its threads itself */
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (errno == 0 && daemon->ledger.decisions != NULL)
		decision_log_start(daemon->ledger.decisions);
	if (errno == 0 && has_shadow)
		shadow_start(daemon->ledger.shadow);
	if (errno == 0 && daemon->ledger.counters != NULL) /* libmicrohttpd may leave an errno where all is well */
		errno = metrics_start(daemon->metrics, &daemon->ledger) ? 0 : EAGAIN;
	if (errno == 0 && reload_start(daemon->path, &daemon->settings, daemon->snapshots, &daemon->ledger))
		errno = pthread_create(&thread, &attributes, serve, NULL);
	pthread_attr_destroy(&attributes);
	return errno == 0;
}

/*
 * Serves signals until one says stop, and ends the process: not by exit(3), whose
 * handlers in libmilter take away what its threads are still using.
 */
__attribute__((noreturn)) static void attend(const struct daemon *daemon)
{
	struct decision_log *decisions = daemon->ledger.decisions;

	while (signals_wait() == SIGNALS_RELOAD) {
		if (decisions != NULL)
			decision_log_reopen(decisions);
		reload_request();
	}
	sd_notify(0, "STOPPING=1");
	socket_remove(&daemon->socket);
	shadow_finish(daemon->ledger.shadow, LAST_RECORDS_WAIT);
	if (decisions != NULL)
		decision_log_finish(decisions, LAST_RECORDS_WAIT);
	if (atomic_load(&filter_ended))
		_exit(refuse_to_run(EX_SOFTWARE, "libmilter has stopped serving: the daemon ends"));
	log_event("stopped", log_none);
	_exit(EX_OK);
}

/* Loads the rules' shadow, as the user that will do so at a reload; without it they judge, too. */
static void load_shadow(const struct daemon *daemon, struct rules *rules)
{
	struct counters *counters = daemon->ledger.counters;

	shadow_load(rules);
	malloc_trim(0); /* as of the rules themselves */
	if (counters != NULL)
		counters_shadow_rules(counters, rules->shadow != NULL ? 1 : 0, shadow_is_missing(rules));
}

static void tell_start(const struct daemon *daemon)
{
	const struct snapshot *snapshot = snapshot_acquire(daemon->snapshots);
	const struct rules *rules = snapshot->rules;

	log_message("started",
	            log_fields(log_word("socket", daemon->socket.endpoint.text), log_number("generation", 1),
	                       log_number("listeners", rules->ruleset->listener_count),
	                       log_word("shadow", rules->shadow != NULL ? rules->shadow->files[0] : NULL),
	                       log_word("shadow_digest", rules->shadow != NULL ? rules->shadow->digest : NULL)),
	            "%s", daemon->path);
	sd_notifyf(0, "READY=1\nSTATUS=Generation 1 of %s in force%s", daemon->path, shadow_status(rules));
	snapshot_release(snapshot);
}

/* Has the rules judge sessions, and owns them; returns only where that cannot begin, with the exit status. */
static int serve_rules(struct daemon *daemon, struct rules *rules)
{
	bool has_shadow;
	int status;

	daemon->ledger.sentry = sentry_new();
	if (daemon->ledger.sentry == NULL) {
		rules_free(rules);
		return refuse_to_run(EX_OSERR, "no memory");
	}
	sentry_rules(daemon->ledger.sentry, rules, NULL);
	load_shadow(daemon, rules);
	has_shadow = rules->shadow != NULL;
	daemon->snapshots = snapshots_new(rules, ledger_is_kept(&daemon->ledger));
	if (daemon->snapshots == NULL) {
		rules_free(rules);
		return refuse_to_run(EX_OSERR, "no memory");
	}
	signals_hold_stop();
	status = open_socket(daemon);
	if (status != 0)
		return status;
	if (!start_threads(daemon, has_shadow)) {
		log_error(log_none, "cannot start a thread: %s", strerror(errno));
		socket_remove(&daemon->socket);
		_exit(EX_OSERR);
	}
	tell_start(daemon);
	attend(daemon);
}

static int run(struct daemon *daemon)
{
	struct rules *rules = load(daemon->path);
	int status;

	if (rules == NULL)
		return EX_CONFIG;
	if (!copy_settings(&rules->settings, &daemon->settings)) {
		rules_free(rules);
		return refuse_to_run(EX_OSERR, "no memory");
	}
	if (daemon->socket_text == NULL)
		daemon->socket_text = daemon->settings.socket;
	if (daemon->user == NULL)
		daemon->user = daemon->settings.user;
	if (daemon->group == NULL)
		daemon->group = daemon->settings.group;
	status = settle(daemon, rules);
	if (status != 0) {
		rules_free(rules);
		return status;
	}
	return serve_rules(daemon, rules);
}

int run_main(const struct command *command, int argc, char **argv)
{
	enum {
		OPTION_SOCKET = 256,
		OPTION_USER,
		OPTION_GROUP
	};
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"socket", required_argument, NULL, OPTION_SOCKET},
	    {"user", required_argument, NULL, OPTION_USER},
	    {"group", required_argument, NULL, OPTION_GROUP},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	static struct daemon daemon; /* threads refer to it until the process is gone */
	int option;
	int status;

	mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
	mallopt(M_ARENA_MAX, HEAPS * get_nprocs());
	signals_hold_reload();
	while ((option = command_option(command, argc, argv, options, &status)) != -1) {
		if (option == 'c')
			daemon.path = optarg;
		else if (option == OPTION_SOCKET)
			daemon.socket_text = optarg;
		else if (option == OPTION_USER)
			daemon.user = optarg;
		else if (option == OPTION_GROUP)
			daemon.group = optarg;
		else
			return status;
	}
	if (daemon.path == NULL)
		return command_usage_error(command, "no rule file is named; use -c FILE");
	if (optind < argc)
		return command_usage_error(command, "\"%s\" is one word too many", argv[optind]);
	return run(&daemon);
}
