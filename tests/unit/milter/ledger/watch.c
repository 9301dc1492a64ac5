#include "milter/ledger/watch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/ledger/record.h"

#define HOUR UINT64_C(3600000)

static struct watch *watch;
static struct watch_suspect suspect;

/* What is told next; each case changes what it is about. */
static struct sighting sighting;
static unsigned news;

static void begin(void)
{
	watch = watch_new(0);
	cr_assert_not_null(watch);
	sighting = (struct sighting){.time = 1000 * HOUR, .listener = "server", .trusted = true, .begins = true};
	cr_assert(address_from_text("172.16.1.1", &sighting.client));
}

static void end(void)
{
	watch_free(watch);
}

TestSuite(watch, .init = begin, .fini = end);

static void from(const char *client)
{
	cr_assert(address_from_text(client, &sighting.client));
}

static void see(void)
{
	news += watch_see(watch, &sighting, &suspect);
}

/* Sessions with so many HELO names and outside sender domains, whichever are more. */
static void see_many(unsigned helos, unsigned domains)
{
	for (unsigned i = 0; i < helos || i < domains; i++) {
		char helo[64], domain[64];

		snprintf(helo, sizeof helo, "Host-%u.example.", i % helos);
		snprintf(domain, sizeof domain, "domain-%u.example", domains > 0 ? i % domains : 0);
		sighting.helo = helo;
		sighting.domain = domains > 0 ? domain : NULL;
		see();
	}
	sighting.helo = sighting.domain = NULL;
}

static unsigned suspects(void)
{
	return watch_count(watch, sighting.time);
}

Test(watch, many_helo_names_and_many_outside_domains_are_many_clients)
{
	see_many(14, 30);
	cr_expect_eq(news, 1);
	cr_expect_eq(suspects(), 1);
	cr_expect(watch_suspects(watch, &sighting.client, sighting.time));
	cr_expect_str_eq(suspect.listener, "server");
	cr_expect(suspect.helos >= 10 && suspect.helos <= 16, "%u", suspect.helos);
	cr_expect(suspect.domains >= 20 && suspect.domains <= 24, "%u", suspect.domains);
}

Test(watch, neither_is_by_itself)
{
	see_many(1, 200);
	from("172.16.1.2");
	see_many(200, 0);
	from("172.16.1.3");
	see_many(200, 5);
	from("172.16.1.4");
	see_many(4, 200);
	cr_expect_eq(news, 0);
	cr_expect_eq(suspects(), 0);
}

