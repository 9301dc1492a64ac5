#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/ledger/counters.h"
#include "milter/ledger/record.h"
#include "policy/limits.h"

static struct counters *counters;

static void begin(void)
{
	counters = counters_new();
	cr_assert_not_null(counters);
}

static void end(void)
{
	counters_free(counters);
}

TestSuite(counters, .init = begin, .fini = end);

static char *text(void)
{
	size_t length = 0;
	const struct counters_elsewhere elsewhere = {.lost = 3, .nat_suspects = 2};
	char *all = counters_write(counters, &elsewhere, COUNTERS_PROMETHEUS, &length);

	cr_assert_not_null(all);
	cr_assert_eq(strlen(all), length);
	return all;
}

/* Whether the line is there. */
static void expect(const char *line)
{
	char *all = text();
	char wanted[512];

	snprintf(wanted, sizeof wanted, "\n%s\n", line);
	cr_assert_not_null(strstr(all, wanted), "%s is not in:\n%s", line, all);
	free(all);
}

static void count(const char *rule)
{
	const struct record_step step = {.stage = STAGE_MAIL, .verdict = VERDICT_REJECT, .rule = rule};
	const struct record record = {
	    .listener = "gate", .steps = &step, .step_count = 1, .end = RECORD_REFUSED, .microseconds = 12};

	counters_record(counters, &record);
}

Test(counters, what_others_count_is_told_too)
{
	expect("sallyport_decision_log_lost_total 3");
	expect("sallyport_nat_suspects 2");
}

Test(counters, quotes_backslashes_and_line_ends_of_a_rule_s_name_are_escaped)
{
	count("a \"b\" \\ c\nd");
	expect("sallyport_decisions_total{listener=\"gate\",direction=\"inbound\",stage=\"mail\",verdict=\"reject\","
	       "rule=\"a \\\"b\\\" \\\\ c\\nd\"} 1");
}

Test(counters, labels_that_are_too_long_are_cut_and_still_end)
{
	char rule[2000];
	char *all;

	memset(rule, '"', sizeof rule - 1);
	rule[sizeof rule - 1] = '\0';
	count(rule);
	all = text();
	for (const char *line = strstr(all, "rule=\""); line != NULL; line = NULL) {
		size_t length = strcspn(line, "\n");

		cr_assert_lt(length, 600);
		cr_assert_eq(strncmp(line + length - 4, "\"} 1", 4), 0, "%s", line);
	}
	cr_assert_not_null(strstr(all, "rule=\"\\\""));
	free(all);
}

Test(counters, beyond_the_limit_rules_are_counted_as_others)
{
	char rule[32];

	for (unsigned i = 0; i < LIMIT_SERIES + 100; i++) {
		snprintf(rule, sizeof rule, "rule %u", i);
		count(i == 5 ? "other" : rule);
	}
	count("rule 7");
	expect("sallyport_decisions_total{listener=\"gate\",direction=\"inbound\",stage=\"mail\",verdict=\"reject\","
	       "rule=\"rule 7\"} 2");
	expect("sallyport_decisions_total{listener=\"gate\",direction=\"inbound\",stage=\"mail\",verdict=\"reject\","
	       "rule=\"other\"} 104");
}

Test(counters, times_fall_into_buckets_that_hold_the_smaller_ones_too)
{
	count("a");
	expect("sallyport_decision_seconds_bucket{le=\"1e-05\"} 0");
	expect("sallyport_decision_seconds_bucket{le=\"2e-05\"} 1");
	expect("sallyport_decision_seconds_bucket{le=\"+Inf\"} 1");
	expect("sallyport_decision_seconds_sum 0.000012");
	expect("sallyport_decision_seconds_count 1");
}

Test(counters, reloads_are_there_before_the_first)
{
	expect("sallyport_reloads_total{outcome=\"success\"} 0");
	expect("sallyport_reloads_total{outcome=\"failure\"} 0");
}

Test(counters, what_no_record_tells)
{
	counters_session(counters, NULL, DIRECTION_INBOUND);
	counters_session(counters, "gate", DIRECTION_OUTBOUND);
	counters_session_end(counters);
	counters_reload(counters, false);
	counters_rules(counters, 7);
	expect("sallyport_sessions_total{listener=\"\",direction=\"\"} 1");
	expect("sallyport_sessions_total{listener=\"gate\",direction=\"outbound\"} 1");
	expect("sallyport_sessions_open 1");
	expect("sallyport_reloads_total{outcome=\"failure\"} 1");
	expect("sallyport_rules_generation 7");
	expect("sallyport_decision_log_lost_total 3");
}
