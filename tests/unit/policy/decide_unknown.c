/*
 * Facts that are not to be had: what decide() says without them it says whatever they are.
 * A reference that goes through rules and blocks with all facts known stands beside it.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/unit/policy/reference.h"

Test(decide_unknown, with_all_facts_as_the_reference_says)
{
	srandom(8);
	for (unsigned round = 0; round < 200000; round++) {
		enum stage stage = (enum stage)(random() % STAGE_COUNT);
		struct decision decision;
		struct facts facts;

		random_listener(stage);
		facts = random_facts();
		decision = decide(&listener, stage, &facts);
		compare(&decision, stage, &facts, round);
	}
}

/* Two facts are not to be had.  Where that is not the cause, the decision is that of every class they could have. */
Test(decide_unknown, without_a_fact_what_is_decided_holds_whatever_it_is)
{
	unsigned settled = 0, lacking = 0;

	srandom(9);
	for (unsigned round = 0; round < 20000; round++) {
		enum stage stage = (enum stage)(random() % STAGE_COUNT);
		enum fact one = FACT_CLIENT_NAME, other = facts_of_sets[random() % 7];
		struct decision decision;
		struct facts facts;

		random_listener(stage);
		facts = random_facts();
		facts.classes[one] = (struct fact_class){.state = FACT_UNAVAILABLE};
		facts.classes[other] = (struct fact_class){.state = chance(2) ? FACT_BROKEN : FACT_UNAVAILABLE};
		decision = decide(&listener, stage, &facts);
		if (decision.cause == CAUSE_NAME || decision.cause == CAUSE_BROKEN) {
			cr_assert_eq(decision.verdict, VERDICT_TEMPFAIL, "round %u", round);
			lacking++;
			continue;
		}
		settled++;
		for (unsigned class = 0; class < CLASSES * CLASSES; class ++) {
			facts.classes[one] =
			    (struct fact_class){.state = FACT_KNOWN, .sets = &classes[class % CLASSES]};
			facts.classes[other] =
			    (struct fact_class){.state = FACT_KNOWN, .sets = &classes[class / CLASSES]};
			compare(&decision, stage, &facts, round);
		}
	}
	cr_expect_gt(settled, 1000);
	cr_expect_gt(lacking, 1000);
}

/* Facts with addresses in which something else is read than was written. */
static struct facts random_reading(const struct facts *written)
{
	struct facts read = *written, other = random_facts();

	read.classes[FACT_SENDER] = other.classes[FACT_SENDER];
	read.classes[FACT_RECIPIENT] = other.classes[FACT_RECIPIENT];
	return read;
}

Test(decide_unknown, nothing_is_accepted_that_one_of_two_readings_would_not_be)
{
	unsigned met[VERDICT_COUNT] = {0}, differing = 0;

	srandom(11);
	for (unsigned round = 0; round < 100000; round++) {
		enum stage stage = (enum stage)(random() % STAGE_COUNT);
		struct facts written, read;
		struct decision by_written, by_read, by_both;

		random_listener(stage);
		written = random_facts();
		read = random_reading(&written);
		by_written = decide(&listener, stage, &written);
		by_read = decide(&listener, stage, &read);
		written.reading = &read;
		by_both = decide(&listener, stage, &written);
		met[by_both.verdict]++;
		differing += by_written.verdict != by_read.verdict;
		if (by_both.verdict == VERDICT_ACCEPT)
			cr_assert(by_written.verdict == VERDICT_ACCEPT && by_read.verdict == VERDICT_ACCEPT, "round %u",
			          round);
	}
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		cr_expect_gt(met[i], 1000, "%s", verdict_name((enum verdict)i));
	cr_expect_gt(differing, 1000);
}

/* As above, with a name that is not to be had and a reading that cannot be compared. */
Test(decide_unknown, without_a_fact_what_is_decided_by_two_readings_holds_whatever_it_is)
{
	unsigned settled = 0;

	srandom(13);
	for (unsigned round = 0; round < 20000; round++) {
		enum stage stage = (enum stage)(random() % STAGE_COUNT);
		struct facts written, read;
		struct decision decision;

		random_listener(stage);
		written = random_facts();
		written.classes[FACT_CLIENT_NAME] = (struct fact_class){.state = FACT_UNAVAILABLE};
		read = random_reading(&written);
		read.classes[FACT_SENDER] = (struct fact_class){.state = FACT_BROKEN};
		written.reading = &read;
		decision = decide(&listener, stage, &written);
		if (decision.cause == CAUSE_NAME || decision.cause == CAUSE_BROKEN)
			continue;
		settled++;
		for (unsigned class = 0; class < CLASSES * CLASSES; class ++) {
			struct decision whole;

			written.classes[FACT_CLIENT_NAME] =
			    (struct fact_class){.state = FACT_KNOWN, .sets = &classes[class % CLASSES]};
			read.classes[FACT_CLIENT_NAME] = written.classes[FACT_CLIENT_NAME];
			read.classes[FACT_SENDER] =
			    (struct fact_class){.state = FACT_KNOWN, .sets = &classes[class / CLASSES]};
			whole = decide(&listener, stage, &written);
			cr_assert_eq(whole.verdict, decision.verdict, "round %u", round);
			cr_assert_eq(whole.rule, decision.rule, "round %u", round);
		}
	}
	cr_expect_gt(settled, 1000);
}

/* Two readings that are the same to every rule are as one. */
Test(decide_unknown, two_readings_that_are_alike_are_as_one)
{
	srandom(12);
	for (unsigned round = 0; round < 20000; round++) {
		enum stage stage = (enum stage)(random() % STAGE_COUNT);
		struct facts facts, read;
		struct decision one, both;

		random_listener(stage);
		facts = random_facts();
		read = facts;
		one = decide(&listener, stage, &facts);
		facts.reading = &read;
		both = decide(&listener, stage, &facts);
		cr_assert_eq(one.verdict, both.verdict, "round %u", round);
		cr_assert_eq(one.rule, both.rule, "round %u", round);
		cr_assert_eq(one.cause, both.cause, "round %u", round);
	}
}

/* One fact is not to be had and is asked about once: then it is the cause only where it makes a difference. */
Test(decide_unknown, a_fact_is_the_cause_only_where_a_rule_depends_on_it)
{
	static const char *const label = "1";
	struct condition list[2] = {{CONDITION_CLIENT, {.set = 0}}, {CONDITION_CLIENT_NAME, {.set = 0}}};
	struct facts facts = {0};

	for (unsigned i = 0; i < 16; i++) {
		bool client = i & 1, unless = i & 2, lacking;

		rules[0] = (struct rule){.verdict = VERDICT_REJECT, .reply = &reply, .label = label};
		if (unless)
			rules[0].unless = (struct conditions){list, 2};
		else
			rules[0].conditions = (struct conditions){list, 2};
		listener = (struct listener){.stages = {[STAGE_CONNECT] = {rules, 1}}};
		facts.classes[FACT_CLIENT] = (struct fact_class){.state = FACT_KNOWN, .sets = &classes[client]};
		facts.classes[FACT_CLIENT_NAME] = (struct fact_class){.state = i & 4 ? FACT_BROKEN : FACT_UNAVAILABLE};
		lacking = decide(&listener, STAGE_CONNECT, &facts).cause == (i & 4 ? CAUSE_BROKEN : CAUSE_NAME);
		cr_expect_eq(lacking, client, "row %u", i);
		if (!client)
			cr_expect_eq(decide(&listener, STAGE_CONNECT, &facts).verdict,
			             unless ? VERDICT_REJECT : VERDICT_ACCEPT, "row %u", i);
	}
}
