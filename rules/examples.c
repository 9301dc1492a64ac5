#include "rules/examples.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"
#include "policy/session.h"
#include "rules/diagnostic.h"
#include "rules/load.h"
#include "rules/model.h"

/* How a session came out: the decision that was the harshest, and its reply. */
struct outcome {
	struct decision decision;
	char reply[LIMIT_REPLY];        /* as the client sees it */
	char written[LIMIT_REPLY + 32]; /* as a rule file has it: the codes once */
};

static void render(const struct session *session, struct outcome *outcome)
{
	const struct reply *reply = outcome->decision.reply;
	int length;

	session_reply(session, &outcome->decision, outcome->reply, sizeof outcome->reply);
	if (reply == NULL)
		return;
	length = snprintf(outcome->written, sizeof outcome->written, "%u %s ", reply->code, reply->enhanced);
	reply_render(reply, session_texts(session), outcome->written + length);
}

static struct connection example_connection(const struct example *example)
{
	struct connection connection = {
	    .listener = example->listener,
	    .client_name_state = client_name_state(example->client_name),
	    .client_name = example->client_name,
	};

	connection.has_client = address_from_text(example->client, &connection.client);
	connection.has_local_address =
	    example->address != NULL && address_from_text(example->address, &connection.local_address);
	return connection;
}

/* Goes on until the first refusal, and returns the last decision. */
static struct decision play(struct session *session, const struct example *example)
{
	struct connection connection = example_connection(example);
	struct envelope envelope = {
	    .sender = example->sender != NULL ? example->sender : "<>",
	    .user = example->user,
	    .mechanism = example->mechanism,
	    .tls_bits = (unsigned)example->tls_bits,
	    .size_declared = example->size_declared,
	    .size = example->size,
	};
	struct decision decision = session_connect(session, &connection);

	if (decision.verdict == VERDICT_ACCEPT)
		decision = session_helo(session, example->helo);
	if (decision.verdict == VERDICT_ACCEPT)
		decision = session_mail(session, &envelope);
	if (decision.verdict == VERDICT_ACCEPT && example->recipient != NULL) {
		decision = session_rcpt(session, example->recipient, example->resolved);
		if (decision.verdict == VERDICT_ACCEPT)
			decision = session_data(session);
	}
	return decision;
}

/* Whether the reply is the one that was expected, written as in a rule file or as the client sees it. */
static bool same_reply(const struct outcome *outcome, const char *expected)
{
	return strcmp(outcome->reply, expected) == 0 || strcmp(outcome->written, expected) == 0;
}

static bool as_expected(const struct example *example, const struct outcome *outcome)
{
	return outcome->decision.verdict == example->verdict &&
	       (example->stage == (enum stage)STAGE_COUNT || outcome->decision.stage == example->stage) &&
	       (example->reply == NULL || same_reply(outcome, example->reply));
}

static void report(const struct example *example, const struct outcome *outcome, struct diagnostics *diagnostics)
{
	const struct decision *decision = &outcome->decision;
	const char *at = example->stage == (enum stage)STAGE_COUNT ? "" : " at ";
	const char *stage = *at == '\0' ? "" : stage_name(example->stage);
	char by[200] = "no rule";

	if (decision->by != NULL)
		snprintf(by, sizeof by, "%s at %s:%u", decision->rule, decision->by->file, decision->by->line);
	else if (decision->rule != NULL)
		snprintf(by, sizeof by, "%s", decision->rule);
	if (decision->verdict == VERDICT_ACCEPT)
		diagnostics_error(diagnostics, example->where,
		                  "expected %s%s%s, and the session gets accept at %s, by %s",
		                  verdict_name(example->verdict), at, stage, stage_name(decision->stage), by);
	else
		diagnostics_error(diagnostics, example->where,
		                  "expected %s%s%s%s%s, and the session gets %s at %s, by %s: %s",
		                  verdict_name(example->verdict), at, stage, example->reply != NULL ? ", " : "",
		                  example->reply != NULL ? example->reply : "", verdict_name(decision->verdict),
		                  stage_name(decision->stage), by, outcome->reply);
}

void examples_judge(const struct rules *rules, struct diagnostics *diagnostics)
{
	const struct model *model = rules->model;
	struct outcome *outcome = calloc(1, sizeof *outcome);

	for (size_t i = 0; i < model->example_count; i++) {
		struct session *session = outcome != NULL ? session_new(rules->ruleset) : NULL;

		if (session == NULL) {
			diagnostics_error(diagnostics, model->examples[i].where,
			                  "there is not enough memory to judge this");
			break;
		}
		outcome->decision = play(session, &model->examples[i]);
		render(session, outcome);
		if (!as_expected(&model->examples[i], outcome))
			report(&model->examples[i], outcome, diagnostics);
		session_free(session);
	}
	free(outcome);
}
