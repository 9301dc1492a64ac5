#include "policy/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "policy/arena.h"
#include "policy/bits.h"
#include "policy/dictionary.h"
#include "policy/partition.h"
#include "policy/room.h"

/* A set that is in one of plus, and in none of minus; all of these have smaller numbers. */
struct formula {
	uint32_t set;
	uint32_t *operands; /* plus, then minus */
	size_t plus_count;
	size_t minus_count;
};

struct expression_entry {
	struct expression *expression;
	uint32_t set;
};

struct domain_link {
	uint32_t set;
	uint32_t names;
};

/* A growing list; list is of the element's type. */
#define LIST(type)                                                                                                     \
	struct {                                                                                                       \
		type *list;                                                                                            \
		size_t count;                                                                                          \
	}

struct kind {
	uint32_t set_count;
	LIST(struct formula) formulas;
	LIST(struct expression_entry) expressions;
	struct class_table classes;
	struct dictionary *dictionary; /* all kinds but networks */
	bool settled;                  /* the classes have the combined sets already */
};

struct vocabulary {
	struct arena *arena; /* operands */
	struct kind kinds[VALUE_SET_KINDS];
	LIST(struct domain_link) links;
	struct partition *partition;
	uint32_t unknown_name;
	uint32_t null_sender;
};

struct vocabulary_builder {
	struct vocabulary *vocabulary;
	struct arena *keys;
	LIST(struct network_entry) networks;
	LIST(struct dictionary_entry) texts[VALUE_SET_KINDS];
	LIST(uint32_t) null_sender; /* sets that it is in */
};

/* Whether there was memory to put one more element at a list's end. */
#define APPEND(name, ...)                                                                                              \
	(room_grow(&(name).list, (name).count, sizeof *(name).list) &&                                                 \
	 ((name).list[(name).count++] = (__VA_ARGS__), true))

struct vocabulary_builder *vocabulary_builder_new(void)
{
	struct vocabulary_builder *builder = calloc(1, sizeof *builder);

	if (builder == NULL)
		return NULL;
	builder->keys = arena_new();
	builder->vocabulary = calloc(1, sizeof *builder->vocabulary);
	if (builder->vocabulary != NULL)
		builder->vocabulary->arena = arena_new();
	if (builder->keys == NULL || builder->vocabulary == NULL || builder->vocabulary->arena == NULL) {
		vocabulary_builder_free(builder);
		return NULL;
	}
	return builder;
}

void vocabulary_builder_free(struct vocabulary_builder *builder)
{
	if (builder == NULL)
		return;
	vocabulary_free(builder->vocabulary);
	arena_free(builder->keys);
	free(builder->networks.list);
	for (size_t i = 0; i < VALUE_SET_KINDS; i++)
		free(builder->texts[i].list);
	free(builder->null_sender.list);
	free(builder);
}

uint32_t vocabulary_set(struct vocabulary_builder *builder, enum value_kind kind)
{
	return builder->vocabulary->kinds[kind].set_count++;
}

bool vocabulary_add_network(struct vocabulary_builder *builder, uint32_t set, const struct network *network)
{
	return APPEND(builder->networks, (struct network_entry){*network, set});
}

bool vocabulary_add_text(struct vocabulary_builder *builder, enum value_kind kind, uint32_t set, const char *key,
                         bool itself, bool below)
{
	const char *copy = arena_text(builder->keys, key, strlen(key));

	if (copy == NULL)
		return false;
	return (!itself || APPEND(builder->texts[kind], (struct dictionary_entry){copy, set, false})) &&
	       (!below || APPEND(builder->texts[kind], (struct dictionary_entry){copy, set, true}));
}

bool vocabulary_add_null_sender(struct vocabulary_builder *builder, uint32_t set)
{
	return APPEND(builder->null_sender, set);
}

bool vocabulary_add_domain(struct vocabulary_builder *builder, uint32_t set, uint32_t names)
{
	return APPEND(builder->vocabulary->links, (struct domain_link){set, names});
}

bool vocabulary_add_expression(struct vocabulary_builder *builder, enum value_kind kind, uint32_t set,
                               struct expression *expression)
{
	if (APPEND(builder->vocabulary->kinds[kind].expressions, (struct expression_entry){expression, set}))
		return true;
	expression_free(expression);
	return false;
}

