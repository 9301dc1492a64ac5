/* Which values the entries and the conditions of rule files match, told by whole sessions. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "policy/session.h"
#include "rules/load.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(session_matching, .init = rule_files_start, .fini = rule_files_end);

/* Whether a session is refused by a rule of the stage with that condition, and by nothing else. */
static bool refused_by(const char *stage, const char *condition, const struct told *told)
{
	char text[2000];
	struct rules *rules;
	struct told whole = *told;
	const char *outcome;
	bool refused;

	snprintf(text, sizeof text,
	         "networks = { lan = [ \"10.0.0.0/8\", \"!@router\" ]; router = [ \"10.0.0.1\" ]; };\n"
	         "domains = { ours = [ \"ours.example\", \".ours.example\", \"!bad.ours.example\" ]; };\n"
	         "addresses = { aliases = [ \"sales@aliases.example\", \"@ours\", \"!boss@ours.example\" ]; };\n"
	         "users = { staff = [ \"alice\", \"bob@\", \"!bob@far.example\" ]; };\n"
	         "listeners = ( { name = \"one\"; direction = \"inbound\";\n"
	         "  relay = { mode = \"all-except\"; };\n"
	         "  %s = ( { verdict = \"reject\"; %s; reply = \"550 5.7.1 by the rule\"; } ); } );\n",
	         stage, condition);
	if (whole.client == NULL)
		whole.client = "203.0.113.1";
	if (whole.recipient == NULL)
		whole.recipient = "<someone@somewhere.example>";
	rules = told_rules(text);
	outcome = told_judge(rules, &whole);
	refused = strcmp(outcome, "accept") != 0;
	if (refused)
		cr_assert_str_eq(outcome + strlen(stage), " reject: 550 5.7.1 by the rule", "%s: %s", condition,
		                 outcome);
	rules_free(rules);
	return refused;
}

struct row {
	const char *entries;
	const char *value;
	bool matches;
};

#define ROWS(rows) (sizeof(rows) / sizeof *(rows))

/* Has each row's entries asked about its value, which is put where field says. */
static void walk(const struct row *rows, size_t count, const char *stage, const char *name, size_t field)
{
	for (size_t i = 0; i < count; i++) {
		struct told told = {0};
		char condition[500];

		memcpy((char *)&told + field, &rows[i].value, sizeof rows[i].value);
		snprintf(condition, sizeof condition, "%s = [ %s ]", name, rows[i].entries);
		cr_expect_eq(refused_by(stage, condition, &told), rows[i].matches, "%s, of %s", condition,
		             rows[i].value != NULL ? rows[i].value : "nothing");
	}
}

Test(session_matching, networks)
{
	static const struct row rows[] = {
	    {"\"10.0.0.0/8\"", "10.255.255.255", true},
	    {"\"10.0.0.0/8\"", "11.0.0.0", false},
	    {"\"192.0.2.7\"", "192.0.2.7", true},
	    {"\"192.0.2.7\"", "192.0.2.8", false},
	    {"\"2001:db8::/32\"", "2001:db8:ffff::1", true},
	    {"\"2001:db8::/32\"", "2001:db9::", false},
	    {"\"::1\"", "::1", true},
	    {"\"::1\"", "::2", false},
	    {"\"192.0.2.0/24\"", "::ffff:192.0.2.1", true},
	    {"\"::ffff:192.0.2.0/120\"", "192.0.2.1", true},
	    {"\"::/0\"", "192.0.2.1", false},
	    {"\"::/0\"", "::ffff:192.0.2.1", false},
	    {"\"::/0\"", "2001:db8::1", true},
	    {"\"0.0.0.0/0\"", "192.0.2.1", true},
	    {"\"0.0.0.0/0\"", "::ffff:192.0.2.1", true},
	    {"\"0.0.0.0/0\"", "2001:db8::1", false},
	    {"", "192.0.2.1", false},
	    /* "!" takes out in whatever order, and counts in its own array */
	    {"\"@lan\"", "10.0.0.2", true},
	    {"\"@lan\"", "10.0.0.1", false},
	    {"\"@lan\", \"@router\"", "10.0.0.1", true},
	    {"\"@lan\", \"10.0.0.0/24\"", "10.0.0.1", true},
	    {"\"!10.9.0.0/16\", \"@lan\"", "10.9.0.1", false},
	    {"\"@lan\", \"!10.9.0.0/16\"", "10.9.0.1", false},
	    {"\"@lan\", \"!10.9.0.0/16\"", "10.8.0.1", true},
	    {"\"0.0.0.0/0\", \"!@lan\"", "10.0.0.1", true},
	    {"\"0.0.0.0/0\", \"!@lan\"", "10.0.0.2", false},
	    {"\"0.0.0.0/0\", \"!@lan\"", "192.0.2.1", true},
	    {"\"10.0.0.1\", \"!10.0.0.0/8\"", "10.0.0.1", false},
	};

	walk(rows, ROWS(rows), "connect", "client", offsetof(struct told, client));
	walk(rows, ROWS(rows), "data", "client", offsetof(struct told, client));
}

