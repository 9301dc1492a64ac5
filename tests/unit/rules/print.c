#include "rules/print.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/diagnostic.h"
#include "rules/load.h"
#include "tests/unit/rules/rule_files.h"
#include "tests/unit/rules/said.h"

TestSuite(print, .init = rule_files_start, .fini = rule_files_end);

/* Prints rules; free(3) the result. */
static char *canonical(const struct rules *rules)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);

	cr_assert(model_print(rules->model, to));
	fclose(to);
	return text;
}

static char *canonical_text(const char *text)
{
	struct rules *rules = said_load(text);
	char *result;

	cr_assert_not_null(rules, "%s%s", said(), text);
	result = canonical(rules);
	rules_free(rules);
	return result;
}

/* Everything that a rule file can say, in another order and spelling than the canonical one. */
static const char written[] =
    "shadow = \"sub/new.conf\"; nat_watch = \"off\"; metrics = \"127.0.0.1:9894\"; log : \"json\", decisions = "
    "\"/var/log/d\"; decisions_key = "
    "\"/etc/k\" group = "
    "\"g\" user = \"u\"\n"
    "socket = \"inet:8894@127.0.0.1\";\n"
    "users = { staff = [ \"alice\", \"bob@\", \"/^c\\\\.d$/\", \"!@out\" ]; out = \"bob@far.example\"; };\n"
    "addresses = { mixed = [ \"User@Example.COM\", \"sales@\", \"<>\", \"\\\"a@b\\\"@c.example\", \"@ours\", "
    "\".d.example\" ]; };\n"
    "domains = { ours = [ \"B\303\274cher.example\", \".Example.com.\", \"/a\\\\/\\\"b/\" ]; };\n"
    "networks = { lan = { file = \"nets\"; }; none = []; };\n"
    "local_domains = \"@ours\";\n"
    "expect = ( { listener = \"two\"; client = \"192.0.2.1\"; verdict = \"accept\"; },\n"
    "  { listener = \"one\"; client = \"203.0.113.1\"; address = \"192.0.2.25\"; client_name = \"a.example\"; helo = "
    "\"\";\n"
    "    user = \"alice\"; mechanism = \"PLAIN\"; tls = 256; size = 5000000000L; sender = \"a\\tb\\\\@c\";\n"
    "    recipient = \"x@y\"; resolved = \"z@y\"; verdict = \"reject\"; stage = \"mail\";\n"
    "    reply = \"501 5.1.7 Bad sender address syntax\"; } );\n"
    "listeners = (\n"
    "  { relay = { mode = \"only\"; clients = [ \"@lan\" ]; names = [ \"@ours\" ]; authenticated = true;\n"
    "      users = [ \"@staff\" ]; reply = \"550 5.7.1 \\\"no\\\"\\n{recipient}\"; };\n"
    "    auth = { tls = 128; mechanisms = [ \"PLAIN\", \"login\" ]; users = \"@staff\"; mode = \"required\";\n"
    "      reply = \"530 5.7.0 log in\"; };\n"
    "    connection = { names = \"bad.example\"; clients = \"192.0.2.7\"; mode = \"all-except\"; reply = \"550 5.7.1 "
    "go\"; };\n"
    "    data = ( { recipients_over = 100; verdict = \"tempfail\"; } );\n"
    "    rcpt = ( { verdict = \"accept\"; relay = true; recipient = [ \"@mixed\" ]; client = [ \"@lan\", \"!10.0.0.9\" "
    "]; } );\n"
    "    mail = ( { unless = { user = \"alice\"; authenticated = true; }; size_over = 3000000000L; tls = false;\n"
    "        sender = [ \"@mixed\" ]; verdict = \"reject\"; name = \"a \\\"name\\\"\"; reply = \"550 5.7.1 {sender}\"; "
    "},\n"
    "      { verdict = \"accept\"; tls = true; mechanism = \"PLAIN\"; } );\n"
    "    helo = ( { verdict = \"tempfail\"; helo = [ \"[192.0.2.1]\", \"unknown\" ]; } );\n"
    "    connect = ( { verdict = \"accept\"; client_name = \"unknown\"; } );\n"
    "    resolved = \"ignore\"; direction = \"inbound\"; name = \"one\";\n"
    "    match = { port = [ 25, 587 ]; address = \"::1\"; daemon = [ \"a\", \"b\" ]; }; },\n"
    "  { name = \"two\"; direction = \"outbound\"; auth = { tls = true; }; relay = { mode = \"only\"; } match = { "
    "local = true; } }\n"
    ");\n";

