#include "policy/world.h"

#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/expression.h"
#include "policy/ruleset.h"
#include "policy/vocabulary.h"
#include "policy/world_making.h"

const struct vocabulary *world_vocabulary(const struct world *world, unsigned side)
{
	return world->sides[side]->vocabulary;
}

size_t world_vector_words(const struct world *world, enum value_kind kind)
{
	return world->words[kind][0] + world->words[kind][1] + 1;
}

size_t world_side_offset(const struct world *world, enum value_kind kind, unsigned side)
{
	return side == 0 ? 0 : world->words[kind][0];
}

static size_t class_words(const struct world *world)
{
	return bits_words(territory_classes(world->territory));
}

/* What a class says of its sets, said of each set. */
static bool find_classes_in(struct world *world, unsigned side)
{
	size_t words = vocabulary_words(world_vocabulary(world, side), VALUE_NETWORK);
	uint64_t *classes_in = calloc(words * BITS_PER_WORD * class_words(world), sizeof *classes_in);

	for (uint32_t i = 0; i < territory_classes(world->territory) && classes_in != NULL; i++) {
		const uint64_t *sets = world_address_class(world, i).sets[side];

		for (size_t k = 0; k < words; k++)
			for (uint64_t left = sets[k]; left != 0; left &= left - 1) {
				size_t set = k * BITS_PER_WORD + (size_t)__builtin_ctzll(left);

				bits_set(classes_in + set * class_words(world), i);
			}
	}
	world->classes_in[side] = classes_in;
	return classes_in != NULL;
}

static bool find_addresses(struct world *world)
{
	const struct partition *partitions[WORLD_SIDES];
	bool done;

	for (unsigned side = 0; side < world->side_count; side++)
		partitions[side] = vocabulary_partition(world_vocabulary(world, side));
	world->territory = territory_new(partitions, world->side_count);
	done = world->territory != NULL;
	for (unsigned side = 0; side < world->side_count && done; side++)
		done = find_classes_in(world, side);
	return done;
}

static bool make(struct world *world)
{
	struct world_making making = {.world = world};
	size_t most = 1;

	if (!find_addresses(world))
		return false;
	for (unsigned kind = 0; kind < VALUE_SET_KINDS; kind++) {
		for (unsigned side = 0; side < world->side_count; side++)
			world->words[kind][side] =
			    vocabulary_words(world_vocabulary(world, side), (enum value_kind)kind);
		if (world_vector_words(world, (enum value_kind)kind) > most)
			most = world_vector_words(world, (enum value_kind)kind);
		if (!values_init(&world->values[kind], world_vector_words(world, (enum value_kind)kind)) ||
		    !values_init(&world->regions[kind], world_vector_words(world, (enum value_kind)kind)))
			return false;
	}
	making.vector = calloc(most, sizeof *making.vector);
	making.domain = calloc(most, sizeof *making.domain);
	making.room = match_room_new();
	making.failed =
	    !tried_init(&making.tried, world) || making.vector == NULL || making.domain == NULL || making.room == NULL;
	if (!making.failed)
		world_find_texts(&making);
	/* A text that was not tried might be what breaks a promise. */
	if (!making.failed)
		making.failed = match_room_failed(making.room);
	free(making.vector);
	free(making.domain);
	match_room_free(making.room);
	tried_destroy(&making.tried);
	return !making.failed;
}

struct world *world_new(const struct ruleset *const *sides, unsigned side_count)
{
	struct world *world = calloc(1, sizeof *world);

	if (world == NULL)
		return NULL;
	world->side_count = side_count;
	for (unsigned side = 0; side < side_count; side++)
		world->sides[side] = sides[side];
	if (make(world))
		return world;
	world_free(world);
	return NULL;
}

void world_free(struct world *world)
{
	if (world == NULL)
		return;
	for (size_t kind = 0; kind < VALUE_SET_KINDS; kind++) {
		values_destroy(&world->values[kind]);
		values_destroy(&world->regions[kind]);
	}
	for (unsigned side = 0; side < WORLD_SIDES; side++)
		free(world->classes_in[side]);
	territory_free(world->territory);
	free(world);
}

unsigned world_side_count(const struct world *world)
{
	return world->side_count;
}

const struct ruleset *world_side(const struct world *world, unsigned side)
{
	return world->sides[side];
}

static struct specimen specimen(const struct world *world, const struct values *values, enum value_kind kind,
                                size_t index)
{
	const uint64_t *vector = values_vector(values, index);
	struct specimen result = {.text = values->list[index].text};

	if (values == &world->values[VALUE_MAILBOX]) {
		result.routed = result.text;
		result.text += strlen(WORLD_ROUTE);
	}
	for (unsigned side = 0; side < world->side_count; side++) {
		result.sets[side] = vector + world_side_offset(world, kind, side);
		result.local[side] = (vector[world_vector_words(world, kind) - 1] & LOCAL_BIT(side)) != 0;
	}
	return result;
}

size_t world_count(const struct world *world, enum value_kind kind)
{
	return world->values[kind].count;
}

struct specimen world_specimen(const struct world *world, enum value_kind kind, size_t index)
{
	return specimen(world, &world->values[kind], kind, index);
}

size_t world_region_count(const struct world *world, enum value_kind kind)
{
	return world->regions[kind].count;
}

struct specimen world_region(const struct world *world, enum value_kind kind, size_t index)
{
	return specimen(world, &world->regions[kind], kind, index);
}

const struct territory *world_territory(const struct world *world)
{
	return world->territory;
}

struct specimen world_address_class(const struct world *world, uint32_t class)
{
	struct specimen result = {0};

	for (unsigned side = 0; side < world->side_count; side++)
		result.sets[side] = vocabulary_class(world_vocabulary(world, side), VALUE_NETWORK,
		                                     territory_side_class(world->territory, class, side));
	return result;
}

const uint64_t *world_classes_in(const struct world *world, unsigned side, uint32_t set)
{
	return world->classes_in[side] + set * class_words(world);
}
