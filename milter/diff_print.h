/*
 * NAME
 *	diff_print - which sessions two rule files judge differently, for people and for programs
 */
#ifndef MILTER_DIFF_PRINT_H
#define MILTER_DIFF_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "policy/compare.h"

struct naming;
struct rules;

struct diff {
	const struct rules *rules[WORLD_SIDES];
	const struct comparison *comparison;
	const struct naming *naming; /* of the new rules; for people only */
	FILE *stream;
	bool colour;
};

/* Each returns false where there is no memory. */
bool diff_print_text(const struct diff *diff);
bool diff_print_json(const struct diff *diff);

/* The listener that a difference is told of: the new one, or the old one where no new one judges. */
const struct listener *difference_listener(const struct difference *difference);

/* Whose judgment it is: clients for whom a session is shown, or those for whom none can be. */
const struct networks *difference_clients(const struct difference *difference);

/* The reply as rule files write it, "550 5.7.1 ..."; NULL where the verdict is accept.  size: LIMIT_REPLY is enough. */
const char *difference_reply(const struct decision *decision, char *room, size_t size);

/*
 * What must hold, in words, with whether the client's name can be looked up.  shown as struct wording has it.  Returns
 * false where there is no memory.
 */
struct texts;
bool difference_when(const struct diff *diff, const struct difference *difference, size_t shown,
                     struct texts *ret_texts);

#endif