static const char printed_so[] =
    "socket = \"inet:8894@127.0.0.1\";\n"
    "user = \"u\";\n"
    "group = \"g\";\n"
    "decisions = \"/var/log/d\";\n"
    "decisions_key = \"/etc/k\";\n"
    "log = \"json\";\n"
    "metrics = \"127.0.0.1:9894\";\n"
    "nat_watch = \"off\";\n"
    "shadow = \"sub/new.conf\";\n"
    "networks = {\n"
    "  lan = [ \"10.0.0.0/8\", \"!10.0.0.1\", \"2001:db8::/32\" ];\n"
    "  none = [];\n"
    "};\n"
    "domains = {\n"
    "  ours = [ \"xn--bcher-kva.example\", \".example.com\", \"/a\\\\/\\\"b/\" ];\n"
    "};\n"
    "addresses = {\n"
    "  mixed = [ \"user@example.com\", \"sales@\", \"<>\", \"\\\"a@b\\\"@c.example\", \"@ours\", \".d.example\" ];\n"
    "};\n"
    "users = {\n"
    "  staff = [ \"alice\", \"bob@\", \"/^c\\\\.d$/\", \"!@out\" ];\n"
    "  out = [ \"bob@far.example\" ];\n"
    "};\n"
    "local_domains = [ \"@ours\" ];\n"
    "listeners = (\n"
    "  {\n"
    "    name = \"one\";\n"
    "    direction = \"inbound\";\n"
    "    match = {\n"
    "      daemon = [ \"a\", \"b\" ];\n"
    "      address = [ \"::1\" ];\n"
    "      port = [ 25, 587 ];\n"
    "      local = false;\n"
    "    };\n"
    "    resolved = \"ignore\";\n"
    "    connection = {\n"
    "      mode = \"all-except\";\n"
    "      clients = [ \"192.0.2.7\" ];\n"
    "      names = [ \"bad.example\" ];\n"
    "      reply = \"550 5.7.1 go\";\n"
    "    };\n"
    "    auth = {\n"
    "      mode = \"required\";\n"
    "      users = [ \"@staff\" ];\n"
    "      mechanisms = [ \"PLAIN\", \"login\" ];\n"
    "      tls = 128;\n"
    "      reply = \"530 5.7.0 log in\";\n"
    "    };\n"
    "    relay = {\n"
    "      mode = \"only\";\n"
    "      clients = [ \"@lan\" ];\n"
    "      names = [ \"@ours\" ];\n"
    "      authenticated = true;\n"
    "      users = [ \"@staff\" ];\n"
    "      reply = \"550 5.7.1 \\\"no\\\"\\n{recipient}\";\n"
    "    };\n"
    "    connect = (\n"
    "      {\n"
    "        verdict = \"accept\";\n"
    "        client_name = [ \"unknown\" ];\n"
    "      }\n"
    "    );\n"
    "    helo = (\n"
    "      {\n"
    "        verdict = \"tempfail\";\n"
    "        helo = [ \"[192.0.2.1]\", \"unknown\" ];\n"
    "      }\n"
    "    );\n"
    "    mail = (\n"
    "      {\n"
    "        name = \"a \\\"name\\\"\";\n"
    "        verdict = \"reject\";\n"
    "        sender = [ \"@mixed\" ];\n"
    "        tls = false;\n"
    "        size_over = 3000000000L;\n"
    "        unless = {\n"
    "          authenticated = true;\n"
    "          user = [ \"alice\" ];\n"
    "        };\n"
    "        reply = \"550 5.7.1 {sender}\";\n"
    "      },\n"
    "      {\n"
    "        verdict = \"accept\";\n"
    "        mechanism = [ \"PLAIN\" ];\n"
    "        tls = true;\n"
    "      }\n"
    "    );\n"
    "    rcpt = (\n"
    "      {\n"
    "        verdict = \"accept\";\n"
    "        client = [ \"@lan\", \"!10.0.0.9\" ];\n"
    "        recipient = [ \"@mixed\" ];\n"
    "        relay = true;\n"
    "      }\n"
    "    );\n"
    "    data = (\n"
    "      {\n"
    "        verdict = \"tempfail\";\n"
    "        recipients_over = 100;\n"
    "      }\n"
    "    );\n"
    "  },\n"
    "  {\n"
    "    name = \"two\";\n"
    "    direction = \"outbound\";\n"
    "    match = {\n"
    "      local = true;\n"
    "    };\n"
    "    auth = {\n"
    "      mode = \"optional\";\n"
    "      tls = true;\n"
    "    };\n"
    "    relay = {\n"
    "      mode = \"only\";\n"
    "      authenticated = false;\n"
    "    };\n"
    "  }\n"
    ");\n"
    "expect = (\n"
    "  {\n"
    "    listener = \"two\";\n"
    "    client = \"192.0.2.1\";\n"
    "    verdict = \"accept\";\n"
    "  },\n"
    "  {\n"
    "    listener = \"one\";\n"
    "    client = \"203.0.113.1\";\n"
    "    address = \"192.0.2.25\";\n"
    "    client_name = \"a.example\";\n"
    "    helo = \"\";\n"
    "    user = \"alice\";\n"
    "    mechanism = \"PLAIN\";\n"
    "    tls = 256;\n"
    "    size = 5000000000L;\n"
    "    sender = \"a\\tb\\\\@c\";\n"
    "    recipient = \"x@y\";\n"
    "    resolved = \"z@y\";\n"
    "    verdict = \"reject\";\n"
    "    reply = \"501 5.1.7 Bad sender address syntax\";\n"
    "    stage = \"mail\";\n"
    "  }\n"
    ");\n";

