#include "policy/sample.h"

#include <stdint.h>
#include <string.h>

#include "policy/letters.h"
#include "policy/syntax.h"

/* How far a text has come. */
struct state {
	size_t length;
	bool may_precede;
	bool may_follow;
	bool ended;      /* by "$" */
	bool impossible; /* no text goes on like this */
	enum place edge; /* PLACE_EDGE, PLACE_WITHIN: what the next byte is to make of it; else PLACE_ANY */
	size_t loose;    /* the length, + 1, at which any number of letters could have been put in */
};

/* A place in the pattern that a sample is to come through: where an alternative begins, or a quantifier stands. */
struct goal {
	size_t place;
	unsigned rank; /* by how deep it is nested */
};

struct goals {
	size_t count;
	struct goal list[LIMIT_SAMPLES];
};

#define NOWHERE SIZE_MAX

/* One way through the pattern, from its begin to its end. */
struct walk {
	const char *begin, *end;
	struct syntax syntax;
	bool too_deep;
	unsigned depth;
	size_t goal;         /* a place to come through, or NOWHERE */
	bool generous;       /* once more than must be, and in other letters */
	struct goals *goals; /* to be filled, or NULL */
	struct state state;
	char text[LIMIT_SAMPLE];
	char kept[LIMIT_SAMPLE_DEPTH][LIMIT_SAMPLE]; /* of each group that is open: its best alternative so far */
};

static void alternatives(struct walk *walk);

/* Enters a goal behind those that are nested as deep; the deepest makes room. */
static void add_goal(struct walk *walk, const char *place, unsigned rank)
{
	struct goals *goals = walk->goals;
	size_t i;

	if (goals == NULL)
		return;
	if (goals->count < LIMIT_SAMPLES)
		goals->count++;
	else if (goals->list[LIMIT_SAMPLES - 1].rank <= rank)
		return;
	for (i = goals->count - 1; i > 0 && goals->list[i - 1].rank > rank; i--)
		goals->list[i] = goals->list[i - 1];
	goals->list[i] = (struct goal){(size_t)(place - walk->begin), rank};
}

static bool has_goal(const struct walk *walk, const char *from, const char *to)
{
	return walk->goal != NOWHERE && walk->goal >= (size_t)(from - walk->begin) &&
	       walk->goal <= (size_t)(to - walk->begin);
}

static bool after_word(const struct walk *walk)
{
	struct letters word = letters_word(true);

	return walk->state.length > 0 && bits_test(word.bits, (unsigned char)walk->text[walk->state.length - 1]);
}

/* Goes on with one of these. */
static void put(struct walk *walk, struct letters letters)
{
	struct state *state = &walk->state;
	unsigned char byte = 0;

	if (state->impossible)
		return;
	if (state->edge != PLACE_ANY)
		letters = letters_and(letters, letters_word(after_word(walk) == (state->edge == PLACE_WITHIN)));
	if (!state->ended && state->length < LIMIT_SAMPLE)
		byte = letters_pick(&letters, walk->generous);
	if (byte == 0) {
		state->impossible = true;
		return;
	}
	walk->text[state->length++] = (char)byte;
	state->edge = PLACE_ANY;
}

/* Repeats what has been put since, or takes it back. */
static void repeat(struct walk *walk, const struct state *before, unsigned times)
{
	struct state *state = &walk->state;
	size_t length = state->length - before->length;

	if (times == 0)
		*state = *before;
	for (unsigned i = 1; i < times && length > 0 && !state->impossible; i++) {
		if (state->ended || length > LIMIT_SAMPLE - state->length) {
			state->impossible = true;
			return;
		}
		memcpy(walk->text + state->length, walk->text + state->length - length, length);
		state->length += length;
	}
}

/* What a place asks of the text. */
static void stand(struct walk *walk, enum place place)
{
	struct state *state = &walk->state;

	switch (place) {
	case PLACE_START:
		state->impossible |= state->length > 0;
		state->may_precede = false;
		return;
	case PLACE_END:
		state->ended = true;
		state->may_follow = state->loose == state->length + 1;
		return;
	case PLACE_EDGE:
	case PLACE_WITHIN:
		state->edge = place;
		return;
	case PLACE_ANY:
		return;
	}
}

static void group(struct walk *walk)
{
	const struct state before = walk->state;
	struct goals *goals = walk->goals;
	bool caseless = walk->syntax.caseless, extended = walk->syntax.extended;
	enum group kind;

	kind = syntax_group(&walk->syntax);
	if (kind == GROUP_NONE)
		return;
	if (walk->depth + 1 == LIMIT_SAMPLE_DEPTH) {
		walk->too_deep = true;
		walk->syntax.at = walk->syntax.end;
		return;
	}
	if (kind == GROUP_SKIPPED)
		walk->goals = NULL;
	walk->depth++;
	alternatives(walk);
	walk->depth--;
	walk->syntax.at += walk->syntax.at < walk->syntax.end;
	walk->syntax.caseless = caseless;
	walk->syntax.extended = extended;
	walk->goals = goals;
	if (kind == GROUP_SKIPPED)
		walk->state = before;
}

/* One byte of the text, by one byte of the pattern, an escape or a class. */
static struct letters read_letters(struct walk *walk)
{
	struct letters letters;

