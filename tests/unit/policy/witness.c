/* Witnesses: sessions that are shown are short, and are judged as the box that they are from. */
#include "policy/witness.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "policy/prove.h"
#include "policy/ruleset.h"
#include "policy/world.h"
#include "rules/load.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(witness, .init = rule_files_start, .fini = rule_files_end);

#define LISTENER(REST)                                                                                                 \
	"local_domains = [ \"ours.example\" ];\nlisteners = ( { name = \"a\"; direction = \"inbound\"; " REST " } "    \
	");\n"

/* Words */

static const struct listener door = {.name = "front door"};

/* The words of a witness, with blanks between. */
static const char *said(const struct witness *witness)
{
	static char text[1000];
	const char *words[WITNESS_WORDS];
	struct witness_room room;
	size_t count = witness_words(witness, &room, words);

	cr_assert_leq(count, WITNESS_WORDS);
	*text = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(text, i == 0 ? "" : " ");
		strcat(text, words[i]);
	}
	return text;
}

Test(witness, its_words_are_the_options_of_explain)
{
	struct witness witness = {.listener = &door, .recipient = "b@c.example"};

	cr_assert(address_from_text("2001:db8::1", &witness.client));
	cr_expect_str_eq(said(&witness), "--listener front door --client 2001:db8::1 --recipient b@c.example");
	witness.local = true;
	cr_expect_str_eq(said(&witness), "--listener front door --local --recipient b@c.example");
	witness = (struct witness){
	    .listener = &door,
	    .client = witness.client,
	    .client_name = "n.example",
	    .helo = "h.example",
	    .user = "u",
	    .mechanism = "plain",
	    .tls_bits = 65535,
	    .size = UINT64_MAX,
	    .sender = "s@x.example",
	    .recipient = "r@y.example",
	    .resolved = "t@z.example",
	};
	cr_expect_str_eq(said(&witness),
	                 "--listener front door --client 2001:db8::1 --client-name n.example --helo h.example --user u "
	                 "--mechanism plain --tls 65535 --size 18446744073709551615 --sender s@x.example "
	                 "--recipient r@y.example --resolved t@z.example");
}

Test(witness, fewer_options_are_shorter_and_then_shorter_texts)
{
	char long_text[900];
	struct witness none = {.recipient = "r@y.example"}, longer = none, helo = none, both = none;

	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	longer.recipient = long_text;
	helo.helo = "h";
	both.helo = "h";
	both.tls_bits = 1;
	cr_expect_lt(witness_length(&none), witness_length(&longer));
	cr_expect_lt(witness_length(&longer), witness_length(&helo));
	cr_expect_lt(witness_length(&helo), witness_length(&both));
	none.size = 1;
	both.size = 1;
	cr_expect_lt(witness_length(&none), witness_length(&both));
}

/* Playing */

/* "accept accept reject", and whether its recipient was accepted. */
static const char *played(const struct rules *rules, struct witness witness)
{
	static char text[100];
	struct witness_course course;

	witness.listener = &rules->ruleset->listeners[0];
	cr_assert(address_from_text("192.0.2.1", &witness.client));
	cr_assert(witness_play(rules->ruleset, &witness, &course));
	*text = '\0';
	for (size_t i = 0; i < course.count; i++) {
		strcat(text, verdict_name(course.decisions[i].verdict));
		strcat(text, " ");
	}
	strcat(text, witness_accepted(&course) ? "accepted" : "not");
	return text;
}

