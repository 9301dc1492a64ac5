/* No memory: what the ledger has of a session while each allocation in turn fails. */
#include "../../rules/scarcity.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../fake_mta.h"
#include "../fixture.h"
#include "milter/adapter.h"
#include "milter/ledger/counters.h"
#include "milter/ledger/decision_log.h"
#include "milter/ledger/ledger.h"
#include "milter/ledger/record.h"
#include "milter/snapshot.h"
#include "policy/arena.h"
#include "rules/fault.h"

/* Long enough for any machine, and only ever waited for where a test fails. */
#define LONG 20000

/* Messages of the session. */
#define MESSAGES 2

static const char text[] = "local_domains = [ \"ours.example\" ];\n"
                           "listeners = ( { name = \"gate\"; direction = \"inbound\"; } );\n";

static char path[] = "/tmp/sallyport-scarcity-XXXXXX";
static struct fake_mta fake;
static struct snapshots *snapshots;

static void begin(void)
{
	close(mkstemp(path));
	fake_mta_init(&fake);
	fixture_log_begin();
	fake_mta_macro(&fake, "{daemon_name}", "inbound");
	fake_mta_macro(&fake, "{daemon_port}", "25");
	fake_mta_macro(&fake, "{daemon_addr}", "192.0.2.25");
	fake_mta_macro(&fake, "{client_resolve}", "FAIL");
	snapshots = snapshots_new(fixture_rules(text), true);
}

static void end(void)
{
	snapshots_free(snapshots);
	unlink(path);
}

TestSuite(ledger_scarcity, .init = begin, .fini = end);

/* Plays a session of MESSAGES messages; returns false where there was no adapter for it. */
static bool play(const struct ledger *ledger)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xcb00710a)};
	struct adapter *adapter = adapter_new(snapshots, ledger, &fake.mta, true);
	char *mail[] = {(char *)"<someone@example.org>", (char *)"SIZE=1234", NULL};
	char *rcpt[] = {(char *)"<info@ours.example>", NULL};

	if (adapter == NULL)
		return false;
	adapter_connect(adapter, "unknown", (struct sockaddr *)&peer);
	adapter_helo(adapter, "client.example");
	for (unsigned i = 0; i < MESSAGES; i++) {
		adapter_mail(adapter, mail);
		adapter_rcpt(adapter, rcpt);
		adapter_message_end(adapter);
		adapter_abort(adapter);
	}
	adapter_free(adapter);
	return true;
}

/* The lines of the log, each of which must be whole and true; empties it. */
static unsigned read_lines(void)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	unsigned lines = 0;

	while ((length = getline(&line, &size, file)) > 0) {
		struct arena *arena = arena_new();
		struct record record;
		struct fault fault;

		cr_assert(record_read(line, (size_t)length, arena, &record, &fault), "%s: %s", fault.text, line);
		cr_assert(record.daemon != NULL && record.client_name != NULL && record.helo != NULL, "%s", line);
		if (record.sender != NULL)
			cr_assert_str_eq(record.sender, "someone@example.org");
		else
			cr_assert_eq(record.verdict, VERDICT_TEMPFAIL, "%s", line);
		cr_assert(record.size == 1234 && record.digest != NULL, "%s", line);
		arena_free(arena);
		lines++;
	}
	free(line);
	fclose(file);
	cr_assert_eq(truncate(path, 0), 0);
	return lines;
}

/* The sum of all series that begin so. */
static unsigned long counted(struct counters *counters, const char *series)
{
	size_t length;
	char *all = counters_write(counters, &(struct counters_elsewhere){0}, COUNTERS_PROMETHEUS, &length);
	unsigned long sum = 0;

	for (const char *found = strstr(all, series); found != NULL; found = strstr(found + 1, series))
		sum += strtoul(strpbrk(found + 1, " ") + 1, NULL, 10);
	free(all);
	return sum;
}

/* Each message is there or lost; or the whole session is, which counts as one. */
static void expect_all(unsigned long there, unsigned long lost, size_t fails)
{
	cr_assert(there + lost >= MESSAGES || (there == 0 && lost == 1), "%zu: %lu are there, %lu are lost", fails,
	          there, lost);
	cr_assert_leq(there + lost, MESSAGES + (lost > 0), "%zu: %lu are there, %lu are lost", fails, there, lost);
}

Test(ledger_scarcity, each_message_is_a_whole_line_or_is_counted_as_lost)
{
	unsigned long lost = 0, lost_by_counters = 0;
	unsigned tried = 0;
	bool failed = true;

	for (size_t fails = 0; failed; fails++) {
		struct fault fault;
		struct ledger ledger = {.decisions = decision_log_open(path, NULL, &fault), .counters = counters_new()};
		unsigned long here, here_by_counters;
		bool played;

		cr_assert(ledger.decisions != NULL && ledger.counters != NULL);
		scarcity_begin(fails, false);
		played = play(&ledger);
		failed = scarcity_over();
		scarcity_end();
		cr_assert(decision_log_start(ledger.decisions));
		decision_log_finish(ledger.decisions, LONG);
		here = decision_log_lost(ledger.decisions);
		here_by_counters = counted(ledger.counters, "\nsallyport_records_lost_total ");
		if (played) {
			expect_all(read_lines(), here, fails);
			expect_all(counted(ledger.counters, "\nsallyport_messages_total{"), here_by_counters, fails);
		}
		lost += here;
		lost_by_counters += here_by_counters;
		tried++;
		counters_free(ledger.counters);
	}
	cr_assert_gt(tried, 20);
	cr_assert_gt(lost, 10);
	cr_assert_gt(lost_by_counters, lost, "what only they lack memory for is theirs alone");
}
