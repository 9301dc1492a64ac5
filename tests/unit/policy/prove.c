/* Who may relay, by hand: what prove says of small rule files, row by row. */
#include "policy/prove.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"
#include "policy/promise.h"
#include "policy/ruleset.h"
#include "rules/diagnostic.h"
#include "rules/load.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(prove, .init = rule_files_start, .fini = rule_files_end);

static void put(char *text, size_t size, const char *words)
{
	size_t length = strlen(text);

	if (*words == '\0')
		return;
	snprintf(text + length, size - length, "%s%s", length > 0 && text[length - 1] != '\n' ? " " : "", words);
}

/* A row in one line: "login 10.0.0.0/8 users: alice@ when: helo by: 3". */
static void put_row(char *text, size_t size, const struct relay_row *row)
{
	char word[LIMIT_NETWORK_TEXT + 16];

	put(text, size, row->authenticated ? "login" : "anyone");
	for (size_t i = 0; i < row->who.clients.count; i++) {
		network_to_text(&row->who.clients.list[i], word);
		put(text, size, word);
	}
	for (size_t i = 0; i < row->who.user_count; i++) {
		put(text, size, i == 0 ? "users:" : "");
		put(text, size, row->who.users[i]);
	}
	for (size_t i = 0; i < row->who.when.count; i++) {
		const struct clause *clause = &row->who.when.list[i];

		if (i > 0)
			put(text, size, "or");
		for (size_t k = 0; k < clause->count; k++) {
			put(text, size, i == 0 && k == 0 ? "when:" : "");
			snprintf(word, sizeof word, "%s%s", clause->answers[k].yes ? "" : "!",
			         fact_row(clause->answers[k].question.fact)->name);
			put(text, size, word);
		}
	}
	for (size_t i = 0; i < row->who.by_count; i++) {
		snprintf(word, sizeof word, "%s%u", i == 0 ? "by: " : "", row->who.by[i]->line);
		put(text, size, word);
	}
	strcat(text, "\n");
}

/* What is proved of the first listener, a row a line.  Valid until the next call. */
static const char *proved(const struct rules *rules)
{
	static char text[4096];
	struct world *world = world_new((const struct ruleset *const[]){rules->ruleset}, 1);
	struct relayers *relayers;

	cr_assert_not_null(world);
	relayers = prove_listener(world, &rules->ruleset->listeners[0]);
	cr_assert_not_null(relayers);
	text[0] = '\0';
	for (size_t i = 0; i < relayers->count; i++)
		put_row(text, sizeof text, &relayers->rows[i]);
	cr_expect_not(relayers->incomplete);
	relayers_free(relayers);
	world_free(world);
	return text;
}

/* A file with one listener, whose settings begin at line 2. */
static struct rules *rules_of(const char *before, const char *settings)
{
	static char text[4096];

	snprintf(text, sizeof text, "%s listeners = ( { name = \"l\"; direction = \"inbound\";\n%s } );\n", before,
	         settings);
	return told_rules(text);
}

#define LAN "networks = { lan = [ \"10.0.0.0/8\", \"!@router\" ]; router = [ \"10.0.0.1\" ]; };"

