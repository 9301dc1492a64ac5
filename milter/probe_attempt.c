#include "milter/probe_attempt.h"

#include <stdio.h>
#include <string.h>

#include "milter/smtp_client.h"
#include "milter/smtp_login.h"

/* One connection, and the attempt that is made by it. */
struct visit {
	const struct probe_way *way;
	const struct probe_names *names;
	const struct probe_form *form;
	const char *helo; /* a template */
	struct smtp_client client;
	struct probe_attempt *attempt;
};

/* The attempt ends, in these words; their lines become one. */
static bool end(struct visit *visit, enum probe_result result, const char *words)
{
	struct probe_attempt *attempt = visit->attempt;

	attempt->result = result;
	snprintf(attempt->words, sizeof attempt->words, "%.*s%s", PROBE_WORDS - 4, words,
	         strlen(words) > PROBE_WORDS - 4 ? "..." : "");
	for (char *line = attempt->words; (line = strchr(line, '\n')) != NULL;)
		*line = ' ';
	return false;
}

static bool end_by_fault(struct visit *visit, enum smtp_fault fault)
{
	char words[PROBE_WORDS];
	const char *detail = visit->client.detail;

	if (fault == SMTP_GARBAGE)
		detail = visit->client.reply.text;
	visit->attempt->timed_out = fault == SMTP_TIMED_OUT || fault == SMTP_CANNOT_CONNECT;
	snprintf(words, sizeof words, "%s%s%.400s", smtp_fault_words(fault), *detail != '\0' ? ": " : "", detail);
	return end(visit, PROBE_TROUBLE, words);
}

/* Whether the course goes on after the step, which client.reply answers. */
static bool judge(struct visit *visit, enum probe_step step)
{
	enum probe_result result;

	if (probe_judge(step, visit->client.reply.code, &result))
		return true;
	/* A name that the form takes, and that is not ours, may well be refused. */
	if ((step == PROBE_EHLO || step == PROBE_HELO) && strcmp(visit->helo, "{helo}") != 0 &&
	    smtp_reply_class(&visit->client.reply) == 5)
		result = PROBE_REFUSED;
	return end(visit, result, visit->client.reply.text);
}

/* Says a line, its template expanded; keeps the line in ret_line unless that is NULL. */
static bool say(struct visit *visit, enum probe_step step, const char *verb, const char *template, char *ret_line)
{
	char argument[PROBE_LINE - 16];
	char line[PROBE_LINE];
	enum probe_name missing;
	enum smtp_fault fault;

	switch (probe_expand(template, visit->names, argument, sizeof argument, &missing)) {
	case PROBE_EXPANDED:
		break;
	case PROBE_NAME_MISSING:
		return end(visit, PROBE_NOT_TRIED, probe_name_missing(missing));
	case PROBE_TOO_LONG:
		return end(visit, PROBE_NOT_TRIED, "the command would be too long");
	}
	snprintf(line, sizeof line, "%s%s", verb, argument);
	if (ret_line != NULL)
		strcpy(ret_line, line);
	fault = smtp_client_command(&visit->client, line);
	if (fault != SMTP_FINE)
		return end_by_fault(visit, fault);
	return judge(visit, step);
}

/* EHLO, or, where the server does not have it, HELO. */
static bool say_hello(struct visit *visit)
{
	if (say(visit, PROBE_EHLO, "EHLO ", visit->helo, NULL))
		return true;
	if (smtp_reply_class(&visit->client.reply) != 5)
		return false;
	return say(visit, PROBE_HELO, "HELO ", visit->helo, NULL);
}

static bool offers(const struct visit *visit, const char *keyword)
{
	return smtp_reply_keyword(&visit->client.reply, keyword) != NULL;
}

static bool not_offered(struct visit *visit, const char *what)
{
	char words[PROBE_WORDS];

	snprintf(words, sizeof words, "the server does not offer %s", what);
	return end(visit, PROBE_NOT_TRIED, words);
}

static bool encrypt(struct visit *visit)
{
	enum smtp_fault fault;

	if (!offers(visit, "STARTTLS"))
		return not_offered(visit, "STARTTLS");
	if (!say(visit, PROBE_STARTTLS, "STARTTLS", "", NULL))
		return false;
	fault =
	    smtp_client_encrypt(&visit->client, visit->way->host, visit->way->user != NULL && !visit->way->insecure);
	return fault == SMTP_FINE || end_by_fault(visit, fault);
}

static bool log_in(struct visit *visit)
{
	const struct probe_way *way = visit->way;
	enum smtp_fault fault = SMTP_FINE;

	switch (smtp_login(&visit->client, way->user, way->password, way->insecure || visit->client.verified, &fault)) {
	case SMTP_LOGIN_ANSWERED:
		return judge(visit, PROBE_LOGIN);
	case SMTP_LOGIN_NOT_OFFERED:
		return not_offered(visit, "a login by SCRAM, CRAM-MD5, PLAIN or LOGIN");
	case SMTP_LOGIN_UNSAFE:
		return end(visit, PROBE_NOT_TRIED,
		           visit->client.tls != NULL
		               ? "the certificate is not to be trusted with a password; --insecure does"
		               : "the password would be sent in the clear; --insecure does");
	case SMTP_LOGIN_BROKEN:
		return end(visit, PROBE_TROUBLE, visit->client.detail);
	case SMTP_LOGIN_FAULT:
		return end_by_fault(visit, fault);
	}
	return false;
}

