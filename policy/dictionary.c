#include "policy/dictionary.h"

#include <stdlib.h>
#include <string.h>

struct node {
	uint32_t text; /* offset in texts */
	uint32_t own;
	uint32_t below;
};

struct dictionary {
	enum ascent ascent;
	char separator;
	char *texts; /* the keys, one after the other, each with the end of the string */
	size_t text_bytes;
	struct node *nodes;
	size_t count;
	uint32_t *slots; /* hash index: a tag, and in the low bits node number + 1; 0 for free */
	size_t slot_count;
};

static uint64_t hash_of(const char *text, size_t length)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

/*
 * The bits of a slot that node numbers leave free are the key's tag: they tell
 * most other keys from it without a look at node and text, which are elsewhere.
 */
static uint32_t tag_of(uint64_t hash, uint32_t mask)
{
	return (uint32_t)(hash >> 32) & ~mask;
}

static struct node *node_of(const struct dictionary *dictionary, uint32_t slot)
{
	return &dictionary->nodes[(slot & (uint32_t)(dictionary->slot_count - 1)) - 1];
}

/* The slot of the key, or the free one where it belongs; and the tag for it. */
static uint32_t *find_slot(const struct dictionary *dictionary, const char *key, size_t length, uint32_t *ret_tag)
{
	uint32_t mask = (uint32_t)(dictionary->slot_count - 1);
	uint64_t hash = hash_of(key, length);
	uint32_t at = (uint32_t)hash & mask;

	*ret_tag = tag_of(hash, mask);
	for (; dictionary->slots[at] != 0; at = (at + 1) & mask) {
		const char *text;

		if ((dictionary->slots[at] & ~mask) != *ret_tag)
			continue;
		text = dictionary->texts + node_of(dictionary, dictionary->slots[at])->text;
		if (strncmp(text, key, length) == 0 && text[length] == '\0')
			break;
	}
	return &dictionary->slots[at];
}

static const struct node *find(const struct dictionary *dictionary, const char *key, size_t length)
{
	uint32_t tag;
	uint32_t slot = *find_slot(dictionary, key, length, &tag);

	return slot == 0 ? NULL : node_of(dictionary, slot);
}

/* Goes up one step: moves *key and *length to the key above.  Returns false at the top. */
static bool ascend(const struct dictionary *dictionary, const char **key, size_t *length)
{
	const char *cut;

	switch (dictionary->ascent) {
	case ASCENT_NONE:
		return false;
	case ASCENT_SUFFIX:
		cut = memchr(*key, dictionary->separator, *length);
		if (cut == NULL)
			return false;
		*length -= (size_t)(cut + 1 - *key);
		*key = cut + 1;
		return true;
	case ASCENT_PREFIX:
		cut = memrchr(*key, dictionary->separator, *length);
		if (cut == NULL || cut + 1 == *key + *length)
			return false;
		*length = (size_t)(cut - *key);
		return true;
	}
	return false;
}

/* The class of what is below some key above this one. */
static uint32_t class_from_above(const struct dictionary *dictionary, const char *key, size_t length)
{
	while (ascend(dictionary, &key, &length)) {
		const struct node *node = find(dictionary, key, length);

		if (node != NULL)
			return node->below;
		if (dictionary->ascent != ASCENT_SUFFIX)
			break;
	}
	return 0;
}

static bool reserve(struct dictionary *dictionary, const struct dictionary_entry *entries, size_t count)
{
	size_t bytes = 1;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(entries[i].key) + 1;
	for (dictionary->slot_count = 16; dictionary->slot_count < 2 * count;)
		dictionary->slot_count *= 2;
	dictionary->texts = malloc(bytes);
	dictionary->nodes = calloc(count + 1, sizeof *dictionary->nodes);
	dictionary->slots = calloc(dictionary->slot_count, sizeof *dictionary->slots);
	return bytes <= UINT32_MAX && dictionary->slot_count <= UINT32_MAX && dictionary->texts != NULL &&
	       dictionary->nodes != NULL && dictionary->slots != NULL;
}

static struct node *enter_key(struct dictionary *dictionary, const char *key)
{
	size_t length = strlen(key);
	uint32_t tag;
	uint32_t *slot = find_slot(dictionary, key, length, &tag);
	struct node *node;

	if (*slot != 0)
		return node_of(dictionary, *slot);
	node = &dictionary->nodes[dictionary->count++];
	node->text = (uint32_t)dictionary->text_bytes;
	memcpy(dictionary->texts + dictionary->text_bytes, key, length + 1);
	dictionary->text_bytes += length + 1;
	*slot = tag | (uint32_t)dictionary->count;
	return node;
}

/* Every key with the classes of its own patterns alone. */
static bool enter_keys(struct dictionary *dictionary, const struct dictionary_entry *entries, size_t count,
                       struct class_table *classes)
{
	for (size_t i = 0; i < count; i++) {
		struct node *node = enter_key(dictionary, entries[i].key);
		uint32_t *class = entries[i].below ? &node->below : &node->own;

		*class = class_table_with(classes, *class, entries[i].set);
		if (*class == CLASS_NONE)
			return false;
	}
	return true;
}

