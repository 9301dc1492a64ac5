/*
 * NAME
 *	vocabulary - all sets of a rule set, and the classes that they make
 *
 * SYNOPSIS
 *	builder = vocabulary_builder_new();
 *	set = vocabulary_set(builder, VALUE_NETWORK); vocabulary_add_network(builder, set, &network) ...
 *	both = vocabulary_combine(builder, VALUE_NETWORK, plus, 2, minus, 1);
 *	vocabulary = vocabulary_build(builder);
 *	sets = vocabulary_network(vocabulary, &address);  bits_test(sets, both)
 *
 * DESCRIPTION
 *	Each kind of value has its own sets, numbered from 0.  A set is either plain:
 *	all that some patterns match; or combined: what is in one of some sets,
 *	less what is in one of others.  Tables, nested tables and "!" come down to
 *	these two.
 *
 *	Sets of mailboxes may have a set of names as a pattern: it is asked about
 *	the mailbox's domain.
 *
 *	To look a value up is to find its class among the plain sets, in one step
 *	for all of them, and then the combined ones.  Where no expression has to be
 *	tried and no domain to be asked about, the combined sets are worked out
 *	when the vocabulary is built, and a look-up returns what is there.
 *
 * OWNERSHIP
 *	vocabulary_build consumes the builder, also where it fails.
 *
 * THREADS
 *	A vocabulary is immutable.  A match_room, and the buffer that a look-up may
 *	use, belong to one thread at a time.
 */
#ifndef POLICY_VOCABULARY_H
#define POLICY_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"
#include "policy/expression.h"
#include "policy/fact.h"
#include "policy/network.h"

struct dictionary;
struct partition;
struct vocabulary;
struct vocabulary_builder;

/* "No set": there was no memory. */
#define SET_NONE UINT32_MAX

/* Between local part and domain in a mailbox's key: no address has this byte. */
#define MAILBOX_SEPARATOR '\001'

/* Returns NULL where there is no memory. */
struct vocabulary_builder *vocabulary_builder_new(void);
void vocabulary_builder_free(struct vocabulary_builder *builder);

/* A new plain set of the kind, without patterns; SET_NONE where there is no memory. */
uint32_t vocabulary_set(struct vocabulary_builder *builder, enum value_kind kind);

/* Patterns of plain sets.  Each returns false where there is no memory. */
bool vocabulary_add_network(struct vocabulary_builder *builder, uint32_t set, const struct network *network);

/*
 * A key of the kind (see policy/dictionary.h): itself, what is below it, or
 * both.  Mailboxes are LOCAL, MAILBOX_SEPARATOR, DOMAIN.  The text is copied.
 */
bool vocabulary_add_text(struct vocabulary_builder *builder, enum value_kind kind, uint32_t set, const char *key,
                         bool itself, bool below);

/* The null sender, in a set of mailboxes. */
bool vocabulary_add_null_sender(struct vocabulary_builder *builder, uint32_t set);

/* Mailboxes whose domain is in a set of names. */
bool vocabulary_add_domain(struct vocabulary_builder *builder, uint32_t set, uint32_t names);

/* Values that the expression finds.  The expression belongs to the builder from now on, also on failure. */
bool vocabulary_add_expression(struct vocabulary_builder *builder, enum value_kind kind, uint32_t set,
                               struct expression *expression);

/* A new combined set: in one of plus, and in none of minus; SET_NONE where there is no memory. */
uint32_t vocabulary_combine(struct vocabulary_builder *builder, enum value_kind kind, const uint32_t *plus,
                            size_t plus_count, const uint32_t *minus, size_t minus_count);

/* Returns NULL where there is no memory. */
struct vocabulary *vocabulary_build(struct vocabulary_builder *builder);
void vocabulary_free(struct vocabulary *vocabulary);

/* Bytes of memory that the values of a kind take, with their classes, but without expressions. */
size_t vocabulary_bytes(const struct vocabulary *vocabulary, enum value_kind kind);

/* Words of the bits of one value of the kind: the size of the buffer for a look-up. */
size_t vocabulary_words(const struct vocabulary *vocabulary, enum value_kind kind);

/* Whether any look-up needs room for matching. */
bool vocabulary_has_expressions(const struct vocabulary *vocabulary);

/* The sets that an address is in. */
const uint64_t *vocabulary_network(const struct vocabulary *vocabulary, const struct address *address);

/* The classes that addresses fall in, and the bits of one of them. */
size_t vocabulary_class_count(const struct vocabulary *vocabulary, enum value_kind kind);
const uint64_t *vocabulary_class(const struct vocabulary *vocabulary, enum value_kind kind, uint32_t class);

/* All addresses, as ranges in order, each with the class of its addresses (of VALUE_NETWORK). */
const struct partition *vocabulary_partition(const struct vocabulary *vocabulary);

/* The keys that patterns of the kind name, each with its classes: before expressions and domains are asked. */
const struct dictionary *vocabulary_dictionary(const struct vocabulary *vocabulary, enum value_kind kind);

/* The expressions of the kind, and the plain set of each. */
struct vocabulary_expression {
	const struct expression *expression;
	uint32_t set;
};
size_t vocabulary_expression_count(const struct vocabulary *vocabulary, enum value_kind kind);
struct vocabulary_expression vocabulary_expression(const struct vocabulary *vocabulary, enum value_kind kind,
                                                   size_t index);

/* Adds to some sets (bits) of the kind all those that they are made of. */
void vocabulary_add_parts(const struct vocabulary *vocabulary, enum value_kind kind, uint64_t *sets);

/* Adds to sets of names those that some sets of mailboxes, with all their parts, ask about the domain. */
void vocabulary_add_domain_parts(const struct vocabulary *vocabulary, const uint64_t *mailboxes, uint64_t *names);

/* Adds to a mailbox's bits the sets that ask about its domain, which has these sets of names. */
void vocabulary_link(const struct vocabulary *vocabulary, const uint64_t *names, uint64_t *mailbox);

/* Works out the combined sets of the kind from the plain ones. */
void vocabulary_combine_bits(const struct vocabulary *vocabulary, enum value_kind kind, uint64_t *bits);

/* Whether every address of one set of networks is in another. */
bool vocabulary_networks_within(const struct vocabulary *vocabulary, uint32_t inner, uint32_t outer);

/* The sets of names that the name of a client without a verified one is in: "unknown", which no expression finds. */
const uint64_t *vocabulary_unknown_name(const struct vocabulary *vocabulary);

/* The sets of mailboxes that the null sender is in. */
const uint64_t *vocabulary_null_sender(const struct vocabulary *vocabulary);

/*
 * The sets that a name, login or word is in: buffer, or memory of the vocabulary.
 * Returns NULL where an expression ran past its limit.
 */
const uint64_t *vocabulary_text(const struct vocabulary *vocabulary, enum value_kind kind, const char *text,
                                struct match_room *room, uint64_t *buffer);

/*
 * The same for a mailbox.  key: as for vocabulary_add_text; subject: what
 * expressions are tried on, "local@domain"; domain: the sets of names that the
 * domain is in, or NULL without one.
 */
const uint64_t *vocabulary_mailbox(const struct vocabulary *vocabulary, const char *key, const char *subject,
                                   const uint64_t *domain, struct match_room *room, uint64_t *buffer);

#endif
