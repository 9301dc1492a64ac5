#include "milter/sentry.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "milter/ledger/watch.h"
#include "milter/log.h"
#include "policy/limits.h"
#include "policy/ruleset.h"
#include "policy/session.h"
#include "policy/trusted.h"
#include "rules/load.h"

struct sentry {
	struct watch *watch;
	_Atomic enum nat_watch manner;
};

struct sentry *sentry_new(void)
{
	struct sentry *sentry = calloc(1, sizeof *sentry);
	uint64_t seed = 0;

	if (sentry == NULL)
		return NULL;
	/* Without it clients could choose names that are counted as one. */
	if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
		seed = (uint64_t)time(NULL);
	sentry->watch = watch_new(seed);
	atomic_init(&sentry->manner, NAT_WATCH_OFF);
	if (sentry->watch == NULL) {
		free(sentry);
		return NULL;
	}
	return sentry;
}

void sentry_free(struct sentry *sentry)
{
	if (sentry == NULL)
		return;
	watch_free(sentry->watch);
	free(sentry);
}

/* Milliseconds on a clock that only goes on. */
static uint64_t now(void)
{
	struct timespec moment;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &moment);
	return (uint64_t)moment.tv_sec * 1000 + (uint64_t)moment.tv_nsec / 1000000;
}

void sentry_rules(struct sentry *sentry, const struct rules *rules, const char *digest)
{
	enum nat_watch manner = rules->settings.nat_watch;
	unsigned suspects = 0;

	if (digest == NULL || strcmp(digest, rules->digest) != 0)
		suspects = watch_forget(sentry->watch, now());
	watch_keep(sentry->watch, manner == NAT_WATCH_REFUSE);
	atomic_store(&sentry->manner, manner);
	if (suspects > 0)
		log_message("nat_watch", log_fields(log_number("suspects", suspects)),
		            "forgotten, as the rules have changed");
}

static const char *kind_of(const struct rules *rules, const struct address *client)
{
	for (size_t i = 0; i < rules->surroundings.count; i++) {
		const struct stand_in *stand_in = &rules->surroundings.list[i];

		if (!address_equal(&stand_in->address, client))
			continue;
		switch (stand_in->kind) {
		case STAND_IN_GATEWAY:
			return watch_kind_name(WATCH_GATEWAY);
		case STAND_IN_BRIDGE:
			return watch_kind_name(WATCH_BRIDGE);
		}
	}
	return watch_kind_name(WATCH_ADDRESS);
}

void sentry_connect(struct sentry_client *client, const struct rules *rules, const struct session *session,
                    const struct connection *connection)
{
	const struct listener *listener = session_listener(session);

	*client = (struct sentry_client){.known = listener != NULL && connection->has_client && !connection->local};
	if (!client->known)
		return;
	client->address = connection->client;
	if (trusted_has(rules->trusted, listener, &client->address))
		client->trusted = kind_of(rules, &client->address);
}

static void warn(const struct watch_suspect *suspect, enum nat_watch manner)
{
	char address[LIMIT_NETWORK_TEXT];
	char figures[WATCH_TEXT];

	address_to_text(&suspect->client, address);
	watch_describe(suspect, figures);
	log_warning(
	    log_fields(log_word("nat_watch", nat_watch_name(manner)), log_word("client", address),
	               log_word("listener", suspect->listener), log_number("helo_names", suspect->helos),
	               log_number("sender_domains", suspect->domains), log_number("logins", suspect->logins),
	               log_number("sessions", suspect->sessions)),
	    "%s may relay without a login, and does not look like one client: %s; if a router or proxy forwards with "
	    "this address, the whole internet may relay%s",
	    address, figures,
	    manner == NAT_WATCH_REFUSE ? "; relaying from it without a login is put off until the rules change" : "");
}

static struct sighting sight(const struct sentry_client *client, const struct session *session, bool begins,
                             const char *domain)
{
	const char *const *texts = session_texts(session)->texts;
	enum watch_kind kind = WATCH_ADDRESS;
	bool trusted = client->trusted != NULL && watch_kind_from_name(client->trusted, &kind);

	return (struct sighting){
	    .time = now(),
	    .listener = session_listener(session)->name,
	    .client = client->address,
	    .trusted = trusted,
	    .kind = kind,
	    .begins = begins,
	    .helo = texts[FACT_HELO],
	    .domain = domain,
	    .user = texts[FACT_USER],
	};
}

void sentry_mail(struct sentry *sentry, struct sentry_client *client, const struct session *session)
{
	enum nat_watch manner = sentry != NULL ? atomic_load(&sentry->manner) : NAT_WATCH_OFF;
	bool begins = !client->begun;
	const char *domain;
	struct watch_suspect suspect;
	struct sighting sighting;

	if (!client->known)
		return;
	client->begun = true;
	domain = client->trusted != NULL ? session_outside_domain(session) : NULL;
	client->outside = domain != NULL;
	if (manner == NAT_WATCH_OFF || (client->trusted == NULL && !begins))
		return;
	sighting = sight(client, session, begins, domain);
	if (watch_see(sentry->watch, &sighting, &suspect))
		warn(&suspect, manner);
}

bool sentry_refuses(struct sentry *sentry, const struct sentry_client *client, const struct session *session)
{
	return sentry != NULL && atomic_load(&sentry->manner) == NAT_WATCH_REFUSE && client->known &&
	       session_relay(session) && session_texts(session)->texts[FACT_USER] == NULL &&
	       watch_suspects(sentry->watch, &client->address, now());
}

unsigned sentry_suspects(struct sentry *sentry)
{
	return watch_count(sentry->watch, now());
}
