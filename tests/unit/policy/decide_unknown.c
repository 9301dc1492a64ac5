/*
 * Facts that are not to be had: what decide() says without them it says whatever they are.
 * A reference that goes through rules and blocks with all facts known stands beside it.
 */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "policy/bits.h"
#include "policy/decide.h"
#include "policy/ruleset.h"

#define SETS 3 /* of each kind */
#define CLASSES (1 << SETS)

static const uint64_t classes[CLASSES] = {0, 1, 2, 3, 4, 5, 6, 7};

static const enum fact facts_of_sets[] = {
    FACT_CLIENT, FACT_CLIENT_NAME, FACT_HELO, FACT_SENDER, FACT_USER, FACT_MECHANISM, FACT_RECIPIENT,
};

static bool chance(unsigned one_in)
{
	return (unsigned)random() % one_in == 0;
}

static void random_conditions(struct conditions *conditions, struct condition *room)
{
	conditions->list = room;
	conditions->count = (size_t)random() % 4;
	for (size_t i = 0; i < conditions->count; i++) {
		enum condition_kind kind = (enum condition_kind)(random() % CONDITION_COUNT);

		room[i] = (struct condition){.kind = kind};
		if (condition_row(kind)->kind < VALUE_SET_KINDS)
			room[i].value.set = (unsigned)random() % SETS;
		else if (condition_row(kind)->kind == VALUE_BOOLEAN)
			room[i].value.flag = chance(2);
		else
			room[i].value.number = (unsigned)random() % 3;
	}
}

#define RULES 4

static struct rule rules[RULES];
static struct condition room[RULES][2][4];
static struct connection_block connection;
static struct auth_block auth;
static struct relay_block relay;
static struct listener listener;
static const struct reply reply = {550, "5.7.1", "own words"};

static struct optional_set random_set(void)
{
	return (struct optional_set){chance(2), (unsigned)random() % SETS};
}

static void random_listener(enum stage stage)
{
	static const char *const labels[RULES] = {"1", "2", "3", "4"};

	for (size_t i = 0; i < RULES; i++) {
		rules[i] = (struct rule){
		    .verdict = (enum verdict)(random() % VERDICT_COUNT),
		    .local_only = chance(3),
		    .label = labels[i],
		    .reply = &reply,
		};
		random_conditions(&rules[i].conditions, room[i][0]);
		random_conditions(&rules[i].unless, room[i][1]);
	}
	connection = (struct connection_block){.mode = (enum list_mode)(random() % LIST_MODE_COUNT)};
	connection.clients = random_set();
	connection.names = random_set();
	auth = (struct auth_block){.mode = (enum auth_mode)(random() % AUTH_MODE_COUNT),
	                           .tls_bits = (unsigned)random() % 3};
	auth.users = random_set();
	auth.mechanisms = random_set();
	relay = (struct relay_block){.mode = (enum list_mode)(random() % LIST_MODE_COUNT), .authenticated = chance(2)};
	relay.clients = random_set();
	relay.names = random_set();
	relay.users = random_set();
	listener = (struct listener){0};
	listener.connection = chance(3) ? NULL : &connection;
	listener.auth = chance(3) ? NULL : &auth;
	listener.relay = chance(3) ? NULL : &relay;
	listener.stages[stage] = (struct stage_rules){rules, (size_t)random() % RULES};
}

static struct facts random_facts(void)
{
	struct facts facts = {
	    .authenticated = chance(2),
	    .tls_bits = (unsigned)random() % 3,
	    .size_declared = chance(2),
	    .size = (unsigned)random() % 4,
	    .relay = chance(2),
	    .recipients = (unsigned)random() % 4,
	};

	for (size_t i = 0; i < sizeof facts_of_sets / sizeof *facts_of_sets; i++)
		if (!chance(4))
			facts.classes[facts_of_sets[i]] = (struct fact_class){FACT_KNOWN, &classes[random() % CLASSES]};
	return facts;
}

/* The reference. */

static bool in(const struct facts *facts, enum fact fact, struct optional_set set)
{
	return set.given && facts->classes[fact].state == FACT_KNOWN &&
	       (*facts->classes[fact].sets >> set.set & 1) != 0;
}

