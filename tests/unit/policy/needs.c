#include "policy/needs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "policy/ruleset.h"
#include "rules/load.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(needs, .init = rule_files_start, .fini = rule_files_end);

/* What a stage may have, in a listener. */
static const char *const connects[] = {
    "",
    "connection = { mode = \"all-except\"; clients = [ \"198.51.100.0/24\" ]; };",
    "connect = ( { verdict = \"tempfail\"; client = [ \"198.51.100.0/24\" ]; } );",
};
static const char *const helos[] = {
    "",
    "helo = ( { verdict = \"reject\"; helo = [ \"liar.example\" ]; reply = \"550 5.7.1 no {helo}\"; } );",
};
static const char *const mails[] = {
    "",
    "auth = { mode = \"required\"; };",
    "mail = ( { verdict = \"reject\"; size_over = 100000; } );",
};
static const char *const rcpts[] = {
    "",
    "relay = { mode = \"only\"; authenticated = true; };",
    "rcpt = ( { verdict = \"reject\"; recipient = [ \"bad@\" ]; } );",
};
static const struct {
	const char *text;
	bool refuses; /* some session */
} datas[] = {
    {"", false},
    {"data = ( { verdict = \"reject\"; recipients_over = 1; } );", true},
    {"data = ( { verdict = \"tempfail\"; size_over = 1000; } );", true},
    {"data = ( { verdict = \"accept\"; client = [ \"192.0.2.0/24\" ]; } );", false},
    {"data = ( { verdict = \"accept\"; client_name = [ \"some.example\" ]; } );", true},
    {"data = ( { verdict = \"accept\"; size_over = 10; unless = { client_name = [ \"some.example\" ]; }; } );", true},
    {"data = ( { verdict = \"accept\"; size_over = 10; unless = { client = [ \"192.0.2.1\" ]; }; } );", false},
    {"data = ( { verdict = \"accept\"; size_over = 10; }, { verdict = \"reject\"; tls = false; } );", true},
};

#define COUNT(list) (sizeof(list) / sizeof *(list))

static const struct told sessions[] = {
    {.client = "192.0.2.1", .helo = "client.example", .sender = "a@there.example", .recipient = "info@ours.example"},
    {.client = "198.51.100.1", .helo = "client.example", .sender = "<>", .recipient = "info@ours.example"},
    {.client = "192.0.2.1", .helo = "liar.example", .sender = "a@there.example", .recipient = "info@ours.example"},
    {.client = "192.0.2.1", .helo = "client.example", .sender = "a@", .recipient = "info@ours.example"},
    {.client = "192.0.2.1", .helo = "client.example", .sender = "<>", .recipient = "else@where.example"},
    {.client = "192.0.2.1", .helo = "client.example", .sender = "<>", .recipient = "bad@ours.example"},
    {.client = "192.0.2.1", .helo = "client.example", .sender = "<>", .recipient = "@ours.example"},
    {.client = "192.0.2.1",
     .client_name = "[TEMPUNAVAIL]",
     .helo = "client.example",
     .sender = "<>",
     .recipient = "info@ours.example",
     .size_declared = true,
     .size = 500},
    {.client = "192.0.2.1",
     .helo = "client.example",
     .sender = "<>",
     .recipient = "info@ours.example",
     .size_declared = true,
     .size = 5000},
    {.client = "192.0.2.1",
     .helo = "client.example",
     .sender = "<>",
     .recipient = "info@ours.example",
     .size_declared = true,
     .size = 500000},
};

/* What an MTA does that tells and awaits only what is needed, as the client and the log see it. */
struct course {
	char text[4096];
	size_t told; /* events */
};

static void note(struct course *course, const struct session *session, struct decision decision)
{
	const char *helo = session_texts(session)->texts[FACT_HELO];
	size_t length = strlen(course->text);

	snprintf(course->text + length, sizeof course->text - length, "%s", told_outcome(session, decision));
	length = strlen(course->text);
	if (decision.verdict != VERDICT_ACCEPT) /* the log tells the HELO */
		snprintf(course->text + length, sizeof course->text - length, ", helo %s",
		         helo != NULL ? helo : "none");
	strcat(course->text, "; ");
}

