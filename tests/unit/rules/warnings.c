#include "rules/warnings.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/rules/rule_files.h"
#include "tests/unit/rules/said.h"

TestSuite(warnings, .init = rule_files_start, .fini = rule_files_end);

/* What is surely not meant, and beside it what is; a line of the text has the marks of where a warning is due. */
struct row {
	const char *text;
	unsigned line; /* 0: no warning */
	const char *part;
};

static void walk(const struct row *rows, size_t count, const char *before, const char *after)
{
	for (size_t i = 0; i < count; i++) {
		char text[2000], where[40];

		snprintf(text, sizeof text, "%s%s%s", before, rows[i].text, after);
		snprintf(where, sizeof where, "a.conf:%u: warning:", rows[i].line);
		if (rows[i].line == 0)
			cr_expect_str_eq(said_of(text), "", "%s%s", text, said());
		else
			cr_expect(said_at(text, where, rows[i].part), "%s%s", text, said());
		if (rows[i].line != 0)
			cr_expect_eq(said_lines(), 1, "%s%s", text, said());
	}
}

#define WALK(rows, before, after) walk(rows, sizeof(rows) / sizeof *(rows), before, after)

Test(warnings, a_table_that_nobody_uses)
{
	static const struct row rows[] = {
	    {"networks = { a = [ \"::1\" ]; };\n", 1, "nobody uses table \"a\""},
	    {"networks = {\n  a = [ \"@b\" ];\n  b = [ \"::1\" ]; };\n", 2, "nobody uses table \"a\""},
	    {"users = {\n  a = [ \"x\" ]; };\n", 2, "nobody uses table \"a\""},
	    {"domains = { a = [ \"x.example\" ]; };\nlocal_domains = \"@a\";\n", 0, NULL},
	    {"domains = { a = [ \"x.example\" ]; };\nlocal_domains = [ \"y.example\", \"!@a\" ];\n", 0, NULL},
	};

	WALK(rows, "", SAID_LISTENER);
}

#define BEFORE                                                                                                         \
	"networks = { lan = [ \"10.0.0.0/8\", \"!@router\" ]; router = [ \"10.0.0.1\" ]; wide = [ \"10.0.0.0/24\" ]; " \
	"};\n"                                                                                                         \
	"domains = { ours = [ \"ours.example\", \".ours.example\", \"!out.ours.example\" ]; };\n"                      \
	"addresses = { some = [ \"@ours\", \"!a@ours.example\", \"!b@\" ]; };\n"                                       \
	"users = { staff = [ \"alice@\", \"!alice@far.example\" ]; };\n"                                               \
	"listeners = ( { name = \"one\"; direction = \"inbound\";\n"                                                   \
	"  helo = ( { name = \"h\"; verdict = \"accept\"; helo = [ \"@ours\" ]; } );\n"                                \
	"  rcpt = ( { name = \"r\"; verdict = \"accept\"; client = [ \"@router\" ]; },\n"                              \
	"    { name = \"w\"; verdict = \"accept\"; client = [ \"@wide\" ]; } );\n"                                     \
	"  relay = { mode = \"only\"; clients = [ \"@lan\" ]; authenticated = true; users = [ \"@staff\" ]; };\n"      \
	"  mail = ( { name = \"s\"; verdict = \"accept\"; sender = [ \"@some\" ]; },\n"
#define END " ); } );\n"
#define AFTER ", { verdict = \"tempfail\"; reply = \"450 4.7.1 Later\"; }" END
#define LINE 11 /* the first behind BEFORE */

Test(warnings, nothing_is_said_of_rules_that_are_sound)
{
	cr_expect_str_eq(said_of(BEFORE "{ verdict = \"reject\"; }" END), "", "%s", said());
}

