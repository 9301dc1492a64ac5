#include "policy/session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/arena.h"
#include "policy/classify.h"
#include "policy/limits.h"
#include "policy/mailbox.h"
#include "policy/name.h"
#include "policy/ruleset.h"
#include "policy/vocabulary.h"

/* The name of a client that has no verified one. */
static const char unknown[] = "unknown";

/* Room for the sets that each fact's value is in. */
struct class_room {
	uint64_t *client_name, *helo, *sender, *user, *mechanism, *recipient;
	uint64_t *sender_reading, *recipient_reading;
	uint64_t *domain; /* of the address at hand */
};

/*
 * Texts stand in the arena in the order in which they are forgotten, what is forgotten last
 * first: so forgetting is going back to a mark.
 */
struct session {
	struct arena *arena;                  /* buffers, and texts that came */
	struct arena_mark marks[SCOPE_COUNT]; /* where the texts of each scope begin */
	const struct ruleset *ruleset;
	const struct listener *listener;
	struct match_room *match_room;
	struct class_room room;
	struct facts facts;
	struct reading sender_reading, recipient_reading; /* where the MTA reads something else; else absent */
	struct mailbox sender;                            /* empty where it could not be read */
	struct reply_texts texts;
	char client_text[LIMIT_NETWORK_TEXT];
	bool has_local_address;
	struct address local_address;
	bool connected;
	struct decision refused_connect; /* accept where connect had nothing against it */
	struct decision refused_helo;
	bool helo_judged;
	bool mail_accepted;
};

/* Returns false where there is no memory. */
static bool make_room(struct session *session)
{
	const struct vocabulary *vocabulary = session->ruleset->vocabulary;
	const struct {
		uint64_t **buffer;
		enum value_kind kind;
	} parts[] = {
	    {&session->room.client_name, VALUE_NAME},
	    {&session->room.helo, VALUE_NAME},
	    {&session->room.domain, VALUE_NAME},
	    {&session->room.sender, VALUE_MAILBOX},
	    {&session->room.sender_reading, VALUE_MAILBOX},
	    {&session->room.recipient, VALUE_MAILBOX},
	    {&session->room.recipient_reading, VALUE_MAILBOX},
	    {&session->room.user, VALUE_LOGIN},
	    {&session->room.mechanism, VALUE_WORD},
	};
	size_t words[sizeof parts / sizeof *parts], all = 0;
	uint64_t *memory;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		words[i] = vocabulary_words(vocabulary, parts[i].kind);
		all += words[i];
	}
	memory = arena_take(session->arena, all, sizeof *memory);
	if (memory == NULL)
		return false;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		*parts[i].buffer = memory;
		memory += words[i];
	}
	return true;
}

/* From here on stand the texts of a scope, and of those that end before it does. */
static void begin_scope(struct session *session, enum fact_scope scope)
{
	struct arena_mark mark = arena_mark(session->arena);

	for (unsigned i = scope; i < SCOPE_COUNT; i++)
		session->marks[i] = mark;
}

struct session *session_new(const struct ruleset *ruleset)
{
	struct session *session = malloc(sizeof *session);

	if (session == NULL)
		return NULL;
	*session = (struct session){.ruleset = ruleset, .arena = arena_new_small(LIMIT_SESSION_ROOM)};
	if (session->arena == NULL)
		goto no_memory;
	if (vocabulary_has_expressions(ruleset->vocabulary)) {
		session->match_room = match_room_new();
		if (session->match_room == NULL)
			goto no_memory;
	}
	if (!make_room(session))
		goto no_memory;
	begin_scope(session, SCOPE_CONNECTION);
	return session;
no_memory:
	session_free(session);
	return NULL;
}

void session_free(struct session *session)
{
	if (session == NULL)
		return;
	mailbox_destroy(&session->sender);
	match_room_free(session->match_room);
	arena_free(session->arena);
	free(session);
}

/* What the MTA reads in an address; NULL for other facts. */
static struct reading *reading_of(struct session *session, enum fact fact)
{
	if (fact == FACT_SENDER)
		return &session->sender_reading;
	return fact == FACT_RECIPIENT ? &session->recipient_reading : NULL;
}

