/*
 * load_generator: plays SMTP sessions to a milter as Postfix would, checks each answer, and says how long it took.
 */
#include <arpa/inet.h>
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "mta.h"

static const char usage[] =
    "usage: load_generator --socket SOCKET [OPTION]...\n"
    "\n"
    "  --socket SOCKET        where the milter listens: unix:/PATH or inet:PORT@ADDRESS\n"
    "  --pid PID              whose processor time is told\n"
    "  --connections N        sessions at once (16)\n"
    "  --idle N               as many more that stay open, before their last words\n"
    "  --sessions N           sessions to count (10000; without end, where --seconds is given)\n"
    "  --rate N               sessions a second, however long those before take (else one after the other)\n"
    "  --seconds T            time to count for\n"
    "  --warm-up N            sessions before that (a tenth of --sessions)\n"
    "  --patience T           seconds to wait for an answer (30)\n"
    "\n"
    "The session:\n"
    "  --until STEP           it ends after mail, rcpt, data or message (rcpt)\n"
    "  --client ADDRESS       the client's (172.16.1.51)\n"
    "  --client-name NAME     its verified name; none is unknown\n"
    "  --helo NAME            (client.example.org)\n"
    "  --daemon NAME          the MTA's name of its listener (smtpd)\n"
    "  --port PORT            local port (25)\n"
    "  --user LOGIN           logged in by this name\n"
    "  --mechanism NAME       with this SASL mechanism (PLAIN)\n"
    "  --tls BITS             encrypted\n"
    "  --sender ADDRESS       (somebody@example.org)\n"
    "  --recipient ADDRESS    may be repeated (someone@example.net)\n"
    "  --mail-refused REPLY   MAIL must be refused, by a reply that begins so: 550, or 530 5.7.0\n"
    "  --rcpt-refused REPLY   every RCPT must be\n"
    "\n"
    "It prints one JSON object. Exit status 1: an answer was not as it must be.\n";

enum {
	OPTION_SOCKET = 'a',
	OPTION_PID,
	OPTION_CONNECTIONS,
	OPTION_IDLE,
	OPTION_SESSIONS,
	OPTION_RATE,
	OPTION_SECONDS,
	OPTION_WARM_UP,
	OPTION_PATIENCE,
	OPTION_UNTIL,
	OPTION_CLIENT,
	OPTION_CLIENT_NAME,
	OPTION_HELO,
	OPTION_DAEMON,
	OPTION_PORT,
	OPTION_USER,
	OPTION_MECHANISM,
	OPTION_TLS,
	OPTION_SENDER,
	OPTION_RECIPIENT,
	OPTION_MAIL_REFUSED,
	OPTION_RCPT_REFUSED,
};

static const struct option options[] = {
    {"socket", required_argument, NULL, OPTION_SOCKET},
    {"pid", required_argument, NULL, OPTION_PID},
    {"connections", required_argument, NULL, OPTION_CONNECTIONS},
    {"idle", required_argument, NULL, OPTION_IDLE},
    {"sessions", required_argument, NULL, OPTION_SESSIONS},
    {"rate", required_argument, NULL, OPTION_RATE},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"warm-up", required_argument, NULL, OPTION_WARM_UP},
    {"patience", required_argument, NULL, OPTION_PATIENCE},
    {"until", required_argument, NULL, OPTION_UNTIL},
    {"client", required_argument, NULL, OPTION_CLIENT},
    {"client-name", required_argument, NULL, OPTION_CLIENT_NAME},
    {"helo", required_argument, NULL, OPTION_HELO},
    {"daemon", required_argument, NULL, OPTION_DAEMON},
    {"port", required_argument, NULL, OPTION_PORT},
    {"user", required_argument, NULL, OPTION_USER},
    {"mechanism", required_argument, NULL, OPTION_MECHANISM},
    {"tls", required_argument, NULL, OPTION_TLS},
    {"sender", required_argument, NULL, OPTION_SENDER},
    {"recipient", required_argument, NULL, OPTION_RECIPIENT},
    {"mail-refused", required_argument, NULL, OPTION_MAIL_REFUSED},
    {"rcpt-refused", required_argument, NULL, OPTION_RCPT_REFUSED},
    {NULL, 0, NULL, 0},
};

