/*
 * NAME
 *	expression - a regular expression, with limits
 *
 * DESCRIPTION
 *	PCRE2, searched for anywhere in the subject, byte by byte (subjects are
 *	ASCII but for names that do not convert).  Letter case counts for logins
 *	alone, which are compared exactly.  Limits on steps,
 *	depth and heap (policy/limits.h) bound what a hostile subject can cost.
 *
 * THREADS
 *	A compiled expression is immutable and shared; the room that a match needs
 *	belongs to one thread at a time.
 */
#ifndef POLICY_EXPRESSION_H
#define POLICY_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/condition.h"

struct expression;
struct match_room;

/*
 * Compiles the first length bytes of pattern for values of the kind.  Returns NULL where it does not
 * compile or there is no memory, with the reason and the byte offset of the
 * fault in ret_fault (of size bytes).
 */
struct expression *expression_new(enum value_kind kind, const char *pattern, size_t length, char *ret_fault,
                                  size_t size);
void expression_free(struct expression *expression);

/* Its text, as it was given. */
const char *expression_pattern(const struct expression *expression);

/* Room for matching; NULL where there is no memory. */
struct match_room *match_room_new(void);
void match_room_free(struct match_room *room);

/* TRUTH_YES where it is found in the subject, TRUTH_NO where not, TRUTH_BROKEN past a limit or without memory. */
enum truth expression_find(const struct expression *expression, const char *subject, struct match_room *room);

/* Whether there was no memory for a match in this room, ever. */
bool match_room_failed(const struct match_room *room);

#endif
