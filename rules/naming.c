#include "rules/naming.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/room.h"
#include "policy/territory.h"
#include "policy/world.h"
#include "rules/load.h"
#include "rules/model.h"

/*
 * Addresses of one class and one family.  Tables are made of whole cells, and so are the
 * networks of most proofs.
 */
struct cell_size {
	bool any;
	address_number size; /* addresses; 0 where it has all of IPv6 */
};

/* Networks and stretches, times tables, up to which it is tried what is shorter to say: some milliseconds. */
#define TRIED 200000

/* A table of networks that is used, and what it has. */
struct candidate {
	const struct table *table;
	size_t *cells;
	size_t count;
};

struct naming {
	const struct world *world;
	address_number *firsts; /* of each stretch of the world's territory, IPv4 first */
	size_t stretch_count;
	size_t ipv4_count;
	struct cell_size *cells; /* of each class, IPv4 and IPv6 */
	size_t cell_count;
	struct candidate *candidates; /* in the order of the file */
	size_t candidate_count;
};

static size_t cell_of(uint32_t class, enum address_family family)
{
	return (size_t) class * ADDRESS_FAMILY_COUNT + (size_t)family;
}

static enum address_family cell_family(size_t cell)
{
	return (enum address_family)(cell % ADDRESS_FAMILY_COUNT);
}

static bool is_used(const struct table *table)
{
	return table->group == GROUP_NETWORKS && table->value.set != SET_NONE;
}

static bool find_cells(const struct naming *naming, const struct table *table, struct candidate *candidate)
{
	candidate->table = table;
	for (size_t i = 0; i < naming->cell_count; i++) {
		struct specimen class = world_address_class(naming->world, (uint32_t)(i / ADDRESS_FAMILY_COUNT));
		size_t *cells;

		if (!naming->cells[i].any || !bits_test(class.sets[0], table->value.set))
			continue;
		cells = room_for_one(candidate->cells, candidate->count, sizeof *cells);
		if (cells == NULL)
			return false;
		candidate->cells = cells;
		cells[candidate->count++] = i;
	}
	return true;
}

static bool find_candidates(struct naming *naming, const struct model *model)
{
	naming->candidates = calloc(model->table_count + 1, sizeof *naming->candidates);
	if (naming->candidates == NULL)
		return false;
	for (size_t i = 0; i < model->table_count; i++)
		if (is_used(&model->tables[i]) &&
		    !find_cells(naming, &model->tables[i], &naming->candidates[naming->candidate_count++]))
			return false;
	return true;
}

/* The last address of a stretch. */
static address_number last_of(const struct naming *naming, size_t stretch)
{
	size_t next = stretch + 1;

	if (next == naming->ipv4_count)
		return address_last_number(ADDRESS_IPV4);
	return next == naming->stretch_count ? address_last_number(ADDRESS_IPV6) : naming->firsts[next] - 1;
}

static bool find_firsts(struct naming *naming)
{
	const struct territory *territory = world_territory(naming->world);

	naming->stretch_count = territory_count(territory);
	naming->firsts = calloc(naming->stretch_count + 1, sizeof *naming->firsts);
	if (naming->firsts == NULL)
		return false;
	for (size_t i = 0; i < naming->stretch_count; i++) {
		naming->firsts[i] = territory_first(territory, i);
		naming->ipv4_count += territory_family(territory, i) == ADDRESS_IPV4;
	}
	return true;
}

static bool measure_cells(struct naming *naming)
{
	const struct territory *territory = world_territory(naming->world);
	const uint32_t *stretches = territory_stretches(territory);

	naming->cell_count = territory_classes(territory) * ADDRESS_FAMILY_COUNT;
	naming->cells = calloc(naming->cell_count + 1, sizeof *naming->cells);
	if (naming->cells == NULL)
		return false;
	for (size_t i = 0; i < naming->stretch_count; i++) {
		struct cell_size *cell = &naming->cells[cell_of(stretches[i], territory_family(territory, i))];

		cell->any = true;
		cell->size += last_of(naming, i) - naming->firsts[i] + 1;
	}
	return true;
}

struct naming *naming_new(const struct world *world, const struct rules *rules)
{
	struct naming *naming = calloc(1, sizeof *naming);

	if (naming == NULL)
		return NULL;
	naming->world = world;
	if (find_firsts(naming) && measure_cells(naming) && find_candidates(naming, rules->model))
		return naming;
	naming_free(naming);
	return NULL;
}

void naming_free(struct naming *naming)
{
	if (naming == NULL)
		return;
	for (size_t i = 0; i < naming->candidate_count; i++)
		free(naming->candidates[i].cells);
	free(naming->candidates);
	free(naming->cells);
	free(naming->firsts);
	free(naming);
}

/* Walking */

/* Addresses from one to another, of one family. */
struct range {
	enum address_family family;
	address_number first;
	address_number last;
};