Test(warnings, what_a_table_takes_out_and_another_entry_has_again)
{
	static const struct row rows[] = {
	    {"{ verdict = \"accept\"; client = [ \"@lan\" ]; }", 0, NULL},
	    {"{ verdict = \"accept\"; client = [ \"@lan\", \"@router\" ]; }", LINE, "\"@lan\" takes \"@router\" out"},
	    {"{ verdict = \"accept\"; client = [ \"@router\", \"@lan\" ]; }", LINE, "\"@lan\" takes \"@router\" out"},
	    {"{ verdict = \"accept\"; client = [ \"@lan\", \"10.0.0.1\" ]; }", LINE, "\"@lan\" takes \"@router\" out"},
	    {"{ verdict = \"accept\"; client = [ \"@lan\",\n\"@wide\" ]; }", LINE, "\"@lan\" takes \"@router\" out"},
	    {"{ verdict = \"accept\"; client = [ \"@lan\", \"@wide\", \"!@router\" ]; }", 0, NULL},
	    {"{ verdict = \"accept\"; client = [ \"@lan\", \"@wide\", \"!10.0.0.1\" ]; }", 0, NULL},
	    {"{ verdict = \"accept\"; client = [ \"@lan\", \"192.0.2.1\" ]; }", 0, NULL},
	    {"{ verdict = \"accept\"; client = [ \"0.0.0.0/0\", \"!@lan\" ]; }", 0, NULL},
	    {"{ verdict = \"reject\"; unless = { client = [ \"@lan\", \"@wide\" ]; }; }", LINE,
	     "takes \"@router\" out"},
	    {"{ verdict = \"accept\"; helo = [ \"@ours\", \"out.ours.example\" ]; }", LINE,
	     "takes \"out.ours.example\" out"},
	    {"{ verdict = \"accept\"; helo = [ \"@ours\", \"example\" ]; }", 0, NULL},
	    {"{ verdict = \"accept\"; sender = [ \"@some\", \"b@\" ]; }", LINE, "takes \"b@\" out"},
	    {"{ verdict = \"accept\"; sender = [ \"@some\", \"a@ours.example\" ]; }", LINE,
	     "takes \"a@ours.example\" out"},
	    {"{ verdict = \"accept\"; sender = [ \"@ours\", \"x@out.ours.example\" ]; }", 0, NULL},
	    {"{ verdict = \"accept\"; user = [ \"@staff\", \"alice@far.example\" ]; }", LINE,
	     "takes \"alice@far.example\" out"},
	    {"{ verdict = \"accept\"; user = [ \"@staff\", \"alice\" ]; }", 0, NULL},
	};

	WALK(rows, BEFORE, AFTER);
}

