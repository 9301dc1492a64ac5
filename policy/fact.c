#include "policy/fact.h"

#include <assert.h>
#include <string.h>

static const struct fact_row rows[] = {
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
static_assert(sizeof rows / sizeof *rows == FACT_COUNT, "every fact has a row");

#define BIT(fact) (1u << (fact))
#define OF_RECIPIENT BIT(FACT_RECIPIENT)
#define OF_MESSAGE                                                                                                     \
	(OF_RECIPIENT | BIT(FACT_SENDER) | BIT(FACT_USER) | BIT(FACT_MECHANISM) | BIT(FACT_TLS) | BIT(FACT_SIZE) |     \
	 BIT(FACT_RECIPIENTS))
#define OF_HELO (OF_MESSAGE | BIT(FACT_HELO))

/* As the rows have it; each session asks several times. */
static const unsigned endings[] = {
    [SCOPE_CONNECTION] = BIT(FACT_COUNT) - 1,
    [SCOPE_HELO] = OF_HELO,
    [SCOPE_MESSAGE] = OF_MESSAGE,
    [SCOPE_RECIPIENT] = OF_RECIPIENT,
};
static_assert(sizeof endings / sizeof *endings == SCOPE_COUNT, "every scope ends");

unsigned fact_ending(enum fact_scope scope)
{
	return endings[scope];
}

const struct fact_row *fact_row(enum fact fact)
{
	return &rows[fact];
}

bool fact_from_name(const char *name, enum fact *ret_fact)
{
	for (unsigned i = 0; i < FACT_COUNT; i++) {
		if (strcmp(name, rows[i].name) == 0) {
			*ret_fact = (enum fact)i;
			return true;
		}
	}
	return false;
}