/* Figures just below a bound and just above it, as far as a sketch is exact; of each an address. */
Test(watch, the_bounds_are_where_they_are_said_to_be)
{
	static const struct {
		unsigned helos, domains;
		enum watch_kind kind;
		bool many;
	} rows[] = {
	    {8, 200, WATCH_ADDRESS, false}, {12, 200, WATCH_ADDRESS, true}, {200, 17, WATCH_ADDRESS, false},
	    {200, 23, WATCH_ADDRESS, true}, {3, 200, WATCH_GATEWAY, false}, {7, 200, WATCH_GATEWAY, true},
	    {200, 8, WATCH_GATEWAY, false}, {200, 12, WATCH_GATEWAY, true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char client[32];

		snprintf(client, sizeof client, "172.16.1.%zu", i + 1);
		from(client);
		sighting.kind = rows[i].kind;
		news = 0;
		see_many(rows[i].helos, rows[i].domains);
		cr_expect_eq(news, rows[i].many, "%u HELO names, %u domains", rows[i].helos, rows[i].domains);
	}
}

Test(watch, the_same_names_again_and_again_are_few)
{
	for (unsigned i = 0; i < 1000; i++)
		see_many(3, 30);
	cr_expect_eq(news, 0);
}

Test(watch, fewer_are_enough_with_one_more_sign)
{
	static const char *const clients[] = {"172.16.1.1", "172.16.1.2", "172.16.1.3", "172.16.1.4"};

	for (size_t i = 0; i < sizeof clients / sizeof *clients; i++) {
		char user[32];

		from(clients[i]);
		sighting.kind = i == 1 ? WATCH_GATEWAY : i == 2 ? WATCH_BRIDGE : WATCH_ADDRESS;
		for (unsigned login = 0; login < 7 && i == 3; login++) {
			snprintf(user, sizeof user, "user%u", login);
			sighting.user = user;
			see();
		}
		sighting.user = NULL;
		news = 0;
		see_many(8, 14);
		cr_expect_eq(news, i > 0, "%s", clients[i]);
	}
	cr_expect_eq(suspects(), 3);
}

Test(watch, a_sign_alone_is_not_enough)
{
	sighting.kind = WATCH_GATEWAY;
	see_many(1, 300);
	from("172.16.1.2");
	see_many(300, 2);
	for (unsigned login = 0; login < 100; login++) {
		char user[32];

		snprintf(user, sizeof user, "user%u", login);
		sighting.user = user;
		see();
	}
	cr_expect_eq(news, 0);
}

/* So many sessions that are not of the address that is watched. */
static void others(unsigned count, const char *client)
{
	struct sighting before = sighting;

	from(client);
	sighting.trusted = false;
	for (unsigned i = 0; i < count; i++)
		see();
	sighting = before;
}

Test(watch, an_address_whose_sessions_take_the_place_of_public_ones_shows_a_sign)
{
	others(200, "203.0.113.10");
	sighting.time += 13 * HOUR;
	others(2, "203.0.113.10");
	see_many(8, 14);
	see_many(8, 50);
	cr_expect_eq(news, 1);
	cr_expect(suspect.displaces);
}

Test(watch, no_place_is_taken_where_public_addresses_stay_or_were_not_there)
{
	others(200, "203.0.113.10");
	sighting.time += 13 * HOUR;
	others(20, "203.0.113.10");
	see_many(8, 14);
	see_many(8, 14);
	see_many(8, 14);
	others(200, "10.0.0.1");
	sighting.listener = "inside";
	see_many(8, 14);
	sighting.time += 13 * HOUR;
	see_many(8, 14);
	see_many(8, 14);
	see_many(8, 14);
	cr_expect_eq(news, 0);
}

Test(watch, what_was_seen_the_day_before_does_not_count)
{
	for (unsigned i = 0; i < 60; i++) {
		char helo[32], domain[64];

		snprintf(helo, sizeof helo, "host-%u", i);
		snprintf(domain, sizeof domain, "domain-%u.example", i);
		sighting.helo = helo;
		sighting.domain = domain;
		see();
		sighting.time += 4 * HOUR;
	}
	cr_expect_eq(news, 0);
}

Test(watch, what_was_seen_half_a_day_before_counts)
{
	see_many(14, 10);
	cr_expect_eq(news, 0);
	sighting.time += 12 * HOUR;
	see_many(1, 30);
	cr_expect_eq(news, 1);
}

Test(watch, it_is_news_once_a_day)
{
	for (unsigned hour = 0; hour < 72; hour++) {
		see_many(14, 30);
		cr_expect_eq(news, 1 + hour / 24, "hour %u", hour);
		sighting.time += HOUR;
	}
	cr_expect_eq(suspect.since, 1000 * HOUR);
}

Test(watch, a_suspect_is_none_any_more_a_day_after_it_looked_so)
{
	see_many(14, 30);
	sighting.time += 23 * HOUR;
	cr_expect_eq(suspects(), 1);
	sighting.time += HOUR;
	cr_expect_eq(suspects(), 0);
	cr_expect_not(watch_suspects(watch, &sighting.client, sighting.time));
	see_many(14, 30);
	cr_expect_eq(news, 2);
}

Test(watch, a_suspect_that_is_kept_stays_until_it_is_forgotten)
{
	watch_keep(watch, true);
	see_many(14, 30);
	sighting.time += 1000 * HOUR;
	see();
	cr_expect_eq(suspects(), 1);
	cr_expect_eq(watch_forget(watch, sighting.time), 1);
	cr_expect_eq(suspects(), 0);
	cr_expect_not(watch_suspects(watch, &sighting.client, sighting.time));
	see();
	cr_expect_eq(suspects(), 0);
}

/* More addresses than there is room for. */
static void crowd(void)
{
	for (unsigned i = 0; i < 60000; i++) {
		char client[32];

		snprintf(client, sizeof client, "10.%u.%u.7", i >> 8, i & 255);
		from(client);
		sighting.helo = client;
		see();
	}
	sighting.helo = NULL;
}

Test(watch, a_crowd_does_not_take_the_place_of_a_suspect)
{
	for (unsigned keep = 0; keep < 2; keep++) {
		struct address client;

		watch_keep(watch, keep);
		from("172.16.1.1");
		client = sighting.client;
		see_many(14, 30);
		crowd();
		cr_expect(watch_suspects(watch, &client, sighting.time));
		cr_expect_eq(suspects(), 1);
	}
}

/* Suspects, more than there is room for; returns how many of them are known in the end. */
static unsigned crowd_of_suspects(void)
{
	unsigned found = 0;

	for (unsigned i = 0; i < 6000; i++) {
		char client[32];

		snprintf(client, sizeof client, "10.1.%u.%u", i % 3000 >> 8, i % 3000 & 255);
		from(client);
		sighting.time++;
		if (i < 3000)
			see_many(14, 30);
		else
			found += watch_suspects(watch, &sighting.client, sighting.time);
	}
	return found;
}

Test(watch, a_suspect_gives_way_to_another_unless_it_is_kept)
{
	struct address client = sighting.client;

	see_many(14, 30);
	crowd_of_suspects();
	cr_expect_not(watch_suspects(watch, &client, sighting.time));
	cr_expect_eq(suspects(), 1024);
	watch_forget(watch, sighting.time);
	watch_keep(watch, true);
	from("172.16.1.1");
	see_many(14, 30);
	cr_expect_eq(crowd_of_suspects(), 1023);
	cr_expect(watch_suspects(watch, &client, sighting.time));
	cr_expect_eq(suspects(), 1024);
}

Test(watch, who_is_seen_stays_in_a_crowd)
{
	from("172.16.1.1");
	see_many(14, 12);
	for (unsigned i = 0; i < 20000; i++) {
		char client[32];

		snprintf(client, sizeof client, "10.%u.%u.7", i >> 8, i & 255);
		from(client);
		see();
		sighting.time++;
		from("172.16.1.1");
		see();
	}
	see_many(14, 30);
	cr_expect_eq(news, 1);
}

Test(watch, listeners_are_watched_apart_and_an_address_counts_once)
{
	struct watch_suspect *list;

	see_many(14, 15);
	sighting.listener = "other";
	see_many(14, 15);
	cr_expect_eq(news, 0);
	see_many(14, 30);
	sighting.listener = "server";
	see_many(14, 30);
	cr_expect_eq(news, 2);
	cr_expect_eq(suspects(), 1);
	cr_assert_eq(watch_list(watch, sighting.time, &list), 2);
	cr_expect_str_eq(list[0].listener, "other");
	cr_expect_str_eq(list[1].listener, "server");
	cr_expect(address_equal(&list[1].client, &sighting.client));
	free(list);
}

Test(watch, more_listeners_than_are_told_apart_are_one)
{
	for (unsigned i = 0; i < 100; i++) {
		char listener[100];

		snprintf(listener, sizeof listener, "listener-%u", i);
		sighting.listener = listener;
		see_many(14, i < 90 ? 1 : 30);
	}
	cr_expect_eq(news, 1);
	cr_expect_str_eq(suspect.listener, "");
}

Test(watch, a_log_that_is_read_after_a_later_one_begins_anew)
{
	see_many(14, 15);
	sighting.time -= 24 * HOUR;
	see_many(14, 15);
	cr_expect_eq(news, 0);
	see_many(14, 30);
	cr_expect_eq(news, 1);
}

Test(watch, a_suspect_is_described_with_its_figures)
{
	static const struct {
		struct watch_suspect suspect;
		const char *text;
	} rows[] = {
	    {{.helos = 12, .domains = 25}, "12 HELO names, 25 outside sender domains"},
	    {{.helos = 12, .domains = 25, .logins = 1, .kind = WATCH_GATEWAY},
	     "12 HELO names, 25 outside sender domains, 1 login; it is the host's default gateway"},
	    {{.helos = 12, .domains = 25, .logins = 6, .kind = WATCH_BRIDGE, .displaces = true},
	     "12 HELO names, 25 outside sender domains, 6 logins; it is the host's address on a bridge of containers; "
	     "hardly any session comes from a public address any more"},
	};
	struct watch_suspect most = {.helos = UINT32_MAX, .domains = UINT32_MAX, .logins = UINT32_MAX};
	char text[WATCH_TEXT];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		watch_describe(&rows[i].suspect, text);
		cr_expect_str_eq(text, rows[i].text, "%s", text);
	}
	most.kind = WATCH_BRIDGE;
	most.displaces = true;
	watch_describe(&most, text);
	cr_expect_lt(strlen(text), WATCH_TEXT - 1);
}

