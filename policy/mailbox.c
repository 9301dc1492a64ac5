#include "policy/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/vocabulary.h"

const char *mailbox_inside(const char *text, size_t *ret_length)
{
	size_t length = strlen(text);
	bool brackets = length >= 2 && text[0] == '<' && text[length - 1] == '>';

	*ret_length = brackets ? length - 2 : length;
	return brackets ? text + 1 : text;
}

char *mailbox_bare(const char *text)
{
	size_t length;
	const char *inside = mailbox_inside(text, &length);

	return strndup(inside, length);
}

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return true;
	return false;
}

/*
 * Finds what follows a source route, "@one,@two:": text itself without one.  A
 * colon in an address literal does not end the route.  Returns false where a
 * bracket does not close.
 */
static bool skip_source_route(const char *text, const char **ret_path)
{
	bool bracket = false;

	*ret_path = text;
	if (text[0] != '@')
		return true;
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == ':' && !bracket) {
			*ret_path = at + 1;
			return true;
		}
		bracket = *at == '[' || (bracket && *at != ']');
	}
	return !bracket;
}

/* Finds the last "@" outside quotes.  Returns false where a quote does not close. */
static bool find_domain(const char *text, const char **ret_at)
{
	bool quoted = false;
	const char *found = NULL;

	for (; *text != '\0'; text++) {
		if (*text == '"')
			quoted = !quoted;
		else if (quoted && *text == '\\' && text[1] != '\0')
			text++;
		else if (!quoted && *text == '@')
			found = text;
	}
	*ret_at = found;
	return !quoted;
}

/* Whether MTAs give a byte outside quotes a meaning of their own. */
static bool has_meaning(char byte)
{
	switch (byte) {
	case ' ':
	case '(':
	case ')':
	case '\\':
	case ';':
	case ',':
	case '<':
	case '>':
		return true;
	default:
		return false;
	}
}

/* Whether there is nothing outside quotes that MTAs give a meaning of their own. */
static bool has_plain_bytes(const char *text)
{
	bool quoted = false;

	for (; *text != '\0'; text++) {
		if (*text == '"')
			quoted = !quoted;
		else if (quoted && *text == '\\' && text[1] != '\0')
			text++;
		else if (!quoted && has_meaning(*text))
			return false;
	}
	return true;
}

/* Takes quotes away, and the backslashes in them. */
static void unquote(char *local)
{
	char *to = local;
	bool quoted = false;

	for (const char *from = local; *from != '\0'; from++) {
		if (*from == '"') {
			quoted = !quoted;
			continue;
		}
		if (quoted && *from == '\\' && from[1] != '\0')
			from++;
		*to++ = *from;
	}
	*to = '\0';
}

/* Reads "[192.0.2.1]" and "[IPv6:2001:db8::1]" (lower case here). */
static void read_literal(struct mailbox *mailbox)
{
	static const char tag[] = "ipv6:";
	bool ipv6 = strncmp(mailbox->domain + 1, tag, sizeof tag - 1) == 0;
	const char *text = mailbox->domain + (ipv6 ? sizeof tag : 1);
	char *last = mailbox->domain + strlen(mailbox->domain) - 1;

	*last = '\0';
	mailbox->has_address = ipv6 == (strchr(text, ':') != NULL) && address_from_text(text, &mailbox->address);
	*last = ']';
	mailbox->literal = true;
}

static enum mailbox_result read_domain(char *text, struct mailbox *mailbox)
{
	size_t length = strlen(text);
	const char *bracket;

	if (length == 0 || strcmp(text, ".") == 0)
		return MAILBOX_UNREADABLE;
	if (length >= 2 && strcmp(text + length - 2, "..") == 0)
		return MAILBOX_UNREADABLE;
	bracket = strrchr(text, '[');
	if (bracket != NULL && strchr(bracket, ']') == NULL)
		return MAILBOX_UNREADABLE;
	mailbox->domain_form = name_read_in_place(text, &mailbox->converted);
	if (mailbox->domain_form == NAME_NO_MEMORY)
		return MAILBOX_NO_MEMORY;
	mailbox->domain = mailbox->converted != NULL ? mailbox->converted : text;
	/* IDNA maps some characters to nothing. */
	length = strlen(mailbox->domain);
	if (length == 0)
		return MAILBOX_UNREADABLE;
	if (mailbox->domain[0] != '[')
		return MAILBOX_READ;
	if (mailbox->domain[length - 1] != ']')
		return MAILBOX_UNREADABLE;
	read_literal(mailbox);
	return MAILBOX_READ;
}

