/*
 * Questions that all cells answer alike: the same list, written twice.
 */
#include <stdlib.h>

#include "policy/grid_making.h"
#include "policy/survey.h"

struct grid_question {
	unsigned side;
	uint32_t set;
};

/* The questions about a fact, in order.  Returns NULL where there is no memory. */
static struct grid_question *list_questions(const struct grid_making *making, enum fact fact, size_t *ret_count)
{
	const struct grid *grid = making->grid;
	enum value_kind kind = fact_row(fact)->kind;
	size_t words = grid_words(grid, 0, kind) + grid_words(grid, 1, kind);
	struct grid_question *list = calloc(words * BITS_PER_WORD + 1, sizeof *list);

	*ret_count = 0;
	for (unsigned side = 0; side < WORLD_SIDES && list != NULL; side++)
		for (unsigned set = 0; set < grid_words(grid, side, kind) * BITS_PER_WORD; set++)
			if (bits_test(making->asked[side].sets[fact], set))
				list[(*ret_count)++] = (struct grid_question){side, set};
	return list;
}

static bool answered_alike(const struct grid *grid, enum fact fact, const struct grid_question *one,
                           const struct grid_question *other)
{
	for (size_t i = 0; i < grid_cell_count(grid, fact); i++) {
		const struct cell *cell = grid_cell(grid, fact, i);

		if (bits_test(cell->sets[one->side], one->set) != bits_test(cell->sets[other->side], other->set))
			return false;
	}
	return true;
}

static void find_alike(struct grid_making *making, enum fact fact)
{
	struct grid *grid = making->grid;
	enum value_kind kind = fact_row(fact)->kind;
	size_t count;
	struct grid_question *list = list_questions(making, fact, &count);

	if (list == NULL) {
		making->failed = true;
		return;
	}
	for (unsigned side = 0; side < WORLD_SIDES; side++)
		grid->first[side][fact] =
		    grid_take(making, grid_words(grid, side, kind) * BITS_PER_WORD, sizeof(struct grid_question));
	for (size_t i = 0; i < count && !making->failed; i++) {
		size_t first = 0;

		while (!answered_alike(grid, fact, &list[first], &list[i]))
			first++;
		grid->first[list[i].side][fact][list[i].set] = list[first];
	}
	free(list);
}

void grid_find_alike(struct grid_making *making)
{
	for (unsigned fact = 0; fact < FACT_COUNT && !making->failed; fact++)
		if (fact_row((enum fact)fact)->kind < VALUE_SET_KINDS && fact != FACT_CLIENT)
			find_alike(making, (enum fact)fact);
}

void grid_first_question(const struct grid *grid, unsigned *side, struct open_question *question)
{
	const struct grid_question *first = grid->first[*side][question->fact];

	/* A number is the same on both sides. */
	if (first == NULL && fact_row(question->fact)->kind == VALUE_NUMBER)
		*side = 0;
	if (first == NULL)
		return;
	first += question->set;
	*side = first->side;
	question->set = first->set;
}
