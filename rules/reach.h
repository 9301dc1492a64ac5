/*
 * NAME
 *	reach - rules that no session can reach, as far as two rules tell it
 *
 * DESCRIPTION
 *	Looks at one rule, and at each one before it: whether its own conditions
 *	exclude each other, and whether an earlier rule matches whatever it would.
 *	What only several rules together hide is not found.
 */
#ifndef RULES_REACH_H
#define RULES_REACH_H

struct diagnostics;
struct model_listener;
struct vocabulary;

/* Warns of every rule of the listener that no session can reach. */
void reach_find(const struct vocabulary *vocabulary, const struct model_listener *listener,
                struct diagnostics *diagnostics);

#endif
