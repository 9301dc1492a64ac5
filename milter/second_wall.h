/*
 * NAME
 *	second_wall - what an MTA shall let pass by itself
 *
 * DESCRIPTION
 *	A milter can only refuse: what the MTA relays without it is what it would relay on the
 *	day that the milter is taken out.  Here the rules come down to what an MTA can ask by
 *	itself: at which socket a client came, its address, and whether it has logged in.  Who may
 *	relay is what the proof says (policy/prove.h).  What the rules ask beyond that are the
 *	gaps of the wall: an MTA must let it pass, and would not ask it alone.
 *
 * OWNERSHIP
 *	A wall refers to the rules.
 */
#ifndef MILTER_SECOND_WALL_H
#define MILTER_SECOND_WALL_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/address.h"
#include "policy/cover.h"
#include "policy/prove.h"

struct rules;
struct world;

struct wall_listener {
	const struct listener *listener;
	struct relayers *relayers;
	struct networks by_address;  /* may relay without a login, whatever else */
	struct networks conditional; /* may without a login, but only where more holds, or that was not proved */
	struct networks with_login;  /* may with a login alone */
	bool offers_login;           /* a login changes something */
	bool demands_login;          /* nothing is taken without one */
	bool demands_tls;            /* nor without encryption */
};

/* What the rules do not say of a socket, so that it cannot be written as it is. */
enum wall_lack {
	LACK_NOTHING,
	LACK_PORT,
	LACK_NAME,    /* one that both MTAs take */
	LACK_ADDRESS, /* which one of the network */
	LACK_ROOM,    /* another service has all addresses of the port, or some of them */
};
#define WALL_LACK_COUNT (LACK_ROOM + 1)

/* A socket of the MTA. */
struct wall_service {
	const struct wall_listener *of;
	const char *daemon;     /* what the MTA calls it; NULL: whatever it likes */
	unsigned port;          /* 0: the rules do not say */
	bool bound;             /* at addresses of this network, else at all that no other service is bound to */
	struct network address; /* of the machine */
	enum wall_lack lack;
};

enum wall_gap_kind {
	GAP_CONDITION,       /* more must hold */
	GAP_UNPROVED,        /* more might have to hold */
	GAP_DATA,            /* the stage data may refuse, which a proof does not look at */
	GAP_LOOPBACK,        /* the machine's own clients, for whom the MTA always relays */
	GAP_OTHER_LISTENER,  /* may relay at another listener, not here */
	GAP_LOGIN_ELSEWHERE, /* a login from there, or here, may not relay */
	GAP_SUBMITTED,       /* mail that programs on the machine submit may not leave it, or not always */
};
#define WALL_GAP_KIND_COUNT (GAP_SUBMITTED + 1)

/* What an MTA would relay alone, and the rules would not, or not always. */
struct wall_gap {
	enum wall_gap_kind kind;
	const struct wall_listener *of;
	const struct relay_row *row; /* of GAP_CONDITION */
	bool authenticated;
	struct networks clients;
};

struct second_wall {
	const struct rules *rules;
	struct wall_listener *listeners; /* as in the rule set */
	size_t count;
	struct wall_service *services;
	size_t service_count;
	const struct wall_listener
	    *others;                       /* judges who comes in by any other socket; NULL: nobody, so it is refused */
	const struct wall_listener *local; /* judges what programs on the machine submit; NULL: nobody */
	bool shared; /* the MTA is like Sendmail: one list for all listeners, and it trusts its own machine */
	/* Without a login: at all listeners where one is not demanded. */
	struct networks anywhere;
	struct wall_gap *gaps; /* in the order of listeners */
	size_t gap_count;
};

/* The world has the rules' rule set as side 0.  Returns NULL where there is no memory. */
struct second_wall *second_wall_new(const struct world *world, const struct rules *rules, bool shared);
void second_wall_free(struct second_wall *wall);

/* Whether a login may relay anywhere that an address alone may not. */
bool second_wall_trusts_logins(const struct second_wall *wall);

#endif
