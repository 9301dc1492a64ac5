/*
 * NAME
 *	surroundings - addresses that strangers may have because of where a host stands
 *
 * DESCRIPTION
 *	What the host's network says (milter/host.h), as rules are checked against it.
 */
#ifndef RULES_SURROUNDINGS_H
#define RULES_SURROUNDINGS_H

#include <stddef.h>

#include "policy/address.h"

/* Bytes of a network device's name, with the end of the string (IFNAMSIZ). */
#define DEVICE_NAME 16

enum stand_in_kind {
	STAND_IN_GATEWAY, /* a default gateway: a router may forward with it in place of the client's */
	STAND_IN_BRIDGE,  /* of a bridge of containers: so may the host itself */
};
#define STAND_IN_KIND_COUNT (STAND_IN_BRIDGE + 1)

struct stand_in {
	enum stand_in_kind kind;
	struct address address;
	char device[DEVICE_NAME];
};

struct surroundings {
	struct stand_in *list; /* malloc(3) memory */
	size_t count;
};

#endif
