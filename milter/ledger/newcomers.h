/*
 * NAME
 *	newcomers - who had a relay recipient accepted, and when for the first time
 *
 * DESCRIPTION
 *	A session that logged in is its login's, whatever its address; another one is its client's.
 *	It relays where a recipient that is relay is accepted at rcpt, whatever becomes
 *	of the message: the door was open.
 *
 *	Each is remembered, with the earliest time that it relayed at in all that was read, in
 *	whatever order; so those of whom that is within a period are those who did not relay before
 *	it.  There is room for LIMIT_REPORT_NEWCOMERS of them: who comes when it is full is not
 *	looked at, which is counted.
 */
#ifndef MILTER_LEDGER_NEWCOMERS_H
#define MILTER_LEDGER_NEWCOMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct record;
struct newcomers;

struct newcomer {
	bool login;          /* else a client */
	char *name;          /* the login, or the client's address */
	uint64_t first;      /* milliseconds since 1970 */
	uint64_t recipients; /* relay ones that were accepted, of the records that count */
};

/* Returns NULL where there is no memory. */
struct newcomers *newcomers_new(size_t capacity);
void newcomers_free(struct newcomers *newcomers);

/* Looks at the record; its recipients are counted where counts is true.  Returns false where there is no memory. */
bool newcomers_add(struct newcomers *newcomers, const struct record *record, bool counts);

/* Records whose newcomer there was no room for. */
uint64_t newcomers_missed(const struct newcomers *newcomers);

/*
 * Those whose first time is within from (which belongs to it) to until (which does not), from
 * the first to the last: free(3) the list; it is valid until the next record is added.
 * Returns NULL where there is no memory.
 */
const struct newcomer **newcomers_list(const struct newcomers *newcomers, uint64_t from, uint64_t until,
                                       size_t *ret_count);

#endif
