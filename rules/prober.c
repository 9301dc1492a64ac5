#include "rules/prober.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/classify.h"
#include "policy/limits.h"
#include "policy/mailbox.h"
#include "policy/ruleset.h"
#include "policy/vocabulary.h"
#include "rules/load.h"

/* A label that stands for any below a domain. */
#define SOME_LABEL "some-name-below"

struct prober {
	const struct rules *rules;
	struct match_room *room;
	uint64_t *buffer;
	uint64_t *domain;
	bool failed;
};

struct prober *prober_new(const struct rules *rules)
{
	const struct vocabulary *vocabulary = rules->ruleset->vocabulary;
	struct prober *prober = calloc(1, sizeof *prober);
	size_t most = 0;

	if (prober == NULL)
		return NULL;
	for (unsigned kind = 0; kind < VALUE_SET_KINDS; kind++) {
		size_t words = vocabulary_words(vocabulary, (enum value_kind)kind);

		most = words > most ? words : most;
	}
	prober->rules = rules;
	prober->room = match_room_new();
	prober->buffer = calloc(most, sizeof *prober->buffer);
	prober->domain = calloc(most, sizeof *prober->domain);
	if (prober->room != NULL && prober->buffer != NULL && prober->domain != NULL)
		return prober;
	prober_free(prober);
	return NULL;
}

void prober_free(struct prober *prober)
{
	if (prober == NULL)
		return;
	match_room_free(prober->room);
	free(prober->buffer);
	free(prober->domain);
	free(prober);
}

bool prober_failed(const struct prober *prober)
{
	return prober->failed;
}

/* Passes the sets on, and remembers where there are none. */
static const uint64_t *note(struct prober *prober, const uint64_t *sets)
{
	prober->failed |= sets == NULL;
	return sets;
}

static const uint64_t *look_up_text(struct prober *prober, enum value_kind kind, const char *text, uint64_t *buffer)
{
	return note(prober, vocabulary_text(prober->rules->ruleset->vocabulary, kind, text, prober->room, buffer));
}

static const uint64_t *look_up_mailbox(struct prober *prober, const char *text)
{
	const struct classifier classifier = {prober->rules->ruleset->vocabulary, prober->room, prober->domain};
	const uint64_t *sets;
	struct mailbox mailbox;

	if (mailbox_read(text, &mailbox) != MAILBOX_READ)
		return note(prober, NULL);
	sets = classify_mailbox(&classifier, &mailbox, prober->buffer).sets;
	mailbox_destroy(&mailbox);
	return note(prober, sets);
}

/* Looks a name, or a name below it, up as a value of the kind. */
static const uint64_t *look_up_name(struct prober *prober, enum value_kind kind, bool below, const char *name)
{
	const uint64_t *sets = NULL;
	char *text;

	if (asprintf(&text, "%s%s%s", kind == VALUE_MAILBOX ? "postmaster@" : "", below ? SOME_LABEL "." : "", name) <
	    0)
		return note(prober, NULL);
	if (kind == VALUE_MAILBOX)
		sets = look_up_mailbox(prober, text);
	else
		sets = look_up_text(prober, kind, text, prober->buffer);
	free(text);
	return sets;
}

/* The sets that something the entry stands for is in, as a value of the kind; NULL where there is no such thing. */
static const uint64_t *look_up(struct prober *prober, enum value_kind kind, const struct entry *entry)
{
	const struct vocabulary *vocabulary = prober->rules->ruleset->vocabulary;

	switch (entry->kind) {
	case ENTRY_NETWORK:
		return vocabulary_network(vocabulary, &entry->of.network.base);
	case ENTRY_NAME:
	case ENTRY_BELOW:
		return look_up_name(prober, kind, entry->kind == ENTRY_BELOW, entry->of.key);
	case ENTRY_MAILBOX:
		return look_up_mailbox(prober, entry->of.text);
	case ENTRY_LOCAL_PART:
		return note(prober, vocabulary_mailbox(vocabulary, entry->of.key, entry->of.key, NULL, prober->room,
		                                       prober->buffer));
	case ENTRY_NULL_SENDER:
		return vocabulary_null_sender(vocabulary);
	case ENTRY_LOGIN:
	case ENTRY_ANY_REALM:
	case ENTRY_WORD:
		return look_up_text(prober, kind, entry->of.key, prober->buffer);
	case ENTRY_TABLE:
	case ENTRY_EXPRESSION:
		break;
	}
	return NULL;
}

bool prober_has(struct prober *prober, const struct value *value, const struct entry *entry)
{
	const struct model *model = prober->rules->model;
	const uint64_t *sets;

	if (value->set == SET_NONE)
		return false;
	if (entry->kind == ENTRY_TABLE) {
		const struct value *table = &model->tables[entry->of.table].value;

		for (size_t i = 0; i < table->count; i++)
			if (!table->entries[i].take_out && prober_has(prober, value, &table->entries[i]))
				return true;
		return false;
	}
	sets = look_up(prober, value->kind, entry);
	return sets != NULL && bits_test(sets, value->set);
}

/* Whether the value, or a table that it names, takes the names below one out. */
static bool takes_below_out(const struct model *model, const struct value *value, const char *name)
{
	for (size_t i = 0; i < value->count; i++) {
		const struct entry *entry = &value->entries[i];

		if (entry->kind == ENTRY_BELOW && entry->take_out && strcmp(entry->of.key, name) == 0)
			return true;
		if (entry->kind == ENTRY_TABLE && takes_below_out(model, &model->tables[entry->of.table].value, name))
			return true;
	}
	return false;
}

/* Whether there can be names below: not below "localhost", an address or an address literal. */
static bool has_names_below(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot != NULL && name[0] != '[' && strspn(dot + 1, "0123456789") != strlen(dot + 1);
}

static bool is_bare(struct prober *prober, const struct value *whole, const struct entry *entry)
{
	const uint64_t *sets;

	if (entry->kind != ENTRY_NAME || entry->take_out || !has_names_below(entry->of.key))
		return false;
	sets = look_up_name(prober, whole->kind, true, entry->of.key);
	return sets != NULL && !bits_test(sets, whole->set) &&
	       !takes_below_out(prober->rules->model, whole, entry->of.key);
}

const struct entry *prober_bare_domain(struct prober *prober, const struct value *whole, const struct value *value)
{
	const struct model *model = prober->rules->model;
	const struct entry *bare = NULL;

	for (size_t i = 0; i < value->count && bare == NULL; i++) {
		const struct entry *entry = &value->entries[i];

		if (is_bare(prober, whole, entry))
			bare = entry;
		else if (entry->kind == ENTRY_TABLE && !entry->take_out)
			bare = prober_bare_domain(prober, whole, &model->tables[entry->of.table].value);
	}
	return bare;
}
