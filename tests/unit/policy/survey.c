/*
 * A survey of random rule sets against every session: each combination of cells lies in exactly one box, and a concrete
 * session made of it, played as the daemon plays one, comes to what the box says.
 */
#include "policy/survey.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/prove.h"
#include "policy/ruleset.h"
#include "policy/session.h"
#include "rules/load.h"
#include "tests/unit/policy/random_rules.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(survey, .init = rule_files_start, .fini = rule_files_end);

#define MOST_CELLS 64
#define MOST_SESSIONS 400 /* played of each scope; where there are more, some of them */

/* What the boxes of one survey said. */
struct box {
	uint64_t cells[FACT_COUNT];
	struct decision decisions[WORLD_SIDES];
	bool shown;
};

static struct box *boxes;
static size_t box_count;

/* Every cell of the box has the answers that cut it. */
static void check_answers(const struct visit *visit)
{
	for (size_t i = 0; i < visit->answer_count; i++) {
		const struct answer *answer = &visit->answers[i];
		enum fact fact = answer->question.fact;

		for (size_t k = 0; k < grid_cell_count(visit->grid, fact); k++)
			if (visit_has(visit, fact, k))
				cr_assert_eq(
				    cell_answers(grid_cell(visit->grid, fact, k), answer->side, &answer->question),
				    answer->yes);
	}
}

static bool note(void *visitor, const struct visit *visit)
{
	struct box *box;

	(void)visitor;
	boxes = realloc(boxes, (box_count + 1) * sizeof *boxes);
	cr_assert_not_null(boxes);
	box = &boxes[box_count++];
	*box = (struct box){.decisions = {visit->decisions[0], visit->decisions[1]}, .shown = visit->shown};
	for (unsigned fact = 0; fact < FACT_COUNT; fact++)
		for (size_t i = 0; i < grid_cell_count(visit->grid, (enum fact)fact); i++)
			if (visit_has(visit, (enum fact)fact, i))
				box->cells[fact] |= UINT64_C(1) << i;
	check_answers(visit);
	return true;
}

/* The listener of each side, the scope, and the cells that its sessions can have. */
struct subject {
	struct rules *rules[WORLD_SIDES];
	unsigned sides;
	struct world *world;
	const struct listener *listeners[WORLD_SIDES];
	struct grid *grid;
	struct survey_scope scope;
	uint64_t cells[FACT_COUNT];
	const char *text[WORLD_SIDES];
};

static bool can_have(const struct subject *subject, enum fact fact, size_t index)
{
	const struct cell *cell = grid_cell(subject->grid, fact, index);

	if (fact == FACT_USER)
		return (index != CELL_NONE) == subject->scope.authenticated;
	if (fact == FACT_MECHANISM)
		return index == CELL_NONE || subject->scope.authenticated;
	for (unsigned side = 0; fact == FACT_RECIPIENT && side < subject->sides; side++)
		if (cell->relay[side] != subject->scope.relay[side])
			return false;
	return true;
}

/* Returns whether there is any session. */
static bool find_cells(struct subject *subject)
{
	bool any = true;

	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		size_t count = grid_cell_count(subject->grid, (enum fact)fact);

		cr_assert_leq(count, MOST_CELLS);
		subject->cells[fact] = 0;
		for (size_t i = 0; i < count; i++)
			if (can_have(subject, (enum fact)fact, i))
				subject->cells[fact] |= UINT64_C(1) << i;
		any &= count == 0 || subject->cells[fact] != 0;
	}
	return any;
}

static double sessions_of(const struct subject *subject, const uint64_t *cells)
{
	double sessions = 1;

	for (unsigned fact = 0; fact < FACT_COUNT; fact++)
		if (grid_cell_count(subject->grid, (enum fact)fact) > 0)
			sessions *= __builtin_popcountll(cells[fact]);
	return sessions;
}

static bool meet(const struct subject *subject, const struct box *one, const struct box *other)
{
	for (unsigned fact = 0; fact < FACT_COUNT; fact++)
		if (grid_cell_count(subject->grid, (enum fact)fact) > 0 && (one->cells[fact] & other->cells[fact]) == 0)
			return false;
	return true;
}

