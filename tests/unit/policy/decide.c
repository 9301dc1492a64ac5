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

static const struct fact_class known = {FACT_KNOWN, in_set_0};
static const struct fact_class unavailable = {FACT_UNAVAILABLE, NULL};
static const struct fact_class broken = {FACT_BROKEN, NULL};

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

#define CLIENT(which) {CONDITION_CLIENT, {.set = which}}
#define NAME(which) {CONDITION_CLIENT_NAME, {.set = which}}
#define HELO(which) {CONDITION_HELO, {.set = which}}

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
    {.what = "unless of which one does not", .unless = {CLIENT(IN), CLIENT(OUT)}, .unless_count = 2, .matches = TRUTH_YES},
    {.what = "unless of an absent fact", .unless = {HELO(IN)}, .unless_count = 1, .matches = TRUTH_YES},
    {.what = "conditions and unless", .conditions = {CLIENT(OUT)}, .count = 1, .unless = {CLIENT(OUT)},
     .unless_count = 1, .matches = TRUTH_NO},
    {.what = "a local one, relay", .local_only = true, .relay = true, .matches = TRUTH_NO},
    {.what = "a local one, local", .local_only = true, .matches = TRUTH_YES},
    {.what = "not a local one, relay", .relay = true, .matches = TRUTH_YES},
    {.what = "a local one, relay, exempted", .local_only = true, .relay = true, .unless = {CLIENT(OUT)},
     .unless_count = 1, .matches = TRUTH_NO},
    /* a name that cannot be looked up */
    {.what = "name unavailable", .conditions = {NAME(IN)}, .count = 1, .name = {FACT_UNAVAILABLE, NULL},
     .matches = TRUTH_UNAVAILABLE},
    {.what = "unavailable, and no", .conditions = {NAME(IN), CLIENT(OUT)}, .count = 2,
     .name = {FACT_UNAVAILABLE, NULL}, .matches = TRUTH_NO},
    {.what = "no, and unavailable", .conditions = {CLIENT(OUT), NAME(IN)}, .count = 2,
     .name = {FACT_UNAVAILABLE, NULL}, .matches = TRUTH_NO},
    {.what = "unavailable, and yes", .conditions = {NAME(IN), CLIENT(IN)}, .count = 2,
     .name = {FACT_UNAVAILABLE, NULL}, .matches = TRUTH_UNAVAILABLE},
    {.what = "unless unavailable", .unless = {NAME(IN)}, .unless_count = 1, .name = {FACT_UNAVAILABLE, NULL},
     .matches = TRUTH_UNAVAILABLE},
    {.what = "unless unavailable and no", .unless = {NAME(IN), CLIENT(OUT)}, .unless_count = 2,
     .name = {FACT_UNAVAILABLE, NULL}, .matches = TRUTH_YES},
    {.what = "no, unless unavailable", .conditions = {CLIENT(OUT)}, .count = 1, .unless = {NAME(IN)},
     .unless_count = 1, .name = {FACT_UNAVAILABLE, NULL}, .matches = TRUTH_NO},
    {.what = "unavailable, unless yes", .conditions = {NAME(IN)}, .count = 1, .unless = {CLIENT(IN)},
     .unless_count = 1, .name = {FACT_UNAVAILABLE, NULL}, .matches = TRUTH_NO},
    {.what = "unavailable, a local one, relay", .conditions = {NAME(IN)}, .count = 1, .local_only = true,
     .relay = true, .name = {FACT_UNAVAILABLE, NULL}, .matches = TRUTH_NO},
    /* a fact that cannot be compared */
    {.what = "broken", .conditions = {HELO(IN)}, .count = 1, .helo = {FACT_BROKEN, NULL}, .matches = TRUTH_BROKEN},
    {.what = "broken, and no", .conditions = {HELO(IN), CLIENT(OUT)}, .count = 2, .helo = {FACT_BROKEN, NULL},
     .matches = TRUTH_NO},
    {.what = "unless broken", .unless = {HELO(IN)}, .unless_count = 1, .helo = {FACT_BROKEN, NULL},
     .matches = TRUTH_BROKEN},
    {.what = "broken, and unavailable", .conditions = {NAME(IN), HELO(IN)}, .count = 2,
     .name = {FACT_UNAVAILABLE, NULL}, .helo = {FACT_BROKEN, NULL}, .matches = TRUTH_BROKEN},
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
			    {.verdict = VERDICT_TEMPFAIL, .label = labels[1], .reply = &own_reply, .where = {"a.conf", 8}},
			};
			struct listener listener = {.stages = {[STAGE_HELO] = {rules, 2}}};
			struct facts facts = {.relay = row.relay};
			bool second = row.matches == TRUTH_NO, lacking = row.matches == TRUTH_UNAVAILABLE || row.matches == TRUTH_BROKEN;
			struct decision decision;

			facts.classes[FACT_CLIENT] = known;
			facts.classes[FACT_CLIENT_NAME] = row.name;
			facts.classes[FACT_HELO] = row.helo;
			decision = decide(&listener, STAGE_HELO, &facts);
			cr_expect_eq(decision.stage, STAGE_HELO, "%s", row.what);
			cr_expect_str_eq(decision.rule, labels[second], "%s", row.what);
			cr_expect_eq(decision.by, &rules[second].where, "%s", row.what);
			cr_expect_eq(decision.verdict, second || lacking ? VERDICT_TEMPFAIL : (enum verdict)verdict, "%s, %s",
			             row.what, verdict_name((enum verdict)verdict));
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