static const struct row name_rows[] = {
    {"\"example.com\"", "example.com", true},
    {"\"example.com\"", "www.example.com", false},
    {"\"example.com\"", "example.com.org", false},
    {"\"example.com\"", "EXAMPLE.com", true},
    {"\"EXAMPLE.com\"", "example.com.", true},
    {"\"example.com.\"", "example.com", true},
    {"\".example.com\"", "example.com", false},
    {"\".example.com\"", "www.example.com", true},
    {"\".example.com\"", "a.b.c.example.com", true},
    {"\".example.com\"", "badexample.com", false},
    {"\"b\303\274cher.example\"", "xn--bcher-kva.example", true},
    {"\"xn--bcher-kva.example\"", "B\303\234CHER.example", true},
    {"\".b\303\274cher.example\"", "www.xn--bcher-kva.example", true},
    {"\"/^dsl[0-9]+/\"", "dsl7.example.com", true},
    {"\"/^DSL[0-9]+/\"", "dsl7.example.com", true},
    {"\"/^dsl[0-9]+/\"", "xdsl7.example.com", false},
    {"\"/ample\\\\.com$/\"", "www.EXAMPLE.com.", true},
    {"\"@ours\"", "ours.example", true},
    {"\"@ours\"", "www.ours.example", true},
    {"\"@ours\"", "bad.ours.example", false},
    {"\"@ours\"", "www.bad.ours.example", true},
    {"\"/./\", \"!.example\"", "www.example", false},
    {"\"/./\", \"!.example\"", "www.test", true},
    {"\"/./\", \"!/^w/\"", "www.test", false},
    {"", "example.com", false},
};

Test(session_matching, verified_names_of_clients)
{
	static const struct row rows[] = {
	    {"\"unknown\"", NULL, true},
	    {"\"unknown\"", "unknown", true},
	    {"\"unknown\"", "mx.example.com", false},
	    {"\"/unknown/\"", NULL, false}, /* which only the entry matches */
	    {"\"/./\"", NULL, false},
	    {"\"/./\", \"unknown\"", NULL, true},
	};

	walk(name_rows, ROWS(name_rows), "connect", "client_name", offsetof(struct told, client_name));
	walk(rows, ROWS(rows), "connect", "client_name", offsetof(struct told, client_name));
}

Test(session_matching, names_in_helo)
{
	static const struct row rows[] = {
	    {"\"[192.0.2.1]\"", "[192.0.2.1]", true},
	    {"\"[192.0.2.1]\"", "192.0.2.1", false},
	    {"\"/^\\\\[/\"", "[IPv6:2001:db8::1]", true},
	    {"\"[ipv6:2001:db8::1]\"", "[IPv6:2001:DB8::1]", true},
	    {"\"/^/\"", NULL, false}, /* no HELO: nothing holds */
	    {"\"/^/\"", "", true},
	    {"\"localhost\"", "LOCALHOST", true},
	};

	walk(name_rows, ROWS(name_rows), "helo", "helo", offsetof(struct told, helo));
	walk(rows, ROWS(rows), "helo", "helo", offsetof(struct told, helo));
	walk(rows, ROWS(rows), "rcpt", "helo", offsetof(struct told, helo));
}

