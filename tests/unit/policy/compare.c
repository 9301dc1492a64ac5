/* What is judged differently, by hand: what opens, what closes, and what is alike. */
#include "policy/compare.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "policy/network.h"
#include "policy/ruleset.h"
#include "rules/load.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(compare, .init = rule_files_start, .fini = rule_files_end);

static struct decision refusal(enum verdict verdict, const struct reply *reply)
{
	return (struct decision){.verdict = verdict, .reply = reply};
}

Test(compare, decisions_are_alike_where_the_client_is_told_the_same)
{
	const struct reply no = {550, "5.7.1", "No"}, again = {550, "5.7.1", "No"};
	const struct reply others[] = {{554, "5.7.1", "No"}, {550, "5.7.0", "No"}, {550, "5.7.1", "no"}};
	const struct decision accept = {.verdict = VERDICT_ACCEPT};
	struct decision one = refusal(VERDICT_REJECT, &no), other = refusal(VERDICT_REJECT, &again);

	one.stage = STAGE_CONNECT;
	one.rule = "connection";
	cr_expect(decisions_alike(&one, &other));
	cr_expect(decisions_alike(&accept, &accept));
	cr_expect_not(decisions_alike(&one, &accept));
	cr_expect_not(decisions_alike(&accept, &one));
	other.verdict = VERDICT_TEMPFAIL;
	cr_expect_not(decisions_alike(&one, &other));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		other = refusal(VERDICT_REJECT, &others[i]);
		cr_expect_not(decisions_alike(&one, &other), "%zu", i);
	}
}

Test(compare, only_what_is_accepted_on_one_side_opens_or_closes)
{
	static const int expected[VERDICT_COUNT][VERDICT_COUNT] = {
	    [VERDICT_ACCEPT] = {[VERDICT_TEMPFAIL] = -1, [VERDICT_REJECT] = -1},
	    [VERDICT_TEMPFAIL] = {[VERDICT_ACCEPT] = 1},
	    [VERDICT_REJECT] = {[VERDICT_ACCEPT] = 1},
	};

	for (unsigned old = 0; old < VERDICT_COUNT; old++)
		for (unsigned new = 0; new < VERDICT_COUNT; new ++) {
			struct difference difference = {
			    .decisions = {{.verdict = (enum verdict)old}, {.verdict = (enum verdict) new}},
			};

			cr_expect_eq(difference_opens(&difference), expected[old][new], "%u to %u", old, new);
		}
}

static int print_difference(char *text, size_t size, const struct difference *difference)
{
	static const char *const directions[] = {"closes", "changes", "opens"};
	static const char *const lookups[] = {
	    [LOOKUP_ANY] = "",
	    [LOOKUP_DONE] = " named",
	    [LOOKUP_FAILED] = " unnamed",
	};
	const struct networks *clients =
	    difference->who.clients.count > 0 ? &difference->who.clients : &difference->unproved;
	char network[LIMIT_NETWORK_TEXT];

	network_to_text(&clients->list[0], network);
	return snprintf(text, size, "%s%s %s+%zu %s %s%s%s; ", directions[difference_opens(difference) + 1],
	                difference->who.clients.count > 0 ? "" : "?", network, clients->count - 1,
	                difference->authenticated ? "login" : "anyone", difference->relay[SIDE_OLD] ? "relay" : "local",
	                difference->relay[SIDE_OLD] != difference->relay[SIDE_NEW] ? " turned" : "",
	                lookups[difference->lookup]);
}

/* "opens 192.0.2.0/24+0 anyone relay; ..." */
static const char *compared(const char *old, const char *new, enum stage last)
{
	static char text[4000];
	struct rules *rules[] = {told_rules(old), told_rules(new)};
	const struct ruleset *const sides[] = {rules[0]->ruleset, rules[1]->ruleset};
	struct world *world = world_new(sides, 2);
	struct comparison *comparison = compare(world, last);
	int length = 0;

	cr_assert_not_null(comparison);
	cr_expect_not(comparison->incomplete);
	*text = '\0';
	for (size_t i = 0; i < comparison->count; i++)
		length += print_difference(text + length, sizeof text - (size_t)length, &comparison->list[i]);
	comparison_free(comparison);
	world_free(world);
	rules_free(rules[0]);
	rules_free(rules[1]);
	return text;
}