Test(decide, without_a_relay_block_nothing_is_relayed)
{
	const struct listener listener = {.where = {"a.conf", 3}};
	const struct facts facts = {.relay = true, .authenticated = true, .tls_bits = 256};
	struct decision decision = decide(&listener, STAGE_RCPT, &facts);

	cr_expect_eq(decision.verdict, VERDICT_REJECT);
	cr_expect_eq(decision.cause, CAUSE_NO_BLOCK);
	cr_expect_str_eq(decision.rule, "relay");
	cr_expect_eq(decision.by, &listener.where);
	cr_expect_str_eq(decision.reply->text, "Unable to relay for {recipient}");
}

/* What a listed client, an unlisted one, and one of whom that cannot be said, gets: accept, reject, tempfail. */
Test(decide, the_lists_of_the_connection_and_relay_blocks)
{
	static const struct {
		const char *what;
		enum list_mode mode;
		struct optional_set clients, names;
		struct fact_class client, name;
		enum verdict verdict;
	} rows[] = {
	    {"only, no list", MODE_ONLY, {0}, {0}, {FACT_KNOWN, in_set_0}, {FACT_KNOWN, in_set_0}, VERDICT_REJECT},
	    {"only, listed by address", MODE_ONLY, {true, IN}, {0}, {FACT_KNOWN, in_set_0}, {0}, VERDICT_ACCEPT},
	    {"only, not listed", MODE_ONLY, {true, OUT}, {0}, {FACT_KNOWN, in_set_0}, {0}, VERDICT_REJECT},
	    {"only, listed by name", MODE_ONLY, {true, OUT}, {true, IN}, {FACT_KNOWN, in_set_0}, {FACT_KNOWN, in_set_0},
	     VERDICT_ACCEPT},
	    {"only, by address and not by name", MODE_ONLY, {true, IN}, {true, OUT}, {FACT_KNOWN, in_set_0},
	     {FACT_KNOWN, in_set_0}, VERDICT_ACCEPT},
	    {"only, neither", MODE_ONLY, {true, OUT}, {true, OUT}, {FACT_KNOWN, in_set_0}, {FACT_KNOWN, in_set_0},
	     VERDICT_REJECT},
	    {"only, by address, name unavailable", MODE_ONLY, {true, IN}, {true, OUT}, {FACT_KNOWN, in_set_0},
	     {FACT_UNAVAILABLE, NULL}, VERDICT_ACCEPT},
	    {"only, not by address, name unavailable", MODE_ONLY, {true, OUT}, {true, OUT}, {FACT_KNOWN, in_set_0},
	     {FACT_UNAVAILABLE, NULL}, VERDICT_TEMPFAIL},
	    {"only, names not asked for, unavailable", MODE_ONLY, {true, OUT}, {0}, {FACT_KNOWN, in_set_0},
	     {FACT_UNAVAILABLE, NULL}, VERDICT_REJECT},
	    {"only, name broken", MODE_ONLY, {true, OUT}, {true, OUT}, {FACT_KNOWN, in_set_0}, {FACT_BROKEN, NULL},
	     VERDICT_TEMPFAIL},
	    {"all but none", MODE_ALL_EXCEPT, {0}, {0}, {FACT_KNOWN, in_set_0}, {FACT_KNOWN, in_set_0}, VERDICT_ACCEPT},
	    {"all but listed by address", MODE_ALL_EXCEPT, {true, IN}, {0}, {FACT_KNOWN, in_set_0}, {0}, VERDICT_REJECT},
	    {"all but, not listed", MODE_ALL_EXCEPT, {true, OUT}, {0}, {FACT_KNOWN, in_set_0}, {0}, VERDICT_ACCEPT},
	    {"all but listed by name", MODE_ALL_EXCEPT, {true, OUT}, {true, IN}, {FACT_KNOWN, in_set_0},
	     {FACT_KNOWN, in_set_0}, VERDICT_REJECT},
	    {"all but, by address, name unavailable", MODE_ALL_EXCEPT, {true, IN}, {true, OUT}, {FACT_KNOWN, in_set_0},
	     {FACT_UNAVAILABLE, NULL}, VERDICT_REJECT},
	    {"all but, name unavailable", MODE_ALL_EXCEPT, {true, OUT}, {true, OUT}, {FACT_KNOWN, in_set_0},
	     {FACT_UNAVAILABLE, NULL}, VERDICT_TEMPFAIL},
	    {"all but, name broken", MODE_ALL_EXCEPT, {true, OUT}, {true, OUT}, {FACT_KNOWN, in_set_0},
	     {FACT_BROKEN, NULL}, VERDICT_TEMPFAIL},
	    {"all but, neither", MODE_ALL_EXCEPT, {true, OUT}, {true, OUT}, {FACT_KNOWN, in_set_0},
	     {FACT_KNOWN, in_set_0}, VERDICT_ACCEPT},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct connection_block connection = {rows[i].mode, rows[i].clients, rows[i].names, NULL, {"a.conf", 4}};
		struct relay_block relay = {.mode = rows[i].mode, .clients = rows[i].clients, .names = rows[i].names};
		struct listener listener = {.connection = &connection, .relay = &relay};
		struct facts facts = {.relay = true};
		struct decision decision;

		facts.classes[FACT_CLIENT] = rows[i].client;
		facts.classes[FACT_CLIENT_NAME] = rows[i].name;
		decision = decide(&listener, STAGE_CONNECT, &facts);
		cr_expect_eq(decision.verdict, rows[i].verdict, "connection %s", rows[i].what);
		cr_expect_str_eq(decision.rule, "connection", "%s", rows[i].what);
		cr_expect_eq(decision.by, &connection.where, "%s", rows[i].what);
		if (decision.verdict == VERDICT_REJECT)
			cr_expect_str_eq(decision.reply->text, "Access denied for {client}", "%s", rows[i].what);
		decision = decide(&listener, STAGE_RCPT, &facts);
		cr_expect_eq(decision.verdict, rows[i].verdict, "relay %s", rows[i].what);
		cr_expect_str_eq(decision.rule, "relay", "%s", rows[i].what);
		cr_expect_eq(decision.by, &relay.where, "%s", rows[i].what);
		if (decision.verdict == VERDICT_REJECT)
			cr_expect_str_eq(decision.reply->text, "Unable to relay for {recipient}", "%s", rows[i].what);
		facts.relay = false;
		cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_ACCEPT, "local, %s", rows[i].what);

		facts.relay = true;
		connection.reply = relay.reply = &own_reply;
		if (rows[i].verdict == VERDICT_REJECT) {
			cr_expect_eq(decide(&listener, STAGE_CONNECT, &facts).reply, &own_reply, "%s", rows[i].what);
			cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).reply, &own_reply, "%s", rows[i].what);
		}
	}
}