/* Whether the domain is one that MTAs neither complete nor read in a way of their own: quoted, with blanks ... */
static bool is_plain_domain(const struct mailbox *mailbox)
{
	if (mailbox->literal)
		return mailbox->has_address;
	return mailbox->domain_form == NAME_CONVERTED && strchr(mailbox->domain, '.') != NULL;
}

/* Writes local part and domain with a separator between them, or the local part alone; returns the end. */
static char *join(const struct mailbox *mailbox, char separator, char *ret_text)
{
	char *end = stpcpy(ret_text, mailbox->local);

	if (mailbox->domain == NULL)
		return end;
	*end = separator;
	return stpcpy(end + 1, mailbox->domain);
}

/* What look-ups need. */
static enum mailbox_result finish(struct mailbox *mailbox)
{
	size_t size = strlen(mailbox->local) + 1 + (mailbox->domain != NULL ? strlen(mailbox->domain) + 1 : 0);

	mailbox->key = mailbox->text + mailbox->size;
	if (size > mailbox->size) {
		mailbox->joined = malloc(2 * size);
		mailbox->key = mailbox->joined;
	}
	if (mailbox->key == NULL)
		return MAILBOX_NO_MEMORY;
	mailbox->subject = join(mailbox, MAILBOX_SEPARATOR, mailbox->key) + 1;
	join(mailbox, '@', mailbox->subject);
	return MAILBOX_READ;
}

/* Whether a byte, in an address, is nothing but part of a name. */
static bool is_ordinary(char byte)
{
	char lower = byte | 0x20;

	return (lower >= 'a' && lower <= 'z') || (byte >= '0' && byte <= '9') || byte == '.' || byte == '-' ||
	       byte == '_' || byte == '+' || byte == '=';
}

/* Whether the text is made of two names with an "@" between them, as most addresses are: it has one reading. */
static bool is_two_names(const char *text, char **ret_at)
{
	char *at;

	while (is_ordinary(*text))
		text++;
	at = (char *)text;
	if (*text++ != '@')
		return false;
	while (is_ordinary(*text))
		text++;
	*ret_at = at;
	return *text == '\0';
}

/* Finds local part and domain in what is neither empty nor two names; returns false where they cannot be read. */
static bool take_apart(char *text, struct mailbox *mailbox, char **ret_at, bool *ret_plain)
{
	const char *path, *at;

	/* An angle bracket that is still there does not close. */
	if (text[0] == '<' || has_control(text) || !skip_source_route(text, &path) || !find_domain(path, &at))
		return false;
	mailbox->source_route = path != text;
	mailbox->local = text + (path - text);
	*ret_at = at != NULL ? text + (at - text) : NULL;
	if (at != NULL)
		**ret_at = '\0';
	*ret_plain = has_plain_bytes(mailbox->local);
	unquote(mailbox->local);
	return true;
}

/* Reads mailbox->text, which is changed. */
static enum mailbox_result read_bare(struct mailbox *mailbox)
{
	enum mailbox_result result;
	bool plain = true;
	char *at;