static uint32_t depth_of(const struct dictionary *dictionary, const char *key)
{
	uint32_t depth = 0;

	for (; *key != '\0'; key++)
		depth += *key == dictionary->separator;
	return depth;
}

/* The numbers of the nodes, those nearest to the top first: malloc(3) memory, or NULL. */
static uint32_t *nodes_by_depth(const struct dictionary *dictionary)
{
	uint32_t *depths = reallocarray(NULL, dictionary->count + 1, sizeof *depths);
	uint32_t *order = reallocarray(NULL, dictionary->count + 1, sizeof *order);
	uint32_t *places = NULL; /* of each depth, in order */
	uint32_t deepest = 0;

	for (size_t i = 0; depths != NULL && i < dictionary->count; i++) {
		depths[i] = depth_of(dictionary, dictionary->texts + dictionary->nodes[i].text);
		deepest = depths[i] > deepest ? depths[i] : deepest;
	}
	if (depths != NULL && order != NULL)
		places = calloc((size_t)deepest + 2, sizeof *places);
	if (places == NULL) {
		free(order);
		free(depths);
		return NULL;
	}
	for (size_t i = 0; i < dictionary->count; i++)
		places[depths[i] + 1]++;
	for (uint32_t depth = 0; depth < deepest; depth++)
		places[depth + 1] += places[depth];
	for (uint32_t i = 0; i < dictionary->count; i++)
		order[places[depths[i]]++] = i;
	free(places);
	free(depths);
	return order;
}

/* Adds to each key what it has from the keys above, those nearest to the top first. */
static bool inherit(struct dictionary *dictionary, struct class_table *classes)
{
	uint32_t *order = nodes_by_depth(dictionary);
	bool done = order != NULL;

	for (size_t i = 0; done && i < dictionary->count; i++) {
		struct node *node = &dictionary->nodes[order[i]];
		const char *key = dictionary->texts + node->text;
		uint32_t above = class_from_above(dictionary, key, strlen(key));

		node->own = class_table_union(classes, node->own, above);
		if (dictionary->ascent == ASCENT_SUFFIX)
			node->below = class_table_union(classes, node->below, above);
		done = node->own != CLASS_NONE && node->below != CLASS_NONE;
	}
	free(order);
	return done;
}

/* Gives back the room for keys that were there already. */
static void shrink(struct dictionary *dictionary)
{
	char *texts = realloc(dictionary->texts, dictionary->text_bytes + 1);
	struct node *nodes = reallocarray(dictionary->nodes, dictionary->count + 1, sizeof *nodes);

	dictionary->texts = texts != NULL ? texts : dictionary->texts;
	dictionary->nodes = nodes != NULL ? nodes : dictionary->nodes;
}

struct dictionary *dictionary_new(const struct dictionary_entry *entries, size_t count, enum ascent ascent,
                                  char separator, struct class_table *classes)
{
	struct dictionary *dictionary = calloc(1, sizeof *dictionary);

	if (dictionary == NULL)
		return NULL;
	dictionary->ascent = ascent;
	dictionary->separator = separator;
	if (!reserve(dictionary, entries, count) || !enter_keys(dictionary, entries, count, classes) ||
	    !inherit(dictionary, classes)) {
		dictionary_free(dictionary);
		return NULL;
	}
	shrink(dictionary);
	return dictionary;
}

void dictionary_free(struct dictionary *dictionary)
{
	if (dictionary == NULL)
		return;
	free(dictionary->texts);
	free(dictionary->nodes);
	free(dictionary->slots);
	free(dictionary);
}

void dictionary_map(struct dictionary *dictionary, const uint32_t *map)
{
	for (size_t i = 0; i < dictionary->count; i++) {
		dictionary->nodes[i].own = map[dictionary->nodes[i].own];
		dictionary->nodes[i].below = map[dictionary->nodes[i].below];
	}
}

uint32_t dictionary_class(const struct dictionary *dictionary, const char *text)
{
	size_t length = strlen(text);
	const struct node *node = find(dictionary, text, length);

	if (node != NULL)
		return node->own;
	/* An empty label is nothing below a name: it is where the name itself is. */
	if (dictionary->ascent == ASCENT_SUFFIX && text[0] == dictionary->separator)
		return class_from_above(dictionary, text + 1, length - 1);
	return class_from_above(dictionary, text, length);
}

bool dictionary_has(const struct dictionary *dictionary, const char *key)
{
	return find(dictionary, key, strlen(key)) != NULL;
}

size_t dictionary_count(const struct dictionary *dictionary)
{
	return dictionary->count;
}

struct dictionary_key dictionary_key(const struct dictionary *dictionary, size_t index)
{
	const struct node *node = &dictionary->nodes[index];

	return (struct dictionary_key){dictionary->texts + node->text, node->own, node->below};
}

size_t dictionary_bytes(const struct dictionary *dictionary)
{
	return sizeof *dictionary + dictionary->text_bytes + 1 + (dictionary->count + 1) * sizeof *dictionary->nodes +
	       dictionary->slot_count * sizeof *dictionary->slots;
}
