/*
 * NAME
 *	report_page - the page of a report, written to a file
 */
#ifndef MILTER_LEDGER_REPORT_PAGE_H
#define MILTER_LEDGER_REPORT_PAGE_H

#include <stdbool.h>

struct fault;
struct report;

/*
 * Writes the page beside the file, and puts it in its place once it is whole: who reads the
 * file sees the old page or the new one.  What is no regular file (a pipe, a terminal) is
 * written as it is.
 */
bool report_page_write(struct report *report, const char *path, struct fault *ret_fault);

/* Whether it could be written, as far as can be told without writing: to be asked before logs are read. */
bool report_page_possible(const char *path, struct fault *ret_fault);

#endif
