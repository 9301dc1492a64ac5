#include "script.h"

#include <arpa/inet.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "script_macros.h"

/* What Postfix 3.7 offers with milter_protocol = 6. */
#define OFFERED_ACTIONS SMFI_CURR_ACTS
#define OFFERED_STEPS SMFI_CURR_PROT

/* The message, as it comes from a client; its own Received: header Postfix does not show. */
static const struct {
	const char *name;
	const char *value;
} headers[] = {
    {"Received", "from desk.example.org (desk.example.org [198.51.100.20])\n\tby mail.example.org with ESMTPSA id 4Zk2 "
                 "for <someone@example.net>;\n\tMon, 2 Mar 2026 10:15:00 +0100 (CET)"},
    {"Date", "Mon, 2 Mar 2026 10:15:00 +0100"},
    {"From", "Somebody <somebody@example.org>"},
    {"To", "Someone <someone@example.net>"},
    {"Subject", "The figures of last week"},
    {"Message-ID", "<20260302101500.4Zk2@desk.example.org>"},
    {"MIME-Version", "1.0"},
    {"Content-Type", "text/plain; charset=utf-8"},
};
static const char line[] = "What was asked for is in the table below, as far as it was there to be had.\r\n";
#define LINES 40

/* What is being written. */
struct writing {
	struct script *script;
	const struct scenario *scenario;
	size_t handed_over; /* where the message begins, which another process of Postfix sends; 0: not yet */
	size_t unsent;      /* where the octets begin that no exchange has yet */
	bool told_refusal;  /* whether a refusal that is due has found a step that is answered */
};

void script_negotiation(struct packets *packets)
{
	packet_begin(packets, SMFIC_OPTNEG);
	packets_add_number(packets, SMFI_PROT_VERSION);
	packets_add_number(packets, OFFERED_ACTIONS);
	packets_add_number(packets, OFFERED_STEPS);
	packet_end(packets);
}

/* Returns NULL, or what is wrong. */
static const char *read_reply(const unsigned char *reply, size_t length, struct negotiated *negotiated)
{
	size_t at = 1 + MILTER_OPTLEN;

	if (length < at || reply[0] != SMFIC_OPTNEG)
		return "the negotiation is not answered";
	negotiated->version = packets_number(reply + 1);
	negotiated->actions = packets_number(reply + 1 + MILTER_LEN_BYTES);
	negotiated->steps = packets_number(reply + 1 + 2 * MILTER_LEN_BYTES);
	if (negotiated->version > SMFI_PROT_VERSION)
		return "a version was negotiated that was not offered";
	if ((negotiated->actions & ~OFFERED_ACTIONS) != 0 || (negotiated->steps & ~OFFERED_STEPS) != 0)
		return "actions or steps were negotiated that were not offered";
	while (at < length) {
		uint32_t place;

		if (length - at <= MILTER_LEN_BYTES ||
		    memchr(reply + at + MILTER_LEN_BYTES, 0, length - at - MILTER_LEN_BYTES) == NULL)
			return "a list of macros is cut off";
		place = packets_number(reply + at);
		if (place >= SCRIPT_PLACES || (negotiated->actions & SMFIF_SETSYMLIST) == 0)
			return "macros were asked for at a place that is none, or without saying so";
		at += MILTER_LEN_BYTES;
		free(negotiated->macros[place]);
		negotiated->macros[place] = strdup((const char *)reply + at);
		if (negotiated->macros[place] == NULL)
			err(1, "no memory for macros");
		at += strlen((const char *)reply + at) + 1;
	}
	return NULL;
}

/* Ends what was written with a step whose answer is read now. */
static void add_exchange(struct writing *writing, char letter, const char *refusal)
{
	struct script *script = writing->script;
	struct exchange *exchanges = reallocarray(script->exchanges, script->count + 1, sizeof *exchanges);

	if (exchanges == NULL)
		err(1, "no memory for a script");
	script->exchanges = exchanges;
	exchanges[script->count++] = (struct exchange){
	    .letter = letter,
	    .start = writing->unsent,
	    .length = script->packets.length - writing->unsent,
	    .first = writing->handed_over > writing->unsent ? writing->handed_over - writing->unsent : 0,
	    .refusal = refusal,
	};
	writing->unsent = script->packets.length;
	writing->told_refusal |= refusal != NULL;
}

/* A kind of step: how it is not told, or not answered, and where its macros stand. */
struct step {
	char letter;
	uint32_t not_told;
	uint32_t not_answered;
	unsigned place;
	bool is_command; /* of SMTP, with those of the connection; else part of a message */
};