	if (mailbox->text[0] == '\0') {
		mailbox->null = true;
		mailbox->plain = true;
		return MAILBOX_READ;
	}
	if (is_two_names(mailbox->text, &at)) {
		mailbox->local = mailbox->text;
		*at = '\0';
	} else if (!take_apart(mailbox->text, mailbox, &at, &plain)) {
		return MAILBOX_UNREADABLE;
	}
	if (mailbox->local[0] == '\0')
		return MAILBOX_UNREADABLE;
	if (!name_fold(mailbox->local, &mailbox->folded))
		return MAILBOX_NO_MEMORY;
	if (mailbox->folded != NULL)
		mailbox->local = mailbox->folded;
	if (at != NULL) {
		result = read_domain(at + 1, mailbox);
		if (result != MAILBOX_READ)
			return result;
	}
	mailbox->plain = plain && at != NULL && is_plain_domain(mailbox) && !mailbox_could_route(mailbox);
	return finish(mailbox);
}

enum mailbox_result mailbox_read(const char *text, struct mailbox *ret_mailbox)
{
	struct mailbox mailbox = {0};
	enum mailbox_result result;
	size_t length;
	const char *inside = mailbox_inside(text, &length);

	mailbox.size = length + 1;
	mailbox.text = malloc(3 * mailbox.size);
	if (mailbox.text == NULL)
		return MAILBOX_NO_MEMORY;
	memcpy(mailbox.text, inside, length);
	mailbox.text[length] = '\0';
	result = read_bare(&mailbox);
	if (result == MAILBOX_READ)
		*ret_mailbox = mailbox;
	else
		mailbox_destroy(&mailbox);
	return result;
}

void mailbox_destroy(struct mailbox *mailbox)
{
	free(mailbox->text);
	free(mailbox->folded);
	free(mailbox->converted);
	free(mailbox->joined);
	*mailbox = (struct mailbox){0};
}

bool mailbox_could_route(const struct mailbox *mailbox)
{
	return mailbox->source_route || (mailbox->local != NULL && strpbrk(mailbox->local, "%!@") != NULL);
}

/* Takes quoted pairs outside quotes for what they mean. */
static void take_pairs(char *text)
{
	bool quoted = false;
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		if (*from == '"')
			quoted = !quoted;
		if (*from == '\\' && from[1] != '\0') {
			if (quoted)
				*to++ = *from;
			from++;
		}
		*to++ = *from;
	}
	*to = '\0';
}

/* Takes comments, which may nest, and blanks out of a domain. */
static void take_out_comments(char *domain)
{
	unsigned depth = 0;
	char *to = domain;

	for (const char *from = domain; *from != '\0'; from++) {
		if (*from == '(')
			depth++;
		else if (*from == ')' && depth > 0)
			depth--;
		else if (depth == 0 && *from != ' ')
			*to++ = *from;
	}
	*to = '\0';
}

/* The domain that stands in an address, wherever; "" where none does, NULL where there is no memory. */
static char *written_domain(const struct mailbox *written)
{
	const char *at;
	char *domain;

	if (written->domain != NULL)
		domain = strdup(written->domain);
	else if ((at = strrchr(written->local, '@')) != NULL || (at = strrchr(written->local, '%')) != NULL)
		domain = strdup(at + 1);
	else if ((at = strchr(written->local, '!')) != NULL)
		domain = strndup(written->local, (size_t)(at - written->local));
	else
		domain = strdup("");
	if (domain != NULL) {
		take_pairs(domain);
		take_out_comments(domain);
	}
	return domain;
}

/* Takes all quotes out of a domain, which RFC 5321 does not know there: the next host may do so, too. */
static void take_out_quotes(char *domain)
{
	char *to = domain;

	for (const char *from = domain; *from != '\0'; from++) {
		if (*from != '"')
			*to++ = *from;
	}
	*to = '\0';
}

char *mailbox_meant(const struct mailbox *written, const char *reading)
{
	char *meant = mailbox_bare(reading), *domain, *whole = NULL;
	const char *at;

	if (meant == NULL)
		return NULL;
	take_pairs(meant);
	if (written->null || *meant == '\0' || !find_domain(meant, &at))
		return meant;
	if (at != NULL) {
		take_out_quotes(meant + (at - meant));
		return meant;
	}
	domain = written_domain(written);
	if (domain != NULL && asprintf(&whole, "%s%s%s", meant, *domain != '\0' ? "@" : "", domain) < 0)
		whole = NULL;
	free(domain);
	free(meant);
	return whole;
}
