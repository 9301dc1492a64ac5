/*
 * NAME
 *	model - what a rule file says, before it is compiled
 *
 * DESCRIPTION
 *	The file's tables, listeners, rules and examples with the administrator's
 *	own entries and lines: what is printed in canonical form, warned about, and
 *	compiled to a rule set.
 *
 * OWNERSHIP
 *	All of it, texts and file names too, lives in the model's arena.
 */
#ifndef RULES_MODEL_H
#define RULES_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"
#include "policy/condition.h"
#include "policy/network.h"
#include "policy/reply.h"
#include "policy/ruleset.h"
#include "policy/stage.h"
#include "policy/verdict.h"
#include "policy/vocabulary.h"
#include "rules/load.h"

struct arena;

/* The four groups of tables. */
enum group {
	GROUP_NETWORKS,
	GROUP_DOMAINS,
	GROUP_ADDRESSES,
	GROUP_USERS,
};
#define GROUP_COUNT (GROUP_USERS + 1)

/* The setting's name: "networks", "domains", "addresses", "users". */
const char *group_name(enum group group);

/* The kind of value that a group's tables hold. */
enum value_kind group_kind(enum group group);

enum entry_kind {
	ENTRY_TABLE, /* @NAME */
	ENTRY_NETWORK,
	ENTRY_NAME,        /* example.com */
	ENTRY_BELOW,       /* .example.com */
	ENTRY_EXPRESSION,  /* /.../ */
	ENTRY_MAILBOX,     /* user@example.com */
	ENTRY_LOCAL_PART,  /* user@ */
	ENTRY_NULL_SENDER, /* <> */
	ENTRY_LOGIN,       /* NAME */
	ENTRY_ANY_REALM,   /* NAME@, of logins */
	ENTRY_WORD,
};
#define ENTRY_KIND_COUNT (ENTRY_WORD + 1)

struct entry {
	enum entry_kind kind;
	bool take_out; /* ! */
	struct location where;
	union {
		struct network network; /* ENTRY_NETWORK: its text is made from it (entry_text in rules/entry.h) */
		struct {
			const char *text; /* as it is printed, without "!" */
			const char
			    *key; /* as it is compared: the vocabulary's key, or an expression without its slashes */
			size_t table; /* ENTRY_TABLE: index in the model */
		};
	} of;
};

/* An array of entries, or one. */
struct value {
	bool given;
	enum value_kind kind;
	struct location where;
	struct entry *entries;
	size_t count;
	size_t taken_out; /* entries that take out */
	uint32_t set;     /* of its kind, once compiled; SET_NONE before, and where nobody uses it */
};

struct table {
	const char *name;
	enum group group;
	struct value value;
	bool used;
};

struct model_condition {
	enum condition_kind kind;
	struct location where;
	struct value value; /* where the row's kind is one of sets */
	uint64_t number;    /* as struct condition has it */
	bool flag;
};

struct model_conditions {
	struct model_condition *list;
	size_t count;
	bool given;
	struct location where;
};

/* A reply as it is written, or NULL, and as it was read. */
struct model_reply {
	const char *text;
	struct reply reply;
};

struct model_rule {
	const char *name;  /* or NULL */
	const char *label; /* the name, or STAGE[N] */
	struct location where;
	struct model_conditions conditions;
	struct model_conditions unless;
	enum verdict verdict;
	struct model_reply reply;
};

/* connection, auth and relay: each uses some of these. */
struct model_block {
	bool given;
	struct location where;
	enum list_mode list_mode;
	enum auth_mode auth_mode;
	struct value clients;
	struct value names;
	struct value users;
	struct value mechanisms;
	bool authenticated;
	uint64_t tls_bits;
	struct model_reply reply;
};

struct model_match {
	bool given;
	struct value daemons; /* plain words */
	struct value addresses;
	bool ports_given;
	unsigned *ports;
	size_t port_count;
	bool local;
};

struct model_rules {
	struct model_rule *list;
	size_t count;
};

/* What is made of the address that the MTA has resolved a recipient to. */
enum model_resolved {
	RESOLVED_JUDGE,
	RESOLVED_IGNORE,
};

struct model_listener {
	const char *name;
	struct location where;
	enum direction direction;
	struct model_match match;
	enum model_resolved resolved;
	struct model_block connection;
	struct model_block auth;
	struct model_block relay;
	struct model_rules stages[STAGE_COUNT];
};

/* An example session of "expect". */
struct example {
	struct location where;
	const char *listener;
	const char *client;
	const char *address;
	const char *client_name;
	const char *helo;
	const char *user;
	const char *mechanism;
	uint64_t tls_bits;
	bool size_declared;
	uint64_t size;
	const char *sender;
	const char *recipient;
	const char *resolved;
	enum verdict verdict;
	const char *reply; /* NULL: any */
	enum stage stage;  /* STAGE_COUNT: any */
};

/* A promise of "never": the rule has its name, conditions and unless. */
struct model_promise {
	struct model_rule rule;
	const char *listener; /* NULL: any */
};

struct model {
	struct arena *arena;
	struct table *tables;
	size_t table_count;
	struct value local_domains;
	struct model_listener *listeners;
	size_t listener_count;
	struct model_promise *promises;
	size_t promise_count;
	struct example *examples;
	size_t example_count;
	const char *socket, *user, *group, *decisions, *decisions_key, *metrics; /* as given, or NULL */
	const char *shadow;                                                      /* as given, or NULL */
	const char *shadow_path;                                                 /* by which it is opened */
	enum log_format log;
	enum nat_watch nat_watch;
};

/* An empty model, or NULL where there is no memory. */
struct model *model_new(void);
void model_free(struct model *model);

/* The table of that name, or NULL. */
struct table *model_table(const struct model *model, const char *name);

#endif