/* No two boxes meet, and together they have every session. */
static void check_boxes(const struct subject *subject, bool any)
{
	double sessions = 0;

	for (size_t i = 0; i < box_count; i++) {
		for (size_t k = 0; k < i; k++)
			cr_assert_not(meet(subject, &boxes[i], &boxes[k]), "boxes %zu and %zu\n%s", k, i,
			              subject->text[0]);
		for (unsigned fact = 0; fact < FACT_COUNT; fact++)
			cr_assert_eq(boxes[i].cells[fact] & ~subject->cells[fact], 0);
		sessions += sessions_of(subject, boxes[i].cells);
	}
	cr_assert_eq(sessions, any ? sessions_of(subject, subject->cells) : 0, "%s", subject->text[0]);
}

/* One cell of each fact. */
struct combination {
	size_t cells[FACT_COUNT];
};

static const struct box *box_of(const struct subject *subject, const struct combination *combination)
{
	for (size_t i = 0; i < box_count; i++) {
		bool has = true;

		for (unsigned fact = 0; fact < FACT_COUNT && has; fact++)
			has = grid_cell_count(subject->grid, (enum fact)fact) == 0 ||
			      (boxes[i].cells[fact] >> combination->cells[fact] & 1) != 0;
		if (has)
			return &boxes[i];
	}
	return NULL;
}

/* The combination of that number, in some order; false where it has a cell without a value. */
static bool combine(const struct subject *subject, uint64_t number, struct combination *ret_combination)
{
	bool shown = true;

	*ret_combination = (struct combination){0};
	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		unsigned count = (unsigned)__builtin_popcountll(subject->cells[fact]), which;
		uint64_t cells = subject->cells[fact];

		if (grid_cell_count(subject->grid, (enum fact)fact) == 0)
			continue;
		for (which = (unsigned)(number % count), number /= count; which > 0; which--)
			cells &= cells - 1;
		ret_combination->cells[fact] = (size_t)__builtin_ctzll(cells);
		shown &= grid_cell(subject->grid, (enum fact)fact, ret_combination->cells[fact])->shown;
	}
	return shown;
}

static const struct cell *cell_of(const struct subject *subject, const struct combination *combination, enum fact fact)
{
	return grid_cell(subject->grid, fact, combination->cells[fact]);
}

/* Some address of the cell: the first or the last of a stretch. */
static struct address address_of(const struct subject *subject, size_t cell)
{
	const struct territory *territory = world_territory(subject->world);
	size_t count = territory_count(territory), start = (size_t)random() % count;

	if (grid_subject(subject->grid)->local)
		return address_loopback(ADDRESS_IPV4);
	for (size_t i = 0; i < count; i++) {
		size_t at = (start + i) % count;

		if (grid_client_cells(subject->grid)[territory_stretches(territory)[at]] == cell)
			return address_from_number(random() % 2 == 0 ? territory_first(territory, at)
			                                             : territory_last(territory, at),
			                           territory_family(territory, at));
	}
	cr_assert_fail("a cell without addresses");
	return (struct address){0};
}

static uint64_t number_of(const struct cell *cell)
{
	return random() % 2 == 0 || cell->amount.most > 100000 ? cell->amount.least : cell->amount.most;
}

/* An address that neither side takes for its own. */
static const char *elsewhere(const struct subject *subject)
{
	for (size_t i = 0; i < world_count(subject->world, VALUE_MAILBOX); i++) {
		struct specimen mailbox = world_specimen(subject->world, VALUE_MAILBOX, i);

		if (!mailbox.local[0] && !mailbox.local[1] && strchr(mailbox.text, '@') != NULL)
			return mailbox.text;
	}
	return NULL;
}

