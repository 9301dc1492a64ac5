/*
 * NAME
 *	party - clients and logins of which a survey says the same
 *
 * DESCRIPTION
 *	Boxes that a survey found are noted; then the clients are put together for
 *	whom the same boxes are open, with the logins and with what else must hold.  A
 *	client belongs to exactly one party, or to none.
 *
 * SYNOPSIS
 *	survey(..., a function that calls parties_note(parties, visit, by), ...);
 *	parties_find(parties);  parties->list, parties->unproved
 *	parties_free(parties);
 */
#ifndef POLICY_PARTY_H
#define POLICY_PARTY_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/clause.h"
#include "policy/cover.h"
#include "policy/location.h"
#include "policy/survey.h"

struct way;

struct party {
	struct networks clients; /* in the order of addresses, IPv4 first */
	const char **users;      /* entries, as rule files write them, "!" too; NULL: all logins that the clauses let */
	size_t user_count;
	struct clauses when;        /* on all facts but the client */
	const struct location **by; /* what was noted for the boxes, in the order of the file */
	size_t by_count;
};

struct parties {
	const struct grid *grid;
	bool authenticated;
	struct way *ways; /* noted so far */
	size_t way_count;
	struct party *list;
	size_t count;
	struct networks unproved; /* clients to whom only boxes are open in which no session can be shown */
	struct networks doubtful; /* clients of the list to whom such boxes are open, too */
};

/* The grid must outlive it.  Returns NULL where there is no memory. */
struct parties *parties_new(const struct grid *grid, bool authenticated);
void parties_free(struct parties *parties);

/* Notes a box; by may be NULL.  Returns false where there is no memory. */
bool parties_note(struct parties *parties, const struct visit *visit, const struct location *by);

/* Puts together what was noted; nothing can be noted after it.  Returns false where there is no memory. */
bool parties_find(struct parties *parties);

/* Whether they say the same of the same clients. */
bool parties_equal(const struct party *one, const struct party *other);

void party_destroy(struct party *party);

#endif
