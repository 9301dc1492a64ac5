/* What must hold, said shortly: clauses before and after, by the cells of a listener's grid. */
#include "policy/clause.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "policy/ruleset.h"
#include "rules/load.h"
#include "tests/unit/policy/random_rules.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(clause, .init = rule_files_start, .fini = rule_files_end);

/* Two sizes are asked for, and so there are three cells: up to 1000 bytes, up to 2000, and above. */
static const char sized[] = "listeners = ( { name = \"l\"; direction = \"inbound\"; mail = ( { verdict = \"reject\"; "
                            "size_over = 1000; tls = 1; "
                            "},\n { verdict = \"reject\"; size_over = 2000; tls = 128; } ); } );\n";

/* clang-format off */
#define SIZE(bytes, answer) {0, {FACT_SIZE, 0, bytes}, answer}
#define TLS(bits, answer) {0, {FACT_TLS, 0, bits}, answer}
/* clang-format on */

#define MOST 3

static const struct row {
	const char *what;
	struct answer before[MOST][MOST];
	size_t before_counts[MOST];
	struct answer after[MOST][MOST];
	size_t after_counts[MOST];
	size_t before_count, after_count;
} rows[] = {
    {.what = "none", .before_count = 0, .after_count = 0},
    {.what = "an empty one", .before_count = 1, .after_count = 1},
    {.what = "one answer",
     .before = {{SIZE(1001, true)}},
     .before_counts = {1},
     .before_count = 1,
     .after = {{SIZE(1001, true)}},
     .after_counts = {1},
     .after_count = 1},
    {.what = "over 2000 is over 1000",
     .before = {{SIZE(1001, true), SIZE(2001, true)}},
     .before_counts = {2},
     .before_count = 1,
     .after = {{SIZE(2001, true)}},
     .after_counts = {1},
     .after_count = 1},
    {.what = "not over 1000 is not over 2000",
     .before = {{SIZE(2001, false), SIZE(1001, false)}},
     .before_counts = {2},
     .before_count = 1,
     .after = {{SIZE(1001, false)}},
     .after_counts = {1},
     .after_count = 1},
    {.what = "between, both are needed",
     .before = {{SIZE(2001, false), SIZE(1001, true)}},
     .before_counts = {2},
     .before_count = 1,
     .after = {{SIZE(1001, true), SIZE(2001, false)}},
     .after_counts = {2},
     .after_count = 1},
    {.what = "other facts stay",
     .before = {{TLS(1, true), SIZE(1001, true), SIZE(2001, true)}},
     .before_counts = {3},
     .before_count = 1,
     .after = {{TLS(1, true), SIZE(2001, true)}},
     .after_counts = {2},
     .after_count = 1},
    {.what = "the same twice",
     .before = {{TLS(1, true)}, {TLS(1, true)}},
     .before_counts = {1, 1},
     .before_count = 2,
     .after = {{TLS(1, true)}},
     .after_counts = {1},
     .after_count = 1},
    {.what = "what another makes needless",
     .before = {{TLS(1, true), SIZE(1001, true)}, {TLS(1, true)}},
     .before_counts = {2, 1},
     .before_count = 2,
     .after = {{TLS(1, true)}},
     .after_counts = {1},
     .after_count = 1},
    {.what = "yes or no is always",
     .before = {{TLS(1, true)}, {TLS(1, false)}},
     .before_counts = {1, 1},
     .before_count = 2,
     .after_counts = {0},
     .after_count = 1},
    {.what = "A, or not A and B, is A, or B",
     .before = {{TLS(1, true)}, {TLS(1, false), SIZE(1001, true)}},
     .before_counts = {1, 2},
     .before_count = 2,
     .after = {{TLS(1, true)}, {SIZE(1001, true)}},
     .after_counts = {1, 1},
     .after_count = 2},
    {.what = "both answers of one of two",
     .before = {{TLS(1, true), SIZE(1001, true)}, {TLS(1, true), SIZE(1001, false)}},
     .before_counts = {2, 2},
     .before_count = 2,
     .after = {{TLS(1, true)}},
     .after_counts = {1},
     .after_count = 1},
};

