#include "tests/unit/policy/reference.h"

#include <criterion/criterion.h>
#include <stdlib.h>

const uint64_t classes[CLASSES] = {0, 1, 2, 3, 4, 5, 6, 7};

const enum fact facts_of_sets[SET_FACTS] = {
    FACT_CLIENT, FACT_CLIENT_NAME, FACT_HELO, FACT_SENDER, FACT_USER, FACT_MECHANISM, FACT_RECIPIENT,
};

bool chance(unsigned one_in)
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

struct rule rules[RULES];
static struct condition room[RULES][2][4];
static struct connection_block connection;
static struct auth_block auth;
static struct relay_block relay;
struct listener listener;
const struct reply reply = {550, "5.7.1", "own words"};

static struct optional_set random_set(void)
{
	return (struct optional_set){chance(2), (unsigned)random() % SETS};
}

void random_listener(enum stage stage)
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

struct facts random_facts(void)
{
	struct facts facts = {
	    .authenticated = chance(2),
	    .tls_bits = amount_of((unsigned)random() % 3),
	    .size = amount_of(chance(2) ? 0 : (unsigned)random() % 4),
	    .relay = chance(2),
	    .recipients = amount_of((unsigned)random() % 4),
	};

	for (size_t i = 0; i < SET_FACTS; i++)
		if (!chance(4))
			facts.classes[facts_of_sets[i]] =
			    (struct fact_class){.state = FACT_KNOWN, .sets = &classes[random() % CLASSES]};
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
		return number == 0 ? facts->tls_bits.least == 0 : facts->tls_bits.least >= number;
	case CONDITION_SIZE_OVER:
		return facts->size.least > number;
	case CONDITION_RELAY:
		return facts->relay == condition->value.flag;
	case CONDITION_RECIPIENTS_OVER:
		return facts->recipients.least > number;
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
	       facts->tls_bits.least >= auth.tls_bits;
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

void compare(const struct decision *decision, enum stage stage, const struct facts *facts, unsigned round)
{
	const char *label;
	enum verdict verdict = refer(stage, facts, &label);

	cr_assert_eq(decision->verdict, verdict, "round %u at %s", round, stage_name(stage));
	cr_assert_eq(decision->cause == CAUSE_RULE, label != NULL, "round %u at %s", round, stage_name(stage));
	if (label != NULL)
		cr_assert_eq(decision->rule, label, "round %u at %s", round, stage_name(stage));
}
