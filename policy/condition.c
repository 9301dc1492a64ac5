#include "policy/condition.h"

#include <assert.h>
#include <string.h>

#include "policy/bits.h"

static enum truth truth_of(bool holds)
{
	return holds ? TRUTH_YES : TRUTH_NO;
}

enum truth truth_and(enum truth one, enum truth other)
{
	return one < other ? one : other;
}

enum truth truth_or(enum truth one, enum truth other)
{
	if (one != TRUTH_YES && other == TRUTH_OPEN)
		return TRUTH_OPEN;
	if (one == TRUTH_OPEN && other != TRUTH_YES)
		return TRUTH_OPEN;
	return one > other ? one : other;
}

enum truth truth_not(enum truth truth)
{
	switch (truth) {
	case TRUTH_NO:
		return TRUTH_YES;
	case TRUTH_YES:
		return TRUTH_NO;
	case TRUTH_OPEN:
	case TRUTH_BROKEN:
	case TRUTH_UNAVAILABLE:
		break;
	}
	return truth;
}

/* The first question is kept: its answer comes first. */
static enum truth ask(const struct facts *facts, struct open_question question)
{
	if (facts->question->fact == FACT_COUNT)
		*facts->question = question;
	return TRUTH_OPEN;
}

static enum truth open_in_set(const struct facts *facts, enum fact fact, unsigned set)
{
	if (bits_test(facts->classes[fact].sets, set))
		return TRUTH_YES;
	if (!bits_test(facts->classes[fact].maybe, set))
		return TRUTH_NO;
	return ask(facts, (struct open_question){.fact = fact, .set = set});
}

enum truth fact_in_set(const struct facts *facts, enum fact fact, unsigned set)
{
	const struct fact_class *class = &facts->classes[fact];

	if (set == SET_EMPTY)
		return TRUTH_NO;
	switch (class->state) {
	case FACT_ABSENT:
		return TRUTH_NO;
	case FACT_KNOWN:
		return truth_of(bits_test(class->sets, set));
	case FACT_UNAVAILABLE:
		return TRUTH_UNAVAILABLE;
	case FACT_OPEN:
		return open_in_set(facts, fact, set);
	case FACT_BROKEN:
		break;
	}
	return TRUTH_BROKEN;
}

static const struct amount *amount(const struct facts *facts, enum fact fact)
{
	if (fact == FACT_TLS)
		return &facts->tls_bits;
	return fact == FACT_SIZE ? &facts->size : &facts->recipients;
}

enum truth fact_at_least(const struct facts *facts, enum fact fact, uint64_t number)
{
	const struct amount *value = amount(facts, fact);

	if (value->least >= number)
		return TRUTH_YES;
	if (value->most < number)
		return TRUTH_NO;
	return ask(facts, (struct open_question){.fact = fact, .number = number});
}

static enum truth over(const struct facts *facts, enum fact fact, uint64_t number)
{
	return number == UINT64_MAX ? TRUTH_NO : fact_at_least(facts, fact, number + 1);
}

static enum truth client_in(const struct condition *condition, const struct facts *facts)
{
	return fact_in_set(facts, FACT_CLIENT, condition->value.set);
}

static enum truth client_name_in(const struct condition *condition, const struct facts *facts)
{
	return fact_in_set(facts, FACT_CLIENT_NAME, condition->value.set);
}

static enum truth helo_in(const struct condition *condition, const struct facts *facts)
{
	return fact_in_set(facts, FACT_HELO, condition->value.set);
}

static enum truth sender_in(const struct condition *condition, const struct facts *facts)
{
	return fact_in_set(facts, FACT_SENDER, condition->value.set);
}

static enum truth authenticated_is(const struct condition *condition, const struct facts *facts)
{
	return truth_of(facts->authenticated == condition->value.flag);
}

static enum truth user_in(const struct condition *condition, const struct facts *facts)
{
	return fact_in_set(facts, FACT_USER, condition->value.set);
}

static enum truth mechanism_in(const struct condition *condition, const struct facts *facts)
{
	return fact_in_set(facts, FACT_MECHANISM, condition->value.set);
}

static enum truth tls_at_least(const struct condition *condition, const struct facts *facts)
{
	if (condition->value.number == 0)
		return truth_not(fact_at_least(facts, FACT_TLS, 1));
	return fact_at_least(facts, FACT_TLS, condition->value.number);
}

static enum truth size_over(const struct condition *condition, const struct facts *facts)
{
	return over(facts, FACT_SIZE, condition->value.number);
}

static enum truth recipient_in(const struct condition *condition, const struct facts *facts)
{
	return fact_in_set(facts, FACT_RECIPIENT, condition->value.set);
}

static enum truth relay_is(const struct condition *condition, const struct facts *facts)
{
	return truth_of(facts->relay == condition->value.flag);
}

static enum truth recipients_over(const struct condition *condition, const struct facts *facts)
{
	return over(facts, FACT_RECIPIENTS, condition->value.number);
}

/* From the stage that has the fact to the last; what is said of a recipient is forgotten after rcpt. */
static const struct condition_row rows[] = {
    [CONDITION_CLIENT] = {"client", FACT_CLIENT, VALUE_NETWORK, STAGE_CONNECT, STAGE_DATA, client_in},
    [CONDITION_CLIENT_NAME] = {"client_name", FACT_CLIENT_NAME, VALUE_NAME, STAGE_CONNECT, STAGE_DATA, client_name_in},
    [CONDITION_HELO] = {"helo", FACT_HELO, VALUE_NAME, STAGE_HELO, STAGE_DATA, helo_in},
    [CONDITION_SENDER] = {"sender", FACT_SENDER, VALUE_MAILBOX, STAGE_MAIL, STAGE_DATA, sender_in},
    [CONDITION_AUTHENTICATED] = {"authenticated", FACT_USER, VALUE_BOOLEAN, STAGE_MAIL, STAGE_DATA, authenticated_is},
    [CONDITION_USER] = {"user", FACT_USER, VALUE_LOGIN, STAGE_MAIL, STAGE_DATA, user_in},
    [CONDITION_MECHANISM] = {"mechanism", FACT_MECHANISM, VALUE_WORD, STAGE_MAIL, STAGE_DATA, mechanism_in},
    [CONDITION_TLS] = {"tls", FACT_TLS, VALUE_NUMBER, STAGE_MAIL, STAGE_DATA, tls_at_least},
    [CONDITION_SIZE_OVER] = {"size_over", FACT_SIZE, VALUE_NUMBER, STAGE_MAIL, STAGE_DATA, size_over},
    [CONDITION_RECIPIENT] = {"recipient", FACT_RECIPIENT, VALUE_MAILBOX, STAGE_RCPT, STAGE_RCPT, recipient_in},
    [CONDITION_RELAY] = {"relay", FACT_RECIPIENT, VALUE_BOOLEAN, STAGE_RCPT, STAGE_RCPT, relay_is},
    [CONDITION_RECIPIENTS_OVER] = {"recipients_over", FACT_RECIPIENTS, VALUE_NUMBER, STAGE_DATA, STAGE_DATA,
                                   recipients_over},
};
static_assert(sizeof rows / sizeof *rows == CONDITION_COUNT, "every condition has a row");

const struct condition_row *condition_row(enum condition_kind kind)
{
	return &rows[kind];
}

bool condition_from_name(const char *name, enum condition_kind *ret_kind)
{
	for (unsigned i = 0; i < CONDITION_COUNT; i++) {
		if (strcmp(name, rows[i].name) == 0) {
			*ret_kind = (enum condition_kind)i;
			return true;
		}
	}
	return false;
}
