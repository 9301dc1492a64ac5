#include "rules/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/expression.h"
#include "policy/limits.h"
#include "policy/mailbox.h"
#include "policy/name.h"
#include "rules/suggest.h"

static void fault(struct reading *reading, struct location where, const char *text, const char *what)
{
	diagnostics_error(reading->diagnostics, where, "\"%s\" %s", text, what);
}

/* Writes text and key of an entry that is kept as it is compared; one copy does where the text ends with the key. */
static bool keep(struct reading *reading, struct entry *entry, enum entry_kind kind, const char *text, const char *key)
{
	size_t length = strlen(text), key_length = strlen(key);
	char *copy = reading_text(reading, text);
	bool ends = copy != NULL && key_length <= length && strcmp(copy + length - key_length, key) == 0;

	entry->kind = kind;
	entry->of.text = copy;
	entry->of.key = ends ? copy + length - key_length : reading_text(reading, key);
	return entry->of.text != NULL && entry->of.key != NULL;
}

const char *entry_text(const struct entry *entry, char *room)
{
	if (entry->kind != ENTRY_NETWORK)
		return entry->of.text;
	network_to_text(&entry->of.network, room);
	return room;
}

bool entry_same(const struct entry *one, const struct entry *other)
{
	if (one->kind != other->kind || one->take_out != other->take_out)
		return false;
	if (one->kind == ENTRY_NETWORK)
		return one->of.network.prefix_length == other->of.network.prefix_length &&
		       address_equal(&one->of.network.base, &other->of.network.base);
	return strcmp(one->of.text, other->of.text) == 0;
}

const char *entry_kind_plural(enum value_kind kind)
{
	switch (kind) {
	case VALUE_NETWORK:
		return "networks";
	case VALUE_NAME:
		return "domains";
	case VALUE_MAILBOX:
		return "addresses";
	case VALUE_LOGIN:
		return "users";
	case VALUE_WORD:
		return "words";
	case VALUE_NUMBER:
	case VALUE_BOOLEAN:
	case VALUE_LABEL:
		break;
	}
	return "values";
}

/* Domains may stand where addresses are asked for: they are asked about the domain. */
static bool group_fits(enum group group, enum value_kind kind)
{
	return group_kind(group) == kind || (kind == VALUE_MAILBOX && group == GROUP_DOMAINS);
}

static const char *nearest_table(struct reading *reading, const char *name)
{
	const struct model *model = reading->model;
	const char **names = calloc(model->table_count + 1, sizeof *names);
	const char *nearest = NULL;

	for (size_t i = 0; names != NULL && i < model->table_count; i++)
		names[i] = model->tables[i].name;
	if (names != NULL)
		nearest = suggest(name, names, model->table_count);
	free(names);
	return nearest;
}

static bool read_table(struct reading *reading, enum value_kind kind, const char *text, struct location where,
                       struct entry *entry)
{
	struct table *table = model_table(reading->model, text + 1);
	const char *nearest;

	if (table == NULL && reading->no_memory)
		return false; /* it may well be defined */
	if (table == NULL) {
		nearest = nearest_table(reading, text + 1);
		if (nearest != NULL)
			diagnostics_error(reading->diagnostics, where,
			                  "table \"%s\" is not defined; did you mean \"@%s\"?", text + 1, nearest);
		else if (strchr(text, '.') != NULL)
			diagnostics_error(reading->diagnostics, where, "\"%s\" is no table; for a domain write \"%s\"",
			                  text, text + 1);
		else
			diagnostics_error(
			    reading->diagnostics, where,
			    "table \"%s\" is not defined; define it in networks, domains, addresses or users",
			    text + 1);
		return false;
	}
	table->used = true;
	if (!group_fits(table->group, kind)) {
		diagnostics_error(reading->diagnostics, where, "\"%s\" is a table of %s; what is asked for here is %s",
		                  text, group_name(table->group), entry_kind_plural(kind));
		return false;
	}
	entry->of.table = (size_t)(table - reading->model->tables);
	return keep(reading, entry, ENTRY_TABLE, text, text);
}

static bool read_network(struct reading *reading, const char *text, struct location where, struct entry *entry)
{
	char repair[LIMIT_NETWORK_TEXT];
	size_t length = strcspn(text, "/");

	switch (network_read(text, &entry->of.network, repair)) {
	case NETWORK_SOUND:
		entry->kind = ENTRY_NETWORK;
		return true;
	case NETWORK_HOST_BITS:
		diagnostics_error(reading->diagnostics, where, "\"%s\" has host bits set; write \"%s\" or \"%.*s\"",
		                  text, repair, (int)length, text);
		return false;
	case NETWORK_NETMASK:
		diagnostics_error(reading->diagnostics, where, "\"%s\" has a netmask; write \"%s\"", text, repair);
		return false;
	case NETWORK_PREFIX:
		diagnostics_error(reading->diagnostics, where,
		                  "\"%s\" has no prefix length behind the slash; write a number from 0 to %d, without "
		                  "leading zeros",
		                  text, strchr(text, ':') == NULL ? 32 : 128);
		return false;
	case NETWORK_NO_MEMORY:
		reading->no_memory = true;
		return false;
	case NETWORK_NOT_ADDRESS:
		break;
	}
	if (model_table(reading->model, text) != NULL)
		diagnostics_error(reading->diagnostics, where, "\"%s\" is not a network; the table is written \"@%s\"",
		                  text, text);
	else
		fault(reading, where, text,
		      "is not a network; write one as \"192.0.2.0/24\", \"192.0.2.7\", \"2001:db8::/32\" or \"::1\"");
	return false;
}