/* An event whose answer is awaited, or is not; returns whether the client may go on. */
static bool hear(struct course *course, const struct needs *needs, enum stage stage, const struct session *session,
                 struct decision decision)
{
	course->told++;
	if (!needs->answered[stage])
		decision = (struct decision){.stage = stage, .verdict = VERDICT_ACCEPT};
	note(course, session, decision);
	return decision.verdict == VERDICT_ACCEPT;
}

/* One message of three recipients; where an event is not told, the client is told to go on. */
static struct course play(const struct rules *rules, const struct needs *needs, const struct told *told)
{
	static const struct decision go_on = {.verdict = VERDICT_ACCEPT};
	struct session *session = session_new(rules->ruleset);
	struct connection connection = told_connection(told);
	struct envelope envelope = told_envelope(told);
	struct course course = {.text = ""};
	unsigned accepted = 0;

	if (needs->told[STAGE_CONNECT])
		hear(&course, &(struct needs){0}, STAGE_CONNECT, session, session_connect(session, &connection));
	if (needs->told[STAGE_HELO])
		hear(&course, &(struct needs){0}, STAGE_HELO, session, session_helo(session, told->helo));
	course.text[0] = '\0';
	if (!needs->told[STAGE_MAIL])
		note(&course, session, go_on);
	else if (!hear(&course, needs, STAGE_MAIL, session, session_mail(session, &envelope)))
		goto out;
	for (unsigned i = 0; i < 3; i++) {
		if (!needs->told[STAGE_RCPT])
			note(&course, session, go_on);
		accepted += !needs->told[STAGE_RCPT] ||
		            hear(&course, needs, STAGE_RCPT, session,
		                 session_rcpt(session, i == 1 ? "postmaster" : told->recipient, NULL));
	}
	if (accepted == 0)
		goto out;
	if (!needs->told[STAGE_DATA])
		note(&course, session, go_on);
	else if (!hear(&course, needs, STAGE_DATA, session, session_data(session)))
		goto out;
	course.told += needs->message_end;
out:
	session_free(session);
	return course;
}

/* Whether every session comes out in the same way by both. */
static bool same(const struct rules *rules, const struct needs *one, const struct needs *other)
{
	for (size_t i = 0; i < COUNT(sessions); i++) {
		for (unsigned port = 25; port <= 26; port++) {
			for (unsigned login = 0; login < 2; login++) {
				struct told told = sessions[i];
				struct course first, second;

				told.port = port;
				told.user = login == 1 ? "alice" : NULL;
				first = play(rules, one, &told);
				second = play(rules, other, &told);
				if (strcmp(first.text, second.text) != 0)
					return false;
			}
		}
	}
	return true;
}

static const struct needs everything = {
    .told = {true, true, true, true, true},
    .answered = {true, true, true, true, true},
    .message_end = true,
};

/* All that is needed comes, and without any of it some session would come out otherwise. */
static void expect_exact(const struct rules *rules, const struct needs *needs, const bool refuses[STAGE_COUNT],
                         const char *text)
{
	bool refuses_data = refuses[STAGE_DATA];

	bool ledger = needs->message_end;

	cr_assert(same(rules, needs, &everything), "%s: something is missing", text);
	for (unsigned stage = STAGE_CONNECT; stage <= STAGE_HELO; stage++)
		cr_assert_eq(needs->answered[stage], ledger && refuses[stage], "%s: a refusal there is kept", text);
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
		struct needs less = *needs;

		less.told[stage] = false;
		if (stage != STAGE_DATA || refuses_data)
			cr_assert_not(same(rules, &less, needs), "%s: %s is told in vain", text, stage_name(stage));
		less.told[stage] = true;
		less.answered[stage] = false;
		if (stage > STAGE_HELO && needs->answered[stage] && (stage != STAGE_DATA || refuses_data))
			cr_assert_not(same(rules, &less, needs), "%s: %s is answered in vain", text, stage_name(stage));
	}
	cr_assert_eq(needs->told[STAGE_DATA], !ledger || refuses_data, "%s: a message ends once", text);
	cr_assert_eq(needs->told[STAGE_DATA], needs->answered[STAGE_DATA]);
}

