#include "milter/ledger/watch.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "milter/ledger/record.h"
#include "milter/ledger/sketch.h"
#include "policy/mailbox.h"
#include "policy/network.h"
#include "rules/public.h"

/* What the header says. */
#define MANY_HELOS 10
#define MANY_DOMAINS 20
#define SOME_HELOS 5
#define SOME_DOMAINS 10
#define SOME_LOGINS 5
#define SOME_SESSIONS 20
#define HALF_DAY UINT64_C(43200000)
#define DAY (2 * HALF_DAY)
#define GROUPS 64
#define PLACES 16
#define LANES 32

static const char *const kind_names[] = {
    [WATCH_ADDRESS] = "address",
    [WATCH_GATEWAY] = "gateway",
    [WATCH_BRIDGE] = "bridge",
};
static_assert(sizeof kind_names / sizeof *kind_names == WATCH_KIND_COUNT, "every kind has a name");

/* What is counted by a sketch. */
enum counted {
	COUNTED_HELOS,
	COUNTED_DOMAINS,
	COUNTED_LOGINS,
};
#define COUNTED_COUNT (COUNTED_LOGINS + 1)

/* Half a day of an address. */
struct half {
	struct sketch sketches[COUNTED_COUNT];
	unsigned sessions;
};

/* Half a day of a listener. */
struct lane_half {
	unsigned sessions, public; /* of public addresses */
};

struct lane {
	char name[WATCH_LISTENER];
	uint64_t began; /* the half day at hand */
	struct lane_half now, before;
};

struct place {
	bool taken;
	bool suspect;
	unsigned lane;
	uint64_t began; /* as the lane's, when it was seen last */
	uint64_t seen;
	uint64_t told;
	struct half now, before;
	struct watch_suspect is; /* client, listener and kind; all of it where it is a suspect */
};

struct watch {
	pthread_mutex_t lock;
	uint64_t seed;
	bool keep;
	size_t lane_count;
	struct lane lanes[LANES];
	struct place places[GROUPS][PLACES];
};

const char *watch_kind_name(enum watch_kind kind)
{
	return kind_names[kind];
}

bool watch_kind_from_name(const char *name, enum watch_kind *ret_kind)
{
	for (unsigned kind = 0; kind < WATCH_KIND_COUNT; kind++) {
		if (strcmp(name, kind_names[kind]) == 0) {
			*ret_kind = (enum watch_kind)kind;
			return true;
		}
	}
	return false;
}

struct watch *watch_new(uint64_t seed)
{
	struct watch *watch = calloc(1, sizeof *watch);

	if (watch == NULL)
		return NULL;
	watch->seed = seed;
	pthread_mutex_init(&watch->lock, NULL);
	return watch;
}

void watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}

void watch_keep(struct watch *watch, bool keep)
{
	pthread_mutex_lock(&watch->lock);
	watch->keep = keep;
	pthread_mutex_unlock(&watch->lock);
}

/* Under the lock, as all that follows up to watch_see. */
static bool is_suspect(const struct watch *watch, const struct place *place, uint64_t now)
{
	return place->suspect && (watch->keep || now < place->is.last + DAY);
}

/* Half days of listeners */

/* Whether the time is not of the half day that began then, and so ends it. */
static bool is_over(uint64_t began, uint64_t time)
{
	return time >= began + HALF_DAY || time + HALF_DAY < began;
}

static void roll_lane(struct lane *lane, uint64_t time)
{
	if (!is_over(lane->began, time))
		return;
	if (is_over(lane->began + HALF_DAY, time)) {
		lane->before = (struct lane_half){0};
		lane->began = time;
	} else {
		lane->before = lane->now;
		lane->began += HALF_DAY;
	}
	lane->now = (struct lane_half){0};
}

