#include "rules/naming.h"

#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/territory.h"
#include "policy/world.h"
#include "rules/load.h"
#include "rules/model.h"
#include "rules/parts.h"

/*
 * A cell is the addresses of one class and one family.  Tables are made of whole cells, and so
 * are the networks of most proofs.  A set of cells is a row of bits: the classes of IPv4, from
 * a word of their own on those of IPv6.
 */
#define FAMILIES ADDRESS_FAMILY_COUNT

/* Networks and stretches, times tables, up to which it is tried what is shorter to say: some milliseconds. */
#define TRIED 200000

/* A table of networks that is used, and its classes. */
struct candidate {
	const struct table *table;
	const uint64_t *classes;
};

struct naming {
	const struct territory *territory;
	size_t words;                  /* of the classes of a family */
	uint64_t *cells;               /* all that there are */
	uint32_t *stretches[FAMILIES]; /* how many each class has */
	struct candidate *candidates;  /* in the order of the file */
	size_t candidate_count;
};

static bool is_used(const struct table *table)
{
	return table->group == GROUP_NETWORKS && table->value.set != SET_NONE;
}

static bool find_candidates(struct naming *naming, const struct world *world, const struct model *model)
{
	naming->candidates = calloc(model->table_count + 1, sizeof *naming->candidates);
	if (naming->candidates == NULL)
		return false;
	for (size_t i = 0; i < model->table_count; i++) {
		const struct table *table = &model->tables[i];

		if (is_used(table))
			naming->candidates[naming->candidate_count++] =
			    (struct candidate){table, world_classes_in(world, 0, table->value.set)};
	}
	return true;
}

static bool find_cells(struct naming *naming)
{
	const struct territory *territory = naming->territory;
	size_t classes = territory_classes(territory);

	naming->words = bits_words(classes);
	naming->cells = calloc(naming->words * FAMILIES, sizeof *naming->cells);
	for (unsigned family = 0; family < FAMILIES; family++)
		naming->stretches[family] = calloc(classes, sizeof *naming->stretches[family]);
	if (naming->cells == NULL || naming->stretches[ADDRESS_IPV4] == NULL || naming->stretches[ADDRESS_IPV6] == NULL)
		return false;
	for (size_t i = 0; i < territory_count(territory); i++) {
		enum address_family family = territory_family(territory, i);
		uint32_t class = territory_stretches(territory)[i];

		bits_set(naming->cells + family * naming->words, class);
		naming->stretches[family][class]++;
	}
	return true;
}

struct naming *naming_new(const struct world *world, const struct rules *rules)
{
	struct naming *naming = calloc(1, sizeof *naming);

	if (naming == NULL)
		return NULL;
	naming->territory = world_territory(world);
	if (find_cells(naming) && find_candidates(naming, world, rules->model))
		return naming;
	naming_free(naming);
	return NULL;
}

void naming_free(struct naming *naming)
{
	if (naming == NULL)
		return;
	for (unsigned family = 0; family < FAMILIES; family++)
		free(naming->stretches[family]);
	free(naming->candidates);
	free(naming->cells);
	free(naming);
}

/* Sets of cells */

struct finding {
	const struct naming *naming;
	const struct networks *networks;
	struct names names;
	uint64_t *within;  /* cells of which the networks have something */
	uint64_t *without; /* cells of which they have not all; some are both */
	uint64_t *cut;     /* those */
	uint64_t *wanted;  /* that a table would be good for */
	uint64_t *named;   /* that need not be said any more */
	bool *chosen;      /* candidates that are named; not in the order in which they were chosen */
	bool *other;       /* the same, to compare with */
	bool *less;        /* candidates that are taken out */
	bool failed;       /* no memory */
};

static size_t row_words(const struct finding *finding)
{
	return finding->naming->words * FAMILIES;
}

/* So many cells of a table, from one that is the first in a word. */
static uint64_t cells_of(const struct naming *naming, const struct candidate *candidate, size_t word)
{
	return candidate->classes[word % naming->words] & naming->cells[word];
}

static bool has_any(const struct finding *finding, const struct candidate *candidate, const uint64_t *cells)
{
	for (size_t i = 0; i < row_words(finding); i++)
		if ((cells_of(finding->naming, candidate, i) & cells[i]) != 0)
			return true;
	return false;
}

static void name_cells(struct finding *finding, const struct candidate *candidate)
{
	for (size_t i = 0; i < row_words(finding); i++)
		finding->named[i] |= cells_of(finding->naming, candidate, i);
}

/* Whether any cell of a family is in one row, and in the other not. */
static bool any_but(const struct finding *finding, const uint64_t *cells, const uint64_t *others, unsigned family)
{
	size_t begin = family * finding->naming->words;

	for (size_t i = begin; i < begin + finding->naming->words; i++)
		if ((cells[i] & ~others[i]) != 0)
			return true;
	return false;
}

