#include "milter/probe_form.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */

/* How a form goes on from a connection that is encrypted and logged in, as far as it is to be. */
#define COURSE_PLAIN {PROBE_EHLO, PROBE_MAIL, PROBE_RCPT, PROBE_DATA}

#define SENDER "<{sender}>"
#define OUTSIDE "<{user}@{outside}>"
#define HELO "{helo}"

/* A form that differs in the sender alone, and one that differs in the recipient alone. */
#define FROM(text) .helo = HELO, .sender = (text), .recipient = OUTSIDE, .course = COURSE_PLAIN
#define TO(text) .helo = HELO, .sender = SENDER, .recipient = (text), .course = COURSE_PLAIN
#define ORDINARY .helo = HELO, .sender = SENDER, .recipient = OUTSIDE

const struct probe_form probe_forms[] = {
    /* Who sends. */
    {"plain", "an outsider to an outsider", "RFC 2505 section 2.1", FROM(SENDER)},
    {"null-sender", "the null sender", "RFC 5321 section 4.5.5", FROM("<>")},
    {"postmaster-sender", "the server's postmaster as sender", "RFC 5321 section 4.5.1", FROM("<postmaster@{ours}>")},
    {"local-sender", "a sender at the server's own domain", "RFC 2505 section 2.1", FROM("<{user}@{ours}>")},
    {"greeted-sender", "a sender at the name that the server greets with", "nmap smtp-open-relay 3",
     FROM("<{user}@{greeted}>")},
    {"literal-sender", "a sender at the server's address", "nmap smtp-open-relay 4", FROM("<{user}@{server}>")},
    {"localhost-sender", "a sender at localhost", "abuse.net relay test", FROM("<{user}@localhost>")},
    {"bare-sender", "a sender without a domain", "abuse.net relay test", FROM("<{user}>")},
    {"same-sender", "the recipient as sender", "abuse.net relay test", FROM(OUTSIDE)},
    {"routed-sender", "a sender routed by the server", "RFC 5321 appendix C", FROM("<@{ours}:{sender}>")},
    {"percent-sender", "the percent hack as sender", "RFC 1123 section 5.2.16", FROM("<{user}%{outside}@{ours}>")},
    {"auth-parameter", "a sender vouched for by AUTH=", "RFC 4954 section 5",
     FROM("<{sender}> AUTH=postmaster@{ours}"), .extension = "AUTH"},

    /* Who says hello. */
    {"helo-own", "HELO is the server's own domain", "RFC 2505 section 1.4", .helo = "{ours}", .sender = SENDER,
     .recipient = OUTSIDE, .course = COURSE_PLAIN},
    {"helo-localhost", "HELO is localhost", "RFC 2505 section 1.4", .helo = "localhost", .sender = SENDER,
     .recipient = OUTSIDE, .course = COURSE_PLAIN},
    {"helo-loopback", "HELO is the loopback address", "RFC 5321 section 4.1.3", .helo = "[127.0.0.1]",
     .sender = SENDER, .recipient = OUTSIDE, .course = COURSE_PLAIN},
    {"old-helo", "HELO, not EHLO", "RFC 5321 section 4.1.1.1", ORDINARY,
     .course = {PROBE_HELO, PROBE_MAIL, PROBE_RCPT, PROBE_DATA}},
    {"no-helo", "no HELO", "RFC 5321 section 4.1.4", ORDINARY, .course = {PROBE_MAIL, PROBE_RCPT, PROBE_DATA}},

    /* A local part that routes. */
    {"percent-hack", "the percent hack", "RFC 1123 section 5.2.16", TO("<{user}%{outside}@{ours}>"), .own = true},
    {"percent-greeted", "at the name that the server greets with", "nmap smtp-open-relay 6",
     TO("<{user}%{outside}@{greeted}>"), .own = true},
    {"percent-literal", "at the server's address", "nmap smtp-open-relay 5", TO("<{user}%{outside}@{server}>"),
     .own = true},
    {"percent-localhost", "at localhost", "RFC 1123 section 5.2.16", TO("<{user}%{outside}@localhost>"), .own = true},
    {"percent-bare", "the percent hack without a domain", "RFC 1123 section 5.2.16", TO("<{user}%{outside}>"),
     .own = true},
    {"percent-chain", "the percent hack, twice", "RFC 1123 section 5.2.16",
     TO("<{user}%{outside}%localhost@{ours}>"), .own = true},
    {"bang-path", "a bang path", "RFC 976 section 2.3", TO("<{outside}!{user}>"), .own = true},
    {"bang-own", "a bang path at the server's own domain", "RFC 976 section 2.3", TO("<{outside}!{user}@{ours}>"),
     .own = true},
    {"bang-literal", "a bang path at the server's address", "nmap smtp-open-relay 15",
     TO("<{outside}!{user}@{server}>"), .own = true},
    {"bang-chain", "a bang path by the server", "RFC 976 section 2.3", TO("<{ours}!{outside}!{user}>"), .own = true},
    {"bang-percent", "a bang path with the percent hack", "RFC 976 section 2.3", TO("<{ours}!{user}%{outside}>"),
     .own = true},
    {"bang-percent-own", "both, at the server's own domain", "RFC 976 section 2.3",
     TO("<{outside}!{user}%{ours}@{ours}>"), .own = true},

    /* Source routes. */
    {"source-route", "a source route by the server's name", "RFC 5321 appendix C", TO("<@{ours}:{user}@{outside}>")},
    {"source-route-greeted", "by the name that it greets with", "nmap smtp-open-relay 13",
     TO("<@{greeted}:{user}@{outside}>")},
    {"source-route-literal", "by its address", "nmap smtp-open-relay 12", TO("<@{server}:{user}@{outside}>")},
    {"source-route-two", "by two hosts", "RFC 5321 appendix C", TO("<@{ours},@localhost:{user}@{outside}>")},
    {"source-route-percent", "by its name, with the percent hack", "RFC 1123 section 5.2.19",
     TO("<@{ours}:{user}%{outside}@{ours}>"), .own = true},

    /* Two "@", quotes, and what is left out. */
    {"double-at", "two @, the server's own domain last", "nmap smtp-open-relay 11", TO("<{user}@{outside}@{ours}>"),
     .own = true},
    {"double-at-literal", "two @, the server's address last", "nmap smtp-open-relay 9",
     TO("<{user}@{outside}@{server}>"), .own = true},
    {"double-at-outside", "two @, the outside domain last", "abuse.net relay test", TO("<{user}@{ours}@{outside}>")},
    {"quoted-bare", "all in quotes, no domain", "nmap smtp-open-relay 7", TO("<\"{user}@{outside}\">"), .own = true},
    {"quoted-own", "in quotes, at the server's own domain", "abuse.net relay test",
     TO("<\"{user}@{outside}\"@{ours}>"), .own = true},
    {"quoted-literal", "in quotes, at the server's address", "nmap smtp-open-relay 10",
     TO("<\"{user}@{outside}\"@{server}>"), .own = true},
    {"quoted-percent-bare", "the percent hack in quotes", "nmap smtp-open-relay 8", TO("<\"{user}%{outside}\">"),
     .own = true},
    {"quoted-percent-own", "in quotes, at the server's own domain", "RFC 1123 section 5.2.16",
     TO("<\"{user}%{outside}\"@{ours}>"), .own = true},
    {"quoted-bang-own", "a bang path in quotes, at its own domain", "RFC 976 section 2.3",
     TO("<\"{outside}!{user}\"@{ours}>"), .own = true},
    {"quoted-user", "the local part in quotes", "RFC 5321 section 4.1.2", TO("<\"{user}\"@{outside}>")},
    {"quoted-pair", "@ behind a backslash", "RFC 5321 section 4.1.2", TO("<{user}\\@{outside}@{ours}>"), .own = true},
    {"quoted-pair-user", "a letter behind a backslash", "RFC 822 section 3.3", TO("<\\{user}@{outside}>")},
    {"trailing-at", "an @ at the end", "RFC 5321 section 4.1.2", TO("<{user}@{outside}@>"), .own = true},
    {"trailing-at-percent", "the percent hack, no domain after @", "RFC 1123 section 5.2.16",
     TO("<{user}%{outside}@>"), .own = true},

    /* The same domain in other letters, and other domains. */
    {"mixed-case", "mixed case", "RFC 5321 section 2.4", TO("<{user}@{mixed}>")},
    {"trailing-dot", "a dot at the end", "RFC 1034 section 3.1", TO("<{user}@{outside}.>")},
    {"trailing-dot-percent", "the percent hack with a dot", "RFC 1034 section 3.1",
     TO("<{user}%{outside}.@{ours}>"), .own = true},
    {"own-at-end", "a domain that ends like the server's own", "RFC 2505 section 2.1", TO("<{user}@probe{ours}>"),
     .elsewhere = true},
    {"own-at-front", "a domain that begins like the server's own", "RFC 2505 section 2.1",
     TO("<{user}@{ours}.{outside}>"), .elsewhere = true},
    {"ipv4-literal", "an outside IPv4 address", "RFC 5321 section 4.1.3", TO("<{user}@[192.0.2.1]>"),
     .elsewhere = true},
    {"ipv4-bare", "an outside IPv4 address without brackets", "RFC 5321 section 4.1.3", TO("<{user}@192.0.2.1>"),
     .elsewhere = true},
    {"ipv6-literal", "an outside IPv6 address", "RFC 5321 section 4.1.3", TO("<{user}@[IPv6:2001:db8::1]>"),
     .elsewhere = true},
    {"mapped-literal", "an outside IPv4-mapped address", "RFC 4291 section 2.5.5.2",
     TO("<{user}@[IPv6:::ffff:192.0.2.1]>"), .elsewhere = true},
    {"a-label", "an A-label", "RFC 5890 section 2.3.2.1", TO("<{user}@xn--bcher-kva.example>"), .elsewhere = true},
    {"u-label", "a U-label", "RFC 6531 section 3.3", .helo = HELO, .sender = "<{sender}> SMTPUTF8",
     .recipient = "<{user}@b\u00fccher.example>", .course = COURSE_PLAIN, .elsewhere = true,
     .extension = "SMTPUTF8"},
    {"utf8-local", "a local part in UTF-8", "RFC 6531 section 3.3", .helo = HELO, .sender = "<{sender}> SMTPUTF8",
     .recipient = "<{user}-\u00fc@{outside}>", .course = COURSE_PLAIN, .elsewhere = true, .extension = "SMTPUTF8"},
    {"utf8-wide", "the domain in fullwidth letters", "UTS #46 section 4", .helo = HELO,
     .sender = "<{sender}> SMTPUTF8", .recipient = "<{user}@{wide}>", .course = COURSE_PLAIN,
     .extension = "SMTPUTF8"},
    {"utf8-percent", "the percent hack, the domain in fullwidth letters", "UTS #46 section 4", .helo = HELO,
     .sender = "<{sender}> SMTPUTF8", .recipient = "<{user}%{wide}@{ours}>", .course = COURSE_PLAIN, .own = true,
     .extension = "SMTPUTF8"},

    /* Spelling that RFC 5321 does not have, and servers read. */
    {"no-brackets", "no angle brackets", "RFC 5321 section 4.1.1.3", TO("{user}@{outside}")},
    {"space-before", "a blank before the bracket", "RFC 5321 section 3.3", TO(" <{user}@{outside}>")},
    {"space-inside", "blanks within the brackets", "RFC 5322 section 4.4", TO("< {user}@{outside} >")},
    {"space-at", "blanks around the @", "RFC 5322 section 4.4", TO("<{user} @ {outside}>")},
    {"comment", "a comment", "RFC 5322 section 3.2.2", TO("<{user}(probe)@{outside}>")},
    {"display-name", "a name before the bracket", "RFC 5322 section 3.4", TO("postmaster <{user}@{outside}>")},

    /* What was said before. */
    {"after-local", "after a local recipient", "RFC 5321 section 3.3", ORDINARY,
     .course = {PROBE_EHLO, PROBE_MAIL, PROBE_LOCAL, PROBE_RCPT, PROBE_DATA}},
    {"after-rset", "after a local message and RSET", "RFC 5321 section 4.1.1.5", ORDINARY,
     .course = {PROBE_EHLO, PROBE_FIRST_MAIL, PROBE_LOCAL, PROBE_RSET, PROBE_MAIL, PROBE_RCPT, PROBE_DATA}},
    {"after-ehlo", "after a local message and EHLO", "RFC 5321 section 4.1.4", ORDINARY,
     .course = {PROBE_EHLO, PROBE_FIRST_MAIL, PROBE_LOCAL, PROBE_EHLO, PROBE_MAIL, PROBE_RCPT, PROBE_DATA}},
    {"second-message", "after a local message that was sent", "RFC 5321 section 3.3", ORDINARY,
     .course = {PROBE_EHLO, PROBE_FIRST_MAIL, PROBE_LOCAL, PROBE_MESSAGE, PROBE_MAIL, PROBE_RCPT, PROBE_DATA}},
    {"failed-login", "after a login that failed", "RFC 4954 section 4", ORDINARY, .extension = "AUTH",
     .course = {PROBE_EHLO, PROBE_WRONG_LOGIN, PROBE_MAIL, PROBE_RCPT, PROBE_DATA}},
    {"anonymous-login", "logged in as nobody", "RFC 4505", ORDINARY, .extension = "AUTH",
     .course = {PROBE_EHLO, PROBE_ANONYMOUS, PROBE_MAIL, PROBE_RCPT, PROBE_DATA}},
    {"xclient", "speaking for 127.0.0.1", "Postfix XCLIENT_README", ORDINARY, .extension = "XCLIENT",
     .course = {PROBE_EHLO, PROBE_XCLIENT, PROBE_EHLO, PROBE_MAIL, PROBE_RCPT, PROBE_DATA}},
};
const size_t probe_form_count = sizeof probe_forms / sizeof *probe_forms;

