/*
 * NAME
 *	probe_report - what a run of sallyport probe found, for people and for programs
 */
#ifndef MILTER_PROBE_REPORT_H
#define MILTER_PROBE_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "milter/probe_run.h"

/* Columns of what is written for people. */
#define PROBE_REPORT_WIDTH 80

/* How the run goes on: on a terminal in one line that changes, else in a line for each address. */
struct probe_progress probe_report_progress(bool *terminal);

/* Removes the line that changes. */
void probe_report_progress_end(bool terminal);

/* Writes the findings; verbose: also what was refused, and not tried. */
void probe_report(const struct probe_run *run, FILE *stream, bool verbose, bool colour);

/* Writes one JSON object; returns false where there is no memory, or the stream fails. */
bool probe_report_json(const struct probe_run *run, FILE *stream);

#endif
