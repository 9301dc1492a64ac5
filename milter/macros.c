#include "milter/macros.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "milter/mta.h"
#include "policy/address.h"

#define AT(place) (1u << (place))

/* Has a value at every place, on both MTAs: see STALE MACROS in the header. */
static const char always[] = "j";

static const struct told_row rows[] = {
    [TOLD_DAEMON] =
        {
            .is_fact = true,
            .fact = FACT_LISTENER,
            .places = AT(PLACE_CONNECT),
            .postfix = "{daemon_name}, milter_macro_daemon_name of the listener, of main.cf for mail submitted on the "
                       "machine itself",
            .sendmail = "{daemon_name}, Name= of DaemonPortOptions, none for sendmail -bs",
            .macros = {"{daemon_name}"},
        },
    [TOLD_PORT] =
        {
            .is_fact = true,
            .fact = FACT_LISTENER,
            .places = AT(PLACE_CONNECT),
            .postfix = "{daemon_port}, none for mail submitted on the machine itself",
            .sendmail = "{daemon_port}, none for sendmail -bs",
            .macros = {"{daemon_port}"},
        },
    [TOLD_LOCAL_ADDRESS] =
        {
            .is_fact = true,
            .fact = FACT_LISTENER,
            .places = AT(PLACE_CONNECT),
            .postfix = "{daemon_addr}, of the connection",
            .sendmail = "{if_addr}, of the connection, none on loopback; {daemon_addr}, as configured, or a wildcard",
            .macros = {"{if_addr}", "{daemon_addr}"},
        },
    [TOLD_CLIENT] =
        {
            .is_fact = true,
            .fact = FACT_CLIENT,
            .places = AT(PLACE_CONNECT),
            .postfix = "connect event, address",
            .sendmail = "connect event, address, none for sendmail -bs",
        },
    [TOLD_CLIENT_NAME] =
        {
            .is_fact = true,
            .fact = FACT_CLIENT_NAME,
            .places = AT(PLACE_CONNECT),
            .postfix = "connect event, host, where {client_resolve} is OK",
            .sendmail =
                "connect event, host, where {client_resolve} is OK, which is FORGED, not TEMP, where the name's "
                "own addresses cannot be looked up just now",
            .macros = {"{client_resolve}"},
        },
    [TOLD_HELO] =
        {
            .is_fact = true,
            .fact = FACT_HELO,
            .places = AT(PLACE_HELO),
            .postfix = "helo event",
            .sendmail = "helo event",
        },
    [TOLD_SENDER] =
        {
            .is_fact = true,
            .fact = FACT_SENDER,
            .places = AT(PLACE_MAIL),
            .postfix = "mail event, first argument; {mail_addr}",
            .sendmail = "mail event, first argument; {mail_addr}, without its domain where that is local",
            .macros = {"{mail_addr}"},
        },
    [TOLD_SIZE] =
        {
            .is_fact = true,
            .fact = FACT_SIZE,
            .places = AT(PLACE_MAIL),
            .postfix = "mail event, argument SIZE=",
            .sendmail = "mail event, argument SIZE=",
        },
    [TOLD_USER] =
        {
            .is_fact = true,
            .fact = FACT_USER,
            .places = AT(PLACE_MAIL),
            .postfix = "{auth_authen}, with smtpd_sasl_local_domain appended",
            .sendmail = "{auth_authen}, as the client typed it",
            .macros = {"{auth_authen}"},
        },
    [TOLD_MECHANISM] =
        {
            .is_fact = true,
            .fact = FACT_MECHANISM,
            .places = AT(PLACE_MAIL),
            .postfix = "{auth_type}",
            .sendmail = "{auth_type}",
            .macros = {"{auth_type}"},
        },
    [TOLD_TLS] =
        {
            .is_fact = true,
            .fact = FACT_TLS,
            .places = AT(PLACE_MAIL),
            .postfix = "{cipher_bits}, where there is a {tls_version}",
            .sendmail = "{cipher_bits}, where there is a {tls_version}",
            .macros = {"{tls_version}", "{cipher_bits}"},
        },
    [TOLD_RECIPIENT] =
        {
            .is_fact = true,
            .fact = FACT_RECIPIENT,
            .places = AT(PLACE_RCPT),
            .postfix = "rcpt event, first argument",
            .sendmail = "rcpt event, first argument",
        },
    [TOLD_RESOLVED] =
        {
            .is_fact = true,
            .fact = FACT_RECIPIENT,
            .places = AT(PLACE_RCPT),
            .postfix = "{rcpt_addr}",
            .sendmail = "{rcpt_addr}, after virtusertable, without its domain where the local mailer delivers",
            .macros = {"{rcpt_addr}"},
        },
    [TOLD_QUEUE] =
        {
            .places = AT(PLACE_CONNECT) | AT(PLACE_MAIL) | AT(PLACE_RCPT) | AT(PLACE_DATA),
            .postfix = "i, from the second recipient on; at connect for mail submitted on the machine itself",
            .sendmail = "i, from connect on, another for each message",
            .macros = {"i"},
        },
};
static_assert(sizeof rows / sizeof *rows == TOLD_COUNT, "every thing that is told has a row");

