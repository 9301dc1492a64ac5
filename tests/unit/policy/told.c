#include "tests/unit/policy/told.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "policy/limits.h"
#include "rules/diagnostic.h"
#include "rules/load.h"
#include "tests/unit/rules/rule_files.h"

struct rules *told_rules(const char *text)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules;

	write_file("told.conf", text);
	rules = rules_load("told.conf", diagnostics);
	cr_assert_not_null(rules, "%s%s", printed(diagnostics), text);
	diagnostics_free(diagnostics);
	return rules;
}

struct connection told_connection(const struct told *told)
{
	struct connection connection = {
	    .listener = told->listener,
	    .local = told->local,
	    .daemon = told->daemon,
	    .port = told->port,
	    .has_local_address = told->address != NULL,
	    .has_client = told->client != NULL,
	    .client_name_state = client_name_state(told->client_name),
	    .client_name = told->client_name,
	    .no_macros = told->no_macros,
	};

	if (told->address != NULL)
		cr_assert(address_from_text(told->address, &connection.local_address), "%s", told->address);
	if (told->client != NULL)
		cr_assert(address_from_text(told->client, &connection.client), "%s", told->client);
	return connection;
}

struct envelope told_envelope(const struct told *told)
{
	return (struct envelope){
	    .sender = told->sender != NULL ? told->sender : "<>",
	    .reading = told->sender_reading,
	    .user = told->user,
	    .mechanism = told->mechanism,
	    .tls_bits = told->tls_bits,
	    .size_declared = told->size_declared,
	    .size = told->size,
	};
}

const char *told_outcome(const struct session *session, struct decision decision)
{
	static char text[LIMIT_REPLY + 64];
	int length;

	if (decision.verdict == VERDICT_ACCEPT)
		return "accept";
	length = snprintf(text, sizeof text, "%s %s: ", stage_name(decision.stage), verdict_name(decision.verdict));
	session_reply(session, &decision, text + length, sizeof text - (size_t)length);
	return text;
}

const char *told_judge(const struct rules *rules, const struct told *told)
{
	struct session *session = session_new(rules->ruleset);
	struct connection connection = told_connection(told);
	struct envelope envelope = told_envelope(told);
	struct decision decision;
	const char *outcome;

	cr_assert_not_null(session);
	session_connect(session, &connection);
	if (told->helo != NULL)
		session_helo(session, told->helo);
	decision = session_mail(session, &envelope);
	if (decision.verdict == VERDICT_ACCEPT && told->recipient != NULL) {
		decision = session_rcpt_read(session, told->recipient, told->resolved, told->recipient_reading);
		if (decision.verdict == VERDICT_ACCEPT)
			decision = session_data(session);
	}
	outcome = told_outcome(session, decision);
	session_free(session);
	return outcome;
}