uint32_t vocabulary_combine(struct vocabulary_builder *builder, enum value_kind kind, const uint32_t *plus,
                            size_t plus_count, const uint32_t *minus, size_t minus_count)
{
	struct kind *sets = &builder->vocabulary->kinds[kind];
	uint32_t *operands = arena_take(builder->vocabulary->arena, plus_count + minus_count, sizeof *operands);

	if (operands == NULL)
		return SET_NONE;
	if (plus_count > 0)
		memcpy(operands, plus, plus_count * sizeof *operands);
	if (minus_count > 0)
		memcpy(operands + plus_count, minus, minus_count * sizeof *operands);
	if (!APPEND(sets->formulas, (struct formula){sets->set_count, operands, plus_count, minus_count}))
		return SET_NONE;
	return sets->set_count++;
}

/* Works out the combined sets from the plain ones. */
static void combine(const struct kind *kind, uint64_t *bits)
{
	for (size_t i = 0; i < kind->formulas.count; i++) {
		const struct formula *formula = &kind->formulas.list[i];
		const uint32_t *minus = formula->operands + formula->plus_count;
		bool in = false;

		for (size_t k = 0; k < formula->plus_count && !in; k++)
			in = bits_test(bits, formula->operands[k]);
		for (size_t k = 0; k < formula->minus_count && in; k++)
			in = !bits_test(bits, minus[k]);
		if (in)
			bits_set(bits, formula->set);
		else
			bits_clear(bits, formula->set);
	}
}

/*
 * Makes the class that has the combined sets too.  CLASS_NONE without memory.
 * The bits are copied before, as entering a class may move all others.
 */
static uint32_t combined_class(const struct kind *kind, const struct class_table *from, uint32_t class,
                               struct class_table *to)
{
	uint64_t *bits = malloc(from->words * sizeof *bits);
	uint32_t result = CLASS_NONE;

	if (bits == NULL)
		return CLASS_NONE;
	memcpy(bits, class_table_bits(from, class), from->words * sizeof *bits);
	combine(kind, bits);
	result = class_table_enter(to, bits);
	free(bits);
	return result;
}

/*
 * Where nothing is left to try when a value arrives, replaces the classes by
 * those with the combined sets.
 */
static bool settle(struct vocabulary *vocabulary, enum value_kind which)
{
	struct kind *kind = &vocabulary->kinds[which];
	struct class_table settled = {0};
	uint32_t *map = NULL;
	bool done = false;

	if (kind->expressions.count > 0 || (which == VALUE_MAILBOX && vocabulary->links.count > 0))
		return true;
	map = calloc(kind->classes.count, sizeof *map);
	if (map == NULL || !class_table_init(&settled, kind->set_count))
		goto out;
	for (uint32_t i = 0; i < kind->classes.count; i++) {
		map[i] = combined_class(kind, &kind->classes, i, &settled);
		if (map[i] == CLASS_NONE)
			goto out;
	}
	if (which != VALUE_NETWORK)
		dictionary_map(kind->dictionary, map);
	else if (!partition_map(vocabulary->partition, map))
		goto out;
	class_table_destroy(&kind->classes);
	kind->classes = settled;
	settled = (struct class_table){0};
	kind->settled = true;
	done = true;
out:
	class_table_destroy(&settled);
	free(map);
	return done;
}

/* The class of a value that is never looked up otherwise, with the combined sets. */
static bool settle_one(struct kind *kind, uint32_t class, uint32_t *ret_class)
{
	*ret_class = combined_class(kind, &kind->classes, class, &kind->classes);
	return *ret_class != CLASS_NONE;
}

static const struct {
	enum ascent ascent;
	char separator;
} shapes[VALUE_SET_KINDS] = {
    [VALUE_NAME] = {ASCENT_SUFFIX, '.'},
    [VALUE_MAILBOX] = {ASCENT_PREFIX, MAILBOX_SEPARATOR},
    [VALUE_LOGIN] = {ASCENT_PREFIX, '@'},
    [VALUE_WORD] = {ASCENT_NONE, '\0'},
};

static bool build_kind(struct vocabulary_builder *builder, enum value_kind which)
{
	struct vocabulary *vocabulary = builder->vocabulary;
	struct kind *kind = &vocabulary->kinds[which];

	if (!class_table_init(&kind->classes, kind->set_count))
		return false;
	if (which == VALUE_NETWORK) {
		vocabulary->partition = partition_new(builder->networks.list, builder->networks.count, &kind->classes);
		return vocabulary->partition != NULL && settle(vocabulary, which);
	}
	kind->dictionary = dictionary_new(builder->texts[which].list, builder->texts[which].count, shapes[which].ascent,
	                                  shapes[which].separator, &kind->classes);
	return kind->dictionary != NULL && settle(vocabulary, which);
}

