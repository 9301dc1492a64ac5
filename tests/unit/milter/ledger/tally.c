#include "milter/ledger/tally.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/ledger/newcomers.h"
#include "milter/ledger/record.h"

#define HOUR 3600000u

static const struct period all = {0};
static struct tally *tally;

static void begin(void)
{
	tally = tally_new(&all);
	cr_assert_not_null(tally);
}

static void end(void)
{
	tally_free(tally);
}

TestSuite(tally, .init = begin, .fini = end);

static const struct record_step mixed[] = {
    {.stage = STAGE_RCPT, .verdict = VERDICT_ACCEPT, .recipient = "info@ours.example"},
    {.stage = STAGE_RCPT, .verdict = VERDICT_ACCEPT, .recipient = "a@example.com", .relay = true},
    {.stage = STAGE_RCPT,
     .verdict = VERDICT_REJECT,
     .recipient = "b@example.com",
     .relay = true,
     .rule = "relay",
     .by = "g.conf:28"},
    {.stage = STAGE_RCPT, .verdict = VERDICT_TEMPFAIL, .recipient = "c@example.com", .cause = "name unknown"},
};

static struct record message(enum record_end end)
{
	struct record record = {
	    .kind = RECORD_MESSAGE,
	    .end = end,
	    .time = 1000 * HOUR,
	    .listener = "front",
	    .direction = DIRECTION_INBOUND,
	    .has_client = true,
	    .client = address_loopback(ADDRESS_IPV4),
	    .sender = "x@example.org",
	    .size_declared = true,
	    .size = 1000,
	    .steps = mixed,
	    .step_count = 4,
	};

	return record;
}

static void add(struct record record)
{
	cr_assert(tally_add(tally, &record));
}

Test(tally, an_accepted_message_brings_its_recipients_and_bytes)
{
	const struct volume *inbound = &tally->sides[TALLY_INBOUND];
	struct record record = message(RECORD_ACCEPTED);

	add(record);
	record.size_declared = false;
	add(record);
	cr_expect_eq(inbound->messages[RECORD_ACCEPTED], 2);
	cr_expect_eq(inbound->carried, 4);
	cr_expect_eq(inbound->relayed, 2);
	cr_expect_eq(inbound->bytes, 1000);
	cr_expect_eq(inbound->undeclared, 1);
	cr_expect_eq(inbound->recipients[VERDICT_ACCEPT], 4);
	cr_expect_eq(inbound->recipients[VERDICT_REJECT], 2);
	cr_expect_eq(inbound->recipients[VERDICT_TEMPFAIL], 2);
	cr_expect_eq(volume_refused(inbound), 0);
	cr_expect_eq(volume_records(inbound), 2);
}

Test(tally, what_was_refused_or_abandoned_carries_nothing)
{
	const struct volume *inbound = &tally->sides[TALLY_INBOUND];

	add(message(RECORD_REFUSED));
	add(message(RECORD_ABANDONED));
	add((struct record){.kind = RECORD_SESSION, .end = RECORD_REFUSED, .listener = "front"});
	cr_expect_eq(inbound->messages[RECORD_ACCEPTED], 0);
	cr_expect_eq(inbound->messages[RECORD_REFUSED], 1);
	cr_expect_eq(inbound->messages[RECORD_ABANDONED], 1);
	cr_expect_eq(inbound->sessions, 1);
	cr_expect_eq(inbound->carried, 0);
	cr_expect_eq(inbound->bytes, 0);
	cr_expect_eq(inbound->undeclared, 0);
	cr_expect_eq(inbound->recipients[VERDICT_ACCEPT], 4);
	cr_expect_eq(volume_refused(inbound), 2);
	cr_expect_eq(volume_records(inbound), 3);
}

Test(tally, sizes_that_are_lies_do_not_wrap)
{
	struct record record = message(RECORD_ACCEPTED);

	record.size = INT64_MAX;
	for (unsigned i = 0; i < 5; i++)
		add(record);
	cr_expect_eq(tally->sides[TALLY_INBOUND].bytes, INT64_MAX);
}

