/*
 * NAME
 *	volume - what passed, and what did not, in figures
 */
#ifndef MILTER_LEDGER_VOLUME_H
#define MILTER_LEDGER_VOLUME_H

#include <stdint.h>

#include "milter/ledger/record.h"

struct volume {
	uint64_t messages[RECORD_END_COUNT];
	uint64_t sessions;                  /* refused before they had a message */
	uint64_t recipients[VERDICT_COUNT]; /* as they were judged at rcpt, whatever became of the message */
	uint64_t carried;                   /* accepted recipients of accepted messages */
	uint64_t relayed;                   /* those of them that are relay */
	uint64_t bytes;                     /* declared, of accepted messages; see figure_sum */
	uint64_t undeclared;                /* accepted messages of which none were */
};

/* What the record is, as a volume. */
struct volume volume_of(const struct record *record);

/* Adds the other to it. */
void volume_add(struct volume *volume, const struct volume *other);

/* Messages that were refused, and sessions. */
uint64_t volume_refused(const struct volume *volume);

/* Messages and sessions, however they ended: 0 where there was nothing. */
uint64_t volume_records(const struct volume *volume);

#endif
