#include "milter/signals.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

static const struct {
	int signal;
	enum signals_event event;
} taken[] = {
    {SIGHUP, SIGNALS_RELOAD},
    {SIGTERM, SIGNALS_STOP},
    {SIGINT, SIGNALS_STOP},
};
#define TAKEN_COUNT (sizeof taken / sizeof *taken)

static void block(const int *signals, size_t count)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < count; i++)
		sigaddset(&set, signals[i]);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void signals_hold_reload(void)
{
	const int reload[] = {SIGHUP};

	block(reload, 1);
	signal(SIGPIPE, SIG_IGN);
}

void signals_hold_stop(void)
{
	const int stop[] = {SIGTERM, SIGINT};

	block(stop, sizeof stop / sizeof *stop);
}

enum signals_event signals_wait(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < TAKEN_COUNT; i++)
		sigaddset(&set, taken[i].signal);
	while (true) {
		int came = sigwaitinfo(&set, NULL);
		for (size_t i = 0; i < TAKEN_COUNT; i++) {
			if (came == taken[i].signal)
				return taken[i].event;
		}
	}
}

void signals_stop(void)
{
	kill(getpid(), SIGTERM);
}

int sigwait(const sigset_t *restrict set, int *restrict signal)
{
	sigset_t others = *set;
	int came;

	for (size_t i = 0; i < TAKEN_COUNT; i++)
		sigdelset(&others, taken[i].signal);
	do
		came = sigwaitinfo(&others, NULL);
	while (came < 0 && errno == EINTR);
	if (came < 0)
		return errno;
	*signal = came;
	return 0;
}