static const char *const ends[] = {
    [SCRIPT_END_MAIL] = "mail",
    [SCRIPT_END_RCPT] = "rcpt",
    [SCRIPT_END_DATA] = "data",
    [SCRIPT_END_MESSAGE] = "message",
};

__attribute__((noreturn)) static void fail_usage(void)
{
	fputs(usage, stderr);
	exit(2);
}

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0')
		errx(2, "\"%s\" is not a number", text);
	return value;
}

static enum script_end end_named(const char *name)
{
	for (unsigned end = 0; end < sizeof ends / sizeof *ends; end++) {
		if (strcmp(ends[end], name) == 0)
			return (enum script_end)end;
	}
	errx(2, "\"%s\" is none of mail, rcpt, data, message", name);
}

static void set_address(const char *text, struct load *load)
{
	struct sockaddr_un *local = (struct sockaddr_un *)&load->address;
	struct sockaddr_in *ipv4 = (struct sockaddr_in *)&load->address;
	const char *at = strchr(text, '@');
	const char *colon = strchr(text, ':');
	const char *rest = colon != NULL ? colon + 1 : "";

	if (strncmp(text, "unix:", 5) == 0 && strlen(rest) < sizeof local->sun_path) {
		local->sun_family = AF_UNIX;
		strcpy(local->sun_path, rest);
		load->address_length = sizeof *local;
	} else if (strncmp(text, "inet:", 5) == 0 && at != NULL && inet_pton(AF_INET, at + 1, &ipv4->sin_addr) == 1) {
		ipv4->sin_family = AF_INET;
		ipv4->sin_port = htons((uint16_t)strtoul(rest, NULL, 10));
		load->address_length = sizeof *ipv4;
	} else {
		errx(2, "\"%s\" is neither unix:/PATH nor inet:PORT@ADDRESS", text);
	}
}

static void add_recipient(struct scenario *scenario, const char *recipient)
{
	if (scenario->recipient_count == SCENARIO_RECIPIENTS)
		errx(2, "more than %d recipients", SCENARIO_RECIPIENTS);
	scenario->recipients[scenario->recipient_count++] = recipient;
}

/* Returns whether the option is one of the session's. */
static bool set_scenario(int option, const char *text, struct scenario *scenario)
{
	switch (option) {
	case OPTION_UNTIL:
		scenario->end = end_named(text);
		return true;
	case OPTION_CLIENT:
		scenario->client = text;
		return true;
	case OPTION_CLIENT_NAME:
		scenario->client_name = text;
		return true;
	case OPTION_HELO:
		scenario->helo = text;
		return true;
	case OPTION_DAEMON:
		scenario->daemon = text;
		return true;
	case OPTION_PORT:
		scenario->daemon_port = text;
		return true;
	case OPTION_USER:
		scenario->user = text;
		return true;
	case OPTION_MECHANISM:
		scenario->mechanism = text;
		return true;
	case OPTION_TLS:
		scenario->tls_bits = text;
		return true;
	case OPTION_SENDER:
		scenario->sender = text;
		return true;
	case OPTION_RECIPIENT:
		add_recipient(scenario, text);
		return true;
	case OPTION_MAIL_REFUSED:
		scenario->mail_refusal = text;
		return true;
	case OPTION_RCPT_REFUSED:
		scenario->rcpt_refusal = text;
		return true;
	default:
		return false;
	}
}