	if (!walk->syntax.quoted && *walk->syntax.at == '[')
		return letters_class(&walk->syntax.at, walk->syntax.end, walk->syntax.caseless);
	if (!walk->syntax.quoted && *walk->syntax.at == '.') {
		walk->syntax.at++;
		return letters_any();
	}
	if (!walk->syntax.quoted && *walk->syntax.at == '\\')
		return letters_escape(&walk->syntax.at, walk->syntax.end, walk->syntax.caseless);
	letters = letters_of((unsigned char)*walk->syntax.at++);
	return walk->syntax.caseless ? letters_caseless(letters) : letters;
}

/* What a quantifier can stand behind.  Returns whether it is one byte, and that about any letter. */
static bool atom(struct walk *walk)
{
	struct letters letters;
	enum place place;

	if (!walk->syntax.quoted && syntax_next(&walk->syntax, '(')) {
		group(walk);
		return false;
	}
	if (syntax_place(&walk->syntax, &place)) {
		stand(walk, place);
		return false;
	}
	letters = read_letters(walk);
	put(walk, letters);
	return letters_wide(&letters);
}

/* An atom, with its quantifier. */
static void piece(struct walk *walk)
{
	const struct state before = walk->state;
	const char *begin = walk->syntax.at, *quantifier;
	bool wide = atom(walk);
	struct repetition repetition;
	unsigned times;

	syntax_skip(&walk->syntax);
	quantifier = walk->syntax.at;
	if (!syntax_repetition(&walk->syntax, &repetition))
		return;
	times = repetition.least;
	if (times == 0)
		add_goal(walk, quantifier, 2 * walk->depth + 1);
	if (times < repetition.most && (walk->generous || (times == 0 && has_goal(walk, begin + 1, quantifier))))
		times++;
	repeat(walk, &before, times);
	if (wide && repetition.most == REPETITION_UNBOUNDED) {
		walk->state.may_precede |= before.length == 0;
		walk->state.loose = walk->state.length + 1;
	}
}

static bool is_better(const struct state *one, const struct state *other)
{
	if (one->impossible || other->impossible)
		return other->impossible && !one->impossible;
	return one->length < other->length;
}

/* Alternatives, up to the end of their group: the one with the goal, else the shortest is taken. */
static void alternatives(struct walk *walk)
{
	const struct state before = walk->state;
	const char *first = walk->syntax.at, *begin = first;
	char *kept = walk->kept[walk->depth];
	struct state best;
	bool decided = false;

	for (;; begin = ++walk->syntax.at) {
		walk->state = before;
		if (begin != first)
			add_goal(walk, begin, 2 * walk->depth);
		for (syntax_skip(&walk->syntax); walk->syntax.at < walk->syntax.end; syntax_skip(&walk->syntax)) {
			if (!walk->syntax.quoted && (*walk->syntax.at == '|' || *walk->syntax.at == ')'))
				break;
			piece(walk);
		}
		if (begin == first && syntax_next(&walk->syntax, '|'))
			add_goal(walk, begin, 2 * walk->depth);
		if (begin == first || has_goal(walk, begin, walk->syntax.at) ||
		    (!decided && is_better(&walk->state, &best))) {
			decided = has_goal(walk, begin, walk->syntax.at);
			best = walk->state;
			memcpy(kept, walk->text + before.length, best.length - before.length);
		}
		if (!syntax_next(&walk->syntax, '|'))
			break;
	}
	memcpy(walk->text + before.length, kept, best.length - before.length);
	walk->state = best;
}

/* A word boundary at the end may ask for one byte more. */
static void finish(struct walk *walk)
{
	enum place edge = walk->state.edge;

	if (edge != PLACE_ANY && after_word(walk) != (edge == PLACE_EDGE))
		put(walk, letters_any());
}

static void add_sample(struct samples *samples, const struct walk *walk)
{
	struct sample *sample = &samples->list[samples->count];

	memcpy(sample->text, walk->text, walk->state.length);
	sample->text[walk->state.length] = '\0';
	sample->may_precede = walk->state.may_precede;
	sample->may_follow = walk->state.may_follow;
	for (size_t i = 0; i < samples->count; i++) {
		const struct sample *other = &samples->list[i];

		if (strcmp(other->text, sample->text) == 0 && other->may_precede == sample->may_precede &&
		    other->may_follow == sample->may_follow)
			return;
	}
	samples->count++;
}

/* Makes one sample. */
static void walk_through(struct walk *walk, enum value_kind kind, size_t goal, bool generous, struct goals *goals,
                         struct samples *samples)
{
	walk->syntax = (struct syntax){.at = walk->begin, .end = walk->end, .caseless = kind != VALUE_LOGIN};
	walk->too_deep = false;
	walk->depth = 0;
	walk->goal = goal;
	walk->generous = generous;
	walk->goals = goals;
	walk->state = (struct state){.may_precede = true, .may_follow = true, .edge = PLACE_ANY};
	alternatives(walk);
	finish(walk);
	if (!walk->too_deep && !walk->state.impossible)
		add_sample(samples, walk);
}

void samples_of(enum value_kind kind, const char *pattern, size_t length, struct samples *ret_samples)
{
	struct walk walk;
	struct goals goals = {.count = 0};

	ret_samples->count = 0;
	if (length > LIMIT_SAMPLE_PATTERN)
		return;
	walk.begin = pattern;
	walk.end = pattern + length;
	walk_through(&walk, kind, NOWHERE, false, &goals, ret_samples);
	walk_through(&walk, kind, NOWHERE, true, NULL, ret_samples);
	for (unsigned generous = 0; generous < 2; generous++)
		for (size_t i = 0; i < goals.count && ret_samples->count < LIMIT_SAMPLES; i++)
			walk_through(&walk, kind, goals.list[i].place, generous != 0, NULL, ret_samples);
}