static const struct {
	const char *what, *before, *settings, *rows;
} rows[] = {
    {"no relay block", "", "", ""},
    {"only the list", "", "relay = { mode = \"only\"; clients = [ \"10.0.0.0/8\", \"::1\" ]; };",
     "anyone 10.0.0.0/8 ::1 by: 2\nlogin 10.0.0.0/8 ::1 by: 2\n"},
    {"neighbours are one", "", "relay = { mode = \"only\"; clients = [ \"10.0.0.0/9\", \"10.128.0.0/9\" ]; };",
     "anyone 10.0.0.0/8 by: 2\nlogin 10.0.0.0/8 by: 2\n"},
    {"everybody but one", "", "relay = { mode = \"all-except\"; clients = [ \"128.0.0.0/1\", \"::/0\" ]; };",
     "anyone 0.0.0.0/1 by: 2\nlogin 0.0.0.0/1 by: 2\n"},
    {"any login", "", "relay = { mode = \"only\"; authenticated = true; };", "login 0.0.0.0/0 ::/0 by: 2\n"},
    {"some logins", "",
     "auth = { users = [ \"bob\", \"eve@\", \"joe\" ]; };\n"
     "relay = { mode = \"only\"; authenticated = true; users = [ \"eve@\", \"bob\", \"ann\" ]; };",
     "login 0.0.0.0/0 ::/0 users: bob eve@ by: 3\n"},
    {"logins with a realm alone", "",
     "relay = { mode = \"only\"; authenticated = true; users = [ \"bob@\", \"!bob\" ]; };",
     "login 0.0.0.0/0 ::/0 users: bob@ !bob by: 2\n"},
    {"logins without one realm", "",
     "relay = { mode = \"only\"; authenticated = true; users = [ \"bob@\", \"!bob@a\" ]; };",
     "login 0.0.0.0/0 ::/0 users: bob@ !bob@a by: 2\n"},
    {"all logins but one", "",
     "auth = { mode = \"required\"; };\nmail = ( { verdict = \"reject\"; user = [ \"bob\" ]; } );\n"
     "relay = { mode = \"all-except\"; clients = [ \"::/0\" ]; };",
     "login 0.0.0.0/0 when: !user by: 4\n"},
    {"what is refused before does not relay", "",
     "connection = { mode = \"all-except\"; clients = [ \"0.0.0.0/1\", \"::/0\" ]; };\n"
     "relay = { mode = \"all-except\"; };",
     "anyone 128.0.0.0/1 by: 3\nlogin 128.0.0.0/1 by: 3\n"},
    {"what a client can choose does not keep it out", "",
     "helo = ( { verdict = \"reject\"; helo = [ \"a.example\" ]; } );\n"
     "mail = ( { verdict = \"reject\"; sender = [ \"a.example\" ]; } );\n"
     "auth = { mode = \"forbidden\"; };\nrelay = { mode = \"only\"; clients = [ \"10.1.1.1\" ]; };",
     "anyone 10.1.1.1 when: !helo !sender by: 5\n"},
    {"a rule for a recipient", "",
     "auth = { mode = \"forbidden\"; };\n"
     "rcpt = ( { verdict = \"accept\"; relay = true; recipient = [ \"b.example\" ]; client = [ \"10.1.1.1\" ]; } );\n"
     "relay = { mode = \"only\"; clients = [ \"10.1.1.0/31\" ]; };",
     "anyone 10.1.1.0 by: 4\nanyone 10.1.1.1 by: 3 4\n"},
    {"a rule without relay speaks of local recipients", "", "rcpt = ( { verdict = \"accept\"; } );", ""},
    {"two ways by one name", "",
     "auth = { mode = \"forbidden\"; };\n"
     "relay = { mode = \"only\"; clients = [ \"0.0.0.0/1\" ]; names = [ \"a.example\" ]; };",
     "anyone 0.0.0.0/1 by: 3\nanyone 128.0.0.0/1 ::/0 when: client_name by: 3\n"},
    {"the machine itself", "",
     "match = { local = true; }; auth = { mode = \"forbidden\"; };\n"
     "relay = { mode = \"all-except\"; };",
     "anyone 127.0.0.1 by: 3\n"},
    {"without local mail the machine is one of all", "",
     "match = { port = 25; }; auth = { mode = \"forbidden\"; };\n"
     "relay = { mode = \"all-except\"; };",
     "anyone 0.0.0.0/0 ::/0 by: 3\n"},
    {"a list in a list", LAN,
     "auth = { mode = \"forbidden\"; };\n"
     "relay = { mode = \"only\"; clients = [ \"@lan\", \"10.0.0.0/31\" ]; };",
     "anyone 10.0.0.0/8 by: 3\n"},
};

Test(prove, rows_by_hand)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct rules *rules = rules_of(rows[i].before, rows[i].settings);
		const char *text = proved(rules);

		cr_expect_str_eq(text, rows[i].rows, "%s:\n%s", rows[i].what, text);
		rules_free(rules);
	}
}

