/*
 * NAME
 *	clause - what must hold, in as few answers as can be
 *
 * DESCRIPTION
 *	A survey cuts boxes by questions, one after the other, so that what it says of
 *	a box is longer than it need be: "not in A, and in B" where "in B" alone will do.
 *	Here the answers of several boxes become clauses, of which one must hold.
 */
#ifndef POLICY_CLAUSE_H
#define POLICY_CLAUSE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/survey.h"

/* Answers that must all be true. */
struct clause {
	struct answer *answers;
	size_t count;
};

/* Of these clauses one must hold.  One of them empty: nothing must. */
struct clauses {
	struct clause *list; /* malloc(3) memory, as are the answers */
	size_t count;
};

/* Adds a clause with a copy of the answers.  Returns false where there is no memory. */
bool clauses_add(struct clauses *clauses, const struct answer *answers, size_t count);

/*
 * Leaves out answers that follow from others of the same fact, given the cells of the grid,
 * and answers of which the opposite would do as well; then clauses that the others
 * make needless; and sorts what is left, the shortest first.  There is a limit to how long it is
 * tried: then more is left than would have to be, and it says the same.
 */
void clauses_simplify(struct clauses *clauses, const struct grid *grid);

bool clauses_equal(const struct clauses *one, const struct clauses *other);

void clauses_destroy(struct clauses *clauses);

#endif
