/* Texts to try a rule set with: of names, logins, words and mailboxes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "policy/bits.h"
#include "policy/classify.h"
#include "policy/dictionary.h"
#include "policy/mailbox.h"
#include "policy/name.h"
#include "policy/ruleset.h"
#include "policy/sample.h"
#include "policy/vocabulary.h"
#include "policy/wordlist.h"
#include "policy/world_making.h"

static void enter(struct world_making *making, struct values *values, const char *text)
{
	making->failed |= !values_enter(values, making->vector, text);
}

/* Names, logins and words */

/* Tries a name, login or word that is in the form in which it is compared; text is what a session would say. */
static void try_compared(struct world_making *making, enum value_kind kind, const char *compared, const char *text)
{
	struct world *world = making->world;

	memset(making->vector, 0, world_vector_words(world, kind) * sizeof *making->vector);
	for (unsigned side = 0; side < world->side_count; side++) {
		uint64_t *part = making->vector + world_side_offset(world, kind, side);
		const uint64_t *sets =
		    vocabulary_text(world_vocabulary(world, side), kind, compared, making->room, part);

		if (sets == NULL)
			return;
		if (sets != part)
			memcpy(part, sets, world->words[kind][side] * sizeof *part);
	}
	enter(making, &world->values[kind], text);
}

/* Tries a text as a session would say it; of names not WORLD_UNKNOWN. */
static void try_text(struct world_making *making, enum value_kind kind, const char *text)
{
	char *compared;

	if (kind != VALUE_NAME) {
		try_compared(making, kind, text, text);
		return;
	}
	if (name_read(text, strlen(text), &compared) == NAME_NO_MEMORY) {
		making->failed = true;
		return;
	}
	if (strcmp(compared, WORLD_UNKNOWN) != 0)
		try_compared(making, kind, compared, text);
	free(compared);
}

/* Remembers what is known of a text like this one before expressions are asked. */
static void note_region(struct world_making *making, enum value_kind kind, const char *text)
{
	struct world *world = making->world;

	memset(making->vector, 0, world_vector_words(world, kind) * sizeof *making->vector);
	for (unsigned side = 0; side < world->side_count; side++) {
		const struct vocabulary *of = world_vocabulary(world, side);
		uint32_t class = dictionary_class(vocabulary_dictionary(of, kind), text);

		memcpy(making->vector + world_side_offset(world, kind, side), vocabulary_class(of, kind, class),
		       world->words[kind][side] * sizeof *making->vector);
	}
	enter(making, &world->regions[kind], text);
}

/* Tries a text that stands for infinitely many. */
static void try_region(struct world_making *making, enum value_kind kind, const char *text)
{
	note_region(making, kind, text);
	try_text(making, kind, text);
}

/* Calls a function with each key of a kind, of all sides, but those that are like one that was tried. */
static void each_key(struct world_making *making, enum value_kind kind,
                     void (*try)(struct world_making *, const char *key))
{
	for (unsigned side = 0; side < making->world->side_count; side++) {
		const struct dictionary *dictionary =
		    vocabulary_dictionary(world_vocabulary(making->world, side), kind);
		struct dictionary_key key;

		for (size_t place = 0; !making->failed && dictionary_next(dictionary, &place, &key);)
			if (!tried_before(&making->tried, kind, side, &key))
				try(making, key.key);
	}
}

/* The two texts, one behind the other, in malloc(3) memory, or NULL; the caller need not look: it is noted. */
static char *joined(struct world_making *making, const char *one, const char *between, const char *other)
{
	char *text;

	if (asprintf(&text, "%s%s%s", one, between, other) >= 0)
		return text;
	making->failed = true;
	return NULL;
}

static void try_joined(struct world_making *making, enum value_kind kind, const char *one, const char *between,
                       const char *other)
{
	char *text = joined(making, one, between, other);

	if (text != NULL)
		try_text(making, kind, text);
	free(text);
}

