#include "milter/ledger/shadow.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fixture.h"
#include "milter/ledger/counters.h"
#include "milter/ledger/note.h"
#include "milter/ledger/record.h"
#include "milter/snapshot.h"
#include "policy/arena.h"
#include "policy/decide.h"
#include "policy/limits.h"
#include "rules/load.h"

/* Long enough for any machine, and only ever waited for where a test fails. */
#define LONG 20000

static const char open[] = "listeners = ( { name = \"all\"; direction = \"inbound\"; relay = { mode = \"all-except\"; "
                           "clients = []; }; } );";
static const char closed[] = "listeners = ( { name = \"all\"; direction = \"inbound\"; } );";

static struct counters *counters;
static struct snapshots *snapshots;
static const struct snapshot *snapshot;
static struct shadow *shadow;

static void begin(void)
{
	struct rules *rules = fixture_rules(open);

	fixture_log_begin();
	rules->shadow = fixture_rules(closed);
	counters = counters_new();
	snapshots = snapshots_new(rules, false);
	snapshot = snapshot_acquire(snapshots);
}

/* The shadow's thread goes on: what it uses stays. */
static void end(void)
{
	snapshot_release(snapshot);
	snapshots_free(snapshots);
}

TestSuite(shadow, .init = begin, .fini = end);

/* A message to so many relay recipients, all of them accepted. */
static void put(unsigned recipients, const char *cause)
{
	struct arena *arena = arena_new();
	struct record *record = arena_take(arena, 1, sizeof *record);
	struct record_step *steps = arena_take(arena, 1 + recipients, sizeof *steps);
	struct note *note;

	steps[0] = (struct record_step){.stage = STAGE_MAIL, .cause = cause};
	for (unsigned i = 1; i <= recipients; i++)
		steps[i] = (struct record_step){.stage = STAGE_RCPT, .recipient = "test@example.com", .relay = true};
	*record = (struct record){
	    .session = "s-1",
	    .message = 1,
	    .listener = "all",
	    .port = 25,
	    .has_client = true,
	    .client = address_loopback(ADDRESS_IPV4),
	    .sender = "someone@example.org",
	    .steps = steps,
	    .step_count = 1 + recipients,
	};
	note = note_new(arena, record);
	cr_assert_not_null(note);
	shadow_put(shadow, note, snapshot);
	note_release(note);
}

/* Whether the counters have the line. */
static void expect(const char *line)
{
	size_t length;
	char *all = counters_write(counters, &(struct counters_elsewhere){0}, COUNTERS_PROMETHEUS, &length);
	char wanted[512];

	snprintf(wanted, sizeof wanted, "\n%s\n", line);
	cr_assert_not_null(strstr(all, wanted), "%s is not in:\n%s", line, all);
	free(all);
}

static void await_log(const char *words)
{
	for (unsigned waited = 0; fixture_log_has(words) == 0; waited++) {
		cr_assert_lt(waited, LONG, "not said: %s", words);
		poll(NULL, 0, 1);
	}
}

/* The value of a series, written with its labels and a blank. */
static unsigned long counted(const char *series)
{
	size_t length;
	char *all = counters_write(counters, &(struct counters_elsewhere){0}, COUNTERS_PROMETHEUS, &length);
	const char *found = strstr(all, series);
	unsigned long value = found != NULL ? strtoul(found + strlen(series), NULL, 10) : 0;

	free(all);
	return value;
}

Test(shadow, records_that_find_no_room_are_counted_and_told_once)
{
	const unsigned count = LIMIT_WAITING_RECORDS + 10;
	unsigned long lost;
	char words[80];

	shadow = shadow_new(counters, SHADOW_MINUTE);
	for (unsigned i = 0; i < count; i++)
		put(0, NULL);
	cr_assert_eq(fixture_log_has("the shadow does not keep up"), 1);
	cr_assert(shadow_start(shadow) && shadow_start(shadow), "a second time does nothing");
	shadow_finish(shadow, LONG);
	lost = counted("sallyport_shadow_not_judged_total{reason=\"overflow\"} ");
	cr_assert_geq(lost, 10);
	snprintf(words, sizeof words, "the shadow has caught up, and judges again lost=%lu", lost);
	await_log(words);
	cr_assert_eq(counted("sallyport_shadow_judged_total{outcome=\"same\"} "), count - lost);
}