/* Keeps a copy as the text of a fact; returns it, or NULL where there is no memory. */
static char *keep_text(struct session *session, enum fact fact, const char *text, size_t length)
{
	char *copy = arena_text(session->arena, text, length);

	session->texts.texts[fact] = copy;
	return copy;
}

/* The same for an address, which loses its angle brackets. */
static char *keep_address(struct session *session, enum fact fact, const char *text)
{
	size_t length;
	const char *bare = mailbox_inside(text, &length);

	return keep_text(session, fact, bare, length);
}

static void forget(struct session *session, enum fact fact)
{
	struct reading *reading = reading_of(session, fact);

	session->texts.texts[fact] = NULL;
	session->facts.classes[fact] = (struct fact_class){.state = FACT_ABSENT};
	if (reading != NULL)
		*reading = (struct reading){.class = {.state = FACT_ABSENT}};
}

/* Forgets all that is not known any more at the end of this scope; those that end before it have ended. */
static void end_scope(struct session *session, enum fact_scope scope)
{
	for (unsigned ending = fact_ending(scope); ending != 0; ending &= ending - 1)
		forget(session, (enum fact)__builtin_ctz(ending));
	arena_rewind(session->arena, session->marks[scope]);
}

static void set_class(struct session *session, enum fact fact, const uint64_t *sets)
{
	session->facts.classes[fact] = class_of(sets);
}

static struct classifier classifier_of(const struct session *session)
{
	return (struct classifier){session->ruleset->vocabulary, session->match_room, session->room.domain};
}

static void take_name(struct session *session, enum fact fact, const char *name, uint64_t *buffer)
{
	struct classifier classifier = classifier_of(session);

	session->facts.classes[fact] = classify_name(&classifier, name, buffer);
}

/* Takes an address that was read, and what the MTA reads in it, or NULL. */
static void take_mailbox(struct session *session, enum fact fact, const struct mailbox *mailbox, const char *reading,
                         uint64_t *buffer, uint64_t *reading_buffer)
{
	struct classifier classifier = classifier_of(session);

	session->facts.classes[fact] = classify_mailbox(&classifier, mailbox, buffer);
	*reading_of(session, fact) = classify_reading(&classifier, mailbox, reading, reading_buffer);
}

/* Has a stage judged, by both readings of the addresses where there are two. */
static struct decision judge(const struct session *session, enum stage stage)
{
	const struct reading *sender = &session->sender_reading, *recipient = &session->recipient_reading;
	struct facts written, read;

	if (sender->class.state == FACT_ABSENT && recipient->class.state == FACT_ABSENT)
		return decide(session->listener, stage, &session->facts);
	written = read = session->facts;
	if (sender->class.state != FACT_ABSENT)
		read.classes[FACT_SENDER] = sender->class;
	if (recipient->class.state != FACT_ABSENT) {
		read.classes[FACT_RECIPIENT] = recipient->class;
		read.routes |= recipient->routes;
	}
	written.reading = &read;
	return decide(session->listener, stage, &written);
}

/*
 * The same for the stage of an address, where cause does not keep rules from
 * being asked.  What the MTA reads in it and we cannot, no rule could have
 * accepted.
 */
static struct decision judge_address(struct session *session, enum stage stage, enum fact fact,
                                     enum decision_cause cause)
{
	struct decision decision = cause == CAUSE_NOTHING ? judge(session, stage) : decide_without_rules(stage, cause);

	if (decision.verdict == VERDICT_ACCEPT && reading_of(session, fact)->unreadable)
		return decide_without_rules(stage, CAUSE_SYNTAX);
	return decision;
}

enum client_name_state client_name_state(const char *text)
{
	if (text == NULL || text[0] == '\0' || strcasecmp(text, unknown) == 0)
		return CLIENT_NAME_NONE;
	return strcasecmp(text, "[TEMPUNAVAIL]") == 0 ? CLIENT_NAME_UNAVAILABLE : CLIENT_NAME_VERIFIED;
}

