/*
 * NAME
 *	grid - what listeners can tell apart, fact by fact
 *
 * DESCRIPTION
 *	For proofs.  A listener asks only for some sets of a fact, and only whether a
 *	number reaches some bounds.  All values with the same answers are one cell; the
 *	cells of all facts are the axes of a grid in which every session has its place.
 *	For two sides (policy/world.h) a cell has the answers of both listeners.
 *
 *	A cell has a value that is shown, found by trying; or none was found, and it
 *	exists only if expressions can be true together as it has them.
 *
 * OWNERSHIP
 *	The grid refers to the world and the listeners.
 */
#ifndef POLICY_GRID_H
#define POLICY_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/fact.h"
#include "policy/world.h"

struct grid;
struct listener;
struct rule;

/* The cells that have a place of their own on every such axis. */
#define CELL_NONE 0 /* of client_name "unknown", of helo, user and mechanism: there is none; of sender: "<>" */

struct cell {
	const uint64_t *sets[WORLD_SIDES]; /* of facts compared by sets */
	const char *text;                  /* a value; NULL where there is none, or of a client's address */
	struct amount amount;              /* of facts that are numbers */
	bool shown;
	bool relay[WORLD_SIDES]; /* of recipients: whether they are relay */
	bool sent_on;            /* of recipients: relay only because the MTA sends them on */
};

/* What the grid is made for. */
struct grid_subject {
	const struct listener *listeners[WORLD_SIDES]; /* NULL: no listener judges, on this side */
	const struct rule *rule;                       /* of side 0, whose conditions count too; or NULL */
	bool local;                                    /* mail submitted on the machine itself alone */
};

/* Returns NULL where there is no memory. */
struct grid *grid_new(const struct world *world, const struct grid_subject *subject);
void grid_free(struct grid *grid);

const struct world *grid_world(const struct grid *grid);
const struct grid_subject *grid_subject(const struct grid *grid);

/* The cells of a fact's axis. */
size_t grid_cell_count(const struct grid *grid, enum fact fact);
const struct cell *grid_cell(const struct grid *grid, enum fact fact, size_t index);

/* Whether some listener, or the rule, asks which sets the fact is in, though all its values may be in the same. */
bool grid_asks(const struct grid *grid, enum fact fact);

/* Whether cells may be missing on some axis: more expressions than can be combined (LIMIT_PROOF_EXPRESSIONS). */
bool grid_incomplete(const struct grid *grid);

/*
 * Puts the first of all questions that every cell answers alike in place of one about another
 * fact than the client's address.  The question is one that the grid was made for.
 */
void grid_first_question(const struct grid *grid, unsigned *side, struct open_question *question);

/* The cell of each class of addresses. */
const uint32_t *grid_client_cells(const struct grid *grid);

#endif