Test(shadow, each_recipient_that_it_would_refuse_is_a_difference)
{
	shadow = shadow_new(counters, SHADOW_MINUTE);
	cr_assert(shadow_start(shadow));
	put(2, NULL);
	put(0, NULL);
	shadow_finish(shadow, LONG);
	cr_assert_eq(fixture_log_has("shadow differs session=s-1 message=1 listener=all stage=rcpt client=127.0.0.1 "
	                             "sender=someone@example.org recipient=test@example.com verdict=accept "
	                             "shadow_verdict=reject shadow_rule=\"relay\""),
	             2);
	expect("sallyport_shadow_judged_total{outcome=\"different\"} 1");
	expect("sallyport_shadow_judged_total{outcome=\"same\"} 1");
	expect("sallyport_shadow_differences_total{listener=\"all\",direction=\"inbound\",stage=\"rcpt\","
	       "verdict=\"accept\",shadow_verdict=\"reject\",shadow_rule=\"relay\"} 2");
}

Test(shadow, what_no_rule_decided_is_not_judged)
{
	shadow = shadow_new(counters, SHADOW_MINUTE);
	cr_assert(shadow_start(shadow));
	put(1, cause_name(CAUSE_NO_CLIENT));
	shadow_finish(shadow, LONG);
	cr_assert_eq(fixture_log_has("shadow differs"), 0);
	expect("sallyport_shadow_not_judged_total{reason=\"no_rules\"} 1");
}

Test(shadow, when_the_minute_is_over_what_was_only_counted_is_told_though_nothing_more_comes)
{
	shadow = shadow_new(NULL, 200);
	cr_assert(shadow_start(shadow));
	put(LIMIT_SHADOW_LINES + 7, NULL);
	await_log("shadow differs so many times more within a minute more=7");
	cr_assert_eq(fixture_log_has("shadow differs session="), LIMIT_SHADOW_LINES);
	put(1, NULL);
	shadow_finish(shadow, LONG);
	cr_assert_eq(fixture_log_has("shadow differs session="), LIMIT_SHADOW_LINES + 1, "a new minute");
}

Test(shadow, what_waits_holds_its_rules_and_the_end_waits_for_nobody_for_ever)
{
	shadow = shadow_new(counters, SHADOW_MINUTE);
	put(1, NULL);
	snapshot_release(snapshot);
	snapshots_replace(snapshots, fixture_rules(open));
	shadow_finish(shadow, 50);
	await_log("the daemon ends with records that its shadow did not judge waiting=1");
	cr_assert(shadow_start(shadow));
	shadow_finish(shadow, LONG);
	cr_assert_eq(fixture_log_has("shadow differs session=s-1"), 1);
	snapshot = NULL;
}

Test(shadow, a_file_that_cannot_be_loaded_is_none)
{
	struct rules *rules = fixture_rules(closed);

	shadow_load(rules);
	cr_assert_null(rules->shadow);
	cr_assert_not(shadow_is_missing(rules));
	cr_assert_str_eq(shadow_status(rules), "", "none was asked for");
	rules->settings.shadow = strdup("/nowhere/shadow.conf");
	shadow_load(rules);
	cr_assert_null(rules->shadow);
	cr_assert(shadow_is_missing(rules));
	cr_assert_str_eq(shadow_status(rules), "; its shadow could not be loaded");
	await_log("/nowhere/shadow.conf: error:");
	await_log("the shadow was not loaded");
	rules_free(rules);
}