static const struct {
	const char *name;
	const char *missing;
} placeholders[] = {
    [PROBE_NAME_USER] = {"user", "there is no outside recipient"},
    [PROBE_NAME_OUTSIDE] = {"outside", "there is no outside recipient"},
    [PROBE_NAME_MIXED] = {"mixed", "there is no outside recipient"},
    [PROBE_NAME_WIDE] = {"wide", "there is no outside recipient"},
    [PROBE_NAME_SENDER] = {"sender", "there is no outside sender"},
    [PROBE_NAME_OURS] = {"ours", "the server's own domain is not known; --domain tells it"},
    [PROBE_NAME_GREETED] = {"greeted", "it greets with no name but its own domain"},
    [PROBE_NAME_SERVER] = {"server", "the server's address is not known"},
    [PROBE_NAME_LOCAL] = {"local", "no mailbox is known that the server takes; --local names one"},
    [PROBE_NAME_HELO] = {"helo", "there is no name for HELO"},
};
static_assert(sizeof placeholders / sizeof *placeholders == PROBE_NAME_COUNT, "every placeholder has a name");

static const struct {
	const char *name;
	const char *words;
} steps[] = {
    [PROBE_CONNECT] = {"connect", "greeting"},
    [PROBE_EHLO] = {"ehlo", "EHLO"},
    [PROBE_HELO] = {"helo", "HELO"},
    [PROBE_STARTTLS] = {"starttls", "STARTTLS"},
    [PROBE_LOGIN] = {"login", "AUTH"},
    [PROBE_WRONG_LOGIN] = {"wrong-login", "AUTH"},
    [PROBE_ANONYMOUS] = {"anonymous", "AUTH"},
    [PROBE_XCLIENT] = {"xclient", "XCLIENT"},
    [PROBE_FIRST_MAIL] = {"first-mail", "first MAIL"},
    [PROBE_LOCAL] = {"local", "local RCPT"},
    [PROBE_RSET] = {"rset", "RSET"},
    [PROBE_MESSAGE] = {"message", "message"},
    [PROBE_MAIL] = {"mail", "MAIL"},
    [PROBE_RCPT] = {"rcpt", "RCPT"},
    [PROBE_DATA] = {"data", "DATA"},
};
static_assert(sizeof steps / sizeof *steps == PROBE_STEP_COUNT, "every step has a name");