/* "/REGEX/" */
static bool read_expression(struct reading *reading, enum value_kind kind, const char *text, struct location where,
                            struct entry *entry)
{
	size_t length = strlen(text);
	char reason[200];
	struct expression *expression;
	char *pattern;

	if (length < 2 || text[length - 1] != '/') {
		fault(reading, where, text,
		      "begins as a regular expression and does not end with \"/\"; no flags are written behind it");
		return false;
	}
	if (length == 2) {
		fault(reading, where, text, "is an empty regular expression, which everything matches");
		return false;
	}
	expression = expression_new(kind, text + 1, length - 2, reason, sizeof reason);
	if (expression == NULL) {
		diagnostics_error(reading->diagnostics, where, "the regular expression \"%s\" does not compile: %s",
		                  text, reason);
		return false;
	}
	expression_free(expression);
	pattern = strndup(text + 1, length - 2);
	if (pattern == NULL || !keep(reading, entry, ENTRY_EXPRESSION, text, pattern))
		reading->no_memory = true;
	free(pattern);
	return true;
}

/* Why a text is no domain name, or NULL. */
static const char *name_fault(const char *name)
{
	size_t length = strlen(name);

	if (length == 0)
		return "has no domain name in it";
	if (strncmp(name, "*.", 2) == 0)
		return "has an asterisk; names below a domain are written \".example.com\"";
	if (name[0] == '[')
		return name[length - 1] == ']' ? NULL : "has a bracket that does not close";
	if (strchr(name, '@') != NULL)
		return "is an address; domains are asked for here";
	if (strpbrk(name, " \t/,;:<>()[]\"\\*!%") != NULL || name[0] == '.')
		return "is not a domain name; write \"example.com\", or \".example.com\" for the names below it";
	if (strcmp(name, ".") == 0 || (length > 1 && strcmp(name + length - 2, "..") == 0))
		return "has a dot too many at its end";
	for (; *name != '\0'; name++)
		if ((unsigned char)*name < 0x20 || *name == 0x7f)
			return "has a control byte in it";
	return NULL;
}

/* "example.com" and ".example.com" */
static bool read_name(struct reading *reading, const char *text, struct location where, struct entry *entry)
{
	bool below = text[0] == '.';
	const char *why = name_fault(text + below);
	char *name, *printed;
	bool kept;

	if (why != NULL) {
		fault(reading, where, text, why);
		return false;
	}
	if (name_read(text + below, strlen(text + below), &name) == NAME_NO_MEMORY) {
		reading->no_memory = true;
		return false;
	}
	if (name[0] == '\0') {
		fault(reading, where, text, name_fault(name));
		free(name);
		return false;
	}
	printed = malloc(strlen(name) + 2);
	if (printed != NULL)
		stpcpy(stpcpy(printed, below ? "." : ""), name);
	kept = printed != NULL && keep(reading, entry, below ? ENTRY_BELOW : ENTRY_NAME, printed, name);
	reading->no_memory |= !kept;
	free(printed);
	free(name);
	return kept;
}

/* Whether a local part must be quoted to be read again as it is. */
static bool needs_quotes(const char *local)
{
	return strpbrk(local, " @\"\\<,") != NULL || strchr("!/.", local[0]) != NULL;
}

/* Writes a local part to to, quoted where that is needed; it holds at least twice its length and 3 bytes. */
static char *put_local_part(char *to, const char *local)
{
	bool quote = needs_quotes(local);

	if (quote)
		*to++ = '"';
	for (; *local != '\0'; local++) {
		if (*local == '"' || *local == '\\')
			*to++ = '\\';
		*to++ = *local;
	}
	if (quote)
		*to++ = '"';
	*to = '\0';
	return to;
}

/* Keeps an address, or a local part at any domain, in canonical form. */
static bool keep_mailbox(struct reading *reading, const struct mailbox *mailbox, struct entry *entry)
{
	size_t domain_length = mailbox->domain != NULL ? strlen(mailbox->domain) : 0;
	char *printed = malloc(2 * strlen(mailbox->local) + domain_length + 4);
	char *end;
	bool kept = false;

	if (printed != NULL) {
		end = put_local_part(printed, mailbox->local);
		*end++ = '@';
		memcpy(end, mailbox->domain != NULL ? mailbox->domain : "", domain_length + 1);
		kept = keep(reading, entry, mailbox->domain != NULL ? ENTRY_MAILBOX : ENTRY_LOCAL_PART, printed,
		            mailbox->key);
	}
	reading->no_memory |= !kept;
	free(printed);
	return kept;
}