Test(warnings, blocks_matches_and_local_domains_are_looked_at_too)
{
	static const struct row rows[] = {
	    {"local_domains = [ \"@ours\", \"out.example\" ];\n" SAID_LISTENER, 2, "takes \"out.example\" out"},
	    {"listeners = ( { name = \"one\"; direction = \"inbound\";\n"
	     "  relay = { mode = \"only\"; clients = [ \"@lan\", \"::1\" ]; names = [ \"@ours\" ]; }; } );\n",
	     3, "takes \"::1\" out"},
	    {"listeners = ( { name = \"one\"; direction = \"inbound\";\n"
	     "  connection = { mode = \"only\"; names = [ \"@ours\", \"out.example\" ]; }; } );\n",
	     3, "takes \"out.example\" out"},
	    {"listeners = ( { name = \"one\"; direction = \"inbound\"; match = {\n"
	     "  address = [ \"@lan\", \"::1\" ]; }; } );\n",
	     3, "takes \"::1\" out"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[1000], where[40];

		snprintf(text, sizeof text,
		         "networks = { lan = [ \"::/8\", \"!::1\" ]; }; domains = { ours = [ \".example\", "
		         "\"!out.example\" ]; };\n%s",
		         rows[i].text);
		snprintf(where, sizeof where, "a.conf:%u: warning:", rows[i].line);
		cr_expect(said_at(text, where, rows[i].part), "%s%s", text, said());
	}
}

Test(warnings, a_refusing_rule_on_a_domain_without_the_names_below_it)
{
	static const struct row rows[] = {
	    {"{ verdict = \"reject\"; sender = [ \"x.example\" ]; }", LINE, "\"x.example\""},
	    {"{ verdict = \"tempfail\"; sender = [ \"x.example\" ]; }", LINE, "\"x.example\""},
	    {"{ verdict = \"reject\"; helo = [ \"x.example\" ]; }", LINE, "\"x.example\""},
	    {"{ verdict = \"reject\"; client_name = [ \"x.example\" ]; }", LINE, "\"x.example\""},
	    {"{ verdict = \"accept\"; sender = [ \"x.example\" ]; }", 0, NULL},
	    {"{ verdict = \"reject\"; sender = [ \"x.example\", \".x.example\" ]; }", 0, NULL},
	    {"{ verdict = \"reject\"; sender = [ \"x.example\", \"!.x.example\" ]; }", 0, NULL},
	    {"{ verdict = \"reject\"; sender = [ \"x.example\", \".example\" ]; }", 0, NULL},
	    {"{ verdict = \"reject\"; sender = [ \"@ours\" ]; }", 0, NULL},
	    {"{ verdict = \"reject\"; sender = [ \"a@x.example\" ]; }", 0, NULL},
	    {"{ verdict = \"reject\"; sender = [ \".x.example\" ]; }", 0, NULL},
	    {"{ verdict = \"reject\"; helo = [ \"localhost\" ]; }", 0, NULL},
	    {"{ verdict = \"reject\"; helo = [ \"[192.0.2.1]\", \"192.0.2.1\" ]; }", 0, NULL},
	    {"{ verdict = \"reject\"; unless = { sender = [ \"x.example\" ]; }; }", 0, NULL},
	};

	WALK(rows, BEFORE, AFTER);
}

/* So that it is no open relay that is warned of. */
#define REQUIRED "auth = { mode = \"required\"; };"

Test(warnings, a_rule_that_no_session_can_reach)
{
	static const struct row rows[] = {
	    {"mail = ( { verdict = \"reject\"; },\n{ verdict = \"reject\"; tls = true; } );", 3, "line 2"},
	    {"mail = ( { verdict = \"accept\"; },\n{ verdict = \"reject\"; tls = true; } );", 3, "line 2"},
	    {"mail = ( { verdict = \"reject\"; tls = true; },\n{ verdict = \"accept\"; tls = true; } );", 3, "line 2"},
	    {"mail = ( { verdict = \"reject\"; tls = true; },\n{ verdict = \"accept\"; } );", 0, NULL},
	    {"mail = ( { verdict = \"reject\"; unless = { tls = true; }; },\n{ verdict = \"accept\"; } );", 0, NULL},
	    {"mail = ( { verdict = \"reject\"; } ); rcpt = ( { verdict = \"accept\"; } );", 2, "the stages before"},
	    /* an accept rule at rcpt speaks of local recipients alone */
	    {"rcpt = ( { verdict = \"accept\"; },\n{ verdict = \"reject\"; } );", 0, NULL},
	    {"rcpt = ( { verdict = \"accept\"; },\n{ verdict = \"reject\"; relay = true; } );", 0, NULL},
	    {REQUIRED "rcpt = ( { verdict = \"accept\"; },\n{ verdict = \"accept\"; relay = true; } );", 0, NULL},
	    {REQUIRED "rcpt = ( { verdict = \"accept\"; relay = true; },\n{ verdict = \"reject\"; } );", 0, NULL},
	    {"rcpt = ( { verdict = \"accept\"; },\n{ verdict = \"reject\"; relay = false; } );", 3, "line 2"},
	    {"rcpt = ( { verdict = \"reject\"; },\n{ verdict = \"accept\"; relay = true; } );", 3, "line 2"},
	    {"rcpt = ( { verdict = \"accept\"; },\n{ verdict = \"accept\"; client = \"::1\"; } );", 3, "line 2"},
	};

	WALK(rows, "listeners = ( { name = \"one\"; direction = \"inbound\";\n", "} );\n");
}

Test(warnings, a_listener_that_can_never_be_chosen)
{
	static const struct {
		const char *first, *second;
		bool hidden;
	} rows[] = {
	    {"", "", true},
	    {"", "match = { port = 25; };", true},
	    {"", "match = { local = true; };", true},
	    {"match = { port = 25; };", "", false},
	    {"match = { };", "match = { port = 25; };", true},
	    {"match = { };", "match = { local = true; };", false},
	    {"match = { };", "", false},
	    {"match = { port = 25; };", "match = { port = 25; };", true},
	    {"match = { port = 25; };", "match = { port = 587; };", false},
	    {"match = { port = [ 25, 587 ]; };", "match = { port = 587; };", true},
	    {"match = { port = 587; };", "match = { port = [ 25, 587 ]; };", false},
	    {"match = { port = 25; };", "match = { };", false},
	    {"match = { port = 25; };", "match = { port = 25; daemon = \"a\"; };", true},
	    {"match = { port = 25; daemon = \"a\"; };", "match = { port = 25; };", false},
	    {"match = { daemon = [ \"a\", \"b\" ]; };", "match = { daemon = \"b\"; };", true},
	    {"match = { daemon = \"b\"; };", "match = { daemon = [ \"a\", \"b\" ]; };", false},
	    {"match = { daemon = \"a\"; };", "match = { daemon = \"A\"; };", false},
	    {"match = { address = \"10.0.0.0/8\"; };", "match = { address = \"10.5.0.0/16\"; };", true},
	    {"match = { address = \"10.5.0.0/16\"; };", "match = { address = \"10.0.0.0/8\"; };", false},
	    {"match = { address = \"10.0.0.0/8\"; };", "match = { };", false},
	    {"match = { address = \"10.0.0.0/8\"; };", "match = { address = [ \"10.5.0.0/16\", \"::1\" ]; };", false},
	    {"match = { address = [ \"0.0.0.0/0\", \"::/0\" ]; };", "match = { };", false},
	    {"match = { port = 25; };", "match = { port = 25; local = true; };", false},
	    {"match = { local = true; };", "match = { local = true; port = 25; };", true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[600];

		snprintf(text, sizeof text,
		         "listeners = ( { name = \"one\"; direction = \"inbound\"; %s },\n"
		         "  { name = \"two\"; direction = \"inbound\"; %s } );\n",
		         rows[i].first, rows[i].second);
		if (rows[i].hidden)
			cr_expect(said_at(text, "a.conf:2: warning:", "listener \"two\" can never be chosen"), "%s%s",
			          text, said());
		else
			cr_expect_str_eq(said_of(text), "", "%s%s", text, said());
	}
}

Test(warnings, a_match_that_names_nothing)
{
	static const char *const rows[] = {"port = []", "daemon = []", "address = []"};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[300];

		snprintf(text, sizeof text,
		         "listeners = ( { name = \"one\"; direction = \"inbound\";\n match = { %s; }; } );\n", rows[i]);
		cr_expect(said_at(text, "a.conf:2: warning:", "can never be chosen"), "%s%s", text, said());
	}
}