static unsigned find_lane(struct watch *watch, const char *listener, uint64_t time)
{
	size_t i = 0;

	while (i < watch->lane_count && strncmp(watch->lanes[i].name, listener, WATCH_LISTENER - 1) != 0)
		i++;
	if (i == LANES)
		return LANES - 1;
	if (i == watch->lane_count) {
		snprintf(watch->lanes[i].name, WATCH_LISTENER, "%s", i < LANES - 1 ? listener : "");
		watch->lanes[i].began = time;
		watch->lane_count++;
	}
	return (unsigned)i;
}

static bool is_public(const struct address *client)
{
	struct network network = {*client, client->family == ADDRESS_IPV4 ? 32 : 128};

	return network_is_public(&network);
}

/* Places of addresses */

static struct place *group_of(struct watch *watch, const struct address *client)
{
	return watch->places[sketch_hash(watch->seed, (const char *)client->bytes, sizeof client->bytes) % GROUPS];
}

/* Whether the one is to be given up before the other. */
static bool goes_before(const struct watch *watch, const struct place *one, const struct place *other, uint64_t now)
{
	bool suspect = is_suspect(watch, one, now);

	if (!one->taken || !other->taken)
		return !one->taken;
	if (suspect != is_suspect(watch, other, now))
		return !suspect;
	return one->seen < other->seen;
}

/* The place of the address at a listener; NULL where only suspects that are kept would have to go. */
static struct place *find_place(struct watch *watch, const struct sighting *sighting, unsigned lane)
{
	struct place *group = group_of(watch, &sighting->client);
	struct place *goes = group;

	for (size_t i = 0; i < PLACES; i++) {
		if (group[i].taken && group[i].lane == lane && address_equal(&group[i].is.client, &sighting->client))
			return &group[i];
		if (goes_before(watch, &group[i], goes, sighting->time))
			goes = &group[i];
	}
	if (goes->taken && watch->keep && is_suspect(watch, goes, sighting->time))
		return NULL;
	*goes = (struct place){.taken = true, .lane = lane, .began = watch->lanes[lane].began};
	goes->is.client = sighting->client;
	strcpy(goes->is.listener, watch->lanes[lane].name);
	return goes;
}

static void roll_place(struct place *place, uint64_t began)
{
	if (place->began == began)
		return;
	if (place->began + HALF_DAY == began)
		place->before = place->now;
	else
		memset(&place->before, 0, sizeof place->before);
	memset(&place->now, 0, sizeof place->now);
	place->began = began;
}

static bool count_text(const struct watch *watch, struct place *place, enum counted counted, const char *text,
                       size_t length)
{
	return sketch_add(&place->now.sketches[counted], sketch_hash(watch->seed, text, length));
}

/* HELO names are the same with a dot at their end, and without. */
static bool count_helo(const struct watch *watch, struct place *place, const char *helo)
{
	size_t length = strlen(helo);

	if (length > 1 && helo[length - 1] == '.')
		length--;
	return count_text(watch, place, COUNTED_HELOS, helo, length);
}

/* Takes what is told; returns whether there is more to be judged by than before. */
static bool take(const struct watch *watch, struct place *place, const struct sighting *sighting)
{
	bool more = sighting->begins || place->is.kind != sighting->kind;

	place->seen = sighting->time;
	place->is.kind = sighting->kind;
	place->now.sessions += sighting->begins;
	if (sighting->helo != NULL)
		more |= count_helo(watch, place, sighting->helo);
	if (sighting->domain != NULL)
		more |= count_text(watch, place, COUNTED_DOMAINS, sighting->domain, strlen(sighting->domain));
	if (sighting->user != NULL)
		more |= count_text(watch, place, COUNTED_LOGINS, sighting->user, strlen(sighting->user));
	return more;
}

/* Whether its sessions are now what those of public addresses were. */
static bool displaces(const struct lane *lane, const struct place *place)
{
	return lane->before.public >= SOME_SESSIONS && lane->now.sessions >= SOME_SESSIONS &&
	       lane->now.public * 20 <= lane->now.sessions && place->now.sessions * 2 >= lane->now.sessions;
}

