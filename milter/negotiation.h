/*
 * NAME
 *	negotiation - the steps of the milter protocol that an MTA is asked to leave out
 *
 * DESCRIPTION
 *	Puts what a rule set needs of a session (policy/needs.h) into the words of
 *	xxfi_negotiate(3): steps that are not to be sent (SMFIP_NO...), and steps that are
 *	sent without waiting for an answer (SMFIP_NR_...).
 *
 *	Headers, their end, the body and commands unknown to the MTA are never needed.
 *
 *	An MTA that cannot leave a step out sends it: the caller asks only for what is
 *	offered, and takes every step.  That an answer is not awaited is always
 *	offered: where the MTA waits all the same, libmilter answers it.  So the
 *	callback of a step that is not answered must return SMFIS_NOREPLY at any MTA.
 */
#ifndef MILTER_NEGOTIATION_H
#define MILTER_NEGOTIATION_H

struct needs;

/* The bits SMFIP_... to ask for. */
unsigned long negotiation_steps(const struct needs *needs);

#endif