/* What the networks have of cells */

static struct parts parts_of(const struct finding *finding, unsigned family, bool between)
{
	return (between ? parts_between : parts_within)(finding->naming->territory, finding->networks,
	                                                (enum address_family)family);
}

/* Looks at what is less: the networks of the family, or what is between them.  counts: of each class, 0. */
static void look_at_family(struct finding *finding, unsigned family, uint32_t *counts)
{
	const struct naming *naming = finding->naming;
	bool between = finding->names.everybody[family];
	struct parts parts = parts_of(finding, family, between);
	size_t row = family * naming->words;
	uint64_t *touched = (between ? finding->without : finding->within) + row;
	uint64_t *left = (between ? finding->within : finding->without) + row;

	while (parts_next(&parts)) {
		uint32_t class = territory_stretches(naming->territory)[parts.stretch];

		bits_set(touched, class);
		counts[class] += parts.whole;
	}
	for (unsigned i = 0; i < territory_classes(naming->territory); i++)
		if (counts[i] < naming->stretches[family][i])
			bits_set(left, i);
	for (size_t i = row; i < row + naming->words; i++)
		finding->cut[i] = finding->within[i] & finding->without[i];
}

static void look_at_networks(struct finding *finding)
{
	size_t classes = territory_classes(finding->naming->territory);

	for (unsigned family = 0; family < FAMILIES && !finding->failed; family++) {
		uint32_t *counts = calloc(classes, sizeof *counts);

		finding->failed = counts == NULL;
		finding->names.everybody[family] = networks_are_most(finding->networks, (enum address_family)family);
		if (!finding->failed)
			look_at_family(finding, family, counts);
		free(counts);
	}
}

/* Leaving no address out */

/* Covers those of the parts that no table says. */
static void cover_unnamed(struct finding *finding, struct parts parts, struct networks *networks)
{
	const struct territory *territory = finding->naming->territory;
	const uint64_t *named = finding->named + parts.family * finding->naming->words;
	bool more = parts_next(&parts);

	while (more && !finding->failed) {
		address_number first = parts.first, last = parts.last;
		bool unnamed = !bits_test(named, territory_stretches(territory)[parts.stretch]);

		while ((more = parts_next(&parts)) && parts.first == last + 1 &&
		       bits_test(named, territory_stretches(territory)[parts.stretch]) == !unnamed)
			last = parts.last;
		if (unnamed) {
			struct address from = address_from_number(first, parts.family);
			struct address to = address_from_number(last, parts.family);

			finding->failed = !networks_cover(networks, &from, &to);
		}
	}
}

/* Choosing tables */

/* How many cells a table would say that are not said yet. */
static size_t worth_of(const struct finding *finding, const struct candidate *candidate)
{
	size_t worth = 0;

	for (size_t i = 0; i < row_words(finding); i++)
		worth += (size_t)__builtin_popcountll(cells_of(finding->naming, candidate, i) & finding->wanted[i] &
		                                      ~finding->named[i]);
	return worth;
}

/* The table that says most of what is wanted, of those that have nothing of some cells; NULL: none does. */
static const struct candidate *best_table(const struct finding *finding, const uint64_t *wrong)
{
	const struct candidate *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < finding->naming->candidate_count; i++) {
		const struct candidate *candidate = &finding->naming->candidates[i];
		size_t worth;

		/* Most tables are out at their first cell. */
		if (has_any(finding, candidate, wrong))
			continue;
		worth = worth_of(finding, candidate);
		if (worth <= most)
			continue;
		best = candidate;
		most = worth;
	}
	return best;
}

/* Adds tables without wrong cells to the chosen ones, as long as they say something that is wanted. */
static void choose(struct finding *finding, const uint64_t *wrong, bool *chosen)
{
	const struct candidate *candidate;

	while ((candidate = best_table(finding, wrong)) != NULL) {
		chosen[candidate - finding->naming->candidates] = true;
		name_cells(finding, candidate);
	}
}

/* Notes which cells need no network, if the chosen tables are named. */
static void begin_having(struct finding *finding)
{
	size_t words = finding->naming->words;

	for (size_t i = 0; i < row_words(finding); i++)
		finding->named[i] = finding->names.everybody[i / words] ? finding->naming->cells[i] : 0;
	for (size_t i = 0; i < finding->naming->candidate_count; i++)
		if (finding->chosen[i])
			name_cells(finding, &finding->naming->candidates[i]);
}

static void find_rest(struct finding *finding)
{
	struct networks *rest = &finding->names.networks;

	networks_destroy(rest);
	for (unsigned family = 0; family < FAMILIES; family++)
		if (any_but(finding, finding->within, finding->named, family))
			cover_unnamed(finding, parts_of(finding, family, false), rest);
}