static const struct row address_rows[] = {
    {"\"user@example.com\"", "<user@example.com>", true},
    {"\"user@example.com\"", "<User@EXAMPLE.com.>", true},
    {"\"User@Example.com\"", "<\"user\"@example.com>", true},
    {"\"\\\"user\\\"@example.com\"", "<user@example.com>", true},
    {"\"user@example.com\"", "<user@www.example.com>", false},
    {"\"user@example.com\"", "<other@example.com>", false},
    {"\"user@example.com\"", "<@far.example:user@example.com>", true},
    {"\"user@b\303\274cher.example\"", "<user@xn--bcher-kva.example>", true},
    {"\"user@[192.0.2.1]\"", "<user@[192.0.2.1]>", true},
    {"\"user@\"", "<user@example.com>", true},
    {"\"user@\"", "<USER@any.example>", true},
    {"\"user@\"", "<user>", true},
    {"\"user@\"", "<users@example.com>", false},
    {"\"user@\"", "<\"user@x\"@example.com>", false},
    {"\"\\\"a@b\\\"@\"", "<\"a@b\"@example.com>", true},
    {"\"\\\"a@b\\\"@example.com\"", "<\"A@b\"@example.com>", true},
    {"\"example.com\"", "<user@example.com>", true},
    {"\"example.com\"", "<user@www.example.com>", false},
    {"\".example.com\"", "<user@www.example.com>", true},
    {"\".example.com\"", "<user@example.com>", false},
    {"\"example.com\"", "<example.com>", false}, /* a local part, without a domain */
    {"\"[192.0.2.1]\"", "<user@[192.0.2.1]>", true},
    {"\"/^us.r@ex/\"", "<User@example.com>", true},
    {"\"/^us.r$/\"", "<user>", true},
    {"\"/^us.r$/\"", "<user@example.com>", false},
    {"\"/@example\\\\.com$/\"", "<user@EXAMPLE.COM.>", true},
    {"\"@ours\"", "<user@ours.example>", true},
    {"\"@ours\"", "<user@www.ours.example>", true},
    {"\"@ours\"", "<user@bad.ours.example>", false},
    {"\"@ours\", \"user@bad.ours.example\"", "<user@bad.ours.example>", true},
    {"\"@aliases\"", "<sales@aliases.example>", true},
    {"\"@aliases\"", "<sales@ours.example>", true},
    {"\"@aliases\"", "<boss@ours.example>", false},
    {"\"@ours\", \"!user@\"", "<user@ours.example>", false},
    {"\"@ours\", \"!user@\"", "<other@ours.example>", true},
    {"\"user@\", \"!@ours\"", "<user@ours.example>", false},
    {"\"user@\", \"!@ours\"", "<user@bad.ours.example>", true},
    {"\"user@\", \"!.example\"", "<user@ours.example>", false},
    {"", "<user@example.com>", false},
};

Test(session_matching, senders)
{
	static const struct row rows[] = {
	    {"\"<>\"", "<>", true},
	    {"\"<>\"", "<user@example.com>", false},
	    {"\"<>\", \"example.com\"", "<user@example.com>", true},
	    {"\"/^/\"", "<>", false}, /* which nothing else matches */
	    {"\"@ours\", \"!<>\"", "<>", false},
	    {"\"/^/\", \"!<>\"", "<user@example.com>", true},
	};

	walk(address_rows, ROWS(address_rows), "mail", "sender", offsetof(struct told, sender));
	walk(rows, ROWS(rows), "mail", "sender", offsetof(struct told, sender));
	walk(rows, ROWS(rows), "rcpt", "sender", offsetof(struct told, sender));
	walk(rows, ROWS(rows), "data", "sender", offsetof(struct told, sender));
}

Test(session_matching, recipients)
{
	walk(address_rows, ROWS(address_rows), "rcpt", "recipient", offsetof(struct told, recipient));
}