struct login_row {
	const char *what;
	struct auth_block auth;
	bool authenticated;
	struct fact_class user, mechanism;
	unsigned tls_bits;
	unsigned code; /* 0: accept */
	const char *text;
};

#define LOGIN .authenticated = true, .user = {FACT_KNOWN, in_set_0}, .mechanism = {FACT_KNOWN, in_set_0}

static const struct login_row login_rows[] = {
    {.what = "optional, none", .auth = {.mode = AUTH_OPTIONAL}},
    {.what = "optional, one", .auth = {.mode = AUTH_OPTIONAL}, LOGIN},
    {.what = "optional, none, lists", .auth = {.mode = AUTH_OPTIONAL, .users = {true, OUT}, .tls_bits = 1}},
    {.what = "required, none", .auth = {.mode = AUTH_REQUIRED}, .code = 530, .text = "Authentication required"},
    {.what = "required, one", .auth = {.mode = AUTH_REQUIRED}, LOGIN},
    {.what = "required, none, tls", .auth = {.mode = AUTH_REQUIRED, .tls_bits = 1}, .code = 530,
     .text = "Authentication required"},
    {.what = "forbidden, none", .auth = {.mode = AUTH_FORBIDDEN}},
    {.what = "forbidden, one", .auth = {.mode = AUTH_FORBIDDEN}, LOGIN, .code = 550,
     .text = "Authentication is not accepted here"},
    {.what = "forbidden, one of its users", .auth = {.mode = AUTH_FORBIDDEN, .users = {true, IN}}, LOGIN, .code = 550,
     .text = "Authentication is not accepted here"},
    {.what = "a user", .auth = {.users = {true, IN}}, LOGIN},
    {.what = "not a user", .auth = {.users = {true, OUT}}, LOGIN, .code = 550, .text = "{user} may not send here"},
    {.what = "not a user, before mechanism and tls",
     .auth = {.users = {true, OUT}, .mechanisms = {true, OUT}, .tls_bits = 1}, LOGIN, .code = 550,
     .text = "{user} may not send here"},
    {.what = "a mechanism", .auth = {.mechanisms = {true, IN}}, LOGIN},
    {.what = "not a mechanism", .auth = {.mechanisms = {true, OUT}}, LOGIN, .code = 550,
     .text = "{user} may not log in this way"},
    {.what = "no mechanism told", .auth = {.mechanisms = {true, IN}}, .authenticated = true,
     .user = {FACT_KNOWN, in_set_0}, .code = 550, .text = "{user} may not log in this way"},
    {.what = "not a mechanism, before tls", .auth = {.mechanisms = {true, OUT}, .tls_bits = 1}, LOGIN, .code = 550,
     .text = "{user} may not log in this way"},
    {.what = "tls, without", .auth = {.tls_bits = 1}, LOGIN, .code = 530,
     .text = "Must issue a STARTTLS command first"},
    {.what = "tls, with", .auth = {.tls_bits = 1}, LOGIN, .tls_bits = 1},
    {.what = "tls of 128, 127", .auth = {.tls_bits = 128}, LOGIN, .tls_bits = 127, .code = 530,
     .text = "Must issue a STARTTLS command first"},
    {.what = "tls of 128, 128", .auth = {.tls_bits = 128}, LOGIN, .tls_bits = 128},
    {.what = "all of it", .auth = {.mode = AUTH_REQUIRED, .users = {true, IN}, .mechanisms = {true, IN}, .tls_bits = 1},
     LOGIN, .tls_bits = 256},
    {.what = "user broken", .auth = {.users = {true, IN}}, .authenticated = true, .user = {FACT_BROKEN, NULL},
     .code = 451},
    {.what = "user broken, not asked for", .auth = {.tls_bits = 0}, .authenticated = true,
     .user = {FACT_BROKEN, NULL}},
    {.what = "user broken, forbidden", .auth = {.mode = AUTH_FORBIDDEN, .users = {true, IN}}, .authenticated = true,
     .user = {FACT_BROKEN, NULL}, .code = 550, .text = "Authentication is not accepted here"},
};