/* clang-format on */

const char *probe_step_name(enum probe_step step)
{
	return steps[step].name;
}

const char *probe_step_words(enum probe_step step)
{
	return steps[step].words;
}

const char *probe_name_missing(enum probe_name name)
{
	return placeholders[name].missing;
}

/* The placeholder that text, which follows a "{", begins with; or PROBE_NAME_COUNT. */
static size_t placeholder_at(const char *text)
{
	size_t length = strcspn(text, "}");
	size_t name = 0;

	while (name < PROBE_NAME_COUNT &&
	       (strlen(placeholders[name].name) != length || strncmp(placeholders[name].name, text, length) != 0))
		name++;
	return name;
}

enum probe_expansion probe_expand(const char *template, const struct probe_names *names, char *ret_text, size_t size,
                                  enum probe_name *ret_missing)
{
	size_t length = 0;

	while (*template != '\0') {
		size_t count = strcspn(template, "{");
		const char *text = template;

		template += count;
		if (count == 0) {
			size_t name = placeholder_at(template + 1);

			assert(name < PROBE_NAME_COUNT);
			text = names->texts[name];
			if (text == NULL) {
				*ret_missing = (enum probe_name)name;
				return PROBE_NAME_MISSING;
			}
			count = strlen(text);
			template += strcspn(template, "}") + 1;
		}
		if (count >= size - length)
			return PROBE_TOO_LONG;
		memcpy(ret_text + length, text, count);
		length += count;
	}
	ret_text[length] = '\0';
	return PROBE_EXPANDED;
}

void probe_widen(const char *domain, char *ret_text, size_t size)
{
	/* U+FF01 to U+FF5E are U+0021 to U+007E, in the same order. */
	for (; *domain > 0x20 && *domain < 0x7f && size > 3; domain++, size -= 3, ret_text += 3) {
		unsigned code = 0xff00 + (unsigned)*domain - 0x20;

		ret_text[0] = (char)(0xe0 | code >> 12);
		ret_text[1] = (char)(0x80 | (code >> 6 & 0x3f));
		ret_text[2] = (char)(0x80 | (code & 0x3f));
	}
	*ret_text = '\0';
}

void probe_mix_case(const char *domain, char *ret_text, size_t size)
{
	for (bool upper = true; *domain != '\0' && size > 1; domain++, size--, upper = !upper)
		*ret_text++ = (char)(upper ? toupper((unsigned char)*domain) : tolower((unsigned char)*domain));
	*ret_text = '\0';
}
