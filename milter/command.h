/*
 * NAME
 *	command - the subcommands of sallyport(8), and what they share
 *
 * DESCRIPTION
 *	A subcommand is a row of the table in milter/main.c: its name, one line for
 *	--help, its usage, and its main function.  To add one is to add a row and a
 *	file with the function.
 *
 *	Each main function gets argv with its own name first, and returns the exit
 *	status.  Standard output is for results, standard error for everything else.
 */
#ifndef MILTER_COMMAND_H
#define MILTER_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

struct diagnostics;
struct option;

/* Exit statuses that most commands have in common; sallyport(8) lists them command by command. */
enum exit_status {
	STATUS_FINE = 0,
	STATUS_NOT = 1,     /* not fine, not accepted, not closed ... */
	STATUS_TROUBLE = 2, /* could not be done, usage errors included */
};

struct command {
	const char *name;
	const char *summary;
	const char *usage;   /* what follows "sallyport NAME" */
	const char *options; /* a line or more for each, as --help shows them */
	int usage_status;    /* exit status of a usage error */
	int (*main)(const struct command *command, int argc, char **argv);
};

int run_main(const struct command *command, int argc, char **argv);
int check_main(const struct command *command, int argc, char **argv);
int explain_main(const struct command *command, int argc, char **argv);
int probe_main(const struct command *command, int argc, char **argv);
int prove_main(const struct command *command, int argc, char **argv);
int mta_main(const struct command *command, int argc, char **argv);
int diff_main(const struct command *command, int argc, char **argv);
int replay_main(const struct command *command, int argc, char **argv);
int report_main(const struct command *command, int argc, char **argv);

/* Writes usage, summary and options. */
void command_help(const struct command *command, FILE *stream);

/*
 * Reads the next option, as getopt_long(3) does, with --help taken care of:
 * returns its value, -1 after the last one, or '?' where the command shall return
 * *ret_status at once.  Faults are reported on standard error.
 */
int command_option(const struct command *command, int argc, char **argv, const struct option *options, int *ret_status);

/*
 * Reads the options of a command that has --json and --help alone.  Returns false where the command shall return
 * *ret_status at once.
 */
bool command_json(const struct command *command, int argc, char **argv, bool *ret_json, int *ret_status);

/* Says on standard error what is wrong with the command line; returns the command's usage status. */
int command_usage_error(const struct command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes each diagnostic on standard error: "FILE:LINE: error: TEXT". */
void command_show_diagnostics(const struct diagnostics *diagnostics);

#endif
