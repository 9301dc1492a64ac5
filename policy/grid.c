#include "policy/grid.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/arena.h"
#include "policy/bits.h"
#include "policy/grid_making.h"
#include "policy/room.h"
#include "policy/ruleset.h"
#include "policy/vocabulary.h"

const struct vocabulary *grid_vocabulary(const struct grid *grid, unsigned side)
{
	return world_side(grid->world, side)->vocabulary;
}

size_t grid_words(const struct grid *grid, unsigned side, enum value_kind kind)
{
	return side < world_side_count(grid->world) ? vocabulary_words(grid_vocabulary(grid, side), kind) : 0;
}

void *grid_take(struct grid_making *making, size_t count, size_t size)
{
	void *memory = arena_take(making->grid->arena, count, size);

	making->failed |= memory == NULL;
	return memory;
}

/* What is asked */

static void ask_set(struct grid_making *making, unsigned side, enum fact fact, struct optional_set set)
{
	if (!set.given || set.set == SET_EMPTY)
		return;
	bits_set(making->asked[side].sets[fact], set.set);
	making->grid->asks[fact] = true;
}

static void ask_bound(struct grid_making *making, enum fact fact, uint64_t bound)
{
	struct grid_bounds *bounds = &making->bounds[fact];
	size_t at = 0;
	uint64_t *list;

	while (at < bounds->count && bounds->list[at] < bound)
		at++;
	if (at < bounds->count && bounds->list[at] == bound)
		return;
	list = room_for_one(bounds->list, bounds->count, sizeof *list);
	if (list == NULL) {
		making->failed = true;
		return;
	}
	memmove(list + at + 1, list + at, (bounds->count - at) * sizeof *list);
	list[at] = bound;
	bounds->list = list;
	bounds->count++;
}

static void ask_conditions(struct grid_making *making, unsigned side, const struct conditions *conditions)
{
	for (size_t i = 0; i < conditions->count; i++) {
		const struct condition *condition = &conditions->list[i];
		const struct condition_row *row = condition_row(condition->kind);

		if (row->kind < VALUE_SET_KINDS)
			ask_set(making, side, row->fact, (struct optional_set){true, condition->value.set});
		else if (condition->kind == CONDITION_TLS)
			ask_bound(making, row->fact, condition->value.number == 0 ? 1 : condition->value.number);
		else if (row->kind == VALUE_NUMBER && condition->value.number < UINT64_MAX)
			ask_bound(making, row->fact, condition->value.number + 1);
	}
}

static void ask_rule(struct grid_making *making, unsigned side, const struct rule *rule)
{
	ask_conditions(making, side, &rule->conditions);
	ask_conditions(making, side, &rule->unless);
}

static void ask_listener(struct grid_making *making, unsigned side, const struct listener *listener)
{
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
		for (size_t i = 0; i < listener->stages[stage].count; i++)
			ask_rule(making, side, &listener->stages[stage].list[i]);
	if (listener->connection != NULL) {
		ask_set(making, side, FACT_CLIENT, listener->connection->clients);
		ask_set(making, side, FACT_CLIENT_NAME, listener->connection->names);
	}
	if (listener->auth != NULL) {
		ask_set(making, side, FACT_USER, listener->auth->users);
		ask_set(making, side, FACT_MECHANISM, listener->auth->mechanisms);
		if (listener->auth->tls_bits > 0)
			ask_bound(making, FACT_TLS, listener->auth->tls_bits);
	}
	if (listener->relay != NULL) {
		ask_set(making, side, FACT_CLIENT, listener->relay->clients);
		ask_set(making, side, FACT_CLIENT_NAME, listener->relay->names);
		ask_set(making, side, FACT_USER, listener->relay->users);
	}
}

static void collect_questions(struct grid_making *making)
{
	struct grid *grid = making->grid;

	for (unsigned side = 0; side < world_side_count(grid->world); side++) {
		for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
			enum value_kind kind = fact_row((enum fact)fact)->kind;

			if (kind < VALUE_SET_KINDS)
				making->asked[side].sets[fact] =
				    grid_take(making, grid_words(grid, side, kind), sizeof(uint64_t));
		}
		if (making->failed)
			return;
		if (grid->subject.listeners[side] != NULL)
			ask_listener(making, side, grid->subject.listeners[side]);
		if (side == 0 && grid->subject.rule != NULL)
			ask_rule(making, side, grid->subject.rule);
	}
}

/* Cells */

static uint64_t *copy(struct grid_making *making, const uint64_t *sets, size_t words)
{
	uint64_t *result = grid_take(making, words, sizeof *result);

	if (result != NULL)
		memcpy(result, sets, words * sizeof *result);
	return result;
}