static void try_name_key(struct world_making *making, const char *key)
{
	char *below = joined(making, making->fresh, ".", key);

	try_text(making, VALUE_NAME, key);
	if (below != NULL)
		try_region(making, VALUE_NAME, below);
	free(below);
}

static void try_login_key(struct world_making *making, const char *key)
{
	char *below = joined(making, key, "@", making->fresh);

	try_text(making, VALUE_LOGIN, key);
	if (below != NULL)
		try_region(making, VALUE_LOGIN, below);
	free(below);
}

static void try_word_key(struct world_making *making, const char *key)
{
	if (strcasecmp(key, "anonymous") != 0)
		try_text(making, VALUE_WORD, key);
}

/* Calls a function with each text that an expression of the kind may find. */
static void each_sample(struct world_making *making, enum value_kind kind,
                        void (*try)(struct world_making *, const struct sample *sample))
{
	for (unsigned side = 0; side < making->world->side_count; side++) {
		const struct vocabulary *of = world_vocabulary(making->world, side);

		for (size_t i = 0; i < vocabulary_expression_count(of, kind) && !making->failed; i++) {
			const char *pattern = expression_pattern(vocabulary_expression(of, kind, i).expression);
			struct samples samples;

			if (!wordlist_of(kind, pattern, strlen(pattern), &samples))
				samples_of(kind, pattern, strlen(pattern), &samples);
			for (size_t k = 0; k < samples.count && !making->failed; k++)
				try(making, &samples.list[k]);
		}
	}
}

/* In every region: what stands behind the fresh label there. */
static void try_name_sample(struct world_making *making, const struct sample *sample)
{
	const struct values *regions = &making->world->regions[VALUE_NAME];

	try_text(making, VALUE_NAME, sample->text);
	if (sample->may_precede) {
		try_joined(making, VALUE_NAME, making->fresh, "", sample->text);
		try_joined(making, VALUE_NAME, making->fresh, ".", sample->text);
	}
	for (size_t i = 0; sample->may_follow && i < regions->count && !making->failed; i++) {
		const char *tail = regions->list[i].text + strcspn(regions->list[i].text, ".");

		try_joined(making, VALUE_NAME, sample->text, "", tail);
		if (sample->may_precede)
			try_joined(making, VALUE_NAME, making->fresh, sample->text, tail);
	}
}

/* Every name with the realm. */
static void try_realm(struct world_making *making, const char *realm)
{
	for (unsigned side = 0; side < making->world->side_count; side++) {
		const struct vocabulary *of = world_vocabulary(making->world, side);
		const struct dictionary *dictionary = vocabulary_dictionary(of, VALUE_LOGIN);
		struct dictionary_key key;

		for (size_t place = 0; !making->failed && dictionary_next(dictionary, &place, &key);)
			try_joined(making, VALUE_LOGIN, key.key, "", realm);
	}
}

static void try_login_sample(struct world_making *making, const struct sample *sample)
{
	if (sample->may_precede && *sample->text == '@')
		try_realm(making, sample->text);
	try_text(making, VALUE_LOGIN, sample->text);
	if (sample->may_precede)
		try_joined(making, VALUE_LOGIN, making->fresh, "", sample->text);
	if (sample->may_follow)
		try_joined(making, VALUE_LOGIN, sample->text, "@", making->fresh);
}

/* Mailboxes */