/* Plays the session on a side: the first refusal, or what accepted last. */
static struct decision play(const struct subject *subject, const struct combination *combination, unsigned side,
                            const struct address *client, const char **ret_reply)
{
	static char replies[WORLD_SIDES][LIMIT_REPLY];
	const struct cell *name = cell_of(subject, combination, FACT_CLIENT_NAME);
	const struct cell *recipient = cell_of(subject, combination, FACT_RECIPIENT);
	const char *client_name = subject->scope.name_unavailable ? "[TEMPUNAVAIL]" : name->text;
	struct connection connection = {
	    .listener = subject->listeners[side]->name,
	    .local = grid_subject(subject->grid)->local,
	    .has_client = true,
	    .client = *client,
	    .client_name_state = client_name_state(client_name),
	    .client_name = client_name,
	};
	const struct cell *sender = cell_of(subject, combination, FACT_SENDER);
	struct envelope envelope = {
	    .sender = sender->text == NULL ? "<>" : sender->text,
	    .user = cell_of(subject, combination, FACT_USER)->text,
	    .mechanism = cell_of(subject, combination, FACT_MECHANISM)->text,
	    .tls_bits = (unsigned)number_of(cell_of(subject, combination, FACT_TLS)),
	    .size = number_of(cell_of(subject, combination, FACT_SIZE)),
	};
	uint64_t recipients = number_of(cell_of(subject, combination, FACT_RECIPIENTS));
	struct session *session = session_new(subject->rules[side]->ruleset);
	struct decision decision;

	cr_assert_not_null(session);
	envelope.size_declared = envelope.size > 0;
	decision = session_connect(session, &connection);
	if (decision.verdict == VERDICT_ACCEPT)
		decision = session_helo(session, cell_of(subject, combination, FACT_HELO)->text);
	if (decision.verdict == VERDICT_ACCEPT)
		decision = session_mail(session, &envelope);
	for (uint64_t i = 0; i < recipients && decision.verdict == VERDICT_ACCEPT; i++) {
		decision = session_rcpt(session, recipient->text, recipient->sent_on ? elsewhere(subject) : NULL);
		cr_assert_eq(session_relay(session), subject->scope.relay[side], "%s on side %u\n%s", recipient->text,
		             side, subject->text[side]);
	}
	if (decision.verdict == VERDICT_ACCEPT && subject->scope.last == STAGE_DATA) {
		struct decision data = session_data(session);

		if (data.cause != CAUSE_NOTHING)
			decision = data;
	}
	session_reply(session, &decision, replies[side], sizeof replies[side]);
	*ret_reply = replies[side];
	session_free(session);
	return decision;
}

static void say_combination(const struct subject *subject, const struct combination *combination)
{
	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		const struct cell *cell;

		if (grid_cell_count(subject->grid, (enum fact)fact) == 0)
			continue;
		cell = cell_of(subject, combination, (enum fact)fact);
		fprintf(stderr, "# %s: cell %zu %s %llu-%llu%s\n", fact_row((enum fact)fact)->name,
		        combination->cells[fact], cell->text != NULL ? cell->text : "-",
		        (unsigned long long)cell->amount.least, (unsigned long long)cell->amount.most,
		        cell->sent_on ? " sent on" : "");
	}
}

static void check_session(const struct subject *subject, const struct combination *combination)
{
	const struct box *box = box_of(subject, combination);
	struct address client = address_of(subject, combination->cells[FACT_CLIENT]);

	cr_assert_not_null(box);
	cr_assert(box->shown, "a session with values that are shown lies in a box without");
	for (unsigned side = 0; side < subject->sides; side++) {
		const struct decision *said = &box->decisions[side];
		const char *reply;
		struct decision decision = play(subject, combination, side, &client, &reply);
		bool same = decision.verdict == said->verdict && decision.cause == said->cause &&
		            decision.stage == said->stage && decision.by == said->by && decision.rule == said->rule &&
		            decision.reply == said->reply;

		if (!same)
			say_combination(subject, combination);
		cr_assert(same, "side %u of %s: %s %s by %s, and the survey says %s %s by %s\n%s", side,
		          subject->listeners[side]->name, stage_name(decision.stage), verdict_name(decision.verdict),
		          decision.rule, stage_name(said->stage), verdict_name(said->verdict), said->rule,
		          subject->text[side]);
	}
}

static unsigned played;

static void check_scope(struct subject *subject)
{
	bool any = find_cells(subject);
	double sessions = sessions_of(subject, subject->cells);

	box_count = 0;
	cr_assert_eq(survey(subject->grid, &subject->scope, note, NULL), SURVEY_DONE);
	check_boxes(subject, any);
	for (uint64_t i = 0; any && i < MOST_SESSIONS && (double)i < sessions; i++) {
		struct combination combination;
		uint64_t number = sessions <= MOST_SESSIONS ? i : (uint64_t)random() << 31 | (uint64_t)random();

		if (!combine(subject, number, &combination))
			continue;
		if (cell_of(subject, &combination, FACT_RECIPIENT)->sent_on && elsewhere(subject) == NULL)
			continue;
		check_session(subject, &combination);
		played++;
	}
}