Test(print, everything_in_one_order_and_spelling)
{
	char *text;

	write_file("nets", "10.0.0.0/8\n!10.0.0.1 # the router\n2001:DB8:0::/32\n");
	text = canonical_text(written);
	cr_expect_str_eq(text, printed_so, "%s", text);
	free(text);
}

Test(print, what_is_printed_reads_back_and_prints_the_same_again)
{
	static const char *const texts[] = {
	    printed_so,
	    SAID_LISTENER,
	    "expect = ();\n" SAID_LISTENER,
	    "user = \"\\\"\\\\\\\"\"; group = \"a\\x20b\";\n" SAID_LISTENER,
	    "users = { a = [ \"\\\\\", \"a b\", \"!\\\"\", \"\303\274\", \"a#b\", \"/\\\\s#/\" ]; };\n" SAID_LISTENER,
	    "addresses = { a = [ \"\\\"!a\\\"@\", \"\\\"a\\\\\\\\b\\\"@b.example\", \"\\\"a\\\\\\\"b\\\"@\", \"a\\\"b "
	    "c\\\"d@e.example\" ]; };\n" SAID_LISTENER,
	    "listeners = ( { name = \"a\\\\b\\\"c\"; direction = \"inbound\"; mail = ( { verdict = \"reject\"; "
	    "size_over = 2147483647; },\n"
	    "  { verdict = \"reject\"; size_over = 2147483648L; }, { verdict = \"reject\"; size_over = "
	    "9223372036854775807L; },\n"
	    "  { verdict = \"reject\"; tls = 1; }, { verdict = \"reject\"; tls = 65535; },\n"
	    "  { verdict = \"reject\"; sender = [ \"/\\\\n\\\\x2e/\" ]; } ); } );\n",
	    "expect = ( { listener = \"one\"; client = \"::1\"; helo = \"a\\rb\\fc\\x01\\x7f\"; verdict = \"accept\"; "
	    "size = 0; } );\n" SAID_LISTENER,
	};

	write_file("nets", "10.0.0.0/8\n");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *once = canonical_text(texts[i]);
		char *twice = canonical_text(once);

		cr_expect_str_eq(twice, once, "text %zu: %s", i, once);
		free(once);
		free(twice);
	}
}

