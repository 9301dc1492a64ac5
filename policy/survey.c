#include "policy/survey.h"

#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/limits.h"
#include "policy/room.h"
#include "policy/ruleset.h"
#include "policy/vocabulary.h"

/* What was found of some cells last: most boxes have most of their facts from the one before. */
struct memory {
	uint64_t *cells;
	struct fact_class class;
};

struct surveying {
	const struct grid *grid;
	const struct survey_scope *scope;
	bool (*look)(void *visitor, const struct visit *visit);
	void *visitor;
	size_t offsets[FACT_COUNT]; /* of a fact's cells in a box, in words */
	size_t words;               /* of a box */
	uint64_t *start;            /* the box of all sessions */
	uint64_t *sets[WORLD_SIDES][FACT_COUNT][2];
	struct memory memories[WORLD_SIDES][FACT_COUNT];
	struct answer *answers;
	size_t answer_count;
	size_t *decisions; /* that may still be asked for */
	enum survey_result result;
};

/* Cells that are looked at in the time that a decision takes. */
#define CELLS_A_DECISION 48

/* How far a side has come. */
struct course {
	bool ended;
	struct decision decision;
};

static size_t fact_words(const struct grid *grid, enum fact fact)
{
	return bits_words(grid_cell_count(grid, fact));
}

static const uint64_t *cells_of(const struct surveying *surveying, const uint64_t *box, enum fact fact)
{
	return box + surveying->offsets[fact];
}

/* The cell after this one that is in a box, or the number of cells; -1 begins. */
static size_t next_cell(const uint64_t *cells, size_t count, size_t cell)
{
	size_t first = cell + 1, word = first / 64;
	uint64_t left = first < count ? cells[word] & UINT64_MAX << first % 64 : 0;

	while (left == 0 && ++word < bits_words(count))
		left = cells[word];
	return left != 0 ? 64 * word + (size_t)__builtin_ctzll(left) : count;
}

/* Who bought decisions pays for what large boxes take as well. */
static void pay(const struct surveying *surveying, size_t cells)
{
	size_t price = cells / CELLS_A_DECISION;

	if (surveying->scope->decisions != NULL)
		*surveying->decisions -= price < *surveying->decisions ? price : *surveying->decisions;
}

/* Facts of a box */

static size_t set_words(const struct surveying *surveying, unsigned side, enum value_kind kind)
{
	return vocabulary_words(world_side(grid_world(surveying->grid), side)->vocabulary, kind);
}

/* What is known of a fact: the sets that all its cells are in, and those that any is in. */
static struct fact_class find_class(struct surveying *surveying, const uint64_t *cells, unsigned side, enum fact fact)
{
	uint64_t *all = surveying->sets[side][fact][0], *any = surveying->sets[side][fact][1];
	size_t words = set_words(surveying, side, fact_row(fact)->kind);
	const uint64_t *only = NULL;
	size_t cell_count = grid_cell_count(surveying->grid, fact);
	size_t count = 0;

	memset(all, 0xff, words * sizeof *all);
	memset(any, 0, words * sizeof *any);
	for (size_t i = next_cell(cells, cell_count, SIZE_MAX); i < cell_count; i = next_cell(cells, cell_count, i)) {
		only = grid_cell(surveying->grid, fact, i)->sets[side];
		count++;
		for (size_t k = 0; k < words; k++) {
			all[k] &= only[k];
			any[k] |= only[k];
		}
	}
	pay(surveying, count);
	if (count == 1)
		return (struct fact_class){.state = FACT_KNOWN, .sets = only};
	return (struct fact_class){.state = FACT_OPEN, .sets = all, .maybe = any};
}

static struct fact_class class_of_cells(struct surveying *surveying, const uint64_t *box, unsigned side, enum fact fact)
{
	const uint64_t *cells = cells_of(surveying, box, fact);
	size_t size = fact_words(surveying->grid, fact) * sizeof *cells;
	struct memory *memory = &surveying->memories[side][fact];

	if (memcmp(memory->cells, cells, size) != 0) {
		memcpy(memory->cells, cells, size);
		memory->class = find_class(surveying, cells, side, fact);
	}
	return memory->class;
}

static struct amount amount_of_cells(const struct surveying *surveying, const uint64_t *box, enum fact fact)
{
	const uint64_t *cells = cells_of(surveying, box, fact);
	struct amount amount = {UINT64_MAX, 0};