/* A password that is wrong; or, where there is no PLAIN, an exchange that is broken off. */
static bool fail_to_log_in(struct visit *visit)
{
	const char *mechanisms = smtp_reply_keyword(&visit->client.reply, "AUTH");
	const char *line = "AUTH PLAIN AHNhbGx5cG9ydC1wcm9iZQBub3QgYSBwYXNzd29yZA==";
	char other[64];
	enum smtp_fault fault;

	if (!smtp_reply_has_word(mechanisms, "PLAIN")) {
		mechanisms += strspn(mechanisms, " =");
		snprintf(other, sizeof other, "AUTH %.*s", (int)strcspn(mechanisms, " \n"), mechanisms);
		line = other;
	}
	fault = smtp_client_command(&visit->client, line);
	if (fault == SMTP_FINE && visit->client.reply.code == 334)
		fault = smtp_client_command(&visit->client, "*");
	if (fault != SMTP_FINE)
		return end_by_fault(visit, fault);
	return judge(visit, PROBE_WRONG_LOGIN);
}

static bool log_in_as_nobody(struct visit *visit)
{
	if (!smtp_reply_has_word(smtp_reply_keyword(&visit->client.reply, "AUTH"), "ANONYMOUS"))
		return not_offered(visit, "AUTH ANONYMOUS");
	return say(visit, PROBE_ANONYMOUS, "AUTH ANONYMOUS c2FsbHlwb3J0LXByb2Jl", "", NULL);
}

static bool send_message(struct visit *visit, const char *message)
{
	enum smtp_fault fault;

	if (message == NULL)
		return end(visit, PROBE_NOT_TRIED, "a message would have to be sent; --deliver does");
	fault = smtp_client_command(&visit->client, "DATA");
	if (fault == SMTP_FINE && visit->client.reply.code == 354) {
		fault = smtp_client_write(&visit->client, message);
		if (fault == SMTP_FINE)
			fault = smtp_client_command(&visit->client, ".");
	}
	if (fault != SMTP_FINE)
		return end_by_fault(visit, fault);
	return judge(visit, PROBE_MESSAGE);
}

static bool connect_and_read(struct visit *visit)
{
	const struct probe_way *way = visit->way;
	enum smtp_fault fault =
	    smtp_client_connect(&visit->client, way->to, way->to_length, way->from, way->from_length);

	if (fault == SMTP_FINE)
		fault = smtp_client_read(&visit->client);
	return fault == SMTP_FINE ? judge(visit, PROBE_CONNECT) : end_by_fault(visit, fault);
}

/* Whether the extension that the form needs is offered; asked after EHLO. */
static bool has_extension(struct visit *visit)
{
	const char *extension = visit->form->extension;

	return extension == NULL || offers(visit, extension) || not_offered(visit, extension);
}

static bool take_step(struct visit *visit, enum probe_step step)
{
	struct probe_attempt *attempt = visit->attempt;
	const struct probe_form *form = visit->form;

	attempt->step = step;
	switch (step) {
	case PROBE_CONNECT:
		return connect_and_read(visit);
	case PROBE_EHLO:
		return say_hello(visit);
	case PROBE_HELO:
		return say(visit, step, "HELO ", visit->helo, NULL);
	case PROBE_STARTTLS:
		return encrypt(visit);
	case PROBE_LOGIN:
		return log_in(visit);
	case PROBE_WRONG_LOGIN:
		return fail_to_log_in(visit);
	case PROBE_ANONYMOUS:
		return log_in_as_nobody(visit);
	case PROBE_XCLIENT:
		return say(visit, step, "XCLIENT ADDR=127.0.0.1 NAME=localhost", "", NULL);
	case PROBE_FIRST_MAIL:
		return say(visit, step, "MAIL FROM:", "<{sender}>", NULL);
	case PROBE_LOCAL:
		return say(visit, step, "RCPT TO:", "<{local}>", NULL);
	case PROBE_RSET:
		return say(visit, step, "RSET", "", NULL);
	case PROBE_MESSAGE:
		return send_message(visit, visit->way->message);
	case PROBE_MAIL:
		return say(visit, step, "MAIL FROM:", form->sender, attempt->sender);
	case PROBE_RCPT:
		return say(visit, step, "RCPT TO:", form->recipient, attempt->recipient);
	case PROBE_DATA:
		return say(visit, step, "DATA", "", NULL);
	}
	return false;
}

