/*
 * sallyport probe: tries a live server for open relay.
 */
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "milter/command.h"
#include "milter/probe_report.h"

/* Outside mailboxes where nobody named others: RFC 2606 reserves their domains. */
#define SENDER "sallyport-probe@example.org"
#define RECIPIENT "sallyport-probe@example.com"

/* Seconds for one answer. */
#define SECONDS 30
#define MOST_SECONDS 600

/* The command line. */
struct choices {
	struct probe_settings settings;
	const char *password_file;
	const char *timeout;
	bool named_recipient;
	bool json;
	bool verbose;
	char helo[PROBE_HOST];
	char password[PROBE_HOST];
};

enum {
	BIND = 256,
	DELIVER,
	DOMAIN,
	HELO,
	INSECURE,
	JSON,
	LOCAL,
	LOGIN,
	PASSWORD_FILE,
	RECIPIENT_OPTION,
	SENDER_OPTION,
	TIMEOUT,
};

static const struct option options[] = {
    {"ipv4", no_argument, NULL, '4'},
    {"ipv6", no_argument, NULL, '6'},
    {"bind", required_argument, NULL, BIND},
    {"deliver", no_argument, NULL, DELIVER},
    {"domain", required_argument, NULL, DOMAIN},
    {"helo", required_argument, NULL, HELO},
    {"insecure", no_argument, NULL, INSECURE},
    {"json", no_argument, NULL, JSON},
    {"local", required_argument, NULL, LOCAL},
    {"login", required_argument, NULL, LOGIN},
    {"password-file", required_argument, NULL, PASSWORD_FILE},
    {"recipient", required_argument, NULL, RECIPIENT_OPTION},
    {"sender", required_argument, NULL, SENDER_OPTION},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"verbose", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void take_option(struct choices *choices, int option, const char *text)
{
	struct probe_settings *settings = &choices->settings;

	switch (option) {
	case '4':
		settings->family = AF_INET;
		break;
	case '6':
		settings->family = AF_INET6;
		break;
	case 'v':
		choices->verbose = true;
		break;
	case BIND:
		settings->bind = text;
		break;
	case DELIVER:
		settings->deliver = true;
		break;
	case DOMAIN:
		settings->domain = text;
		break;
	case HELO:
		settings->helo = text;
		break;
	case INSECURE:
		settings->insecure = true;
		break;
	case JSON:
		choices->json = true;
		break;
	case LOCAL:
		settings->local = text;
		break;
	case LOGIN:
		settings->user = text;
		break;
	case PASSWORD_FILE:
		choices->password_file = text;
		break;
	case RECIPIENT_OPTION:
		settings->recipient = text;
		choices->named_recipient = true;
		break;
	case SENDER_OPTION:
		settings->sender = text;
		break;
	case TIMEOUT:
		choices->timeout = text;
		break;
	default: /* getopt_long(3) returns no other */
		break;
	}
}

/* Whether text can stand in a command as it is: printable ASCII without blanks and angle brackets. */
static bool is_word(const char *text)
{
	size_t length = 0;

	while (text[length] > 0x20 && text[length] < 0x7f && text[length] != '<' && text[length] != '>')
		length++;
	return length > 0 && text[length] == '\0' && length < PROBE_HOST;
}

static bool take_timeout(const char *text, unsigned *ret_seconds)
{
	size_t length = strlen(text);
	long seconds = strtol(text, NULL, 10);

	if (length == 0 || length > 3 || strspn(text, "0123456789") != length || seconds < 1 || seconds > MOST_SECONDS)
		return false;
	*ret_seconds = (unsigned)seconds;
	return true;
}

/* Whether the mailboxes and names make sense; says what does not. */
static int check_names(const struct command *command, const struct probe_settings *settings)
{
	if (!probe_is_mailbox(settings->sender))
		return command_usage_error(command, "--sender \"%s\" is no plain mailbox, USER@DOMAIN",
		                           settings->sender);
	if (!probe_is_mailbox(settings->recipient))
		return command_usage_error(command, "--recipient \"%s\" is no plain mailbox, USER@DOMAIN",
		                           settings->recipient);
	if (settings->domain != NULL && !probe_is_domain(settings->domain))
		return command_usage_error(command, "--domain \"%s\" is no domain name", settings->domain);
	if (settings->local != NULL && !is_word(settings->local))
		return command_usage_error(command, "--local \"%s\" is no mailbox", settings->local);
	if (!is_word(settings->helo))
		return command_usage_error(command, "--helo \"%s\" is no name", settings->helo);
	return STATUS_FINE;
}

/* Whether the options make sense together; says what does not. */
static int check_choices(const struct command *command, struct choices *choices)
{
	struct probe_settings *settings = &choices->settings;
	struct probe_address address;

	if (choices->timeout != NULL && !take_timeout(choices->timeout, &settings->seconds))
		return command_usage_error(command, "--timeout \"%s\" is no number of seconds from 1 to %d",
		                           choices->timeout, MOST_SECONDS);
	if (settings->bind != NULL) {
		if (!probe_address_read(settings->bind, &address))
			return command_usage_error(command, "--bind \"%s\" is no address", settings->bind);
		if (settings->family != AF_UNSPEC && settings->family != address.socket.ss_family)
			return command_usage_error(command, "--bind \"%s\" is an address of the other family",
			                           settings->bind);
		settings->family = address.socket.ss_family;
	}
	if ((settings->user == NULL) != (choices->password_file == NULL))
		return command_usage_error(command, "--login and --password-file go together");
	if (settings->deliver && !choices->named_recipient)
		return command_usage_error(command, "--deliver needs --recipient: a mailbox that you can look into");
	return check_names(command, settings);
}

/* Reads the first line of the file, or of standard input. */
static bool read_password(const char *path, char *ret_password, size_t size)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	bool read = false;

	if (file != NULL) {
		read = fgets(ret_password, (int)size, file) != NULL;
		ret_password[read ? strcspn(ret_password, "\r\n") : 0] = '\0';
		if (!standard)
			fclose(file);
	}
	if (file == NULL)
		perror(path);
	else if (!read)
		fprintf(stderr, "sallyport probe: %s has no password\n", path);
	return read;
}