static void try_rules(const char *text, const bool refuses[STAGE_COUNT])
{
	struct rules *rules = told_rules(text);

	for (unsigned ledger = 0; ledger < 2; ledger++) {
		struct needs needs = needs_of(rules->ruleset, ledger == 1);

		cr_assert_eq(needs.message_end, ledger == 1);
		expect_exact(rules, &needs, refuses, text);
	}
	rules_free(rules);
}

#define LISTENER "{ name = \"%s\"; direction = \"inbound\"; match = { port = [ %u ]; }; %s %s %s %s %s }"

Test(needs, of_every_combination_of_stages_are_what_is_needed_and_no_more)
{
	static const size_t others[] = {0, 1}; /* what another listener has at data */
	size_t variants = COUNT(connects) * COUNT(helos) * COUNT(mails) * COUNT(rcpts) * COUNT(datas) * COUNT(others);

	for (size_t variant = 0; variant < variants; variant++) {
		size_t rest = variant, data, other;
		char text[2048], first[1024], second[512];
		const char *parts[4];
		bool refuses[STAGE_COUNT] = {false};

		refuses[STAGE_CONNECT] = rest % COUNT(connects) > 0;
		parts[0] = connects[rest % COUNT(connects)];
		rest /= COUNT(connects);
		refuses[STAGE_HELO] = rest % COUNT(helos) > 0;
		parts[1] = helos[rest % COUNT(helos)];
		rest /= COUNT(helos);
		parts[2] = mails[rest % COUNT(mails)];
		rest /= COUNT(mails);
		parts[3] = rcpts[rest % COUNT(rcpts)];
		rest /= COUNT(rcpts);
		data = rest % COUNT(datas);
		other = others[rest / COUNT(datas)];
		snprintf(first, sizeof first, LISTENER, "first", 25u, parts[0], parts[1], parts[2], parts[3],
		         datas[data].text);
		snprintf(second, sizeof second, LISTENER, "second", 26u, "", "", "", "", datas[other].text);
		snprintf(text, sizeof text, "local_domains = [ \"ours.example\" ];\nlisteners = ( %s, %s );\n", first,
		         second);
		refuses[STAGE_DATA] = datas[data].refuses || datas[other].refuses;
		try_rules(text, refuses);
	}
}

Test(needs, a_text_that_is_compared_could_be_beyond_comparing)
{
	static const char *const conditions[] = {
	    "sender = [ \"a@\" ];",   "helo = [ \"a.example\" ];",        "user = [ \"a\" ];",
	    "mechanism = [ \"a\" ];", "client_name = [ \"a.example\" ];",
	};

	for (size_t i = 0; i < COUNT(conditions); i++) {
		char text[512];
		struct rules *rules;

		snprintf(text, sizeof text,
		         "listeners = ( { name = \"one\"; direction = \"inbound\"; data = ( { verdict = \"accept\"; %s "
		         "} ); } );",
		         conditions[i]);
		rules = told_rules(text);
		cr_assert(needs_of(rules->ruleset, true).told[STAGE_DATA], "%s", conditions[i]);
		rules_free(rules);
	}
}

Test(needs, of_two_rule_sets_are_those_of_either)
{
	const struct needs data = {.told = {[STAGE_DATA] = true}, .answered = {[STAGE_DATA] = true}};
	const struct needs connect = {.told = {true}, .answered = {[STAGE_HELO] = true}, .message_end = true};
	const struct needs both = needs_union(&data, &connect);

	cr_assert(both.told[STAGE_CONNECT] && both.told[STAGE_DATA] && !both.told[STAGE_MAIL]);
	cr_assert(both.answered[STAGE_HELO] && both.answered[STAGE_DATA] && !both.answered[STAGE_CONNECT]);
	cr_assert(both.message_end && needs_union(&connect, &data).message_end);
	cr_assert_not(needs_union(&data, &data).message_end);
}
