#include "rules/source.h"

#include <criterion/criterion.h>
#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/limits.h"
#include "rules/diagnostic.h"
#include "tests/unit/rules/rule_files.h"

static struct diagnostics *diagnostics;
static struct source *source;

static void start(void)
{
	rule_files_start();
	diagnostics = diagnostics_new();
	cr_assert_not_null(diagnostics);
}

static void end(void)
{
	source_free(source);
	diagnostics_free(diagnostics);
	rule_files_end();
}

TestSuite(source, .init = start, .fini = end);

/* Reads a file in which nothing is wrong. */
static void read_sound(const char *name)
{
	source = source_read(name, diagnostics);
	cr_assert_str_eq(printed(diagnostics), "");
	cr_assert_not_null(source);
	cr_assert_not(source_syntax_fault(source));
}

static void assert_location(unsigned line, const char *file, unsigned file_line)
{
	struct location location = source_location(source, line);

	cr_assert_str_eq(location.file, file, "line %u: %s", line, location.file);
	cr_assert_eq(location.line, file_line, "line %u: %u", line, location.line);
}

Test(source, a_file_alone_is_its_text)
{
	write_file("a.conf", "a = 1; # one\n\nb = [ \"x\", \"y\" ];\n");
	read_sound("a.conf");
	cr_assert_str_eq(source_text(source), "a = 1; # one\n\nb = [ \"x\", \"y\"] ;\n");
	assert_location(1, "a.conf", 1);
	assert_location(3, "a.conf", 3);
	cr_assert_eq(source_file_count(source), 1);
	cr_assert_str_eq(source_file(source, 0), "a.conf");
}

Test(source, an_empty_file_is_an_empty_line)
{
	write_file("a.conf", "");
	read_sound("a.conf");
	cr_assert_str_eq(source_text(source), "\n");
	assert_location(1, "a.conf", 1);
}

Test(source, the_last_line_is_ended)
{
	write_file("a.conf", "a = 1 # one");
	read_sound("a.conf");
	cr_assert_str_eq(source_text(source), "a = 1 # one\n");
}

Test(source, lines_that_end_with_crlf_and_a_byte_order_mark)
{
	write_file("a.conf", "\xef\xbb\xbf"
			     "a = \"x\r\ny\";\r\nb = 2;\r\n");
	read_sound("a.conf");
	cr_assert_str_eq(source_text(source), "a = \"x\ny\";\nb = 2;\n");
}

Test(source, an_include_is_put_in_its_place_with_its_own_lines)
{
	write_file("a.conf", "a = 1;\n@include \"b.conf\" # more\nd = 4;\n \t@include \"c.conf\"\ng = 7;\n");
	write_file("b.conf", "b = 2;\n\nc = 3;");
	write_file("c.conf", "e = 5;\nf = 6;\n");
	read_sound("a.conf");
	cr_assert_str_eq(source_text(source),
			 "a = 1;\nb = 2;\n\nc = 3;\n # more\nd = 4;\n  e = 5;\nf = 6;\n\ng = 7;\n");
	assert_location(1, "a.conf", 1);
	assert_location(2, "b.conf", 1);
	assert_location(4, "b.conf", 3);
	assert_location(5, "a.conf", 2);
	assert_location(6, "a.conf", 3);
	assert_location(7, "c.conf", 1);
	assert_location(8, "c.conf", 2);
	assert_location(9, "a.conf", 4);
	assert_location(10, "a.conf", 5);
	cr_assert_eq(source_file_count(source), 3);
	cr_assert_str_eq(source_file(source, 2), "c.conf");
}

Test(source, an_include_inside_brackets)
{
	write_file("a.conf", "a = [ \"x\",\n@include \"b.conf\"\n];\n");
	write_file("b.conf", "\"y\",\n\"z\"\n");
	read_sound("a.conf");
	assert_location(3, "b.conf", 2);
}

