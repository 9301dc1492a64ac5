#include "rules/scan.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <libconfig.h>
#include <stdio.h>
#include <string.h>

#include "rules/diagnostic.h"
#include "rules/source.h"
#include "tests/unit/rules/rule_files.h"

/*
 * A text and what is said about it, file name and ": " left out: "2: error: ...".
 * What libconfig says to the same text is the reason for the row.
 */
struct row {
	char text[200];
	char said[600];
	bool libconfig_reads_it;
	bool grammar; /* whether it is a fault after which libconfig's tree means nothing */
};

static void check(const struct row *row)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct source *source;
	const char *at;
	char said[2000] = "";
	config_t config;

	rule_files_start();
	write_file("a", row->text);
	source = source_read("a", diagnostics);
	cr_assert_not_null(source, "%s", row->text);
	at = printed(diagnostics);
	while (*at != '\0') {
		const char *end = strchr(at, '\n') + 1;

		cr_assert_eq(strncmp(at, "a:", 2), 0);
		strncat(said, at + 2, (size_t)(end - at) - 2);
		at = end;
	}
	cr_assert_str_eq(said, row->said, "%s\n%s", row->text, said);
	cr_assert_eq(source_syntax_fault(source), row->grammar, "%s", row->text);
	config_init(&config);
	cr_assert_eq(config_read_string(&config, row->text) == CONFIG_TRUE, row->libconfig_reads_it, "%s", row->text);
	config_destroy(&config);
	/* what was repaired, or was never broken, is read to the end */
	config_init(&config);
	cr_assert(row->grammar || config_read_string(&config, source_text(source)), "%s", row->text);
	config_destroy(&config);
	source_free(source);
	diagnostics_free(diagnostics);
	rule_files_end();
}

