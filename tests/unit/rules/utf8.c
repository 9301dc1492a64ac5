#include "rules/utf8.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

struct row {
	char label[40];
	char bytes[8];
	size_t size;
	size_t length;
};

ParameterizedTestParameters(utf8, each_form_of_rfc_3629)
{
	static struct row rows[] = {
	    {"nothing", "", 0, 0},
	    {"a letter", "a", 1, 1},
	    {"a NUL byte", "\0", 1, 1},
	    {"the highest of one byte", "\x7f", 1, 1},
	    {"a byte that only continues", "\x80", 1, 0},
	    {"overlong, of two", "\xc1\xbf", 2, 0},
	    {"the lowest of two", "\xc2\x80", 2, 2},
	    {"two, cut short", "\xc3\xa9", 1, 0},
	    {"two, and then a letter", "\xc3z", 2, 0},
	    {"two, and the next of two", "\xc3\xc3", 2, 0},
	    {"overlong, of three", "\xe0\x9f\xbf", 3, 0},
	    {"the lowest of three", "\xe0\xa0\x80", 3, 3},
	    {"the last before surrogates", "\xed\x9f\xbf", 3, 3},
	    {"a surrogate", "\xed\xa0\x80", 3, 0},
	    {"three, the last no continuation", "\xe2\x82z", 3, 0},
	    {"three, cut short", "\xe2\x82\xac", 2, 0},
	    {"overlong, of four", "\xf0\x8f\xbf\xbf", 4, 0},
	    {"the lowest of four", "\xf0\x90\x80\x80", 4, 4},
	    {"the highest", "\xf4\x8f\xbf\xbf", 4, 4},
	    {"beyond the highest", "\xf4\x90\x80\x80", 4, 0},
	    {"no lead byte", "\xf5\x80\x80\x80", 4, 0},
	};

	return cr_make_param_array(struct row, rows, sizeof(rows) / sizeof(rows[0]));
}

ParameterizedTest(struct row *row, utf8, each_form_of_rfc_3629)
{
	cr_assert_eq(utf8_length(row->bytes, row->size), row->length, "%s: %zu", row->label,
		     utf8_length(row->bytes, row->size));
}
