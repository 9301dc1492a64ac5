#include "policy/condition.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "policy/bits.h"

#define TRUTHS (TRUTH_YES + 1)

/* What sallyport.conf(5) says of each condition. */
static const struct {
	const char *name;
	enum fact fact;
	enum value_kind kind;
	enum stage first, last;
} told[] = {
    [CONDITION_CLIENT] = {"client", FACT_CLIENT, VALUE_NETWORK, STAGE_CONNECT, STAGE_DATA},
    [CONDITION_CLIENT_NAME] = {"client_name", FACT_CLIENT_NAME, VALUE_NAME, STAGE_CONNECT, STAGE_DATA},
    [CONDITION_HELO] = {"helo", FACT_HELO, VALUE_NAME, STAGE_HELO, STAGE_DATA},
    [CONDITION_SENDER] = {"sender", FACT_SENDER, VALUE_MAILBOX, STAGE_MAIL, STAGE_DATA},
    [CONDITION_AUTHENTICATED] = {"authenticated", FACT_USER, VALUE_BOOLEAN, STAGE_MAIL, STAGE_DATA},
    [CONDITION_USER] = {"user", FACT_USER, VALUE_LOGIN, STAGE_MAIL, STAGE_DATA},
    [CONDITION_MECHANISM] = {"mechanism", FACT_MECHANISM, VALUE_WORD, STAGE_MAIL, STAGE_DATA},
    [CONDITION_TLS] = {"tls", FACT_TLS, VALUE_NUMBER, STAGE_MAIL, STAGE_DATA},
    [CONDITION_SIZE_OVER] = {"size_over", FACT_SIZE, VALUE_NUMBER, STAGE_MAIL, STAGE_DATA},
    [CONDITION_RECIPIENT] = {"recipient", FACT_RECIPIENT, VALUE_MAILBOX, STAGE_RCPT, STAGE_RCPT},
    [CONDITION_RELAY] = {"relay", FACT_RECIPIENT, VALUE_BOOLEAN, STAGE_RCPT, STAGE_RCPT},
    [CONDITION_RECIPIENTS_OVER] = {"recipients_over", FACT_RECIPIENTS, VALUE_NUMBER, STAGE_DATA, STAGE_DATA},
};

Test(condition, every_row_says_what_the_language_says)
{
	cr_assert_eq(sizeof told / sizeof *told, CONDITION_COUNT);
	for (unsigned i = 0; i < CONDITION_COUNT; i++) {
		const struct condition_row *row = condition_row((enum condition_kind)i);

		cr_expect_str_eq(row->name, told[i].name);
		cr_expect_eq(row->fact, told[i].fact, "%s", told[i].name);
		cr_expect_eq(row->kind, told[i].kind, "%s", told[i].name);
		cr_expect_eq(row->first, told[i].first, "%s", told[i].name);
		cr_expect_eq(row->last, told[i].last, "%s", told[i].name);
		cr_expect_not_null(row->holds, "%s", told[i].name);
	}
}

Test(condition, every_value_is_found_by_its_name)
{
	for (unsigned i = 0; i < CONDITION_COUNT; i++) {
		enum condition_kind kind = (enum condition_kind)CONDITION_COUNT;

		cr_expect(condition_from_name(told[i].name, &kind), "%s", told[i].name);
		cr_expect_eq(kind, i, "%s", told[i].name);
	}
}

Test(condition, other_words_name_none_and_write_nothing)
{
	static const char *const others[] = {"", "Client", "clients", "size", "verdict", "unless", "listener"};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		enum condition_kind kind = CONDITION_RELAY;

		cr_expect_not(condition_from_name(others[i], &kind), "\"%s\"", others[i]);
		cr_expect_eq(kind, CONDITION_RELAY, "\"%s\"", others[i]);
	}
}