/* Finds what is said too much by what is named: tables, and networks. */
static void find_less(struct finding *finding)
{
	struct networks *rest = &finding->names.less_networks;
	size_t words = finding->naming->words;

	memset(finding->less, 0, finding->naming->candidate_count * sizeof *finding->less);
	for (size_t i = 0; i < row_words(finding); i++) {
		finding->wanted[i] = finding->named[i] & ~finding->within[i];
		/* Of cells that are cut, everybody has too much. */
		finding->named[i] = finding->names.everybody[i / words] ? 0 : ~finding->wanted[i];
	}
	choose(finding, finding->within, finding->less);
	networks_destroy(rest);
	for (unsigned family = 0; family < FAMILIES; family++)
		if (any_but(finding, finding->without, finding->named, family))
			cover_unnamed(finding, parts_of(finding, family, true), rest);
}

/* Finds what else is to be said if the chosen tables are named; returns how much that is: networks count twice. */
static size_t say(struct finding *finding)
{
	size_t count;

	begin_having(finding);
	find_rest(finding);
	find_less(finding);
	count = 2 * (finding->names.networks.count + finding->names.less_networks.count);
	for (size_t i = 0; i < finding->naming->candidate_count; i++)
		count += (size_t)finding->chosen[i] + (size_t)finding->less[i];
	return count;
}

/* Names a table more, or one less, where less is to be said then.  Returns how much that is. */
static size_t improve(struct finding *finding)
{
	size_t said = say(finding);

	for (size_t i = 0; i < finding->naming->candidate_count && !finding->failed; i++) {
		size_t other;

		if (!finding->chosen[i] && has_any(finding, &finding->naming->candidates[i], finding->cut))
			continue;
		finding->chosen[i] = !finding->chosen[i];
		other = say(finding);
		if (other < said)
			said = other;
		else
			finding->chosen[i] = !finding->chosen[i];
	}
	return said;
}

/* Begins once with all tables that can be named, and once with none. */
static void improve_twice(struct finding *finding)
{
	bool *first = finding->chosen;
	size_t said = improve(finding);

	finding->chosen = finding->other;
	if (improve(finding) < said) {
		finding->other = first;
		return;
	}
	finding->other = finding->chosen;
	finding->chosen = first;
}

/* Chooses the tables that are named. */
static void choose_tables(struct finding *finding)
{
	const struct naming *naming = finding->naming;
	size_t size = finding->networks->count + territory_count(naming->territory);

	for (size_t i = 0; i < row_words(finding); i++)
		finding->wanted[i] = naming->cells[i] & ~finding->without[i];
	begin_having(finding);
	choose(finding, finding->without, finding->chosen);
	if (size * naming->candidate_count <= TRIED)
		improve_twice(finding);
	say(finding);
}

static const struct table **list_tables(struct finding *finding, const bool *chosen, size_t *ret_count)
{
	const struct table **list = calloc(finding->naming->candidate_count + 1, sizeof(const struct table *));

	*ret_count = 0;
	if (list == NULL)
		finding->failed = true;
	for (size_t i = 0; i < finding->naming->candidate_count && list != NULL; i++)
		if (chosen[i])
			list[(*ret_count)++] = finding->naming->candidates[i].table;
	return list;
}

static bool make_room(struct finding *finding)
{
	uint64_t **rows[] = {&finding->within, &finding->without, &finding->cut, &finding->wanted, &finding->named};
	size_t tables = finding->naming->candidate_count + 1;
	bool done = true;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		*rows[i] = calloc(row_words(finding), sizeof **rows[i]);
		done &= *rows[i] != NULL;
	}
	finding->chosen = calloc(tables, sizeof *finding->chosen);
	finding->other = calloc(tables, sizeof *finding->other);
	finding->less = calloc(tables, sizeof *finding->less);
	return done && finding->chosen != NULL && finding->other != NULL && finding->less != NULL;
}

bool naming_find(const struct naming *naming, const struct networks *networks, struct names *ret_names)
{
	struct finding finding = {.naming = naming, .networks = networks};
	struct names *names = &finding.names;

	finding.failed = !make_room(&finding);
	if (!finding.failed)
		look_at_networks(&finding);
	if (!finding.failed) {
		choose_tables(&finding);
		names->tables = list_tables(&finding, finding.chosen, &names->table_count);
		names->less_tables = list_tables(&finding, finding.less, &names->less_table_count);
	}
	free(finding.within);
	free(finding.without);
	free(finding.cut);
	free(finding.wanted);
	free(finding.named);
	free(finding.chosen);
	free(finding.other);
	free(finding.less);
	if (finding.failed)
		names_destroy(names);
	else
		*ret_names = *names;
	return !finding.failed;
}

void names_destroy(struct names *names)
{
	free(names->tables);
	free(names->less_tables);
	networks_destroy(&names->networks);
	networks_destroy(&names->less_networks);
	*names = (struct names){0};
}