Test(source, an_included_file_that_is_empty_or_begins_with_an_include)
{
	write_file("a.conf", "@include \"b.conf\"\na = 1;\n");
	write_file("b.conf", "@include \"c.conf\"\nb = 1;\n");
	write_file("c.conf", "");
	read_sound("a.conf");
	cr_assert_str_eq(source_text(source), "\nb = 1;\n\na = 1;\n");
	assert_location(1, "b.conf", 1);
	assert_location(2, "b.conf", 2);
	assert_location(3, "a.conf", 1);
	assert_location(4, "a.conf", 2);
}

Test(source, a_path_is_that_of_the_file_that_names_it)
{
	write_file("a.conf", "@include \"deep/b.conf\"\n");
	write_file("deep/b.conf", "@include \"c.conf\"\n");
	write_file("deep/c.conf", "c = 1;\n");
	read_sound("a.conf");
	assert_location(1, "deep/c.conf", 1);
}

Test(source, paths)
{
	static const char *const rows[][3] = {
	    {"a.conf", "b", "b"},         {"/etc/a.conf", "b", "/etc/b"}, {"/etc/a.conf", "/b", "/b"},
	    {"./a.conf", "x/b", "./x/b"}, {"/a.conf", "b", "/b"},         {"x/y/a.conf", "../b", "x/y/../b"},
	};

	for (size_t index = 0; index < sizeof(rows) / sizeof(rows[0]); index++) {
		char *path = source_path(rows[index][0], rows[index][1]);

		cr_assert_str_eq(path, rows[index][2]);
		free(path);
	}
}

Test(source, escapes_in_the_path_of_an_include)
{
	write_file("a.conf", "@include \"q\\\"\\\\.conf\"\n");
	write_file("q\"\\.conf", "c = 1;\n");
	read_sound("a.conf");
}

Test(source, an_include_in_a_string_or_a_comment_is_none)
{
	write_file("a.conf",
		   "a = \"x\n@include \\\"none\\\"\n\";\n/*\n@include \"none\"\n*/\n# \n#@include \"none\"\n");
	read_sound("a.conf");
}

Test(source, the_same_file_twice_beside_each_other)
{
	write_file("a.conf", "a = {\n@include \"b.conf\"\n};\nb = {\n@include \"b.conf\"\n};\n");
	write_file("b.conf", "c = 1;\n");
	read_sound("a.conf");
	cr_assert_eq(source_file_count(source), 2);
}

/* Reads a file that cannot be had whole. */
static const char *read_failing(const char *name)
{
	source = source_read(name, diagnostics);
	cr_assert_null(source);
	cr_assert_neq(diagnostics_errors(diagnostics), 0);
	return printed(diagnostics);
}

Test(source, a_file_that_is_not_there)
{
	cr_assert_str_eq(read_failing("a.conf"), "a.conf: error: cannot read \"a.conf\": No such file or directory\n");
}

Test(source, each_include_that_cannot_be_read_is_named_with_the_reason)
{
	cr_assert_eq(mkdir("directory", 0700), 0);
	cr_assert_eq(mkfifo("fifo", 0600), 0);
	write_file("a.conf", "@include \"none\"\n@include \"directory\"\n@include \"fifo\"\n"
			     "@include \"/dev/null\"\n@include \"\"\na = [ 1, ];\n");
	cr_assert_str_eq(read_failing("a.conf"), "a.conf:1: error: cannot read \"none\": No such file or directory\n"
						 "a.conf:2: error: cannot read \"directory\": Is a directory\n"
						 "a.conf:3: error: cannot read \"fifo\": Not a regular file\n"
						 "a.conf:4: error: cannot read \"/dev/null\": Not a regular file\n"
						 "a.conf:5: error: this include names no file\n"
						 "a.conf:6: error: a comma stands before \"]\"; take it out\n");
}

