#include "milter/ledger/figure.h"

#include <criterion/criterion.h>
#include <string.h>

static void expect(void (*write)(uint64_t, char *), uint64_t number, const char *expected)
{
	char text[FIGURE_TEXT];

	write(number, text);
	cr_expect_str_eq(text, expected, "%s, not %s", text, expected);
}

Test(figure, counts_are_grouped)
{
	expect(figure_count, 0, "0");
	expect(figure_count, 999, "999");
	expect(figure_count, 1000, "1,000");
	expect(figure_count, 1234567, "1,234,567");
	expect(figure_count, UINT64_MAX, "18,446,744,073,709,551,615");
}

Test(figure, short_ones_have_seven_columns_at_most)
{
	expect(figure_short, 0, "0");
	expect(figure_short, 999999, "999,999");
	expect(figure_short, 1000000, "1.00 M");
	expect(figure_short, 12345678, "12.3 M");
	expect(figure_short, 999999999, "999 M");
	expect(figure_short, UINT64_MAX, "18.4 E");
}

Test(figure, bytes_have_a_unit)
{
	expect(figure_bytes, 0, "0 B");
	expect(figure_bytes, 999, "999 B");
	expect(figure_bytes, 1000, "1.00 kB");
	expect(figure_bytes, 1999, "1.99 kB");
	expect(figure_bytes, 45678901, "45.6 MB");
	expect(figure_bytes, 789000000000, "789 GB");
}

Test(figure, sums_end_where_numbers_of_json_do)
{
	cr_expect_eq(figure_sum(1, 2), 3);
	cr_expect_eq(figure_sum(INT64_MAX, 1), INT64_MAX);
	cr_expect_eq(figure_sum(UINT64_MAX, UINT64_MAX), INT64_MAX);
}
