/*
 * NAME
 *	record - one line of the decision log: a message, or a session that was refused before it had one
 *
 * SYNOPSIS
 *	text = record_write(&record, &length);  ...  free(text);
 *	record_read(line, length, arena, &record, &fault);
 *
 * DESCRIPTION
 *	All that the decisions of one mail transaction used, and what they were: from
 *	MAIL to its end, with the connection and the HELO that it came by.  A session that
 *	was refused at connect or helo and ended without a MAIL is a record, too.  A
 *	record has everything that explain(1) takes as options, so that the session can be
 *	judged again.
 *
 *	SCHEMA.  A line is one JSON object (RFC 8259), ASCII, with "v": 1 first.  Members
 *	that have no value are left out.  A reader of version 1 ignores members that it
 *	does not know; a change that would make it misread a line makes the version 2.
 *	In a text that is not UTF-8 bytes beyond ASCII are written as "?".
 *
 *	v                      1
 *	time                   RFC 3339, UTC, milliseconds: when the record ended
 *	kind                   "message", or "session": refused, and no MAIL came
 *	session, message       the session's id; which MAIL of it, from 1 (of messages)
 *	queue                  the MTA's queue id, where it told one in time
 *	generation, digest     of the rules: counted from the start; SHA-256 of all files read
 *	microseconds           spent in deciding, all stages together
 *	listener, direction    left out where no listener matched
 *	daemon, port, address  what the MTA said of its listener: name, local port, local address
 *	local                  true: submitted on the machine itself (left out otherwise)
 *	client                 address; left out where the MTA gave none
 *	client_name            verified name, "unknown", or "[TEMPUNAVAIL]"
 *	helo, user, mechanism  left out where there was none
 *	tls                    bits (left out: not encrypted)
 *	size                   declared bytes, 2^63-1 at most (left out: not declared)
 *	sender                 as the client wrote it, without angle brackets; "<>" (of messages)
 *	read_as                what the MTA reads in the sender, where rules were asked about both
 *	trusted                the rules let the client's address relay by itself: "address", or
 *	                       "gateway" or "bridge" of the daemon's host (of messages)
 *	outside                true: the sender's domain is none of local_domains (where trusted; left
 *	                       out otherwise)
 *	hashed                 true: local parts stand as a keyed hash (left out otherwise)
 *	verdict                the worst of the stages, as explain has it
 *	end                    "accepted": the message came to its end, and nothing refused it; "refused":
 *	                       it was, or all its recipients were; "abandoned": it never came to its end
 *	stages                 a list, as in explain --json: stage, verdict, rule, by, reply, and
 *	                       of rcpt recipient, relay, resolved (where that is another address),
 *	                       read_as.  rule and by are left out where none decided; cause says why then,
 *	                       where it was refused
 *
 * OWNERSHIP
 *	A record refers to texts that somebody else owns: an arena, mostly.
 */
#ifndef MILTER_LEDGER_RECORD_H
#define MILTER_LEDGER_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"
#include "policy/ruleset.h"
#include "policy/stage.h"
#include "policy/verdict.h"

#define RECORD_VERSION 1

struct arena;
struct fault;

enum record_kind {
	RECORD_MESSAGE,
	RECORD_SESSION,
};
#define RECORD_KIND_COUNT (RECORD_SESSION + 1)

/* "message", "session" */
const char *record_kind_name(enum record_kind kind);
bool record_kind_from_name(const char *name, enum record_kind *ret_kind);

enum record_end {
	RECORD_ACCEPTED,
	RECORD_REFUSED,
	RECORD_ABANDONED,
};
#define RECORD_END_COUNT (RECORD_ABANDONED + 1)

/* "accepted", "refused", "abandoned" */
const char *record_end_name(enum record_end end);
bool record_end_from_name(const char *name, enum record_end *ret_end);

/* One stage as it was judged; at rcpt, of one recipient. */
struct record_step {
	enum stage stage;
	enum verdict verdict;
	bool relay;            /* of rcpt: the recipient is */
	const char *recipient; /* of rcpt: as the client wrote it, without angle brackets; else NULL */
	const char *resolved;  /* what the MTA made of it, or NULL */
	const char *reading;   /* what the MTA reads in it, where rules were asked about both; or NULL */
	const char *rule;      /* name, "mail[2]", or the block's; or NULL */
	const char *by;        /* "FILE:LINE", or NULL */
	const char *reply;     /* as the client saw it; NULL where accepted */
	const char *cause;     /* of a refusal that stands nowhere in a file; or NULL */
};

/* Texts are NULL, and numbers 0, where there was none. */
struct record {
	enum record_kind kind;
	enum record_end end;
	enum verdict verdict;
	uint64_t time; /* milliseconds since 1970 */
	const char *session;
	unsigned message;
	const char *queue;
	unsigned generation;
	const char *digest;
	uint64_t microseconds;
	const char *listener; /* direction says nothing where it is NULL */
	enum direction direction;
	bool local;
	const char *daemon;
	unsigned port;
	bool has_address;
	struct address address;
	bool has_client;
	struct address client;
	const char *client_name;
	const char *helo;
	const char *user;
	const char *mechanism;
	unsigned tls_bits;
	bool size_declared;
	uint64_t size;
	const char *sender; /* "" is the null sender; NULL of a session */
	const char *reading;
	const char *trusted;
	bool outside;
	bool hashed;
	const struct record_step *steps;
	size_t step_count;
};

/*
 * The record as a line, ending in a newline: malloc(3) memory, or NULL where there is
 * none.  *ret_length: without the end of the string.
 */
char *record_write(const struct record *record, size_t *ret_length);

/*
 * Reads a line, with or without its newline; texts and steps are put into the arena.
 * Returns false, with what is wrong with it in *ret_fault ("line ends in the middle", "is
 * version 2, and this program reads 1"), where it is no record.
 */
bool record_read(const char *line, size_t length, struct arena *arena, struct record *ret_record,
                 struct fault *ret_fault);

#endif