Test(tally, sides_are_told_apart_and_listeners_by_name_and_side)
{
	struct record record = message(RECORD_ACCEPTED);

	add(record);
	record.direction = DIRECTION_OUTBOUND;
	add(record);
	record.listener = "back";
	add(record);
	record.listener = NULL;
	add(record);
	add(record);
	cr_expect_eq(tally->sides[TALLY_INBOUND].carried, 2);
	cr_expect_eq(tally->sides[TALLY_OUTBOUND].carried, 4);
	cr_expect_eq(tally->sides[TALLY_NEITHER].carried, 4);
	cr_assert_eq(tally->listener_count, 4);
	cr_expect_str_eq(tally->listeners[1].name, "front");
	cr_expect_eq(tally->listeners[1].side, TALLY_OUTBOUND);
	cr_expect_str_eq(tally->listeners[3].name, "");
	cr_expect_eq(tally->listeners[3].volume.carried, 4);
	cr_expect_eq(timeline_slot(tally->timeline, 0)->lanes[3].carried, 4);
}

Test(tally, listeners_that_there_is_no_room_for_are_the_others)
{
	char names[100][8];

	for (unsigned i = 0; i < 100; i++) {
		struct record record = message(RECORD_ACCEPTED);

		snprintf(names[i], sizeof names[i], "l%u", i);
		record.listener = names[i];
		add(record);
		add(record);
	}
	cr_assert_eq(tally->listener_count, TIMELINE_LANES - 2);
	cr_expect_not(tally->listeners[TIMELINE_LANES - 4].others);
	cr_expect(tally->listeners[TIMELINE_LANES - 3].others);
	cr_expect_eq(tally->listeners[0].volume.messages[RECORD_ACCEPTED], 2);
	cr_expect_eq(tally->listeners[TIMELINE_LANES - 3].volume.messages[RECORD_ACCEPTED],
	             2 * (100 - (TIMELINE_LANES - 3)));
	for (unsigned i = 0; i < 3; i++) {
		struct record record = message(RECORD_ACCEPTED);

		record.listener = i < 2 ? names[i] : NULL;
		record.direction = DIRECTION_OUTBOUND;
		add(record);
	}
	cr_assert_eq(tally->listener_count, TIMELINE_LANES);
	cr_expect_eq(tally->listeners[TIMELINE_LANES - 2].side, TALLY_OUTBOUND);
	cr_expect_eq(tally->listeners[TIMELINE_LANES - 2].volume.messages[RECORD_ACCEPTED], 2);
	cr_expect_eq(tally->listeners[TIMELINE_LANES - 1].side, TALLY_NEITHER);
}

static void expect_top(enum tally_top top, const char *expected)
{
	const struct top_entry *entries[16];
	size_t count = top_list(tally->tops[top], 16, entries);
	char text[1024] = "";

	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(text);

		snprintf(text + length, sizeof text - length, "%s:%llu(%llu,%llu,%llu,%llu) ", entries[i]->text,
		         (unsigned long long)entries[i]->count, (unsigned long long)entries[i]->extras[0],
		         (unsigned long long)entries[i]->extras[1], (unsigned long long)entries[i]->extras[2],
		         (unsigned long long)entries[i]->extras[3]);
	}
	cr_expect_str_eq(text, expected, "\"%s\", not \"%s\"", text, expected);
}

Test(tally, clients_logins_and_refused_senders)
{
	struct record record = message(RECORD_ACCEPTED);

	add(record);
	record.end = RECORD_REFUSED;
	record.user = "alice";
	add(record);
	record.end = RECORD_ABANDONED;
	add(record);
	record.end = RECORD_REFUSED;
	record.sender = "";
	record.user = NULL;
	record.client = address_loopback(ADDRESS_IPV6);
	add(record);
	record = (struct record){.kind = RECORD_SESSION, .has_client = true, .client = record.client};
	add(record);
	expect_top(TALLY_CLIENTS, "127.0.0.1:3(1,1,2,1000) ::1:2(0,2,0,0) ");
	expect_top(TALLY_LOGINS, "alice:2(0,1,0,0) ");
	expect_top(TALLY_SENDERS, "<>:1(0,0,0,0) x@example.org:1(0,0,0,0) ");
}