static struct facts login_facts(const struct login_row *row)
{
	struct facts facts = {.authenticated = row->authenticated, .tls_bits = row->tls_bits};

	facts.classes[FACT_USER] = row->user;
	facts.classes[FACT_MECHANISM] = row->mechanism;
	return facts;
}

Test(decide, the_auth_block_asks_in_its_order)
{
	for (size_t i = 0; i < sizeof login_rows / sizeof *login_rows; i++) {
		const struct login_row *row = &login_rows[i];
		struct auth_block auth = row->auth;
		struct listener listener = {.auth = &auth};
		struct facts facts = login_facts(row);
		struct decision decision = decide(&listener, STAGE_MAIL, &facts);

		cr_expect_str_eq(decision.rule, "auth", "%s", row->what);
		cr_expect_eq(decision.by, &auth.where, "%s", row->what);
		cr_expect_eq(decision.verdict,
		             row->code == 0    ? VERDICT_ACCEPT
		             : row->code < 500 ? VERDICT_TEMPFAIL
		                               : VERDICT_REJECT,
		             "%s", row->what);
		cr_expect_eq(decision.reply != NULL ? decision.reply->code : 0, row->code, "%s", row->what);
		if (row->text != NULL)
			cr_expect_str_eq(decision.reply->text, row->text, "%s", row->what);
		auth.reply = &own_reply;
		if (row->code >= 500)
			cr_expect_eq(decide(&listener, STAGE_MAIL, &facts).reply, &own_reply, "%s", row->what);
	}
}