Test(watch, every_kind_has_a_name_that_is_read_again)
{
	enum watch_kind read;

	for (unsigned kind = 0; kind < WATCH_KIND_COUNT; kind++) {
		cr_expect(watch_kind_from_name(watch_kind_name((enum watch_kind)kind), &read));
		cr_expect_eq((unsigned)read, kind);
	}
	cr_expect_not(watch_kind_from_name("router", &read));
}

/* Records of sessions that show many clients: 13 HELO names, 26 domains in two spellings, 7 logins. */
static void see_records(const struct record *like)
{
	for (unsigned i = 0; i < 26; i++) {
		struct record record = *like;
		char helo[64], sender[64], user[64];

		snprintf(helo, sizeof helo, "host%u.example", i % 13);
		snprintf(sender, sizeof sender, "a%u@%s%u.example", i, i % 2 == 0 ? "Domain" : "domain", i);
		snprintf(user, sizeof user, "user%u", i % 7);
		record.helo = helo;
		record.sender = record.sender != NULL ? record.sender : sender;
		record.user = record.user != NULL ? record.user : user;
		news += watch_see_record(watch, &record, &suspect);
	}
}

Test(watch, a_record_tells_what_its_session_told)
{
	const struct record like = {
	    .kind = RECORD_MESSAGE,
	    .time = 77,
	    .message = 1,
	    .listener = "server",
	    .has_client = true,
	    .client = sighting.client,
	    .trusted = "bridge",
	    .outside = true,
	};
	struct watch_suspect *list;

	see_records(&like);
	cr_expect_eq(news, 1);
	cr_expect_eq(suspect.kind, WATCH_BRIDGE);
	see_records(&like);
	cr_assert_eq(watch_list(watch, 77, &list), 1);
	cr_expect(list->helos >= 12 && list->helos <= 14, "%u", list->helos);
	cr_expect(list->domains >= 24 && list->domains <= 29, "%u", list->domains);
	free(list);
}

