#include "milter/smtp_login.h"

#include <gsasl.h>
#include <stdio.h>
#include <string.h>

/* Best first. */
static const struct mechanism {
	const char *name;
	bool first; /* the client speaks first, in AUTH itself */
	bool shows; /* the password */
} mechanisms[] = {
    {"SCRAM-SHA-256", true, false}, {"SCRAM-SHA-1", true, false}, {"CRAM-MD5", false, false},
    {"PLAIN", true, true},          {"LOGIN", false, true},
};
#define MECHANISM_COUNT (sizeof mechanisms / sizeof *mechanisms)

/* The best mechanism that is offered, and that is allowed; NULL where there is none. */
static const struct mechanism *choose(Gsasl *library, const char *offered, bool may_show, enum smtp_login *ret_why)
{
	*ret_why = SMTP_LOGIN_NOT_OFFERED;
	for (size_t i = 0; i < MECHANISM_COUNT; i++) {
		const struct mechanism *mechanism = &mechanisms[i];

		if (!smtp_reply_has_word(offered, mechanism->name) || !gsasl_client_support_p(library, mechanism->name))
			continue;
		if (!mechanism->shows || may_show)
			return mechanism;
		*ret_why = SMTP_LOGIN_UNSAFE;
	}
	return NULL;
}

static enum smtp_login broken(struct smtp_client *client, int result)
{
	snprintf(client->detail, sizeof client->detail, "%s", gsasl_strerror(result));
	return SMTP_LOGIN_BROKEN;
}

/* Sends a line: what begins it, a blank, and what the mechanism says next to the challenge. */
static enum smtp_login say(struct smtp_client *client, Gsasl_session *session, const char *verb, const char *challenge,
                           enum smtp_fault *ret_fault)
{
	char line[2 * SMTP_REPLY_LINE - 2];
	char *answer = NULL;
	int result = GSASL_OK;
	int length;

	if (challenge != NULL)
		result = gsasl_step64(session, challenge, &answer);
	if (result != GSASL_OK && result != GSASL_NEEDS_MORE)
		return broken(client, result);
	length = snprintf(line, sizeof line, "%s%s%s", verb, *verb != '\0' && answer != NULL ? " " : "",
	                  answer != NULL ? answer : "");
	gsasl_free(answer);
	if (length < 0 || (size_t)length >= sizeof line)
		return broken(client, GSASL_MALLOC_ERROR);
	*ret_fault = smtp_client_command(client, line);
	return *ret_fault == SMTP_FINE ? SMTP_LOGIN_ANSWERED : SMTP_LOGIN_FAULT;
}

static enum smtp_login converse(struct smtp_client *client, Gsasl_session *session, const struct mechanism *mechanism,
                                enum smtp_fault *ret_fault)
{
	char verb[64];
	enum smtp_login login;

	snprintf(verb, sizeof verb, "AUTH %s", mechanism->name);
	login = say(client, session, verb, mechanism->first ? "" : NULL, ret_fault);
	while (login == SMTP_LOGIN_ANSWERED && client->reply.code == 334) {
		char challenge[SMTP_REPLY_TEXT];

		snprintf(challenge, sizeof challenge, "%s", client->reply.text + strlen("334 "));
		login = say(client, session, "", challenge, ret_fault);
	}
	return login;
}

enum smtp_login smtp_login(struct smtp_client *client, const char *user, const char *password, bool may_show,
                           enum smtp_fault *ret_fault)
{
	const char *offered = smtp_reply_keyword(&client->reply, "AUTH");
	const struct mechanism *mechanism;
	enum smtp_login login;
	Gsasl_session *session;
	Gsasl *library;
	int result = gsasl_init(&library);

	if (result != GSASL_OK)
		return broken(client, result);
	mechanism = choose(library, offered, may_show, &login);
	if (mechanism == NULL)
		goto out;
	result = gsasl_client_start(library, mechanism->name, &session);
	if (result != GSASL_OK) {
		login = broken(client, result);
		goto out;
	}
	gsasl_property_set(session, GSASL_AUTHID, user);
	gsasl_property_set(session, GSASL_PASSWORD, password);
	login = converse(client, session, mechanism, ret_fault);
	gsasl_finish(session);
out:
	gsasl_done(library);
	return login;
}