static void expect_compared(const char *old, const char *new, const char *expected)
{
	const char *found = compared(old, new, STAGE_DATA);

	cr_expect_str_eq(found, expected, "%s%s%s", old, new, found);
}

#define LISTENER(REST) "listeners = ( { name = \"a\"; direction = \"inbound\"; " REST " } );\n"
#define NAMED(NAME, REST) "listeners = ( { name = \"" NAME "\"; direction = \"inbound\"; " REST " } );\n"
#define RELAY(CLIENTS) "relay = { mode = \"only\"; clients = [ " CLIENTS " ]; }; "

Test(compare, the_same_is_no_difference)
{
	expect_compared(LISTENER(RELAY("\"192.0.2.0/24\"")), LISTENER(RELAY("\"192.0.2.0/24\"")), "");
	expect_compared(NAMED("a", RELAY("\"192.0.2.0/24\"")),
	                NAMED("b", RELAY("\"192.0.2.128/25\", \"192.0.2.0/25\"")), "");
}

/* First 198.51.100.0/24, which is behind 192.0.2.0/24. */
Test(compare, what_opens_is_first_then_what_closes_then_other_words)
{
	expect_compared(
	    LISTENER(RELAY("\"192.0.2.0/24\"") "connect = ( { verdict = \"reject\"; client = \"10.0.0.1\"; } );"),
	    LISTENER(RELAY("\"198.51.100.0/24\"") "connect = ( { verdict = \"tempfail\"; client = \"10.0.0.1\"; } );"),
	    "opens 198.51.100.0/24+0 anyone relay; opens 198.51.100.0/24+0 login relay; "
	    "closes 192.0.2.0/24+0 anyone relay; closes 192.0.2.0/24+0 login relay; "
	    "changes 10.0.0.1+0 anyone relay; changes 10.0.0.1+0 login relay; "
	    "changes 10.0.0.1+0 anyone local; changes 10.0.0.1+0 login local; ");
}

Test(compare, recipients_that_change_sides_are_differences_of_their_own)
{
	expect_compared("local_domains = [ \"a.example\" ];\n" LISTENER(""),
	                "local_domains = [ \"b.example\" ];\n" LISTENER(""),
	                "opens 0.0.0.0/0+1 anyone relay turned; opens 0.0.0.0/0+1 login relay turned; "
	                "closes 0.0.0.0/0+1 anyone local turned; closes 0.0.0.0/0+1 login local turned; ");
}

/* What is said of a name does not hold of one that cannot be looked up. */
Test(compare, a_name_that_cannot_be_looked_up_is_a_difference_of_its_own_where_it_makes_one)
{
	const char *old =
	    LISTENER("relay = { mode = \"only\"; clients = [ \"192.0.2.1\" ]; names = [ \"x.example\" ]; };");

	expect_compared(old, LISTENER("relay = { mode = \"only\"; clients = [ \"192.0.2.1\" ]; };"),
	                "closes 0.0.0.0/1+32 anyone relay named; closes 0.0.0.0/1+32 login relay named; "
	                "changes 0.0.0.0/1+32 anyone relay unnamed; changes 0.0.0.0/1+32 login relay unnamed; ");
	expect_compared(
	    old,
	    LISTENER("relay = { mode = \"only\"; clients = [ \"192.0.2.1\" ]; names = [ \"x.example\" ]; };"
	             "mail = ( { verdict = \"reject\"; sender = [ \"<>\" ]; client = [ \"192.0.2.1\" ]; } );"),
	    "closes 192.0.2.1+0 anyone relay; closes 192.0.2.1+0 login relay; "
	    "closes 192.0.2.1+0 anyone local; closes 192.0.2.1+0 login local; ");
}

Test(compare, a_listener_by_another_name_differs_where_a_reply_has_the_name)
{
#define REFUSED(WORDS)                                                                                                 \
	"connect = ( { verdict = \"reject\"; reply = \"550 5.7.1 " WORDS "\"; client = \"10.0.0.1\"; } );"
	expect_compared(NAMED("a", REFUSED("No")), NAMED("b", REFUSED("No")), "");
	expect_compared(NAMED("a", REFUSED("No {listener}")), NAMED("a", REFUSED("No {listener}")), "");
	expect_compared(NAMED("a", REFUSED("No {listener}")), NAMED("b", REFUSED("No {listener}")),
	                "changes 10.0.0.1+0 anyone relay; changes 10.0.0.1+0 login relay; "
	                "changes 10.0.0.1+0 anyone local; changes 10.0.0.1+0 login local; ");
}

