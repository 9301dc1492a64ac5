#include "rules/tables.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/limits.h"
#include "rules/entry.h"
#include "tests/unit/rules/rule_files.h"
#include "tests/unit/rules/said.h"

TestSuite(tables, .init = rule_files_start, .fini = rule_files_end);

/* The entries of a table after loading, with a comma behind each: "10.0.0.0/8,!10.0.0.1,". */
static const char *entries_of(const struct rules *rules, const char *name)
{
	static char text[2000];
	char room[LIMIT_NETWORK_TEXT];
	const struct table *table = model_table(rules->model, name);
	size_t length = 0;

	text[0] = '\0';
	cr_assert_not_null(table, "%s", name);
	for (size_t i = 0; i < table->value.count; i++)
		length += (size_t)snprintf(text + length, sizeof text - length, "%s%s,",
		                           table->value.entries[i].take_out ? "!" : "",
		                           entry_text(&table->value.entries[i], room));
	return text;
}

/* Reads a table of domains from a file of so many bytes, and returns its entries. */
static const char *entries_of_file(const char *bytes, size_t size)
{
	struct rules *rules;
	const char *entries;

	write_bytes("names", bytes, size);
	rules = said_load("domains = { names = { file = \"names\"; }; };\nlocal_domains = \"@names\";\n" SAID_LISTENER);
	cr_assert_not_null(rules, "%s", said());
	entries = entries_of(rules, "names");
	rules_free(rules);
	return entries;
}

