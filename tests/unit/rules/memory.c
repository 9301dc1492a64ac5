/* No memory: loading and judging while each allocation in turn fails, once or from then on. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/session.h"
#include "rules/diagnostic.h"
#include "rules/load.h"
#include "rules/print.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"
#include "tests/unit/rules/scarcity.h"

TestSuite(memory, .init = rule_files_start, .fini = rule_files_end);

/* Something of everything, without faults, with warnings. */
static const char rich[] =
    "@include \"more.conf\"\n"
    "socket = \"inet:8894@127.0.0.1\"; user = \"u\"; group = \"g\"; decisions = \"/d\"; metrics = \"127.0.0.1:9894\";\n"
    "networks = { lan = [ \"10.0.0.0/8\", \"2001:db8::/32\", \"!@router\" ]; router = [ \"10.0.0.1\" ];\n"
    "  blocked = { file = \"nets\"; }; idle = [ \"192.0.2.9\" ]; };\n"
    "domains = { ours = [ \"ours.example\", \".ours.example\", \"b\303\274cher.example\", \"/^reg[0-9]/\" ];\n"
    "  deep = [ \".ours.example\", \"a.ours.example\", \"x.a.ours.example\" ]; deeper = [ \".a.ours.example\", "
    "\"b.ours.example\" ]; };\n"
    "addresses = { some = [ \"user@a.example\", \"sales@\", \"<>\", \"/x.y@/\", \"@ours\", \".far.example\" ]; };\n"
    "local_domains = [ \"@ours\" ];\n"
    "listeners = (\n"
    "  { name = \"one\"; direction = \"inbound\"; match = { daemon = [ \"a\" ]; port = [ 25 ]; address = "
    "\"192.0.2.0/24\"; };\n"
    "    connection = { mode = \"all-except\"; clients = [ \"@blocked\" ]; names = [ \"/^dyn/\" ]; };\n"
    "    auth = { mode = \"optional\"; users = [ \"@staff\" ]; mechanisms = [ \"PLAIN\" ]; tls = true; };\n"
    "    relay = { mode = \"only\"; clients = [ \"@lan\" ]; authenticated = true; users = [ \"@staff\" ]; };\n"
    "    helo = ( { verdict = \"reject\"; helo = [ \"bad.example\", \"/^spam/\" ]; },\n"
    "      { verdict = \"tempfail\"; helo = [ \"@deeper\" ]; }, { verdict = \"reject\"; helo = [ \"@deep\" ]; reply = "
    "\"550 5.7.1 deep\"; } );\n"
    "    mail = ( { name = \"ours\"; verdict = \"reject\"; sender = [ \"@some\" ]; unless = { client = [ \"@lan\", "
    "\"@router\" ]; };\n"
    "      reply = \"550 5.7.1 {sender} is ours\"; } );\n"
    "    rcpt = ( { verdict = \"reject\"; recipient = [ \"no@\", \"\303\251ric@\" ]; }, { verdict = \"reject\"; relay "
    "= false; sender = "
    "[ \"loc@\" ]; },\n"
    "      { verdict = \"accept\"; relay = true; recipient = [ \"backup.example\" ]; } );\n"
    "    data = ( { verdict = \"tempfail\"; recipients_over = 1; } ); } );\n"
    "expect = ( { listener = \"one\"; client = \"203.0.113.1\"; helo = \"a.example\"; sender = \"x@y.example\";\n"
    "  recipient = \"a@[192.0.2.1]\"; address = \"192.0.2.1\"; verdict = \"accept\"; } );\n";

static void write_rich(void)
{
	write_file("rich.conf", rich);
	write_file("more.conf", "users = { staff = [ \"alice\", \"bob@\", \"/^c/\" ]; };\n");
	write_file("nets", "# blocked\n198.51.100.0/24\n!198.51.100.7\n");
}

