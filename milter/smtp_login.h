/*
 * NAME
 *	smtp_login - logs in to an SMTP server (RFC 4954)
 *
 * DESCRIPTION
 *	Takes the best mechanism of libgsasl that the server offers: one that does
 *	not show the password (SCRAM, CRAM-MD5), or else PLAIN or LOGIN, which do,
 *	and are used only where the password may be shown.
 */
#ifndef MILTER_SMTP_LOGIN_H
#define MILTER_SMTP_LOGIN_H

#include <stdbool.h>

#include "milter/smtp_client.h"

enum smtp_login {
	SMTP_LOGIN_ANSWERED,    /* client->reply is the answer: 2xx where logged in */
	SMTP_LOGIN_NOT_OFFERED, /* no AUTH, or no mechanism that we have */
	SMTP_LOGIN_UNSAFE,      /* only mechanisms that would show the password */
	SMTP_LOGIN_BROKEN,      /* the exchange failed on our side: client->detail says how */
	SMTP_LOGIN_FAULT,       /* *ret_fault tells */
};

/* client->reply must be the answer to EHLO. */
enum smtp_login smtp_login(struct smtp_client *client, const char *user, const char *password, bool may_show,
                           enum smtp_fault *ret_fault);

#endif