const struct told_row *told_row(enum told told)
{
	return &rows[told];
}

/* Whether the list has the name as one of its words. */
static bool has_word(const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = list; (at = strstr(at, name)) != NULL; at += length) {
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
			return true;
	}
	return false;
}

void macros_list(enum macro_place place, char *ret_list)
{
	strcpy(ret_list, always);
	for (unsigned told = 0; told < TOLD_COUNT; told++) {
		if ((rows[told].places & AT(place)) == 0)
			continue;
		for (unsigned i = 0; i < TOLD_MACROS && rows[told].macros[i] != NULL; i++) {
			const char *name = rows[told].macros[i];

			if (has_word(ret_list, name))
				continue;
			assert(strlen(ret_list) + 1 + strlen(name) < MACROS_LIST);
			strcat(strcat(ret_list, " "), name);
		}
	}
}

static const char *macro(const struct mta *mta, const char *name)
{
	return mta->macro(mta->context, name);
}

/* A macro that means nothing where it is empty. */
static const char *macro_filled(const struct mta *mta, const char *name)
{
	const char *value = macro(mta, name);

	return value == NULL || *value == '\0' ? NULL : value;
}

/* A decimal number of at most limit; 0 where the text is none. */
static unsigned number_or_zero(const char *text, unsigned long limit)
{
	char *end;
	unsigned long number;

	if (text == NULL || strspn(text, "0123456789") == 0)
		return 0;
	number = strtoul(text, &end, 10);
	return *end == '\0' && number <= limit ? (unsigned)number : 0;
}

unsigned macros_port(const struct mta *mta)
{
	return number_or_zero(macro(mta, "{daemon_port}"), UINT16_MAX);
}

const char *macros_daemon(const struct mta *mta)
{
	return macro_filled(mta, "{daemon_name}");
}

/* An address as MTAs write it in a macro: IPv6 with "IPv6:" in front, not always compressed. */
static bool macro_address(const struct mta *mta, const char *name, struct address *ret_address)
{
	static const char tag[] = "IPv6:";
	const char *text = macro_filled(mta, name);

	if (text == NULL)
		return false;
	if (strncasecmp(text, tag, strlen(tag)) == 0)
		text += strlen(tag);
	return address_from_text(text, ret_address);
}

static bool wildcard(const struct address *address)
{
	static const uint8_t zero[sizeof address->bytes];

	return memcmp(address->bytes, zero, sizeof zero) == 0;
}

bool macros_local_address(const struct mta *mta, const struct address *client, struct address *ret_address)
{
	struct address address;

	if (!macro_address(mta, "{if_addr}", &address) && !macro_address(mta, "{daemon_addr}", &address))
		return false;
	*ret_address = wildcard(&address) ? address_loopback(client->family) : address;
	return true;
}

enum client_name_state macros_client_name(const struct mta *mta, const char *host)
{
	const char *resolve = macro(mta, "{client_resolve}");

	if (resolve == NULL)
		return CLIENT_NAME_NONE;
	if (strcmp(resolve, "TEMP") == 0)
		return CLIENT_NAME_UNAVAILABLE;
	if (strcmp(resolve, "OK") == 0 && host != NULL && *host != '\0' && *host != '[')
		return CLIENT_NAME_VERIFIED;
	return CLIENT_NAME_NONE;
}

const char *macros_user(const struct mta *mta)
{
	return macro(mta, "{auth_authen}");
}

const char *macros_mechanism(const struct mta *mta)
{
	return macro_filled(mta, "{auth_type}");
}

unsigned macros_tls_bits(const struct mta *mta)
{
	unsigned bits;

	if (macro_filled(mta, "{tls_version}") == NULL)
		return 0;
	bits = number_or_zero(macro(mta, "{cipher_bits}"), UINT16_MAX);
	return bits > 0 ? bits : 1;
}

const char *macros_resolved_sender(const struct mta *mta)
{
	return macro(mta, "{mail_addr}");
}

const char *macros_resolved(const struct mta *mta)
{
	return macro_filled(mta, "{rcpt_addr}");
}

const char *macros_queue(const struct mta *mta)
{
	return macro_filled(mta, "i");
}
