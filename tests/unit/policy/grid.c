/*
 * A grid against what its listeners ask, read a second time: two values are in one cell if, and only if, all questions
 * about them have the same answers.
 */
#include "policy/grid.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/ruleset.h"
#include "policy/survey.h"
#include "policy/vocabulary.h"
#include "rules/load.h"
#include "tests/unit/policy/random_rules.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(grid, .init = rule_files_start, .fini = rule_files_end);

#define MOST_QUESTIONS 64
#define MOST_CELLS 4096

struct question {
	unsigned side;
	uint32_t set;
};

static struct question questions[MOST_QUESTIONS];
static size_t question_count;

static void ask(unsigned side, uint32_t set)
{
	if (set == SET_EMPTY)
		return;
	cr_assert_lt(question_count, MOST_QUESTIONS);
	questions[question_count++] = (struct question){side, set};
}

static void ask_conditions(unsigned side, const struct conditions *conditions, enum fact fact)
{
	for (size_t i = 0; i < conditions->count; i++)
		if (condition_row(conditions->list[i].kind)->fact == fact &&
		    condition_row(conditions->list[i].kind)->kind < VALUE_SET_KINDS)
			ask(side, conditions->list[i].value.set);
}

static void ask_given(unsigned side, const struct optional_set *set)
{
	if (set->given)
		ask(side, set->set);
}

/* All that the listener of a side asks of clients' addresses, or of senders. */
static void ask_listener(unsigned side, const struct listener *listener, enum fact fact)
{
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
		for (size_t i = 0; i < listener->stages[stage].count; i++) {
			ask_conditions(side, &listener->stages[stage].list[i].conditions, fact);
			ask_conditions(side, &listener->stages[stage].list[i].unless, fact);
		}
	if (fact == FACT_CLIENT && listener->connection != NULL)
		ask_given(side, &listener->connection->clients);
	if (fact == FACT_CLIENT && listener->relay != NULL)
		ask_given(side, &listener->relay->clients);
}

static uint64_t answers(const uint64_t *const sets[WORLD_SIDES])
{
	uint64_t result = 0;

	for (size_t i = 0; i < question_count; i++)
		result |= (uint64_t)bits_test(sets[questions[i].side], questions[i].set) << i;
	return result;
}

/* No two cells of the axis have the same answers. */
static void check_cells_differ(const struct grid *grid, enum fact fact)
{
	size_t count = grid_cell_count(grid, fact);

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			cr_assert_neq(answers(grid_cell(grid, fact, i)->sets), answers(grid_cell(grid, fact, k)->sets),
			              "cells %zu and %zu", k, i);
}

/* An address, and some number of its stretch, look up what their cell says. */
static void check_address(const struct grid *grid, size_t stretch, address_number number, size_t cell)
{
	const struct world *world = grid_world(grid);
	struct address address = address_from_number(number, territory_family(world_territory(world), stretch));
	const uint64_t *sets[WORLD_SIDES] = {0};

	for (unsigned side = 0; side < world_side_count(world); side++)
		sets[side] = vocabulary_network(world_side(world, side)->vocabulary, &address);
	cr_assert_eq(answers(sets), answers(grid_cell(grid, FACT_CLIENT, cell)->sets), "stretch %zu", stretch);
}

/* Returns how many cells there are. */
static size_t check_clients(const struct grid *grid)
{
	const struct territory *territory = world_territory(grid_world(grid));
	size_t found = 0;

	question_count = 0;
	for (unsigned side = 0; side < world_side_count(grid_world(grid)); side++)
		ask_listener(side, grid_subject(grid)->listeners[side], FACT_CLIENT);
	for (size_t i = 0; i < territory_count(territory); i++) {
		size_t cell = grid_client_cells(grid)[territory_stretches(territory)[i]];

		/* numbered in the order of addresses */
		cr_assert_leq(cell, found);
		found += cell == found;
		check_address(grid, i, territory_first(territory, i), cell);
		check_address(grid, i, territory_last(territory, i), cell);
	}
	cr_assert_eq(grid_cell_count(grid, FACT_CLIENT), found);
	check_cells_differ(grid, FACT_CLIENT);
	return found;
}

