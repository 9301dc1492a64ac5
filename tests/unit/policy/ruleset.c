#include "policy/ruleset.h"

#include <criterion/criterion.h>
#include <string.h>

#include "policy/address.h"
#include "policy/arena.h"
#include "policy/limits.h"
#include "policy/vocabulary.h"

static const char *const no_names[] = {"", "Only", "onl", "allexcept", "none", "INBOUND", "out", "require"};
#define NO_NAMES (sizeof no_names / sizeof *no_names)

Test(ruleset, every_list_mode_has_its_name_and_is_found_by_it)
{
	static const char *const names[] = {[MODE_ONLY] = "only", [MODE_ALL_EXCEPT] = "all-except"};
	enum list_mode mode;

	cr_assert_eq(sizeof names / sizeof *names, LIST_MODE_COUNT);
	for (unsigned i = 0; i < LIST_MODE_COUNT; i++) {
		cr_expect_str_eq(list_mode_name((enum list_mode)i), names[i]);
		mode = (enum list_mode)LIST_MODE_COUNT;
		cr_expect(list_mode_from_name(names[i], &mode), "%s", names[i]);
		cr_expect_eq(mode, i, "%s", names[i]);
	}
	mode = MODE_ALL_EXCEPT;
	for (size_t i = 0; i < NO_NAMES; i++)
		cr_expect_not(list_mode_from_name(no_names[i], &mode), "\"%s\"", no_names[i]);
	cr_expect_eq(mode, MODE_ALL_EXCEPT);
}

Test(ruleset, every_auth_mode_has_its_name_and_is_found_by_it)
{
	static const char *const names[] = {
	    [AUTH_OPTIONAL] = "optional",
	    [AUTH_REQUIRED] = "required",
	    [AUTH_FORBIDDEN] = "forbidden",
	};
	enum auth_mode mode;

	cr_assert_eq(sizeof names / sizeof *names, AUTH_MODE_COUNT);
	for (unsigned i = 0; i < AUTH_MODE_COUNT; i++) {
		cr_expect_str_eq(auth_mode_name((enum auth_mode)i), names[i]);
		mode = (enum auth_mode)AUTH_MODE_COUNT;
		cr_expect(auth_mode_from_name(names[i], &mode), "%s", names[i]);
		cr_expect_eq(mode, i, "%s", names[i]);
	}
	mode = AUTH_FORBIDDEN;
	for (size_t i = 0; i < NO_NAMES; i++)
		cr_expect_not(auth_mode_from_name(no_names[i], &mode), "\"%s\"", no_names[i]);
	cr_expect_eq(mode, AUTH_FORBIDDEN);
}

Test(ruleset, every_direction_has_its_name_and_is_found_by_it)
{
	static const char *const names[] = {[DIRECTION_INBOUND] = "inbound", [DIRECTION_OUTBOUND] = "outbound"};
	enum direction direction;

	cr_assert_eq(sizeof names / sizeof *names, DIRECTION_COUNT);
	for (unsigned i = 0; i < DIRECTION_COUNT; i++) {
		cr_expect_str_eq(direction_name((enum direction)i), names[i]);
		direction = (enum direction)DIRECTION_COUNT;
		cr_expect(direction_from_name(names[i], &direction), "%s", names[i]);
		cr_expect_eq(direction, i, "%s", names[i]);
	}
	direction = DIRECTION_OUTBOUND;
	for (size_t i = 0; i < NO_NAMES; i++)
		cr_expect_not(direction_from_name(no_names[i], &direction), "\"%s\"", no_names[i]);
	cr_expect_eq(direction, DIRECTION_OUTBOUND);
}

/* A rule set with the listener of each test, and a set of networks with 192.0.2.0/24 in it. */
static struct ruleset *ruleset;
static struct listener listeners[3];
static struct optional_set net;

static void start(void)
{
	struct vocabulary_builder *builder = vocabulary_builder_new();
	struct network network;
	char repair[LIMIT_NETWORK_TEXT];

	cr_assert_eq(network_read("192.0.2.0/24", &network, repair), NETWORK_SOUND);
	net = (struct optional_set){true, vocabulary_set(builder, VALUE_NETWORK)};
	cr_assert(vocabulary_add_network(builder, net.set, &network));
	ruleset = ruleset_new();
	cr_assert_not_null(ruleset);
	ruleset->vocabulary = vocabulary_build(builder);
	ruleset->listeners = listeners;
	listeners[0].name = "first";
	listeners[1].name = "second";
	listeners[2].name = "third";
}

static void end(void)
{
	ruleset_free(ruleset);
}

TestSuite(ruleset_listener, .init = start, .fini = end);

static const char *daemons[] = {"smtp", "submission"};
static const unsigned ports[] = {25, 587};