Test(condition, none_stands_before_its_fact_is_known_or_after_it_is_forgotten)
{
	for (unsigned i = 0; i < CONDITION_COUNT; i++) {
		const struct condition_row *row = condition_row((enum condition_kind)i);
		const struct fact_row *fact = fact_row(row->fact);

		cr_expect_eq(row->first, fact->since, "%s", row->name);
		cr_expect_eq(row->last, fact->scope == SCOPE_RECIPIENT ? STAGE_RCPT : STAGE_DATA, "%s", row->name);
	}
}

/* What a fact says of set 70, where it is in it or not; and a state in which it says nothing. */
Test(condition, those_of_sets_ask_their_own_fact)
{
	uint64_t in[2] = {0}, out[2] = {~UINT64_C(0), ~UINT64_C(0)};

	bits_set(in, 70);
	bits_clear(out, 70);
	for (unsigned i = 0; i < CONDITION_COUNT; i++) {
		const struct condition_row *row = condition_row((enum condition_kind)i);
		struct condition condition = {.kind = (enum condition_kind)i, .value.set = 70};
		struct facts facts = {0};

		if (row->kind >= VALUE_SET_KINDS)
			continue;
		for (unsigned fact = 0; fact < FACT_COUNT; fact++)
			facts.classes[fact] = (struct fact_class){.state = FACT_KNOWN, .sets = in};
		facts.classes[row->fact] = (struct fact_class){.state = FACT_KNOWN, .sets = out};
		cr_expect_eq(row->holds(&condition, &facts), TRUTH_NO, "%s, not in it", row->name);
		facts.classes[row->fact] = (struct fact_class){.state = FACT_ABSENT, .sets = NULL};
		cr_expect_eq(row->holds(&condition, &facts), TRUTH_NO, "%s, absent", row->name);
		facts.classes[row->fact] = (struct fact_class){.state = FACT_UNAVAILABLE, .sets = in};
		cr_expect_eq(row->holds(&condition, &facts), TRUTH_UNAVAILABLE, "%s, unavailable", row->name);
		facts.classes[row->fact] = (struct fact_class){.state = FACT_BROKEN, .sets = NULL};
		cr_expect_eq(row->holds(&condition, &facts), TRUTH_BROKEN, "%s, broken", row->name);

		for (unsigned fact = 0; fact < FACT_COUNT; fact++)
			facts.classes[fact] = (struct fact_class){.state = FACT_KNOWN, .sets = out};
		facts.classes[row->fact] = (struct fact_class){.state = FACT_KNOWN, .sets = in};
		cr_expect_eq(row->holds(&condition, &facts), TRUTH_YES, "%s, in it", row->name);
	}
}

Test(condition, nothing_is_in_the_empty_set_and_no_fact_is_asked_for)
{
	static const uint64_t all[] = {~UINT64_C(0)};
	static const struct fact_class classes[] = {
	    {.state = FACT_ABSENT, .sets = NULL},
	    {.state = FACT_KNOWN, .sets = all},
	    {.state = FACT_UNAVAILABLE, .sets = NULL},
	    {.state = FACT_BROKEN, .sets = NULL},
	};

	for (unsigned i = 0; i < CONDITION_COUNT; i++) {
		const struct condition_row *row = condition_row((enum condition_kind)i);
		const struct condition condition = {.kind = (enum condition_kind)i, .value.set = SET_EMPTY};

		for (unsigned class = 0; class < 4 && row->kind < VALUE_SET_KINDS; class ++) {
			struct facts facts = {0};

			facts.classes[row->fact] = classes[class];
			cr_expect_eq(row->holds(&condition, &facts), TRUTH_NO, "%s, row %u", row->name, class);
		}
	}
}

static const struct facts plain = {0};
static const struct facts logged_in = {.authenticated = true};
static const struct facts weak = {.tls_bits = {1, 1}};
static const struct facts strong = {.tls_bits = {128, 128}};
static const struct facts small = {.size = {1000, 1000}};
static const struct facts empty = {.size = {0, 0}};
static const struct facts huge = {.size = {UINT64_C(5000000000), UINT64_C(5000000000)}};
static const struct facts relayed = {.relay = true};
static const struct facts one_recipient = {.recipients = {1, 1}};
static const struct facts many_recipients = {.recipients = {101, 101}};

