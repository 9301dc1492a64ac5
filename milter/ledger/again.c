#include "milter/ledger/again.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "milter/explanation.h"
#include "milter/ledger/record.h"
#include "policy/decide.h"
#include "policy/ruleset.h"

static struct connection connection_of(const struct record *record)
{
	struct connection connection = {
	    .local = record->local,
	    .daemon = record->daemon,
	    .port = record->port,
	    .has_local_address = record->has_address,
	    .local_address = record->address,
	    .has_client = record->has_client,
	    .client = record->client,
	    .client_name = record->client_name,
	    .client_name_state = client_name_state(record->client_name),
	};

	return connection;
}

static struct envelope envelope_of(const struct record *record)
{
	struct envelope envelope = {
	    .sender = record->sender != NULL ? record->sender : "",
	    .reading = record->reading,
	    .user = record->user,
	    .mechanism = record->mechanism,
	    .tls_bits = record->tls_bits,
	    .size_declared = record->size_declared,
	    .size = record->size,
	};

	return envelope;
}

/* Lists the record's recipients; returns how many there are.  ret_list has room for all steps. */
static size_t list_recipients(const struct record *record, struct recipient *ret_list)
{
	size_t count = 0;

	for (size_t i = 0; i < record->step_count; i++) {
		const struct record_step *step = &record->steps[i];

		if (step->stage == STAGE_RCPT)
			ret_list[count++] = (struct recipient){step->recipient, step->resolved, step->reading};
	}
	return count;
}

/* Whether no rule could have decided as it was decided. */
static bool decided_without_rules(const struct record *record)
{
	static const enum decision_cause causes[] = {CAUSE_NO_CLIENT, CAUSE_NO_MACROS, CAUSE_NAT_WATCH, CAUSE_INTERNAL,
	                                             CAUSE_BROKEN};

	for (size_t i = 0; i < record->step_count; i++) {
		for (size_t k = 0; k < sizeof causes / sizeof *causes; k++) {
			const char *cause = record->steps[i].cause;

			if (cause != NULL && strcmp(cause, cause_name(causes[k])) == 0)
				return true;
		}
	}
	return false;
}

static struct outcome old_outcome(const struct record_step *step)
{
	return (struct outcome){step->verdict, step->reply, step->rule, step->by};
}

static struct outcome new_outcome(const struct explanation_step *step)
{
	return (struct outcome){step->verdict, step->reply, step->rule, step->by};
}

/* A reply that was never given, to who did not wait for it, is no other one. */
static bool same(const struct outcome *old, const struct outcome *new)
{
	return old->verdict == new->verdict &&
	       (old->reply == NULL || new->reply == NULL || strcmp(old->reply, new->reply) == 0);
}

/* What record and explanation are compared by. */
struct comparing {
	const struct record *record;
	const struct explanation *explanation;
	again_visitor visit;
	void *context;
};

static void compare(const struct comparing *comparing, enum stage stage, const char *recipient, bool relay,
                    struct outcome old, struct outcome new)
{
	const struct listener *listener = comparing->explanation->listener;
	struct again_change change = {
	    .stage = stage,
	    .listener = listener != NULL ? listener->name : comparing->record->listener,
	    .recipient = recipient,
	    .relay = relay,
	    .old = old,
	    .new = new,
	};

	if (!same(&old, &new))
		comparing->visit(comparing->context, &change);
}

/* The last of the steps up to MAIL: the only one of them that can be a refusal.  NULL: there is none. */
static const struct record_step *old_beginning(const struct record *record)
{
	const struct record_step *last = NULL;

	for (size_t i = 0; i < record->step_count && record->steps[i].stage <= STAGE_MAIL; i++)
		last = &record->steps[i];
	return last;
}

static const struct explanation_step *new_beginning(const struct explanation *explanation)
{
	const struct explanation_step *last = NULL;

	for (size_t i = 0; i < explanation->count && explanation->steps[i].stage <= STAGE_MAIL; i++)
		last = &explanation->steps[i];
	return last;
}

/* The step after at of that stage, or NULL. */
static const struct explanation_step *next_of(const struct explanation *explanation, enum stage stage, size_t *at)
{
	while (*at < explanation->count) {
		const struct explanation_step *step = &explanation->steps[(*at)++];

		if (step->stage == stage)
			return step;
	}
	return NULL;
}

/* Recipients and DATA, of a session that the old rules let come so far. */
static void compare_rest(const struct comparing *comparing, const struct explanation_step *beginning)
{
	const struct record *record = comparing->record;
	size_t recipients = 0, end = 0;

	for (size_t i = 0; i < record->step_count; i++) {
		const struct record_step *old = &record->steps[i];
		const struct explanation_step *new = NULL;

		if (old->stage == STAGE_RCPT)
			new = next_of(comparing->explanation, STAGE_RCPT, &recipients);
		else if (old->stage == STAGE_DATA)
			new = next_of(comparing->explanation, STAGE_DATA, &end);
		else
			continue;
		if (new != NULL)
			compare(comparing, old->stage, old->recipient, new->relay, old_outcome(old), new_outcome(new));
		else if (old->stage == STAGE_RCPT)
			/* MAIL would have been refused: no recipient would have come so far. */
			compare(comparing, old->stage, old->recipient, old->relay, old_outcome(old),
			        new_outcome(beginning));
	}
}

static void compare_all(const struct comparing *comparing)
{
	const struct record_step *old = old_beginning(comparing->record);
	const struct explanation_step *new = new_beginning(comparing->explanation);

	if (old == NULL || new == NULL)
		return;
	if (old->verdict != VERDICT_ACCEPT)
		compare(comparing, STAGE_MAIL, NULL, false, old_outcome(old), new_outcome(new));
	else
		compare_rest(comparing, new);
}

enum again_result again_judge(const struct ruleset *ruleset, const struct record *record, again_visitor visit,
                              void *context)
{
	struct scenario scenario = {
	    .connection = connection_of(record),
	    .helo = record->helo,
	    .envelope = envelope_of(record),
	};
	struct explanation explanation;
	struct recipient *recipients;
	bool judged;

	if (record->hashed)
		return AGAIN_HASHED;
	if (decided_without_rules(record))
		return AGAIN_NO_RULES;
	recipients = calloc(record->step_count + 1, sizeof *recipients);
	if (recipients == NULL)
		return AGAIN_NO_MEMORY;
	scenario.recipients = recipients;
	scenario.recipient_count = list_recipients(record, recipients);
	judged = explanation_judge(ruleset, &scenario, &explanation);
	if (judged) {
		compare_all(&(struct comparing){record, &explanation, visit, context});
		explanation_destroy(&explanation);
	}
	free(recipients);
	return judged ? AGAIN_JUDGED : AGAIN_NO_MEMORY;
}
