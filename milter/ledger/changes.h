/*
 * NAME
 *	changes - what other rules would have changed, grouped by the rules that decide
 *
 * DESCRIPTION
 *	Changes with the same listener, stage, verdicts and deciding lines, old and new,
 *	are one group, which counts them and keeps the first few as examples.
 *
 *	There are as many groups as pairs of rules that decide, whatever the number of changes;
 *	a log from many rule files that has more than LIMIT_REPLAY_GROUPS has the rest in
 *	one count.
 */
#ifndef MILTER_LEDGER_CHANGES_H
#define MILTER_LEDGER_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "milter/ledger/again.h"
#include "policy/verdict.h"

struct record;

#define CHANGE_EXAMPLES 3

/* Where a changed session stands, and what it was.  Texts are the group's. */
struct change_example {
	const char *file;
	uint64_t line;
	const char *session;
	unsigned message;
	uint64_t time;
	const char *client;    /* or NULL */
	const char *user;      /* or NULL */
	const char *sender;    /* or NULL */
	const char *recipient; /* or NULL */
};

struct change_side {
	enum verdict verdict;
	const char *reply; /* of the first change; NULL where accepted, or not known */
	const char *rule;  /* or NULL */
	const char *by;    /* or NULL */
};

struct change_group {
	enum stage stage;
	const char *listener; /* or NULL */
	bool relay;           /* at rcpt */
	struct change_side old;
	struct change_side new;
	uint64_t count;    /* recipients at rcpt, else messages */
	uint64_t messages; /* in which it came */
	struct change_example examples[CHANGE_EXAMPLES];
	size_t example_count;
};

struct changes;

/* NULL where there is no memory. */
struct changes *changes_new(void);
void changes_free(struct changes *changes);

/* A change of the record that stands in that line; it is the ordinal-th, from 1.  Returns false where there is no
 * memory. */
bool changes_add(struct changes *changes, const struct again_change *change, const struct record *record,
                 uint64_t ordinal, const char *file, uint64_t line);

/* Which way a group goes; the order in which people want to read of them. */
enum change_way {
	CHANGE_OPENS,
	CHANGE_CLOSES,
	CHANGE_OTHER_REPLY,
};
#define CHANGE_WAY_COUNT (CHANGE_OTHER_REPLY + 1)

enum change_way change_way(const struct change_group *group);

/* Puts what opens first; groups that go the same way keep the order in which they came.  To be called after the last
 * change. */
void changes_sort(struct changes *changes);

size_t changes_count(const struct changes *changes);
const struct change_group *changes_at(const struct changes *changes, size_t index);

/* Changes that were counted in no group. */
uint64_t changes_beyond(const struct changes *changes);

#endif