/* Each allocates, and is judged, in another way. */
static const struct told sessions[] = {
    {.client = "203.0.113.1",
     .client_name = "a.example",
     .helo = "a.example",
     .sender = "x@y.example",
     .recipient = "a@ours.example",
     .resolved = "b@ours.example"},
    {.client = "203.0.113.1",
     .client_name = "a.example",
     .helo = "a.example",
     .sender = "x@y.example",
     .recipient = "a@far.example"},
    {.client = "203.0.113.1", .client_name = "dyn7.example", .helo = "a.example", .recipient = "a@ours.example"},
    {.client = "198.51.100.1", .helo = "a.example", .recipient = "a@ours.example"},
    {.client = "203.0.113.1", .helo = "spam.example", .recipient = "a@ours.example"},
    {.client = "203.0.113.1", .helo = "exa mple", .recipient = "a@ours.example"},
    {.client = "203.0.113.1", .helo = "[192.0.2.1]", .sender = "user@a.example", .recipient = "a@ours.example"},
    {.client = "203.0.113.1", .sender = "x.y@z.example", .recipient = "a@ours.example"},
    {.client = "10.0.0.2", .sender = "user@a.example", .recipient = "a@far.example"},
    {.client = "10.0.0.2", .sender = "loc@a.example", .recipient = "a@ours.example", .resolved = "b@ours.example"},
    {.client = "10.0.0.2", .sender = "loc@a.example", .recipient = "a@[192.0.2.1]", .address = "192.0.2.1"},
    {.client = "203.0.113.1", .user = "carol", .mechanism = "PLAIN", .tls_bits = 256, .recipient = "a@far.example"},
    {.client = "203.0.113.1", .user = "mallory", .mechanism = "PLAIN", .tls_bits = 256, .recipient = "a@far.example"},
    {.client = "203.0.113.1", .user = "carol", .mechanism = "LOGIN", .tls_bits = 256, .recipient = "a@far.example"},
    {.client = "203.0.113.1", .recipient = "a@b\303\274cher.example", .resolved = "b@xn--bcher-kva.example"},
    {.client = "203.0.113.1", .recipient = "no@reg7"},
    {.client = "203.0.113.1", .recipient = "a@backup.example", .resolved = "a@backup.example"},
    {.client = "203.0.113.1", .recipient = "a@ours.example", .resolved = "a@far.example"},
    {.client = "203.0.113.1", .recipient = "a@[192.0.2.1]", .address = "192.0.2.1", .resolved = "a@[192.0.2.1]"},
    {.client = "203.0.113.1",
     .sender = "us\\er@a.example",
     .sender_reading = "user@a.example",
     .recipient = "a@ours.example"},
    {.client = "203.0.113.1", .recipient = "n\\o@ours.example", .recipient_reading = "no@ours.example"},
    {.client = "203.0.113.1", .recipient = "\303\211ric@ours.example", .sender = "\303\211ric@a.example"},
    {.client = "203.0.113.1", .helo = "x.a.ours.example", .recipient = "a@ours.example"},
    {.client = "203.0.113.1", .helo = "y.x.a.ours.example", .recipient = "a@ours.example"},
    {.client = "203.0.113.1", .helo = "b.ours.example", .recipient = "a@ours.example"},
    {.client = "203.0.113.1", .sender = "<>", .recipient = "a@ours.example"},
    {.client = "203.0.113.1", .sender = "sales@z.example", .recipient = "a@ours.example"},
    {.client = "203.0.113.1", .sender = "w@sub.far.example", .recipient = "a@ours.example"},
    {.client = "203.0.113.1", .user = "bob@realm", .mechanism = "plain", .tls_bits = 1, .recipient = "a@far.example"},
    {.client = "9.0.0.1", .recipient = "a@far.example"},
    {.client = "10.0.0.1", .recipient = "a@far.example"},
    {.client = "2001:db8::5", .recipient = "a@far.example"},
    {.client = "2001:db7::5", .recipient = "a@far.example"},
    {.client = "203.0.113.1", .recipient = "<broken@>"},
};

/* One of them, at the listener, and from a sender that no rule knows where none is said. */
static struct told session_at(size_t index)
{
	struct told told = sessions[index];

	told.listener = "one";
	if (told.sender == NULL)
		told.sender = "x@y.example";
	return told;
}

/* All that loaded rules say, and what they come to for each session, as text; free(3) it. */
static char *text_of(const struct rules *rules)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	cr_assert(model_print(rules->model, to));
	for (size_t i = 0; i < rules->file_count; i++)
		fprintf(to, "%s\n", rules->files[i]);
	fprintf(to, "%s %s %s %s %s\n", rules->settings.socket, rules->settings.user, rules->settings.group,
	        rules->settings.decisions, rules->settings.metrics);
	for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++) {
		struct told told = session_at(i);

		fprintf(to, "%s\n", told_judge(rules, &told));
	}
	fclose(to);
	return text;
}

/* What a load comes to. */
struct outcome {
	bool failed; /* a call has */
	char *text;  /* NULL where nothing was loaded; free(3) it */
	size_t warnings;
	bool told; /* that some may be missing */
};

static struct outcome load(size_t fails, bool lasting)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct outcome outcome;
	struct rules *rules;
	size_t errors;
	long held;

	scarcity_begin(fails, lasting);
	rules = rules_load("rich.conf", diagnostics);
	outcome.failed = scarcity_over();
	scarcity_pause(true);
	outcome.text = rules != NULL ? text_of(rules) : NULL;
	outcome.told = strstr(printed(diagnostics), "warning: not all warnings could be looked for") != NULL;
	scarcity_pause(false);
	scarcity_over();
	outcome.warnings = diagnostics_warnings(diagnostics);
	errors = diagnostics_errors(diagnostics);
	rules_free(rules);
	diagnostics_free(diagnostics);
	held = scarcity_end();
	cr_assert_eq(rules == NULL, errors > 0, "call %zu", fails);
	/* diagnostics were there before */
	cr_assert_eq(held, -1, "call %zu: %ld pieces of memory are not given back", fails, held + 1);
	return outcome;
}

