#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "milter/signals.h"

static void hold(void)
{
	signals_hold_reload();
	signals_hold_stop();
}

TestSuite(signals, .init = hold);

static void block(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

Test(signals, each_means_one_thing)
{
	raise(SIGHUP);
	cr_assert_eq(signals_wait(), SIGNALS_RELOAD);
	raise(SIGTERM);
	cr_assert_eq(signals_wait(), SIGNALS_STOP);
	raise(SIGINT);
	cr_assert_eq(signals_wait(), SIGNALS_STOP);
	signals_stop();
	cr_assert_eq(signals_wait(), SIGNALS_STOP);
}

Test(signals, several_reloads_that_wait_are_one)
{
	for (unsigned i = 0; i < 100; i++)
		kill(getpid(), SIGHUP);
	cr_assert_eq(signals_wait(), SIGNALS_RELOAD);
	kill(getpid(), SIGTERM);
	cr_assert_eq(signals_wait(), SIGNALS_STOP);
}

Test(signals, a_peer_that_hangs_up_is_no_reason_to_end)
{
	int pipes[2];

	cr_assert_eq(pipe(pipes), 0);
	close(pipes[0]);
	cr_assert_eq(write(pipes[1], "x", 1), -1);
	cr_assert_eq(errno, EPIPE);
}

/* What libmilter's signal thread asks for, and SIGUSR1. */
static sigset_t asked_for(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	return set;
}

Test(signals, sigwait_takes_only_what_is_not_ours)
{
	sigset_t set = asked_for();
	int came = 0;

	block(SIGUSR1);
	raise(SIGHUP);
	raise(SIGTERM);
	raise(SIGUSR1);
	cr_assert_eq(sigwait(&set, &came), 0);
	cr_assert_eq(came, SIGUSR1);
	cr_assert_neq(signals_wait(), signals_wait(), "both are still there");
}

static atomic_bool returned;

static void *wait_as_libmilter_does(void *unused)
{
	sigset_t set = asked_for();
	int came;

	sigwait(&set, &came);
	atomic_store(&returned, true);
	return unused;
}

Test(signals, a_burst_beside_another_thread_s_sigwait_is_all_ours)
{
	const struct timespec nap = {.tv_nsec = 1000000};
	pthread_t thread;
	unsigned reloads = 0;

	block(SIGUSR1);
	cr_assert_eq(pthread_create(&thread, NULL, wait_as_libmilter_does, NULL), 0);
	for (unsigned i = 0; i < 2000; i++) {
		kill(getpid(), SIGHUP);
		if (signals_wait() == SIGNALS_RELOAD)
			reloads++;
		if (i % 500 == 0)
			nanosleep(&nap, NULL);
	}
	cr_assert_eq(reloads, 2000);
	cr_assert_not(atomic_load(&returned));
	pthread_kill(thread, SIGUSR1);
	pthread_join(thread, NULL);
	cr_assert(atomic_load(&returned));
}