Test(session_matching, logins)
{
	static const struct row rows[] = {
	    {"\"alice\"", "alice", true},
	    {"\"alice\"", "Alice", false},
	    {"\"alice\"", "alice@example.com", false},
	    {"\"alice@\"", "alice", true},
	    {"\"alice@\"", "alice@example.com", true},
	    {"\"alice@\"", "alice@Example.COM", true},
	    {"\"alice@\"", "alice@a@b", false},
	    {"\"alice@\"", "alicex@example.com", false},
	    {"\"alice@\"", "alice@", false},
	    {"\"alice@example.com\"", "alice@example.com", true},
	    {"\"alice@example.com\"", "alice@EXAMPLE.com", false},
	    {"\"alice@example.com\"", "alice", false},
	    {"\"/^al/\"", "alice", true},
	    {"\"/^al/\"", "Alice", false},
	    {"\"/^al/\"", NULL, false},
	    {"\"@staff\"", "alice", true},
	    {"\"@staff\"", "bob@near.example", true},
	    {"\"@staff\"", "bob@far.example", false},
	    {"\"@staff\", \"/far/\"", "bob@far.example", true},
	    {"", "alice", false},
	};

	walk(rows, ROWS(rows), "mail", "user", offsetof(struct told, user));
	walk(rows, ROWS(rows), "data", "user", offsetof(struct told, user));
}

/* Conditions on what a session has, and does not have. */
Test(session_matching, conditions)
{
	static const struct {
		const char *stage, *condition;
		struct told told;
		bool matches;
	} rows[] = {
	    {"mail", "authenticated = true", {.user = "alice"}, true},
	    {"mail", "authenticated = true", {.user = "alice", .mechanism = "ANONYMOUS"}, false},
	    {"mail", "authenticated = true", {.user = NULL}, false},
	    {"mail", "authenticated = false", {.user = "alice"}, false},
	    {"mail", "authenticated = false", {.user = ""}, true},
	    {"mail", "mechanism = [ \"plain\", \"LOGIN\" ]", {.user = "alice", .mechanism = "PLAIN"}, true},
	    {"mail", "mechanism = [ \"plain\", \"LOGIN\" ]", {.user = "alice", .mechanism = "login"}, true},
	    {"mail", "mechanism = [ \"plain\" ]", {.user = "alice", .mechanism = "PLAINER"}, false},
	    {"mail", "mechanism = [ \"plain\" ]", {.user = "alice"}, false},
	    {"mail", "mechanism = [ \"plain\" ]", {.mechanism = "PLAIN"}, false},
	    {"mail", "mechanism = [ \"anonymous\" ]", {.user = "alice", .mechanism = "ANONYMOUS"}, false},
	    {"mail", "mechanism = [ \"plain\", \"!plain\" ]", {.user = "alice", .mechanism = "PLAIN"}, false},
	    {"mail", "tls = true", {.tls_bits = 1}, true},
	    {"mail", "tls = true", {.tls_bits = 0}, false},
	    {"mail", "tls = false", {.tls_bits = 1}, false},
	    {"mail", "tls = false", {.tls_bits = 0}, true},
	    {"mail", "tls = 128", {.tls_bits = 127}, false},
	    {"mail", "tls = 128", {.tls_bits = 128}, true},
	    {"mail", "size_over = 1000", {.size_declared = true, .size = 1001}, true},
	    {"mail", "size_over = 1000", {.size_declared = true, .size = 1000}, false},
	    {"mail", "size_over = 0", {.size = 1001}, false},
	    {"mail", "size_over = 5000000000L", {.size_declared = true, .size = UINT64_C(5000000001)}, true},
	    {"rcpt", "relay = true", {.recipient = "<a@far.example>"}, true},
	    {"rcpt", "relay = false", {.recipient = "<a@far.example>"}, false},
	    {"rcpt", "relay = false", {.recipient = "<postmaster>"}, true},
	    {"data", "recipients_over = 0", {.client = "192.0.2.1"}, true},
	    {"data", "recipients_over = 1", {.client = "192.0.2.1"}, false},
	    /* conditions are AND, what a list gives is OR */
	    {"mail", "client = [ \"192.0.2.1\" ]; tls = true", {.client = "192.0.2.1", .tls_bits = 1}, true},
	    {"mail", "client = [ \"192.0.2.1\" ]; tls = true", {.client = "192.0.2.1"}, false},
	    {"mail", "client = [ \"192.0.2.1\" ]; tls = true", {.client = "192.0.2.2", .tls_bits = 1}, false},
	    {"mail", "client = [ \"192.0.2.1\", \"192.0.2.2\" ]", {.client = "192.0.2.2"}, true},
	    {"mail", "client = \"192.0.2.2\"", {.client = "192.0.2.2"}, true},
	    /* not all in unless */
	    {"mail", "unless = { tls = true; authenticated = true; }", {.tls_bits = 1}, true},
	    {"mail", "unless = { tls = true; authenticated = true; }", {.user = "alice"}, true},
	    {"mail", "unless = { tls = true; authenticated = true; }", {.user = "alice", .tls_bits = 1}, false},
	    {"mail", "unless = { helo = [ \"/./\" ]; }", {.helo = NULL}, true},
	    {"mail", "unless = { helo = [ \"/./\" ]; }", {.helo = "mx.example"}, false},
	    {"mail",
	     "tls = true; unless = { client = [ \"192.0.2.1\" ]; }",
	     {.client = "192.0.2.1", .tls_bits = 1},
	     false},
	    {"mail",
	     "tls = true; unless = { client = [ \"192.0.2.1\" ]; }",
	     {.client = "192.0.2.2", .tls_bits = 1},
	     true},
	    {"mail", "tls = true; unless = { client = [ \"192.0.2.1\" ]; }", {.client = "192.0.2.2"}, false},
	};

	for (size_t i = 0; i < ROWS(rows); i++)
		cr_expect_eq(refused_by(rows[i].stage, rows[i].condition, &rows[i].told), rows[i].matches,
		             "row %zu: %s", i, rows[i].condition);
}

