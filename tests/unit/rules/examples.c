#include "rules/examples.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/rules/rule_files.h"
#include "tests/unit/rules/said.h"

TestSuite(examples, .init = rule_files_start, .fini = rule_files_end);

/* A refusal for each thing that an example can say; its lines are counted. */
static const char rules[] =
    "local_domains = [ \"ours.example\" ];\n"
    "listeners = ( { name = \"one\"; direction = \"inbound\";\n"
    "  connect = ( { verdict = \"reject\"; client = [ \"192.0.2.66\" ]; reply = \"550 5.7.1 client\"; },\n"
    "    { verdict = \"reject\"; client_name = [ \"bad.example\", \".bad.example\" ]; reply = \"550 5.7.1 name\"; },\n"
    "    { verdict = \"reject\"; client = [ \"192.0.2.67\" ]; client_name = [ \"unknown\" ]; } );\n"
    "  helo = ( { verdict = \"reject\"; helo = [ \"bad.example\", \".bad.example\" ]; reply = \"550 5.7.1 helo\"; } "
    ");\n"
    "  mail = ( { verdict = \"reject\"; user = [ \"bad\" ]; reply = \"550 5.7.1 user\"; },\n"
    "    { verdict = \"reject\"; mechanism = [ \"bad\" ]; reply = \"550 5.7.1 mechanism\"; },\n"
    "    { verdict = \"reject\"; tls = 128; reply = \"550 5.7.1 tls\"; },\n"
    "    { verdict = \"reject\"; size_over = 1000; reply = \"550 5.7.1 size\"; },\n"
    "    { verdict = \"tempfail\"; sender = [ \"bad@\" ]; reply = \"450 4.7.1 sender {sender}\\n\\nthird line\"; } );\n"
    "  rcpt = ( { verdict = \"reject\"; recipient = [ \"bad@\" ]; reply = \"550 5.7.1 recipient\"; } );\n"
    "  data = ( { verdict = \"reject\"; sender = [ \"late@\" ]; reply = \"550 5.7.1 data\"; } );\n"
    "} );\n";
#define EXAMPLE_LINE 15 /* the first behind the rules */

#define SESSION "listener = \"one\"; client = \"192.0.2.1\"; "

