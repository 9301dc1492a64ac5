/*
 * NAME
 *	smtp_reply - reads the replies of an SMTP server that is not trusted
 *
 * DESCRIPTION
 *	Takes a server's bytes one by one and puts a reply together (RFC 5321
 *	section 4.2).  No input or output of its own.  All that the server says is
 *	bounded, and cleaned before it is kept: a byte that is no printable ASCII
 *	becomes "?", so that no server can write on the administrator's terminal.
 *
 *	smtp_reply_begin() comes first; then smtp_reply_take() for each byte, as
 *	long as it returns SMTP_REPLY_MORE.
 */
#ifndef MILTER_SMTP_REPLY_H
#define MILTER_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of one line.  RFC 5321 section 4.5.3.1.5 has 512; both MTAs write longer ones. */
#define SMTP_REPLY_LINE 2048

/* Lines of one reply: three times what the longest EHLO reply has. */
#define SMTP_REPLY_LINES 100

/* Bytes that are kept of a reply, with the end of the string; what is longer ends in "...". */
#define SMTP_REPLY_TEXT 8192

enum smtp_reply_state {
	SMTP_REPLY_MORE,       /* the reply goes on */
	SMTP_REPLY_DONE,       /* it is whole */
	SMTP_REPLY_GARBAGE,    /* no SMTP reply */
	SMTP_REPLY_LONG_LINE,  /* a line is longer than SMTP_REPLY_LINE */
	SMTP_REPLY_MANY_LINES, /* there are more than SMTP_REPLY_LINES */
};
#define SMTP_REPLY_STATE_COUNT (SMTP_REPLY_MANY_LINES + 1)

struct smtp_reply {
	unsigned code;              /* 200 to 599 */
	char text[SMTP_REPLY_TEXT]; /* "550 5.7.1 first line\nsecond line"; of garbage, what came of its line */
	/* The line that is being read. */
	char line[SMTP_REPLY_LINE + 1];
	size_t length;
	size_t lines; /* those before it */
};

/* Makes the reply empty. */
void smtp_reply_begin(struct smtp_reply *reply);

/* Takes the next byte.  From any state but SMTP_REPLY_MORE the reply takes nothing more. */
enum smtp_reply_state smtp_reply_take(struct smtp_reply *reply, char byte);

/* 2 to 5: the first digit of the code. */
unsigned smtp_reply_class(const struct smtp_reply *reply);

/*
 * Looks a keyword up in a reply to EHLO (RFC 5321 section 4.1.1.1), letter case
 * aside.  Where it is offered, returns its parameters, which end with the line;
 * else NULL.  The old spelling "AUTH=LOGIN" counts, too.
 */
const char *smtp_reply_keyword(const struct smtp_reply *reply, const char *keyword);

/* Whether a word stands among the parameters that smtp_reply_keyword returned; NULL has none. */
bool smtp_reply_has_word(const char *parameters, const char *word);

#endif