static int no_addresses(const struct choices *choices, int error)
{
	fprintf(stderr, "sallyport probe: %s: %s\n", choices->settings.target.host,
	        error != 0 ? gai_strerror(error) : "has no address");
	return STATUS_TROUBLE;
}

static bool print(const struct probe_run *run, const struct choices *choices)
{
	bool colour = isatty(STDOUT_FILENO) && getenv("NO_COLOR") == NULL;

	if (choices->json && !probe_report_json(run, stdout))
		return false;
	if (!choices->json)
		probe_report(run, stdout, choices->verbose, colour);
	return fflush(stdout) == 0 && !ferror(stdout);
}

static int status_from_verdict(enum probe_verdict verdict)
{
	switch (verdict) {
	case PROBE_CLOSED:
		return STATUS_FINE;
	case PROBE_OPEN:
		return STATUS_NOT;
	case PROBE_NOT_DECIDED:
		return STATUS_TROUBLE;
	}
	return STATUS_TROUBLE;
}

static int probe(const struct choices *choices)
{
	bool terminal = isatty(STDERR_FILENO);
	struct probe_progress progress = probe_report_progress(&terminal);
	struct probe_address addresses[PROBE_ADDRESSES];
	struct probe_run *run;
	size_t count = 0;
	int error = probe_target_resolve(&choices->settings.target, choices->settings.family, addresses, &count);
	int status = STATUS_TROUBLE;

	if (error != 0 || count == 0)
		return no_addresses(choices, error);
	run = calloc(1, sizeof *run);
	if (run != NULL) {
		run->settings = &choices->settings;
		run->count = count;
		for (size_t i = 0; i < count; i++)
			run->stops[i].address = addresses[i];
	}
	if (run == NULL || !probe_run(run, &progress)) {
		fputs("sallyport probe: no memory\n", stderr);
		goto out;
	}
	probe_report_progress_end(terminal);
	status = status_from_verdict(run->verdict);
	if (!print(run, choices)) {
		perror("sallyport probe: standard output");
		status = STATUS_TROUBLE;
	}
out:
	if (run != NULL)
		probe_run_destroy(run);
	free(run);
	return status;
}

int probe_main(const struct command *command, int argc, char **argv)
{
	struct choices choices = {
	    .settings = {.family = AF_UNSPEC,
	                 .helo = choices.helo,
	                 .sender = SENDER,
	                 .recipient = RECIPIENT,
	                 .seconds = SECONDS},
	};
	int option;
	int status;

	gethostname(choices.helo, sizeof choices.helo - 1);
	while ((option = command_option(command, argc, argv, options, &status)) != -1) {
		if (option == '?')
			return status;
		take_option(&choices, option, optarg);
	}
	if (argc - optind != 1)
		return command_usage_error(command, "one server is to be named");
	if (!probe_target_read(argv[optind], &choices.settings.target))
		return command_usage_error(command, "\"%s\" is no HOST[:PORT]", argv[optind]);
	status = check_choices(command, &choices);
	if (status != STATUS_FINE)
		return status;
	if (choices.password_file != NULL) {
		if (!read_password(choices.password_file, choices.password, sizeof choices.password))
			return STATUS_TROUBLE;
		choices.settings.password = choices.password;
	}
	/* A server that hangs up is no reason to end. */
	signal(SIGPIPE, SIG_IGN);
	return probe(&choices);
}