/* The values that have a class without being looked up. */
static bool build_singles(struct vocabulary_builder *builder)
{
	struct vocabulary *vocabulary = builder->vocabulary;
	struct kind *names = &vocabulary->kinds[VALUE_NAME];
	struct kind *mailboxes = &vocabulary->kinds[VALUE_MAILBOX];
	uint32_t null_sender = 0;

	for (size_t i = 0; i < builder->null_sender.count; i++)
		null_sender = class_table_with(&mailboxes->classes, null_sender, builder->null_sender.list[i]);
	return null_sender != CLASS_NONE && settle_one(mailboxes, null_sender, &vocabulary->null_sender) &&
	       settle_one(names, dictionary_class(names->dictionary, "unknown"), &vocabulary->unknown_name);
}

struct vocabulary *vocabulary_build(struct vocabulary_builder *builder)
{
	struct vocabulary *vocabulary = NULL;
	bool built = true;

	for (unsigned kind = 0; kind < VALUE_SET_KINDS && built; kind++)
		built = build_kind(builder, (enum value_kind)kind);
	if (built && build_singles(builder)) {
		for (size_t kind = 0; kind < VALUE_SET_KINDS; kind++)
			class_table_trim(&builder->vocabulary->kinds[kind].classes);
		vocabulary = builder->vocabulary;
		builder->vocabulary = NULL;
	}
	vocabulary_builder_free(builder);
	return vocabulary;
}

void vocabulary_free(struct vocabulary *vocabulary)
{
	if (vocabulary == NULL)
		return;
	for (size_t i = 0; i < VALUE_SET_KINDS; i++) {
		struct kind *kind = &vocabulary->kinds[i];

		for (size_t k = 0; k < kind->expressions.count; k++)
			expression_free(kind->expressions.list[k].expression);
		free(kind->expressions.list);
		free(kind->formulas.list);
		class_table_destroy(&kind->classes);
		dictionary_free(kind->dictionary);
	}
	free(vocabulary->links.list);
	partition_free(vocabulary->partition);
	arena_free(vocabulary->arena);
	free(vocabulary);
}

size_t vocabulary_bytes(const struct vocabulary *vocabulary, enum value_kind which)
{
	const struct kind *kind = &vocabulary->kinds[which];

	return class_table_bytes(&kind->classes) +
	       (which == VALUE_NETWORK ? partition_bytes(vocabulary->partition) : dictionary_bytes(kind->dictionary));
}

size_t vocabulary_words(const struct vocabulary *vocabulary, enum value_kind kind)
{
	return vocabulary->kinds[kind].classes.words;
}

bool vocabulary_has_expressions(const struct vocabulary *vocabulary)
{
	for (size_t i = 0; i < VALUE_SET_KINDS; i++)
		if (vocabulary->kinds[i].expressions.count > 0)
			return true;
	return false;
}

const uint64_t *vocabulary_network(const struct vocabulary *vocabulary, const struct address *address)
{
	return class_table_bits(&vocabulary->kinds[VALUE_NETWORK].classes,
	                        partition_class(vocabulary->partition, address));
}

size_t vocabulary_class_count(const struct vocabulary *vocabulary, enum value_kind kind)
{
	return vocabulary->kinds[kind].classes.count;
}

const uint64_t *vocabulary_class(const struct vocabulary *vocabulary, enum value_kind kind, uint32_t class)
{
	return class_table_bits(&vocabulary->kinds[kind].classes, class);
}

const struct partition *vocabulary_partition(const struct vocabulary *vocabulary)
{
	return vocabulary->partition;
}

const struct dictionary *vocabulary_dictionary(const struct vocabulary *vocabulary, enum value_kind kind)
{
	return vocabulary->kinds[kind].dictionary;
}

size_t vocabulary_expression_count(const struct vocabulary *vocabulary, enum value_kind kind)
{
	return vocabulary->kinds[kind].expressions.count;
}

struct vocabulary_expression vocabulary_expression(const struct vocabulary *vocabulary, enum value_kind kind,
                                                   size_t index)
{
	const struct expression_entry *entry = &vocabulary->kinds[kind].expressions.list[index];

	return (struct vocabulary_expression){entry->expression, entry->set};
}