static bool set_load(int option, const char *text, struct load *load)
{
	switch (option) {
	case OPTION_SOCKET:
		set_address(text, load);
		return true;
	case OPTION_PID:
		load->pid = (pid_t)number(text);
		return true;
	case OPTION_CONNECTIONS:
		load->connections = (unsigned)number(text);
		return true;
	case OPTION_IDLE:
		load->idle = (unsigned)number(text);
		return true;
	case OPTION_SESSIONS:
		load->sessions = number(text);
		return true;
	case OPTION_RATE:
		load->rate = strtod(text, NULL);
		return true;
	case OPTION_SECONDS:
		load->seconds = strtod(text, NULL);
		return true;
	case OPTION_WARM_UP:
		load->warm_up = number(text);
		return true;
	case OPTION_PATIENCE:
		load->patience = (unsigned)number(text);
		return true;
	default:
		return false;
	}
}

/* What was not said. */
static void complete(struct load *load, struct scenario *scenario)
{
	if (load->address_length == 0 || load->connections == 0)
		fail_usage();
	if (load->sessions == 0)
		load->sessions = load->seconds > 0 ? UINT64_MAX : 10000;
	if (load->warm_up == UINT64_MAX)
		load->warm_up = load->sessions == UINT64_MAX ? 1000 : load->sessions / 10;
	if (scenario->recipient_count == 0)
		add_recipient(scenario, "someone@example.net");
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void print_histogram(const char *name, const struct histogram *histogram)
{
	printf(", \"%s\": {\"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f}", name,
	       (double)histogram_share(histogram, 0.5) / 1e3, (double)histogram_share(histogram, 0.9) / 1e3,
	       (double)histogram_share(histogram, 0.99) / 1e3, (double)histogram_share(histogram, 0.999) / 1e3,
	       (double)histogram->longest / 1e3);
}

/* Names of macros have neither quotation marks nor backslashes. */
static void print_negotiated(const struct negotiated *negotiated)
{
	const char *separator = "";

	printf(", \"actions\": \"0x%x\", \"steps\": \"0x%x\", \"macros\": {", negotiated->actions, negotiated->steps);
	for (unsigned place = 0; place < SCRIPT_PLACES; place++) {
		if (negotiated->macros[place] == NULL)
			continue;
		printf("%s\"%u\": \"%s\"", separator, place, negotiated->macros[place]);
		separator = ", ";
	}
	printf("}");
}

static void print_tally(const struct load *load, const struct tally *tally)
{
	printf("{\"sessions\": %lu, \"answers\": %lu, \"refusals\": %lu, \"exchanges\": %zu, \"seconds\": %.4f, "
	       "\"sessions_per_second\": %.1f",
	       tally->sessions, tally->answers, tally->refusals, tally->exchanges, tally->seconds,
	       (double)tally->sessions / tally->seconds);
	if (load->pid != 0)
		printf(", \"cpu_us_per_session\": %.3f", tally->cpu_seconds * 1e6 / (double)tally->sessions);
	print_histogram("session_us", &tally->session);
	print_histogram("answer_us", &tally->answer);
	print_negotiated(&tally->negotiated);
	printf("}\n");
}

int main(int argc, char **argv)
{
	static struct tally tally;
	struct scenario scenario = {
	    .client = "172.16.1.51",
	    .helo = "client.example.org",
	    .daemon = "smtpd",
	    .daemon_port = "25",
	    .mechanism = "PLAIN",
	    .sender = "somebody@example.org",
	    .end = SCRIPT_END_RCPT,
	};
	struct load load = {.scenario = &scenario, .connections = 16, .warm_up = UINT64_MAX, .patience = 30};
	bool right;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!set_scenario(option, optarg, &scenario) && !set_load(option, optarg, &load))
			fail_usage();
	}
	if (optind != argc)
		fail_usage();
	complete(&load, &scenario);
	raise_descriptor_limit();
	right = mta_run(&load, &tally);
	if (right)
		print_tally(&load, &tally);
	negotiated_free(&tally.negotiated);
	return right ? 0 : 1;
}
