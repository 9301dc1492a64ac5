/*
 * sallyport(8): finds the subcommand and hands over to it.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "milter/command.h"
#include "rules/suggest.h"

static const struct command commands[] = {
    {
        .name = "run",
        .summary = "Judges the sessions of an MTA, in the foreground, until SIGTERM.",
        .usage = "-c FILE [--socket SOCKET] [--user USER] [--group GROUP]",
        .options = "  -c, --config FILE  the rule file; SIGHUP has it read again\n"
                   "  --socket SOCKET    unix:/PATH, inet:PORT@ADDRESS or inet6:PORT@[ADDRESS]\n"
                   "  --user USER        run as this user\n"
                   "  --group GROUP      run as this group; otherwise the user's own\n"
                   "  -h, --help         this text\n",
        .usage_status = EX_USAGE,
        .main = run_main,
    },
    {
        .name = "check",
        .summary = "Finds every mistake in rule files, each at its line.",
        .usage = "[--strict] [--elsewhere] [--json] [--print] FILE...",
        .options = "  --strict     warnings are mistakes, too\n"
                   "  --elsewhere  the files are for another host: do not look at this one's network\n"
                   "  --json       print a list of all that was found\n"
                   "  --print      print what each file says, in canonical form\n"
                   "  -h, --help   this text\n",
        .usage_status = STATUS_TROUBLE,
        .main = check_main,
    },
    {
        .name = "explain",
        .summary = "Judges one session stage by stage, and says what decided.",
        .usage = "-c FILE [--json] SESSION...",
        .options = "  -c, --config FILE   the rule file\n"
                   "  --json              print one JSON object\n"
                   "  -h, --help          this text\n"
                   "\n"
                   "The session; without --recipient it ends after mail:\n"
                   "  --listener NAME     judged by this listener, or by the one that takes:\n"
                   "  --daemon NAME       the MTA's name of its listener\n"
                   "  --port PORT         local port\n"
                   "  --local             submitted on the machine itself; the client is 127.0.0.1\n"
                   "  --address ADDRESS   local address that the client reached\n"
                   "  --client ADDRESS    the client's address; needed unless --local\n"
                   "  --client-name NAME  its verified name; 'unknown' (or left out): none;\n"
                   "                      '[TEMPUNAVAIL]': could not be looked up just now\n"
                   "  --helo NAME         what it said in HELO or EHLO\n"
                   "  --user LOGIN        logged in by this name\n"
                   "  --mechanism NAME    with this SASL mechanism\n"
                   "  --tls BITS          encrypted; 0: not\n"
                   "  --size BYTES        size declared in MAIL\n"
                   "  --sender ADDRESS    envelope sender; left out: <>\n"
                   "  --recipient ADDRESS may be repeated: one message with several recipients\n"
                   "  --resolved ADDRESS  what the MTA made of the recipient before it\n"
                   "  --read-as ADDRESS   what the MTA reads in the recipient before it, or, before\n"
                   "                      any recipient, in the sender; see sallyport.conf(5)\n",
        .usage_status = STATUS_TROUBLE,
        .main = explain_main,
    },
    {
        .name = "prove",
        .summary = "Says exactly who may relay, and which promises hold.",
        .usage = "[--json] FILE",
        .options = "  --json      print one JSON object\n"
                   "  -h, --help  this text\n",
        .usage_status = STATUS_TROUBLE,
        .main = prove_main,
    },
    {
        .name = "diff",
        .summary = "Says which sessions two rule files judge differently.",
        .usage = "[--json] OLD NEW",
        .options = "  --json      print a list of all differences\n"
                   "  -h, --help  this text\n",
        .usage_status = STATUS_TROUBLE,
        .main = diff_main,
    },
    {
        .name = "mta",
        .summary = "Prints the settings of Postfix or Sendmail that go with a rule file.",
        .usage = "[--json | --file NAME] postfix|sendmail FILE",
        .options = "  --file NAME  print this one alone, as it is: main.cf, master.cf, a table that main.cf\n"
                   "               names; or sallyport.m4, access\n"
                   "  --json       print one JSON object\n"
                   "  -h, --help   this text\n",
        .usage_status = STATUS_TROUBLE,
        .main = mta_main,
    },
    {
        .name = "replay",
        .summary = "Judges the sessions of a decision log again, by other rules.",
        .usage = "[--json] -c FILE [LOG...]",
        .options = "  -c, --config FILE  the rule file to judge by\n"
                   "  --json             print one JSON object\n"
                   "  -h, --help         this text\n",
        .usage_status = STATUS_TROUBLE,
        .main = replay_main,
    },
    {
        .name = "probe",
        .summary = "Tries a live mail server for open relay, by every classical form.",
        .usage = "[OPTION...] HOST[:PORT]",
        .options = "  -4, --ipv4            only the server's IPv4 addresses\n"
                   "  -6, --ipv6            only its IPv6 addresses\n"
                   "  --sender MAILBOX      an outside mailbox that seems to send\n"
                   "  --recipient MAILBOX   an outside mailbox that the mail is for\n"
                   "  --local MAILBOX       a mailbox that the server takes; else its postmaster\n"
                   "  --domain NAME         the server's own domain; else HOST, or its greeting\n"
                   "  --helo NAME           the name to say hello with; else this machine's\n"
                   "  --bind ADDRESS        the local address to come from\n"
                   "  --timeout SECONDS     how long to wait for an answer; 30\n"
                   "  --login USER          try what this login may do, too\n"
                   "  --password-file FILE  the login's password is its first line; \"-\": of\n"
                   "                        standard input\n"
                   "  --insecure            show the password to a server that proves nothing\n"
                   "  --deliver             then send a message by the first form that went\n"
                   "                        through, and say how to look for it\n"
                   "  --json                print one JSON object\n"
                   "  -v, --verbose         print what was refused, and not tried, too\n"
                   "  -h, --help            this text\n",
        .usage_status = STATUS_TROUBLE,
        .main = probe_main,
    },
    {
        .name = "report",
        .summary = "Says what decision logs have: what passed, and what was refused and why.",
        .usage = "[OPTION...] [LOG...]",
        .options = "  --day DAY     2026-11-22, today or yesterday\n"
                   "  --week WEEK   2026-W47, or a day of it\n"
                   "  --since TIME  2026-11-22 or 2026-11-22T14:30; from then on\n"
                   "  --until TIME  before then\n"
                   "  --local       times are the machine's own; else UTC\n"
                   "  --top N       rows of each list; 10\n"
                   "  --json        print one JSON object\n"
                   "  --html FILE   write a page, instead of text\n"
                   "  -h, --help    this text\n"
                   "\n"
                   "A LOG may be compressed by gzip; \"-\", or none, is standard input.\n",
        .usage_status = STATUS_TROUBLE,
        .main = report_main,
    },
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static void help(FILE *stream)
{
	fprintf(stream, "usage: sallyport COMMAND ...\n"
	                "\n"
	                "Decides which mail an MTA takes, and for whom it relays.\n"
	                "\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(stream, "  %-8s  %s\n", commands[i].name, commands[i].summary);
	fprintf(stream, "\n\"sallyport COMMAND --help\" tells more; see sallyport(8) and sallyport.conf(5).\n");
}

static const struct command *command_from_name(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static int no_command(const char *name)
{
	const char *names[COMMAND_COUNT];
	const char *nearest;

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	nearest = suggest(name, names, COMMAND_COUNT);
	fprintf(stderr, "sallyport: there is no command \"%s\"", name);
	if (nearest != NULL)
		fprintf(stderr, "; did you mean \"%s\"?\n", nearest);
	else
		fprintf(stderr, "; \"sallyport --help\" lists them\n");
	return STATUS_TROUBLE;
}

int main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		help(stderr);
		return STATUS_TROUBLE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help(stdout);
		return STATUS_FINE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("sallyport %s\n", SALLYPORT_VERSION);
		return STATUS_FINE;
	}
	command = command_from_name(argv[1]);
	if (command == NULL)
		return no_command(argv[1]);
	return command->main(command, argc - 1, argv + 1);
}
