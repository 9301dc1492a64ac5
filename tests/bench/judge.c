/*
 * judge: has sallyport's rules judge one session again and again, in this process, and says what a decision takes.
 *
 * Under valgrind --tool=callgrind --instr-atstart=no only what is measured is counted.
 */
#include <err.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <valgrind/callgrind.h>

#include "policy/reply.h"
#include "policy/session.h"
#include "policy/verdict.h"
#include "rules/diagnostic.h"
#include "rules/load.h"

static const char usage[] =
    "usage: judge --rules FILE [OPTION]...\n"
    "\n"
    "  --what session     from connect to the last recipient (default); or\n"
    "  --what rcpt        one recipient, of a session that has got so far\n"
    "  --count N          how often (100000)\n"
    "  --scatter          each session from another client, anywhere in IPv4; the verdict is not told\n"
    "  --client ADDRESS, --port PORT, --user LOGIN, --tls BITS, --helo NAME, --sender ADDRESS, --recipient ADDRESS\n"
    "\n"
    "It prints one JSON object.\n";

enum {
	OPTION_RULES = 'a',
	OPTION_WHAT,
	OPTION_COUNT,
	OPTION_SCATTER,
	OPTION_CLIENT,
	OPTION_PORT,
	OPTION_USER,
	OPTION_TLS,
	OPTION_HELO,
	OPTION_SENDER,
	OPTION_RECIPIENT,
};

static const struct option options[] = {
    {"rules", required_argument, NULL, OPTION_RULES},         {"what", required_argument, NULL, OPTION_WHAT},
    {"count", required_argument, NULL, OPTION_COUNT},         {"scatter", no_argument, NULL, OPTION_SCATTER},
    {"client", required_argument, NULL, OPTION_CLIENT},       {"port", required_argument, NULL, OPTION_PORT},
    {"user", required_argument, NULL, OPTION_USER},           {"tls", required_argument, NULL, OPTION_TLS},
    {"helo", required_argument, NULL, OPTION_HELO},           {"sender", required_argument, NULL, OPTION_SENDER},
    {"recipient", required_argument, NULL, OPTION_RECIPIENT}, {NULL, 0, NULL, 0},
};

struct work {
	const char *rules;
	bool recipients_alone;
	bool scatter;
	unsigned long count;
	struct connection connection;
	const char *helo;
	struct envelope envelope;
	const char *recipient;
};

__attribute__((noreturn)) static void fail_usage(void)
{
	fputs(usage, stderr);
	exit(2);
}

static void set(struct work *work, int option, const char *text)
{
	switch (option) {
	case OPTION_RULES:
		work->rules = text;
		break;
	case OPTION_WHAT:
		work->recipients_alone = strcmp(text, "rcpt") == 0;
		if (!work->recipients_alone && strcmp(text, "session") != 0)
			fail_usage();
		break;
	case OPTION_COUNT:
		work->count = strtoul(text, NULL, 10);
		break;
	case OPTION_SCATTER:
		work->scatter = true;
		break;
	case OPTION_CLIENT:
		if (!address_from_text(text, &work->connection.client))
			errx(2, "\"%s\" is not an address", text);
		break;
	case OPTION_PORT:
		work->connection.port = (unsigned)strtoul(text, NULL, 10);
		break;
	case OPTION_USER:
		work->envelope.user = text;
		break;
	case OPTION_TLS:
		work->envelope.tls_bits = (unsigned)strtoul(text, NULL, 10);
		break;
	case OPTION_HELO:
		work->helo = text;
		break;
	case OPTION_SENDER:
		work->envelope.sender = text;
		break;
	case OPTION_RECIPIENT:
		work->recipient = text;
		break;
	default:
		fail_usage();
	}
}

static struct rules *load(const char *path)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules = diagnostics != NULL ? rules_load_unproved(path, diagnostics) : NULL;
	char text[512];

	if (rules == NULL && diagnostics != NULL && diagnostics_shown(diagnostics) > 0) {
		diagnostic_print(diagnostics_at(diagnostics, 0), text, sizeof text);
		errx(1, "%s", text);
	}
	if (rules == NULL)
		errx(1, "%s cannot be loaded", path);
	diagnostics_free(diagnostics);
	return rules;
}

/* Up to MAIL; returns false where that is refused already. */
static bool begin(struct session *session, const struct work *work, struct decision *ret_decision)
{
	session_connect(session, &work->connection);
	session_helo(session, work->helo);
	*ret_decision = session_mail(session, &work->envelope);
	return ret_decision->verdict == VERDICT_ACCEPT;
}

static struct decision judge_session(const struct rules *rules, const struct work *work)
{
	struct session *session = session_new(rules->ruleset);
	struct decision decision;

	if (session == NULL)
		err(1, "no memory for a session");
	if (begin(session, work, &decision))
		decision = session_rcpt(session, work->recipient, work->recipient);
	session_free(session);
	return decision;
}

/* The client of the next session, from the number that led to the one before. */
static void scatter(struct connection *connection, uint64_t *state)
{
	uint32_t bits;
	uint8_t octets[sizeof bits];

	*state = *state * 6364136223846793005 + 1442695040888963407;
	bits = (uint32_t)(*state >> 32);
	memcpy(octets, &bits, sizeof bits);
	connection->client = address_from_ipv4(octets);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct decision repeat(const struct rules *rules, struct work *work, struct session *session)
{
	struct decision decision = decide_without_rules(STAGE_RCPT, CAUSE_INTERNAL);
	uint64_t state = 1;

	for (unsigned long i = 0; i < work->count; i++) {
		if (work->scatter)
			scatter(&work->connection, &state);
		decision = session != NULL ? session_rcpt(session, work->recipient, work->recipient)
		                           : judge_session(rules, work);
	}
	return decision;
}

int main(int argc, char **argv)
{
	struct work work = {
	    .count = 100000,
	    .connection = {.port = 25, .has_client = true, .client_name_state = CLIENT_NAME_NONE},
	    .helo = "client.example.org",
	    .envelope = {.sender = "somebody@example.org"},
	    .recipient = "someone@example.net",
	};
	struct session *session = NULL;
	struct decision decision;
	struct rules *rules;
	double begun;
	int option;

	address_from_text("172.16.1.51", &work.connection.client);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		set(&work, option, optarg);
	if (work.rules == NULL || work.count == 0 || optind != argc)
		fail_usage();
	rules = load(work.rules);
	if (work.recipients_alone) {
		session = session_new(rules->ruleset);
		if (session == NULL)
			err(1, "no memory for a session");
		if (!begin(session, &work, &decision))
			errx(1, "MAIL is refused: there is no recipient to judge");
		session_rcpt(session, work.recipient, work.recipient); /* what the first one needs is there then */
	}
	begun = seconds();
	CALLGRIND_START_INSTRUMENTATION;
	decision = repeat(rules, &work, session);
	CALLGRIND_STOP_INSTRUMENTATION;
	printf("{\"count\": %lu, \"ns\": %.2f", work.count, (seconds() - begun) * 1e9 / (double)work.count);
	if (!work.scatter)
		printf(", \"stage\": \"%s\", \"verdict\": \"%s\"", stage_name(decision.stage),
		       verdict_name(decision.verdict));
	printf("}\n");
	session_free(session);
	rules_free(rules);
	return 0;
}