static const struct {
	const char *example;
	const char *part; /* of what is said where it comes out otherwise; NULL where it comes out so */
} rows[] = {
    {SESSION "verdict = \"accept\";", NULL},
    {SESSION "verdict = \"reject\";", "expected reject, and the session gets accept at mail"},
    {SESSION "verdict = \"tempfail\";", "expected tempfail, and the session gets accept at mail"},
    {SESSION "recipient = \"a@ours.example\"; verdict = \"accept\";", NULL},
    {SESSION "recipient = \"a@far.example\"; verdict = \"reject\";", NULL},
    {SESSION "recipient = \"a@far.example\"; verdict = \"accept\";",
     "the session gets reject at rcpt, by relay at a.conf:2: 550 5.7.1 Unable to relay for a@far.example"},
    {SESSION "recipient = \"a@far.example\"; verdict = \"tempfail\";", "the session gets reject at rcpt"},
    {SESSION "recipient = \"a@ours.example\"; resolved = \"a@far.example\"; verdict = \"reject\";", NULL},
    {SESSION "recipient = \"a@ours.example\"; resolved = \"a@far.example\"; verdict = \"accept\";", "a@far.example"},
    {SESSION "recipient = \"a@[192.0.2.25]\"; verdict = \"reject\";", NULL},
    {SESSION "recipient = \"a@[192.0.2.25]\"; address = \"192.0.2.25\"; verdict = \"accept\";", NULL},
    {SESSION "recipient = \"a@[192.0.2.25]\"; address = \"192.0.2.26\"; verdict = \"reject\";", NULL},
    {"listener = \"one\"; client = \"192.0.2.66\"; verdict = \"reject\";", NULL},
    {"listener = \"one\"; client = \"192.0.2.66\"; verdict = \"accept\";",
     "gets reject at connect, by connect[1] at a.conf:3: 550 5.7.1 client"},
    {SESSION "client_name = \"bad.example\"; verdict = \"reject\"; reply = \"550 5.7.1 name\";", NULL},
    {SESSION "client_name = \"[TEMPUNAVAIL]\"; verdict = \"tempfail\"; stage = \"connect\";", NULL},
    {SESSION "client_name = \"[tempunavail]\"; verdict = \"tempfail\"; stage = \"connect\";", NULL},
    {"listener = \"one\"; client = \"192.0.2.67\"; verdict = \"reject\"; stage = \"connect\";", NULL},
    {"listener = \"one\"; client = \"192.0.2.67\"; client_name = \"unknown\"; verdict = \"reject\";", NULL},
    {"listener = \"one\"; client = \"192.0.2.67\"; client_name = \"good.example\"; verdict = \"accept\";", NULL},
    {SESSION "helo = \"bad.example\"; verdict = \"reject\"; reply = \"550 5.7.1 helo\"; stage = \"helo\";", NULL},
    {SESSION "user = \"bad\"; verdict = \"reject\"; reply = \"550 5.7.1 user\";", NULL},
    {SESSION "user = \"good\"; mechanism = \"BAD\"; verdict = \"reject\"; reply = \"550 5.7.1 mechanism\";", NULL},
    {SESSION "user = \"bad\"; mechanism = \"ANONYMOUS\"; verdict = \"accept\";", NULL},
    {SESSION "tls = 128; verdict = \"reject\"; reply = \"550 5.7.1 tls\";", NULL},
    {SESSION "tls = 127; verdict = \"accept\";", NULL},
    {SESSION "size = 1001; verdict = \"reject\"; reply = \"550 5.7.1 size\";", NULL},
    {SESSION "size = 1000; verdict = \"accept\";", NULL},
    {SESSION "size = 5000000000L; verdict = \"reject\";", NULL},
    {SESSION "sender = \"bad@far.example\"; verdict = \"tempfail\";", NULL},
    {SESSION "sender = \"@\"; verdict = \"reject\"; reply = \"501 5.1.7 Bad sender address syntax\";", NULL},
    {SESSION "sender = \"@\"; verdict = \"accept\";", "gets reject at mail, by syntax: 501 5.1.7"},
    {SESSION "recipient = \"bad@ours.example\"; verdict = \"reject\"; stage = \"rcpt\";", NULL},
    {SESSION "sender = \"late@a.example\"; recipient = \"a@ours.example\"; verdict = \"reject\"; stage = \"data\";",
     NULL},
    {SESSION "sender = \"late@a.example\"; verdict = \"accept\";", NULL},
    /* the first refusal is what comes out */
    {SESSION
     "helo = \"bad.example\"; user = \"bad\"; recipient = \"bad@far.example\"; verdict = \"reject\"; stage = \"helo\";",
     NULL},
    /* the stage */
    {SESSION "verdict = \"accept\"; stage = \"mail\";", NULL},
    {SESSION "verdict = \"accept\"; stage = \"data\";", "expected accept at data, and the session gets accept at mail"},
    {SESSION "recipient = \"a@ours.example\"; verdict = \"accept\"; stage = \"data\";", NULL},
    {SESSION "helo = \"bad.example\"; verdict = \"reject\"; stage = \"mail\";", "expected reject at mail"},
    /* the reply, as it is written and as the client sees it */
    {SESSION "sender = \"Bad@far.example\"; verdict = \"tempfail\";\n"
             "  reply = \"450 4.7.1 sender Bad@far.example\\n\\nthird line\";",
     NULL},
    {SESSION "sender = \"Bad@far.example\"; verdict = \"tempfail\";\n"
             "  reply = \"450-4.7.1 sender Bad@far.example\\n450-4.7.1 \\n450 4.7.1 third line\";",
     NULL},
    {SESSION "sender = \"Bad@far.example\"; verdict = \"tempfail\"; reply = \"450 4.7.1 sender Bad@far.example\";",
     "450-4.7.1 sender Bad@far.example"},
    {SESSION "sender = \"Bad@far.example\"; verdict = \"tempfail\"; reply = \"sender Bad@far.example\";", "expected"},
    {SESSION "tls = 128; verdict = \"reject\"; reply = \"550 5.7.1 TLS\";", "550 5.7.1 TLS"},
    {SESSION "tls = 128; verdict = \"reject\"; reply = \"\";", "expected"},
    {SESSION "verdict = \"accept\"; reply = \"250 ok\";", "expected accept"},
};