	for (size_t i = 0; i < grid_cell_count(surveying->grid, fact); i++) {
		const struct cell *cell = grid_cell(surveying->grid, fact, i);

		if (!bits_test(cells, (unsigned)i))
			continue;
		if (cell->amount.least < amount.least)
			amount.least = cell->amount.least;
		if (cell->amount.most > amount.most)
			amount.most = cell->amount.most;
	}
	return amount;
}

static struct facts facts_of(struct surveying *surveying, const uint64_t *box, unsigned side,
                             struct open_question *question)
{
	const struct survey_scope *scope = surveying->scope;
	struct facts facts = {
	    .authenticated = scope->authenticated,
	    .relay = scope->relay[side],
	    .tls_bits = amount_of_cells(surveying, box, FACT_TLS),
	    .size = amount_of_cells(surveying, box, FACT_SIZE),
	    .recipients = amount_of_cells(surveying, box, FACT_RECIPIENTS),
	    .question = question,
	};

	question->fact = (enum fact)FACT_COUNT;
	for (unsigned fact = 0; fact < FACT_COUNT; fact++)
		if (fact_row((enum fact)fact)->kind < VALUE_SET_KINDS)
			facts.classes[fact] = class_of_cells(surveying, box, side, (enum fact)fact);
	if (scope->name_unavailable)
		facts.classes[FACT_CLIENT_NAME] = (struct fact_class){.state = FACT_UNAVAILABLE};
	return facts;
}

/* Walking */

static void walk(struct surveying *surveying, const uint64_t *box, unsigned stage, const struct course *courses);

bool cell_answers(const struct cell *cell, unsigned side, const struct open_question *question)
{
	if (fact_row(question->fact)->kind < VALUE_SET_KINDS)
		return bits_test(cell->sets[side], question->set);
	return cell->amount.least >= question->number;
}

/* Keeps the cells of a box that have the answer. */
static void keep_answering(const struct surveying *surveying, uint64_t *box, const struct answer *answer)
{
	enum fact fact = answer->question.fact;
	uint64_t *cells = box + surveying->offsets[fact];
	size_t count = grid_cell_count(surveying->grid, fact), looked_at = 0;

	for (size_t i = next_cell(cells, count, SIZE_MAX); i < count; i = next_cell(cells, count, i)) {
		looked_at++;
		if (cell_answers(grid_cell(surveying->grid, fact, i), answer->side, &answer->question) != answer->yes)
			bits_clear(cells, (unsigned)i);
	}
	pay(surveying, looked_at);
}

static bool push_answer(struct surveying *surveying, const struct answer *answer)
{
	struct answer *list = room_for_one(surveying->answers, surveying->answer_count, sizeof *list);

	if (list == NULL) {
		surveying->result = SURVEY_NO_MEMORY;
		return false;
	}
	surveying->answers = list;
	surveying->answers[surveying->answer_count++] = *answer;
	return true;
}

/* Goes on with both halves of the box: where the answer is yes, and where it is no. */
static void cut(struct surveying *surveying, const uint64_t *box, unsigned stage, const struct course *courses,
                unsigned side, const struct open_question *question)
{
	uint64_t *half = malloc(surveying->words * sizeof *half);

	if (half == NULL) {
		surveying->result = SURVEY_NO_MEMORY;
		return;
	}
	for (unsigned yes = 0; yes < 2 && surveying->result == SURVEY_DONE; yes++) {
		struct answer answer = {side, *question, yes == 1};

		memcpy(half, box, surveying->words * sizeof *half);
		keep_answering(surveying, half, &answer);
		if (!push_answer(surveying, &answer))
			break;
		walk(surveying, half, stage, courses);
		surveying->answer_count--;
	}
	free(half);
}

static bool shown(const struct surveying *surveying, const uint64_t *box)
{
	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		const uint64_t *cells = cells_of(surveying, box, (enum fact)fact);
		size_t count = grid_cell_count(surveying->grid, (enum fact)fact);
		bool found = count == 0;

		for (size_t i = 0; i < count && !found; i++)
			found = bits_test(cells, (unsigned)i) && grid_cell(surveying->grid, (enum fact)fact, i)->shown;
		if (!found)
			return false;
	}
	return true;
}

