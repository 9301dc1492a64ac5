#include "rules/wording.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/limits.h"
#include "policy/room.h"
#include "rules/entry.h"
#include "rules/load.h"
#include "rules/model.h"
#include "rules/piece.h"

/* The value that was compiled to a set */

static bool is_set(const struct value *value, enum value_kind kind, unsigned set)
{
	return value->kind == kind && value->set == set;
}

static const struct value *find_in_conditions(const struct model_conditions *conditions, enum value_kind kind,
                                              unsigned set)
{
	for (size_t i = 0; i < conditions->count; i++)
		if (is_set(&conditions->list[i].value, kind, set))
			return &conditions->list[i].value;
	return NULL;
}

static const struct value *find_in_block(const struct model_block *block, enum value_kind kind, unsigned set)
{
	const struct value *values[] = {&block->clients, &block->names, &block->users, &block->mechanisms};

	for (size_t i = 0; block->given && i < sizeof values / sizeof *values; i++)
		if (is_set(values[i], kind, set))
			return values[i];
	return NULL;
}

static const struct value *find_in_listener(const struct model_listener *listener, enum value_kind kind, unsigned set)
{
	const struct model_block *blocks[] = {&listener->connection, &listener->auth, &listener->relay};
	const struct value *value = NULL;

	for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
		for (size_t i = 0; i < listener->stages[stage].count && value == NULL; i++) {
			const struct model_rule *rule = &listener->stages[stage].list[i];

			value = find_in_conditions(&rule->conditions, kind, set);
			if (value == NULL)
				value = find_in_conditions(&rule->unless, kind, set);
		}
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks && value == NULL; i++)
		value = find_in_block(blocks[i], kind, set);
	return value;
}

/* As it stands at the listener that is spoken of, else at any, else as a table. */
static const struct value *find_value(const struct wording *wording, const struct model *model, enum value_kind kind,
                                      unsigned set)
{
	const struct value *value = NULL;

	for (unsigned round = 0; round < 2; round++)
		for (size_t i = 0; i < model->listener_count && value == NULL; i++) {
			const struct model_listener *listener = &model->listeners[i];

			if (round == 1 || (wording->listener != NULL && strcmp(listener->name, wording->listener) == 0))
				value = find_in_listener(listener, kind, set);
		}
	for (size_t i = 0; i < model->table_count && value == NULL; i++)
		if (is_set(&model->tables[i].value, kind, set))
			value = &model->tables[i].value;
	return value;
}

/* Answers about sets */

static const char *const nouns[] = {
    [FACT_CLIENT] = "client",
    [FACT_CLIENT_NAME] = "verified name",
    [FACT_HELO] = "HELO",
    [FACT_SENDER] = "sender",
    [FACT_USER] = "login",
    [FACT_MECHANISM] = "mechanism",
    [FACT_TLS] = "TLS",
    [FACT_SIZE] = "declared size",
    [FACT_RECIPIENT] = "recipient",
    [FACT_RECIPIENTS] = "recipients",
    [FACT_LISTENER] = "listener",
};
static_assert(sizeof nouns / sizeof *nouns == FACT_COUNT, "every fact has a noun");

/* Whether an entry has but one value in it. */
static bool is_exact(const struct entry *entry)
{
	switch (entry->kind) {
	case ENTRY_NAME:
	case ENTRY_MAILBOX:
	case ENTRY_NULL_SENDER:
	case ENTRY_LOGIN:
	case ENTRY_WORD:
		return !entry->take_out;
	case ENTRY_TABLE:
	case ENTRY_NETWORK:
	case ENTRY_BELOW:
	case ENTRY_EXPRESSION:
	case ENTRY_LOCAL_PART:
	case ENTRY_ANY_REALM:
		break;
	}
	return false;
}

static bool all_words(const struct value *value)
{
	for (size_t i = 0; i < value->count; i++)
		if (value->entries[i].kind != ENTRY_WORD || value->entries[i].take_out)
			return false;
	return true;
}

/* Two files */

static bool same_entries(const struct model *const *models, const struct value *const *values);

static const struct table *find_table(const struct model *model, const struct table *like)
{
	for (size_t i = 0; i < model->table_count; i++)
		if (model->tables[i].group == like->group && strcmp(model->tables[i].name, like->name) == 0)
			return &model->tables[i];
	return NULL;
}

static bool same_entry(const struct model *const *models, const struct entry *one, const struct entry *other)
{
	if (!entry_same(one, other))
		return false;
	return one->kind != ENTRY_TABLE ||
	       same_entries(models, (const struct value *const[]){&models[0]->tables[one->of.table].value,
	                                                          &models[1]->tables[other->of.table].value});
}

