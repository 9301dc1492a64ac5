/*
 * empty_filter: a libmilter program that does nothing, which is what any other one is measured against.
 *
 * It asks for the steps, answers and macros that it is told to ask for, so that it may negotiate as another does; and,
 * where it is told to, refuses each MAIL or RCPT in the same words, without looking at anything.
 */
#include <err.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

static const char usage[] =
    "usage: empty_filter --socket SOCKET [--steps BITS] [--actions BITS] [--macros PLACE=LIST]...\n"
    "                    [--refuse STEP=REPLY]\n"
    "\n"
    "  --socket SOCKET      as libmilter writes it: unix:/PATH, inet:PORT@ADDRESS\n"
    "  --steps BITS         SMFIP_* to ask for, in hexadecimal (0: every step is told, and answered)\n"
    "  --actions BITS       SMFIF_* to ask for, in hexadecimal (0)\n"
    "  --macros PLACE=LIST  the macros to ask for at a place: 0 connect, 1 helo, 2 mail, 3 rcpt, 4 data,\n"
    "                       5 end of message, 6 end of headers\n"
    "  --refuse STEP=REPLY  refuse mail or rcpt: \"rcpt=550 5.7.1 Not here\"\n";

#define PLACES (SMFIM_LAST + 1)

static unsigned long wanted_steps;
static unsigned long wanted_actions;
static char *wanted_macros[PLACES];

/* A reply in its parts; none without a code. */
struct refusal {
	char code[4];
	char enhanced[sizeof "5.999.999"];
	char text[512];
};

static struct refusal mail_refusal;
static struct refusal rcpt_refusal;

static sfsistat negotiate(SMFICTX *context, unsigned long actions, unsigned long steps, unsigned long unused2,
                          unsigned long unused3, unsigned long *ret_actions, unsigned long *ret_steps,
                          unsigned long *ret_unused2, unsigned long *ret_unused3)
{
	(void)unused2;
	(void)unused3;
	if ((wanted_actions & ~actions) != 0 || (wanted_steps & ~steps) != 0)
		return SMFIS_REJECT;
	for (int place = 0; place < PLACES; place++) {
		if (wanted_macros[place] != NULL && smfi_setsymlist(context, place, wanted_macros[place]) != MI_SUCCESS)
			return SMFIS_REJECT;
	}
	*ret_actions = wanted_actions;
	*ret_steps = wanted_steps;
	*ret_unused2 = 0;
	*ret_unused3 = 0;
	return SMFIS_CONTINUE;
}

/* A step that is not answered must not be. */
static sfsistat nothing(unsigned long not_answered)
{
	return (wanted_steps & not_answered) != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *context, char *host, struct sockaddr *peer)
{
	(void)context;
	(void)host;
	(void)peer;
	return nothing(SMFIP_NR_CONN);
}

static sfsistat on_helo(SMFICTX *context, char *name)
{
	(void)context;
	(void)name;
	return nothing(SMFIP_NR_HELO);
}

static sfsistat refuse(SMFICTX *context, struct refusal *refusal)
{
	smfi_setreply(context, refusal->code, refusal->enhanced, refusal->text);
	return refusal->code[0] == '4' ? SMFIS_TEMPFAIL : SMFIS_REJECT;
}

static sfsistat on_mail(SMFICTX *context, char **arguments)
{
	(void)arguments;
	return mail_refusal.code[0] != '\0' ? refuse(context, &mail_refusal) : nothing(SMFIP_NR_MAIL);
}

static sfsistat on_rcpt(SMFICTX *context, char **arguments)
{
	(void)arguments;
	return rcpt_refusal.code[0] != '\0' ? refuse(context, &rcpt_refusal) : nothing(SMFIP_NR_RCPT);
}

static sfsistat on_data(SMFICTX *context)
{
	(void)context;
	return nothing(SMFIP_NR_DATA);
}

static sfsistat on_unknown(SMFICTX *context, const char *command)
{
	(void)context;
	(void)command;
	return nothing(SMFIP_NR_UNKN);
}

static sfsistat on_header(SMFICTX *context, char *name, char *value)
{
	(void)context;
	(void)name;
	(void)value;
	return nothing(SMFIP_NR_HDR);
}

static sfsistat on_headers_end(SMFICTX *context)
{
	(void)context;
	return nothing(SMFIP_NR_EOH);
}

static sfsistat on_body(SMFICTX *context, unsigned char *octets, size_t length)
{
	(void)context;
	(void)octets;
	(void)length;
	return nothing(SMFIP_NR_BODY);
}

static sfsistat on_message_end(SMFICTX *context)
{
	(void)context;
	return SMFIS_CONTINUE;
}

static sfsistat on_abort(SMFICTX *context)
{
	(void)context;
	return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *context)
{
	(void)context;
	return SMFIS_CONTINUE;
}

static const struct option options[] = {
    {"socket", required_argument, NULL, 's'},  {"steps", required_argument, NULL, 'p'},
    {"actions", required_argument, NULL, 'a'}, {"macros", required_argument, NULL, 'm'},
    {"refuse", required_argument, NULL, 'r'},  {NULL, 0, NULL, 0},
};

static void want_macros(char *argument)
{
	if (argument[0] < '0' || argument[0] >= '0' + PLACES || argument[1] != '=')
		errx(2, "\"%s\" is not PLACE=LIST", argument);
	wanted_macros[argument[0] - '0'] = argument + 2;
}

static void want_refusal(const char *argument)
{
	struct refusal *refusal = strncmp(argument, "mail=", 5) == 0   ? &mail_refusal
	                          : strncmp(argument, "rcpt=", 5) == 0 ? &rcpt_refusal
	                                                               : NULL;

	if (refusal == NULL ||
	    sscanf(argument + 5, "%3s %9s %511[^\n]", refusal->code, refusal->enhanced, refusal->text) != 3)
		errx(2, "\"%s\" is not STEP=CODE ENHANCED TEXT", argument);
}

int main(int argc, char **argv)
{
	static char name[] = "empty";
	const struct smfiDesc description = {
	    .xxfi_name = name,
	    .xxfi_version = SMFI_VERSION,
	    .xxfi_flags = SMFIF_SETSYMLIST | SMFI_CURR_ACTS,
	    .xxfi_negotiate = negotiate,
	    .xxfi_connect = on_connect,
	    .xxfi_helo = on_helo,
	    .xxfi_envfrom = on_mail,
	    .xxfi_envrcpt = on_rcpt,
	    .xxfi_data = on_data,
	    .xxfi_unknown = on_unknown,
	    .xxfi_header = on_header,
	    .xxfi_eoh = on_headers_end,
	    .xxfi_body = on_body,
	    .xxfi_eom = on_message_end,
	    .xxfi_abort = on_abort,
	    .xxfi_close = on_close,
	};
	struct rlimit limit;
	char *socket_name = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 's':
			socket_name = optarg;
			break;
		case 'p':
			wanted_steps = strtoul(optarg, NULL, 16);
			break;
		case 'a':
			wanted_actions = strtoul(optarg, NULL, 16);
			break;
		case 'm':
			want_macros(optarg);
			break;
		case 'r':
			want_refusal(optarg);
			break;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (socket_name == NULL || optind != argc) {
		fputs(usage, stderr);
		return 2;
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (smfi_setconn(socket_name) != MI_SUCCESS || smfi_register(description) != MI_SUCCESS ||
	    smfi_opensocket(1) != MI_SUCCESS)
		errx(1, "cannot listen at %s", socket_name);
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