Test(compare, what_data_decides_counts_where_it_is_asked_for)
{
	const char *old = LISTENER("relay = { mode = \"all-except\"; };");
	const char *new = LISTENER("relay = { mode = \"all-except\"; };"
	                           "data = ( { verdict = \"reject\"; recipients_over = 5; } );");

	cr_expect_str_eq(compared(old, new, STAGE_RCPT), "");
	cr_expect_str_eq(compared(old, new, STAGE_DATA),
	                 "closes 0.0.0.0/0+1 anyone relay; closes 0.0.0.0/0+1 login relay; "
	                 "closes 0.0.0.0/0+1 anyone local; closes 0.0.0.0/0+1 login local; ");
}

Test(compare, what_expressions_might_find_is_said_to_be_unproved)
{
	expect_compared(LISTENER("mail = ( { verdict = \"reject\"; sender = [ \"/(?=never)ever/\" ]; } );"
	                         "relay = { mode = \"all-except\"; };"),
	                LISTENER("relay = { mode = \"all-except\"; };"),
	                "opens? 0.0.0.0/0+1 anyone relay; opens? 0.0.0.0/0+1 login relay; "
	                "opens? 0.0.0.0/0+1 anyone local; opens? 0.0.0.0/0+1 login local; ");
}

/* Which rules decided. */
Test(compare, all_rules_that_decide_are_named)
{
	struct rules *rules[] = {
	    told_rules(LISTENER("mail = ( { verdict = \"reject\"; sender = \"a.example\"; },\n"
	                        "{ verdict = \"reject\"; sender = \"b.example\"; } );\n"
	                        "relay = { mode = \"all-except\"; };")),
	    told_rules(LISTENER("relay = { mode = \"all-except\"; };")),
	};
	const struct ruleset *const sides[] = {rules[0]->ruleset, rules[1]->ruleset};
	struct world *world = world_new(sides, 2);
	struct comparison *comparison = compare(world, STAGE_RCPT);

	cr_assert_eq(comparison->count, 4);
	for (size_t i = 0; i < comparison->count; i++) {
		const struct deciders *old = &comparison->list[i].deciders[SIDE_OLD];

		cr_expect_eq(old->count, 2);
		cr_expect_not(old->more);
		cr_expect_eq(old->list[0].by->line + old->list[1].by->line, 3);
		cr_expect_eq(comparison->list[i].deciders[SIDE_NEW].count, 1);
		cr_expect_eq(comparison->list[i].relay_kinds, 2);
	}
	comparison_free(comparison);
	world_free(world);
	rules_free(rules[0]);
	rules_free(rules[1]);
}

/* They are found as the proof goes, from below. */
Test(compare, of_many_rules_that_decide_the_first_are_named_in_their_order)
{
	struct rules *rules[] = {
	    told_rules(LISTENER("mail = (\n"
	                        "{ verdict = \"reject\"; sender = \"a.example\"; },\n"
	                        "{ verdict = \"reject\"; sender = \"b.example\"; },\n"
	                        "{ verdict = \"reject\"; sender = \"c.example\"; }, { verdict = \"reject\"; sender = "
	                        "\"d.example\"; },\n"
	                        "{ verdict = \"reject\"; sender = \"e.example\"; } );\n"
	                        "relay = { mode = \"all-except\"; };")),
	    told_rules(LISTENER("relay = { mode = \"all-except\"; };")),
	};
	static const char *const expected[] = {"mail[1]", "mail[2]", "mail[3]"};
	const struct ruleset *const sides[] = {rules[0]->ruleset, rules[1]->ruleset};
	struct world *world = world_new(sides, 2);
	struct comparison *comparison = compare(world, STAGE_RCPT);

	cr_assert_gt(comparison->count, 0);
	for (size_t i = 0; i < comparison->count; i++) {
		const struct deciders *old = &comparison->list[i].deciders[SIDE_OLD];

		cr_assert_eq(old->count, DECIDERS);
		cr_expect(old->more);
		for (size_t k = 0; k < DECIDERS; k++)
			cr_expect_str_eq(old->list[k].rule, expected[k]);
	}
	comparison_free(comparison);
	world_free(world);
	rules_free(rules[0]);
	rules_free(rules[1]);
}
