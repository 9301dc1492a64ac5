/*
 * NAME
 *	watch - addresses that may relay, and do not look like one client
 *
 * SYNOPSIS
 *	watch = watch_new(seed);
 *	if (watch_see(watch, &sighting, &suspect))
 *		the administrator is to be told
 *	watch_suspects(watch, &client, now), watch_count(watch, now), watch_list(watch, now, &list)
 *
 * DESCRIPTION
 *	A router, or a container's proxy, that puts its own address in place of its clients' makes
 *	all of them one; where the rules let that address relay, they let all the world.  What
 *	is behind an address cannot be seen, but what comes from it can.  Each address that may relay
 *	without a login at a listener is watched there, and looks like many where there came from
 *	it, within a day at most:
 *
 *		10 HELO names and 20 outside sender domains, or
 *		5 HELO names and 10 outside sender domains, and one more sign:
 *		- 5 logins;
 *		- it is the host's default gateway, or its address on a bridge of containers;
 *		- in the half day at hand half of the listener's sessions, 20 or more, are its, and
 *		  no more than one in 20 is a public address', of which there were 20 sessions or
 *		  more in the half day before.
 *
 *	Outside is a domain that is none of local_domains.  A relay that forwards has many of
 *	them, and one HELO name; an office behind its router has many HELO names and logins, and our
 *	sender domains.  Neither is many by itself.
 *
 *	TIME is kept in half days, of which the last two count.  It is any clock in
 *	milliseconds that goes on; logs that are read one after the other may begin anew.
 *
 *	MEMORY does not grow.  1024 pairs of address and listener are watched, in groups of 16 by
 *	the address; who comes when a group is full takes the place of who was not seen for the
 *	longest time.  Where suspects are kept, none of them is given up for others.  31
 *	listeners are told apart, by the first 63 bytes of their names.  Names and domains are counted
 *	by sketches (milter/ledger/sketch.h).
 *
 * THREADS
 *	All functions but watch_new and watch_free may be called by any thread.
 */
#ifndef MILTER_LEDGER_WATCH_H
#define MILTER_LEDGER_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/address.h"

struct record;
struct watch;

/* Bytes of a listener's name with its end. */
#define WATCH_LISTENER 64

/* Why an address that may relay could be that of others. */
enum watch_kind {
	WATCH_ADDRESS, /* for no reason that is known */
	WATCH_GATEWAY,
	WATCH_BRIDGE,
};
#define WATCH_KIND_COUNT (WATCH_BRIDGE + 1)

/* "address", "gateway", "bridge" */
const char *watch_kind_name(enum watch_kind kind);
bool watch_kind_from_name(const char *name, enum watch_kind *ret_kind);

/* A message that began.  Texts are NULL where there was none. */
struct sighting {
	uint64_t time;
	const char *listener;
	struct address client;
	bool trusted; /* the client may relay by its address alone: else it counts as a session of the listener */
	enum watch_kind kind;
	bool begins; /* the first message of its session */
	const char *helo;
	const char *domain; /* of the sender, where it is an outside one, as it is compared */
	const char *user;
};

/* An address that looks like many clients, at a listener, when it did last. */
struct watch_suspect {
	struct address client;
	char listener[WATCH_LISTENER];
	enum watch_kind kind;
	bool displaces; /* its sessions have taken the place of those from public addresses */
	unsigned helos, domains, logins, sessions;
	uint64_t since, last;
};

/* Bytes of what is said of a suspect, with the end of the string. */
#define WATCH_TEXT 256

/* "12 HELO names, 25 outside sender domains, 6 logins; it is the host's default gateway" */
void watch_describe(const struct watch_suspect *suspect, char *ret_text);

/* seed: of hashes.  Returns NULL where there is no memory. */
struct watch *watch_new(uint64_t seed);
void watch_free(struct watch *watch);

/* Whether suspects stay suspects until watch_forget, instead of a day after they looked so last. */
void watch_keep(struct watch *watch, bool keep);

/* Forgets all that was seen.  Returns how many addresses were suspects. */
unsigned watch_forget(struct watch *watch, uint64_t now);

/*
 * Takes a sighting.  Returns whether its client looks like many and that is news, which it is once a
 * day; *ret_suspect then says what there is to be said.
 */
bool watch_see(struct watch *watch, const struct sighting *sighting, struct watch_suspect *ret_suspect);

/* The same by what a record tells, if it is one of a message. */
bool watch_see_record(struct watch *watch, const struct record *record, struct watch_suspect *ret_suspect);

/* Whether the address is a suspect, at any listener. */
bool watch_suspects(struct watch *watch, const struct address *client, uint64_t now);

/* How many addresses are suspects. */
unsigned watch_count(struct watch *watch, uint64_t now);

/* Suspects, by listener and address; returns how many.  *ret_list: malloc(3) memory, NULL where there is none. */
size_t watch_list(struct watch *watch, uint64_t now, struct watch_suspect **ret_list);

#endif