static void visit(struct surveying *surveying, const uint64_t *box, const struct course *courses)
{
	struct visit visit = {
	    .grid = surveying->grid,
	    .scope = surveying->scope,
	    .box = box,
	    .decisions = {courses[0].decision, courses[1].decision},
	    .answers = surveying->answers,
	    .answer_count = surveying->answer_count,
	    .shown = shown(surveying, box),
	};
	const struct rule *rule = surveying->scope->rule;

	if (rule != NULL) {
		struct open_question question;
		struct facts facts = facts_of(surveying, box, 0, &question);
		enum truth truth = rule_matches(rule, &facts);

		if (truth == TRUTH_OPEN) {
			cut(surveying, box, STAGE_COUNT, courses, 0, &question);
			return;
		}
		if (truth == TRUTH_NO)
			return;
	}
	if (surveying->look != NULL && !surveying->look(surveying->visitor, &visit))
		surveying->result = SURVEY_STOPPED;
}

/* Counts a decision; returns false where there are too many. */
static bool count_decision(struct surveying *surveying)
{
	if (*surveying->decisions == 0) {
		surveying->result = SURVEY_TOO_LONG;
		return false;
	}
	--*surveying->decisions;
	return true;
}

/* Has the visitor look at the box at a stage.  Returns false where the survey shall stop. */
static bool arrive(struct surveying *surveying, const uint64_t *box, unsigned stage, const struct decision *decision)
{
	struct station station = {(enum stage)stage, *decision, box, surveying};

	if (surveying->scope->arrive != NULL && !surveying->scope->arrive(surveying->visitor, &station) &&
	    surveying->result == SURVEY_DONE)
		surveying->result = SURVEY_STOPPED;
	return surveying->result == SURVEY_DONE;
}

/* Has a side judge the stage.  Returns false where the box had to be cut, and all of it is done, or at the end. */
static bool judge(struct surveying *surveying, const uint64_t *box, unsigned stage, const struct course *courses,
                  unsigned side, struct course *course)
{
	const struct listener *listener = grid_subject(surveying->grid)->listeners[side];
	struct open_question question;
	struct decision decision;
	struct facts facts;

	if (course->ended)
		return true;
	if (!count_decision(surveying))
		return false;
	if (listener == NULL) {
		course->decision = decide_without_rules(STAGE_CONNECT, CAUSE_NO_LISTENER);
		course->ended = true;
		return true;
	}
	facts = facts_of(surveying, box, side, &question);
	decision = decide(listener, (enum stage)stage, &facts);
	if (decision.cause == CAUSE_OPEN) {
		cut(surveying, box, stage, courses, side, &question);
		return false;
	}
	course->ended = decision.verdict != VERDICT_ACCEPT || stage == surveying->scope->last;
	/* What accepted the recipient says more than that DATA had nothing against it. */
	if (stage != STAGE_DATA || decision.cause != CAUSE_NOTHING)
		course->decision = decision;
	return side != 0 || arrive(surveying, box, stage, &decision);
}

static void walk(struct surveying *surveying, const uint64_t *box, unsigned stage, const struct course *courses)
{
	unsigned sides = world_side_count(grid_world(surveying->grid));
	struct course now[WORLD_SIDES] = {courses[0], courses[1]};
	bool ended = true;

	for (unsigned side = 0; side < sides && stage < STAGE_COUNT; side++)
		if (!judge(surveying, box, stage, courses, side, &now[side]))
			return;
	for (unsigned side = 0; side < sides; side++)
		ended &= now[side].ended;
	if (ended)
		visit(surveying, box, now);
	else
		walk(surveying, box, stage + 1, now);
}

/* Beginning */

/* Whether the rule that boxes have to match could match at all. */
static bool rule_may_match(struct surveying *surveying)
{
	struct open_question question;
	struct facts facts;

	if (surveying->scope->rule == NULL)
		return true;
	facts = facts_of(surveying, surveying->start, 0, &question);
	return rule_matches(surveying->scope->rule, &facts) != TRUTH_NO;
}

/* Whether sessions of the scope can have the cell. */
static bool in_scope(const struct grid *grid, const struct survey_scope *scope, enum fact fact, size_t index)
{
	const struct cell *cell = grid_cell(grid, fact, index);

	if (fact == FACT_USER)
		return scope->authenticated == (index != CELL_NONE);
	if (fact == FACT_MECHANISM)
		return scope->authenticated || index == CELL_NONE;
	if (fact == FACT_RECIPIENT)
		for (unsigned side = 0; side < world_side_count(grid_world(grid)); side++)
			if (cell->relay[side] != scope->relay[side])
				return false;
	return true;
}