static void load_short_of_memory(bool lasting)
{
	struct outcome whole, outcome = {.failed = true};

	write_rich();
	whole = load(SCARCITY_NEVER, false);
	cr_assert_not(whole.failed);
	cr_assert_not_null(whole.text);
	cr_assert_geq(whole.warnings, 2);
	for (size_t fails = 0; outcome.failed; fails++) {
		outcome = load(fails, lasting);
		if (outcome.text != NULL) {
			cr_expect_str_eq(outcome.text, whole.text, "call %zu", fails);
			cr_expect(outcome.told || outcome.warnings == whole.warnings,
			          "call %zu: %zu warnings in place of %zu", fails, outcome.warnings, whole.warnings);
		}
		if (!outcome.failed)
			cr_expect_gt(fails, 300, "only %zu calls were tried", fails);
		free(outcome.text);
	}
	free(whole.text);
}

Test(memory, what_is_loaded_where_one_call_fails_is_whole_or_nothing)
{
	load_short_of_memory(false);
}

Test(memory, what_is_loaded_where_all_calls_fail_from_then_on_is_whole_or_nothing)
{
	load_short_of_memory(true);
}

/* Faults are reported, or at least counted, where there is no memory for their texts. */
Test(memory, a_file_with_faults_is_never_loaded)
{
	struct outcome outcome = {.failed = true};

	write_file("rich.conf", "networks = { a = [ \"10.0.0.1/8\" ]; };\nfoo = 1;\nlisteners = ( { name = \"one\";\n"
	                        "  direction = \"in\"; mail = ( { verdict = \"reject\"; reply = \"no\"; } ); } );\n");
	for (size_t fails = 0; outcome.failed; fails++) {
		outcome = load(fails, false);
		cr_assert_null(outcome.text, "call %zu", fails);
	}
}

#define EVENTS 6

/* What each event of a session comes to. */
struct course {
	bool begun;
	char outcomes[EVENTS][200];
};

static void take(struct course *course, size_t event, const struct session *session, struct decision decision)
{
	scarcity_pause(true);
	snprintf(course->outcomes[event], sizeof course->outcomes[event], "%s", told_outcome(session, decision));
	scarcity_pause(false);
}

/* Two recipients, and a session that goes on whatever it is told.  Returns whether a call has failed. */
static bool play(const struct rules *rules, const struct told *told, size_t fails, bool lasting, struct course *course)
{
	struct connection connection = told_connection(told);
	struct envelope envelope = told_envelope(told);
	struct session *session;
	bool failed;
	long held;

	*course = (struct course){0};
	scarcity_begin(fails, lasting);
	session = session_new(rules->ruleset);
	if (session != NULL) {
		course->begun = true;
		take(course, 0, session, session_connect(session, &connection));
		take(course, 1, session, session_helo(session, told->helo));
		take(course, 2, session, session_mail(session, &envelope));
		take(course, 3, session,
		     session_rcpt_read(session, told->recipient, told->resolved, told->recipient_reading));
		take(course, 4, session, session_rcpt(session, "<second@ours.example>", told->resolved));
		take(course, 5, session, session_data(session));
		/* what the last message left is given back with the session, too */
		if (lasting)
			session_reset(session);
		session_free(session);
	}
	failed = scarcity_over();
	held = scarcity_end();
	cr_assert_eq(held, 0, "call %zu: %ld pieces of memory are not given back", fails, held);
	return failed;
}

/* DATA is judged by how many recipients there are. */
static bool same_recipients(const struct course *one, const struct course *other)
{
	return strcmp(one->outcomes[3], other->outcomes[3]) == 0 && strcmp(one->outcomes[4], other->outcomes[4]) == 0;
}

/* Each event comes to what it would with memory, or is put off: nothing is accepted, nor refused for good, for want of
 * it. */
static void judge_short_of_memory(bool lasting)
{
	struct rules *rules;
	size_t calls = 0;

	write_rich();
	rules = told_rules("@include \"rich.conf\"\n");
	for (size_t i = 0; i < sizeof sessions / sizeof *sessions; i++) {
		struct told told = session_at(i);
		struct course whole, course;
		bool failed = true;

		cr_assert_not(play(rules, &told, SCARCITY_NEVER, false, &whole));
		for (size_t fails = 0; failed; fails++) {
			failed = play(rules, &told, fails, lasting, &course);
			for (size_t event = 0; event < EVENTS && course.begun; event++) {
				if (strstr(course.outcomes[event], " tempfail: ") == NULL &&
				    (event < 5 || same_recipients(&course, &whole)))
					cr_expect_str_eq(course.outcomes[event], whole.outcomes[event],
					                 "session %zu, call %zu, event %zu: %s in place of %s", i,
					                 fails, event, course.outcomes[event], whole.outcomes[event]);
			}
			calls += fails;
		}
	}
	cr_expect_gt(calls, 500, "only %zu calls were tried", calls);
	rules_free(rules);
}

Test(memory, what_is_judged_where_one_call_fails_is_put_off_or_as_ever)
{
	judge_short_of_memory(false);
}

Test(memory, what_is_judged_where_all_calls_fail_from_then_on_is_put_off_or_as_ever)
{
	judge_short_of_memory(true);
}
