/*
 * The cells of clients.  There may be very many classes of addresses, of which a question sets a few apart: so from the
 * one cell of all, those in a set go over to cells of their own, set by set.
 */
#include <stdlib.h>

#include "policy/address.h"
#include "policy/grid_making.h"
#include "policy/room.h"

#define NOWHERE UINT32_MAX

struct dividing {
	uint32_t *cells; /* of each class */
	uint32_t *goals; /* of each cell: where those go that are in the set, or NOWHERE so far */
	size_t count;    /* of cells, some of which all have left */
};

/* Returns false where there is no memory. */
static bool add_cell(struct dividing *dividing)
{
	if (!room_grow(&dividing->goals, dividing->count, sizeof *dividing->goals))
		return false;
	dividing->goals[dividing->count++] = NOWHERE;
	return true;
}

/* Puts those of a cell that are in the set in a cell of their own.  Returns false where there is no memory. */
static bool divide(struct dividing *dividing, const uint64_t *set, size_t words)
{
	size_t before = dividing->count;

	for (size_t i = 0; i < words; i++)
		for (uint64_t left = set[i]; left != 0; left &= left - 1) {
			uint32_t *cell = &dividing->cells[i * BITS_PER_WORD + (size_t)__builtin_ctzll(left)];

			if (dividing->goals[*cell] == NOWHERE) {
				uint32_t goal = (uint32_t)dividing->count;

				if (!add_cell(dividing))
					return false;
				dividing->goals[*cell] = goal;
			}
			*cell = dividing->goals[*cell];
		}
	for (size_t i = 0; i < before; i++)
		dividing->goals[i] = NOWHERE;
	return true;
}

/* By all that is asked.  Returns false where there is no memory. */
static bool divide_by_all(struct dividing *dividing, const struct grid_making *making)
{
	const struct world *world = making->grid->world;
	size_t words = bits_words(territory_classes(world_territory(world)));

	for (unsigned side = 0; side < world_side_count(world); side++) {
		size_t sets = grid_words(making->grid, side, VALUE_NETWORK) * BITS_PER_WORD;

		for (unsigned set = 0; set < sets; set++)
			if (bits_test(making->asked[side].sets[FACT_CLIENT], set) &&
			    !divide(dividing, world_classes_in(world, side, set), words))
				return false;
	}
	return true;
}

/* Adds the cells to the axis in the order of their first addresses, without those that all have left. */
static void number(struct dividing *dividing, struct grid_making *making)
{
	const struct world *world = making->grid->world;

	for (uint32_t i = 0; i < territory_classes(world_territory(world)) && !making->failed; i++) {
		uint32_t *goal = &dividing->goals[dividing->cells[i]];

		if (*goal == NOWHERE) {
			struct specimen specimen = world_address_class(world, i);
			struct cell cell = grid_cell_of(&specimen);

			*goal = (uint32_t)grid_cell_count(making->grid, FACT_CLIENT);
			grid_append_cell(making, FACT_CLIENT, &cell);
		}
		dividing->cells[i] = *goal;
	}
}

/* Mail that is submitted on the machine itself comes from one address alone. */
static void add_here(struct grid_making *making)
{
	const struct world *world = making->grid->world;
	struct address here = address_loopback(ADDRESS_IPV4);
	struct specimen specimen = world_address_class(world, territory_class_of(world_territory(world), &here));
	struct cell cell = grid_cell_of(&specimen);

	grid_append_cell(making, FACT_CLIENT, &cell);
}

void grid_add_clients(struct grid_making *making)
{
	struct grid *grid = making->grid;
	struct dividing dividing = {0};

	grid->client_cells =
	    grid_take(making, territory_classes(world_territory(grid->world)), sizeof *grid->client_cells);
	if (making->failed)
		return;
	if (grid->subject.local) {
		add_here(making);
		return;
	}
	dividing.cells = grid->client_cells;
	making->failed = !add_cell(&dividing) || !divide_by_all(&dividing, making);
	if (!making->failed)
		number(&dividing, making);
	free(dividing.goals);
}