Test(print, nothing_is_left_out_where_it_is_little)
{
	static const char *const rows[][2] = {
	    {"expect = ( { listener = \"one\"; client = \"::1\"; tls = 1; verdict = \"accept\"; } );\n" SAID_LISTENER,
	     "    tls = 1;\n"},
	    {"expect = ( { listener = \"one\"; client = \"::1\"; size = 0; verdict = \"accept\"; } );\n" SAID_LISTENER,
	     "    size = 0;\n"},
	    {"expect = ( { listener = \"one\"; client = \"::1\"; user = \"\"; verdict = \"accept\"; } "
	     ");\n" SAID_LISTENER,
	     "    user = \"\";\n"},
	    {"listeners = ( { name = \"one\"; direction = \"inbound\"; match = { port = []; }; } );\n",
	     "      port = [];\n"},
	    {"listeners = ( { name = \"one\"; direction = \"inbound\"; match = { }; } );\n", "      local = false;\n"},
	    {"listeners = ( { name = \"one\"; direction = \"inbound\"; relay = { mode = \"only\"; clients = []; }; } "
	     ");\n",
	     "      clients = [];\n"},
	    {"listeners = ( { name = \"one\"; direction = \"inbound\"; data = ( { verdict = \"reject\"; "
	     "recipients_over = 0; } ); } );\n",
	     "        recipients_over = 0;\n"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = canonical_text(rows[i][0]);

		cr_expect_not_null(strstr(text, rows[i][1]), "%s%s", rows[i][0], text);
		free(text);
	}
}

/* The directory of the shipped rule files. */
#ifndef EXAMPLES
#error "EXAMPLES must name it"
#endif

Test(print, the_shipped_rule_files_too)
{
	DIR *directory = opendir(EXAMPLES);
	unsigned files = 0;

	cr_assert_not_null(directory, EXAMPLES);
	for (const struct dirent *file; (file = readdir(directory)) != NULL;) {
		const char *dot = strrchr(file->d_name, '.');
		struct diagnostics *diagnostics = diagnostics_new();
		char path[1000], *once, *twice;
		struct rules *rules;

		if (dot != NULL && strcmp(dot, ".conf") == 0) {
			files++;
			snprintf(path, sizeof path, "%s/%s", EXAMPLES, file->d_name);
			rules = rules_load(path, diagnostics);
			cr_assert_not_null(rules, "%s", printed(diagnostics));
			cr_expect_str_eq(printed(diagnostics), "", "%s", printed(diagnostics));
			once = canonical(rules);
			twice = canonical_text(once);
			cr_expect_str_eq(twice, once, "%s", path);
			free(once);
			free(twice);
			rules_free(rules);
		}
		diagnostics_free(diagnostics);
	}
	closedir(directory);
	cr_expect_geq(files, 6);
}

Test(print, a_device_that_is_full_is_noticed)
{
	struct rules *rules = said_load(SAID_LISTENER);
	FILE *full = fopen("/dev/full", "w");

	cr_assert_not_null(full);
	cr_expect_not(model_print(rules->model, full));
	fclose(full);
	rules_free(rules);
}
