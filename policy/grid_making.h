/*
 * NAME
 *	grid_making - what the files that make a grid share
 */
#ifndef POLICY_GRID_MAKING_H
#define POLICY_GRID_MAKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/bits.h"
#include "policy/grid.h"

struct arena;
struct grid_question;
struct vocabulary;

struct grid_axis {
	struct cell *cells;
	size_t count;
};

struct grid {
	struct arena *arena;
	const struct world *world;
	struct grid_subject subject;
	struct grid_axis axes[FACT_COUNT];
	uint32_t *client_cells;                               /* of each class of addresses */
	struct grid_question *first[WORLD_SIDES][FACT_COUNT]; /* of each set that is asked: the first one like it */
	bool asks[FACT_COUNT];
	bool incomplete;
};

/* What the listeners of one side ask of each fact. */
struct grid_asked {
	uint64_t *sets[FACT_COUNT];
};

struct grid_bounds {
	uint64_t *list;
	size_t count;
};

/* What is needed only while the grid is made. */
struct grid_making {
	struct grid *grid;
	struct grid_asked asked[WORLD_SIDES];
	struct grid_bounds bounds[FACT_COUNT];
	struct class_table known[FACT_COUNT]; /* what tells cells apart */
	uint64_t *key;
	bool failed;
};

/* Zeroed memory that lives with the grid; NULL, and making->failed, where there is none. */
void *grid_take(struct grid_making *making, size_t count, size_t size);

const struct vocabulary *grid_vocabulary(const struct grid *grid, unsigned side);

/* Words of the sets of a kind on a side; 0 where there is no such side. */
size_t grid_words(const struct grid *grid, unsigned side, enum value_kind kind);

/* Adds the cell to the axis, unless it has one with the same answers.  Sets that no value was shown for are copied. */
void grid_add_cell(struct grid_making *making, enum fact fact, const struct cell *cell);

/* The cell of a value that is shown. */
struct cell grid_cell_of(const struct specimen *specimen);

/* Adds a cell that the axis does not have. */
void grid_append_cell(struct grid_making *making, enum fact fact, const struct cell *cell);

/* Adds the cells of clients. */
void grid_add_clients(struct grid_making *making);

/* Finds questions that all cells answer alike, once there are all cells. */
void grid_find_alike(struct grid_making *making);

/* Adds what expressions might make of a fact. */
void grid_suppose(struct grid_making *making, enum fact fact);

#endif
