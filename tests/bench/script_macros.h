/*
 * NAME
 *	script_macros - what Postfix tells beside each step
 *
 * DESCRIPTION
 *	A packet of macros: of those that are asked for, those that have a value at this step, with values as
 *	Postfix gives them.  Where none has one the packet is there, and empty.
 */
#ifndef BENCH_SCRIPT_MACROS_H
#define BENCH_SCRIPT_MACROS_H

struct packets;
struct scenario;

/*
 * Writes the packet for a step (SMFIC_*) at a place (SMFIM_*).  asked are names with blanks
 * between them; NULL, or none: Postfix's own list of the place.  recipient is that of RCPT, and NULL elsewhere.
 */
void script_macros(struct packets *packets, char letter, const char *asked, unsigned place,
                   const struct scenario *scenario, const char *recipient);

#endif
