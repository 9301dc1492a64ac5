/*
 * NAME
 *	doors - by which listeners sessions come in, in two rule sets
 *
 * DESCRIPTION
 *	What the MTA says of a connection (its name for the listener, port, local
 *	address, or that it is mail submitted on the machine) chooses a listener in
 *	each rule set.  A door is a pair of listeners that some connection gets.
 */
#ifndef POLICY_DOORS_H
#define POLICY_DOORS_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/address.h"
#include "policy/world.h"

struct listener;

struct door {
	const struct listener *listeners[WORLD_SIDES]; /* NULL: no listener takes it, or there is no such side */
	bool local;                                    /* only mail submitted on the machine itself */

	/* A connection that comes in by it; one of which the MTA says as little as can be. */
	const char *daemon; /* the MTA's name for its listener, which is the match's; NULL: some other */
	unsigned port;      /* 0: some other */
	bool has_address;
	struct address address; /* the local one that the client reached */
};

struct doors {
	struct door *list; /* malloc(3) memory; no two are alike */
	size_t count;
};

/* Finds all doors.  Returns false where there is no memory. */
bool doors_find(const struct world *world, struct doors *ret_doors);
void doors_destroy(struct doors *doors);

/* What comes in by a listener of side 0, with those before it in front of it. */
struct way_in {
	bool connections; /* some */
	bool local;       /* mail submitted on the machine itself */
	bool any;         /* something would, were it alone */
	size_t hider;     /* the first listener that alone takes all that this one would, or its own index: none does */
};

/* The ways in by all listeners of side 0, in malloc(3) memory; NULL where there is none. */
struct way_in *doors_ways_in(const struct world *world);

#endif