struct finding {
	const struct naming *naming;
	const struct networks *networks;
	struct names names;
	struct cell_size *within; /* of each cell, what the networks have of it */
	bool *wanted;             /* cells that a table would be good for */
	bool *named;              /* cells that need not be said any more */
	bool *chosen;             /* candidates that are named; not in the order in which they were chosen */
	bool *other;              /* the same, to compare with */
	bool *less;               /* candidates that are taken out */
	struct networks *rest;    /* where addresses of no table go */
	struct range run;         /* those that are not added yet */
	bool running;
	bool failed; /* no memory */
};

/* The stretch that has the address; near is one at or before it. */
static size_t stretch_at(const struct naming *naming, size_t near, enum address_family family, address_number number)
{
	size_t begin = family == ADDRESS_IPV4 ? 0 : naming->ipv4_count;
	size_t low = near > begin ? near : begin, step = 1;
	size_t high = family == ADDRESS_IPV4 ? naming->ipv4_count : naming->stretch_count;

	/* Networks come in order: the next one is seldom far. */
	while (high - low > step && naming->firsts[low + step] <= number) {
		low += step;
		step *= 2;
	}
	if (high - low > step)
		high = low + step;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (naming->firsts[middle] <= number)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Calls each for the part of every stretch that is in the range; at is a stretch at or before it, and moves on. */
static void walk_range(struct finding *finding, const struct range *range, size_t *at,
                       void (*each)(struct finding *finding, size_t cell, const struct range *part))
{
	const struct naming *naming = finding->naming;
	const uint32_t *stretches = territory_stretches(world_territory(naming->world));
	address_number first = range->first;

	for (*at = stretch_at(naming, *at, range->family, first); !finding->failed; (*at)++) {
		address_number last = last_of(naming, *at);
		struct range part = {range->family, first, last < range->last ? last : range->last};

		each(finding, cell_of(stretches[*at], range->family), &part);
		if (last >= range->last)
			return;
		first = last + 1;
	}
}

static struct range range_of(const struct network *network)
{
	struct address last = network_last(network);

	return (struct range){network->base.family, address_to_number(&network->base), address_to_number(&last)};
}

static void walk_networks(struct finding *finding, const struct networks *networks,
                          void (*each)(struct finding *finding, size_t cell, const struct range *part))
{
	size_t at = 0;

	for (size_t i = 0; i < networks->count && !finding->failed; i++) {
		struct range range = range_of(&networks->list[i]);

		walk_range(finding, &range, &at, each);
	}
}

/* What the family has between the networks. */
static void walk_gaps(struct finding *finding, const struct networks *networks, enum address_family family,
                      void (*each)(struct finding *finding, size_t cell, const struct range *part))
{
	struct range gap = {family, 0, 0};
	bool open = true;
	size_t at = 0;

	for (size_t i = 0; i < networks->count && !finding->failed; i++) {
		struct range range = range_of(&networks->list[i]);

		if (range.family != family)
			continue;
		if (range.first > gap.first) {
			gap.last = range.first - 1;
			walk_range(finding, &gap, &at, each);
		}
		open = range.last < address_last_number(family);
		gap.first = range.last + 1;
	}
	gap.last = address_last_number(family);
	if (open && !finding->failed)
		walk_range(finding, &gap, &at, each);
}

static void count_part(struct finding *finding, size_t cell, const struct range *part)
{
	finding->within[cell].any = true;
	finding->within[cell].size += part->last - part->first + 1;
}

/* Leaving no address out */

static void end_run(struct finding *finding)
{
	struct address first = address_from_number(finding->run.first, finding->run.family);
	struct address last = address_from_number(finding->run.last, finding->run.family);

	if (finding->running && !networks_cover(finding->rest, &first, &last))
		finding->failed = true;
	finding->running = false;
}

/* Adds a part to the rest, unless a table says it. */
static void add_part(struct finding *finding, size_t cell, const struct range *part)
{
	if (finding->named[cell])
		return;
	if (finding->running && finding->run.family == part->family && finding->run.last + 1 == part->first) {
		finding->run.last = part->last;
		return;
	}
	end_run(finding);
	finding->run = *part;
	finding->running = true;
}

/* Choosing tables */

static bool all_within(const struct finding *finding, size_t cell)
{
	return finding->within[cell].any && finding->within[cell].size == finding->naming->cells[cell].size;
}

static bool none_within(const struct finding *finding, size_t cell)
{
	return !finding->within[cell].any;
}

static bool all_or_none_within(const struct finding *finding, size_t cell)
{
	return all_within(finding, cell) || none_within(finding, cell);
}

/* Whether everything in the table is as said. */
static bool all_are(const struct finding *finding, const struct candidate *candidate,
                    bool (*as_said)(const struct finding *finding, size_t cell))
{
	for (size_t i = 0; i < candidate->count; i++)
		if (!as_said(finding, candidate->cells[i]))
			return false;
	return true;
}

/* How many cells a table would say that are not said yet. */
static size_t worth_of(const struct finding *finding, const struct candidate *candidate)
{
	size_t worth = 0;

	for (size_t i = 0; i < candidate->count; i++)
		worth += finding->wanted[candidate->cells[i]] && !finding->named[candidate->cells[i]];
	return worth;
}

/* The table that says most of what is wanted, of those that are as said; NULL: none does. */
static const struct candidate *best_table(const struct finding *finding,
                                          bool (*as_said)(const struct finding *finding, size_t cell))
{
	const struct candidate *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < finding->naming->candidate_count; i++) {
		const struct candidate *candidate = &finding->naming->candidates[i];
		size_t worth;

		/* Most tables are out at their first cell. */
		if (!all_are(finding, candidate, as_said))
			continue;
		worth = worth_of(finding, candidate);
		if (worth <= most)
			continue;
		best = candidate;
		most = worth;
	}
	return best;
}