static bool take_client_name(struct session *session, const struct connection *connection)
{
	bool verified = connection->client_name_state == CLIENT_NAME_VERIFIED &&
	                client_name_state(connection->client_name) == CLIENT_NAME_VERIFIED;
	const char *name = verified ? connection->client_name : unknown;
	const char *copy = keep_text(session, FACT_CLIENT_NAME, name, strlen(name));

	if (copy == NULL)
		return false;
	if (verified)
		take_name(session, FACT_CLIENT_NAME, copy, session->room.client_name);
	else
		set_class(session, FACT_CLIENT_NAME, vocabulary_unknown_name(session->ruleset->vocabulary));
	if (connection->client_name_state == CLIENT_NAME_UNAVAILABLE)
		session->facts.classes[FACT_CLIENT_NAME].state = FACT_UNAVAILABLE;
	return true;
}

/* What keeps the connection from being judged by rules; CAUSE_NOTHING where nothing does. */
static enum decision_cause take_connection(struct session *session, const struct connection *connection)
{
	struct address client = connection->local ? address_loopback(ADDRESS_IPV4) : connection->client;
	struct listener_facts facts = {
	    .name = connection->listener,
	    .local = connection->local,
	    .daemon = connection->daemon,
	    .address = connection->has_local_address ? &connection->local_address : NULL,
	    .port = connection->port,
	};

	session->has_local_address = connection->has_local_address;
	session->local_address = connection->local_address;
	if (connection->no_macros)
		return CAUSE_NO_MACROS;
	if (!connection->local && !connection->has_client)
		return CAUSE_NO_CLIENT;
	address_to_text(&client, session->client_text);
	session->texts.texts[FACT_CLIENT] = session->client_text;
	if (!take_client_name(session, connection))
		return CAUSE_INTERNAL;
	session->listener = ruleset_listener(session->ruleset, &facts);
	if (session->listener == NULL)
		return CAUSE_NO_LISTENER;
	session->texts.texts[FACT_LISTENER] = session->listener->name;
	set_class(session, FACT_CLIENT, vocabulary_network(session->ruleset->vocabulary, &client));
	return CAUSE_NOTHING;
}

struct decision session_connect(struct session *session, const struct connection *connection)
{
	enum decision_cause cause = take_connection(session, connection);

	begin_scope(session, SCOPE_HELO);
	session->connected = true;
	session->refused_connect =
	    cause == CAUSE_NOTHING ? judge(session, STAGE_CONNECT) : decide_without_rules(STAGE_CONNECT, cause);
	return session->refused_connect;
}

/* A refusal of an earlier stage, kept for MAIL; accept where there is none. */
static struct decision kept_refusal(const struct session *session)
{
	if (!session->connected)
		return decide_without_rules(STAGE_CONNECT, CAUSE_INTERNAL);
	if (session->refused_connect.verdict != VERDICT_ACCEPT)
		return session->refused_connect;
	return session->refused_helo;
}

struct decision session_helo(struct session *session, const char *helo)
{
	bool kept = true;

	session_reset(session);
	end_scope(session, SCOPE_HELO);
	if (helo != NULL)
		kept = keep_text(session, FACT_HELO, helo, strlen(helo)) != NULL;
	begin_scope(session, SCOPE_MESSAGE);
	session->refused_helo = (struct decision){.stage = STAGE_HELO, .verdict = VERDICT_ACCEPT};
	session->helo_judged = true;
	if (kept_refusal(session).verdict != VERDICT_ACCEPT)
		return kept_refusal(session);
	if (helo != NULL)
		take_name(session, FACT_HELO, helo, session->room.helo);
	session->refused_helo = kept ? judge(session, STAGE_HELO) : decide_without_rules(STAGE_HELO, CAUSE_INTERNAL);
	return kept_refusal(session);
}

