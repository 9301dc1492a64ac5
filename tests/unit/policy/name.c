#include "policy/name.h"

#include <criterion/criterion.h>
#include <idn2.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *text;
	const char *compared;
	enum name_form form;
};

static void walk(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *name = NULL;

		cr_expect_eq(name_read(rows[i].text, strlen(rows[i].text), &name), rows[i].form, "\"%s\"",
		             rows[i].text);
		cr_expect_str_eq(name, rows[i].compared, "\"%s\" is compared as \"%s\"", rows[i].text, name);
		free(name);
	}
}

#define WALK(rows) walk(rows, sizeof rows / sizeof *rows)

Test(name, lower_case_without_one_trailing_dot_as_a_labels)
{
	static const struct row rows[] = {
	    {"example.com", "example.com", NAME_CONVERTED},
	    {"EXAMPLE.Com", "example.com", NAME_CONVERTED},
	    {"example.com.", "example.com", NAME_CONVERTED},
	    {"localhost", "localhost", NAME_CONVERTED},
	    {"_dmarc.example.com", "_dmarc.example.com", NAME_CONVERTED},
	    {"a-b.example.com", "a-b.example.com", NAME_CONVERTED},
	    {"xn--bcher-kva.example", "xn--bcher-kva.example", NAME_CONVERTED},
	    {"b\303\274cher.example", "xn--bcher-kva.example", NAME_CONVERTED},
	    {"B\303\234CHER.EXAMPLE.", "xn--bcher-kva.example", NAME_CONVERTED},
	    /* composed or not, it is the same name */
	    {"bu\314\210cher.example", "xn--bcher-kva.example", NAME_CONVERTED},
	    /* non-transitional: the German sharp s stays one */
	    {"stra\303\237e.example", "xn--strae-oqa.example", NAME_CONVERTED},
	    {"strasse.example", "strasse.example", NAME_CONVERTED},
	    /* full width letters and an ideographic full stop */
	    {"\357\275\205xample\343\200\202com", "example.com", NAME_CONVERTED},
	    {"example.com\343\200\202", "example.com", NAME_CONVERTED},
	    {"example.com\343\200\202.", "example.com.", NAME_CONVERTED}, /* two are one too many */
	};

	WALK(rows);
}

Test(name, what_does_not_convert_is_compared_as_lower_case_bytes)
{
	static const struct row rows[] = {
	    {"b\374cher.EXAMPLE", "b\374cher.example", NAME_AS_BYTES}, /* Latin-1 is not UTF-8 */
	    {"xn--A.example", "xn--a.example", NAME_AS_BYTES},
	    {"0123456789012345678901234567890123456789012345678901234567890123.COM",
	     "0123456789012345678901234567890123456789012345678901234567890123.com", NAME_AS_BYTES},
	    {"example.com(x.Example.net", "example.com(x.example.net", NAME_AS_BYTES},
	    {"example.com x", "example.com x", NAME_AS_BYTES},
	    {"a@example.com", "a@example.com", NAME_AS_BYTES},
	    {"ex\342\200\256ample.com.", "ex\342\200\256ample.com", NAME_AS_BYTES}, /* right-to-left override */
	};

	WALK(rows);
}

Test(name, a_literal_is_compared_as_it_was_written)
{
	static const struct row rows[] = {
	    {"[192.0.2.1]", "[192.0.2.1]", NAME_AS_BYTES},
	    {"[IPv6:2001:DB8::1]", "[ipv6:2001:db8::1]", NAME_AS_BYTES},
	    {"[192.0.2.1].", "[192.0.2.1]", NAME_AS_BYTES},
	};

	WALK(rows);
}

/* UTS #46 makes "@", "[" and others of these: such a name must not pass for what it then looks like. */
Test(name, one_that_became_something_else_than_a_name_is_not_converted)
{
	static const struct row rows[] = {
	    {"a\357\274\240b.example", "a\357\274\240b.example", NAME_AS_BYTES},                       /* U+FF20, "@" */
	    {"\357\274\273192.0.2.1\357\274\275", "\357\274\273192.0.2.1\357\274\275", NAME_AS_BYTES}, /* "[" and "]" */
	    {"a\357\274\205b.example", "a\357\274\205b.example", NAME_AS_BYTES},                       /* U+FF05, "%" */
	};

	WALK(rows);
}

Test(name, only_the_bytes_that_are_given_are_read)
{
	char *name = NULL;

	cr_assert_eq(name_read("example.com.evil", 11, &name), NAME_CONVERTED);
	cr_expect_str_eq(name, "example.com");
	free(name);
	cr_assert_neq(name_read("", 0, &name), NAME_NO_MEMORY);
	cr_expect_str_eq(name, "");
	free(name);
}

Test(name, a_dot_alone_and_two_at_the_end)
{
	char *name = NULL;

	cr_assert_neq(name_read(".", 1, &name), NAME_NO_MEMORY);
	cr_expect_str_eq(name, "");
	free(name);
	cr_assert_neq(name_read("example.com..", 13, &name), NAME_NO_MEMORY);
	cr_expect_str_neq(name, "example.com", "only one trailing dot is taken away");
	free(name);
}

Test(name, lower_case_is_that_of_ascii_letters_alone)
{
	char text[257];

	for (int byte = 1; byte < 256; byte++)
		text[byte - 1] = (char)byte;
	text[255] = '\0';
	name_lower(text);
	for (int byte = 1; byte < 256; byte++) {
		int lower = byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;

		cr_expect_eq((unsigned char)text[byte - 1], lower, "byte %d", byte);
	}
}

/* Names that are never shown to libidn2 are read as it would have read them. */
Test(name, of_ascii_as_libidn2_says)
{
	static const char alphabet[] = "aZ0-_.x-n-";
	unsigned converted = 0;

	srandom(12);
	for (unsigned round = 0; round < 300000; round++) {
		char text[300];
		size_t length = (size_t)random() % (round % 100 == 0 ? 290 : 10) + 1;
		char *name, *told = NULL;

		for (size_t i = 0; i < length; i++)
			text[i] = alphabet[(size_t)random() % (round % 100 == 0 ? 3 : sizeof alphabet - 1)];
		/* labels of about the most that there may be */
		for (size_t i = 60 + (size_t)random() % 6; round % 100 == 0 && i < length;
		     i += 61 + (size_t)random() % 4)
			text[i] = '.';
		text[length] = '\0';
		if (text[length - 1] == '.')
			continue;
		if (idn2_lookup_u8((const uint8_t *)text, (uint8_t **)&told, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) ==
		    IDN2_OK) {
			cr_assert_eq(name_read(text, length, &name), NAME_CONVERTED, "\"%s\"", text);
			cr_assert_str_eq(name, told, "\"%s\" is compared as \"%s\"", text, name);
			converted++;
			idn2_free(told);
		} else {
			cr_assert_eq(name_read(text, length, &name), NAME_AS_BYTES, "\"%s\"", text);
		}
		free(name);
	}
	cr_expect_gt(converted, 10000);
}