/* Tables of networks that meet, and a listener that asks for most of them. */
static const char *random_tables(unsigned tables)
{
	static char text[20000];
	FILE *stream = fmemopen(text, sizeof text, "w");

	fputs("networks = {\n", stream);
	for (unsigned i = 0; i < tables; i++) {
		fprintf(stream, "  t%u = [", i);
		for (unsigned k = 0; k < 6; k++) {
			unsigned length = 2 + (unsigned)random() % 6, top = (unsigned)random() % 256;

			fprintf(stream, random() % 2 == 0 ? "%s\"%u.0.0.0/%u\"" : "%s\"%x00::/%u\"", k == 0 ? "" : ", ",
			        top & (0xffu << (8 - length) & 0xff), length);
		}
		fputs("];\n", stream);
	}
	fputs("};\nlisteners = ( { name = \"l\"; direction = \"inbound\";\n"
	      "  connection = { mode = \"all-except\"; clients = [ \"@t0\", \"!@t1\" ]; };\n  mail = (\n",
	      stream);
	for (unsigned i = 2; i < tables; i++)
		fprintf(stream,
		        "%s{ verdict = \"tempfail\"; sender = \"a%u.example\"; client = \"@t%u\"; "
		        "unless = { client = \"@t%u\"; }; }\n",
		        i == 2 ? "" : ", ", i, i, (unsigned)random() % tables);
	fputs("  );\n  relay = { mode = \"only\"; clients = [ \"@t1\" ]; }; } );\n", stream);
	fclose(stream);
	return text;
}

Test(grid, clients_are_in_one_cell_if_they_have_the_same_answers)
{
	size_t most = 0;

	srandom(2);
	for (unsigned round = 0; round < 60; round++) {
		unsigned sides = 1 + round % 2;
		struct rules *rules[WORLD_SIDES] = {0};
		const struct ruleset *rulesets[WORLD_SIDES] = {0};
		struct grid_subject subject = {0};
		struct world *world;
		struct grid *grid;
		size_t cells;

		for (unsigned side = 0; side < sides; side++) {
			rules[side] = told_rules(random_tables(3 + (unsigned)random() % 12));
			rulesets[side] = rules[side]->ruleset;
			subject.listeners[side] = &rulesets[side]->listeners[0];
		}
		world = world_new(rulesets, sides);
		cr_assert_not_null(world);
		grid = grid_new(world, &subject);
		cr_assert_not_null(grid);
		cells = check_clients(grid);
		most = cells > most ? cells : most;
		grid_free(grid);
		world_free(world);
		for (unsigned side = 0; side < sides; side++)
			rules_free(rules[side]);
	}
	cr_expect_gt(most, 50, "%zu", most);
	cr_expect_lt(most, MOST_CELLS);
}

/* A world of one rule set, and a grid of its first listener. */
struct fixture {
	struct rules *rules;
	struct world *world;
	struct grid *grid;
};

static struct fixture open_fixture(const char *text, bool local)
{
	struct fixture fixture = {.rules = told_rules(text)};

	fixture.world = world_new((const struct ruleset *const[]){fixture.rules->ruleset}, 1);
	cr_assert_not_null(fixture.world);
	fixture.grid =
	    grid_new(fixture.world, &(struct grid_subject){{&fixture.rules->ruleset->listeners[0]}, .local = local});
	cr_assert_not_null(fixture.grid);
	return fixture;
}

static void close_fixture(struct fixture *fixture)
{
	grid_free(fixture->grid);
	world_free(fixture->world);
	rules_free(fixture->rules);
}

Test(grid, mail_of_the_machine_itself_comes_from_one_cell)
{
	struct fixture fixture =
	    open_fixture("listeners = ( { name = \"l\"; direction = \"inbound\"; match = { local = true; };\n"
	                 "  connection = { mode = \"all-except\"; clients = [ \"10.0.0.0/8\", \"::/1\" ]; };\n"
	                 "  relay = { mode = \"only\"; clients = [ \"127.0.0.0/8\" ]; }; } );",
	                 true);
	struct address here = address_loopback(ADDRESS_IPV4);
	unsigned relay = fixture.rules->ruleset->listeners[0].relay->clients.set;

	cr_assert_eq(grid_cell_count(fixture.grid, FACT_CLIENT), 1);
	cr_expect(bits_test(grid_cell(fixture.grid, FACT_CLIENT, 0)->sets[0], relay));
	cr_expect_eq(grid_client_cells(fixture.grid)[territory_class_of(world_territory(fixture.world), &here)], 0);
	close_fixture(&fixture);
}

Test(grid, where_nothing_is_asked_all_values_are_one_cell)
{
	struct fixture fixture = open_fixture("listeners = ( { name = \"l\"; direction = \"inbound\"; },\n"
	                                      "  { name = \"m\"; direction = \"inbound\"; match = { port = 25; };\n"
	                                      "    relay = { mode = \"only\"; clients = [ \"10.0.0.0/8\" ]; };\n"
	                                      "    mail = ( { verdict = \"reject\"; sender = \"a.example\"; tls = 5;\n"
	                                      "      helo = \"h.example\"; size_over = 9; } ); } );",
	                                      false);

	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		cr_expect_not(grid_asks(fixture.grid, (enum fact)fact), "%s", fact_row((enum fact)fact)->name);
		if (fact != FACT_USER && fact != FACT_RECIPIENT)
			cr_expect_leq(grid_cell_count(fixture.grid, (enum fact)fact), 1, "%s",
			              fact_row((enum fact)fact)->name);
	}
	cr_expect_not(grid_incomplete(fixture.grid));
	close_fixture(&fixture);
}