Test(ruleset_listener, all_that_a_match_gives_must_hold)
{
	enum {
		NONE,
		DAEMON = 1,
		PORT = 2,
		ADDRESS = 4,
		LOCAL = 8
	};
	static const struct {
		unsigned given; /* of the match */
		bool local;
		const char *daemon;
		unsigned port;
		const char *address;
		bool takes;
	} rows[] = {
	    {NONE, false, NULL, 0, NULL, true},
	    {NONE, false, "any", 99, "198.51.100.1", true},
	    {NONE, true, NULL, 0, NULL, false}, /* no "local" means false */
	    {LOCAL, true, NULL, 0, NULL, true},
	    {LOCAL, false, NULL, 0, NULL, false},
	    {LOCAL, false, "smtp", 25, "192.0.2.1", false},
	    {DAEMON, false, "smtp", 0, NULL, true},
	    {DAEMON, false, "submission", 0, NULL, true},
	    {DAEMON, false, "SMTP", 0, NULL, false},
	    {DAEMON, false, "smt", 0, NULL, false},
	    {DAEMON, false, NULL, 0, NULL, false},
	    {DAEMON, true, "smtp", 0, NULL, false},
	    {DAEMON | LOCAL, true, "smtp", 0, NULL, true},
	    {DAEMON | LOCAL, true, "other", 0, NULL, false},
	    {PORT, false, NULL, 25, NULL, true},
	    {PORT, false, NULL, 587, NULL, true},
	    {PORT, false, NULL, 26, NULL, false},
	    {PORT, false, NULL, 0, NULL, false},
	    {ADDRESS, false, NULL, 0, "192.0.2.1", true},
	    {ADDRESS, false, NULL, 0, "198.51.100.1", false},
	    {ADDRESS, false, NULL, 0, "2001:db8::1", false},
	    {ADDRESS, false, NULL, 0, NULL, false},
	    {DAEMON | PORT | ADDRESS, false, "smtp", 587, "192.0.2.255", true},
	    {DAEMON | PORT | ADDRESS, false, "smtpd", 587, "192.0.2.255", false},
	    {DAEMON | PORT | ADDRESS, false, "smtp", 465, "192.0.2.255", false},
	    {DAEMON | PORT | ADDRESS, false, "smtp", 587, "192.0.3.0", false},
	};

	ruleset->listener_count = 1;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct address address = {0};
		struct listener_facts facts = {.local = rows[i].local, .daemon = rows[i].daemon, .port = rows[i].port};
		struct listener_match match = {
		    .local = (rows[i].given & LOCAL) != 0,
		    .any_daemon = (rows[i].given & DAEMON) == 0,
		    .any_port = (rows[i].given & PORT) == 0,
		};

		if (rows[i].given & DAEMON) {
			match.daemons = daemons;
			match.daemon_count = 2;
		}
		if (rows[i].given & PORT) {
			match.ports = ports;
			match.port_count = 2;
		}
		if (rows[i].given & ADDRESS)
			match.addresses = net;
		if (rows[i].address != NULL) {
			cr_assert(address_from_text(rows[i].address, &address));
			facts.address = &address;
		}
		listeners[0].match = match;
		cr_expect_eq(ruleset_listener(ruleset, &facts), rows[i].takes ? &listeners[0] : NULL, "row %zu", i);
	}
}

Test(ruleset_listener, one_whose_match_names_no_daemon_or_no_port_takes_nothing)
{
	const struct listener_facts facts = {.daemon = "smtp", .port = 25};

	ruleset->listener_count = 1;
	listeners[0].match = (struct listener_match){.any_daemon = true, .any_port = true};
	cr_expect_eq(ruleset_listener(ruleset, &facts), &listeners[0]);
	listeners[0].match = (struct listener_match){.any_daemon = true};
	cr_expect_null(ruleset_listener(ruleset, &facts));
	listeners[0].match = (struct listener_match){.any_port = true};
	cr_expect_null(ruleset_listener(ruleset, &facts));
}

Test(ruleset_listener, one_without_match_takes_everything)
{
	const struct listener_facts rows[] = {{0}, {.local = true}, {.daemon = "any", .port = 25}};

	ruleset->listener_count = 1;
	listeners[0].match = (struct listener_match){.everything = true};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(ruleset_listener(ruleset, &rows[i]), &listeners[0], "row %zu", i);
}

Test(ruleset_listener, the_first_that_matches_is_taken)
{
	struct listener_facts facts = {.port = 587};

	ruleset->listener_count = 3;
	listeners[0].match = (struct listener_match){.any_daemon = true, .ports = ports, .port_count = 1};
	listeners[1].match = (struct listener_match){.any_daemon = true, .ports = ports, .port_count = 2};
	listeners[2].match = (struct listener_match){.everything = true};
	cr_expect_eq(ruleset_listener(ruleset, &facts), &listeners[1]);
	facts.port = 25;
	cr_expect_eq(ruleset_listener(ruleset, &facts), &listeners[0]);
	facts.port = 465;
	cr_expect_eq(ruleset_listener(ruleset, &facts), &listeners[2]);
	ruleset->listener_count = 2;
	cr_expect_null(ruleset_listener(ruleset, &facts));
	ruleset->listener_count = 0;
	cr_expect_null(ruleset_listener(ruleset, &facts));
}

Test(ruleset_listener, one_that_is_named_is_taken_whatever_it_matches)
{
	struct listener_facts facts = {.name = "second", .port = 25};

	ruleset->listener_count = 2;
	listeners[0].match = (struct listener_match){.everything = true};
	listeners[1].match = (struct listener_match){.local = true};
	cr_expect_eq(ruleset_listener(ruleset, &facts), &listeners[1]);
	facts.name = "Second";
	cr_expect_null(ruleset_listener(ruleset, &facts), "and none where none is named so");
}

Test(ruleset, an_empty_one_is_freed_and_so_is_none)
{
	struct ruleset *empty = ruleset_new();

	cr_assert_not_null(empty);
	cr_expect_not_null(arena_take(empty->arena, 1, 1));
	cr_expect_not(empty->local_domains.given);
	ruleset_free(empty);
	ruleset_free(NULL);
}
