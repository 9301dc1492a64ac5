#include "milter/ledger/newcomers.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/ledger/record.h"

static struct newcomers *newcomers;

static void begin(void)
{
	newcomers = newcomers_new(4);
}

static void end(void)
{
	newcomers_free(newcomers);
}

TestSuite(newcomers, .init = begin, .fini = end);

/* A message from 192.0.2.LAST with a recipient of each kind. */
static void add(uint64_t time, unsigned last, const char *user, bool relay, enum verdict verdict, bool counts)
{
	const struct record_step steps[] = {
	    {.stage = STAGE_MAIL, .verdict = VERDICT_ACCEPT, .relay = true},
	    {.stage = STAGE_RCPT, .verdict = VERDICT_ACCEPT, .recipient = "info@ours.example"},
	    {.stage = STAGE_RCPT, .verdict = verdict, .recipient = "a@example.com", .relay = relay},
	};
	struct record record = {.time = time, .has_client = true, .user = user, .steps = steps, .step_count = 3};
	char address[32];

	snprintf(address, sizeof address, "192.0.2.%u", last);
	cr_assert(address_from_text(address, &record.client));
	cr_assert(newcomers_add(newcomers, &record, counts));
}

static void expect_list(uint64_t from, uint64_t until, const char *expected)
{
	size_t count;
	const struct newcomer **list = newcomers_list(newcomers, from, until, &count);
	char text[512] = "";

	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(text);

		snprintf(text + length, sizeof text - length, "%s%s@%llu:%llu ", list[i]->login ? "login " : "",
		         list[i]->name, (unsigned long long)list[i]->first, (unsigned long long)list[i]->recipients);
	}
	cr_expect_str_eq(text, expected, "\"%s\", not \"%s\"", text, expected);
	free(list);
}

Test(newcomers, who_relayed_before_did_not_for_the_first_time)
{
	add(100, 1, NULL, true, VERDICT_ACCEPT, false);
	add(200, 1, NULL, true, VERDICT_ACCEPT, true);
	add(210, 2, NULL, true, VERDICT_ACCEPT, true);
	add(220, 2, NULL, true, VERDICT_ACCEPT, true);
	expect_list(200, 300, "192.0.2.2@210:2 ");
	expect_list(0, UINT64_MAX, "192.0.2.1@100:1 192.0.2.2@210:2 ");
}

Test(newcomers, the_order_of_the_records_does_not_matter)
{
	add(220, 2, NULL, true, VERDICT_ACCEPT, true);
	add(200, 1, NULL, true, VERDICT_ACCEPT, true);
	add(210, 2, NULL, true, VERDICT_ACCEPT, true);
	expect_list(200, 300, "192.0.2.1@200:1 192.0.2.2@210:2 ");
	add(100, 2, NULL, true, VERDICT_ACCEPT, false);
	expect_list(200, 300, "192.0.2.1@200:1 ");
}

Test(newcomers, only_accepted_relay_recipients_count)
{
	add(1, 1, NULL, false, VERDICT_ACCEPT, true);
	add(2, 2, NULL, true, VERDICT_REJECT, true);
	add(3, 3, NULL, true, VERDICT_TEMPFAIL, true);
	expect_list(0, 100, "");
}

Test(newcomers, a_login_relays_from_wherever_it_comes)
{
	add(1, 1, "alice", true, VERDICT_ACCEPT, true);
	add(2, 2, "alice", true, VERDICT_ACCEPT, true);
	add(3, 1, NULL, true, VERDICT_ACCEPT, true);
	add(4, 1, "192.0.2.1", true, VERDICT_ACCEPT, true);
	expect_list(0, 100, "login alice@1:2 192.0.2.1@3:1 login 192.0.2.1@4:1 ");
}

Test(newcomers, the_time_until_does_not_belong_to_it)
{
	add(5, 1, NULL, true, VERDICT_ACCEPT, true);
	expect_list(5, 6, "192.0.2.1@5:1 ");
	expect_list(0, 5, "");
	expect_list(6, 9, "");
}

Test(newcomers, those_there_is_no_room_for_are_counted)
{
	for (unsigned last = 1; last <= 6; last++)
		add(last, last, NULL, true, VERDICT_ACCEPT, true);
	add(7, 6, NULL, true, VERDICT_ACCEPT, true);
	cr_expect_eq(newcomers_missed(newcomers), 3);
	add(8, 1, NULL, true, VERDICT_ACCEPT, true);
	cr_expect_eq(newcomers_missed(newcomers), 3);
	expect_list(0, 100, "192.0.2.1@1:2 192.0.2.2@2:1 192.0.2.3@3:1 192.0.2.4@4:1 ");
}

Test(newcomers, a_session_without_client_and_login_is_nobodys)
{
	const struct record_step step = {.stage = STAGE_RCPT, .relay = true, .recipient = "a@b"};

	cr_assert(newcomers_add(newcomers, &(struct record){.steps = &step, .step_count = 1}, true));
	expect_list(0, 100, "");
}
