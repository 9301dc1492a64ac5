#include "milter/refusal.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "milter/log.h"
#include "policy/reply.h"
#include "policy/ruleset.h"
#include "policy/session.h"

/* A mailbox as mail logs show it: the null sender is "<>". */
static const char *mailbox(const char *text)
{
	return text != NULL && *text == '\0' ? "<>" : text;
}

void refusal_log(const struct refusal *refusal)
{
	static const struct reply_texts nothing_known;
	const struct session *session = refusal->session;
	const struct decision *decision = refusal->decision;
	const struct listener *listener = session != NULL ? session_listener(session) : NULL;
	const char *const *texts = session != NULL ? session_texts(session)->texts : nothing_known.texts;
	const char *recipient = refusal->recipient;
	const char *resolved = recipient != NULL ? texts[FACT_RECIPIENT] : NULL;
	char by[LOG_VALUE];

	if (resolved != NULL && strcmp(resolved, recipient) == 0)
		resolved = NULL;
	if (decision->by != NULL)
		snprintf(by, sizeof by, "%s:%u", decision->by->file, decision->by->line);
	log_event("refused",
		  log_fields(log_word("session", refusal->id),
			     log_word("listener", listener != NULL ? listener->name : NULL),
			     log_word("stage", stage_name(decision->stage)),
			     log_word("verdict", verdict_name(decision->verdict)), log_quoted("rule", decision->rule),
			     log_word("by", decision->by != NULL ? by : NULL),
			     log_word("cause", cause_name(decision->cause)), log_word("client", texts[FACT_CLIENT]),
			     log_word("client_name", texts[FACT_CLIENT_NAME]), log_word("helo", texts[FACT_HELO]),
			     log_word("user", texts[FACT_USER]), log_word("sender", mailbox(texts[FACT_SENDER])),
			     log_word("recipient", mailbox(recipient)), log_word("resolved", resolved),
			     log_word("queue", refusal->queue), log_quoted("reply", refusal->reply)));
}