Test(source, a_file_without_permission)
{
	write_file("a.conf", "a = 1;\n");
	cr_assert_eq(chmod("a.conf", 0), 0);
	if (geteuid() == 0)
		cr_assert_eq(seteuid(65534), 0);
	/* the directory is root's own then, so that it is the first that cannot be passed */
	read_failing("a.conf");
	cr_assert_str_eq(printed(diagnostics), "a.conf: error: cannot read \"a.conf\": Permission denied\n");
	if (getuid() == 0)
		cr_assert_eq(seteuid(0), 0);
}

Test(source, a_file_that_includes_itself)
{
	write_file("a.conf", "@include \"./a.conf\"\n");
	cr_assert_str_eq(read_failing("a.conf"), "a.conf:1: error: \"./a.conf\" includes itself\n");
}

Test(source, files_that_include_each_other)
{
	write_file("a.conf", "@include \"b.conf\"\n");
	write_file("b.conf", "\n@include \"a.conf\"\n");
	cr_assert_str_eq(read_failing("a.conf"), "b.conf:2: error: \"a.conf\" includes itself by way of \"b.conf\"\n");
}

/* Writes files that include the next one, and the last an empty one. */
static void write_nested(unsigned count)
{
	char name[16], text[64];

	for (unsigned index = 0; index < count; index++) {
		snprintf(name, sizeof(name), "%u.conf", index);
		snprintf(text, sizeof(text), "@include \"%u.conf\"\n", index + 1);
		write_file(name, text);
	}
	snprintf(name, sizeof(name), "%u.conf", count);
	write_file(name, "");
}

Test(source, as_deep_as_includes_may_be_nested)
{
	write_nested(LIMIT_INCLUDE_DEPTH);
	read_sound("0.conf");
}

Test(source, includes_nested_too_deep)
{
	write_nested(LIMIT_INCLUDE_DEPTH + 1);
	cr_assert_str_eq(
	    read_failing("0.conf"),
	    "10.conf:1: error: \"11.conf\" is included too deep: at most 10 files, one inside the other\n");
}

Test(source, all_files_together_have_a_limit)
{
	size_t size = LIMIT_RULE_FILE / 2;
	char *text = malloc(size);

	cr_assert_not_null(text);
	memset(text, ' ', size);
	write_bytes("half.conf", text, size);
	free(text);
	write_file("a.conf", "@include \"half.conf\"\n\n@include \"half.conf\"\n");
	cr_assert_str_eq(read_failing("a.conf"), "a.conf:3: error: \"half.conf\" is too large: "
						 "a rule file has at most 16 MiB, with all that it includes\n");
}

Test(source, only_a_comment_may_follow_an_include)
{
	write_file("a.conf", "@include \"b.conf\" // fine\n@include \"b.conf\" /* fine */\n@include \"b.conf\" a = 1;\n"
			     "@include \"b.conf\";\n");
	write_file("b.conf", "");
	source = source_read("a.conf", diagnostics);
	cr_assert_not_null(source);
	cr_assert_str_eq(printed(diagnostics), "a.conf:3: error: only a comment may follow an include on its line\n"
					       "a.conf:4: error: only a comment may follow an include on its line\n"
					       "a.conf:4: error: there is no setting before \";\"\n");
}

Test(source, an_include_stands_first_on_its_line)
{
	write_file("a.conf", "a = 1; @include \"b.conf\"\n@include b.conf\n@include\"b.conf\"\n@include \"b.conf\n");
	cr_assert_str_eq(read_failing("a.conf"),
			 "a.conf:1: error: an include stands alone on its line: @include \"FILE\"\n"
			 "a.conf:2: error: an include stands alone on its line: @include \"FILE\"\n"
			 "a.conf:3: error: an include stands alone on its line: @include \"FILE\"\n"
			 "a.conf:4: error: a quotation mark is missing: @include \"b.conf\n");
}

