#include "policy/tried.h"

#include <string.h>

#include "policy/name.h"
#include "policy/vocabulary.h"
#include "policy/world_making.h"

/* Words of what stands for a key: its classes, those below it and a domain's, and that it was tried. */
#define WORDS 3

/* Bytes of a name that has room for a label before it. */
#define SHORT_NAME 200

bool tried_init(struct tried *tried, const struct world *world)
{
	bool done = true;

	*tried = (struct tried){.world = world};
	for (unsigned kind = VALUE_NAME; kind < VALUE_SET_KINDS; kind++) {
		done = done && class_table_init(&tried->keys[kind], (size_t)WORDS * BITS_PER_WORD);
		for (unsigned side = 0; side < world->side_count; side++)
			tried->asks[kind] |=
			    vocabulary_expression_count(world_vocabulary(world, side), (enum value_kind)kind) > 0;
	}
	/* of a mailbox, its domain is asked about */
	tried->asks[VALUE_MAILBOX] |= tried->asks[VALUE_NAME];
	return done;
}

void tried_destroy(struct tried *tried)
{
	for (unsigned kind = VALUE_NAME; kind < VALUE_SET_KINDS; kind++)
		class_table_destroy(&tried->keys[kind]);
}

static bool is_plain_name(const char *name)
{
	return strlen(name) <= SHORT_NAME && name_is_plain(name) && strcmp(name, WORLD_UNKNOWN) != 0;
}

/* Whether a local part of so many bytes is read as it stands, and routes nowhere. */
static bool is_plain_local(const char *local, size_t length)
{
	return length > 0 && strspn(local, "abcdefghijklmnopqrstuvwxyz0123456789.+-_=") >= length;
}

static bool is_plain(enum value_kind kind, const char *key, const char *domain)
{
	switch (kind) {
	case VALUE_NAME:
		return is_plain_name(key);
	case VALUE_MAILBOX:
		if (domain != NULL)
			return is_plain_local(key, (size_t)(domain - 1 - key)) && is_plain_name(domain);
		return is_plain_local(key, strlen(key));
	case VALUE_LOGIN:
		return is_plain_local(key, strlen(key));
	case VALUE_WORD: /* they are few */
	case VALUE_NETWORK:
	case VALUE_NUMBER:
	case VALUE_BOOLEAN:
	case VALUE_LABEL:
		break;
	}
	return false;
}

bool tried_before(struct tried *tried, enum value_kind kind, unsigned side, const struct dictionary_key *key)
{
	const char *separator = kind == VALUE_MAILBOX ? strrchr(key->key, MAILBOX_SEPARATOR) : NULL;
	const char *domain = separator != NULL ? separator + 1 : NULL;
	uint64_t words[WORDS] = {0, 0, domain != NULL ? 2 : 1};

	if (tried->asks[kind] || !is_plain(kind, key->key, domain))
		return false;
	for (unsigned i = 0; i < tried->world->side_count; i++) {
		const struct vocabulary *of = world_vocabulary(tried->world, i);
		struct dictionary_pair classes =
		    i == side ? key->classes : dictionary_pair(vocabulary_dictionary(of, kind), key->key);

		/* nothing is below a whole mailbox */
		if (domain != NULL)
			classes.below = dictionary_class(vocabulary_dictionary(of, VALUE_NAME), domain);
		words[0] |= (uint64_t)classes.own << 32 * i;
		words[1] |= (uint64_t)classes.below << 32 * i;
	}
	if (class_table_has(&tried->keys[kind], words))
		return true;
	class_table_enter(&tried->keys[kind], words);
	return false;
}
