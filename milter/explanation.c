#include "milter/explanation.h"

#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"
#include "policy/location.h"
#include "policy/mailbox.h"

/* Stages that every session has before and after its recipients: connect, helo, mail, and data. */
#define OTHER_STEPS 4

/* Adds a step for the decision; returns it, or NULL where there is no memory: what was made is kept for the end. */
static struct explanation_step *add_step(struct explanation *explanation, const struct session *session,
                                         const struct decision *decision)
{
	struct explanation_step *step = &explanation->steps[explanation->count++];

	*step = (struct explanation_step){
	    .stage = decision->stage,
	    .verdict = decision->verdict,
	    .rule = decision->rule,
	};
	explanation->verdict = verdict_worse(explanation->verdict, decision->verdict);
	if (decision->by != NULL && asprintf(&step->by, "%s:%u", decision->by->file, decision->by->line) < 0) {
		step->by = NULL;
		return NULL;
	}
	if (decision->verdict != VERDICT_ACCEPT) {
		size_t length = session_reply(session, decision, NULL, 0);

		step->reply = malloc(length + 1);
		if (step->reply == NULL)
			return NULL;
		session_reply(session, decision, step->reply, length + 1);
	}
	return step;
}

/* Judges connect, helo and mail up to the first refusal. */
static bool judge_beginning(struct explanation *explanation, struct session *session, const struct scenario *scenario)
{
	struct decision decision = session_connect(session, &scenario->connection);

	explanation->listener = session_listener(session);
	if (add_step(explanation, session, &decision) == NULL)
		return false;
	if (decision.verdict != VERDICT_ACCEPT)
		return true;
	decision = session_helo(session, scenario->helo);
	if (add_step(explanation, session, &decision) == NULL)
		return false;
	if (decision.verdict != VERDICT_ACCEPT)
		return true;
	decision = session_mail(session, &scenario->envelope);
	return add_step(explanation, session, &decision) != NULL;
}

static bool judge_recipient(struct explanation *explanation, struct session *session, const struct recipient *recipient)
{
	struct decision decision =
	    session_rcpt_read(session, recipient->address, recipient->resolved, recipient->reading);
	struct explanation_step *step = add_step(explanation, session, &decision);

	if (step == NULL)
		return false;
	step->relay = session_relay(session);
	step->recipient = mailbox_bare(recipient->address);
	return step->recipient != NULL;
}

static bool judge(struct explanation *explanation, struct session *session, const struct scenario *scenario)
{
	bool accepted = false;
	struct decision decision;

	if (!judge_beginning(explanation, session, scenario))
		return false;
	if (explanation->verdict != VERDICT_ACCEPT)
		return true;
	for (size_t i = 0; i < scenario->recipient_count; i++) {
		if (!judge_recipient(explanation, session, &scenario->recipients[i]))
			return false;
		accepted = accepted || explanation->steps[explanation->count - 1].verdict == VERDICT_ACCEPT;
	}
	if (!accepted)
		return true;
	decision = session_data(session);
	return add_step(explanation, session, &decision) != NULL;
}

bool explanation_judge(const struct ruleset *ruleset, const struct scenario *scenario,
                       struct explanation *ret_explanation)
{
	struct session *session = session_new(ruleset);
	struct explanation explanation = {
	    .verdict = VERDICT_ACCEPT,
	    .steps = calloc(scenario->recipient_count + OTHER_STEPS, sizeof *explanation.steps),
	};
	bool judged = session != NULL && explanation.steps != NULL && judge(&explanation, session, scenario);

	session_free(session);
	if (judged)
		*ret_explanation = explanation;
	else
		explanation_destroy(&explanation);
	return judged;
}

void explanation_destroy(struct explanation *explanation)
{
	for (size_t i = 0; i < explanation->count; i++) {
		free(explanation->steps[i].recipient);
		free(explanation->steps[i].reply);
		free(explanation->steps[i].by);
	}
	free(explanation->steps);
	*explanation = (struct explanation){.steps = NULL};
}
