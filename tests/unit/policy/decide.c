#include "policy/decide.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/condition.h"
#include "policy/ruleset.h"

/* In these tests every value that is known is in set 0 and not in set 1. */
static const uint64_t in_set_0[] = {1};
#define IN 0
#define OUT 1

static const struct fact_class known = {.state = FACT_KNOWN, .sets = in_set_0};

static const struct reply own_reply = {550, "5.7.1", "own words"};

Test(decide, every_cause_has_words_of_its_own)
{
	for (unsigned i = 0; i < CAUSE_COUNT; i++) {
		cr_expect_gt(strlen(cause_name((enum decision_cause)i)), 3, "cause %u", i);
		for (unsigned other = 0; other < i; other++)
			cr_expect_str_neq(cause_name((enum decision_cause)i), cause_name((enum decision_cause)other));
	}
}

Test(decide, what_is_said_where_no_rule_is_asked)
{
	static const struct {
		enum decision_cause cause;
		enum stage stage;
		enum verdict verdict;
		unsigned code;
		const char *enhanced, *text, *rule;
	} rows[] = {
	    {CAUSE_SYNTAX, STAGE_RCPT, VERDICT_REJECT, 501, "5.1.3", "Bad recipient address syntax", "syntax"},
	    {CAUSE_SYNTAX, STAGE_MAIL, VERDICT_REJECT, 501, "5.1.7", "Bad sender address syntax", "syntax"},
	    {CAUSE_NAME, STAGE_CONNECT, VERDICT_TEMPFAIL, 450, "4.7.1", "Cannot look up your name, try again later",
	     NULL},
	    {CAUSE_BROKEN, STAGE_MAIL, VERDICT_TEMPFAIL, 451, "4.3.0", NULL, NULL},
	    {CAUSE_NO_LISTENER, STAGE_CONNECT, VERDICT_TEMPFAIL, 451, "4.3.5", "No policy for this listener", NULL},
	    {CAUSE_NO_CLIENT, STAGE_CONNECT, VERDICT_TEMPFAIL, 451, "4.3.0", "Client address unknown", NULL},
	    {CAUSE_NO_MACROS, STAGE_CONNECT, VERDICT_TEMPFAIL, 451, "4.3.5", NULL, NULL},
	    {CAUSE_NAT_WATCH, STAGE_RCPT, VERDICT_TEMPFAIL, 451, "4.7.1", "Relaying from {client} is put off for now",
	     "nat_watch"},
	    {CAUSE_INTERNAL, STAGE_DATA, VERDICT_TEMPFAIL, 451, "4.3.0", NULL, NULL},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct decision decision = decide_without_rules(rows[i].stage, rows[i].cause);

		cr_expect_eq(decision.stage, rows[i].stage, "%s", cause_name(rows[i].cause));
		cr_expect_eq(decision.cause, rows[i].cause, "%s", cause_name(rows[i].cause));
		cr_expect_eq(decision.verdict, rows[i].verdict, "%s", cause_name(rows[i].cause));
		cr_expect_eq(decision.reply->code, rows[i].code, "%s", cause_name(rows[i].cause));
		cr_expect_str_eq(decision.reply->enhanced, rows[i].enhanced, "%s", cause_name(rows[i].cause));
		if (rows[i].text != NULL)
			cr_expect_str_eq(decision.reply->text, rows[i].text, "%s", cause_name(rows[i].cause));
		cr_expect_null(decision.by, "%s", cause_name(rows[i].cause));
		if (rows[i].rule != NULL)
			cr_expect_str_eq(decision.rule, rows[i].rule);
		else
			cr_expect_null(decision.rule, "%s", cause_name(rows[i].cause));
	}
	for (unsigned cause = 0; cause < CAUSE_COUNT; cause++)
		for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
			cr_expect_neq(decide_without_rules((enum stage)stage, (enum decision_cause)cause).verdict,
			              VERDICT_ACCEPT, "%s", cause_name((enum decision_cause)cause));
}

/* A rule of up to two conditions and two exemptions. */
struct rule_row {
	const char *what;
	struct condition conditions[2];
	size_t count;
	struct condition unless[2];
	size_t unless_count;
	bool local_only;
	bool relay; /* what the recipient is */
	struct fact_class name, helo;
	enum truth matches;
};