void grid_append_cell(struct grid_making *making, enum fact fact, const struct cell *cell)
{
	const struct grid *grid = making->grid;
	struct grid_axis *axis = &making->grid->axes[fact];
	struct cell *added;

	if (!room_grow(&axis->cells, axis->count, sizeof *axis->cells)) {
		making->failed = true;
		return;
	}
	added = &axis->cells[axis->count++];
	*added = *cell;
	for (unsigned side = 0; !cell->shown && side < world_side_count(grid->world); side++)
		added->sets[side] = copy(making, cell->sets[side], grid_words(grid, side, fact_row(fact)->kind));
}

void grid_add_cell(struct grid_making *making, enum fact fact, const struct cell *cell)
{
	struct grid *grid = making->grid;
	enum value_kind kind = fact_row(fact)->kind;
	struct class_table *known = &making->known[fact];
	uint64_t *key = making->key;
	size_t before = known->count, words = 0;

	for (unsigned side = 0; side < world_side_count(grid->world); side++)
		for (size_t i = 0; i < grid_words(grid, side, kind); i++)
			key[words++] = cell->sets[side][i] & making->asked[side].sets[fact][i];
	/* The first word behind them is never 0: class 0 is in every table from the start. */
	key[words] = 1 | (uint64_t)cell->relay[0] << 1 | (uint64_t)cell->relay[1] << 2 |
	             /* A login in no set is one all the same. */
	             (uint64_t)(fact == FACT_USER && cell->shown && cell->text == NULL) << 3;
	if (class_table_enter(known, key) == CLASS_NONE) {
		making->failed = true;
		return;
	}
	if (known->count > before)
		grid_append_cell(making, fact, cell);
}

struct cell grid_cell_of(const struct specimen *specimen)
{
	return (struct cell){.sets = {specimen->sets[0], specimen->sets[1]}, .text = specimen->text, .shown = true};
}

/* A cell of a value that is in no set. */
static struct cell empty_cell(struct grid_making *making, enum value_kind kind)
{
	struct cell cell = {.shown = true};

	for (unsigned side = 0; side < world_side_count(making->grid->world); side++)
		cell.sets[side] = grid_take(making, grid_words(making->grid, side, kind), sizeof(uint64_t));
	return cell;
}

/* The first cell of an axis: that of no value. */
static void add_none(struct grid_making *making, enum fact fact)
{
	const struct grid *grid = making->grid;
	struct cell cell = empty_cell(making, fact_row(fact)->kind);

	for (unsigned side = 0; side < world_side_count(grid->world); side++) {
		if (fact == FACT_CLIENT_NAME)
			cell.sets[side] = vocabulary_unknown_name(grid_vocabulary(grid, side));
		else if (fact == FACT_SENDER)
			cell.sets[side] = vocabulary_null_sender(grid_vocabulary(grid, side));
	}
	if (!making->failed)
		grid_add_cell(making, fact, &cell);
}

/* A recipient as it is. */
static void add_recipient(struct grid_making *making, const struct specimen *specimen)
{
	struct cell cell = grid_cell_of(specimen);

	for (unsigned side = 0; side < WORLD_SIDES; side++)
		cell.relay[side] = !specimen->local[side];
	grid_add_cell(making, FACT_RECIPIENT, &cell);
	if (specimen->text[strlen(specimen->text) - 1] != ']')
		return;
	/* At the address that the client reached, which no session that is shown tells. */
	cell = (struct cell){.sets = {specimen->sets[0], specimen->sets[1]}};
	grid_add_cell(making, FACT_RECIPIENT, &cell);
}

/* A local recipient as one that the MTA sends on, where a listener minds that; and behind a source route. */
static void add_detours(struct grid_making *making, const struct specimen *specimen)
{
	const struct grid_subject *subject = &making->grid->subject;
	struct cell cell = grid_cell_of(specimen);
	bool minded = true;

	if (!specimen->local[0] && !specimen->local[1])
		return;
	cell.sent_on = true;
	for (unsigned side = 0; side < WORLD_SIDES; side++) {
		bool ignored = subject->listeners[side] != NULL && subject->listeners[side]->ignore_resolved;

		cell.relay[side] = !ignored || !specimen->local[side];
		minded &= cell.relay[side];
	}
	grid_add_cell(making, FACT_RECIPIENT, &cell);
	if (minded)
		return;
	cell.sent_on = false;
	cell.relay[0] = cell.relay[1] = true;
	cell.text = specimen->routed;
	grid_add_cell(making, FACT_RECIPIENT, &cell);
}

/* What is relay without a detour comes first: it is shorter to show. */
static void add_recipients(struct grid_making *making)
{
	const struct world *world = making->grid->world;

	for (unsigned detours = 0; detours < 2; detours++) {
		for (size_t i = 0; i < world_count(world, VALUE_MAILBOX) && !making->failed; i++) {
			struct specimen specimen = world_specimen(world, VALUE_MAILBOX, i);

			if (detours)
				add_detours(making, &specimen);
			else
				add_recipient(making, &specimen);
		}
	}
}

