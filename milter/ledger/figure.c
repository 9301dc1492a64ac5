#include "milter/ledger/figure.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void figure_count(uint64_t number, char *ret_text)
{
	char digits[24];
	size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number);

	for (size_t i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*ret_text++ = ',';
		*ret_text++ = digits[i];
	}
	*ret_text = '\0';
}

/* Three digits and a unit, never rounded up to what was not reached. */
static void write_scaled(uint64_t number, const char *const *units, char *ret_text)
{
	uint64_t scale = 1;

	while (number / scale >= 1000) {
		scale *= 1000;
		units++;
	}
	if (scale == 1)
		snprintf(ret_text, FIGURE_TEXT, "%" PRIu64 "%s%s", number, **units != '\0' ? " " : "", *units);
	else if (number / scale >= 100)
		snprintf(ret_text, FIGURE_TEXT, "%" PRIu64 " %s", number / scale, *units);
	else if (number / scale >= 10)
		snprintf(ret_text, FIGURE_TEXT, "%" PRIu64 ".%" PRIu64 " %s", number / scale,
		         number / (scale / 10) % 10, *units);
	else
		snprintf(ret_text, FIGURE_TEXT, "%" PRIu64 ".%02" PRIu64 " %s", number / scale,
		         number / (scale / 100) % 100, *units);
}

void figure_short(uint64_t number, char *ret_text)
{
	static const char *const units[] = {"", "k", "M", "G", "T", "P", "E"};

	if (number < 1000000)
		figure_count(number, ret_text);
	else
		write_scaled(number, units, ret_text);
}

void figure_bytes(uint64_t bytes, char *ret_text)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

	write_scaled(bytes, units, ret_text);
}

uint64_t figure_sum(uint64_t one, uint64_t other)
{
	uint64_t sum;

	return __builtin_add_overflow(one, other, &sum) || sum > INT64_MAX ? INT64_MAX : sum;
}
