/*
 * NAME
 *	fake_mta - an MTA of the tests' own, behind milter/mta.h
 *
 * DESCRIPTION
 *	Says what a test has put into its macros, and keeps the last reply.
 */
#ifndef TESTS_FAKE_MTA_H
#define TESTS_FAKE_MTA_H

#include <stdbool.h>

#include "milter/mta.h"

#define FAKE_MACROS 16

struct fake_mta {
	struct mta mta;
	struct {
		const char *name;
		const char *value; /* NULL: not sent */
	} macros[FAKE_MACROS];
	char asked[1024];   /* names of all macros that were asked for, each followed by a blank */
	char reply[2048];   /* "550 5.7.1 text", lines separated by \n; empty where none was set */
	bool reply_refused; /* the MTA takes none */
};

/* Prepares it without macros. */
void fake_mta_init(struct fake_mta *fake);

/* Sets a macro, replacing what it was. */
void fake_mta_macro(struct fake_mta *fake, const char *name, const char *value);

/* Forgets all macros. */
void fake_mta_forget(struct fake_mta *fake);

#endif
