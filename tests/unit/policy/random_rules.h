/*
 * NAME
 *	random_rules - rule files made up from few words
 *
 * DESCRIPTION
 *	Small enough that every combination of what a listener tells apart can be
 *	played, and of words that meet: networks in each other, names below names.
 *	A test seeds srandom(3) first.
 */
#ifndef TESTS_RANDOM_RULES_H
#define TESTS_RANDOM_RULES_H

#include <stdbool.h>

/* What the files may have. */
struct random_rules {
	unsigned listeners;  /* at most */
	unsigned conditions; /* of a rule, at most */
	bool expressions;
};

/* The text of a rule file in which nothing is wrong.  Valid until the next call. */
const char *random_rules(const struct random_rules *what);

#endif