static void mark(const struct candidate *candidate, bool *cells)
{
	for (size_t i = 0; i < candidate->count; i++)
		cells[candidate->cells[i]] = true;
}

/* Adds tables that are as said to the chosen ones, as long as they say something that is wanted. */
static void choose(struct finding *finding, bool (*as_said)(const struct finding *finding, size_t cell), bool *chosen)
{
	const struct candidate *candidate;

	while ((candidate = best_table(finding, as_said)) != NULL) {
		chosen[candidate - finding->naming->candidates] = true;
		mark(candidate, finding->named);
	}
}

/* Notes which cells need no network, if the chosen tables are named. */
static void begin_having(struct finding *finding)
{
	for (size_t i = 0; i < finding->naming->cell_count; i++)
		finding->named[i] = finding->names.everybody[cell_family(i)];
	for (size_t i = 0; i < finding->naming->candidate_count; i++)
		if (finding->chosen[i])
			mark(&finding->naming->candidates[i], finding->named);
}

static void find_rest(struct finding *finding)
{
	networks_destroy(&finding->names.networks);
	finding->rest = &finding->names.networks;
	walk_networks(finding, finding->networks, add_part);
	end_run(finding);
}

/* Finds what is said too much by what is named: tables, and networks. */
static void find_less(struct finding *finding)
{
	const struct names *names = &finding->names;
	bool open[ADDRESS_FAMILY_COUNT] = {names->everybody[ADDRESS_IPV4], names->everybody[ADDRESS_IPV6]};

	memset(finding->less, 0, finding->naming->candidate_count * sizeof *finding->less);
	for (size_t i = 0; i < finding->naming->cell_count; i++) {
		finding->wanted[i] = finding->named[i] && finding->naming->cells[i].any && none_within(finding, i);
		/* Of cells in part within, everybody has too much. */
		finding->named[i] = !finding->wanted[i] && !names->everybody[cell_family(i)];
	}
	choose(finding, none_within, finding->less);
	for (size_t i = 0; i < finding->naming->cell_count; i++)
		open[cell_family(i)] |= finding->wanted[i] && !finding->named[i];
	networks_destroy(&finding->names.less_networks);
	finding->rest = &finding->names.less_networks;
	for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT; family++)
		if (open[family])
			walk_gaps(finding, finding->networks, (enum address_family)family, add_part);
	end_run(finding);
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

		if (!finding->chosen[i] && !all_are(finding, &finding->naming->candidates[i], all_or_none_within))
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
	size_t size = finding->networks->count + territory_count(world_territory(naming->world));

	for (size_t i = 0; i < naming->cell_count; i++)
		finding->wanted[i] = all_within(finding, i);
	begin_having(finding);
	choose(finding, all_within, finding->chosen);
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
	size_t cells = finding->naming->cell_count + 1, tables = finding->naming->candidate_count + 1;

	finding->within = calloc(cells, sizeof *finding->within);
	finding->wanted = calloc(cells, sizeof *finding->wanted);
	finding->named = calloc(cells, sizeof *finding->named);
	finding->chosen = calloc(tables, sizeof *finding->chosen);
	finding->other = calloc(tables, sizeof *finding->other);
	finding->less = calloc(tables, sizeof *finding->less);
	return finding->within != NULL && finding->wanted != NULL && finding->named != NULL &&
	       finding->chosen != NULL && finding->other != NULL && finding->less != NULL;
}

bool naming_find(const struct naming *naming, const struct networks *networks, struct names *ret_names)
{
	struct finding finding = {.naming = naming, .networks = networks};
	struct names *names = &finding.names;

	finding.failed = !make_room(&finding);
	if (!finding.failed) {
		for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT; family++)
			names->everybody[family] = networks_are_most(networks, (enum address_family)family);
		walk_networks(&finding, networks, count_part);
		choose_tables(&finding);
		names->tables = list_tables(&finding, finding.chosen, &names->table_count);
		names->less_tables = list_tables(&finding, finding.less, &names->less_table_count);
	}
	free(finding.within);
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
