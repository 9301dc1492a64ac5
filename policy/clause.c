#include "policy/clause.h"

#include <stdlib.h>
#include <string.h>

#include "policy/room.h"

/* By side, fact and what is asked; the same question with another answer is next to it. */
static int compare_answers(const void *one, const void *other)
{
	const struct answer *a = one, *b = other;

	if (a->question.fact != b->question.fact)
		return a->question.fact < b->question.fact ? -1 : 1;
	if (a->side != b->side)
		return a->side < b->side ? -1 : 1;
	if (a->question.set != b->question.set)
		return a->question.set < b->question.set ? -1 : 1;
	if (a->question.number != b->question.number)
		return a->question.number < b->question.number ? -1 : 1;
	return (a->yes < b->yes) - (a->yes > b->yes);
}

static bool same_question(const struct answer *one, const struct answer *other)
{
	return one->side == other->side && one->question.fact == other->question.fact &&
	       one->question.set == other->question.set && one->question.number == other->question.number;
}

static int compare_clauses(const void *one, const void *other)
{
	const struct clause *a = one, *b = other;

	if (a->count != b->count)
		return a->count < b->count ? -1 : 1;
	for (size_t i = 0; i < a->count; i++) {
		int order = compare_answers(&a->answers[i], &b->answers[i]);

		if (order != 0)
			return order;
	}
	return 0;
}

static void sort_clause(struct clause *clause)
{
	if (clause->count > 1)
		qsort(clause->answers, clause->count, sizeof *clause->answers, compare_answers);
}

bool clauses_add(struct clauses *clauses, const struct answer *answers, size_t count)
{
	struct clause *list = room_for_one(clauses->list, clauses->count, sizeof *list);
	struct answer *copy;

	if (list == NULL)
		return false;
	clauses->list = list;
	copy = malloc((count + 1) * sizeof *copy);
	if (copy == NULL)
		return false;
	if (count > 0)
		memcpy(copy, answers, count * sizeof *copy);
	clauses->list[clauses->count] = (struct clause){copy, count};
	sort_clause(&clauses->list[clauses->count++]);
	return true;
}

static void drop_answer(struct clause *clause, size_t index)
{
	memmove(clause->answers + index, clause->answers + index + 1,
	        (clause->count - index - 1) * sizeof *clause->answers);
	clause->count--;
}

/* Whether every cell with the other answers of its fact has this one too. */
static bool follows(const struct clause *clause, size_t index, const struct grid *grid)
{
	const struct answer *answer = &clause->answers[index];
	enum fact fact = answer->question.fact;

	for (size_t i = 0; i < grid_cell_count(grid, fact); i++) {
		const struct cell *cell = grid_cell(grid, fact, i);
		bool has = true;

		/* A login that there is not is no answer to a question about logins. */
		if (fact == FACT_USER && i == CELL_NONE)
			continue;
		for (size_t k = 0; k < clause->count && has; k++)
			if (k != index && clause->answers[k].question.fact == fact)
				has = cell_answers(cell, clause->answers[k].side, &clause->answers[k].question) ==
				      clause->answers[k].yes;
		if (has && cell_answers(cell, answer->side, &answer->question) != answer->yes)
			return false;
	}
	return true;
}

/* The refusing answers go first: what a list has says more than what another has not. */
static void drop_what_follows(struct clause *clause, const struct grid *grid)
{
	for (unsigned yes = 0; yes < 2; yes++)
		for (size_t i = clause->count; i > 0; i--)
			if (clause->answers[i - 1].yes == (yes == 1) && follows(clause, i - 1, grid))
				drop_answer(clause, i - 1);
}

/* Whether all answers of one clause are in the other. */
static bool within(const struct clause *inner, const struct clause *outer)
{
	for (size_t i = 0; i < inner->count; i++) {
		bool found = false;

		for (size_t k = 0; k < outer->count && !found; k++)
			found = same_question(&inner->answers[i], &outer->answers[k]) &&
			        inner->answers[i].yes == outer->answers[k].yes;
		if (!found)
			return false;
	}
	return true;
}

/* Following from all clauses together */

/* Answers that are supposed at once, and clauses that are looked at in all; beyond that nothing follows. */
#define SUPPOSED 64
#define LOOKS 1000000

struct supposing {
	const struct clauses *clauses;
	const struct clause *without; /* the clause that is left out, or NULL */
	const struct grid *grid;
	struct answer answers[SUPPOSED];
	size_t count;
	size_t *looks; /* so far */
};

/* Whether some value of the fact has all answers that are supposed. */
static bool is_possible(const struct supposing *supposing, enum fact fact)
{
	for (size_t i = 0; i < grid_cell_count(supposing->grid, fact); i++) {
		const struct cell *cell = grid_cell(supposing->grid, fact, i);
		bool has = fact != FACT_USER || i != CELL_NONE;

		for (size_t k = 0; k < supposing->count && has; k++) {
			const struct answer *answer = &supposing->answers[k];

			if (answer->question.fact == fact)
				has = cell_answers(cell, answer->side, &answer->question) == answer->yes;
		}
		if (has)
			return true;
	}
	return false;
}