/* More sets of each kind than one word of bits holds, all of expressions, so that each is worked out when its value
 * comes. */
Test(session_matching, hundreds_of_expressions)
{
	enum {
		EACH = 150
	};
	static char text[100000];
	size_t length = (size_t)sprintf(
	    text, "listeners = ( { name = \"one\"; direction = \"inbound\"; relay = { mode = \"all-except\"; };\n");
	static const struct {
		const char *stage, *condition;
	} stages[] = {{"helo", "helo"}, {"mail", "user"}, {"rcpt", "sender"}, {"data", "client_name"}};
	struct rules *rules;

	for (size_t k = 0; k < ROWS(stages); k++) {
		length += (size_t)sprintf(text + length, "  %s = (", stages[k].stage);
		for (unsigned i = 0; i < EACH; i++)
			length += (size_t)sprintf(
			    text + length,
			    "%s { verdict = \"reject\"; %s = [ \"/^n%u[^0-9]/\" ]; reply = \"550 5.7.1 %s %u\"; }",
			    i == 0 ? "" : ",\n", stages[k].condition, i, stages[k].condition, i);
		length += (size_t)sprintf(text + length, " );\n");
	}
	sprintf(text + length, "} );\n");
	rules = told_rules(text);
	for (unsigned i = 0; i <= EACH; i++) {
		char value[32], expected[64];

		snprintf(value, sizeof value, "n%u.x@example", i);
		for (size_t k = 0; k < ROWS(stages); k++) {
			struct told told = {.client = "203.0.113.1", .recipient = "<a@far.example>"};

			told.helo = k == 0 ? value : "good";
			told.user = k == 1 ? value : NULL;
			told.sender = k == 2 ? value : "<>";
			told.client_name = k == 3 ? value : NULL;
			snprintf(expected, sizeof expected, "%s reject: 550 5.7.1 %s %u", stages[k].stage,
			         stages[k].condition, i);
			cr_expect_str_eq(told_judge(rules, &told), i < EACH ? expected : "accept", "%s %s",
			                 stages[k].stage, value);
		}
	}
	rules_free(rules);
}