static const struct step step_connect = {SMFIC_CONNECT, SMFIP_NOCONNECT, SMFIP_NR_CONN, SMFIM_CONNECT, true};
static const struct step step_helo = {SMFIC_HELO, SMFIP_NOHELO, SMFIP_NR_HELO, SMFIM_HELO, true};
static const struct step step_mail = {SMFIC_MAIL, SMFIP_NOMAIL, SMFIP_NR_MAIL, SMFIM_ENVFROM, true};
static const struct step step_rcpt = {SMFIC_RCPT, SMFIP_NORCPT, SMFIP_NR_RCPT, SMFIM_ENVRCPT, true};
static const struct step step_data = {SMFIC_DATA, SMFIP_NODATA, SMFIP_NR_DATA, SMFIM_DATA, true};
static const struct step step_header = {SMFIC_HEADER, SMFIP_NOHDRS, SMFIP_NR_HDR, SMFIM_EOH, false};
static const struct step step_headers_end = {SMFIC_EOH, SMFIP_NOEOH, SMFIP_NR_EOH, SMFIM_EOH, false};
static const struct step step_body = {SMFIC_BODY, SMFIP_NOBODY, SMFIP_NR_BODY, SMFIM_EOM, false};
static const struct step step_message_end = {SMFIC_BODYEOB, 0, 0, SMFIM_EOM, false};

/*
 * Returns whether the step is told: then its own octets are to be written, and step_end called.  For
 * commands of SMTP Postfix sends the macros also where the command itself is not told.
 */
static bool step_begin(struct writing *writing, const struct step *step, const char *recipient)
{
	const struct negotiated *negotiated = &writing->script->negotiated;
	bool told = (negotiated->steps & step->not_told) == 0;

	if (told || step->is_command)
		script_macros(&writing->script->packets, step->letter, negotiated->macros[step->place], step->place,
		              writing->scenario, recipient);
	if (told)
		packet_begin(&writing->script->packets, step->letter);
	return told;
}

/* Returns whether the step is answered. */
static bool step_end(struct writing *writing, const struct step *step, const char *refusal)
{
	packet_end(&writing->script->packets);
	if ((writing->script->negotiated.steps & step->not_answered) != 0)
		return false;
	add_exchange(writing, step->letter, refusal);
	return true;
}

static void write_connection(struct writing *writing)
{
	const struct scenario *scenario = writing->scenario;
	struct packets *packets = &writing->script->packets;
	bool ipv6 = strchr(scenario->client, ':') != NULL;
	const char family = ipv6 ? SMFIA_INET6 : SMFIA_INET;
	const uint16_t port = htons(40000);

	if (step_begin(writing, &step_connect, NULL)) {
		char host[256];

		snprintf(host, sizeof host, scenario->client_name != NULL ? "%s" : "[%s]",
		         scenario->client_name != NULL ? scenario->client_name : scenario->client);
		packets_add_text(packets, host);
		packets_add(packets, &family, 1);
		packets_add(packets, &port, sizeof port);
		packets_add_text(packets, scenario->client);
		step_end(writing, &step_connect, NULL);
	}
	if (step_begin(writing, &step_helo, NULL)) {
		packets_add_text(packets, scenario->helo);
		step_end(writing, &step_helo, NULL);
	}
}

static void add_path(struct packets *packets, const char *address)
{
	packets_add(packets, "<", 1);
	packets_add(packets, address, strlen(address));
	packets_add_text(packets, ">");
}

/* Returns whether the session goes on. */
static bool write_envelope(struct writing *writing)
{
	const struct scenario *scenario = writing->scenario;
	struct packets *packets = &writing->script->packets;
	const char *held_back = scenario->mail_refusal;

	if (step_begin(writing, &step_mail, NULL)) {
		add_path(packets, scenario->sender);
		packets_add_text(packets, "SIZE=3600");
		if (step_end(writing, &step_mail, held_back) && held_back != NULL)
			return false;
	}
	if (scenario->end == SCRIPT_END_MAIL)
		return false;
	for (size_t i = 0; i < scenario->recipient_count; i++) {
		/* A refusal that MAIL could not be answered with is that of every recipient. */
		const char *refusal = held_back != NULL ? held_back : scenario->rcpt_refusal;

		if (!step_begin(writing, &step_rcpt, scenario->recipients[i]))
			continue;
		add_path(packets, scenario->recipients[i]);
		step_end(writing, &step_rcpt, refusal);
	}
	return held_back == NULL && scenario->rcpt_refusal == NULL && scenario->end != SCRIPT_END_RCPT;
}