/* The steps before the form's own: connected, and encrypted and logged in where the way is. */
static bool arrive(struct visit *visit)
{
	if (!take_step(visit, PROBE_CONNECT))
		return false;
	visit->helo = "{helo}";
	if (visit->way->encrypted && !(take_step(visit, PROBE_EHLO) && take_step(visit, PROBE_STARTTLS)))
		return false;
	return visit->way->user == NULL || (take_step(visit, PROBE_EHLO) && take_step(visit, PROBE_LOGIN));
}

/* Whether all that the form says can be said, before the server is troubled. */
static bool can_be_said(struct visit *visit)
{
	const char *const templates[] = {visit->form->helo, visit->form->sender, visit->form->recipient};
	char text[PROBE_LINE];
	enum probe_name missing;

	for (size_t i = 0; i < sizeof templates / sizeof *templates; i++) {
		if (probe_expand(templates[i], visit->names, text, sizeof text, &missing) == PROBE_NAME_MISSING)
			return end(visit, PROBE_NOT_TRIED, probe_name_missing(missing));
	}
	for (const enum probe_step *step = visit->form->course; *step != PROBE_DATA; step++) {
		if (*step == PROBE_LOCAL && visit->names->texts[PROBE_NAME_LOCAL] == NULL)
			return end(visit, PROBE_NOT_TRIED, probe_name_missing(PROBE_NAME_LOCAL));
		if (*step == PROBE_MESSAGE && visit->way->message == NULL)
			return send_message(visit, NULL);
	}
	return true;
}

static void begin(struct visit *visit, const struct probe_way *way, const struct probe_form *form,
                  const struct probe_names *names, struct probe_attempt *attempt)
{
	memset(attempt, 0, sizeof *attempt);
	attempt->form = form;
	*visit = (struct visit){.way = way, .names = names, .form = form, .helo = "{helo}", .attempt = attempt};
	smtp_client_begin(&visit->client, way->seconds);
}

/* Says goodbye where that can be understood, and hangs up. */
static void leave(struct visit *visit)
{
	if (visit->attempt->result == PROBE_REFUSED || visit->attempt->result == PROBE_NOT_TRIED)
		smtp_client_write(&visit->client, "QUIT\r\n");
	smtp_client_close(&visit->client);
}

static void go(struct visit *visit)
{
	const enum probe_step *step = visit->form->course;
	bool first = true;

	if (!can_be_said(visit) || !arrive(visit))
		return;
	visit->helo = visit->form->helo;
	while (take_step(visit, *step)) {
		if (first && *step == PROBE_EHLO && !has_extension(visit))
			return;
		first = false;
		step++;
	}
}

void probe_attempt(const struct probe_way *way, const struct probe_form *form, const struct probe_names *names,
                   struct probe_attempt *ret_attempt)
{
	struct visit visit;

	begin(&visit, way, form, names, ret_attempt);
	go(&visit);
	leave(&visit);
}

void probe_deliver(const struct probe_way *way, const struct probe_form *form, const struct probe_names *names,
                   const char *message, struct probe_attempt *ret_attempt)
{
	struct visit visit;
	enum smtp_fault fault;

	begin(&visit, way, form, names, ret_attempt);
	go(&visit);
	if (ret_attempt->result == PROBE_ACCEPTED) {
		ret_attempt->step = PROBE_MESSAGE;
		fault = smtp_client_write(&visit.client, message);
		if (fault == SMTP_FINE)
			fault = smtp_client_command(&visit.client, ".");
		if (fault != SMTP_FINE) {
			end_by_fault(&visit, fault);
		} else if (judge(&visit, PROBE_MESSAGE)) {
			end(&visit, PROBE_ACCEPTED, visit.client.reply.text);
			smtp_client_write(&visit.client, "QUIT\r\n");
		} else if (ret_attempt->result == PROBE_NOT_TRIED) {
			ret_attempt->result = PROBE_REFUSED;
		}
	}
	leave(&visit);
}

/* Takes the name from a greeting: "220 mx.example.net ESMTP". */
static void take_greeted(const char *greeting, char *ret_name, size_t size)
{
	const char *name = greeting + strlen("220 ");
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");

	*ret_name = '\0';
	if (length < size && memchr(name, '.', length) != NULL && (name[length] == ' ' || name[length] == '\0'))
		snprintf(ret_name, size, "%.*s", (int)length, name);
}

void probe_survey(const struct probe_way *way, const struct probe_names *names, struct probe_survey *ret_survey)
{
	struct probe_attempt attempt;
	struct visit visit;

	memset(ret_survey, 0, sizeof *ret_survey);
	begin(&visit, way, probe_forms, names, &attempt);
	if (take_step(&visit, PROBE_CONNECT)) {
		take_greeted(visit.client.reply.text, ret_survey->greeted, sizeof ret_survey->greeted);
		if (take_step(&visit, PROBE_EHLO)) {
			ret_survey->starttls = offers(&visit, "STARTTLS");
			ret_survey->auth = offers(&visit, "AUTH");
			end(&visit, PROBE_ACCEPTED, "");
		}
	}
	ret_survey->result = attempt.result;
	snprintf(ret_survey->words, sizeof ret_survey->words, "%s", attempt.words);
	leave(&visit);
}
