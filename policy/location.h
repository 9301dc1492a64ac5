/*
 * NAME
 *	location - where in the administrator's files something stands
 *
 * DESCRIPTION
 *	A file's name as it was given or as it is named by another file, and a
 *	line counted from 1.  The name is not owned: it lives as long as the rule
 *	set, or as the diagnostics, that refer to it.
 */
#ifndef POLICY_LOCATION_H
#define POLICY_LOCATION_H

struct location {
	const char *file;
	unsigned line;
};

#endif
