/*
 * NAME
 *	wall_services - the sockets that an MTA needs for the listeners of the rules
 */
#ifndef MILTER_WALL_SERVICES_H
#define MILTER_WALL_SERVICES_H

#include <stdbool.h>

#include "milter/second_wall.h"

/*
 * Finds a socket for each port, address and name that a listener takes, in the order of the file.  Where a listener
 * says none of them it is port 25.  Of none it is known already that another listener would judge it.  Returns false
 * where there is no memory.
 */
bool wall_find_services(struct second_wall *wall);

#endif