static void fill(struct clauses *clauses, const struct answer answers[MOST][MOST], const size_t *counts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		cr_assert(clauses_add(clauses, answers[i], counts[i]));
}

Test(clause, simplified_by_hand)
{
	struct rules *rules = told_rules(sized);
	struct world *world = world_new((const struct ruleset *const[]){rules->ruleset}, 1);
	struct grid *grid = grid_new(world, &(struct grid_subject){.listeners = {&rules->ruleset->listeners[0]}});

	cr_assert_not_null(grid);
	cr_assert_eq(grid_cell_count(grid, FACT_SIZE), 3);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct clauses before = {0}, after = {0}, again = {0};

		fill(&before, rows[i].before, rows[i].before_counts, rows[i].before_count);
		fill(&after, rows[i].after, rows[i].after_counts, rows[i].after_count);
		fill(&again, rows[i].before, rows[i].before_counts, rows[i].before_count);
		clauses_simplify(&before, grid);
		cr_expect(clauses_equal(&before, &after), "%s: %zu clauses", rows[i].what, before.count);
		clauses_simplify(&again, grid);
		cr_expect(clauses_equal(&before, &again), "%s", rows[i].what);
		clauses_destroy(&before);
		clauses_destroy(&after);
		clauses_destroy(&again);
		cr_expect_eq(before.count, 0);
	}
	grid_free(grid);
	world_free(world);
	rules_free(rules);
}

/* Whether one of the clauses holds for these cells. */
static bool hold(const struct clauses *clauses, const struct cell *const *cells)
{
	for (size_t i = 0; i < clauses->count; i++) {
		bool all = true;

		for (size_t k = 0; k < clauses->list[i].count && all; k++) {
			const struct answer *answer = &clauses->list[i].answers[k];

			all =
			    cell_answers(cells[answer->question.fact], answer->side, &answer->question) == answer->yes;
		}
		if (all)
			return true;
	}
	return false;
}

/* Random clauses over all questions of sizes and TLS: simplified, they say the same of every session. */
Test(clause, simplified_they_say_the_same)
{
	static const struct open_question questions[] = {
	    {FACT_SIZE, 0, 1001}, {FACT_SIZE, 0, 2001}, {FACT_TLS, 0, 1}, {FACT_TLS, 0, 128}};
	struct rules *rules = told_rules(sized);
	struct world *world = world_new((const struct ruleset *const[]){rules->ruleset}, 1);
	struct grid *grid = grid_new(world, &(struct grid_subject){.listeners = {&rules->ruleset->listeners[0]}});

	srandom(31);
	for (unsigned round = 0; round < 20000; round++) {
		struct clauses clauses = {0}, simple = {0};

		for (unsigned i = (unsigned)random() % 5; i > 0; i--) {
			struct answer answers[4];
			size_t count = (size_t)random() % 4;

			for (size_t k = 0; k < count; k++)
				answers[k] = (struct answer){0, questions[random() % 4], random() % 2 == 0};
			cr_assert(clauses_add(&clauses, answers, count));
			cr_assert(clauses_add(&simple, answers, count));
		}
		clauses_simplify(&simple, grid);
		for (size_t size = 0; size < grid_cell_count(grid, FACT_SIZE); size++) {
			for (size_t tls = 0; tls < grid_cell_count(grid, FACT_TLS); tls++) {
				const struct cell *cells[FACT_COUNT] = {0};

				cells[FACT_SIZE] = grid_cell(grid, FACT_SIZE, size);
				cells[FACT_TLS] = grid_cell(grid, FACT_TLS, tls);
				cr_assert_eq(hold(&clauses, cells), hold(&simple, cells), "round %u, %zu and %zu",
				             round, size, tls);
			}
		}
		clauses_destroy(&clauses);
		clauses_destroy(&simple);
	}
	grid_free(grid);
	world_free(world);
	rules_free(rules);
}