Test(source, a_string_or_comment_does_not_run_over_the_end_of_its_file)
{
	write_file("a.conf", "@include \"b.conf\"\n@include \"c.conf\"\na = \"x\";\n");
	write_file("b.conf", "b = 1;\n/* not\nclosed\n");
	write_file("c.conf", "\nc = \"not\nclosed\n");
	source = source_read("a.conf", diagnostics);
	cr_assert_not_null(source);
	cr_assert(source_syntax_fault(source));
	cr_assert_null(strstr(source_text(source), "/*"), "it would hide what follows");
	cr_assert_str_eq(printed(diagnostics), "b.conf:2: error: the comment that begins here is not closed\n"
					       "c.conf:2: error: a quotation mark is missing: \"not\n");
}

Test(source, a_bracket_may_be_closed_in_another_file)
{
	write_file("a.conf", "a = (\n@include \"b.conf\"\n");
	write_file("b.conf", "\n];\n");
	source = source_read("a.conf", diagnostics);
	cr_assert_str_eq(printed(diagnostics), "b.conf:2: error: \"]\" does not close the \"(\" of a.conf:1\n");
}

/* The line that libconfig blames for the element of "list" at index, as the source maps it. */
static unsigned element_line(config_t *config, int index)
{
	config_setting_t *list = config_lookup(config, "list");

	cr_assert_not_null(list);
	return source_location(source, config_setting_source_line(config_setting_get_elem(list, (unsigned)index))).line;
}

Test(source, libconfig_finds_each_element_on_its_own_line)
{
	config_t config;

	write_file("a.conf", "list = [\n"
			     "  \"two\",\n"
			     "  \"three\"   # and no comma yet\n"
			     "  /* nor here */\n"
			     "  , \"five\"\n"
			     "\n"
			     "];\n");
	read_sound("a.conf");
	config_init(&config);
	cr_assert(config_read_string(&config, source_text(source)));
	cr_assert_eq(element_line(&config, 0), 2);
	cr_assert_eq(element_line(&config, 1), 3);
	cr_assert_eq(element_line(&config, 2), 5);
	config_destroy(&config);
}

Test(source, libconfig_finds_the_last_element_of_an_included_file)
{
	config_t config;

	write_file("a.conf", "list = [\n@include \"b.conf\"\n\n];\n");
	write_file("b.conf", "  \"one\",\n  \"two\"\n\n");
	read_sound("a.conf");
	config_init(&config);
	cr_assert(config_read_string(&config, source_text(source)));
	cr_assert_eq(element_line(&config, 0), 1);
	cr_assert_eq(element_line(&config, 1), 2);
	config_destroy(&config);
}

Test(source, libconfig_goes_on_after_a_comma_too_many)
{
	config_t config;

	write_file("a.conf", "list = [\n  \"two\",\n  \"three\",\n];\nnext = ( 1, );\n");
	source = source_read("a.conf", diagnostics);
	cr_assert_str_eq(printed(diagnostics), "a.conf:4: error: a comma stands before \"]\"; take it out\n"
					       "a.conf:5: error: a comma stands before \")\"; take it out\n");
	cr_assert_not(source_syntax_fault(source));
	config_init(&config);
	cr_assert(config_read_string(&config, source_text(source)));
	cr_assert_eq(element_line(&config, 1), 3);
	config_destroy(&config);
}

static void assert_near(unsigned line, const char *expected)
{
	char text[20];

	source_near(source, line, text, sizeof(text));
	cr_assert_str_eq(text, expected, "line %u: %s", line, text);
}

Test(source, the_first_token_on_or_after_a_line)
{
	write_file("a.conf", "a = 1;\n\n# none\nb = \"x\ny\";\n\"z\" = 3.5; /*\n*/ = [\n\"v\nw\"");
	source = source_read("a.conf", diagnostics);
	cr_assert_not_null(source);
	assert_near(1, "\"a\"");
	assert_near(2, "\"b\"");
	assert_near(4, "\"b\"");
	assert_near(5, "\";\"");
	assert_near(6, "\"z\"");
	assert_near(7, "\"=\"");
	assert_near(8, "\"v");
	assert_near(9, "");
}

Test(source, freeing_none)
{
	source_free(NULL);
}
