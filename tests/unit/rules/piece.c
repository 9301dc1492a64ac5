/* Texts that are put together: whole, or not at all. */
#include "rules/piece.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/rules/scarcity.h"

TestSuite(piece);

Test(piece, it_has_what_was_written)
{
	struct piece piece;

	cr_assert(piece_open(&piece));
	fprintf(piece.stream, "%s %d", "one", 2);
	fputc('\n', piece.stream);
	cr_assert(piece_close(&piece));
	cr_expect_str_eq(piece.text, "one 2\n");
	cr_expect_eq(piece.size, 6);
	free(piece.text);
}

Test(piece, nothing_written_is_an_empty_text)
{
	struct piece piece;

	cr_assert(piece_open(&piece));
	cr_assert(piece_close(&piece));
	cr_expect_str_eq(piece.text, "");
	cr_expect_eq(piece.size, 0);
	free(piece.text);
}

/* Around the sizes at which it grows, written at once and byte by byte. */
Test(piece, every_length_is_kept)
{
	static char bytes[70000];

	memset(bytes, 'x', sizeof bytes - 1);
	for (size_t length = 1; length < sizeof bytes; length += length < 600 ? 1 : 4093) {
		struct piece piece;

		cr_assert(piece_open(&piece));
		if (length % 2 == 0)
			fwrite(bytes, 1, length, piece.stream);
		for (size_t i = 0; length % 2 != 0 && i < length; i++)
			fputc('x', piece.stream);
		cr_assert(piece_close(&piece));
		cr_expect_eq(piece.size, length);
		cr_expect_eq(strlen(piece.text), length);
		free(piece.text);
	}
}

static bool write_long(FILE *to)
{
	struct piece piece;

	if (!piece_open(&piece))
		return false;
	for (unsigned i = 0; i < 30000; i++)
		fprintf(piece.stream, "%u,", i);
	if (!piece_close(&piece))
		return false;
	fputs(piece.text, to);
	free(piece.text);
	return true;
}

Test(piece, it_is_whole_or_nothing)
{
	scarcity_try(write_long, SIZE_MAX, 5);
}