Test(watch, a_record_that_does_not_tell_it_is_no_sign)
{
	const struct record like = {
	    .kind = RECORD_MESSAGE,
	    .message = 1,
	    .listener = "server",
	    .has_client = true,
	    .client = sighting.client,
	    .trusted = "address",
	    .outside = true,
	};
	struct record rows[8];

	for (size_t i = 0; i < 8; i++)
		rows[i] = like;
	rows[0].kind = RECORD_SESSION;
	rows[1].listener = NULL;
	rows[2].has_client = false;
	rows[3].local = true;
	rows[4].trusted = NULL;
	rows[5].trusted = "something new";
	rows[6].outside = false;
	rows[7].sender = "\"torn@";
	for (size_t i = 0; i < 8; i++) {
		watch_forget(watch, 0);
		see_records(&rows[i]);
		cr_expect_eq(news, 0, "row %zu", i);
	}
}

Test(watch, an_anonymous_login_is_none)
{
	struct record like = {
	    .kind = RECORD_MESSAGE,
	    .message = 1,
	    .listener = "server",
	    .has_client = true,
	    .client = sighting.client,
	    .trusted = "address",
	    .outside = true,
	    .mechanism = "anonymous",
	};

	see_records(&like);
	cr_expect_eq(news, 1);
	cr_expect_eq(suspect.logins, 0);
	watch_forget(watch, 0);
	like.mechanism = "PLAIN";
	see_records(&like);
	cr_expect_eq(news, 2);
	cr_expect_geq(suspect.logins, 5);
}
