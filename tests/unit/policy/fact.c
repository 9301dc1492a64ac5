#include "policy/fact.h"

#include <criterion/criterion.h>

/* What sallyport.conf(5) says of each fact. */
static const struct fact_row told[] = {
    [FACT_CLIENT] = {"client", VALUE_NETWORK, STAGE_CONNECT, SCOPE_CONNECTION, true},
    [FACT_CLIENT_NAME] = {"client_name", VALUE_NAME, STAGE_CONNECT, SCOPE_CONNECTION, true},
    [FACT_HELO] = {"helo", VALUE_NAME, STAGE_HELO, SCOPE_HELO, true},
    [FACT_SENDER] = {"sender", VALUE_MAILBOX, STAGE_MAIL, SCOPE_MESSAGE, true},
    [FACT_USER] = {"user", VALUE_LOGIN, STAGE_MAIL, SCOPE_MESSAGE, true},
    [FACT_MECHANISM] = {"mechanism", VALUE_WORD, STAGE_MAIL, SCOPE_MESSAGE, false},
    [FACT_TLS] = {"tls", VALUE_NUMBER, STAGE_MAIL, SCOPE_MESSAGE, false},
    [FACT_SIZE] = {"size", VALUE_NUMBER, STAGE_MAIL, SCOPE_MESSAGE, false},
    [FACT_RECIPIENT] = {"recipient", VALUE_MAILBOX, STAGE_RCPT, SCOPE_RECIPIENT, true},
    [FACT_RECIPIENTS] = {"recipients", VALUE_NUMBER, STAGE_DATA, SCOPE_MESSAGE, false},
    [FACT_LISTENER] = {"listener", VALUE_LABEL, STAGE_CONNECT, SCOPE_CONNECTION, true},
};

Test(fact, every_row_says_what_the_language_says)
{
	cr_assert_eq(sizeof told / sizeof *told, FACT_COUNT);
	for (unsigned i = 0; i < FACT_COUNT; i++) {
		const struct fact_row *row = fact_row((enum fact)i);

		cr_expect_str_eq(row->name, told[i].name);
		cr_expect_eq(row->kind, told[i].kind, "%s", told[i].name);
		cr_expect_eq(row->since, told[i].since, "%s", told[i].name);
		cr_expect_eq(row->scope, told[i].scope, "%s", told[i].name);
		cr_expect_eq(row->placeholder, told[i].placeholder, "%s", told[i].name);
	}
}

Test(fact, where_a_scope_ends_so_do_its_facts_and_those_of_the_scopes_below)
{
	for (unsigned scope = 0; scope < SCOPE_COUNT; scope++)
		for (unsigned i = 0; i < FACT_COUNT; i++)
			cr_expect_eq((fact_ending((enum fact_scope)scope) >> i & 1) != 0, told[i].scope >= scope,
			             "%s, scope %u", told[i].name, scope);
}

Test(fact, every_value_is_found_by_its_name)
{
	for (unsigned i = 0; i < FACT_COUNT; i++) {
		enum fact fact = (enum fact)FACT_COUNT;

		cr_expect(fact_from_name(told[i].name, &fact), "%s", told[i].name);
		cr_expect_eq(fact, i, "%s", told[i].name);
	}
}

Test(fact, other_words_name_none_and_write_nothing)
{
	static const char *const others[] = {"", "Client", "clien", "clients", "client-name", "relay", "authenticated"};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		enum fact fact = FACT_SIZE;

		cr_expect_not(fact_from_name(others[i], &fact), "\"%s\"", others[i]);
		cr_expect_eq(fact, FACT_SIZE, "\"%s\"", others[i]);
	}
}

Test(fact, the_kinds_of_sets_are_the_first_kinds)
{
	static const enum value_kind kinds[] = {VALUE_NETWORK, VALUE_NAME, VALUE_MAILBOX, VALUE_LOGIN, VALUE_WORD};
	static const enum value_kind others[] = {VALUE_NUMBER, VALUE_BOOLEAN, VALUE_LABEL};

	cr_assert_eq(sizeof kinds / sizeof *kinds, VALUE_SET_KINDS);
	cr_assert_eq(sizeof kinds / sizeof *kinds + sizeof others / sizeof *others, VALUE_KIND_COUNT);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		cr_expect_lt(kinds[i], VALUE_SET_KINDS);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_expect_geq(others[i], VALUE_SET_KINDS);
}
