/*
 * NAME
 *	party_finding - what the files that put parties together share
 */
#ifndef POLICY_PARTY_FINDING_H
#define POLICY_PARTY_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/bits.h"
#include "policy/party.h"

struct match_room;

/* A box. */
struct way {
	uint64_t *clients;      /* cells */
	struct answer *answers; /* on all facts but the client */
	size_t answer_count;
	const struct location *by;
	bool shown;
};

/* What is needed only while parties are put together. */
struct finding {
	struct parties *parties;
	struct match_room *room;
	uint64_t *sets[WORLD_SIDES];     /* of a login */
	uint64_t *supposed[WORLD_SIDES]; /* the same, where expressions find other logins */
	bool failed;                     /* no memory */
};

static inline bool way_is_open_to(const struct way *way, size_t client)
{
	return way->shown && bits_test(way->clients, (unsigned)client);
}

/*
 * Says which logins may, unless all may, or strangers: then that is a matter of clauses.
 * Returns whether what it says is all that there is to say.
 */
bool finding_users(struct finding *finding, struct party *party, size_t client);

#endif