Test(witness, it_is_played_up_to_the_first_refusal)
{
	struct rules *rules = told_rules(LISTENER(
	    "relay = { mode = \"only\"; authenticated = true; };\n"
	    "connect = ( { verdict = \"reject\"; client_name = \"bad.example\"; } );\n"
	    "helo = ( { verdict = \"tempfail\"; helo = \"bad.example\"; } );\n"
	    "mail = ( { verdict = \"reject\"; sender = \"bad.example\"; }, { verdict = \"reject\"; size_over = 9; },\n"
	    "  { verdict = \"reject\"; authenticated = true; tls = false; } );\n"));
	struct witness relay = {.recipient = "r@y.example"}, local = {.recipient = "r@ours.example"}, witness;

	cr_expect_str_eq(played(rules, local), "accept accept accept accept accepted");
	cr_expect_str_eq(played(rules, relay), "accept accept accept reject not");
	witness = local;
	witness.client_name = "bad.example";
	cr_expect_str_eq(played(rules, witness), "reject not");
	witness.client_name = "[TEMPUNAVAIL]";
	cr_expect_str_eq(played(rules, witness), "tempfail not");
	witness = local;
	witness.helo = "bad.example";
	cr_expect_str_eq(played(rules, witness), "accept tempfail not");
	witness = local;
	witness.sender = "x@bad.example";
	cr_expect_str_eq(played(rules, witness), "accept accept reject not");
	witness = local;
	witness.size = 10;
	cr_expect_str_eq(played(rules, witness), "accept accept reject not");
	witness = relay;
	witness.user = "u";
	witness.mechanism = "plain";
	cr_expect_str_eq(played(rules, witness), "accept accept reject not");
	witness.tls_bits = 1;
	cr_expect_str_eq(played(rules, witness), "accept accept accept accept accepted");
	witness = local;
	witness.resolved = "r@y.example";
	cr_expect_str_eq(played(rules, witness), "accept accept accept reject not");
	rules_free(rules);
}

/* Finding */

struct looking {
	const struct rules *rules;
	size_t boxes;
	size_t unshown;
	struct witness shortest; /* that is accepted */
	bool accepted;
};

/* What is found of a box must be judged as the box is. */
static bool look(void *visitor, const struct visit *visit)
{
	struct looking *looking = visitor;
	const struct decision *judged = &visit->decisions[0];
	struct witness witness = {.recipient = "untouched"};
	struct witness_course course;

	looking->boxes++;
	if (!witness_find(visit, 0, &witness)) {
		cr_expect_str_eq(witness.recipient, "untouched");
		looking->unshown++;
		return true;
	}
	cr_assert(visit->shown);
	cr_assert(witness_play(looking->rules->ruleset, &witness, &course));
	cr_expect_eq(course.decisions[course.count - 1].stage, judged->stage, "%s", said(&witness));
	cr_expect_eq(course.decisions[course.count - 1].verdict, judged->verdict, "%s", said(&witness));
	cr_expect_eq(course.decisions[course.count - 1].by, judged->by, "%s", said(&witness));
	cr_expect_eq(witness.user != NULL, visit->scope->authenticated);
	if (witness_accepted(&course) &&
	    (!looking->accepted || witness_length(&witness) < witness_length(&looking->shortest))) {
		looking->shortest = witness;
		looking->accepted = true;
	}
	return true;
}

/* Looks at all boxes of the first listener; of relay recipients, or of local ones, too. */
static struct looking look_at(const char *text, bool all, const char **ret_said)
{
	struct rules *rules = told_rules(text);
	const struct listener *listener = &rules->ruleset->listeners[0];
	struct world *world = world_new((const struct ruleset *const[]){rules->ruleset}, 1);
	struct grid *grid =
	    grid_new(world, &(struct grid_subject){.listeners = {listener}, .local = listener_is_local(listener)});
	struct looking looking = {.rules = rules};

	for (unsigned i = 0; i < (all ? 8 : 1); i++) {
		bool relay = (i & 1) == 0;
		struct survey_scope scope = {
		    .authenticated = (i & 2) != 0,
		    .relay = {relay, relay},
		    .name_unavailable = (i & 4) != 0,
		    .last = STAGE_RCPT,
		};

		cr_assert_eq(survey(grid, &scope, look, &looking), SURVEY_DONE);
	}
	*ret_said = looking.accepted ? said(&looking.shortest) : "none";
	grid_free(grid);
	world_free(world);
	rules_free(rules);
	return looking;
}

