/* The blocks: what decides where no rule of the stage has. */
#include <criterion/criterion.h>
#include <string.h>

#include "policy/condition.h"
#include "policy/decide.h"
#include "policy/ruleset.h"

/* In these tests every value that is known is in set 0 and not in set 1. */
static const uint64_t in_set_0[] = {1};
#define IN 0
#define OUT 1

static const struct fact_class known = {.state = FACT_KNOWN, .sets = in_set_0};
static const struct fact_class unavailable = {.state = FACT_UNAVAILABLE};
static const struct fact_class broken = {.state = FACT_BROKEN};

static const struct reply own_reply = {550, "5.7.1", "own words"};

Test(decide_blocks, without_a_relay_block_nothing_is_relayed)
{
	const struct listener listener = {.where = {"a.conf", 3}};
	const struct facts facts = {.relay = true, .authenticated = true, .tls_bits = amount_of(256)};
	struct decision decision = decide(&listener, STAGE_RCPT, &facts);

	cr_expect_eq(decision.verdict, VERDICT_REJECT);
	cr_expect_eq(decision.cause, CAUSE_NO_BLOCK);
	cr_expect_str_eq(decision.rule, "relay");
	cr_expect_eq(decision.by, &listener.where);
	cr_expect_str_eq(decision.reply->text, "Unable to relay for {recipient}");
}