Test(tally, reasons_are_told_apart_by_stage_verdict_place_rule_and_cause)
{
	struct record record = message(RECORD_ACCEPTED);
	const struct top_entry *entries[4];
	struct tally_reason reason;

	add(record);
	record.direction = DIRECTION_OUTBOUND;
	record.step_count = 3;
	add(record);
	cr_assert_eq(top_list(tally->tops[TALLY_REASONS], 4, entries), 2);
	cr_expect_eq(entries[0]->count, 2);
	cr_expect_eq(entries[0]->extras[TALLY_INBOUND], 1);
	cr_expect_eq(entries[0]->extras[TALLY_OUTBOUND], 1);
	tally_read_reason(entries[0], &reason);
	cr_expect_str_eq(reason.stage, "rcpt");
	cr_expect_str_eq(reason.verdict, "reject");
	cr_expect_str_eq(reason.by, "g.conf:28");
	cr_expect_str_eq(reason.rule, "relay");
	cr_expect_str_eq(reason.cause, "");
	tally_read_reason(entries[1], &reason);
	cr_expect_str_eq(reason.verdict, "tempfail");
	cr_expect_str_eq(reason.by, "");
	cr_expect_str_eq(reason.cause, "name unknown");
}

Test(tally, outside_the_period_only_who_relayed_is_looked_at)
{
	const struct period period = {
	    .has_since = true, .since = 1000 * (uint64_t)HOUR, .has_until = true, .until = 1024 * (uint64_t)HOUR};
	struct record record = message(RECORD_ACCEPTED);
	const struct newcomer **list;
	size_t count;

	tally_free(tally);
	tally = tally_new(&period);
	record.time = period.since;
	record.user = "alice";
	add(record);
	cr_expect_not(tally_has_history(tally));
	record.time = period.since - 1;
	record.user = "bob";
	add(record);
	cr_expect(tally_has_history(tally));
	record.time = period.until - 1;
	add(record);
	record.time = period.until;
	add(record);
	cr_expect_eq(tally->inside, 2);
	cr_expect_eq(tally->outside, 2);
	cr_expect_eq(tally->first, period.since);
	cr_expect_eq(tally->last, period.until - 1);
	cr_expect_eq(tally->sides[TALLY_INBOUND].messages[RECORD_ACCEPTED], 2);
	list = newcomers_list(tally->newcomers, period.since, period.until, &count);
	cr_assert_eq(count, 1);
	cr_expect_str_eq(list[0]->name, "alice");
	free(list);
}

/* The unit of a timeline of records at both ends of so many hours. */
static enum calendar_unit unit_of(unsigned hours)
{
	struct tally *spanned = tally_new(&all);
	struct record record = message(RECORD_ACCEPTED);
	enum calendar_unit unit;

	cr_assert(tally_add(spanned, &record));
	record.time += (uint64_t)hours * HOUR - 1;
	cr_assert(tally_add(spanned, &record));
	tally_close(spanned);
	unit = timeline_unit(spanned->timeline);
	tally_free(spanned);
	return unit;
}

Test(tally, the_timeline_has_few_slots)
{
	cr_expect_eq(unit_of(1), CALENDAR_HOUR);
	cr_expect_eq(unit_of(48), CALENDAR_HOUR);
	cr_expect_eq(unit_of(49), CALENDAR_DAY);
	cr_expect_eq(unit_of(24 * 60), CALENDAR_DAY);
	cr_expect_eq(unit_of(24 * 63), CALENDAR_MONTH);
	cr_expect_eq(unit_of(24 * 365 * 6), CALENDAR_YEAR);
	tally_close(tally);
}