Test(tables, one_entry_a_line)
{
	static const struct {
		const char *text, *entries;
	} rows[] = {
	    {"", ""},
	    {"\n\n", ""},
	    {"a.example", "a.example,"},
	    {"a.example\n", "a.example,"},
	    {"a.example\nb.example\n", "a.example,b.example,"},
	    {"a.example\r\n\r\nb.example\r\n", "a.example,b.example,"},
	    {"\xef\xbb\xbf"
	     "a.example\n",
	     "a.example,"},
	    {"\xef\xbb\xbf", ""},
	    {"\xef\xbb\xbe.example\n", "\xef\xbb\xbe.example,"}, /* nearly a byte order mark */
	    {"# a comment\na.example\n", "a.example,"},
	    {"a.example # a comment\nb.example\t# another\n", "a.example,b.example,"},
	    {"  # a comment behind a blank\n\t#\n#\n", ""},
	    {"  a.example  \n\tb.example\t\n", "a.example,b.example,"},
	    {"/a#b/\n", "/a#b/,"}, /* no comment: no blank before it */
	    {"/[# ]/\n", "/[# ]/,"},
	    {"a.example #one #two\n", "a.example,"},
	    {"!a.example\n.example\n", "!a.example,.example,"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_str_eq(entries_of_file(rows[i].text, strlen(rows[i].text)), rows[i].entries, "row %zu", i);
}

Test(tables, a_fault_in_a_file_has_the_files_name_and_line)
{
	static const char rules[] = "networks = { nets = { file = \"deep/nets\"; }; };\n" SAID_LISTENER;

	write_file("deep/nets", "# good\n10.0.0.0/8\n10.0.0.1/8\n\nlocalhost\n@nothing\n192.0.2.1\n");
	cr_expect(said_at(rules, "deep/nets:3: error:", "has host bits set"), "%s", said());
	cr_expect(said_at(rules, "deep/nets:5: error:", "is not a network"), "%s", said());
	cr_expect(said_at(rules, "deep/nets:6: error:", "is not defined"), "%s", said());
	cr_expect_null(strstr(said(), "deep/nets:2:"), "%s", said());
	cr_expect_null(strstr(said(), "deep/nets:7:"), "%s", said());
}

Test(tables, a_line_that_is_too_long_or_no_text)
{
	static const char rules[] = "users = { names = { file = \"names\"; }; };\n" SAID_LISTENER;
	static char line[LIMIT_TABLE_LINE + 3];

	memset(line, 'a', LIMIT_TABLE_LINE);
	line[LIMIT_TABLE_LINE] = '\n';
	write_file("names", line);
	cr_expect_null(strstr(said_of(rules), "error"), "%s", said());
	line[LIMIT_TABLE_LINE] = 'a';
	line[LIMIT_TABLE_LINE + 1] = '\n';
	write_file("names", line);
	cr_expect(said_at(rules, "names:1: error:", "4096 bytes"), "%.200s", said());
	write_bytes("names", "alice\nb\0b\ncarol\n", 16);
	cr_expect(said_at(rules, "names:2: error:", "NUL byte"), "%s", said());
	write_bytes("names", "alice\0", 6);
	cr_expect(said_at(rules, "names:1: error:", "NUL byte"), "%s", said());
	write_file("names", "al\001ice\n");
	cr_expect(said_at(rules, "names:1: error:", "control byte"), "%s", said());
}

Test(tables, a_file_that_cannot_be_read_is_a_fault_of_the_line_that_names_it)
{
	cr_assert_eq(mkdir("directory", 0700), 0);
	cr_assert_eq(mkfifo("fifo", 0700), 0);
	cr_expect(said_at("networks = {\n  a = { file = \"none\"; };\n};\n" SAID_LISTENER,
	                  "a.conf:2: error:", "No such file or directory"),
	          "%s", said());
	cr_expect(said_at("networks = {\n  a = { file = \"directory\"; };\n};\n" SAID_LISTENER,
	                  "a.conf:2: error:", "\"directory\""),
	          "%s", said());
	cr_expect(said_at("networks = {\n  a = { file = \"fifo\"; };\n};\n" SAID_LISTENER,
	                  "a.conf:2: error:", "regular file"),
	          "%s", said());
}

Test(tables, a_path_is_that_of_the_file_that_names_it)
{
	struct rules *rules;

	write_file("deep/more.conf", "networks = { a = { file = \"nets\"; }; };\n");
	write_file("deep/nets", "192.0.2.1\n");
	write_file("nets", "198.51.100.1\n");
	rules = said_load("@include \"deep/more.conf\"\nlisteners = ( { name = \"one\"; direction = \"inbound\";\n"
	                  "  relay = { mode = \"only\"; clients = [ \"@a\" ]; }; } );\n");
	cr_assert_not_null(rules, "%s", said());
	cr_expect_str_eq(entries_of(rules, "a"), "192.0.2.1,");
	cr_assert_eq(rules->file_count, 3);
	cr_expect_str_eq(rules->files[0], "a.conf");
	cr_expect_str_eq(rules->files[1], "deep/more.conf");
	cr_expect_str_eq(rules->files[2], "deep/nets");
	rules_free(rules);
}

Test(tables, what_a_table_may_be)
{
	struct rules *rules = said_load(
	    "networks = { a = [ \"192.0.2.1\", \"192.0.2.2\" ]; b = \"192.0.2.3\"; c = []; };\n" SAID_LISTENER);

	cr_assert_not_null(rules, "%s", said());
	cr_expect_str_eq(entries_of(rules, "a"), "192.0.2.1,192.0.2.2,");
	cr_expect_str_eq(entries_of(rules, "b"), "192.0.2.3,");
	cr_expect_str_eq(entries_of(rules, "c"), "");
	rules_free(rules);
}

Test(tables, what_a_table_may_not_be)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
	    {"networks = { a = ( \"192.0.2.1\" ); };", "not in parentheses"},
	    {"networks = { a = 5; };", "array of networks"},
	    {"networks = { a = true; };", "array of networks"},
	    {"networks = { a = [ 5, 6 ]; };", "array of networks"},
	    {"networks = { a = { }; };", "{ file = \"PATH\"; }"},
	    {"networks = { a = { fiel = \"x\"; }; };", "{ file = \"PATH\"; }"},
	    {"networks = { a = { file = \"x\"; more = 1; }; };", "{ file = \"PATH\"; }"},
	    {"networks = { a = { file = 5; }; };", "must be a string"},
	    {"networks = { a = { file = [ \"x\" ]; }; };", "must be a string"},
	    {"networks = [ \"192.0.2.1\" ];", "must be a group of tables"},
	    {"networks = \"192.0.2.1\";", "must be a group of tables"},
	    {"networks = { *a = []; };", "a.conf:1: error"},
	    {"networks = { a = []; a = []; };", "twice"},
	    {"networks = { a = []; }; users = { a = []; };", "is a table already"},
	    {"networks = { a = [ \"!192.0.2.1\" ]; };", "only takes out"},
	    {"networks = { a = \"!192.0.2.1\"; };", "only takes out"},
	    {"networks = { a = [ \"!192.0.2.1\", \"!@b\" ]; b = []; };", "only takes out"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[300];

		snprintf(text, sizeof text, "%s\n" SAID_LISTENER, rows[i].text);
		cr_expect(said_at(text, "a.conf:1: error:", rows[i].part), "%s: %s", rows[i].text, said());
	}
}

Test(tables, a_table_may_name_one_that_stands_below_it_or_in_another_group)
{
	struct rules *rules = said_load("addresses = { a = [ \"@b\", \"@c\", \"user@\" ]; c = [ \"@b\" ]; };\n"
	                                "domains = { b = [ \"@d\", \"!x.example\" ]; d = [ \".example\" ]; };\n"
	                                "listeners = ( { name = \"one\"; direction = \"inbound\";\n"
	                                "  mail = ( { verdict = \"reject\"; sender = [ \"@a\" ]; } ); } );\n");

	cr_assert_not_null(rules, "%s", said());
	cr_expect_str_eq(said(), "");
	cr_expect_str_eq(entries_of(rules, "a"), "@b,@c,user@,");
	rules_free(rules);
}

Test(tables, a_circle_is_a_fault_and_a_table_named_twice_is_none)
{
	static const struct {
		const char *tables;
		size_t faults;
	} rows[] = {
	    {"a = [ \"@a\" ];", 1},
	    {"a = [ \"@b\" ]; b = [ \"@a\" ];", 1},
	    {"a = [ \"@b\" ]; b = [ \"@c\" ]; c = [ \"@a\" ];", 1},
	    {"a = [ \"@b\" ]; b = [ \"@c\" ]; c = [ \"@b\" ];", 1},
	    {"a = [ \"192.0.2.1\", \"!@a\" ];", 1},
	    {"a = [ \"@a\" ]; b = [ \"@b\" ];", 2},
	    {"a = [ \"@b\", \"@c\" ]; b = [ \"@d\" ]; c = [ \"@d\" ]; d = [ \"192.0.2.1\" ];", 0},
	    {"a = [ \"@b\", \"@b\" ]; b = [ \"192.0.2.1\" ];", 0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[400];
		size_t faults = 0;

		snprintf(text, sizeof text, "networks = { %s };\n" SAID_LISTENER, rows[i].tables);
		for (const char *at = said_of(text); (at = strstr(at, "not in a circle")) != NULL; at++)
			faults++;
		cr_expect_eq(faults, rows[i].faults, "%s: %s", rows[i].tables, said());
	}
}

Test(tables, many_tables_and_entries)
{
	enum {
		ENTRIES = 3000
	};
	char *text = malloc(ENTRIES * 24);
	size_t length = 0;
	struct rules *rules;

	for (unsigned i = 0; i < ENTRIES; i++)
		length += (size_t)sprintf(text + length, "10.%u.%u.0/24\n", i / 256, i % 256);
	write_bytes("nets", text, length);
	length = (size_t)sprintf(text, "networks = {\n");
	for (unsigned i = 0; i < 300; i++)
		length += (size_t)sprintf(text + length, "  t%u = [ \"@t%u\", \"192.0.2.%u\" ];\n", i, i + 1, i % 256);
	sprintf(text + length, "  t300 = { file = \"nets\"; };\n};\n" SAID_LISTENER);
	rules = said_load(text);
	cr_assert_not_null(rules, "%s", said());
	cr_expect_eq(rules->model->table_count, 301);
	cr_expect_eq(model_table(rules->model, "t300")->value.count, ENTRIES);
	cr_expect_eq(model_table(rules->model, "t300")->value.entries[2999].where.line, 3000);
	cr_expect_str_eq(model_table(rules->model, "t300")->value.entries[2999].where.file, "nets");
	rules_free(rules);
	free(text);
}
