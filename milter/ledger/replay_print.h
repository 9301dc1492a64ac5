/*
 * NAME
 *	replay_print - what a replay found, for people and for programs
 */
#ifndef MILTER_LEDGER_REPLAY_PRINT_H
#define MILTER_LEDGER_REPLAY_PRINT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "milter/ledger/again.h"

struct changes;

struct replay {
	const char *path; /* of the rule file */
	const struct changes *changes;
	uint64_t results[AGAIN_RESULT_COUNT]; /* records by what came of judging them */
	uint64_t records;
	uint64_t different; /* records with a change */
	uint64_t left_out;  /* lines that are no records */
};

/* Both return false where there is no memory, or the stream cannot be written. */
bool replay_print_text(const struct replay *replay, FILE *stream, bool colour);
bool replay_print_json(const struct replay *replay, FILE *stream);

#endif
