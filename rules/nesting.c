#include "rules/nesting.h"

#include <stdlib.h>
#include <string.h>

#include "policy/room.h"

bool nesting_start(struct nesting *nesting)
{
	*nesting = (struct nesting){.frame_count = 0};
	return nesting_open(nesting, '{', (struct location){.line = 1});
}

void nesting_destroy(struct nesting *nesting)
{
	free(nesting->frames);
	free(nesting->names);
}

struct frame *nesting_top(const struct nesting *nesting)
{
	return &nesting->frames[nesting->frame_count - 1];
}

bool nesting_open(struct nesting *nesting, char bracket, struct location where)
{
	struct frame *frames = room_for_one(nesting->frames, nesting->frame_count, sizeof(*frames));

	if (!frames)
		return false;
	nesting->frames = frames;
	frames[nesting->frame_count++] = (struct frame){
	    .bracket = bracket,
	    .expected = bracket == '{' ? EXPECT_NAME : EXPECT_FIRST,
	    .names = nesting->name_count,
	    .where = where,
	};
	return true;
}

void nesting_close(struct nesting *nesting)
{
	nesting->name_count = nesting_top(nesting)->names;
	nesting->frame_count--;
}

size_t nesting_find(const struct nesting *nesting, char closing)
{
	size_t innermost = nesting->frame_count - 1;
	bool in_group = nesting->frames[innermost].bracket == '{';

	for (size_t index = innermost; index > 0; index--) {
		char bracket = nesting->frames[index].bracket;

		if (bracket == bracket_opening(closing))
			return index;
		/* rather the wrong one of the two than a whole group that is not closed */
		if (bracket == '{' && !in_group && closing != '}')
			return innermost;
	}
	return in_group ? 0 : innermost;
}

const struct taken_name *nesting_taken(const struct nesting *nesting, const struct token *name)
{
	for (size_t index = nesting_top(nesting)->names; index < nesting->name_count; index++) {
		const struct token *taken = &nesting->names[index].token;

		if (taken->length == name->length && memcmp(taken->start, name->start, name->length) == 0)
			return &nesting->names[index];
	}
	return NULL;
}

bool nesting_take(struct nesting *nesting, const struct token *name, struct location where)
{
	struct taken_name *names = room_for_one(nesting->names, nesting->name_count, sizeof(*names));

	if (!names)
		return false;
	nesting->names = names;
	names[nesting->name_count++] = (struct taken_name){.token = *name, .where = where};
	return true;
}

char bracket_closing(char bracket)
{
	return bracket == '(' ? ')' : bracket == '[' ? ']' : '}';
}

char bracket_opening(char bracket)
{
	return bracket == ')' ? '(' : bracket == ']' ? '[' : '{';
}
