/* Facts that are open: what decide() says of many sessions at once it says of each. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "policy/bits.h"
#include "tests/unit/policy/reference.h"

/* Values that facts may have: of those compared by sets some classes, of numbers a range. */
struct several {
	unsigned values[FACT_COUNT]; /* bit n: class n */
	uint64_t all[FACT_COUNT], any[FACT_COUNT];
	struct facts facts;
	struct open_question question;
};

/* What is known of the facts, as a proof would say it. */
static void open_facts(struct several *several)
{
	several->question = (struct open_question){.fact = (enum fact)FACT_COUNT};
	several->facts.question = &several->question;
	for (size_t i = 0; i < SET_FACTS; i++) {
		enum fact fact = facts_of_sets[i];

		several->all[fact] = ~UINT64_C(0);
		several->any[fact] = 0;
		for (unsigned class = 0; class < CLASSES; class ++) {
			if ((several->values[fact] >> class & 1) == 0)
				continue;
			several->all[fact] &= classes[class];
			several->any[fact] |= classes[class];
		}
		several->facts.classes[fact] =
		    (struct fact_class){.state = FACT_OPEN, .sets = &several->all[fact], .maybe = &several->any[fact]};
	}
}

static void one_of_several(const struct several *several, struct facts *facts)
{
	*facts = several->facts;
	for (size_t i = 0; i < SET_FACTS; i++) {
		unsigned class = (unsigned)random() % CLASSES;

		while ((several->values[facts_of_sets[i]] >> class & 1) == 0)
			class = (class + 1) % CLASSES;
		facts->classes[facts_of_sets[i]] = (struct fact_class){.state = FACT_KNOWN, .sets = &classes[class]};
	}
	facts->tls_bits =
	    amount_of(facts->tls_bits.least + (unsigned)random() % (facts->tls_bits.most - facts->tls_bits.least + 1));
	facts->size = amount_of(facts->size.least + (unsigned)random() % (facts->size.most - facts->size.least + 1));
}

static void answer_amount(struct amount *amount, uint64_t number, bool yes)
{
	cr_assert(amount->least < number && number <= amount->most, "the answer was known");
	if (yes)
		amount->least = number;
	else
		amount->most = number - 1;
}

/* Leaves the values that have the answer. */
static void answer(struct several *several, bool yes)
{
	struct open_question question = several->question;
	unsigned kept = 0;

	cr_assert_neq(question.fact, FACT_COUNT, "no question");
	if (question.fact == FACT_TLS || question.fact == FACT_SIZE) {
		answer_amount(question.fact == FACT_TLS ? &several->facts.tls_bits : &several->facts.size,
		              question.number, yes);
		return;
	}
	for (unsigned class = 0; class < CLASSES; class ++)
		if ((several->values[question.fact] >> class & 1) != 0 &&
		    bits_test(&classes[class], question.set) == yes)
			kept |= 1U << class;
	cr_assert(kept != 0 && kept != several->values[question.fact], "the answer was known");
	several->values[question.fact] = kept;
}

/* Answers questions in both ways until there is a decision.  Returns how many there were. */
static unsigned ask_until_decided(const struct several *several, enum stage stage, unsigned round)
{
	struct several known = *several;
	struct decision decision;
	unsigned decisions = 0;

	open_facts(&known);
	decision = decide(&listener, stage, &known.facts);
	if (decision.cause != CAUSE_OPEN) {
		for (unsigned i = 0; i < 8; i++) {
			struct facts one;

			one_of_several(&known, &one);
			compare(&decision, stage, &one, round);
		}
		return 1;
	}
	cr_assert_eq(decision.verdict, VERDICT_TEMPFAIL, "what is no decision accepts nothing");
	for (unsigned yes = 0; yes < 2; yes++) {
		struct several half = known;

		answer(&half, yes == 1);
		decisions += ask_until_decided(&half, stage, round);
	}
	return decisions;
}

Test(decide_open, what_is_decided_of_several_sessions_at_once_is_decided_of_each)
{
	unsigned decisions = 0, rounds = 3000;

	srandom(14);
	for (unsigned round = 0; round < rounds; round++) {
		enum stage stage = (enum stage)(random() % STAGE_COUNT);
		struct several several = {.facts = {.authenticated = chance(2), .relay = chance(2)}};

		random_listener(stage);
		several.facts.tls_bits.most = (unsigned)random() % 4;
		several.facts.size.most = (unsigned)random() % 4;
		for (size_t i = 0; i < SET_FACTS; i++)
			several.values[facts_of_sets[i]] = (unsigned)random() % ((1U << CLASSES) - 1) + 1;
		decisions += ask_until_decided(&several, stage, round);
	}
	cr_expect_gt(decisions, 2 * rounds);
}

/* An open fact that makes no difference is not asked for; the one that does is. */
Test(decide_open, what_would_have_to_be_known_is_what_makes_a_difference)
{
	struct condition client = {CONDITION_CLIENT, {.set = 0}}, helo = {CONDITION_HELO, {.set = 1}};
	struct several several = {0};

	rules[0] = (struct rule){.verdict = VERDICT_REJECT, .reply = &reply, .label = "1", .conditions = {&client, 1}};
	rules[1] = (struct rule){.verdict = VERDICT_REJECT, .reply = &reply, .label = "2", .conditions = {&helo, 1}};
	listener = (struct listener){.stages = {[STAGE_HELO] = {rules, 2}}};
	for (size_t i = 0; i < SET_FACTS; i++)
		several.values[facts_of_sets[i]] = 0xff;

	several.values[FACT_CLIENT] = 1U << 2 | 1U << 4; /* not in set 0 */
	open_facts(&several);
	cr_expect_eq(decide(&listener, STAGE_HELO, &several.facts).cause, CAUSE_OPEN);
	cr_expect_eq(several.question.fact, FACT_HELO);
	cr_expect_eq(several.question.set, 1);

	several.values[FACT_CLIENT] = 1U << 1 | 1U << 3; /* in set 0 */
	open_facts(&several);
	cr_expect_eq(decide(&listener, STAGE_HELO, &several.facts).rule, rules[0].label);
	cr_expect_eq(several.question.fact, FACT_COUNT);
}

/* A question whose answer did not matter, because the rule had another reason not to match, is forgotten. */
Test(decide_open, a_rule_that_cannot_match_has_no_question)
{
	struct condition both[2] = {{CONDITION_CLIENT, {.set = 0}}, {CONDITION_CLIENT_NAME, {.set = 0}}};
	struct condition helo = {CONDITION_HELO, {.set = 1}};
	struct several several = {0};

	rules[0] = (struct rule){.verdict = VERDICT_REJECT, .reply = &reply, .label = "1", .conditions = {both, 2}};
	rules[1] = (struct rule){.verdict = VERDICT_REJECT, .reply = &reply, .label = "2", .conditions = {&helo, 1}};
	listener = (struct listener){.stages = {[STAGE_HELO] = {rules, 2}}};
	for (size_t i = 0; i < SET_FACTS; i++)
		several.values[facts_of_sets[i]] = 0xff;
	several.values[FACT_CLIENT_NAME] = 1U << 2 | 1U << 4; /* not in set 0 */
	open_facts(&several);
	cr_expect_eq(decide(&listener, STAGE_HELO, &several.facts).cause, CAUSE_OPEN);
	cr_expect_eq(several.question.fact, FACT_HELO);
}