static bool holds(const struct condition *condition, const struct facts *facts)
{
	uint64_t number = condition->value.number;

	switch (condition->kind) {
	case CONDITION_AUTHENTICATED:
		return facts->authenticated == condition->value.flag;
	case CONDITION_TLS:
		return number == 0 ? facts->tls_bits == 0 : facts->tls_bits >= number;
	case CONDITION_SIZE_OVER:
		return facts->size_declared && facts->size > number;
	case CONDITION_RELAY:
		return facts->relay == condition->value.flag;
	case CONDITION_RECIPIENTS_OVER:
		return facts->recipients > number;
	case CONDITION_CLIENT:
	case CONDITION_CLIENT_NAME:
	case CONDITION_HELO:
	case CONDITION_SENDER:
	case CONDITION_USER:
	case CONDITION_MECHANISM:
	case CONDITION_RECIPIENT:
		break;
	}
	return in(facts, condition_row(condition->kind)->fact, (struct optional_set){true, condition->value.set});
}

static bool all_hold(const struct conditions *conditions, const struct facts *facts)
{
	bool all = true;

	for (size_t i = 0; i < conditions->count; i++)
		all = holds(&conditions->list[i], facts) && all;
	return all;
}

static bool admits_login(const struct facts *facts)
{
	return auth.mode != AUTH_FORBIDDEN && (!auth.users.given || in(facts, FACT_USER, auth.users)) &&
	       (!auth.mechanisms.given || in(facts, FACT_MECHANISM, auth.mechanisms)) &&
	       facts->tls_bits >= auth.tls_bits;
}

static bool block_accepts(enum stage stage, const struct facts *facts)
{
	bool listed;

	if (stage == STAGE_CONNECT && listener.connection != NULL) {
		listed = in(facts, FACT_CLIENT, connection.clients) || in(facts, FACT_CLIENT_NAME, connection.names);
		return listed == (connection.mode == MODE_ONLY);
	}
	if (stage == STAGE_MAIL && listener.auth != NULL)
		return facts->authenticated ? admits_login(facts) : auth.mode != AUTH_REQUIRED;
	if (stage != STAGE_RCPT || !facts->relay)
		return true;
	if (listener.relay == NULL)
		return false;
	listed = in(facts, FACT_CLIENT, relay.clients) || in(facts, FACT_CLIENT_NAME, relay.names);
	if (listed == (relay.mode == MODE_ONLY))
		return true;
	return relay.authenticated && facts->authenticated && (listener.auth == NULL || admits_login(facts)) &&
	       (!relay.users.given || in(facts, FACT_USER, relay.users));
}

static enum verdict refer(enum stage stage, const struct facts *facts, const char **ret_label)
{
	for (size_t i = 0; i < listener.stages[stage].count; i++) {
		const struct rule *rule = &rules[i];

		if (!all_hold(&rule->conditions, facts) || (rule->local_only && facts->relay) ||
		    (rule->unless.count > 0 && all_hold(&rule->unless, facts)))
			continue;
		*ret_label = rule->label;
		return rule->verdict;
	}
	*ret_label = NULL;
	return block_accepts(stage, facts) ? VERDICT_ACCEPT : VERDICT_REJECT;
}

static void compare(const struct decision *decision, enum stage stage, const struct facts *facts, unsigned round)
{
	const char *label;
	enum verdict verdict = refer(stage, facts, &label);

	cr_assert_eq(decision->verdict, verdict, "round %u at %s", round, stage_name(stage));
	cr_assert_eq(decision->cause == CAUSE_RULE, label != NULL, "round %u at %s", round, stage_name(stage));
	if (label != NULL)
		cr_assert_eq(decision->rule, label, "round %u at %s", round, stage_name(stage));
}

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
			facts.classes[one] = (struct fact_class){FACT_KNOWN, &classes[class % CLASSES]};
			facts.classes[other] = (struct fact_class){FACT_KNOWN, &classes[class / CLASSES]};
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

			written.classes[FACT_CLIENT_NAME] = (struct fact_class){FACT_KNOWN, &classes[class % CLASSES]};
			read.classes[FACT_CLIENT_NAME] = written.classes[FACT_CLIENT_NAME];
			read.classes[FACT_SENDER] = (struct fact_class){FACT_KNOWN, &classes[class / CLASSES]};
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
		facts.classes[FACT_CLIENT] = (struct fact_class){FACT_KNOWN, &classes[client]};
		facts.classes[FACT_CLIENT_NAME] = (struct fact_class){i & 4 ? FACT_BROKEN : FACT_UNAVAILABLE, NULL};
		lacking = decide(&listener, STAGE_CONNECT, &facts).cause == (i & 4 ? CAUSE_BROKEN : CAUSE_NAME);
		cr_expect_eq(lacking, client, "row %u", i);
		if (!client)
			cr_expect_eq(decide(&listener, STAGE_CONNECT, &facts).verdict,
			             unless ? VERDICT_REJECT : VERDICT_ACCEPT, "row %u", i);
	}
}