ParameterizedTestParameters(scan, lawful_texts)
{
	static struct row rows[] = {
	    {"a = 1; b : \"x\", c = true d = 1.5\n", "", true, false},
	    {"a = { b = 1; c = { }; };\nd = ( ); e = [ ];\n", "", true, false},
	    {"a = ( 1, \"x\", [ 1, 2 ], ( ), { b = 1 } );\n", "", true, false},
	    {"a = [ 1, -2, 0x1F ]; b = [ 1L, 0x2LL ]; c = [ true, FALSE ]; d = [ 1.5, -.5, 1e3, . ];\n", "", true,
	     false},
	    {"*a-b_1 = 1; // x\n# y\n/* z */ c = \"/* no comment */ # none\";\n", "", true, false},
	    {"a = \"x \\\" y\\\\\";\n", "", true, false},
	    {"a = { b = 1; }; c = { b = 1; }; b = 1; bc = 2;\n", "", true, false},
	    {"a = \"one \" \"two\"; b = \"one\" \" two\";\n", "", true, false},
	    {"a = \"x\x1by\"; # what a value may hold is not the grammar's business\n", "", true, false},
	    {"a = \"one\\n\"\n    \"two\";\n", "", true, false},
	    {"a\n=\n\"x\ny\"\n;\n\f b = 1;\n", "", true, false},
	    {"a = \"caf\xc3\xa9\"; # caf\xc3\xa9\n", "", true, false},
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, scan, lawful_texts)
{
	check(row);
}

ParameterizedTestParameters(scan, what_libconfig_passes_without_a_word)
{
	static struct row rows[] = {
	    {"a = [ \"x\"\n \"y\" ];\n",
	     "2: error: \"x\" \"y\": a comma is missing between them; libconfig would join them\n", true, false},
	    {"a = ( \"x\" /* , */ \"y\" \"z\" );\n",
	     "1: error: \"x\" \"y\": a comma is missing between them; libconfig would join them\n"
	     "1: error: \"y\" \"z\": a comma is missing between them; libconfig would join them\n",
	     true, false},
	    {"a = [ \"x\" \"y\nz\" ];\n",
	     "1: error: \"x\" \"y...: a comma is missing between them; libconfig would join them\n", true, false},
	    {"a = \"x\" \"y\";\n",
	     "1: warning: \"x\" \"y\" are joined to one string; if they are two, write [ \"x\", \"y\" ]\n", true,
	     false},
	    {"a = \"\\x00\"; b = [ \"x\\X00y\" ];\n",
	     "1: error: \\x00 is a NUL byte, which no text can hold\n"
	     "1: error: \\X00 is a NUL byte, which no text can hold\n",
	     true, false},
	    {"a = 1; /* not\nclosed\n", "1: error: the comment that begins here is not closed\n", true, true},
	    {"a = \"x\" \"y;\n", "1: error: a quotation mark is missing: \"y;\n", true, true},
	    {"a = 1; # \x1b[2J \x01\n", "1: error: a control byte, 0x1b, cannot stand here\n", true, false},
	    {"a = \"x\ny\"; # \x1b\n", "2: error: a control byte, 0x1b, cannot stand here\n", true, false},
	    {"a = \"caf\xe9\";\n# \xff\xfe\n",
	     "1: error: the byte 0xe9 is not UTF-8\n2: error: the byte 0xff is not UTF-8\n", true, false},
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, scan, what_libconfig_passes_without_a_word)
{
	check(row);
}

ParameterizedTestParameters(scan, numbers_at_their_limits)
{
	static struct row rows[] = {
	    {"a = 2147483647; b = -2147483648; c = 0x7fffffff; d = +7; e = "
	     "00000000000000000000000000000000000000000000000000000000000000000007;\n",
	     "", true, false},
	    {"a = 4294967321;\n", "1: error: 4294967321 does not fit in 32 bits; write 4294967321L\n", true, false},
	    {"a = 2147483648;\n", "1: error: 2147483648 does not fit in 32 bits; write 2147483648L\n", true, false},
	    {"a = -2147483649;\n", "1: error: -2147483649 does not fit in 32 bits; write -2147483649L\n", true, false},
	    {"a = 0x80000000;\n", "1: error: 0x80000000 does not fit in 32 bits; write 0x80000000L\n", true, false},
	    {"a = 9223372036854775807L; b = -9223372036854775808LL; c = 0x7fffffffffffffffL;\n", "", true, false},
	    {"a = 9223372036854775808L;\n", "1: error: 9223372036854775808L does not fit in 64 bits\n", true, false},
	    {"a = -9223372036854775809LL;\n", "1: error: -9223372036854775809LL does not fit in 64 bits\n", true,
	     false},
	    {"a = 0X8000000000000000L;\n", "1: error: 0X8000000000000000L does not fit in 64 bits\n", true, false},
	    {"a = 99999999999999999999;\n", "1: error: 99999999999999999999 does not fit in 64 bits\n", true, false},
	    {"a = 1111111111222222222233333333334444444444555555555566666666667777777777;\n",
	     "1: error: 1111111111222222222233333333334444444444555555555566666666667777... does not fit in 64 bits\n",
	     true, false},
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, scan, numbers_at_their_limits)
{
	check(row);
}

ParameterizedTestParameters(scan, escapes_that_an_expression_does_not_see)
{
	static struct row rows[] = {
	    {"a = \"/\\x2e/\";\n",
	     "1: warning: \\x2e reaches the regular expression as \".\"; write \\\\x2e for the expression to see "
	     "\\x2e\n",
	     true, false},
	    {"a = [ \"x\",\n\"!/\na\\n/\" ];\n",
	     "3: warning: \\n reaches the regular expression as a newline; write \\\\n for the expression to see \\n\n",
	     true, false},
	    {"a = \"/\\r/\"; b = \"/\\t/\"; c = \"/\\f/\"; d = \"/\\x07/\";\n",
	     "1: warning: \\r reaches the regular expression as a carriage return; write \\\\r for the expression to "
	     "see \\r\n"
	     "1: warning: \\t reaches the regular expression as a tab; write \\\\t for the expression to see \\t\n"
	     "1: warning: \\f reaches the regular expression as a form feed; write \\\\f for the expression to see "
	     "\\f\n"
	     "1: warning: \\x07 reaches the regular expression as the byte 0x07; write \\\\x07 for the expression to "
	     "see "
	     "\\x07\n",
	     true, false},
	    {"a = \"/\\\\x2e\\.\\d\\b\\\"\\\\\\\\n\\xg0/\";\n", "", true, false},
	    {"a = \"550 5.7.1 one\\ntwo\\x2e\"; b = \"/run/x\\t\"; c = \"/\"; d = \"!/\";\n", "", true, false},
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, scan, escapes_that_an_expression_does_not_see)
{
	check(row);
}

ParameterizedTestParameters(scan, faults_of_the_grammar)
{
	static struct row rows[] = {
	    {"a = [ 1, ];\n", "1: error: a comma stands before \"]\"; take it out\n", false, false},
	    {"a = ( \"x\",\n);\n", "2: error: a comma stands before \")\"; take it out\n", false, false},
	    {"a = [ , 1 ];\n", "1: error: a value is missing before \",\"\n", false, true},
	    {"a = [ 1,, 2 ];\n", "1: error: a value is missing before \",\"\n", false, true},
	    {"a = [ 1 2 ];\n", "1: error: a comma is missing before 2\n", false, true},
	    {"a = ( { b = 1; }\n{ b = 2; } );\n", "2: error: a comma is missing before {\n", false, true},
	    {"a = ( { b = 1; };\n{ b = 2; } );\n",
	     "1: error: \";\" inside the \"(\" of line 1; write \",\" between values, or \")\" before it\n", false,
	     true},
	    {"a = [ \"x\";\nb = 1;\nc = 2;\n",
	     "1: error: \";\" inside the \"[\" of line 1; write \",\" between values, or \"]\" before it\n", false,
	     true},
	    {"a = ( [ 1;\nb = 1;\n",
	     "1: error: \";\" inside the \"[\" of line 1; write \",\" between values, or \"]\" before it\n", false,
	     true},
	    {"a = { b = [ 1;\n};\n",
	     "1: error: \";\" inside the \"[\" of line 1; write \",\" between values, or \"]\" before it\n", false,
	     true},
	    {"a = [ { b = 1; } ];\n",
	     "1: error: \"{\" inside [ ], which holds plain values only; a list of others stands in ( )\n", false,
	     true},
	    {"a = ( b = 1 );\n", "1: error: b must stand in quotation marks: \"b\"\n", false, true},
	    {"a = ( \"b\" = 1 );\n", "1: error: \"=\" inside the \"(\" of line 1: settings stand in { }\n", false,
	     true},
	    {"a = [ 1, \"x\" ];\n",
	     "1: error: \"x\" is a string, but this array begins with a number; an array holds one kind\n", false,
	     true},
	    {"a = [ 1, 2L ];\n",
	     "1: error: 2L is a number with L, but this array begins with a number; an array holds one kind\n", false,
	     true},
	    {"a = [ true, 1.5 ];\n",
	     "1: error: 1.5 is a number with a point, but this array begins with true or false; an array holds one "
	     "kind\n",
	     false, true},
	    {"a = 1;;\n", "1: error: there is no setting before \";\"\n", false, true},
	    {"a = ;\n", "1: error: a has no value\n", false, true},
	    {"a;\n", "1: error: a has no value\n", false, true},
	    {"a = { b = };\n", "1: error: b has no value\n", false, true},
	    {"a = { b };\n", "1: error: b has no value\n", false, true},
	    {"a =\n", "1: error: a has no value\n", false, true},
	    {"a 1;\n", "1: error: \"=\" is missing between a and 1\n", false, true},
	    {"a { };\n", "1: error: \"=\" is missing between a and {\n", false, true},
	    {"a\nb = 1;\n", "2: error: \"=\" is missing after a\n", false, true},
	    {"= 1;\n", "1: error: a name is missing before \"=\"\n", false, true},
	    {"a = = 1;\n", "1: error: a name is missing before \"=\"\n", false, true},
	    {"\"a\" = 1;\n", "1: error: \"a\" has no name; a setting is NAME = VALUE\n", false, true},
	    {"a = { b = 1; { c = 2; } };\n", "1: error: { has no name; a setting is NAME = VALUE\n", false, true},
	    {"a = 1; 2;\n", "1: error: 2 has no name; a setting is NAME = VALUE\n", false, true},
	    {"a.b = 1;\n", "1: error: a.b is not a name; a setting is NAME = VALUE\n", false, true},
	    {"a = reject;\nb = [ @lan ];\nc = 10.0.0.0/8;\nd = [ \"x\", y ];\n",
	     "1: error: reject must stand in quotation marks: \"reject\"\n"
	     "2: error: @lan must stand in quotation marks: \"@lan\"\n"
	     "3: error: 10.0.0.0/8 must stand in quotation marks: \"10.0.0.0/8\"\n"
	     "4: error: y must stand in quotation marks: \"y\"\n",
	     false, true},
	    {"a = -0x10; b = 5l;\nc = 5LLL;\n",
	     "1: error: -0x10 must stand in quotation marks: \"-0x10\"\n"
	     "2: error: 5LLL must stand in quotation marks: \"5LLL\"\n",
	     false, true},
	    {"a = 1;\nb = { a = 1; };\na = 2;\n", "3: error: \"a\" is given twice; the first is in line 1\n", false,
	     true},
	    {"a = b//c\n;\n", "1: error: b must stand in quotation marks: \"b\"\n", false, true},
	    {"a = 1; \x01 b = 2;\n", "1: error: a control byte, 0x01, cannot stand here\n", false, false},
	    {"a = 1;\x7f\n", "1: error: a control byte, 0x7f, cannot stand here\n", false, false},
	    {"a = 1;\n@include \t", "2: error: an include stands alone on its line: @include \"FILE\"\n", false, true},
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, scan, faults_of_the_grammar)
{
	check(row);
}

ParameterizedTestParameters(scan, brackets_and_quotation_marks)
{
	static struct row rows[] = {
	    {"a = (\n1\n", "1: error: \"(\" is not closed\n", false, true},
	    {"a = (\n{\n", "1: error: \"(\" is not closed\n2: error: \"{\" is not closed\n", false, true},
	    {"a = 1;\n}\n", "2: error: \"}\" closes nothing\n", false, true},
	    {"a = ( { b = [ 1 ); } );\n", "1: error: \")\" does not close the \"[\" of line 1\n", false, true},
	    {"a = (\n[ 1\n);\n", "3: error: \")\" does not close the \"[\" of line 2\n", false, true},
	    {"a = ( 1\n];\n", "2: error: \"]\" does not close the \"(\" of line 1\n", false, true},
	    {"a = (\n{ b = 1;\n);\nc = 1;\n", "3: error: \")\" does not close the \"{\" of line 2\n", false, true},
	    {"a = { b = 1 ];\n}\n", "1: error: \"]\" closes nothing\n", false, true},
	    /* what follows from a bracket is not said */
	    {"a = { b = 1 ];\nb = 2;\n}\n", "1: error: \"]\" closes nothing\n", false, true},
	    {"a = ( { b = 1 ];\n", "1: error: \"]\" closes nothing\n", false, true},
	    {"a = ( 1 ];\n);\n", "1: error: \"]\" does not close the \"(\" of line 1\n", false, true},
	    {"a = { b = ( (\n1\n};\nc = 1;\n", "3: error: \"}\" does not close the \"(\" of line 1\n", false, true},
	    {"a = (\n{ b = { c = 1; },\n{ b = 2; }\n);\n",
	     "3: error: the \"{\" of line 2 is not closed before this one\n", false, true},
	    {"a = \"x;\nb = \"y\";\nc = \"z\";\n", "1: error: a quotation mark is missing: \"x;\n", false, true},
	    {"a = [ \"x, \"y\" ];\nb = [ 1, ];\n",
	     "1: error: y must stand in quotation marks: \"y\"\n"
	     "1: error: a quotation mark is missing: \" ];\n",
	     false, true},
	    {"a = \"x\nb = 1;\n", "1: error: a quotation mark is missing: \"x\n", false, true},
	    {"a = \"x;\nb = \"y;\nc = 4294967321;\n",
	     "1: error: a quotation mark is missing: \"x;\n"
	     "2: error: a quotation mark is missing: \"y;\n"
	     "3: error: 4294967321 does not fit in 32 bits; write 4294967321L\n",
	     false, true},
	    {"a = 'x';\n", "1: error: 'x' must stand in quotation marks: \"x\"\n", false, true},
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, scan, brackets_and_quotation_marks)
{
	check(row);
}

static struct diagnostics *read_text(const char *text)
{
	struct diagnostics *diagnostics = diagnostics_new();

	rule_files_start();
	write_file("a", text);
	source_free(source_read("a", diagnostics));
	rule_files_end();
	return diagnostics;
}

Test(scan, a_nul_byte_is_a_fault_wherever_it_is)
{
	static const char text[] = "a = 1;\0\n# \0\nb = \"x\0y\";\n";
	struct diagnostics *diagnostics = diagnostics_new();
	struct source *source;

	rule_files_start();
	write_bytes("a", text, sizeof(text) - 1);
	source = source_read("a", diagnostics);
	cr_assert_str_eq(printed(diagnostics), "a:1: error: a control byte, 0x00, cannot stand here\n"
					       "a:2: error: a control byte, 0x00, cannot stand here\n"
					       "a:3: error: a control byte, 0x00, cannot stand here\n");
	cr_assert_str_eq(source_text(source), "a = 1; \n#  \nb = \"x y\";\n");
	source_free(source);
	diagnostics_free(diagnostics);
	rule_files_end();
}

/* Whether an error that is found later, on this line, is dropped. */
static bool is_muted(struct diagnostics *diagnostics, unsigned line)
{
	size_t before = diagnostics_errors(diagnostics);

	diagnostics_error(diagnostics, (struct location){.file = "a", .line = line}, "later");
	return diagnostics_errors(diagnostics) == before;
}

Test(scan, nothing_more_is_said_of_what_was_misread)
{
	struct diagnostics *diagnostics =
	    read_text("a = [ \"x\"\n\"y\"\n];\nb =\n4294967321;\nc = [ 5,\n4294967321,\n6 ];\n"
		      "d = \"\\x00\n\";\ne = 1;\n");

	cr_assert_eq(diagnostics_errors(diagnostics), 4);
	cr_assert_not(is_muted(diagnostics, 1));
	cr_assert(is_muted(diagnostics, 2));
	cr_assert_not(is_muted(diagnostics, 3));
	cr_assert(is_muted(diagnostics, 4), "the name of the number");
	cr_assert(is_muted(diagnostics, 5));
	cr_assert_not(is_muted(diagnostics, 6));
	cr_assert(is_muted(diagnostics, 7));
	cr_assert_not(is_muted(diagnostics, 8));
	cr_assert(is_muted(diagnostics, 9));
	cr_assert(is_muted(diagnostics, 10));
	cr_assert_not(is_muted(diagnostics, 11));
	diagnostics_free(diagnostics);
}

Test(scan, muting_waits_until_all_is_scanned)
{
	struct diagnostics *diagnostics = read_text("a = [ 4294967321, 1, ];\n");

	cr_assert_str_eq(printed(diagnostics), "a:1: error: 4294967321 does not fit in 32 bits; write 4294967321L\n"
					       "a:1: error: a comma stands before \"]\"; take it out\n");
	diagnostics_free(diagnostics);
}

Test(scan, long_strings_are_cut)
{
	char text[600] = "a = [ \"", said[600];
	struct diagnostics *diagnostics;

	memset(text + strlen(text), 'x', 300);
	strcat(text, "\" \"y\" ];\n");
	diagnostics = read_text(text);
	snprintf(said, sizeof(said),
		 "a:1: error: \"%.59s... \"y\": a comma is missing between them; libconfig would join them\n",
		 text + 7);
	cr_assert_str_eq(printed(diagnostics), said);
	diagnostics_free(diagnostics);
}

Test(scan, deep_nesting)
{
	static char text[200000];
	struct diagnostics *diagnostics;

	strcpy(text, "a = ");
	memset(text + 4, '(', 50000);
	memset(text + 50004, ')', 50000);
	strcpy(text + 100004, ";\n");
	diagnostics = read_text(text);
	cr_assert_eq(diagnostics_errors(diagnostics), 0);
	diagnostics_free(diagnostics);
}

Test(scan, freeing_none)
{
	scan_free(NULL);
}
