#include "milter/ledger/account.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/ledger/ledger.h"
#include "milter/ledger/record.h"
#include "milter/moment.h"
#include "milter/snapshot.h"
#include "policy/arena.h"
#include "policy/ruleset.h"
#include "policy/session.h"
#include "rules/load.h"

/* A stage before MAIL: its decision refers to the rule set, and texts are made of it for each record. */
struct beginning {
	bool judged;
	struct decision decision;
};

struct account {
	const struct ledger *ledger;
	const struct snapshot *snapshot;
	struct record common; /* what all records of the session have; no steps */
	struct arena *texts;  /* of the connection */
	bool texts_lost;      /* there was no memory for one of them */
	char *helo;
	bool helo_lost;
	struct beginning connect;
	struct beginning greeting;
	unsigned messages;
	uint64_t nanoseconds; /* since the last record */

	struct arena *arena; /* of the record that is being made; NULL: there is none */
	struct record *record;
	struct record_step *steps;
	size_t capacity;
	bool accepted; /* a recipient was */
	bool complete; /* it came to its end, and was accepted */
	bool lost;     /* there was no memory for a part of it, or for what came before it */
};

struct account *account_new(const struct ledger *ledger, const struct origin *origin)
{
	struct account *account;

	if (!ledger_wants(ledger, origin->snapshot))
		return NULL;
	account = calloc(1, sizeof *account);
	if (account != NULL)
		account->texts = arena_new();
	if (account == NULL || account->texts == NULL) {
		free(account);
		ledger_lose(ledger, origin->snapshot);
		return NULL;
	}
	account->ledger = ledger;
	account->snapshot = origin->snapshot;
	account->common.session = origin->session;
	account->common.generation = origin->snapshot->generation;
	account->common.digest = origin->snapshot->rules->digest;
	return account;
}

/* A copy in the arena of a text that may be NULL; *ret_lost where there is no memory. */
static const char *keep(struct arena *arena, const char *text, bool *ret_lost)
{
	const char *copy = text != NULL ? arena_text(arena, text, strlen(text)) : NULL;

	*ret_lost |= text != NULL && copy == NULL;
	return copy;
}

static const char *name_of(const struct connection *connection)
{
	switch (connection->client_name_state) {
	case CLIENT_NAME_VERIFIED:
		return connection->client_name;
	case CLIENT_NAME_NONE:
		return "unknown";
	case CLIENT_NAME_UNAVAILABLE:
		return "[TEMPUNAVAIL]";
	}
	return NULL;
}

void account_connect(struct account *account, const struct connection *connection, const struct listener *listener,
                     const struct decision *decision)
{
	struct record *common;

	if (account == NULL)
		return;
	common = &account->common;
	common->listener = listener != NULL ? listener->name : NULL;
	common->direction = listener != NULL ? listener->direction : DIRECTION_INBOUND;
	common->local = connection->local;
	common->daemon = keep(account->texts, connection->daemon, &account->texts_lost);
	common->port = connection->port;
	common->has_address = connection->has_local_address;
	common->address = connection->local_address;
	common->has_client = connection->has_client || connection->local;
	common->client = connection->local ? address_loopback(ADDRESS_IPV4) : connection->client;
	common->client_name = keep(account->texts, name_of(connection), &account->texts_lost);
	account->connect = (struct beginning){true, *decision};
}

/* Makes room for one more step; returns it, or NULL where there is no memory. */
static struct record_step *next_step(struct account *account)
{
	struct record *record = account->record;

	if (record->step_count == account->capacity) {
		size_t capacity = account->capacity == 0 ? 8 : 2 * account->capacity;
		struct record_step *larger = arena_take(account->arena, capacity, sizeof *larger);

		if (larger == NULL)
			return NULL;
		if (record->step_count > 0)
			memcpy(larger, account->steps, record->step_count * sizeof *larger);
		account->steps = larger;
		account->capacity = capacity;
		record->steps = larger;
	}
	return &account->steps[record->step_count++];
}

/* "FILE:LINE" in the arena. */
static const char *place(struct arena *arena, const struct location *where, bool *ret_lost)
{
	char number[16];
	int digits;
	size_t length;
	char *text;

	if (where == NULL)
		return NULL;
	digits = snprintf(number, sizeof number, ":%u", where->line);
	length = strlen(where->file);
	text = arena_take(arena, length + (size_t)digits + 1, 1);
	if (text == NULL) {
		*ret_lost = true;
		return NULL;
	}
	memcpy(text, where->file, length);
	memcpy(text + length, number, (size_t)digits + 1);
	return text;
}

static void add_step(struct account *account, const struct decision *decision,
                     const struct account_recipient *recipient, const char *reply)
{
	struct arena *arena = account->arena;
	struct record_step *step = next_step(account);
	bool *lost = &account->lost;

	if (step == NULL) {
		*lost = true;
		return;
	}
	*step = (struct record_step){
	    .stage = decision->stage,
	    .verdict = decision->verdict,
	    .rule = keep(arena, decision->rule, lost),
	    .by = place(arena, decision->by, lost),
	    .reply = keep(arena, reply, lost),
	};
	if (decision->verdict != VERDICT_ACCEPT && decision->by == NULL)
		step->cause = cause_name(decision->cause);
	if (recipient != NULL) {
		step->recipient = keep(arena, recipient->address, lost);
		*lost |= recipient->address == NULL;
		step->resolved = keep(arena, recipient->resolved, lost);
		step->reading = keep(arena, recipient->reading, lost);
		step->relay = recipient->relay;
	}
	account->record->verdict = verdict_worse(account->record->verdict, decision->verdict);
}