static unsigned count_of(const struct place *place, enum counted counted)
{
	return sketch_count(&place->now.sketches[counted], &place->before.sketches[counted]);
}

/* Whether a place looks like many clients, and by which figures. */
static bool judge(const struct lane *lane, const struct place *place, struct watch_suspect *ret_suspect)
{
	struct watch_suspect looks = place->is;
	bool more_signs;

	looks.helos = count_of(place, COUNTED_HELOS);
	if (looks.helos < SOME_HELOS)
		return false;
	looks.domains = count_of(place, COUNTED_DOMAINS);
	if (looks.domains < SOME_DOMAINS)
		return false;
	looks.logins = count_of(place, COUNTED_LOGINS);
	looks.sessions = place->now.sessions + place->before.sessions;
	looks.displaces = displaces(lane, place);
	looks.last = place->seen;
	more_signs = looks.logins >= SOME_LOGINS || looks.kind != WATCH_ADDRESS || looks.displaces;
	if (!more_signs && (looks.helos < MANY_HELOS || looks.domains < MANY_DOMAINS))
		return false;
	*ret_suspect = looks;
	return true;
}

/* Notes that the place looks like many clients; returns whether that is news. */
static bool note(struct watch *watch, struct place *place, struct watch_suspect *looks)
{
	bool before = is_suspect(watch, place, looks->last);
	bool news = !place->suspect || looks->last >= place->told + DAY || looks->last + DAY < place->told;

	looks->since = before ? place->is.since : looks->last;
	place->is = *looks;
	place->suspect = true;
	if (news)
		place->told = looks->last;
	return news;
}

static bool see(struct watch *watch, const struct sighting *sighting, struct watch_suspect *ret_suspect)
{
	unsigned lane = find_lane(watch, sighting->listener, sighting->time);
	struct place *place;

	roll_lane(&watch->lanes[lane], sighting->time);
	if (sighting->begins) {
		watch->lanes[lane].now.sessions++;
		watch->lanes[lane].now.public += is_public(&sighting->client);
	}
	place = sighting->trusted ? find_place(watch, sighting, lane) : NULL;
	if (place == NULL)
		return false;
	roll_place(place, watch->lanes[lane].began);
	return take(watch, place, sighting) && judge(&watch->lanes[lane], place, ret_suspect) &&
	       note(watch, place, ret_suspect);
}

bool watch_see(struct watch *watch, const struct sighting *sighting, struct watch_suspect *ret_suspect)
{
	struct watch_suspect looks;
	bool news;

	pthread_mutex_lock(&watch->lock);
	news = see(watch, sighting, &looks);
	pthread_mutex_unlock(&watch->lock);
	if (news)
		*ret_suspect = looks;
	return news;
}

/* As the record has it, without the sender. */
static struct sighting sighting_of(const struct record *record)
{
	bool anonymous = record->mechanism != NULL && strcasecmp(record->mechanism, "ANONYMOUS") == 0;
	struct sighting sighting = {
	    .time = record->time,
	    .listener = record->listener,
	    .client = record->client,
	    .begins = record->message == 1,
	    .helo = record->helo,
	    .user = anonymous ? NULL : record->user,
	};

	sighting.trusted = record->trusted != NULL && watch_kind_from_name(record->trusted, &sighting.kind);
	return sighting;
}

bool watch_see_record(struct watch *watch, const struct record *record, struct watch_suspect *ret_suspect)
{
	struct sighting sighting = sighting_of(record);
	struct mailbox sender;
	bool news;

	if (record->kind != RECORD_MESSAGE || record->listener == NULL || !record->has_client || record->local)
		return false;
	if (!record->outside || record->sender == NULL || mailbox_read(record->sender, &sender) != MAILBOX_READ)
		return watch_see(watch, &sighting, ret_suspect);
	sighting.domain = sender.domain;
	news = watch_see(watch, &sighting, ret_suspect);
	mailbox_destroy(&sender);
	return news;
}

