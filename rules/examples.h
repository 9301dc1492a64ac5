/*
 * NAME
 *	examples - the example sessions of a rule file, judged
 */
#ifndef RULES_EXAMPLES_H
#define RULES_EXAMPLES_H

struct diagnostics;
struct rules;

/* Judges every example of "expect" as the daemon would, and reports as an error each that comes out differently. */
void examples_judge(const struct rules *rules, struct diagnostics *diagnostics);

#endif
