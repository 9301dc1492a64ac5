/*
 * Cells that expressions might make, and no value was found for: every combination
 * of those that a fact depends on, in every region.
 */
#include <string.h>

#include "policy/bits.h"
#include "policy/grid_making.h"
#include "policy/limits.h"
#include "policy/ruleset.h"
#include "policy/vocabulary.h"
#include "policy/wordlist.h"

/* A pattern, and the sets of both sides that it decides on. */
struct supposition {
	const char *pattern;
	uint32_t *sets[WORLD_SIDES];
	size_t counts[WORLD_SIDES];
};

struct suppositions {
	struct supposition list[LIMIT_PROOF_EXPRESSIONS];
	size_t count;
};

static struct supposition *supposition_of(struct suppositions *suppositions, const char *pattern)
{
	for (size_t i = 0; i < suppositions->count; i++)
		if (strcmp(suppositions->list[i].pattern, pattern) == 0)
			return &suppositions->list[i];
	if (suppositions->count == LIMIT_PROOF_EXPRESSIONS)
		return NULL;
	suppositions->list[suppositions->count] = (struct supposition){.pattern = pattern};
	return &suppositions->list[suppositions->count++];
}

/* Whether all texts that the expression finds are values of the world. */
static bool is_tried(enum value_kind kind, const char *pattern)
{
	struct samples samples;

	/* Of mailboxes a text says too little: "a@b" may be a local part alone. */
	return kind != VALUE_MAILBOX && wordlist_of(kind, pattern, strlen(pattern), &samples);
}

/* Collects the expressions that some sets of a kind depend on. */
static void suppose(struct grid_making *making, unsigned side, enum value_kind kind, const uint64_t *parts,
                    struct suppositions *suppositions)
{
	const struct vocabulary *of = grid_vocabulary(making->grid, side);
	size_t count = vocabulary_expression_count(of, kind);

	for (size_t i = 0; i < count && !making->failed; i++) {
		struct vocabulary_expression expression = vocabulary_expression(of, kind, i);
		struct supposition *supposition;

		if (!bits_test(parts, expression.set) || is_tried(kind, expression_pattern(expression.expression)))
			continue;
		supposition = supposition_of(suppositions, expression_pattern(expression.expression));
		if (supposition == NULL) {
			making->grid->incomplete = true;
			continue;
		}
		if (supposition->sets[side] == NULL)
			supposition->sets[side] = grid_take(making, count, sizeof(uint32_t));
		if (!making->failed)
			supposition->sets[side][supposition->counts[side]++] = expression.set;
	}
}

/* Vectors of sets, one for each side. */
struct vectors {
	uint64_t *sides[WORLD_SIDES];
};

static struct vectors make_vectors(struct grid_making *making, enum value_kind kind)
{
	struct vectors vectors = {0};

	for (unsigned side = 0; side < world_side_count(making->grid->world); side++)
		vectors.sides[side] = grid_take(making, grid_words(making->grid, side, kind), sizeof(uint64_t));
	return vectors;
}

static void set_vectors(const struct grid_making *making, enum value_kind kind, const uint64_t *const *sets,
                        struct vectors *vectors)
{
	for (unsigned side = 0; side < world_side_count(making->grid->world); side++)
		memcpy(vectors->sides[side], sets[side], grid_words(making->grid, side, kind) * sizeof(uint64_t));
}

/* Supposes that those expressions find the value that are in combination, and works out what follows. */
static void follow(struct grid_making *making, enum value_kind kind, const struct suppositions *suppositions,
                   uint64_t combination, struct vectors *vectors)
{
	for (unsigned side = 0; side < world_side_count(making->grid->world); side++) {
		for (size_t i = 0; i < suppositions->count; i++)
			for (size_t k = 0; (combination >> i & 1) != 0 && k < suppositions->list[i].counts[side]; k++)
				bits_set(vectors->sides[side], suppositions->list[i].sets[side][k]);
		vocabulary_combine_bits(grid_vocabulary(making->grid, side), kind, vectors->sides[side]);
	}
}

/* The sets that a fact's asked ones are made of, and for mailboxes those of names that these ask. */
struct parts {
	struct vectors own;
	struct vectors names;
};

static struct parts parts_of(struct grid_making *making, enum fact fact)
{
	const struct grid *grid = making->grid;
	enum value_kind kind = fact_row(fact)->kind;
	struct parts parts = {make_vectors(making, kind), make_vectors(making, VALUE_NAME)};

	for (unsigned side = 0; side < world_side_count(grid->world) && !making->failed; side++) {
		memcpy(parts.own.sides[side], making->asked[side].sets[fact],
		       grid_words(grid, side, kind) * sizeof(uint64_t));
		vocabulary_add_parts(grid_vocabulary(grid, side), kind, parts.own.sides[side]);
		if (kind != VALUE_MAILBOX)
			continue;
		vocabulary_add_domain_parts(grid_vocabulary(grid, side), parts.own.sides[side],
		                            parts.names.sides[side]);
		if (fact == FACT_RECIPIENT && world_side(grid->world, side)->local_domains.given)
			bits_set(parts.names.sides[side], world_side(grid->world, side)->local_domains.set);
		vocabulary_add_parts(grid_vocabulary(grid, side), VALUE_NAME, parts.names.sides[side]);
	}
	return parts;
}

