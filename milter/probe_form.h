/*
 * NAME
 *	probe_form - the ways in which a mail server has been made to relay
 *
 * DESCRIPTION
 *	One table: each row is a form, what is said in it and where it comes from.
 *	Sender, recipient and HELO are templates, whose placeholders ("{outside}")
 *	are the names of one server and one outside mailbox.  To add a form is to
 *	add a row.
 */
#ifndef MILTER_PROBE_FORM_H
#define MILTER_PROBE_FORM_H

#include <stdbool.h>
#include <stddef.h>

/* What a placeholder stands for. */
enum probe_name {
	PROBE_NAME_USER,    /* {user}: local part of the outside recipient */
	PROBE_NAME_OUTSIDE, /* {outside}: its domain */
	PROBE_NAME_MIXED,   /* {mixed}: the domain in mixed case */
	PROBE_NAME_WIDE,    /* {wide}: the domain in fullwidth letters, which UTS #46 maps to ASCII */
	PROBE_NAME_SENDER,  /* {sender}: the outside sender */
	PROBE_NAME_OURS,    /* {ours}: the server's own domain */
	PROBE_NAME_GREETED, /* {greeted}: the name that the server greets with, where it is another */
	PROBE_NAME_SERVER,  /* {server}: its address as a literal, "[192.0.2.25]" */
	PROBE_NAME_LOCAL,   /* {local}: a mailbox that it takes mail for */
	PROBE_NAME_HELO,    /* {helo}: the prober's own name */
};
#define PROBE_NAME_COUNT (PROBE_NAME_HELO + 1)

/* The texts of the placeholders; NULL where there is none. */
struct probe_names {
	const char *texts[PROBE_NAME_COUNT];
};

/* One step of a form's course. */
enum probe_step {
	PROBE_CONNECT, /* to the greeting; the first step of every course */
	PROBE_EHLO,
	PROBE_HELO,
	PROBE_STARTTLS,
	PROBE_LOGIN,
	PROBE_WRONG_LOGIN, /* logs in, and fails */
	PROBE_ANONYMOUS,   /* logs in as nobody (RFC 4505) */
	PROBE_XCLIENT,     /* says that it speaks for a client at 127.0.0.1 */
	PROBE_FIRST_MAIL,  /* begins a message from the outside sender */
	PROBE_LOCAL,       /* to the local mailbox */
	PROBE_RSET,
	PROBE_MESSAGE, /* sends it */
	PROBE_MAIL,    /* the form's sender */
	PROBE_RCPT,    /* the form's recipient */
	PROBE_DATA,    /* the last one: what it is answered counts */
};
#define PROBE_STEP_COUNT (PROBE_DATA + 1)

/* The most steps of a form. */
#define PROBE_COURSE 12

struct probe_form {
	const char *name;                     /* "percent-hack" */
	const char *title;                    /* a few words */
	const char *source;                   /* the RFC that has it, or the test that it comes from */
	const char *helo;                     /* a template, as all below */
	const char *sender;                   /* what follows "MAIL FROM:" */
	const char *recipient;                /* what follows "RCPT TO:" */
	enum probe_step course[PROBE_COURSE]; /* ends with PROBE_DATA */
	bool own;                             /* the server could have a mailbox of that name: only delivery decides */
	bool elsewhere;                       /* does not lead to the outside mailbox, but to another reserved one */
	const char *extension;                /* of EHLO, that it needs; else NULL */
};

/* The table, and how many rows it has. */
extern const struct probe_form probe_forms[];
extern const size_t probe_form_count;

/* "connect", "ehlo" ... "data" */
const char *probe_step_name(enum probe_step step);

/* The same for people: "greeting", "EHLO" ... "DATA" */
const char *probe_step_words(enum probe_step step);

/* What is missing where a placeholder has no text, in words. */
const char *probe_name_missing(enum probe_name name);

enum probe_expansion {
	PROBE_EXPANDED,
	PROBE_NAME_MISSING, /* a placeholder has no text */
	PROBE_TOO_LONG,
};

/*
 * Writes a template with its placeholders replaced to ret_text, which has size
 * bytes.  Where a placeholder has no text, *ret_missing tells which.
 */
enum probe_expansion probe_expand(const char *template, const struct probe_names *names, char *ret_text, size_t size,
                                  enum probe_name *ret_missing);

/* Writes a domain as {wide}, and as {mixed}, have it: size bytes, cut where it does not fit. */
void probe_widen(const char *domain, char *ret_text, size_t size);
void probe_mix_case(const char *domain, char *ret_text, size_t size);

#endif