/* What a listed client, an unlisted one, and one of whom that cannot be said, gets: accept, reject, tempfail. */
Test(decide_blocks, the_lists_of_the_connection_and_relay_blocks)
{
	static const struct {
		const char *what;
		enum list_mode mode;
		struct optional_set clients, names;
		struct fact_class client, name;
		enum verdict verdict;
	} rows[] = {
	    {"only, no list",
	     MODE_ONLY,
	     {0},
	     {0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     VERDICT_REJECT},
	    {"only, listed by address",
	     MODE_ONLY,
	     {true, IN},
	     {0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {0},
	     VERDICT_ACCEPT},
	    {"only, not listed",
	     MODE_ONLY,
	     {true, OUT},
	     {0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {0},
	     VERDICT_REJECT},
	    {"only, listed by name",
	     MODE_ONLY,
	     {true, OUT},
	     {true, IN},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     VERDICT_ACCEPT},
	    {"only, by address and not by name",
	     MODE_ONLY,
	     {true, IN},
	     {true, OUT},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     VERDICT_ACCEPT},
	    {"only, neither",
	     MODE_ONLY,
	     {true, OUT},
	     {true, OUT},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     VERDICT_REJECT},
	    {"only, by address, name unavailable",
	     MODE_ONLY,
	     {true, IN},
	     {true, OUT},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_UNAVAILABLE},
	     VERDICT_ACCEPT},
	    {"only, not by address, name unavailable",
	     MODE_ONLY,
	     {true, OUT},
	     {true, OUT},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_UNAVAILABLE},
	     VERDICT_TEMPFAIL},
	    {"only, names not asked for, unavailable",
	     MODE_ONLY,
	     {true, OUT},
	     {0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_UNAVAILABLE},
	     VERDICT_REJECT},
	    {"only, name broken",
	     MODE_ONLY,
	     {true, OUT},
	     {true, OUT},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_BROKEN},
	     VERDICT_TEMPFAIL},
	    {"all but none",
	     MODE_ALL_EXCEPT,
	     {0},
	     {0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     VERDICT_ACCEPT},
	    {"all but listed by address",
	     MODE_ALL_EXCEPT,
	     {true, IN},
	     {0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {0},
	     VERDICT_REJECT},
	    {"all but, not listed",
	     MODE_ALL_EXCEPT,
	     {true, OUT},
	     {0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {0},
	     VERDICT_ACCEPT},
	    {"all but listed by name",
	     MODE_ALL_EXCEPT,
	     {true, OUT},
	     {true, IN},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     VERDICT_REJECT},
	    {"all but, by address, name unavailable",
	     MODE_ALL_EXCEPT,
	     {true, IN},
	     {true, OUT},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_UNAVAILABLE},
	     VERDICT_REJECT},
	    {"all but, name unavailable",
	     MODE_ALL_EXCEPT,
	     {true, OUT},
	     {true, OUT},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_UNAVAILABLE},
	     VERDICT_TEMPFAIL},
	    {"all but, name broken",
	     MODE_ALL_EXCEPT,
	     {true, OUT},
	     {true, OUT},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_BROKEN},
	     VERDICT_TEMPFAIL},
	    {"all but, neither",
	     MODE_ALL_EXCEPT,
	     {true, OUT},
	     {true, OUT},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     {.state = FACT_KNOWN, .sets = in_set_0},
	     VERDICT_ACCEPT},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct connection_block connection = {
		    rows[i].mode, rows[i].clients, rows[i].names, NULL, {"a.conf", 4}};
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

#define LOGIN                                                                                                          \
	.authenticated = true, .user = {.state = FACT_KNOWN, .sets = in_set_0},                                        \
	.mechanism = {.state = FACT_KNOWN, .sets = in_set_0}

static const struct login_row login_rows[] = {
    {.what = "optional, none", .auth = {.mode = AUTH_OPTIONAL}},
    {.what = "optional, one", .auth = {.mode = AUTH_OPTIONAL}, LOGIN},
    {.what = "optional, none, lists", .auth = {.mode = AUTH_OPTIONAL, .users = {true, OUT}, .tls_bits = 1}},
    {.what = "required, none", .auth = {.mode = AUTH_REQUIRED}, .code = 530, .text = "Authentication required"},
    {.what = "required, one", .auth = {.mode = AUTH_REQUIRED}, LOGIN},
    {.what = "required, none, tls",
     .auth = {.mode = AUTH_REQUIRED, .tls_bits = 1},
     .code = 530,
     .text = "Authentication required"},
    {.what = "forbidden, none", .auth = {.mode = AUTH_FORBIDDEN}},
    {.what = "forbidden, one",
     .auth = {.mode = AUTH_FORBIDDEN},
     LOGIN,
     .code = 550,
     .text = "Authentication is not accepted here"},
    {.what = "forbidden, one of its users",
     .auth = {.mode = AUTH_FORBIDDEN, .users = {true, IN}},
     LOGIN,
     .code = 550,
     .text = "Authentication is not accepted here"},
    {.what = "a user", .auth = {.users = {true, IN}}, LOGIN},
    {.what = "not a user", .auth = {.users = {true, OUT}}, LOGIN, .code = 550, .text = "{user} may not send here"},
    {.what = "not a user, before mechanism and tls",
     .auth = {.users = {true, OUT}, .mechanisms = {true, OUT}, .tls_bits = 1},
     LOGIN,
     .code = 550,
     .text = "{user} may not send here"},
    {.what = "a mechanism", .auth = {.mechanisms = {true, IN}}, LOGIN},
    {.what = "not a mechanism",
     .auth = {.mechanisms = {true, OUT}},
     LOGIN,
     .code = 550,
     .text = "{user} may not log in this way"},
    {.what = "no mechanism told",
     .auth = {.mechanisms = {true, IN}},
     .authenticated = true,
     .user = {.state = FACT_KNOWN, .sets = in_set_0},
     .code = 550,
     .text = "{user} may not log in this way"},
    {.what = "not a mechanism, before tls",
     .auth = {.mechanisms = {true, OUT}, .tls_bits = 1},
     LOGIN,
     .code = 550,
     .text = "{user} may not log in this way"},
    {.what = "tls, without",
     .auth = {.tls_bits = 1},
     LOGIN,
     .code = 530,
     .text = "Must issue a STARTTLS command first"},
    {.what = "tls, with", .auth = {.tls_bits = 1}, LOGIN, .tls_bits = 1},
    {.what = "tls of 128, 127",
     .auth = {.tls_bits = 128},
     LOGIN,
     .tls_bits = 127,
     .code = 530,
     .text = "Must issue a STARTTLS command first"},
    {.what = "tls of 128, 128", .auth = {.tls_bits = 128}, LOGIN, .tls_bits = 128},
    {.what = "all of it",
     .auth = {.mode = AUTH_REQUIRED, .users = {true, IN}, .mechanisms = {true, IN}, .tls_bits = 1},
     LOGIN,
     .tls_bits = 256},
    {.what = "user broken",
     .auth = {.users = {true, IN}},
     .authenticated = true,
     .user = {.state = FACT_BROKEN},
     .code = 451},
    {.what = "user broken, not asked for",
     .auth = {.tls_bits = 0},
     .authenticated = true,
     .user = {.state = FACT_BROKEN}},
    {.what = "user broken, forbidden",
     .auth = {.mode = AUTH_FORBIDDEN, .users = {true, IN}},
     .authenticated = true,
     .user = {.state = FACT_BROKEN},
     .code = 550,
     .text = "Authentication is not accepted here"},
};

static struct facts login_facts(const struct login_row *row)
{
	struct facts facts = {.authenticated = row->authenticated, .tls_bits = amount_of(row->tls_bits)};

	facts.classes[FACT_USER] = row->user;
	facts.classes[FACT_MECHANISM] = row->mechanism;
	return facts;
}

Test(decide_blocks, the_auth_block_asks_in_its_order)
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
Test(decide_blocks, only_a_login_that_the_auth_block_admits_may_relay)
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
			cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, expected, "its users, %s",
			             row->what);
		relay.authenticated = false;
		cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_REJECT, "not by login, %s",
		             row->what);
		relay.mode = MODE_ALL_EXCEPT;
		cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_ACCEPT, "anybody, %s", row->what);
	}
}

Test(decide_blocks, a_login_relays_although_its_client_is_listed)
{
	const struct relay_block relay = {.mode = MODE_ALL_EXCEPT, .clients = {true, IN}, .authenticated = true};
	const struct listener listener = {.relay = &relay};
	struct facts facts = {.relay = true, .authenticated = true};

	facts.classes[FACT_CLIENT] = known;
	facts.classes[FACT_USER] = known;
	cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_ACCEPT,
	             "without an auth block any login does");
	facts.authenticated = false;
	cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_REJECT);
	facts.classes[FACT_CLIENT_NAME] = unavailable;
	cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_REJECT, "nobody asks for the name");
	facts.classes[FACT_CLIENT] = broken;
	cr_expect_eq(decide(&listener, STAGE_RCPT, &facts).verdict, VERDICT_TEMPFAIL);
}