static bool all_possible(const struct supposing *supposing)
{
	for (size_t i = 0; i < supposing->count; i++)
		if (!is_possible(supposing, supposing->answers[i].question.fact))
			return false;
	return true;
}

/* Whether the clause can hold; if so, *ret_open is its first answer that is not supposed, or NULL: it holds. */
static bool can_hold(const struct supposing *supposing, const struct clause *clause, const struct answer **ret_open)
{
	*ret_open = NULL;
	for (size_t i = 0; i < clause->count; i++) {
		const struct answer *answer = &clause->answers[i];
		bool supposed = false;

		for (size_t k = 0; k < supposing->count && !supposed; k++) {
			supposed = same_question(&supposing->answers[k], answer);
			if (supposed && supposing->answers[k].yes != answer->yes)
				return false;
		}
		if (!supposed && *ret_open == NULL)
			*ret_open = answer;
	}
	return true;
}

/* Whether one of the clauses holds wherever the supposed answers are true. */
static bool holds_always(struct supposing *supposing)
{
	const struct answer *open = NULL, *first = NULL;
	bool always = true;

	*supposing->looks += supposing->clauses->count;
	if (*supposing->looks > LOOKS)
		return false;
	for (size_t i = 0; i < supposing->clauses->count; i++) {
		const struct clause *clause = &supposing->clauses->list[i];

		if (clause == supposing->without || !can_hold(supposing, clause, &open))
			continue;
		if (open == NULL)
			return true;
		if (first == NULL)
			first = open;
	}
	if (first == NULL)
		return !all_possible(supposing);
	if (supposing->count == SUPPOSED)
		return false;
	supposing->answers[supposing->count++] = *first;
	for (unsigned yes = 0; yes < 2 && always; yes++) {
		supposing->answers[supposing->count - 1].yes = yes == 1;
		always = holds_always(supposing);
	}
	supposing->count--;
	return always;
}

/* Whether the clause follows from the others; or, with one answer turned round, from all. */
static bool is_needless(const struct clauses *clauses, const struct clause *clause, size_t opposite,
                        const struct grid *grid, size_t *looks)
{
	struct supposing supposing = {.clauses = clauses, .grid = grid, .count = clause->count, .looks = looks};

	if (clause->count > SUPPOSED)
		return false;
	if (clause->count > 0)
		memcpy(supposing.answers, clause->answers, clause->count * sizeof *clause->answers);
	if (opposite < clause->count)
		supposing.answers[opposite].yes = !supposing.answers[opposite].yes;
	else
		supposing.without = clause;
	return holds_always(&supposing);
}

/* "A, or not A and B" is "A, or B". */
static void drop_opposites(struct clauses *clauses, const struct grid *grid, size_t *looks)
{
	for (size_t i = 0; i < clauses->count; i++)
		for (unsigned yes = 0; yes < 2; yes++)
			for (size_t k = clauses->list[i].count; k > 0; k--)
				if (clauses->list[i].answers[k - 1].yes == (yes == 1) &&
				    is_needless(clauses, &clauses->list[i], k - 1, grid, looks))
					drop_answer(&clauses->list[i], k - 1);
}

static void drop_clause(struct clauses *clauses, size_t index)
{
	free(clauses->list[index].answers);
	memmove(clauses->list + index, clauses->list + index + 1, (clauses->count - index - 1) * sizeof *clauses->list);
	clauses->count--;
}

/* Drops clauses that have all that another asks, and more; of equal ones all but one. */
static void drop_contained(struct clauses *clauses)
{
	for (size_t i = clauses->count; i > 0; i--)
		for (size_t other = 0; other < clauses->count; other++)
			if (other != i - 1 && within(&clauses->list[other], &clauses->list[i - 1])) {
				drop_clause(clauses, i - 1);
				break;
			}
}

static void drop_needless(struct clauses *clauses, const struct grid *grid, size_t *looks)
{
	for (size_t i = clauses->count; i > 0; i--)
		if (is_needless(clauses, &clauses->list[i - 1], SIZE_MAX, grid, looks))
			drop_clause(clauses, i - 1);
}

static void sort_clauses(struct clauses *clauses)
{
	if (clauses->count > 1)
		qsort(clauses->list, clauses->count, sizeof *clauses->list, compare_clauses);
}

void clauses_simplify(struct clauses *clauses, const struct grid *grid)
{
	size_t looks = 0;

	for (size_t i = 0; i < clauses->count; i++)
		drop_what_follows(&clauses->list[i], grid);
	drop_contained(clauses);
	sort_clauses(clauses);
	drop_opposites(clauses, grid, &looks);
	drop_contained(clauses);
	/* The longest go first. */
	sort_clauses(clauses);
	drop_needless(clauses, grid, &looks);
}

bool clauses_equal(const struct clauses *one, const struct clauses *other)
{
	if (one->count != other->count)
		return false;
	for (size_t i = 0; i < one->count; i++)
		if (compare_clauses(&one->list[i], &other->list[i]) != 0)
			return false;
	return true;
}

void clauses_destroy(struct clauses *clauses)
{
	for (size_t i = 0; i < clauses->count; i++)
		free(clauses->list[i].answers);
	free(clauses->list);
	*clauses = (struct clauses){0};
}