static void try_mailbox(struct world_making *making, const char *text)
{
	struct world *world = making->world;
	struct mailbox mailbox;
	uint64_t *flags;
	char *routed;

	memset(making->vector, 0, world_vector_words(world, VALUE_MAILBOX) * sizeof *making->vector);
	flags = making->vector + world_vector_words(world, VALUE_MAILBOX) - 1;
	switch (mailbox_read(text, &mailbox)) {
	case MAILBOX_READ:
		break;
	case MAILBOX_UNREADABLE:
		return;
	case MAILBOX_NO_MEMORY:
		making->failed = true;
		return;
	}
	for (unsigned side = 0; side < world->side_count; side++) {
		struct classifier classifier = {world_vocabulary(world, side), making->room, making->domain};
		struct locality here = {.domains = world->sides[side]->local_domains};
		uint64_t *part = making->vector + world_side_offset(world, VALUE_MAILBOX, side);
		struct fact_class class = classify_mailbox(&classifier, &mailbox, part);
		enum truth local =
		    mailbox_could_route(&mailbox) ? TRUTH_NO : classify_local(&classifier, &here, &mailbox);

		if (class.state != FACT_KNOWN || mailbox.null)
			goto out;
		if (class.sets != part)
			memcpy(part, class.sets, world->words[VALUE_MAILBOX][side] * sizeof *part);
		if (local == TRUTH_YES)
			*flags |= LOCAL_BIT(side);
	}
	routed = joined(making, WORLD_ROUTE, "", text);
	if (routed != NULL)
		enter(making, &world->values[VALUE_MAILBOX], routed);
	free(routed);
out:
	mailbox_destroy(&mailbox);
}

/* Whether the text is read as the mailbox of this key. */
static bool has_key(struct world_making *making, const char *text, const char *key)
{
	struct mailbox mailbox;
	enum mailbox_result result = mailbox_read(text, &mailbox);
	bool same;

	making->failed |= result == MAILBOX_NO_MEMORY;
	if (result != MAILBOX_READ)
		return false;
	same = !mailbox.null && strcmp(mailbox.key, key) == 0;
	mailbox_destroy(&mailbox);
	return same;
}

/* Tries a local part at a domain, or without one (NULL), quoted where it has to be. */
static void try_parts(struct world_making *making, const char *local, size_t length, const char *domain)
{
	size_t room = 2 * length + (domain != NULL ? strlen(domain) : 0) + 4;
	char *key = malloc(room), *text = malloc(room);
	int used = (int)length;
	char *end;

	if (key == NULL || text == NULL) {
		making->failed = true;
		goto out;
	}
	snprintf(key, room, "%.*s%c%s", used, local, MAILBOX_SEPARATOR, domain != NULL ? domain : "");
	if (domain == NULL)
		key[length] = '\0';
	snprintf(text, room, "%.*s%s%s", used, local, domain != NULL ? "@" : "", domain != NULL ? domain : "");
	if (!has_key(making, text, key)) {
		end = text;
		*end++ = '"';
		for (size_t i = 0; i < length; i++) {
			if (local[i] == '"' || local[i] == '\\')
				*end++ = '\\';
			*end++ = local[i];
		}
		snprintf(end, room - (size_t)(end - text), "\"%s%s", domain != NULL ? "@" : "",
		         domain != NULL ? domain : "");
	}
	try_mailbox(making, text);
out:
	free(key);
	free(text);
}

/* Tries a local part at every class of domains, and without one. */
static void try_local_part(struct world_making *making, const char *local)
{
	const struct values *names = &making->world->values[VALUE_NAME];
	char *region;

	for (size_t i = 0; i < names->count && !making->failed; i++)
		try_parts(making, local, strlen(local), names->list[i].text);
	try_parts(making, local, strlen(local), NULL);
	region = joined(making, local, "\001", making->fresh);
	if (region != NULL)
		note_region(making, VALUE_MAILBOX, region);
	free(region);
}

/* Tries a key: a whole mailbox, or a local part where it is the first of its class, or expressions may tell it apart.
 */
static void try_mailbox_key(struct world_making *making, const char *key)
{
	const char *separator = strrchr(key, MAILBOX_SEPARATOR);
	const struct values *regions = &making->world->regions[VALUE_MAILBOX];
	size_t before = regions->count + making->world->values[VALUE_MAILBOX].count;
	char *region;

	if (separator != NULL) {
		try_parts(making, key, (size_t)(separator - key), separator + 1);
		return;
	}
	try_parts(making, key, strlen(key), NULL);
	region = joined(making, key, "\001", making->fresh);
	if (region != NULL)
		note_region(making, VALUE_MAILBOX, region);
	free(region);
	if (making->expressions || regions->count + making->world->values[VALUE_MAILBOX].count > before)
		try_local_part(making, key);
}