/* Keeps the text of an address and reads it; unless CAUSE_NOTHING is returned, there is no mailbox to destroy. */
static enum decision_cause read_address(struct session *session, enum fact fact, const char *text,
                                        struct mailbox *ret_mailbox)
{
	if (keep_address(session, fact, text) == NULL)
		return CAUSE_INTERNAL;
	switch (mailbox_read(text, ret_mailbox)) {
	case MAILBOX_UNREADABLE:
		return CAUSE_SYNTAX;
	case MAILBOX_NO_MEMORY:
		return CAUSE_INTERNAL;
	case MAILBOX_READ:
		break;
	}
	return CAUSE_NOTHING;
}

static enum decision_cause take_sender(struct session *session, const struct envelope *envelope)
{
	struct mailbox mailbox;
	enum decision_cause cause = read_address(session, FACT_SENDER, envelope->sender, &mailbox);

	if (cause != CAUSE_NOTHING)
		return cause;
	take_mailbox(session, FACT_SENDER, &mailbox, envelope->reading, session->room.sender,
	             session->room.sender_reading);
	session->sender = mailbox;
	return CAUSE_NOTHING;
}

/* ANONYMOUS (RFC 4505) proves nothing: it is no login. */
static bool is_login(const struct envelope *envelope)
{
	return envelope->user != NULL && envelope->user[0] != '\0' &&
	       (envelope->mechanism == NULL || strcasecmp(envelope->mechanism, "ANONYMOUS") != 0);
}

static enum decision_cause take_login(struct session *session, const struct envelope *envelope)
{
	const struct vocabulary *vocabulary = session->ruleset->vocabulary;
	char *mechanism;

	session->facts.authenticated = is_login(envelope);
	if (!session->facts.authenticated)
		return CAUSE_NOTHING;
	if (keep_text(session, FACT_USER, envelope->user, strlen(envelope->user)) == NULL)
		return CAUSE_INTERNAL;
	set_class(session, FACT_USER,
	          vocabulary_text(vocabulary, VALUE_LOGIN, envelope->user, session->match_room, session->room.user));
	if (envelope->mechanism == NULL || envelope->mechanism[0] == '\0')
		return CAUSE_NOTHING;
	mechanism = keep_text(session, FACT_MECHANISM, envelope->mechanism, strlen(envelope->mechanism));
	if (mechanism == NULL)
		return CAUSE_INTERNAL;
	name_lower(mechanism);
	set_class(session, FACT_MECHANISM,
	          vocabulary_text(vocabulary, VALUE_WORD, mechanism, session->match_room, session->room.mechanism));
	return CAUSE_NOTHING;
}

struct decision session_mail(struct session *session, const struct envelope *envelope)
{
	enum decision_cause cause;
	struct decision decision;

	session_reset(session);
	if (!session->helo_judged)
		session_helo(session, NULL);
	cause = take_sender(session, envelope);
	if (take_login(session, envelope) != CAUSE_NOTHING)
		cause = CAUSE_INTERNAL;
	begin_scope(session, SCOPE_RECIPIENT);
	session->facts.tls_bits = amount_of(envelope->tls_bits);
	session->facts.size = amount_of(envelope->size_declared ? envelope->size : 0);

	decision = kept_refusal(session);
	if (decision.verdict == VERDICT_ACCEPT)
		decision = judge_address(session, STAGE_MAIL, FACT_SENDER, cause);
	session->mail_accepted = decision.verdict == VERDICT_ACCEPT;
	return decision;
}

/* What makes an address of this session local. */
static struct locality locality_of(const struct session *session)
{
	return (struct locality){
	    .domains = session->ruleset->local_domains,
	    .address = session->has_local_address ? &session->local_address : NULL,
	};
}

/* Finds out whether a recipient that was read is relay; *ret_cause where that cannot be told. */
static bool find_relay(struct session *session, const struct mailbox *mailbox, const char *resolved,
                       enum decision_cause *ret_cause)
{
	struct classifier classifier = classifier_of(session);
	struct locality here = locality_of(session);
	enum truth local = mailbox_could_route(mailbox) ? TRUTH_NO : classify_local(&classifier, &here, mailbox);

