/*
 * NAME
 *	survey - all sessions that could be, judged by decide()
 *
 * DESCRIPTION
 *	A box is a set of sessions: of each fact some cells of a grid.  A survey goes
 *	from the box of all sessions stage by stage.  Where decide() cannot judge all
 *	of a box alike, it says which question it has, and the box is cut in two by the
 *	answer.  So every session is in exactly one of the boxes that are visited, and no
 *	fact is told apart that makes no difference.
 *
 *	With two sides (policy/world.h) each box is judged by both listeners, and is
 *	visited when both have come to an end.
 *
 *	A box that comes to a stage can also be looked at there, and something else can be
 *	asked of its sessions than what decide() asks (survey_any).
 */
#ifndef POLICY_SURVEY_H
#define POLICY_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/decide.h"
#include "policy/grid.h"

struct rule;
struct surveying;

/* A box that has come to a stage where all its sessions are judged alike. */
struct station {
	enum stage stage;
	struct decision decision;
	const uint64_t *box;
	struct surveying *surveying;
};

/* Sessions that a survey is about; the facts that hang together, or that are not a matter of cells. */
struct survey_scope {
	bool authenticated;
	bool relay[WORLD_SIDES];
	bool name_unavailable;   /* the client's name could not be looked up just now */
	enum stage last;         /* sessions end behind it */
	const struct rule *rule; /* visit only what it matches, or NULL; of side 0 */

	/* Looks at each box at each stage that it comes to, on side 0; returning false stops the survey.  Or NULL. */
	bool (*arrive)(void *visitor, const struct station *station);

	/*
	 * How many decisions may still be asked for: those that are, are taken off, and so is what large boxes
	 * take in the time of decisions.  NULL: LIMIT_PROOF_DECISIONS, and the size of boxes does not matter.
	 */
	size_t *decisions;
};

/* A question that cut a box, and how it was answered for this one. */
struct answer {
	unsigned side;
	struct open_question question;
	bool yes;
};

/* One box, where all sessions are judged alike. */
struct visit {
	const struct grid *grid;
	const struct survey_scope *scope;
	const uint64_t *box;
	struct decision decisions[WORLD_SIDES]; /* the refusal, or what accepted last */
	const struct answer *answers;
	size_t answer_count;
	bool shown; /* there is a session in it with values that are shown */
};

/* Whether the box has the cell. */
bool visit_has(const struct visit *visit, enum fact fact, size_t cell);

/* Whether the box has every cell of the axis that the scope could have. */
bool visit_has_all(const struct visit *visit, enum fact fact);

/* Whether the cell has this answer to a question about its fact. */
bool cell_answers(const struct cell *cell, unsigned side, const struct open_question *question);

enum survey_result {
	SURVEY_DONE,
	SURVEY_STOPPED,  /* the visitor returned false */
	SURVEY_TOO_LONG, /* more decisions than may be asked for */
	SURVEY_NO_MEMORY,
};

/*
 * Visits all boxes of the scope; returning false stops the survey.  visitor is passed on;
 * look may be NULL.
 */
enum survey_result survey(const struct grid *grid, const struct survey_scope *scope,
                          bool (*look)(void *visitor, const struct visit *visit), void *visitor);

/*
 * For arrive(): whether ask() answers anything but TRUTH_NO for some of the box's sessions.  It is called
 * with what is known of them; where it answers TRUTH_OPEN, the box is cut by the question that facts have then.
 * Where that takes too many decisions, the answer is true, and the survey ends.
 */
bool survey_any(const struct station *station, enum truth (*ask)(void *asker, const struct facts *facts), void *asker);

#endif
