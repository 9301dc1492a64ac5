#include "rules/diagnostic.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "policy/limits.h"
#include "tests/unit/rules/rule_files.h"

static struct diagnostics *diagnostics;

static void start(void)
{
	diagnostics = diagnostics_new();
	cr_assert_not_null(diagnostics);
}

static void end(void)
{
	diagnostics_free(diagnostics);
}

TestSuite(diagnostic, .init = start, .fini = end);

static struct location at(const char *file, unsigned line)
{
	return (struct location){.file = file, .line = line};
}

Test(diagnostic, a_name_for_each_severity)
{
	cr_assert_str_eq(severity_name(SEVERITY_WARNING), "warning");
	cr_assert_str_eq(severity_name(SEVERITY_ERROR), "error");
}

Test(diagnostic, printed_as_a_compiler_would)
{
	diagnostics_error(diagnostics, at("a.conf", 14), "\"%s\" has host bits set", "192.0.2.7/24");
	diagnostics_warning(diagnostics, at("a.conf", 15), "nobody uses table \"%s\"", "lan");
	diagnostics_error(diagnostics, at("b.conf", 0), "cannot read it");
	cr_assert_str_eq(printed(diagnostics), "a.conf:14: error: \"192.0.2.7/24\" has host bits set\n"
					       "a.conf:15: warning: nobody uses table \"lan\"\n"
					       "b.conf: error: cannot read it\n");
}

Test(diagnostic, counted_by_severity)
{
	diagnostics_error(diagnostics, at("a.conf", 1), "one");
	diagnostics_error(diagnostics, at("a.conf", 2), "two");
	diagnostics_warning(diagnostics, at("a.conf", 3), "three");
	cr_assert_eq(diagnostics_errors(diagnostics), 2);
	cr_assert_eq(diagnostics_warnings(diagnostics), 1);
	cr_assert_eq(diagnostics_shown(diagnostics), 3);
	cr_assert_not(diagnostics_incomplete(diagnostics));
}

Test(diagnostic, sorted_by_file_as_named_and_by_line_and_as_found)
{
	diagnostics_error(diagnostics, at("z.conf", 9), "third");
	diagnostics_error(diagnostics, at("a.conf", 1), "fourth");
	diagnostics_warning(diagnostics, at("z.conf", 2), "first");
	diagnostics_error(diagnostics, at("z.conf", 2), "second");
	diagnostics_error(diagnostics, at("a.conf", 0), "of the file, before its lines");
	cr_assert_str_eq(printed(diagnostics), "z.conf:2: warning: first\n"
					       "z.conf:2: error: second\n"
					       "z.conf:9: error: third\n"
					       "a.conf: error: of the file, before its lines\n"
					       "a.conf:1: error: fourth\n");
}

Test(diagnostic, sorting_many_keeps_the_order_of_a_line)
{
	char text[32];

	for (int index = 0; index < 200; index++)
		diagnostics_error(diagnostics, at("a.conf", 7), "%d", index);
	diagnostics_sort(diagnostics);
	for (int index = 0; index < 200; index++) {
		snprintf(text, sizeof(text), "%d", index);
		cr_assert_str_eq(diagnostics_at(diagnostics, (size_t)index)->text, text);
	}
}

Test(diagnostic, the_same_at_the_same_place_is_said_once)
{
	diagnostics_error(diagnostics, at("a.conf", 1), "twice");
	diagnostics_error(diagnostics, at("a.conf", 1), "twice");
	diagnostics_error(diagnostics, at("a.conf", 2), "twice");
	diagnostics_error(diagnostics, at("b.conf", 1), "twice");
	diagnostics_warning(diagnostics, at("a.conf", 1), "twice");
	cr_assert_eq(diagnostics_errors(diagnostics), 3);
	cr_assert_eq(diagnostics_warnings(diagnostics), 1);
	cr_assert_eq(diagnostics_shown(diagnostics), 4);
}

