/*
 * NAME
 *	witness - one session out of a box, with concrete values
 *
 * DESCRIPTION
 *	What a proof shows: the shortest session that a box has, as the options of
 *	sallyport-explain take it.
 *
 * OWNERSHIP
 *	Texts belong to the world from which the box is.
 */
#ifndef POLICY_WITNESS_H
#define POLICY_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"
#include "policy/decide.h"
#include "policy/survey.h"

struct witness {
	const struct listener *listener;
	bool local; /* submitted on the machine itself */
	struct address client;
	const char *client_name; /* NULL, as the others: none */
	const char *helo;
	const char *user;
	const char *mechanism;
	unsigned tls_bits;
	uint64_t size;      /* 0: not declared */
	const char *sender; /* NULL: "<>" */
	const char *recipient;
	const char *resolved;
};

/* How short it is: the smaller, the fewer options, and the shorter. */
size_t witness_length(const struct witness *witness);

/* The shortest session of the box for a side.  Returns false where none can be shown. */
bool witness_find(const struct visit *visit, unsigned side, struct witness *ret_witness);

/* What was decided at connect, helo, mail and rcpt, up to the first refusal. */
struct witness_course {
	struct decision decisions[STAGE_RCPT + 1];
	size_t count;
};

/* Plays the session.  Returns false where there is no memory. */
bool witness_play(const struct ruleset *ruleset, const struct witness *witness, struct witness_course *ret_course);

/* Whether its recipient was accepted. */
bool witness_accepted(const struct witness_course *course);

/* The most options that a witness has, each with its value. */
#define WITNESS_WORDS 26

/* Writes the options of sallyport-explain, "--client", "192.0.2.1" ..., of which room has the numbers.  Returns how
 * many. */
struct witness_room {
	char client[LIMIT_NETWORK_TEXT];
	char tls[24];
	char size[24];
};
size_t witness_words(const struct witness *witness, struct witness_room *room, const char *ret_words[WITNESS_WORDS]);

#endif