Test(condition, those_of_numbers_and_flags)
{
	static const struct {
		const char *what;
		struct condition condition;
		const struct facts *facts;
		bool holds;
	} rows[] = {
	    {"authenticated, without", {CONDITION_AUTHENTICATED, {.flag = true}}, &plain, false},
	    {"authenticated, with", {CONDITION_AUTHENTICATED, {.flag = true}}, &logged_in, true},
	    {"not authenticated, without", {CONDITION_AUTHENTICATED, {.flag = false}}, &plain, true},
	    {"not authenticated, with", {CONDITION_AUTHENTICATED, {.flag = false}}, &logged_in, false},
	    {"no tls, without", {CONDITION_TLS, {.number = 0}}, &plain, true},
	    {"no tls, with the weakest", {CONDITION_TLS, {.number = 0}}, &weak, false},
	    {"no tls, with", {CONDITION_TLS, {.number = 0}}, &strong, false},
	    {"tls, without", {CONDITION_TLS, {.number = 1}}, &plain, false},
	    {"tls, with the weakest", {CONDITION_TLS, {.number = 1}}, &weak, true},
	    {"tls of 128, with one bit", {CONDITION_TLS, {.number = 128}}, &weak, false},
	    {"tls of 128, with 128", {CONDITION_TLS, {.number = 128}}, &strong, true},
	    {"tls of 129, with 128", {CONDITION_TLS, {.number = 129}}, &strong, false},
	    {"over 999, 1000", {CONDITION_SIZE_OVER, {.number = 999}}, &small, true},
	    {"over 1000, 1000", {CONDITION_SIZE_OVER, {.number = 1000}}, &small, false},
	    {"over 0, 0", {CONDITION_SIZE_OVER, {.number = 0}}, &empty, false},
	    {"over 0, none declared", {CONDITION_SIZE_OVER, {.number = 0}}, &plain, false},
	    {"over 4 GB, 5", {CONDITION_SIZE_OVER, {.number = UINT64_C(4000000000)}}, &huge, true},
	    {"over 6 GB, 5", {CONDITION_SIZE_OVER, {.number = UINT64_C(6000000000)}}, &huge, false},
	    {"relay, local", {CONDITION_RELAY, {.flag = true}}, &plain, false},
	    {"relay, relay", {CONDITION_RELAY, {.flag = true}}, &relayed, true},
	    {"local, local", {CONDITION_RELAY, {.flag = false}}, &plain, true},
	    {"local, relay", {CONDITION_RELAY, {.flag = false}}, &relayed, false},
	    {"over 0 recipients, none", {CONDITION_RECIPIENTS_OVER, {.number = 0}}, &plain, false},
	    {"over 0 recipients, 1", {CONDITION_RECIPIENTS_OVER, {.number = 0}}, &one_recipient, true},
	    {"over 1 recipient, 1", {CONDITION_RECIPIENTS_OVER, {.number = 1}}, &one_recipient, false},
	    {"over 100 recipients, 101", {CONDITION_RECIPIENTS_OVER, {.number = 100}}, &many_recipients, true},
	    {"over 101 recipients, 101", {CONDITION_RECIPIENTS_OVER, {.number = 101}}, &many_recipients, false},
	    {"over 2^32 + 1 recipients, 101",
	     {CONDITION_RECIPIENTS_OVER, {.number = UINT64_C(4294967297)}},
	     &many_recipients,
	     false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct condition_row *row = condition_row(rows[i].condition.kind);

		cr_expect_eq(row->holds(&rows[i].condition, rows[i].facts), rows[i].holds ? TRUTH_YES : TRUTH_NO, "%s",
		             rows[i].what);
	}
}

/* "no" is certain whatever else is not known; "yes" needs both; what is lacking is told apart, and what differs first.
 */
Test(condition, of_two_that_must_both_hold)
{
	static const enum truth both[TRUTHS][TRUTHS] = {
	    [TRUTH_NO] = {TRUTH_NO, TRUTH_NO, TRUTH_NO, TRUTH_NO, TRUTH_NO},
	    [TRUTH_OPEN] = {TRUTH_NO, TRUTH_OPEN, TRUTH_OPEN, TRUTH_OPEN, TRUTH_OPEN},
	    [TRUTH_BROKEN] = {TRUTH_NO, TRUTH_OPEN, TRUTH_BROKEN, TRUTH_BROKEN, TRUTH_BROKEN},
	    [TRUTH_UNAVAILABLE] = {TRUTH_NO, TRUTH_OPEN, TRUTH_BROKEN, TRUTH_UNAVAILABLE, TRUTH_UNAVAILABLE},
	    [TRUTH_YES] = {TRUTH_NO, TRUTH_OPEN, TRUTH_BROKEN, TRUTH_UNAVAILABLE, TRUTH_YES},
	};

	for (unsigned one = 0; one < TRUTHS; one++)
		for (unsigned other = 0; other < TRUTHS; other++)
			cr_expect_eq(truth_and((enum truth)one, (enum truth)other), both[one][other], "%u and %u", one,
			             other);
}

/* "yes" is certain whatever else is not known; where something differs, that is told before what is lacking. */
Test(condition, of_two_of_which_one_is_enough)
{
	static const enum truth either[TRUTHS][TRUTHS] = {
	    [TRUTH_NO] = {TRUTH_NO, TRUTH_OPEN, TRUTH_BROKEN, TRUTH_UNAVAILABLE, TRUTH_YES},
	    [TRUTH_OPEN] = {TRUTH_OPEN, TRUTH_OPEN, TRUTH_OPEN, TRUTH_OPEN, TRUTH_YES},
	    [TRUTH_BROKEN] = {TRUTH_BROKEN, TRUTH_OPEN, TRUTH_BROKEN, TRUTH_UNAVAILABLE, TRUTH_YES},
	    [TRUTH_UNAVAILABLE] = {TRUTH_UNAVAILABLE, TRUTH_OPEN, TRUTH_UNAVAILABLE, TRUTH_UNAVAILABLE, TRUTH_YES},
	    [TRUTH_YES] = {TRUTH_YES, TRUTH_YES, TRUTH_YES, TRUTH_YES, TRUTH_YES},
	};

	for (unsigned one = 0; one < TRUTHS; one++)
		for (unsigned other = 0; other < TRUTHS; other++)
			cr_expect_eq(truth_or((enum truth)one, (enum truth)other), either[one][other], "%u or %u", one,
			             other);
}

Test(condition, the_opposite_of_what_is_not_known_is_not_known)
{
	cr_expect_eq(truth_not(TRUTH_NO), TRUTH_YES);
	cr_expect_eq(truth_not(TRUTH_YES), TRUTH_NO);
	cr_expect_eq(truth_not(TRUTH_OPEN), TRUTH_OPEN);
	cr_expect_eq(truth_not(TRUTH_BROKEN), TRUTH_BROKEN);
	cr_expect_eq(truth_not(TRUTH_UNAVAILABLE), TRUTH_UNAVAILABLE);
}

/* One of several values: all are in set 0, one of them in set 70, none in set 1. */
static const uint64_t in_all[] = {1, 0}, in_any[] = {1, UINT64_C(1) << (70 - 64)};
static const struct fact_class open_class = {.state = FACT_OPEN, .sets = in_all, .maybe = in_any};

Test(condition, of_an_open_fact_what_all_its_values_say_holds)
{
	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		struct open_question question = {.fact = (enum fact)FACT_COUNT};
		struct facts facts = {.question = &question};

		if (fact_row((enum fact)fact)->kind >= VALUE_SET_KINDS)
			continue;
		facts.classes[fact] = open_class;
		cr_expect_eq(fact_in_set(&facts, (enum fact)fact, 0), TRUTH_YES);
		cr_expect_eq(fact_in_set(&facts, (enum fact)fact, 1), TRUTH_NO);
		cr_expect_eq(fact_in_set(&facts, (enum fact)fact, SET_EMPTY), TRUTH_NO);
		cr_expect_eq(question.fact, FACT_COUNT, "nothing was to be asked of %s",
		             fact_row((enum fact)fact)->name);
		cr_expect_eq(fact_in_set(&facts, (enum fact)fact, 70), TRUTH_OPEN);
		cr_expect_eq(question.fact, fact);
		cr_expect_eq(question.set, 70);
	}
}