/* Whether both say the same in the same order, with the tables that they name. */
static bool same_entries(const struct model *const *models, const struct value *const *values)
{
	if (values[0]->count != values[1]->count)
		return false;
	for (size_t i = 0; i < values[0]->count; i++)
		if (!same_entry(models, &values[0]->entries[i], &values[1]->entries[i]))
			return false;
	return true;
}

/* " (old)" or " (new)" where the entry is a table that the other file has, too, with other entries. */
static const char *which_file(const struct wording *wording, unsigned side, const struct entry *entry)
{
	static const char *const files[WORLD_SIDES] = {" (old)", " (new)"};
	const struct table *own, *other;
	const struct model *models[WORLD_SIDES];

	if (entry->kind != ENTRY_TABLE || wording->sides[1] == NULL)
		return "";
	models[0] = wording->sides[side]->model;
	models[1] = wording->sides[1 - side]->model;
	own = &models[0]->tables[entry->of.table];
	other = find_table(models[1], own);
	if (other == NULL || same_entries(models, (const struct value *const[]){&own->value, &other->value}))
		return "";
	return files[side];
}

/*
 * The entries as the file of that side has them, but for the one that is left out; one more is shown rather than
 * counted.
 */
static void print_entries(const struct wording *wording, unsigned side, const struct value *value, const char *left_out,
                          FILE *to)
{
	bool words = all_words(value);
	size_t printed = 0, rest = 0;
	char room[LIMIT_NETWORK_TEXT];

	for (size_t i = 0; i < value->count; i++) {
		const struct entry *entry = &value->entries[i];
		bool last = i + 1 == value->count;

		if (left_out != NULL && strcmp(entry_text(entry, room), left_out) == 0)
			continue;
		if (wording->shown > 0 && printed >= wording->shown && (rest > 0 || !last)) {
			rest++;
			continue;
		}
		fprintf(to, "%s%s%s%s",
		        printed == 0    ? ""
		        : words && last ? " or "
		                        : ", ",
		        entry->take_out ? "!" : "", entry_text(entry, room), which_file(wording, side, entry));
		printed++;
	}
	if (rest > 0)
		fprintf(to, " and %zu more (%s:%u)", rest, value->where.file, value->where.line);
}

static void print_membership(const struct wording *wording, const struct answer *answer, const struct value *value,
                             FILE *to)
{
	bool exact = (value->count == 1 && is_exact(&value->entries[0])) || all_words(value);
	const char *verb = answer->yes ? "is" : "is not";

	if (value->count == 1 && value->entries[0].kind == ENTRY_EXPRESSION)
		verb = answer->yes ? "matches" : "does not match";
	else if (!exact)
		verb = answer->yes ? "is in" : "is not in";
	fprintf(to, "%s %s ", nouns[answer->question.fact], verb);
	print_entries(wording, answer->side, value, NULL, to);
}

/* Of a set that a client without a verified name is in. */
static void print_unknown(const struct wording *wording, const struct answer *answer, const struct value *value,
                          FILE *to)
{
	fputs(answer->yes ? "no verified name" : "a verified name", to);
	if (value->count == 1 && is_exact(&value->entries[0]))
		return;
	fputs(answer->yes ? ", or one in " : " that is not in ", to);
	print_entries(wording, answer->side, value, "unknown", to);
}

static bool has_unknown(const struct rules *rules, const struct answer *answer)
{
	return answer->question.fact == FACT_CLIENT_NAME &&
	       bits_test(vocabulary_unknown_name(rules->ruleset->vocabulary), answer->question.set);
}

/* Answers about numbers */

/* A question is always "at least so many". */
static void print_amount(const struct answer *answer, FILE *to)
{
	uint64_t number = answer->question.number;
	const char *no = answer->yes ? "" : "no ";

	if (answer->question.fact == FACT_TLS && number <= 1)
		fprintf(to, "%sTLS", no);
	else if (answer->question.fact == FACT_TLS)
		fprintf(to, "%sTLS of at least %" PRIu64 " bits", no, number);
	else if (answer->question.fact == FACT_SIZE && number <= 1)
		fprintf(to, "%s declared size", answer->yes ? "a" : "no");
	else if (answer->question.fact == FACT_SIZE)
		fprintf(to, "%s declared size over %" PRIu64 " bytes", answer->yes ? "a" : "no", number - 1);
	else
		fprintf(to, "%s %" PRIu64 " recipients", answer->yes ? "more than" : "at most", number - 1);
}