Test(diagnostic, names_and_texts_are_copied)
{
	char file[] = "a.conf", text[] = "text";

	diagnostics_error(diagnostics, at(file, 1), "%s", text);
	memset(file, 'x', sizeof(file) - 1);
	memset(text, 'x', sizeof(text) - 1);
	cr_assert_str_eq(printed(diagnostics), "a.conf:1: error: text\n");
}

Test(diagnostic, what_a_terminal_would_obey_is_cleaned)
{
	diagnostics_error(diagnostics, at("a.conf", 1), "%s", "\x1b[2J one\ntwo\t\x7f");
	cr_assert_str_eq(diagnostics_at(diagnostics, 0)->text, "?[2J one?two??");
	diagnostics_error(diagnostics, at("a.conf", 2), "%s", "caf\xc3\xa9 caf\xe9 \xc2\x9b");
	diagnostics_error(diagnostics, at("\x1b.conf", 1), "three");
	cr_assert_str_eq(printed(diagnostics), "a.conf:1: error: ?[2J one?two??\n"
					       "a.conf:2: error: caf\xc3\xa9 caf? ??\n"
					       "?.conf:1: error: three\n");
}

Test(diagnostic, errors_that_follow_on_a_muted_line_are_dropped)
{
	diagnostics_error(diagnostics, at("a.conf", 5), "before");
	diagnostics_mute_line(diagnostics, at("a.conf", 5));
	diagnostics_error(diagnostics, at("a.conf", 5), "after");
	diagnostics_warning(diagnostics, at("a.conf", 5), "a warning");
	diagnostics_error(diagnostics, at("a.conf", 6), "another line");
	diagnostics_error(diagnostics, at("b.conf", 5), "another file");
	cr_assert_str_eq(printed(diagnostics), "a.conf:5: error: before\n"
					       "a.conf:5: warning: a warning\n"
					       "a.conf:6: error: another line\n"
					       "b.conf:5: error: another file\n");
	cr_assert_eq(diagnostics_errors(diagnostics), 3);
}

Test(diagnostic, muting_names_a_file_too)
{
	diagnostics_mute_line(diagnostics, at("z.conf", 5));
	diagnostics_error(diagnostics, at("a.conf", 1), "one");
	diagnostics_error(diagnostics, at("z.conf", 1), "two");
	cr_assert_str_eq(printed(diagnostics), "z.conf:1: error: two\n"
					       "a.conf:1: error: one\n");
}

Test(diagnostic, those_beyond_the_limit_are_counted)
{
	for (unsigned line = 1; line <= LIMIT_DIAGNOSTICS; line++)
		diagnostics_warning(diagnostics, at("a.conf", line), "one");
	cr_assert_not(diagnostics_incomplete(diagnostics));
	diagnostics_error(diagnostics, at("a.conf", 1), "one more");
	diagnostics_warning(diagnostics, at("a.conf", 1), "and a warning");
	cr_assert_eq(diagnostics_shown(diagnostics), LIMIT_DIAGNOSTICS);
	cr_assert_eq(diagnostics_errors(diagnostics), 1);
	cr_assert_eq(diagnostics_warnings(diagnostics), LIMIT_DIAGNOSTICS + 1);
	cr_assert(diagnostics_incomplete(diagnostics));
}

Test(diagnostic, as_much_is_written_as_fits)
{
	char text[14] = "............x";

	diagnostics_error(diagnostics, at("a.conf", 14), "caf\xc3\xa9");
	cr_assert_eq(diagnostic_print(diagnostics_at(diagnostics, 0), text, 12),
		     strlen("a.conf:14: error: caf\xc3\xa9"));
	cr_assert_str_eq(text, "a.conf:14: ");
	cr_assert_eq(text[12], 'x');
	cr_assert_eq(diagnostic_print(diagnostics_at(diagnostics, 0), NULL, 0),
		     strlen("a.conf:14: error: caf\xc3\xa9"));
}

Test(diagnostic, freeing_none)
{
	diagnostics_free(NULL);
}