/* clang-format off */
#define CLIENT(which) {CONDITION_CLIENT, {.set = which}}
#define NAME(which) {CONDITION_CLIENT_NAME, {.set = which}}
#define HELO(which) {CONDITION_HELO, {.set = which}}
/* clang-format on */

static const struct rule_row rule_rows[] = {
    {.what = "no condition", .matches = TRUTH_YES},
    {.what = "one that holds", .conditions = {CLIENT(IN)}, .count = 1, .matches = TRUTH_YES},
    {.what = "one that does not", .conditions = {CLIENT(OUT)}, .count = 1, .matches = TRUTH_NO},
    {.what = "both hold", .conditions = {CLIENT(IN), CLIENT(IN)}, .count = 2, .matches = TRUTH_YES},
    {.what = "the second does not", .conditions = {CLIENT(IN), CLIENT(OUT)}, .count = 2, .matches = TRUTH_NO},
    {.what = "the first does not", .conditions = {CLIENT(OUT), CLIENT(IN)}, .count = 2, .matches = TRUTH_NO},
    {.what = "absent fact", .conditions = {HELO(IN)}, .count = 1, .matches = TRUTH_NO},
    {.what = "unless that holds", .unless = {CLIENT(IN)}, .unless_count = 1, .matches = TRUTH_NO},
    {.what = "unless that does not", .unless = {CLIENT(OUT)}, .unless_count = 1, .matches = TRUTH_YES},
    {.what = "unless of which one does not",
     .unless = {CLIENT(IN), CLIENT(OUT)},
     .unless_count = 2,
     .matches = TRUTH_YES},
    {.what = "unless of an absent fact", .unless = {HELO(IN)}, .unless_count = 1, .matches = TRUTH_YES},
    {.what = "conditions and unless",
     .conditions = {CLIENT(OUT)},
     .count = 1,
     .unless = {CLIENT(OUT)},
     .unless_count = 1,
     .matches = TRUTH_NO},
    {.what = "a local one, relay", .local_only = true, .relay = true, .matches = TRUTH_NO},
    {.what = "a local one, local", .local_only = true, .matches = TRUTH_YES},
    {.what = "not a local one, relay", .relay = true, .matches = TRUTH_YES},
    {.what = "a local one, relay, exempted",
     .local_only = true,
     .relay = true,
     .unless = {CLIENT(OUT)},
     .unless_count = 1,
     .matches = TRUTH_NO},
    /* a name that cannot be looked up */
    {.what = "name unavailable",
     .conditions = {NAME(IN)},
     .count = 1,
     .name = {.state = FACT_UNAVAILABLE},
     .matches = TRUTH_UNAVAILABLE},
    {.what = "unavailable, and no",
     .conditions = {NAME(IN), CLIENT(OUT)},
     .count = 2,
     .name = {.state = FACT_UNAVAILABLE},
     .matches = TRUTH_NO},
    {.what = "no, and unavailable",
     .conditions = {CLIENT(OUT), NAME(IN)},
     .count = 2,
     .name = {.state = FACT_UNAVAILABLE},
     .matches = TRUTH_NO},
    {.what = "unavailable, and yes",
     .conditions = {NAME(IN), CLIENT(IN)},
     .count = 2,
     .name = {.state = FACT_UNAVAILABLE},
     .matches = TRUTH_UNAVAILABLE},
    {.what = "unless unavailable",
     .unless = {NAME(IN)},
     .unless_count = 1,
     .name = {.state = FACT_UNAVAILABLE},
     .matches = TRUTH_UNAVAILABLE},
    {.what = "unless unavailable and no",
     .unless = {NAME(IN), CLIENT(OUT)},
     .unless_count = 2,
     .name = {.state = FACT_UNAVAILABLE},
     .matches = TRUTH_YES},
    {.what = "no, unless unavailable",
     .conditions = {CLIENT(OUT)},
     .count = 1,
     .unless = {NAME(IN)},
     .unless_count = 1,
     .name = {.state = FACT_UNAVAILABLE},
     .matches = TRUTH_NO},
    {.what = "unavailable, unless yes",
     .conditions = {NAME(IN)},
     .count = 1,
     .unless = {CLIENT(IN)},
     .unless_count = 1,
     .name = {.state = FACT_UNAVAILABLE},
     .matches = TRUTH_NO},
    {.what = "unavailable, a local one, relay",
     .conditions = {NAME(IN)},
     .count = 1,
     .local_only = true,
     .relay = true,
     .name = {.state = FACT_UNAVAILABLE},
     .matches = TRUTH_NO},
    /* a fact that cannot be compared */
    {.what = "broken", .conditions = {HELO(IN)}, .count = 1, .helo = {.state = FACT_BROKEN}, .matches = TRUTH_BROKEN},
    {.what = "broken, and no",
     .conditions = {HELO(IN), CLIENT(OUT)},
     .count = 2,
     .helo = {.state = FACT_BROKEN},
     .matches = TRUTH_NO},
    {.what = "unless broken",
     .unless = {HELO(IN)},
     .unless_count = 1,
     .helo = {.state = FACT_BROKEN},
     .matches = TRUTH_BROKEN},
    {.what = "broken, and unavailable",
     .conditions = {NAME(IN), HELO(IN)},
     .count = 2,
     .name = {.state = FACT_UNAVAILABLE},
     .helo = {.state = FACT_BROKEN},
     .matches = TRUTH_BROKEN},
};