Test(grid, numbers_are_cut_where_an_answer_changes)
{
	static const struct {
		enum fact fact;
		size_t count;
		struct amount amounts[4];
	} rows[] = {
	    {FACT_TLS, 3, {{0, 0}, {1, 127}, {128, UINT64_MAX}}},
	    {FACT_SIZE, 3, {{0, 1000}, {1001, 2000}, {2001, UINT64_MAX}}},
	    {FACT_RECIPIENTS, 2, {{1, 5}, {6, UINT64_MAX}}},
	};
	struct fixture fixture =
	    open_fixture("listeners = ( { name = \"l\"; direction = \"inbound\"; auth = { tls = 128; };\n"
	                 "  mail = ( { verdict = \"reject\"; size_over = 2000; tls = false; },\n"
	                 "           { verdict = \"tempfail\"; size_over = 1000; } );\n"
	                 "  data = ( { verdict = \"reject\"; recipients_over = 5; } ); } );",
	                 false);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *name = fact_row(rows[i].fact)->name;

		cr_assert_eq(grid_cell_count(fixture.grid, rows[i].fact), rows[i].count, "%s", name);
		for (size_t k = 0; k < rows[i].count; k++) {
			const struct amount *amount = &grid_cell(fixture.grid, rows[i].fact, k)->amount;

			cr_expect_eq(amount->least, rows[i].amounts[k].least, "%s %zu", name, k);
			cr_expect_eq(amount->most, rows[i].amounts[k].most, "%s %zu", name, k);
		}
	}
	close_fixture(&fixture);
}

Test(grid, values_of_texts_that_differ_for_the_listener_have_cells_that_do)
{
	srandom(6);
	for (unsigned round = 0; round < 80; round++) {
		struct fixture fixture =
		    open_fixture(random_rules(&(struct random_rules){.listeners = 2, .conditions = 3}), false);

		question_count = 0;
		ask_listener(0, &fixture.rules->ruleset->listeners[0], FACT_SENDER);
		check_cells_differ(fixture.grid, FACT_SENDER);
		/* The null sender is the first; every value of the world has its cell. */
		cr_assert_eq(answers((const uint64_t *const[WORLD_SIDES]){
		                 vocabulary_null_sender(fixture.rules->ruleset->vocabulary)}),
		             answers(grid_cell(fixture.grid, FACT_SENDER, CELL_NONE)->sets));
		for (size_t i = 0; i < world_count(fixture.world, VALUE_MAILBOX); i++) {
			struct specimen specimen = world_specimen(fixture.world, VALUE_MAILBOX, i);
			bool found = false;

			for (size_t k = 0; k < grid_cell_count(fixture.grid, FACT_SENDER) && !found; k++)
				found =
				    answers(grid_cell(fixture.grid, FACT_SENDER, k)->sets) == answers(specimen.sets);
			cr_assert(found, "%s", specimen.text);
		}
		close_fixture(&fixture);
	}
}

/* The same list, written twice, is one question; another is another. */
Test(grid, questions_that_all_cells_answer_alike_are_one)
{
	struct fixture fixture =
	    open_fixture("addresses = { a = [ \"x.example\", \"y.example\" ]; b = [ \"y.example\", \"x.example\" ];\n"
	                 "  c = [ \"x.example\" ]; };\n"
	                 "listeners = ( { name = \"l\"; direction = \"inbound\";\n"
	                 "  mail = ( { verdict = \"reject\"; sender = \"@a\"; client = \"10.0.0.0/8\"; },\n"
	                 "           { verdict = \"reject\"; sender = \"@b\"; client = \"11.0.0.0/8\"; },\n"
	                 "           { verdict = \"reject\"; sender = \"@c\"; client = \"12.0.0.0/8\"; } ); } );",
	                 false);
	const struct rule *rules = fixture.rules->ruleset->listeners[0].stages[STAGE_MAIL].list;
	uint32_t first[3];

	for (size_t i = 0; i < 3; i++) {
		struct open_question question = {.fact = FACT_SENDER};
		unsigned side = 0;

		for (size_t k = 0; k < rules[i].conditions.count; k++)
			if (rules[i].conditions.list[k].kind == CONDITION_SENDER)
				question.set = rules[i].conditions.list[k].value.set;
		grid_first_question(fixture.grid, &side, &question);
		first[i] = question.set;
	}
	cr_expect_eq(first[0], first[1]);
	cr_expect_neq(first[0], first[2]);
	close_fixture(&fixture);
}
