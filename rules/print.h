/*
 * NAME
 *	print - a rule file in canonical form
 *
 * DESCRIPTION
 *	Every setting in one order and one spelling: names as A-labels, networks as
 *	inet_ntop(3) writes them, table files' entries in the table's place.  What
 *	is printed reads back to the same rule set, and prints the same again.
 */
#ifndef RULES_PRINT_H
#define RULES_PRINT_H

#include <stdbool.h>
#include <stdio.h>

struct model;

/* Prints the model.  Returns false where writing failed. */
bool model_print(const struct model *model, FILE *to);

#endif
