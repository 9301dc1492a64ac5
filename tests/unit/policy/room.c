#include "policy/room.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct element {
	char bytes[24];
};

Test(room, a_list_keeps_what_is_in_it_while_it_grows)
{
	struct element *list = NULL;

	for (size_t count = 0; count < 1000; count++) {
		list = room_for_one(list, count, sizeof *list);
		cr_assert_not_null(list, "%zu", count);
		memset(&list[count], (int)(count % 251), sizeof *list);
		for (size_t i = 0; i <= count; i++)
			for (size_t byte = 0; byte < sizeof *list; byte++)
				cr_assert_eq((unsigned char)list[i].bytes[byte], i % 251, "element %zu of %zu", i,
				             count);
	}
	free(list);
}

Test(room, a_list_that_has_shrunk_grows_again)
{
	unsigned char *list = NULL;
	size_t count = 0;

	srandom(14);
	for (unsigned round = 0; round < 5000; round++) {
		if (random() % 3 == 0 && count > 0) {
			count--;
			continue;
		}
		list = room_for_one(list, count, 1);
		cr_assert_not_null(list);
		list[count] = (unsigned char)count;
		count++;
		for (size_t i = 0; i < count; i++)
			cr_assert_eq(list[i], (unsigned char)i, "round %u", round);
	}
	free(list);
}