/* What has to stand between a text and a domain behind it. */
static const char *before_domain(const char *text)
{
	const char *at = strchr(text, '@');

	if (at == NULL)
		return "@";
	return at[1] == '\0' ? "" : ".";
}

static void try_mailbox_sample(struct world_making *making, const struct sample *sample)
{
	const struct values *names = &making->world->values[VALUE_NAME];
	char *text;

	try_mailbox(making, sample->text);
	text = sample->may_precede ? joined(making, making->fresh, "", sample->text) : NULL;
	if (text != NULL)
		try_mailbox(making, text);
	free(text);
	text = sample->may_precede ? joined(making, making->fresh, "@", sample->text) : NULL;
	if (text != NULL)
		try_mailbox(making, text);
	free(text);
	for (size_t i = 0; sample->may_follow && i < names->count && !making->failed; i++) {
		text = joined(making, sample->text, before_domain(sample->text), names->list[i].text);
		if (text != NULL)
			try_mailbox(making, text);
		free(text);
	}
}

/* Tries some mailbox at a domain, and at one below it: expressions may tell apart what is one class of domains. */
static void try_domain(struct world_making *making, const char *key)
{
	char *below = joined(making, making->fresh, ".", key);

	try_parts(making, making->fresh, strlen(making->fresh), key);
	if (below != NULL)
		try_parts(making, making->fresh, strlen(making->fresh), below);
	free(below);
}

/* A label that no key of any kind begins with, so that what begins with it is no key. */
static bool is_fresh(const struct world *world, const char *label)
{
	size_t length = strlen(label);

	for (unsigned side = 0; side < world->side_count; side++) {
		for (unsigned kind = VALUE_NAME; kind <= VALUE_WORD; kind++) {
			const struct dictionary *dictionary =
			    vocabulary_dictionary(world_vocabulary(world, side), (enum value_kind)kind);
			struct dictionary_key key;

			for (size_t place = 0; dictionary_next(dictionary, &place, &key);)
				if (strncmp(key.key, label, length) == 0)
					return false;
		}
	}
	return true;
}

static void find_fresh(struct world_making *making)
{
	strcpy(making->fresh, "mail");
	for (unsigned i = 1; !is_fresh(making->world, making->fresh); i++)
		snprintf(making->fresh, sizeof making->fresh, "x%u", i);
}

void world_find_texts(struct world_making *making)
{
	find_fresh(making);

	try_text(making, VALUE_NAME, "example.org");
	try_region(making, VALUE_NAME, making->fresh);
	each_key(making, VALUE_NAME, try_name_key);
	each_sample(making, VALUE_NAME, try_name_sample);
	/* No verified name is this one: of names that are alike another is kept. */
	try_compared(making, VALUE_NAME, WORLD_UNKNOWN, WORLD_UNKNOWN);

	try_region(making, VALUE_LOGIN, making->fresh);
	/* Of logins that are alike one that no entry names is kept: policy/party.c asks for such. */
	each_sample(making, VALUE_LOGIN, try_login_sample);
	each_key(making, VALUE_LOGIN, try_login_key);

	try_text(making, VALUE_WORD, making->fresh);
	each_key(making, VALUE_WORD, try_word_key);

	for (unsigned side = 0; side < making->world->side_count; side++)
		making->expressions |=
		    vocabulary_expression_count(world_vocabulary(making->world, side), VALUE_MAILBOX) > 0;
	try_local_part(making, making->fresh);
	if (making->expressions)
		each_key(making, VALUE_NAME, try_domain);
	each_key(making, VALUE_MAILBOX, try_mailbox_key);
	each_sample(making, VALUE_MAILBOX, try_mailbox_sample);
}
