#include "policy/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/vocabulary.h"

char *mailbox_bare(const char *text)
{
	size_t length = strlen(text);

	if (length >= 2 && text[0] == '<' && text[length - 1] == '>')
		return strndup(text + 1, length - 2);
	return strdup(text);
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
static enum mailbox_result read_literal(struct mailbox *mailbox)
{
	static const char tag[] = "ipv6:";
	bool ipv6 = strncmp(mailbox->domain + 1, tag, sizeof tag - 1) == 0;
	const char *from = mailbox->domain + (ipv6 ? sizeof tag : 1);
	char *text = strndup(from, strlen(from) - 1);

	if (text == NULL)
		return MAILBOX_NO_MEMORY;
	mailbox->literal = true;
	mailbox->has_address = ipv6 == (strchr(text, ':') != NULL) && address_from_text(text, &mailbox->address);
	free(text);
	return MAILBOX_READ;
}

static enum mailbox_result read_domain(const char *text, struct mailbox *mailbox)
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
	mailbox->domain_form = name_read(text, length, &mailbox->domain);
	if (mailbox->domain_form == NAME_NO_MEMORY) {
		mailbox->domain = NULL;
		return MAILBOX_NO_MEMORY;
	}
	/* IDNA maps some characters to nothing. */
	length = strlen(mailbox->domain);
	if (length == 0)
		return MAILBOX_UNREADABLE;
	if (mailbox->domain[0] != '[')
		return MAILBOX_READ;
	if (mailbox->domain[length - 1] != ']')
		return MAILBOX_UNREADABLE;
	return read_literal(mailbox);
}

/* Whether the domain is one that MTAs neither complete nor read in a way of their own: quoted, with blanks ... */
static bool is_plain_domain(const struct mailbox *mailbox)
{
	if (mailbox->literal)
		return mailbox->has_address;
	return mailbox->domain_form == NAME_CONVERTED && strchr(mailbox->domain, '.') != NULL;
}

/* Local part and domain, with a separator between them; NULL where there is no memory. */
static char *join(const char *local, char separator, const char *domain)
{
	size_t length = strlen(local);
	char *joined = malloc(length + strlen(domain) + 2);

	if (joined != NULL) {
		memcpy(joined, local, length);
		joined[length] = separator;
		strcpy(joined + length + 1, domain);
	}
	return joined;
}

/* What look-ups need. */
static enum mailbox_result finish(struct mailbox *mailbox)
{
	if (mailbox->domain == NULL) {
		mailbox->key = strdup(mailbox->local);
		mailbox->subject = strdup(mailbox->local);
	} else {
		mailbox->key = join(mailbox->local, MAILBOX_SEPARATOR, mailbox->domain);
		mailbox->subject = join(mailbox->local, '@', mailbox->domain);
	}
	return mailbox->key != NULL && mailbox->subject != NULL ? MAILBOX_READ : MAILBOX_NO_MEMORY;
}

static enum mailbox_result read_bare(const char *text, struct mailbox *mailbox)
{
	const char *path, *at;
	enum mailbox_result result;
	bool plain;

	if (text[0] == '\0') {
		mailbox->null = true;
		mailbox->plain = true;
		return MAILBOX_READ;
	}
	/* An angle bracket that is still there does not close. */
	if (text[0] == '<' || has_control(text) || !skip_source_route(text, &path) || !find_domain(path, &at))
		return MAILBOX_UNREADABLE;
	mailbox->source_route = path != text;
	mailbox->local = at != NULL ? strndup(path, (size_t)(at - path)) : strdup(path);
	if (mailbox->local == NULL)
		return MAILBOX_NO_MEMORY;
	plain = has_plain_bytes(mailbox->local);
	unquote(mailbox->local);
	if (mailbox->local[0] == '\0')
		return MAILBOX_UNREADABLE;
	if (!name_fold(&mailbox->local))
		return MAILBOX_NO_MEMORY;
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
	char *bare = mailbox_bare(text);

	if (bare == NULL)
		return MAILBOX_NO_MEMORY;
	result = read_bare(bare, &mailbox);
	free(bare);
	if (result == MAILBOX_READ)
		*ret_mailbox = mailbox;
	else
		mailbox_destroy(&mailbox);
	return result;
}

void mailbox_destroy(struct mailbox *mailbox)
{
	free(mailbox->local);
	free(mailbox->domain);
	free(mailbox->key);
	free(mailbox->subject);
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