Test(witness, what_is_found_is_judged_as_its_box)
{
	const char *shortest;
	struct looking looking = look_at(
	    LISTENER(
	        "connection = { mode = \"all-except\"; clients = \"10.0.0.0/8\"; names = \".dyn.example\"; };\n"
	        "auth = { mode = \"optional\"; users = [ \"alice\", \"bob@\" ]; mechanisms = \"PLAIN\"; tls = 128; };\n"
	        "relay = { mode = \"only\"; clients = \"192.0.2.0/24\"; authenticated = true; users = \"alice\"; };\n"
	        "helo = ( { verdict = \"reject\"; helo = [ \"bad.example\", \".bad.example\" ]; } );\n"
	        "mail = ( { verdict = \"tempfail\"; size_over = 1000; }, { verdict = \"reject\"; sender = [ \"<>\" ]; "
	        "} );\n"
	        "rcpt = ( { verdict = \"reject\"; recipient = [ \"no@\" ]; },\n"
	        "  { verdict = \"accept\"; relay = true; recipient = [ \"partner.example\" ]; } );\n"),
	    true, &shortest);

	cr_expect_gt(looking.boxes, 40);
	cr_expect_eq(looking.unshown, 0);
	cr_expect(looking.accepted);
}

Test(witness, where_no_text_is_found_nothing_is_shown)
{
	const char *shortest;
	struct looking looking =
	    look_at(LISTENER("relay = { mode = \"only\"; };\n"
	                     "mail = ( { verdict = \"reject\"; sender = [ \"/(?=never)ever/\" ]; } );\n"),
	            true, &shortest);

	cr_expect_gt(looking.unshown, 0);
	cr_expect_lt(looking.unshown, looking.boxes);
}

/* The shortest session in which a relay recipient is accepted without a login. */
static void expect_shown(const char *rest, const char *expected)
{
	const char *shown;

	look_at(rest, false, &shown);
	cr_expect_str_eq(shown, expected, "%s%s", rest, shown);
}

Test(witness, clients_are_those_of_documentation_where_it_may_be_them)
{
#define RELAY(CLIENTS) LISTENER("relay = { mode = \"only\"; clients = [ " CLIENTS " ]; };")
#define SHOWN(CLIENT) "--listener a --client " CLIENT " --recipient mail@example.org"
	expect_shown(LISTENER("relay = { mode = \"all-except\"; };"), SHOWN("203.0.113.1"));
	expect_shown(RELAY("\"0.0.0.0/0\", \"!203.0.113.1\""), SHOWN("198.51.100.1"));
	expect_shown(RELAY("\"192.0.2.0/24\", \"10.0.0.0/8\""), SHOWN("192.0.2.1"));
	expect_shown(RELAY("\"::/0\""), SHOWN("2001:db8::1"));
	expect_shown(RELAY("\"10.1.0.0/16\""), SHOWN("10.1.0.1"));
	expect_shown(RELAY("\"10.1.0.7\""), SHOWN("10.1.0.7"));
	expect_shown(RELAY("\"fd00::/8\""), SHOWN("fd00::1"));
	expect_shown(LISTENER("match = { local = true; }; relay = { mode = \"all-except\"; };"),
	             "--listener a --local --recipient mail@example.org");
}

Test(witness, only_what_the_rules_ask_is_said)
{
	const char *rest = "relay = { mode = \"all-except\"; };\n";
	char text[600];

	snprintf(text, sizeof text,
	         LISTENER("%s helo = ( { verdict = \"accept\"; helo = \"h.example\"; },\n"
	                  "{ verdict = \"reject\"; } );"),
	         rest);
	expect_shown(text, "--listener a --client 203.0.113.1 --helo h.example --recipient mail@example.org");
	snprintf(text, sizeof text,
	         LISTENER("%s mail = ( { verdict = \"accept\"; tls = 128; sender = \"s@x.example\"; },\n"
	                  "{ verdict = \"reject\"; } );"),
	         rest);
	expect_shown(text,
	             "--listener a --client 203.0.113.1 --tls 128 --sender s@x.example --recipient mail@example.org");
	snprintf(text, sizeof text,
	         LISTENER("%s mail = ( { verdict = \"accept\"; size_over = 99; },\n"
	                  "{ verdict = \"reject\"; } );"),
	         rest);
	expect_shown(text, "--listener a --client 203.0.113.1 --size 100 --recipient mail@example.org");
}

/* It is relay only where the MTA sends it on. */
Test(witness, what_the_mta_makes_of_a_local_recipient_is_said)
{
	expect_shown(LISTENER("rcpt = ( { verdict = \"accept\"; relay = true; recipient = \"info@ours.example\"; } );"),
	             "--listener a --client 203.0.113.1 --recipient info@ours.example --resolved mail@example.org");
}
