#include "policy/numeral.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Written where no end of a string is, and nothing behind it. */
static void check(char *(*write)(char *to, unsigned value), unsigned value, const char *told)
{
	char text[16] = "_______________";
	size_t length = strlen(told);

	cr_assert_eq(write(text, value), text + length, "%s", told);
	cr_assert_eq(text[length], '_', "%s", told);
	text[length] = '\0';
	cr_assert_str_eq(text, told);
}

Test(numeral, every_number_as_printf_writes_it)
{
	char told[16];

	for (unsigned value = 0; value < 1000; value++) {
		snprintf(told, sizeof told, "%u", value);
		check(numeral_decimal, value, told);
	}
	for (unsigned value = 0; value < 0x10000; value++) {
		snprintf(told, sizeof told, "%x", value);
		check(numeral_hexadecimal, value, told);
	}
}