Test(examples, each_is_judged_by_itself)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[4000], where[40];

		snprintf(text, sizeof text, "%sexpect = ( { %s } );\n", rules, rows[i].example);
		snprintf(where, sizeof where, "a.conf:%d: error: ", EXAMPLE_LINE);
		if (rows[i].part == NULL)
			cr_expect_str_eq(said_of(text), "", "%s: %s", rows[i].example, said());
		else
			cr_expect(said_at(text, where, rows[i].part), "%s: %s", rows[i].example, said());
	}
}

Test(examples, all_of_them_are_judged_and_each_has_its_line)
{
	static char text[20000];
	size_t length = (size_t)sprintf(text, "%sexpect = (", rules), faults = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		length += (size_t)sprintf(text + length, "%s{ %s }", i == 0 ? " " : ",\n", rows[i].example);
		faults += rows[i].part != NULL;
	}
	sprintf(text + length, " );\n");
	said_of(text);
	cr_expect_eq(said_lines(), faults, "%s", said());
	for (size_t i = 0, line = EXAMPLE_LINE; i < sizeof rows / sizeof *rows; i++, line++) {
		char where[40];

		snprintf(where, sizeof where, "a.conf:%zu: error: ", line);
		cr_expect_eq(strstr(said(), where) != NULL, rows[i].part != NULL, "%s", rows[i].example);
		line += strchr(rows[i].example, '\n') != NULL;
	}
}

Test(examples, what_cannot_be_judged_is_a_fault_of_its_own)
{
	static const struct {
		const char *example, *part;
	} faults[] = {
	    {"client = \"192.0.2.1\"; verdict = \"accept\";", "needs \"listener\""},
	    {"listener = \"one\"; verdict = \"accept\";", "needs \"client\""},
	    {SESSION, "needs \"verdict\""},
	    {"listener = \"two\"; client = \"192.0.2.1\"; verdict = \"accept\";", "no listener is named \"two\""},
	    {"listener = \"one\"; client = \"192.0.2\"; verdict = \"accept\";", "is not an address"},
	    {"listener = \"one\"; client = \"192.0.2.0/24\"; verdict = \"accept\";", "is not an address"},
	    {SESSION "address = \"x\"; verdict = \"accept\";", "is not an address"},
	    {SESSION "resolved = \"a@b\"; verdict = \"accept\";", "\"recipient\""},
	    {SESSION "tls = 70000; verdict = \"accept\";", "\"tls\""},
	    {SESSION "size = -1; verdict = \"accept\";", "\"size\""},
	    {SESSION "verdict = \"ok\";", "verdict"},
	    {SESSION "verdict = \"reject\"; stage = \"eom\";", "stage"},
	    {SESSION "verdict = \"reject\"; from = \"x\";", "\"from\""},
	};

	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		char text[4000];

		snprintf(text, sizeof text, "%sexpect = ( { %s } );\n", rules, faults[i].example);
		cr_expect(said_at(text, "a.conf:15: error: ", faults[i].part), "%s: %s", faults[i].example, said());
	}
}