/* A client without a name is "unknown": no verified name is that. */
static bool is_value(enum fact fact, const char *text)
{
	return fact != FACT_CLIENT_NAME || (strcasecmp(text, "unknown") != 0 && strcasecmp(text, "[TEMPUNAVAIL]") != 0);
}

static void add_texts(struct grid_making *making, enum fact fact)
{
	enum value_kind kind = fact_row(fact)->kind;
	const struct world *world = making->grid->world;

	if (fact == FACT_RECIPIENT) {
		add_recipients(making);
		return;
	}
	add_none(making, fact);
	for (size_t i = 0; i < world_count(world, kind) && !making->failed; i++) {
		struct specimen specimen = world_specimen(world, kind, i);
		struct cell cell = grid_cell_of(&specimen);

		if (is_value(fact, specimen.text))
			grid_add_cell(making, fact, &cell);
	}
}

/* One cell from each bound to the next; least is the smallest number that there is. */
static void add_amounts(struct grid_making *making, enum fact fact, uint64_t least)
{
	const struct grid_bounds *bounds = &making->bounds[fact];
	struct grid_axis *axis = &making->grid->axes[fact];

	axis->cells = calloc(bounds->count + 1, sizeof *axis->cells);
	if (axis->cells == NULL) {
		making->failed = true;
		return;
	}
	for (size_t i = 0; i <= bounds->count; i++) {
		uint64_t from = i == 0 ? least : bounds->list[i - 1];
		uint64_t most = i == bounds->count ? UINT64_MAX : bounds->list[i] - 1;

		if (from <= most && from >= least)
			axis->cells[axis->count++] = (struct cell){.amount = {from, most}, .shown = true};
	}
}

static void add_axes(struct grid_making *making)
{
	static const enum fact texts[] = {FACT_CLIENT_NAME, FACT_HELO,      FACT_SENDER,
	                                  FACT_USER,        FACT_MECHANISM, FACT_RECIPIENT};

	grid_add_clients(making);
	for (size_t i = 0; i < sizeof texts / sizeof *texts && !making->failed; i++) {
		add_texts(making, texts[i]);
		if (!making->failed)
			grid_suppose(making, texts[i]);
	}
	if (making->failed)
		return;
	add_amounts(making, FACT_TLS, 0);
	add_amounts(making, FACT_SIZE, 0);
	add_amounts(making, FACT_RECIPIENTS, 1);
}

static bool make(struct grid *grid)
{
	struct grid_making making = {.grid = grid};
	size_t most = 0;

	for (unsigned kind = 0; kind < VALUE_SET_KINDS; kind++) {
		size_t words =
		    grid_words(grid, 0, (enum value_kind)kind) + grid_words(grid, 1, (enum value_kind)kind) + 1;

		if (words > most)
			most = words;
	}
	making.key = calloc(most, sizeof *making.key);
	making.failed = making.key == NULL;
	for (unsigned fact = 0; fact < FACT_COUNT && !making.failed; fact++) {
		enum value_kind kind = fact_row((enum fact)fact)->kind;
		size_t words = kind < VALUE_SET_KINDS ? grid_words(grid, 0, kind) + grid_words(grid, 1, kind) + 1 : 1;

		making.failed = !class_table_init(&making.known[fact], words * BITS_PER_WORD);
	}
	if (!making.failed)
		collect_questions(&making);
	if (!making.failed)
		add_axes(&making);
	if (!making.failed)
		grid_find_alike(&making);
	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		class_table_destroy(&making.known[fact]);
		free(making.bounds[fact].list);
	}
	free(making.key);
	return !making.failed;
}

struct grid *grid_new(const struct world *world, const struct grid_subject *subject)
{
	struct grid *grid = calloc(1, sizeof *grid);

	if (grid == NULL)
		return NULL;
	grid->world = world;
	grid->subject = *subject;
	grid->arena = arena_new();
	if (grid->arena != NULL && make(grid))
		return grid;
	grid_free(grid);
	return NULL;
}

void grid_free(struct grid *grid)
{
	if (grid == NULL)
		return;
	for (size_t i = 0; i < FACT_COUNT; i++)
		free(grid->axes[i].cells);
	arena_free(grid->arena);
	free(grid);
}

const struct world *grid_world(const struct grid *grid)
{
	return grid->world;
}

const struct grid_subject *grid_subject(const struct grid *grid)
{
	return &grid->subject;
}

size_t grid_cell_count(const struct grid *grid, enum fact fact)
{
	return grid->axes[fact].count;
}

const struct cell *grid_cell(const struct grid *grid, enum fact fact, size_t index)
{
	return &grid->axes[fact].cells[index];
}

bool grid_asks(const struct grid *grid, enum fact fact)
{
	return grid->asks[fact];
}

bool grid_incomplete(const struct grid *grid)
{
	return grid->incomplete;
}

const uint32_t *grid_client_cells(const struct grid *grid)
{
	return grid->client_cells;
}
