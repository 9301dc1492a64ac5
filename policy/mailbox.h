/*
 * NAME
 *	mailbox - envelope addresses, read leniently
 *
 * DESCRIPTION
 *	Real addresses break RFC 5321 section 4.1.2, so only what cannot be
 *	understood is refused: an empty local part, an empty domain after "@", a
 *	quote or bracket that does not close, more than one trailing dot, control
 *	bytes.  The domain is what follows the last "@" outside quotes.
 *
 *	MTAs read more in an address than RFC 5321 has: to Postfix "sa\les@example.com",
 *	"sales(x) @example.com" and "example.com!sales" are sales@example.com.  An
 *	address is plain where nothing is to be read in it but a local part at a
 *	domain: outside quotes there are no blanks, comments, quoted pairs or
 *	punctuation of lists (RFC 5322 sections 3.2 to 3.4 and 4.4), it cannot route,
 *	and its domain is a literal, or a name of more than one label, which no MTA
 *	completes.
 *
 *	For comparison an address loses its source route (RFC 5321 appendix C) and
 *	the quoting of its local part; both parts are without letter case, as
 *	policy/name.h says.
 */
#ifndef POLICY_MAILBOX_H
#define POLICY_MAILBOX_H

#include <stdbool.h>

#include "policy/address.h"
#include "policy/name.h"

struct mailbox {
	bool null;         /* "<>": nothing else is set */
	bool source_route; /* it had one */
	bool plain;        /* no MTA reads anything else in it: see above */
	char *local;       /* without quoting, lower case */
	char *domain;      /* as compared, or NULL without one */
	enum name_form domain_form;
	bool literal;     /* the domain is an address literal (RFC 5321 section 4.1.3) */
	bool has_address; /* which is one of an IP address: */
	struct address address;
	char *key;     /* for vocabulary_mailbox */
	char *subject; /* "local@domain", or "local" */

	/* What these stand in: the text, in bytes of this size and as many again for key and subject; or what is
	 * longer. */
	char *text;
	size_t size;
	char *folded, *converted, *joined;
};

enum mailbox_result {
	MAILBOX_READ,
	MAILBOX_UNREADABLE,
	MAILBOX_NO_MEMORY,
};

/*
 * Reads an argument of MAIL FROM or RCPT TO, with or without its angle brackets.
 * Unless MAILBOX_READ is returned, *ret_mailbox needs no freeing.
 */
enum mailbox_result mailbox_read(const char *text, struct mailbox *ret_mailbox);

/* Frees what a mailbox holds and makes it empty. */
void mailbox_destroy(struct mailbox *mailbox);

/*
 * Whether the address, as it is written, could send the message on to another
 * host, whatever its domain: a source route, or a local part with "%", "!" or "@".
 */
bool mailbox_could_route(const struct mailbox *mailbox);

/*
 * What an MTA means by what it reads in an address, in malloc(3) memory; NULL
 * where there is no memory.  Sendmail leaves quoted pairs (RFC 5322 section
 * 3.2.1) in what it reads, and takes the domain from what its local mailer is to
 * deliver: the one that the client wrote is meant, without comments and blanks,
 * or the one at the other end of a route ("ours.example!user").  An address that
 * was written without any has none.  Quotes in a domain, which Sendmail passes on
 * as they are, are taken out.
 */
char *mailbox_meant(const struct mailbox *written, const char *reading);

/* Where the text without its angle brackets begins, and its length. */
const char *mailbox_inside(const char *text, size_t *ret_length);

/* Returns malloc(3) memory with the text without its angle brackets, or NULL where there is no memory. */
char *mailbox_bare(const char *text);

#endif