static void print_answer(const struct wording *wording, const struct answer *answer, FILE *to)
{
	const struct rules *rules = wording->sides[answer->side];
	enum value_kind kind = fact_row(answer->question.fact)->kind;
	const struct value *value;

	if (kind >= VALUE_SET_KINDS) {
		print_amount(answer, to);
		return;
	}
	value = find_value(wording, rules->model, kind, answer->question.set);
	if (value == NULL)
		fprintf(to, "%s is %sin set %u", nouns[answer->question.fact], answer->yes ? "" : "not ",
		        answer->question.set);
	else if (has_unknown(rules, answer))
		print_unknown(wording, answer, value, to);
	else
		print_membership(wording, answer, value, to);
}

/* Clauses */

static bool same_answer(const struct answer *one, const struct answer *other)
{
	return one->side == other->side && one->yes == other->yes && one->question.fact == other->question.fact &&
	       one->question.set == other->question.set && one->question.number == other->question.number;
}

static bool has_answer(const struct clause *clause, const struct answer *answer)
{
	for (size_t i = 0; i < clause->count; i++)
		if (same_answer(&clause->answers[i], answer))
			return true;
	return false;
}

static bool is_common(const struct clauses *clauses, const struct answer *answer)
{
	for (size_t i = 0; i < clauses->count; i++)
		if (!has_answer(&clauses->list[i], answer))
			return false;
	return true;
}

/* What the clause asks more than all of them do, as "A and B". */
static void print_alternative(const struct wording *wording, const struct clauses *clauses, const struct clause *clause,
                              FILE *to)
{
	bool any = false;

	for (size_t i = 0; i < clause->count; i++) {
		if (is_common(clauses, &clause->answers[i]))
			continue;
		fputs(any ? " and " : "", to);
		print_answer(wording, &clause->answers[i], to);
		any = true;
	}
}

static void print_alternatives(const struct wording *wording, const struct clauses *clauses, FILE *to)
{
	size_t shown = clauses->count;

	if (wording->shown > 0 && clauses->count > wording->shown + 1)
		shown = wording->shown;
	for (size_t i = 0; i < shown; i++) {
		fputs(i == 0 ? "" : "; or ", to);
		print_alternative(wording, clauses, &clauses->list[i], to);
	}
	if (shown < clauses->count)
		fprintf(to, "; or %zu other ways", clauses->count - shown);
}

/* Texts */

/* Closes the piece, and adds it. */
static bool add_piece(struct texts *texts, struct piece *piece)
{
	char **list;

	if (!piece_close(piece))
		return false;
	list = room_for_one(texts->list, texts->count, sizeof *list);
	if (list == NULL) {
		free(piece->text);
		return false;
	}
	texts->list = list;
	list[texts->count++] = piece->text;
	return true;
}

bool texts_add(struct texts *texts, const char *text)
{
	char **list = room_for_one(texts->list, texts->count, sizeof *list);

	if (list == NULL)
		return false;
	texts->list = list;
	list[texts->count] = strdup(text);
	if (list[texts->count] == NULL)
		return false;
	texts->count++;
	return true;
}

void texts_destroy(struct texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->list[i]);
	free(texts->list);
	*texts = (struct texts){0};
}

static bool add_answer(const struct wording *wording, const struct answer *answer, struct texts *texts)
{
	struct piece piece;

	if (!piece_open(&piece))
		return false;
	print_answer(wording, answer, piece.stream);
	return add_piece(texts, &piece);
}

static bool add_alternatives(const struct wording *wording, const struct clauses *clauses, struct texts *texts)
{
	struct piece piece;

	if (!piece_open(&piece))
		return false;
	print_alternatives(wording, clauses, piece.stream);
	return add_piece(texts, &piece);
}

/* Whether a clause asks no more than what they have in common: then nothing else must hold. */
static bool common_is_enough(const struct clauses *clauses)
{
	for (size_t i = 0; i < clauses->count; i++) {
		const struct clause *clause = &clauses->list[i];
		bool enough = true;

		for (size_t k = 0; k < clause->count && enough; k++)
			enough = is_common(clauses, &clause->answers[k]);
		if (enough)
			return true;
	}
	return clauses->count == 0;
}

bool wording_clauses(const struct wording *wording, const struct clauses *clauses, struct texts *ret_texts)
{
	const struct clause *first = clauses->list;
	struct texts texts = {0};
	bool done = true;

	for (size_t i = 0; clauses->count > 0 && i < first->count && done; i++)
		if (is_common(clauses, &first->answers[i]))
			done = add_answer(wording, &first->answers[i], &texts);
	if (done && !common_is_enough(clauses))
		done = add_alternatives(wording, clauses, &texts);
	if (done)
		*ret_texts = texts;
	else
		texts_destroy(&texts);
	return done;
}