/* What a combined set is made of has smaller numbers than it, so one pass from the last does. */
void vocabulary_add_parts(const struct vocabulary *vocabulary, enum value_kind which, uint64_t *sets)
{
	const struct kind *kind = &vocabulary->kinds[which];

	for (size_t i = kind->formulas.count; i > 0; i--) {
		const struct formula *formula = &kind->formulas.list[i - 1];

		for (size_t k = 0; bits_test(sets, formula->set) && k < formula->plus_count + formula->minus_count; k++)
			bits_set(sets, formula->operands[k]);
	}
}

void vocabulary_add_domain_parts(const struct vocabulary *vocabulary, const uint64_t *mailboxes, uint64_t *names)
{
	for (size_t i = 0; i < vocabulary->links.count; i++)
		if (bits_test(mailboxes, vocabulary->links.list[i].set))
			bits_set(names, vocabulary->links.list[i].names);
}

void vocabulary_link(const struct vocabulary *vocabulary, const uint64_t *names, uint64_t *mailbox)
{
	for (size_t i = 0; i < vocabulary->links.count; i++)
		if (bits_test(names, vocabulary->links.list[i].names))
			bits_set(mailbox, vocabulary->links.list[i].set);
}

void vocabulary_combine_bits(const struct vocabulary *vocabulary, enum value_kind kind, uint64_t *bits)
{
	combine(&vocabulary->kinds[kind], bits);
}

bool vocabulary_networks_within(const struct vocabulary *vocabulary, uint32_t inner, uint32_t outer)
{
	const struct class_table *classes = &vocabulary->kinds[VALUE_NETWORK].classes;

	for (uint32_t i = 0; i < classes->count; i++) {
		const uint64_t *bits = class_table_bits(classes, i);

		if (bits_test(bits, inner) && !bits_test(bits, outer))
			return false;
	}
	return true;
}

const uint64_t *vocabulary_unknown_name(const struct vocabulary *vocabulary)
{
	return class_table_bits(&vocabulary->kinds[VALUE_NAME].classes, vocabulary->unknown_name);
}

const uint64_t *vocabulary_null_sender(const struct vocabulary *vocabulary)
{
	return class_table_bits(&vocabulary->kinds[VALUE_MAILBOX].classes, vocabulary->null_sender);
}

/* Adds the sets whose expressions find the subject.  Returns false where one ran past its limit. */
static bool try_expressions(const struct kind *kind, const char *subject, struct match_room *room, uint64_t *bits)
{
	for (size_t i = 0; i < kind->expressions.count; i++) {
		const struct expression_entry *entry = &kind->expressions.list[i];

		if (bits_test(bits, entry->set))
			continue;
		switch (expression_find(entry->expression, subject, room)) {
		case TRUTH_YES:
			bits_set(bits, entry->set);
			break;
		case TRUTH_NO:
			break;
		case TRUTH_OPEN:
		case TRUTH_BROKEN:
		case TRUTH_UNAVAILABLE:
			return false;
		}
	}
	return true;
}

const uint64_t *vocabulary_text(const struct vocabulary *vocabulary, enum value_kind which, const char *text,
                                struct match_room *room, uint64_t *buffer)
{
	const struct kind *kind = &vocabulary->kinds[which];
	const uint64_t *bits = class_table_bits(&kind->classes, dictionary_class(kind->dictionary, text));

	if (kind->settled)
		return bits;
	memcpy(buffer, bits, kind->classes.words * sizeof *buffer);
	if (!try_expressions(kind, text, room, buffer))
		return NULL;
	combine(kind, buffer);
	return buffer;
}

const uint64_t *vocabulary_mailbox(const struct vocabulary *vocabulary, const char *key, const char *subject,
                                   const uint64_t *domain, struct match_room *room, uint64_t *buffer)
{
	const struct kind *kind = &vocabulary->kinds[VALUE_MAILBOX];
	const uint64_t *bits = class_table_bits(&kind->classes, dictionary_class(kind->dictionary, key));

	if (kind->settled)
		return bits;
	memcpy(buffer, bits, kind->classes.words * sizeof *buffer);
	if (domain != NULL)
		vocabulary_link(vocabulary, domain, buffer);
	if (!try_expressions(kind, subject, room, buffer))
		return NULL;
	combine(kind, buffer);
	return buffer;
}