/* Promises, and the sessions that break them. */
static const struct {
	const char *promise, *words; /* NULL: it holds */
} promises[] = {
    {"relay = true; authenticated = false; unless = { client = [ \"10.0.0.0/8\" ]; };", NULL},
    {"relay = true; authenticated = false;", "--listener l --client 10.0.0.1 --recipient mail@example.org"},
    {"relay = true; authenticated = true; tls = false; unless = { client = \"10.0.0.0/8\"; };",
     "--listener l --client 203.0.113.1 --user bob --recipient mail@example.org"},
    {"relay = true; authenticated = true; user = [ \"eve\" ]; unless = { client = \"10.0.0.0/8\"; };", NULL},
    {"relay = true; size_over = 1000; client = [ \"10.1.2.3\" ];",
     "--listener l --client 10.1.2.3 --size 1001 --recipient mail@example.org"},
    {"relay = false; sender = [ \"<>\" ];", "--listener l --client 203.0.113.1 --recipient mail@ours.example"},
    {"relay = false; sender = [ \"a.example\" ];", NULL},
    {"relay = false; helo = [ \".a.example\" ];",
     "--listener l --client 203.0.113.1 --helo mail.a.example --recipient mail@ours.example"},
    {"relay = false; client = [ \"192.0.2.0/30\", \"!192.0.2.0/31\" ];",
     "--listener l --client 192.0.2.3 --recipient mail@ours.example"},
    {"client_name = [ \"unknown\" ]; tls = 128; client = [ \"::1\" ];",
     "--listener l --client ::1 --tls 128 --recipient mail@ours.example"},
    {"recipient = [ \"joe@\" ]; relay = true;", "--listener l --client 10.0.0.1 --recipient joe@example.org"},
};

/* What is said of the first promise: the words of a session, or NULL where it holds.  Valid until the next call. */
static const char *broken_by(const struct rules *rules)
{
	static char text[1024];
	struct world *world = world_new((const struct ruleset *const[]){rules->ruleset}, 1);
	const char *words[WITNESS_WORDS];
	struct witness_course course;
	struct witness_room room;
	struct witness witness;
	enum promise_state state;
	size_t count = 0;

	cr_assert_not_null(world);
	state = promise_check(world, &rules->ruleset->promises[0], &witness, &course);
	cr_assert(state == PROMISE_HOLDS || state == PROMISE_BROKEN);
	text[0] = '\0';
	if (state == PROMISE_BROKEN) {
		cr_expect(witness_accepted(&course));
		count = witness_words(&witness, &room, words);
	}
	for (size_t i = 0; i < count; i++)
		put(text, sizeof text, words[i]);
	world_free(world);
	return state == PROMISE_HOLDS ? NULL : text;
}

Test(prove, promises_and_the_shortest_session_that_breaks_each)
{
	static const char rest[] = "local_domains = [ \"ours.example\" ];\n"
	                           "listeners = ( { name = \"l\"; direction = \"inbound\";\n"
	                           "mail = ( { verdict = \"reject\"; sender = \"a.example\"; } );\n"
	                           "relay = { mode = \"only\"; clients = [ \"10.0.0.0/8\" ]; authenticated = true;\n"
	                           "users = [ \"bob\" ]; }; } );\n";

	for (size_t i = 0; i < sizeof promises / sizeof *promises; i++) {
		struct diagnostics *diagnostics = diagnostics_new();
		struct rules *rules;
		const char *words;
		char text[2048];

		snprintf(text, sizeof text, "never = ( { %s } );\n%s", promises[i].promise, rest);
		write_file("promise.conf", text);
		rules = rules_load_unproved("promise.conf", diagnostics);
		cr_assert_not_null(rules, "%s", printed(diagnostics));
		words = broken_by(rules);
		if (promises[i].words == NULL)
			cr_expect_null(words, "%s: %s", promises[i].promise, words);
		else
			cr_expect_str_eq(words != NULL ? words : "holds", promises[i].words, "%s: %s",
			                 promises[i].promise, words);
		rules_free(rules);
		diagnostics_free(diagnostics);
	}
}

/* A recipient without a domain that no text was found for: not shown, but not overlooked. */
Test(prove, a_promise_that_a_bare_recipient_might_break_is_not_proved)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct witness_course course;
	struct witness witness;
	struct rules *rules;
	struct world *world;

	write_file("promise.conf", "never = ( { relay = false; recipient = [ \"/^(?=never)ever/\", \"!/@/\" ]; } );\n"
	                           "listeners = ( { name = \"l\"; direction = \"inbound\"; } );\n");
	rules = rules_load_unproved("promise.conf", diagnostics);
	cr_assert_not_null(rules, "%s", printed(diagnostics));
	world = world_new((const struct ruleset *const[]){rules->ruleset}, 1);
	cr_assert_not_null(world);
	cr_expect_eq(promise_check(world, &rules->ruleset->promises[0], &witness, &course), PROMISE_NOT_PROVED);
	world_free(world);
	rules_free(rules);
	diagnostics_free(diagnostics);
}