/* Begins a record with what came before MAIL. */
static void begin(struct account *account, enum record_kind kind)
{
	struct arena *arena = arena_new();
	struct record *record = arena != NULL ? arena_take(arena, 1, sizeof *record) : NULL;

	if (record == NULL) {
		arena_free(arena);
		ledger_lose(account->ledger, account->snapshot);
		return;
	}
	account->lost = account->texts_lost || account->helo_lost;
	account->arena = arena;
	account->record = record;
	account->steps = NULL;
	account->capacity = 0;
	account->accepted = false;
	account->complete = false;
	*record = account->common;
	record->kind = kind;
	record->session = keep(arena, record->session, &account->lost);
	record->digest = keep(arena, record->digest, &account->lost);
	record->listener = keep(arena, record->listener, &account->lost);
	record->daemon = keep(arena, record->daemon, &account->lost);
	record->client_name = keep(arena, record->client_name, &account->lost);
	record->helo = keep(arena, account->helo, &account->lost);
	if (account->connect.judged)
		add_step(account, &account->connect.decision, NULL, NULL);
	if (account->greeting.judged && record->verdict == VERDICT_ACCEPT)
		add_step(account, &account->greeting.decision, NULL, NULL);
}

/* The stage that was judged last, or NULL. */
static struct record_step *last_step(const struct account *account)
{
	size_t count = account->record->step_count;

	return count > 0 ? &account->steps[count - 1] : NULL;
}

static enum record_end end_of(const struct account *account)
{
	const struct record_step *last = last_step(account);

	if (account->complete)
		return RECORD_ACCEPTED;
	if (last == NULL)
		return RECORD_ABANDONED;
	/* Of recipients one that is refused leaves the others. */
	if (last->stage == STAGE_RCPT)
		return account->accepted ? RECORD_ABANDONED : RECORD_REFUSED;
	return last->verdict != VERDICT_ACCEPT ? RECORD_REFUSED : RECORD_ABANDONED;
}

void account_end(struct account *account)
{
	if (account == NULL || account->record == NULL)
		return;
	if (account->lost) {
		ledger_lose(account->ledger, account->snapshot);
		arena_free(account->arena);
	} else {
		account->record->end = end_of(account);
		account->record->time = moment_now();
		account->record->microseconds = account->nanoseconds / 1000;
		ledger_take(account->ledger, account->snapshot, account->arena, account->record);
	}
	account->nanoseconds = 0;
	account->arena = NULL;
	account->record = NULL;
}

void account_helo(struct account *account, const char *helo, const struct decision *decision)
{
	if (account == NULL)
		return;
	account_end(account);
	free(account->helo);
	account->helo = helo != NULL ? strdup(helo) : NULL;
	account->helo_lost = helo != NULL && account->helo == NULL;
	account->greeting = (struct beginning){true, *decision};
}

void account_mail(struct account *account, const struct envelope *envelope, const char *sender, const char *reading)
{
	struct record *record;

	if (account == NULL)
		return;
	account_end(account);
	account->messages++;
	begin(account, RECORD_MESSAGE);
	record = account->record;
	if (record == NULL)
		return;
	record->message = account->messages;
	record->sender = keep(account->arena, sender, &account->lost);
	record->reading = keep(account->arena, reading, &account->lost);
	record->user = keep(account->arena, envelope->user, &account->lost);
	record->mechanism = keep(account->arena, envelope->mechanism, &account->lost);
	record->tls_bits = envelope->tls_bits;
	record->size_declared = envelope->size_declared;
	record->size = envelope->size;
}

void account_trust(struct account *account, const char *trusted, bool outside)
{
	if (account == NULL || account->record == NULL)
		return;
	account->record->trusted = keep(account->arena, trusted, &account->lost);
	account->record->outside = outside;
}

void account_judged(struct account *account, const struct decision *decision, const struct account_recipient *recipient,
                    const char *reply)
{
	struct record_step *last;

	if (account == NULL || account->record == NULL)
		return;
	last = last_step(account);
	if (decision->stage < STAGE_MAIL && last != NULL)
		last->reply = keep(account->arena, reply, &account->lost);
	else
		add_step(account, decision, recipient, reply);
	if (recipient != NULL && decision->verdict == VERDICT_ACCEPT)
		account->accepted = true;
}

void account_queue(struct account *account, const char *queue)
{
	if (account != NULL && account->record != NULL && account->record->queue == NULL)
		account->record->queue = keep(account->arena, queue, &account->lost);
}

void account_spent(struct account *account, uint64_t nanoseconds)
{
	if (account != NULL)
		account->nanoseconds += nanoseconds;
}

void account_message_end(struct account *account)
{
	if (account == NULL || account->record == NULL)
		return;
	account->complete = true;
	account_end(account);
}

/* Whether connect or helo was refused, and no MAIL came to be told so. */
static bool refused_in_silence(const struct account *account)
{
	return account->messages == 0 &&
	       ((account->connect.judged && account->connect.decision.verdict != VERDICT_ACCEPT) ||
	        (account->greeting.judged && account->greeting.decision.verdict != VERDICT_ACCEPT));
}

void account_free(struct account *account)
{
	if (account == NULL)
		return;
	account_end(account);
	if (refused_in_silence(account)) {
		begin(account, RECORD_SESSION);
		account_end(account);
	}
	arena_free(account->texts);
	free(account->helo);
	free(account);
}
