#include <criterion/criterion.h>
#include <string.h>

#include "rules/digest.h"

/* The digest of the texts, up to NULL. */
static const char *of(const char *const *texts)
{
	static char all[4][DIGEST_TEXT];
	static unsigned next;
	struct digest *digest = digest_new();
	char *result = all[next++ % 4];

	for (; *texts != NULL; texts++)
		cr_assert(digest_add(digest, *texts, strlen(*texts)));
	cr_assert(digest_end(digest, result));
	return result;
}

#define OF(...) of((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

/* printf '\0\0\0\0\0\0\0\3abc' | sha256sum */
Test(digest, is_sha256_of_lengths_and_texts)
{
	cr_assert_str_eq(OF("abc"), "c3494ca1a2cf8eeb8a11ded316fb55b83c3bbbedb6313cd50415251e5d09e12f");
}

Test(digest, texts_that_are_cut_elsewhere_differ)
{
	cr_assert_str_neq(OF("ab", "c"), OF("a", "bc"));
	cr_assert_str_neq(OF("abc"), OF("abc", ""));
	cr_assert_str_eq(OF("ab", "c"), OF("ab", "c"));
}

Test(digest, none_is_none)
{
	char text[DIGEST_TEXT] = "untouched";

	cr_assert_not(digest_end(NULL, text));
	cr_assert_str_eq(text, "untouched");
}
