/*
 * NAME
 *	ledger - where the daemon writes down what happens
 *
 * DESCRIPTION
 *	What the settings ask for; a member that is NULL is not kept.  Made at the
 *	start, and there as long as the process.
 */
#ifndef MILTER_LEDGER_LEDGER_H
#define MILTER_LEDGER_LEDGER_H

struct decision_log;

struct ledger {
	struct decision_log *decisions;
};

#endif