/* Each row with each verdict, first of two rules: where it matches it decides, where it does not the other does. */
Test(decide, the_first_rule_that_matches_decides)
{
	static const char *const labels[] = {"first", "second"};

	for (size_t i = 0; i < sizeof rule_rows / sizeof *rule_rows; i++) {
		for (unsigned verdict = 0; verdict < VERDICT_COUNT; verdict++) {
			struct rule_row row = rule_rows[i];
			struct rule rules[] = {
			    {.conditions = {row.conditions, row.count},
			     .unless = {row.unless, row.unless_count},
			     .local_only = row.local_only,
			     .verdict = (enum verdict)verdict,
			     .reply = verdict == VERDICT_ACCEPT ? NULL : &own_reply,
			     .label = labels[0],
			     .where = {"a.conf", 7}},
			    {.verdict = VERDICT_TEMPFAIL,
			     .label = labels[1],
			     .reply = &own_reply,
			     .where = {"a.conf", 8}},
			};
			struct listener listener = {.stages = {[STAGE_HELO] = {rules, 2}}};
			struct facts facts = {.relay = row.relay};
			bool second = row.matches == TRUTH_NO,
			     lacking = row.matches == TRUTH_UNAVAILABLE || row.matches == TRUTH_BROKEN;
			struct decision decision;

			facts.classes[FACT_CLIENT] = known;
			facts.classes[FACT_CLIENT_NAME] = row.name;
			facts.classes[FACT_HELO] = row.helo;
			decision = decide(&listener, STAGE_HELO, &facts);
			cr_expect_eq(decision.stage, STAGE_HELO, "%s", row.what);
			cr_expect_str_eq(decision.rule, labels[second], "%s", row.what);
			cr_expect_eq(decision.by, &rules[second].where, "%s", row.what);
			cr_expect_eq(decision.verdict, second || lacking ? VERDICT_TEMPFAIL : (enum verdict)verdict,
			             "%s, %s", row.what, verdict_name((enum verdict)verdict));
			cr_expect_eq(decision.cause,
			             row.matches == TRUTH_UNAVAILABLE ? CAUSE_NAME
			             : row.matches == TRUTH_BROKEN    ? CAUSE_BROKEN
			                                              : CAUSE_RULE,
			             "%s", row.what);
			if (lacking)
				cr_expect_eq(decision.reply->code, row.matches == TRUTH_UNAVAILABLE ? 450 : 451, "%s",
				             row.what);
			else
				cr_expect_eq(decision.reply, rules[second].reply, "%s", row.what);
		}
	}
}

Test(decide, a_stage_without_rules_and_block_has_nothing_against_it)
{
	const struct listener listener = {.where = {"a.conf", 3}};
	const struct facts facts = {0};

	for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
		struct decision decision = decide(&listener, (enum stage)stage, &facts);

		cr_expect_eq(decision.stage, stage);
		cr_expect_eq(decision.verdict, VERDICT_ACCEPT, "%s", stage_name((enum stage)stage));
		cr_expect_eq(decision.cause, CAUSE_NOTHING, "%s", stage_name((enum stage)stage));
		cr_expect_null(decision.rule);
		cr_expect_null(decision.by);
		cr_expect_null(decision.reply);
	}
}