/* All scopes of a pair of listeners. */
static void check_listeners(struct subject *subject)
{
	struct grid_subject of = {.local = listener_is_local(subject->listeners[0])};

	for (unsigned side = 0; side < subject->sides; side++)
		of.listeners[side] = subject->listeners[side];
	subject->grid = grid_new(subject->world, &of);
	cr_assert_not_null(subject->grid);
	cr_assert_not(grid_incomplete(subject->grid));
	for (unsigned i = 0; i < 32; i++) {
		bool same = subject->sides == 1 && (i >> 1 & 1) != (i >> 2 & 1);

		subject->scope = (struct survey_scope){
		    .authenticated = (i & 1) != 0,
		    .relay = {(i >> 1 & 1) != 0, (i >> 2 & 1) != 0},
		    .name_unavailable = (i >> 3 & 1) != 0,
		    .last = i >> 4 == 0 ? STAGE_RCPT : STAGE_DATA,
		};
		if (!same)
			check_scope(subject);
	}
	grid_free(subject->grid);
}

static struct rules *load(const struct random_rules *what, char **ret_text)
{
	*ret_text = strdup(random_rules(what));
	cr_assert_not_null(*ret_text);
	return told_rules(*ret_text);
}

/* Each listener of one rule set. */
static void check_rules(unsigned seed, const struct random_rules *what)
{
	struct subject subject = {.sides = 1};
	const struct ruleset *sides[1];
	char *text;

	srandom(seed);
	subject.rules[0] = load(what, &text);
	subject.text[0] = text;
	sides[0] = subject.rules[0]->ruleset;
	subject.world = world_new(sides, 1);
	cr_assert_not_null(subject.world);
	for (size_t i = 0; i < sides[0]->listener_count; i++) {
		subject.listeners[0] = &sides[0]->listeners[i];
		check_listeners(&subject);
	}
	world_free(subject.world);
	rules_free(subject.rules[0]);
	free(text);
}

/* A listener of one rule set beside one of another. */
static void check_pair(unsigned seed, const struct random_rules *what)
{
	struct subject subject = {.sides = 2};
	const struct ruleset *sides[WORLD_SIDES];
	char *texts[WORLD_SIDES];

	srandom(seed);
	for (unsigned side = 0; side < WORLD_SIDES; side++) {
		subject.rules[side] = load(what, &texts[side]);
		subject.text[side] = texts[side];
		sides[side] = subject.rules[side]->ruleset;
		subject.listeners[side] = &sides[side]->listeners[0];
	}
	if (listener_is_local(subject.listeners[0]) == listener_is_local(subject.listeners[1])) {
		subject.world = world_new(sides, 2);
		cr_assert_not_null(subject.world);
		check_listeners(&subject);
		world_free(subject.world);
	}
	for (unsigned side = 0; side < WORLD_SIDES; side++) {
		rules_free(subject.rules[side]);
		free(texts[side]);
	}
}

/* SURVEY_SEED=N runs the seed N alone. */
static void check_seeds(unsigned count, const struct random_rules *what,
                        void (*check)(unsigned seed, const struct random_rules *what))
{
	const char *one = getenv("SURVEY_SEED"), *many = getenv("SURVEY_COUNT");
	unsigned first = one != NULL ? (unsigned)strtoul(one, NULL, 10) : 1;

	if (many != NULL)
		count = (unsigned)strtoul(many, NULL, 10);
	played = 0;
	for (unsigned seed = first; seed < first + count; seed++) {
		if (many != NULL && seed % 100 == 0)
			fprintf(stderr, "# seed %u\n", seed);
		check(seed, what);
	}
	cr_expect_gt(played, 20 * count);
	free(boxes);
	boxes = NULL;
}

Test(survey, every_session_is_judged_as_the_daemon_judges_it)
{
	check_seeds(60, &(struct random_rules){.listeners = 2, .conditions = 2}, check_rules);
}

Test(survey, with_expressions_every_session_that_is_shown_is)
{
	check_seeds(30, &(struct random_rules){.listeners = 2, .conditions = 2, .expressions = true}, check_rules);
}

Test(survey, every_session_is_judged_as_two_rule_sets_judge_it)
{
	check_seeds(30, &(struct random_rules){.listeners = 1, .conditions = 2}, check_pair);
}