/* "user@example.com" and "user@" */
static bool read_mailbox(struct reading *reading, const char *text, struct location where, struct entry *entry)
{
	size_t length = strlen(text);
	bool any_domain = text[length - 1] == '@';
	char *address = strndup(text, length - any_domain);
	struct mailbox mailbox;
	enum mailbox_result result = address != NULL ? mailbox_read(address, &mailbox) : MAILBOX_NO_MEMORY;
	bool kept = false;

	free(address);
	if (result == MAILBOX_NO_MEMORY) {
		reading->no_memory = true;
	} else if (result == MAILBOX_READ && mailbox.domain != NULL && name_fault(mailbox.domain) != NULL) {
		fault(reading, where, text, name_fault(mailbox.domain));
	} else if (result == MAILBOX_READ && strchr(text, '"') == NULL && strchr(text, ',') != NULL) {
		fault(reading, where, text, "has a comma in it; write one entry for each address");
	} else if (result == MAILBOX_UNREADABLE || mailbox.null || mailbox.source_route ||
	           any_domain != (mailbox.domain == NULL)) {
		fault(reading, where, text,
		      "is not an address; write \"user@example.com\", \"user@\" or \"example.com\"");
	} else {
		kept = keep_mailbox(reading, &mailbox, entry);
	}
	if (result == MAILBOX_READ)
		mailbox_destroy(&mailbox);
	return kept;
}

static bool read_address(struct reading *reading, const char *text, struct location where, struct entry *entry)
{
	size_t length = strlen(text);

	if (strcmp(text, "<>") == 0)
		return keep(reading, entry, ENTRY_NULL_SENDER, text, text);
	if (text[0] == '<' && text[length - 1] == '>') {
		diagnostics_error(reading->diagnostics, where, "\"%s\" has angle brackets; write \"%.*s\"", text,
		                  (int)length - 2, text + 1);
		return false;
	}
	if (strchr(text, '@') != NULL)
		return read_mailbox(reading, text, where, entry);
	return read_name(reading, text, where, entry);
}

/* "NAME" and "NAME@" */
static bool read_login(struct reading *reading, const char *text, struct entry *entry)
{
	size_t length = strlen(text);
	bool any_realm = text[length - 1] == '@';
	char *name = strndup(text, length - any_realm);
	bool kept = name != NULL && keep(reading, entry, any_realm ? ENTRY_ANY_REALM : ENTRY_LOGIN, text, name);

	reading->no_memory |= !kept;
	free(name);
	return kept;
}

static bool read_word(struct reading *reading, const char *text, struct location where, struct entry *entry)
{
	char *word;
	bool kept;

	if (text[0] == '@' || text[0] == '/') {
		fault(reading, where, text,
		      "is read as a plain word here: there are no tables and no expressions of these");
		return false;
	}
	word = strdup(text);
	if (word != NULL)
		name_lower(word);
	kept = word != NULL && keep(reading, entry, ENTRY_WORD, text, word);
	reading->no_memory |= !kept;
	free(word);
	return kept;
}

/* Why no entry can read so, or NULL.  An expression may look for control bytes. */
static const char *common_fault(const char *text, bool expression)
{
	size_t length = strlen(text);

	if (length == 0)
		return "is an empty entry";
	if (strchr(" \t", text[0]) != NULL || strchr(" \t", text[length - 1]) != NULL)
		return "begins or ends with a blank; take it away";
	for (; *text != '\0' && !expression; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return "has a control byte in it";
	return NULL;
}

static bool read_kind(struct reading *reading, enum value_kind kind, const char *text, struct location where,
                      struct entry *entry)
{
	switch (kind) {
	case VALUE_NETWORK:
		return read_network(reading, text, where, entry);
	case VALUE_NAME:
		return read_name(reading, text, where, entry);
	case VALUE_MAILBOX:
		return read_address(reading, text, where, entry);
	case VALUE_LOGIN:
		return read_login(reading, text, entry);
	case VALUE_WORD:
	case VALUE_NUMBER:
	case VALUE_BOOLEAN:
	case VALUE_LABEL:
		break;
	}
	return read_word(reading, text, where, entry);
}

bool entry_read(struct reading *reading, enum value_kind kind, const char *text, struct location where,
                struct entry *ret_entry)
{
	struct entry entry = {.take_out = text[0] == '!', .where = where};
	const char *bare = text + entry.take_out;
	bool expression = bare[0] == '/' && (kind == VALUE_NAME || kind == VALUE_MAILBOX || kind == VALUE_LOGIN);
	const char *why = common_fault(bare, expression);
	bool read;

	if (why != NULL) {
		fault(reading, where, text, why);
		return false;
	}
	if (bare[0] == '@' && kind != VALUE_WORD)
		read = read_table(reading, kind, bare, where, &entry);
	else if (expression)
		read = read_expression(reading, kind, bare, where, &entry);
	else
		read = read_kind(reading, kind, bare, where, &entry);
	if (read)
		*ret_entry = entry;
	return read;
}