/* The box of all sessions of the scope.  Returns false where there are none. */
static bool fill(struct surveying *surveying)
{
	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		size_t count = grid_cell_count(surveying->grid, (enum fact)fact);
		bool any = count == 0;

		for (size_t i = 0; i < count; i++) {
			if (!in_scope(surveying->grid, surveying->scope, (enum fact)fact, i))
				continue;
			bits_set(surveying->start + surveying->offsets[fact], (unsigned)i);
			any = true;
		}
		if (!any)
			return false;
	}
	return true;
}

static bool make_room(struct surveying *surveying)
{
	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		surveying->offsets[fact] = surveying->words;
		surveying->words += fact_words(surveying->grid, (enum fact)fact);
	}
	surveying->start = calloc(surveying->words, sizeof *surveying->start);
	if (surveying->start == NULL)
		return false;
	for (unsigned side = 0; side < world_side_count(grid_world(surveying->grid)); side++) {
		for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
			enum value_kind kind = fact_row((enum fact)fact)->kind;

			for (unsigned i = 0; i < 2 && kind < VALUE_SET_KINDS; i++) {
				surveying->sets[side][fact][i] =
				    calloc(set_words(surveying, side, kind), sizeof(uint64_t));
				if (surveying->sets[side][fact][i] == NULL)
					return false;
			}
			/* No box is without cells, as this is at first. */
			surveying->memories[side][fact].cells =
			    calloc(fact_words(surveying->grid, (enum fact)fact) + 1, sizeof(uint64_t));
			if (surveying->memories[side][fact].cells == NULL)
				return false;
		}
	}
	return true;
}

enum survey_result survey(const struct grid *grid, const struct survey_scope *scope,
                          bool (*look)(void *visitor, const struct visit *visit), void *visitor)
{
	struct surveying surveying = {.grid = grid, .scope = scope, .look = look, .visitor = visitor};
	static const struct course start[WORLD_SIDES] = {0};
	size_t decisions = LIMIT_PROOF_DECISIONS;

	surveying.decisions = scope->decisions != NULL ? scope->decisions : &decisions;

	if (!make_room(&surveying))
		surveying.result = SURVEY_NO_MEMORY;
	else if (fill(&surveying) && rule_may_match(&surveying))
		walk(&surveying, surveying.start, STAGE_CONNECT, start);
	free(surveying.start);
	free(surveying.answers);
	for (unsigned side = 0; side < WORLD_SIDES; side++)
		for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
			for (unsigned i = 0; i < 2; i++)
				free(surveying.sets[side][fact][i]);
			free(surveying.memories[side][fact].cells);
		}
	return surveying.result;
}

/* Asking something else */

static bool any(struct surveying *surveying, const uint64_t *box, enum truth (*ask)(void *, const struct facts *),
                void *asker)
{
	struct open_question question;
	struct facts facts = facts_of(surveying, box, 0, &question);
	enum truth truth = count_decision(surveying) ? ask(asker, &facts) : TRUTH_YES;
	uint64_t *half;
	bool found = false;

	if (truth != TRUTH_OPEN)
		return truth != TRUTH_NO;
	half = malloc(surveying->words * sizeof *half);
	if (half == NULL) {
		surveying->result = SURVEY_NO_MEMORY;
		return true;
	}
	for (unsigned yes = 0; yes < 2 && !found; yes++) {
		struct answer answer = {0, question, yes == 1};

		memcpy(half, box, surveying->words * sizeof *half);
		keep_answering(surveying, half, &answer);
		found = any(surveying, half, ask, asker);
	}
	free(half);
	return found;
}

bool survey_any(const struct station *station, enum truth (*ask)(void *asker, const struct facts *facts), void *asker)
{
	return any(station->surveying, station->box, ask, asker);
}

/* Looking at a visit */

static size_t offset_of(const struct grid *grid, enum fact fact)
{
	size_t offset = 0;

	for (unsigned i = 0; i < (unsigned)fact; i++)
		offset += fact_words(grid, (enum fact)i);
	return offset;
}

bool visit_has(const struct visit *visit, enum fact fact, size_t cell)
{
	return bits_test(visit->box + offset_of(visit->grid, fact), (unsigned)cell);
}

bool visit_has_all(const struct visit *visit, enum fact fact)
{
	for (size_t i = 0; i < grid_cell_count(visit->grid, fact); i++)
		if (in_scope(visit->grid, visit->scope, fact, i) && !visit_has(visit, fact, i))
			return false;
	return true;
}
