/*
 * NAME
 *	ruleset - listeners, rules and the classes that they cut the facts into
 *
 * DESCRIPTION
 *	The compiled form of a rule file: immutable once built, shared by any number
 *	of sessions and threads without a lock.
 *
 *	A condition on a fact names a set by its number; which sets a value is in
 *	is found by the vocabulary, once, when the fact arrives.
 *
 * BUILDING
 *	The loader fills the structures below, with memory of the rule set's own
 *	arena, and has the vocabulary built.  After that nothing is written any more.
 */
#ifndef POLICY_RULESET_H
#define POLICY_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/condition.h"
#include "policy/location.h"
#include "policy/reply.h"
#include "policy/stage.h"
#include "policy/verdict.h"

struct address;
struct arena;
struct vocabulary;

/* Conditions that must all hold.  None: they hold. */
struct conditions {
	struct condition *list;
	size_t count;
};

struct rule {
	struct conditions conditions;
	struct conditions unless; /* none: nothing is exempt */
	bool local_only;          /* an accept rule at rcpt that does not say relay = true */
	enum verdict verdict;
	const struct reply *reply; /* NULL where the verdict is accept */
	const char *label;         /* its name, or STAGE[N] */
	bool named;                /* the label is a name of its own */
	struct location where;
};

enum list_mode {
	MODE_ONLY,
	MODE_ALL_EXCEPT,
};
#define LIST_MODE_COUNT (MODE_ALL_EXCEPT + 1)

/* "only", "all-except" */
const char *list_mode_name(enum list_mode mode);
bool list_mode_from_name(const char *name, enum list_mode *ret_mode);

enum auth_mode {
	AUTH_OPTIONAL,
	AUTH_REQUIRED,
	AUTH_FORBIDDEN,
};
#define AUTH_MODE_COUNT (AUTH_FORBIDDEN + 1)

/* "optional", "required", "forbidden" */
const char *auth_mode_name(enum auth_mode mode);
bool auth_mode_from_name(const char *name, enum auth_mode *ret_mode);

/* A set of a kind that the fact at hand is compared with, where one was given. */
struct optional_set {
	bool given;
	unsigned set;
};

struct connection_block {
	enum list_mode mode;
	struct optional_set clients;
	struct optional_set names;
	const struct reply *reply; /* in place of its own, or NULL */
	struct location where;
};

struct auth_block {
	enum auth_mode mode;
	struct optional_set users;
	struct optional_set mechanisms;
	unsigned tls_bits;         /* at least; 0: not asked for */
	const struct reply *reply; /* in place of each of its own, or NULL */
	struct location where;
};

struct relay_block {
	enum list_mode mode;
	struct optional_set clients;
	struct optional_set names;
	bool authenticated; /* logins may, whatever the lists say */
	struct optional_set users;
	const struct reply *reply; /* in place of its own, or NULL */
	struct location where;
};

enum direction {
	DIRECTION_INBOUND,
	DIRECTION_OUTBOUND,
};
#define DIRECTION_COUNT (DIRECTION_OUTBOUND + 1)

/* "inbound", "outbound" */
const char *direction_name(enum direction direction);
bool direction_from_name(const char *name, enum direction *ret_direction);

/* What a listener takes. */
struct listener_match {
	bool everything; /* no match was given: local mail too */
	bool local;      /* mail submitted on the machine itself; if false, only what is not */
	bool any_daemon;
	const char **daemons;
	size_t daemon_count;
	struct optional_set addresses;
	bool any_port;
	const unsigned *ports;
	size_t port_count;
};

struct stage_rules {
	struct rule *list;
	size_t count;
};

struct listener {
	const char *name;
	enum direction direction;
	struct listener_match match;
	bool ignore_resolved;
	struct stage_rules stages[STAGE_COUNT];
	const struct connection_block *connection; /* NULL where the file has none */
	const struct auth_block *auth;
	const struct relay_block *relay;
	struct location where;
};

/* A promise ("never"): no session that the rule matches gets its recipient accepted. */
struct promise {
	const char *name;                /* or NULL */
	const struct listener *listener; /* at this one; NULL: at any */
	struct rule rule;                /* conditions and unless alone, asked as at rcpt */
};

struct ruleset {
	struct arena *arena;
	struct vocabulary *vocabulary;
	struct listener *listeners;
	size_t listener_count;
	struct optional_set local_domains; /* of VALUE_NAME; not given: nothing is local */
	struct promise *promises;
	size_t promise_count;
};

/* An empty rule set, or NULL where there is no memory. */
struct ruleset *ruleset_new(void);

/* Frees the rule set with all that its arena holds, and its vocabulary. */
void ruleset_free(struct ruleset *ruleset);

/* What a listener is chosen by. */
struct listener_facts {
	const char *name; /* the listener of this name, whatever it matches; or NULL */
	bool local;
	const char *daemon;            /* or NULL */
	const struct address *address; /* local address reached, or NULL */
	unsigned port;                 /* 0: not known */
};

/* Whether the listener's match holds, whatever stands before it, and whatever the name. */
bool listener_takes(const struct ruleset *ruleset, const struct listener *listener, const struct listener_facts *facts);

/* The first listener that matches, or NULL. */
const struct listener *ruleset_listener(const struct ruleset *ruleset, const struct listener_facts *facts);

#endif