Test(condition, of_an_open_number_what_all_its_values_say_holds)
{
	static const enum fact amounts[] = {FACT_TLS, FACT_SIZE, FACT_RECIPIENTS};

	for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
		const char *name = fact_row(amounts[i])->name;
		struct open_question question = {.fact = (enum fact)FACT_COUNT};
		struct facts facts = {.question = &question};
		struct amount open = {5, 9};

		*(i == 0 ? &facts.tls_bits : i == 1 ? &facts.size : &facts.recipients) = open;
		cr_expect_eq(fact_at_least(&facts, amounts[i], 5), TRUTH_YES, "%s", name);
		cr_expect_eq(fact_at_least(&facts, amounts[i], 10), TRUTH_NO, "%s", name);
		cr_expect_eq(question.fact, FACT_COUNT, "%s", name);
		cr_expect_eq(fact_at_least(&facts, amounts[i], 9), TRUTH_OPEN, "%s", name);
		cr_expect_eq(question.fact, amounts[i], "%s", name);
		cr_expect_eq(question.number, 9, "%s", name);
		cr_expect_eq(fact_at_least(&facts, amounts[i], 6), TRUTH_OPEN, "%s", name);
		cr_expect_eq(question.number, 9, "%s: the first question is kept", name);
	}
}

Test(condition, the_first_question_is_kept)
{
	struct open_question question = {.fact = (enum fact)FACT_COUNT};
	struct facts facts = {.size = {0, 9}, .question = &question};

	facts.classes[FACT_CLIENT] = facts.classes[FACT_HELO] = open_class;
	cr_expect_eq(fact_in_set(&facts, FACT_HELO, 70), TRUTH_OPEN);
	cr_expect_eq(fact_in_set(&facts, FACT_CLIENT, 70), TRUTH_OPEN);
	cr_expect_eq(fact_at_least(&facts, FACT_SIZE, 3), TRUTH_OPEN);
	cr_expect_eq(question.fact, FACT_HELO);
	cr_expect_eq(question.set, 70);
}

/* No number is larger than the largest: nothing is asked, and nothing wraps. */
Test(condition, nothing_is_over_the_largest_number)
{
	const struct condition condition = {CONDITION_SIZE_OVER, {.number = UINT64_MAX}};
	struct open_question question = {.fact = (enum fact)FACT_COUNT};
	const struct facts facts = {.size = {0, UINT64_MAX}, .question = &question};

	cr_expect_eq(condition_row(CONDITION_SIZE_OVER)->holds(&condition, &facts), TRUTH_NO);
	cr_expect_eq(question.fact, FACT_COUNT);
}

Test(condition, no_tls_asks_whether_there_is_any)
{
	const struct condition condition = {CONDITION_TLS, {.number = 0}};
	struct open_question question = {.fact = (enum fact)FACT_COUNT};
	const struct facts facts = {.tls_bits = {0, 128}, .question = &question};

	cr_expect_eq(condition_row(CONDITION_TLS)->holds(&condition, &facts), TRUTH_OPEN);
	cr_expect_eq(question.fact, FACT_TLS);
	cr_expect_eq(question.number, 1);
}