/* What is tried in every region. */
struct supposing {
	enum fact fact;
	struct suppositions own;   /* expressions on the value itself */
	struct suppositions names; /* on the domain of a mailbox */
	struct vectors vectors;
	struct vectors domain;
	bool bare; /* a mailbox without a domain, which is local */
};

static bool ignores_resolved(const struct grid *grid, unsigned side)
{
	const struct listener *listener = grid_subject(grid)->listeners[side];

	return listener != NULL && listener->ignore_resolved;
}

/* Adds the cell of a region where those expressions find the value that are in combination. */
static void suppose_cell(struct grid_making *making, struct supposing *supposing, const struct specimen *region,
                         uint64_t combination)
{
	const struct grid *grid = making->grid;
	enum value_kind kind = fact_row(supposing->fact)->kind;
	struct cell cell = {.sets = {supposing->vectors.sides[0], supposing->vectors.sides[1]}};

	set_vectors(making, kind, region->sets, &supposing->vectors);
	for (unsigned side = 0; side < world_side_count(grid->world) && kind == VALUE_MAILBOX && !supposing->bare;
	     side++) {
		struct optional_set local = world_side(grid->world, side)->local_domains;

		vocabulary_link(grid_vocabulary(grid, side), supposing->domain.sides[side],
		                supposing->vectors.sides[side]);
		cell.relay[side] = !local.given || !bits_test(supposing->domain.sides[side], local.set);
	}
	follow(making, kind, &supposing->own, combination, &supposing->vectors);
	if (supposing->fact == FACT_RECIPIENT)
		grid_add_cell(making, supposing->fact, &cell);
	for (unsigned side = 0; supposing->fact == FACT_RECIPIENT && side < WORLD_SIDES; side++)
		cell.relay[side] |= !ignores_resolved(grid, side);
	cell.sent_on = supposing->fact == FACT_RECIPIENT;
	if (cell.sent_on && (!cell.relay[0] || !cell.relay[1]))
		grid_add_cell(making, supposing->fact, &cell);
	cell.relay[0] = cell.relay[1] = cell.sent_on;
	grid_add_cell(making, supposing->fact, &cell);
}

static void suppose_region(struct grid_making *making, struct supposing *supposing, const struct specimen *region)
{
	for (uint64_t i = 0; i < UINT64_C(1) << supposing->own.count && !making->failed; i++)
		suppose_cell(making, supposing, region, i);
}

/* Every local part alone, and at every domain: one that is shown, or one that expressions might make. */
static void suppose_mailboxes(struct grid_making *making, struct supposing *supposing, const struct specimen *region)
{
	const struct world *world = making->grid->world;

	supposing->bare = true;
	suppose_region(making, supposing, region);
	supposing->bare = false;
	for (size_t i = 0; i < world_count(world, VALUE_NAME) && !making->failed; i++) {
		struct specimen domain = world_specimen(world, VALUE_NAME, i);

		set_vectors(making, VALUE_NAME, domain.sets, &supposing->domain);
		suppose_region(making, supposing, region);
	}
	for (size_t i = 0; i < world_region_count(world, VALUE_NAME) && !making->failed; i++) {
		struct specimen domain = world_region(world, VALUE_NAME, i);

		for (uint64_t k = 0; k < UINT64_C(1) << supposing->names.count && !making->failed; k++) {
			set_vectors(making, VALUE_NAME, domain.sets, &supposing->domain);
			follow(making, VALUE_NAME, &supposing->names, k, &supposing->domain);
			suppose_region(making, supposing, region);
		}
	}
}

/* How many cells would be tried. */
static double combinations(const struct world *world, const struct supposing *supposing)
{
	enum value_kind kind = fact_row(supposing->fact)->kind;
	double tried = (double)world_region_count(world, kind) * (double)(UINT64_C(1) << supposing->own.count);

	if (kind == VALUE_MAILBOX)
		tried *=
		    1 + (double)world_count(world, VALUE_NAME) +
		    (double)world_region_count(world, VALUE_NAME) * (double)(UINT64_C(1) << supposing->names.count);
	return tried;
}

void grid_suppose(struct grid_making *making, enum fact fact)
{
	enum value_kind kind = fact_row(fact)->kind;
	const struct world *world = making->grid->world;
	struct supposing supposing = {
	    .fact = fact,
	    .vectors = make_vectors(making, kind),
	    .domain = make_vectors(making, VALUE_NAME),
	};
	struct parts parts = parts_of(making, fact);

	for (unsigned side = 0; side < world_side_count(world) && !making->failed; side++) {
		suppose(making, side, kind, parts.own.sides[side], &supposing.own);
		suppose(making, side, VALUE_NAME, parts.names.sides[side], &supposing.names);
	}
	if (making->failed || supposing.own.count + supposing.names.count == 0)
		return;
	if (combinations(world, &supposing) > LIMIT_PROOF_COMBINATIONS) {
		making->grid->incomplete = true;
		return;
	}
	for (size_t i = 0; i < world_region_count(world, kind) && !making->failed; i++) {
		struct specimen region = world_region(world, kind, i);

		if (kind == VALUE_MAILBOX)
			suppose_mailboxes(making, &supposing, &region);
		else
			suppose_region(making, &supposing, &region);
	}
}
