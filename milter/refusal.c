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

/* "FILE:LINE", written into text; or NULL. */
static const char *place(const struct location *where, char *text, size_t size)
{
	if (where == NULL)
		return NULL;
	snprintf(text, size, "%s:%u", where->file, where->line);
	return text;
}

/* What the MTA made of the recipient, where that was judged in its place; or NULL. */
static const char *resolved(const char *recipient, const char *judged)
{
	if (recipient == NULL || judged == NULL || strcmp(recipient, judged) == 0)
		return NULL;
	return judged;
}

/* What the MTA reads in the address at hand, where the rules were asked about that, too; or NULL. */
static const char *read_as(const struct refusal *refusal)
{
	enum fact fact = refusal->recipient != NULL ? FACT_RECIPIENT : FACT_SENDER;

	return refusal->session != NULL && session_read_twice(refusal->session, fact) ? refusal->reading : NULL;
}

void refusal_log(const struct refusal *refusal)
{
	static const struct reply_texts nothing_known;
	const struct session *session = refusal->session;
	const struct decision *decision = refusal->decision;
	const struct listener *listener = session != NULL ? session_listener(session) : NULL;
	const char *const *texts = session != NULL ? session_texts(session)->texts : nothing_known.texts;
	const char *recipient = refusal->recipient;
	char by[LOG_VALUE];
	const struct log_field fields[] = {
	    log_word("session", refusal->id),
	    log_word("listener", listener != NULL ? listener->name : NULL),
	    log_word("stage", stage_name(decision->stage)),
	    log_word("verdict", verdict_name(decision->verdict)),
	    log_quoted("rule", decision->rule),
	    log_word("by", place(decision->by, by, sizeof by)),
	    log_word("cause", cause_name(decision->cause)),
	    log_word("client", texts[FACT_CLIENT]),
	    log_word("client_name", texts[FACT_CLIENT_NAME]),
	    log_word("helo", texts[FACT_HELO]),
	    log_word("user", texts[FACT_USER]),
	    log_word("sender", mailbox(texts[FACT_SENDER])),
	    log_word("recipient", mailbox(recipient)),
	    log_word("resolved", resolved(recipient, texts[FACT_RECIPIENT])),
	    log_word("read_as", read_as(refusal)),
	    log_word("queue", refusal->queue),
	    log_quoted("reply", refusal->reply),
	    {.kind = LOG_END},
	};

	log_event("refused", fields);
}
