/*
 * NAME
 *	report_chart - the plots of a report's page, as SVG
 *
 * DESCRIPTION
 *	Colours, fonts and lines are classes of the page's style.  No text of a client is in a plot.
 */
#ifndef MILTER_LEDGER_REPORT_CHART_H
#define MILTER_LEDGER_REPORT_CHART_H

#include <stdint.h>
#include <stdio.h>

#include "milter/ledger/report.h"

/* Accepted messages over time, inbound beside outbound. */
void report_chart_accepted(const struct report *report, FILE *stream);

/* Refused messages and sessions over time. */
void report_chart_refused(const struct report *report, FILE *stream);

/* A listener's accepted messages over time, as small as a word. */
void report_chart_sparks(const struct report *report, size_t listener, FILE *stream);

/* A bar whose parts, of most, stand behind each other: by side. */
void report_chart_bar(const uint64_t *parts, unsigned sides, uint64_t most, FILE *stream);

/* The class of a side's colour: "in", "out", "none". */
const char *report_chart_class(enum tally_side side);

#endif