	/* What the MTA left as it was written has been read. */
	if (local == TRUTH_YES && resolved != NULL && !session->listener->ignore_resolved &&
	    strcmp(resolved, session->texts.texts[FACT_RECIPIENT]) != 0) {
		local = classify_local_text(&classifier, &here, resolved);
		if (local == TRUTH_NO) {
			/* Only the MTA knows why this is relay: the reply names what it has made of the recipient. */
			if (keep_address(session, FACT_RECIPIENT, resolved) == NULL)
				*ret_cause = CAUSE_INTERNAL;
		}
	}
	if (local == TRUTH_BROKEN)
		*ret_cause = CAUSE_BROKEN;
	return local != TRUTH_YES;
}

static enum decision_cause take_recipient(struct session *session, const char *recipient, const char *resolved,
                                          const char *reading)
{
	struct mailbox mailbox;
	enum decision_cause cause = read_address(session, FACT_RECIPIENT, recipient, &mailbox);

	session->facts.relay = true;
	if (cause != CAUSE_NOTHING)
		return cause;
	if (mailbox.null) {
		cause = CAUSE_SYNTAX;
	} else {
		take_mailbox(session, FACT_RECIPIENT, &mailbox, reading, session->room.recipient,
		             session->room.recipient_reading);
		session->facts.relay = find_relay(session, &mailbox, resolved, &cause);
	}
	mailbox_destroy(&mailbox);
	return cause;
}

struct decision session_rcpt(struct session *session, const char *recipient, const char *resolved)
{
	return session_rcpt_read(session, recipient, resolved, NULL);
}

struct decision session_rcpt_read(struct session *session, const char *recipient, const char *resolved,
                                  const char *reading)
{
	enum decision_cause cause;
	struct decision decision;

	if (!session->mail_accepted)
		return decide_without_rules(STAGE_RCPT, CAUSE_INTERNAL);
	end_scope(session, SCOPE_RECIPIENT);
	cause = take_recipient(session, recipient, resolved, reading);
	decision = judge_address(session, STAGE_RCPT, FACT_RECIPIENT, cause);
	if (decision.verdict == VERDICT_ACCEPT)
		session->facts.recipients = amount_of(session->facts.recipients.least + 1);
	return decision;
}

void session_rcpt_withdrawn(struct session *session)
{
	session->facts.recipients = amount_of(session->facts.recipients.least - 1);
}

struct decision session_data(struct session *session)
{
	if (session->facts.recipients.least == 0)
		return decide_without_rules(STAGE_DATA, CAUSE_INTERNAL);
	end_scope(session, SCOPE_RECIPIENT);
	return judge(session, STAGE_DATA);
}

void session_reset(struct session *session)
{
	end_scope(session, SCOPE_MESSAGE);
	if (session->sender.text != NULL)
		mailbox_destroy(&session->sender);
	session->mail_accepted = false;
	session->facts.authenticated = false;
	session->facts.tls_bits = amount_of(0);
	session->facts.size = amount_of(0);
	session->facts.relay = false;
	session->facts.recipients = amount_of(0);
}

const struct listener *session_listener(const struct session *session)
{
	return session->listener;
}

const char *session_outside_domain(const struct session *session)
{
	struct classifier classifier = classifier_of(session);
	struct locality here = locality_of(session);

	if (session->sender.domain == NULL || classify_local(&classifier, &here, &session->sender) != TRUTH_NO)
		return NULL;
	return session->sender.domain;
}

bool session_relay(const struct session *session)
{
	return session->facts.relay;
}

bool session_read_twice(const struct session *session, enum fact fact)
{
	const struct reading *reading = fact == FACT_SENDER ? &session->sender_reading : &session->recipient_reading;

	return reading->class.state != FACT_ABSENT || reading->unreadable;
}

const struct reply_texts *session_texts(const struct session *session)
{
	return &session->texts;
}

size_t session_reply(const struct session *session, const struct decision *decision, char *ret_text, size_t size)
{
	char rendered[LIMIT_REPLY];

	if (decision->reply == NULL) {
		if (size > 0)
			ret_text[0] = '\0';
		return 0;
	}
	reply_render(decision->reply, &session->texts, rendered);
	return reply_print(decision->reply, rendered, ret_text, size);
}
