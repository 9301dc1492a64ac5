/*
 * NAME
 *	classify - from a text that came to the class that it falls in
 *
 * DESCRIPTION
 *	Brings a name or an address into the form in which it is compared, and looks
 *	it up in the vocabulary.  Also answers whether an address is local.
 *
 *	A class that is FACT_BROKEN, and TRUTH_BROKEN, mean that there was no
 *	memory, or an expression ran past its limit.
 *
 * OWNERSHIP
 *	The sets of a class lie in the buffer that was given (of vocabulary_words),
 *	or in the vocabulary.
 *
 * THREADS
 *	A classifier belongs to one thread at a time.
 */
#ifndef POLICY_CLASSIFY_H
#define POLICY_CLASSIFY_H

#include <stdint.h>

#include "policy/condition.h"
#include "policy/fact.h"
#include "policy/mailbox.h"
#include "policy/ruleset.h"

struct match_room;
struct vocabulary;

/* What look-ups need.  Not owned. */
struct classifier {
	const struct vocabulary *vocabulary;
	struct match_room *match_room; /* may be NULL where the vocabulary has no expressions */
	uint64_t *domain;              /* buffer for names: of the address at hand */
};

/* The class of a fact by the sets that its value is in; NULL where it could not be compared. */
struct fact_class class_of(const uint64_t *sets);

struct fact_class classify_name(const struct classifier *classifier, const char *name, uint64_t *buffer);

struct fact_class classify_mailbox(const struct classifier *classifier, const struct mailbox *mailbox,
                                   uint64_t *buffer);

/* What the MTA reads in an address. */
struct reading {
	struct fact_class class; /* absent where it reads what is read here, or cannot be read */
	bool routes;             /* what it reads could still send the message on (mailbox_could_route) */
	bool unreadable;         /* what it says that it reads cannot be read here */
};

/* Classifies what the MTA reads in an address that is not plain; reading may be NULL, where it did not say. */
struct reading classify_reading(const struct classifier *classifier, const struct mailbox *written, const char *reading,
                                uint64_t *buffer);

/* What makes an address local. */
struct locality {
	struct optional_set domains;   /* local_domains: a set of names; not given: none is */
	const struct address *address; /* that the client reached, or NULL where it is not known */
};

/* Whether mail for this address, as far as its domain tells, stays here. */
enum truth classify_local(const struct classifier *classifier, const struct locality *locality,
                          const struct mailbox *mailbox);

/* The same for a text; one that cannot be read, and the null sender, is not local. */
enum truth classify_local_text(const struct classifier *classifier, const struct locality *locality, const char *text);

#endif
