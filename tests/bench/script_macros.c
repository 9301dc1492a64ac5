#include "script_macros.h"

#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>

#include "script.h"

/* milter_connect_macros and the others, as Postfix has them when nobody sets them. */
static const char *const own_lists[SCRIPT_PLACES] = {
    [SMFIM_CONNECT] = "j {daemon_name} {daemon_addr} v _",
    [SMFIM_HELO] = "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
    [SMFIM_ENVFROM] = "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer}",
    [SMFIM_ENVRCPT] = "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
    [SMFIM_DATA] = "i",
    [SMFIM_EOM] = "i",
    [SMFIM_EOH] = "i",
};

/* Where the session has got to. */
struct known {
	const struct scenario *scenario;
	const char *recipient; /* NULL but at RCPT */
	bool sender;           /* MAIL was said, or is being said */
	bool queue;            /* a recipient was accepted: the message has an id */
	char text[512];        /* what is made of several parts */
};

static const char *joined(struct known *known, const char *format, const char *first, const char *second)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(known->text, sizeof known->text, format, first, second);
#pragma GCC diagnostic pop
	return known->text;
}

static const char *own(struct known *known)
{
	(void)known;
	return "mx.example.net";
}

static const char *version(struct known *known)
{
	(void)known;
	return "Postfix 3.7.11";
}

static const char *client_and_name(struct known *known)
{
	const char *name = known->scenario->client_name;

	return joined(known, "%s [%s]", name != NULL ? name : "unknown", known->scenario->client);
}

static const char *daemon_name(struct known *known)
{
	return known->scenario->daemon;
}

static const char *daemon_address(struct known *known)
{
	(void)known;
	return "172.16.1.11";
}

static const char *daemon_port(struct known *known)
{
	return known->scenario->daemon_port;
}

static const char *client_address(struct known *known)
{
	const char *address = known->scenario->client;

	return strchr(address, ':') != NULL ? joined(known, "%s%s", "IPv6:", address) : address;
}

static const char *client_name(struct known *known)
{
	return known->scenario->client_name != NULL ? known->scenario->client_name : "unknown";
}

static const char *client_port(struct known *known)
{
	(void)known;
	return "40000";
}

static const char *client_resolve(struct known *known)
{
	return known->scenario->client_name != NULL ? "OK" : "FAIL";
}

static const char *client_connections(struct known *known)
{
	(void)known;
	return "1";
}

static const char *login(struct known *known)
{
	return known->sender ? known->scenario->user : NULL;
}

static const char *mechanism(struct known *known)
{
	return login(known) != NULL ? known->scenario->mechanism : NULL;
}

static const char *tls_version(struct known *known)
{
	return known->scenario->tls_bits != NULL ? "TLSv1.3" : NULL;
}

static const char *cipher(struct known *known)
{
	return known->scenario->tls_bits != NULL ? "TLS_AES_256_GCM_SHA384" : NULL;
}

static const char *cipher_bits(struct known *known)
{
	return known->scenario->tls_bits;
}

static const char *mail_address(struct known *known)
{
	return known->sender ? known->scenario->sender : NULL;
}

/* Where mail to the sender would go, and how. */
static const char *mail_host(struct known *known)
{
	const char *at = strrchr(known->scenario->sender, '@');

	return known->sender && at != NULL ? at + 1 : NULL;
}

static const char *mail_mailer(struct known *known)
{
	return known->sender ? "smtp" : NULL;
}

static const char *rcpt_address(struct known *known)
{
	return known->recipient;
}

static const char *rcpt_host(struct known *known)
{
	const char *at = known->recipient != NULL ? strrchr(known->recipient, '@') : NULL;

	return at != NULL ? at + 1 : NULL;
}

static const char *rcpt_mailer(struct known *known)
{
	return known->recipient != NULL ? "smtp" : NULL;
}

static const char *queue_id(struct known *known)
{
	return known->queue ? "4Zk2Xw1Qd7z1f" : NULL;
}

static const struct {
	const char *name;
	const char *(*value)(struct known *known);
} macros[] = {
    {"j", own},
    {"v", version},
    {"_", client_and_name},
    {"i", queue_id},
    {"{daemon_name}", daemon_name},
    {"{daemon_addr}", daemon_address},
    {"{daemon_port}", daemon_port},
    {"{client_addr}", client_address},
    {"{client_name}", client_name},
    {"{client_ptr}", client_name},
    {"{client_port}", client_port},
    {"{client_resolve}", client_resolve},
    {"{client_connections}", client_connections},
    {"{auth_type}", mechanism},
    {"{auth_authen}", login},
    {"{tls_version}", tls_version},
    {"{cipher}", cipher},
    {"{cipher_bits}", cipher_bits},
    {"{mail_addr}", mail_address},
    {"{mail_host}", mail_host},
    {"{mail_mailer}", mail_mailer},
    {"{rcpt_addr}", rcpt_address},
    {"{rcpt_host}", rcpt_host},
    {"{rcpt_mailer}", rcpt_mailer},
};

/* NULL where the macro does not exist on Postfix, or has no value yet. */
static const char *value_of(struct known *known, const char *name)
{
	for (size_t i = 0; i < sizeof macros / sizeof *macros; i++) {
		if (strcmp(macros[i].name, name) == 0)
			return macros[i].value(known);
	}
	return NULL;
}

void script_macros(struct packets *packets, char letter, const char *asked, unsigned place,
                   const struct scenario *scenario, const char *recipient)
{
	struct known known = {
	    .scenario = scenario,
	    .recipient = recipient,
	    .sender = letter != SMFIC_CONNECT && letter != SMFIC_HELO,
	    .queue = letter != SMFIC_CONNECT && letter != SMFIC_HELO && letter != SMFIC_MAIL &&
	             recipient != scenario->recipients[0],
	};
	char *names = strdup(asked != NULL && *asked != '\0' ? asked : own_lists[place]);
	char *rest;

	if (names == NULL)
		err(1, "no memory for macros");
	packet_begin(packets, SMFIC_MACRO);
	packets_add(packets, &letter, 1);
	for (char *name = strtok_r(names, " ", &rest); name != NULL; name = strtok_r(NULL, " ", &rest)) {
		const char *value = value_of(&known, name);

		if (value == NULL)
			continue;
		packets_add_text(packets, name);
		packets_add_text(packets, value);
	}
	packet_end(packets);
	free(names);
}