/* A login relays where the auth block would admit it, and not where it only has nothing against its absence. */
Test(decide, only_a_login_that_the_auth_block_admits_may_relay)
{
	for (size_t i = 0; i < sizeof login_rows / sizeof *login_rows; i++) {
		const struct login_row *row = &login_rows[i];
		struct relay_block relay = {.mode = MODE_ONLY, .authenticated = true};
		struct listener listener = {.auth = &row->auth, .relay = &relay};
		struct facts facts = login_facts(row);
		enum verdict expected = !row->authenticated || row->code >= 500 ? VERDICT_REJECT
		                        : row->code == 0                        ? VERDICT_ACCEPT
		                                                                : VERDICT_TEMPFAIL;

		facts.relay = true;
		cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, expected, "%s", row->what);
		relay.users = (struct optional_set){true, OUT};
		if (expected == VERDICT_ACCEPT && row->user.state == FACT_KNOWN)
			cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_REJECT, "other users, %s",
			             row->what);
		relay.users = (struct optional_set){true, IN};
		if (row->user.state != FACT_BROKEN)
			cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, expected, "its users, %s", row->what);
		relay.authenticated = false;
		cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_REJECT, "not by login, %s", row->what);
		relay.mode = MODE_ALL_EXCEPT;
		cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_ACCEPT, "anybody, %s", row->what);
	}
}

Test(decide, a_login_relays_although_its_client_is_listed)
{
	const struct relay_block relay = {.mode = MODE_ALL_EXCEPT, .clients = {true, IN}, .authenticated = true};
	const struct listener listener = {.relay = &relay};
	struct facts facts = {.relay = true, .authenticated = true};

	facts.classes[FACT_CLIENT] = known;
	facts.classes[FACT_USER] = known;
	cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_ACCEPT, "without an auth block any login does");
	facts.authenticated = false;
	cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_REJECT);
	facts.classes[FACT_CLIENT_NAME] = unavailable;
	cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_REJECT, "nobody asks for the name");
	facts.classes[FACT_CLIENT] = broken;
	cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_TEMPFAIL);
}