/* The first place of a group that is a suspect's, of this address; or NULL.  Under the lock. */
static const struct place *find_suspect(const struct watch *watch, const struct place *group,
                                        const struct address *client, uint64_t now)
{
	for (size_t i = 0; i < PLACES; i++)
		if (is_suspect(watch, &group[i], now) && address_equal(&group[i].is.client, client))
			return &group[i];
	return NULL;
}

bool watch_suspects(struct watch *watch, const struct address *client, uint64_t now)
{
	bool found;

	pthread_mutex_lock(&watch->lock);
	found = find_suspect(watch, group_of(watch, client), client, now) != NULL;
	pthread_mutex_unlock(&watch->lock);
	return found;
}

/* Under the lock. */
static unsigned count_suspects(const struct watch *watch, uint64_t now)
{
	unsigned count = 0;

	for (size_t i = 0; i < GROUPS; i++) {
		const struct place *group = watch->places[i];

		for (size_t k = 0; k < PLACES; k++)
			count += is_suspect(watch, &group[k], now) &&
			         find_suspect(watch, group, &group[k].is.client, now) == &group[k];
	}
	return count;
}

unsigned watch_count(struct watch *watch, uint64_t now)
{
	unsigned count;

	pthread_mutex_lock(&watch->lock);
	count = count_suspects(watch, now);
	pthread_mutex_unlock(&watch->lock);
	return count;
}

unsigned watch_forget(struct watch *watch, uint64_t now)
{
	unsigned count;

	pthread_mutex_lock(&watch->lock);
	count = count_suspects(watch, now);
	if (watch->lane_count > 0) { /* else nothing was seen: memory that was not used stays so */
		memset(watch->lanes, 0, sizeof watch->lanes);
		memset(watch->places, 0, sizeof watch->places);
		watch->lane_count = 0;
	}
	pthread_mutex_unlock(&watch->lock);
	return count;
}

static int compare(const void *one, const void *other)
{
	const struct watch_suspect *a = one, *b = other;
	int order = strcmp(a->listener, b->listener);

	if (order != 0)
		return order;
	if (a->client.family != b->client.family)
		return a->client.family < b->client.family ? -1 : 1;
	return memcmp(a->client.bytes, b->client.bytes, sizeof a->client.bytes);
}

size_t watch_list(struct watch *watch, uint64_t now, struct watch_suspect **ret_list)
{
	struct watch_suspect *list = calloc(GROUPS * PLACES, sizeof *list);
	size_t count = 0;

	pthread_mutex_lock(&watch->lock);
	for (size_t i = 0; i < GROUPS * PLACES && list != NULL; i++) {
		const struct place *place = &watch->places[i / PLACES][i % PLACES];

		if (is_suspect(watch, place, now))
			list[count++] = place->is;
	}
	pthread_mutex_unlock(&watch->lock);
	if (count > 0)
		qsort(list, count, sizeof *list, compare);
	*ret_list = list;
	return count;
}

void watch_describe(const struct watch_suspect *suspect, char *ret_text)
{
	static const char *const reasons[] = {
	    [WATCH_ADDRESS] = "",
	    [WATCH_GATEWAY] = "; it is the host's default gateway",
	    [WATCH_BRIDGE] = "; it is the host's address on a bridge of containers",
	};
	static_assert(sizeof reasons / sizeof *reasons == WATCH_KIND_COUNT, "every kind has its words");
	char logins[32] = "";

	if (suspect->logins > 0)
		snprintf(logins, sizeof logins, ", %u login%s", suspect->logins, suspect->logins == 1 ? "" : "s");
	snprintf(ret_text, WATCH_TEXT, "%u HELO names, %u outside sender domains%s%s%s", suspect->helos,
	         suspect->domains, logins, reasons[suspect->kind],
	         suspect->displaces ? "; hardly any session comes from a public address any more" : "");
}