static void write_message(struct writing *writing)
{
	struct packets *packets = &writing->script->packets;

	writing->handed_over = packets->length;
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		if (!step_begin(writing, &step_header, NULL))
			break;
		packets_add_text(packets, headers[i].name);
		packets_add_text(packets, headers[i].value);
		step_end(writing, &step_header, NULL);
	}
	if (step_begin(writing, &step_headers_end, NULL))
		step_end(writing, &step_headers_end, NULL);
	if (step_begin(writing, &step_body, NULL)) {
		for (size_t i = 0; i < LINES; i++)
			packets_add(packets, line, strlen(line));
		step_end(writing, &step_body, NULL);
	}
	step_begin(writing, &step_message_end, NULL);
	step_end(writing, &step_message_end, NULL);
}

static void write_last_words(struct writing *writing)
{
	struct packets *packets = &writing->script->packets;

	writing->script->unanswered = writing->unsent;
	writing->script->last_words = packets->length;
	for (unsigned aborts = 0; aborts < 2; aborts++) {
		packet_begin(packets, SMFIC_ABORT);
		packet_end(packets);
	}
	packet_begin(packets, SMFIC_QUIT);
	packet_end(packets);
}

struct script *script_new(const struct scenario *scenario, const unsigned char *reply, size_t length,
                          const char **ret_reason)
{
	struct script *script = calloc(1, sizeof *script);
	struct writing writing = {.script = script, .scenario = scenario};
	const char *reason;

	if (script == NULL)
		err(1, "no memory for a script");
	reason = read_reply(reply, length, &script->negotiated);
	if (reason == NULL) {
		write_connection(&writing);
		if (write_envelope(&writing)) {
			if (step_begin(&writing, &step_data, NULL))
				step_end(&writing, &step_data, NULL);
			if (scenario->end == SCRIPT_END_MESSAGE)
				write_message(&writing);
		}
		write_last_words(&writing);
		if ((scenario->mail_refusal != NULL || scenario->rcpt_refusal != NULL) && !writing.told_refusal)
			reason = "the milter has negotiated away the step that it must refuse, or its answer";
	}
	if (reason == NULL)
		return script;
	*ret_reason = reason;
	script_free(script);
	return NULL;
}

void negotiated_copy(const struct negotiated *from, struct negotiated *to)
{
	negotiated_free(to);
	*to = *from;
	for (unsigned place = 0; place < SCRIPT_PLACES; place++) {
		if (from->macros[place] == NULL)
			continue;
		to->macros[place] = strdup(from->macros[place]);
		if (to->macros[place] == NULL)
			err(1, "no memory for macros");
	}
}

void negotiated_free(struct negotiated *negotiated)
{
	for (unsigned place = 0; place < SCRIPT_PLACES; place++)
		free(negotiated->macros[place]);
	*negotiated = (struct negotiated){0};
}

void script_free(struct script *script)
{
	if (script == NULL)
		return;
	negotiated_free(&script->negotiated);
	packets_free(&script->packets);
	free(script->exchanges);
	free(script);
}

/* Whether the answer is a reply that begins so, or the letter that stands for it. */
static bool refuses(const char *refusal, char letter, const char *text)
{
	switch (letter) {
	case SMFIR_REPLYCODE:
		return strncmp(text, refusal, strlen(refusal)) == 0;
	case SMFIR_REJECT:
		return refusal[0] == '5' && refusal[1] == '\0';
	case SMFIR_TEMPFAIL:
		return refusal[0] == '4' && refusal[1] == '\0';
	default:
		return false;
	}
}

enum script_next script_judge(const struct script *script, size_t exchange, char letter, const char *text)
{
	const struct exchange *asked = &script->exchanges[exchange];
	enum script_next next = exchange + 1 < script->count ? SCRIPT_NEXT : SCRIPT_UNANSWERED;

	if (letter == SMFIR_PROGRESS)
		return SCRIPT_WAIT;
	if (asked->refusal != NULL)
		return refuses(asked->refusal, letter, text) ? next : SCRIPT_WRONG;
	if (letter == SMFIR_CONTINUE || (letter == SMFIR_SKIP && asked->letter == SMFIC_BODY))
		return next;
	return letter == SMFIR_ACCEPT ? SCRIPT_LAST_WORDS : SCRIPT_WRONG;
}
