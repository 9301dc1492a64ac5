#include "policy/dictionary.h"

#include <stdlib.h>
#include <string.h>

/*
 * The keys stand one after the other as records: the text, the end of the string,
 * and the number of a pair of classes, in as many bytes as the largest needs.  Those
 * whose hashes begin with the same bits b are at index[b] .. index[b + 1] - 1: a
 * few, which are read through.  So a look-up goes to two places in memory, of which
 * the first is small, and a key takes few bytes more than its text.
 */
struct dictionary {
	enum ascent ascent;
	char separator;
	char *records;
	uint32_t *index;
	unsigned index_bits;
	unsigned pair_bytes;
	struct dictionary_pair *pairs;
	size_t pair_count;
	size_t count;
};

/* An entry while its key is put in its place. */
struct placed {
	uint32_t bucket;
	uint32_t entry;
};

/* Entries that are looked at before their turn comes: their texts are all over the memory. */
#define AHEAD 8

/*
 * Hashes
 *
 * They are taken in the order in which one comes down to a key from the top of its
 * ascent, so that one way through a text gives those of all keys above it.
 */

#define HASH_START UINT64_C(0xcbf29ce484222325)

static uint64_t hash_on(uint64_t hash, char byte)
{
	return (hash ^ (unsigned char)byte) * UINT64_C(0x100000001b3);
}

static size_t bucket_of(uint64_t hash, unsigned index_bits)
{
	return (hash ^ hash >> 32) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - index_bits);
}

static uint64_t hash_of(enum ascent ascent, const char *text, size_t length)
{
	uint64_t hash = HASH_START;

	if (ascent == ASCENT_SUFFIX)
		for (size_t at = length; at > 0; at--)
			hash = hash_on(hash, text[at - 1]);
	else
		for (size_t at = 0; at < length; at++)
			hash = hash_on(hash, text[at]);
	return hash;
}

/* How many bits of a hash the index is over: two to four keys have them in common; at least one. */
static unsigned bits_for(size_t keys)
{
	return keys < 8 ? 1 : 62 - (unsigned)__builtin_clzll(keys);
}

/* Records */

static uint32_t number_at(const char *number, unsigned bytes)
{
	uint8_t one;
	uint16_t two;
	uint32_t four;

	switch (bytes) {
	case 1:
		memcpy(&one, number, sizeof one);
		return one;
	case 2:
		memcpy(&two, number, sizeof two);
		return two;
	default:
		memcpy(&four, number, sizeof four);
		return four;
	}
}

static void put_number(char *number, unsigned bytes, uint32_t value)
{
	uint8_t one = (uint8_t)value;
	uint16_t two = (uint16_t)value;

	switch (bytes) {
	case 1:
		memcpy(number, &one, sizeof one);
		break;
	case 2:
		memcpy(number, &two, sizeof two);
		break;
	default:
		memcpy(number, &value, sizeof value);
		break;
	}
}

static unsigned bytes_for(size_t numbers)
{
	return numbers <= UINT8_MAX + 1 ? 1 : numbers <= UINT16_MAX + 1 ? 2 : 4;
}

/* The record of a key among those from one to another, or NULL. */
static const char *find_among(const struct dictionary *dictionary, const char *record, const char *end, const char *key,
                              size_t length)
{
	while (record < end) {
		if (strncmp(record, key, length) == 0 && record[length] == '\0')
			return record;
		record += strlen(record) + 1 + dictionary->pair_bytes;
	}
	return NULL;
}

/* The classes of a key with this hash, or NULL. */
static struct dictionary_pair *find(const struct dictionary *dictionary, const char *key, size_t length, uint64_t hash)
{
	size_t bucket = bucket_of(hash, dictionary->index_bits);
	const char *record = find_among(dictionary, dictionary->records + dictionary->index[bucket],
	                                dictionary->records + dictionary->index[bucket + 1], key, length);

	return record == NULL ? NULL : &dictionary->pairs[number_at(record + length + 1, dictionary->pair_bytes)];
}

/* Ways up */

/*
 * The nearest key among what follows each separator.  What follows one at the very
 * beginning is not above the text: an empty label is nothing below a name.
 */
static const struct dictionary_pair *nearest_suffix(const struct dictionary *dictionary, const char *text,
                                                    size_t length, uint64_t *ret_hash)
{
	const struct dictionary_pair *nearest = NULL;
	uint64_t hash = HASH_START;

	for (size_t at = length; at > 0; at--) {
		if (text[at - 1] == dictionary->separator && at > 1) {
			const struct dictionary_pair *found = find(dictionary, text + at, length - at, hash);

			nearest = found != NULL ? found : nearest;
		}
		hash = hash_on(hash, text[at - 1]);
	}
	*ret_hash = hash;
	return nearest;
}

/* The key that is what precedes the last separator, where something follows that. */
static const struct dictionary_pair *prefix(const struct dictionary *dictionary, const char *text, size_t length,
                                            uint64_t *ret_hash)
{
	const char *cut = memrchr(text, dictionary->separator, length);
	size_t before = cut != NULL && cut + 1 != text + length ? (size_t)(cut - text) : 0;
	bool above = cut != NULL && cut + 1 != text + length;
	uint64_t hash = hash_of(ASCENT_PREFIX, text, before);
	const struct dictionary_pair *found = above ? find(dictionary, text, before, hash) : NULL;

	for (size_t at = before; at < length; at++)
		hash = hash_on(hash, text[at]);
	*ret_hash = hash;
	return found;
}

/* The nearest key above a text, or NULL, and the hash of the text itself. */
static const struct dictionary_pair *nearest_above(const struct dictionary *dictionary, const char *text, size_t length,
                                                   uint64_t *ret_hash)
{
	switch (dictionary->ascent) {
	case ASCENT_SUFFIX:
		return nearest_suffix(dictionary, text, length, ret_hash);
	case ASCENT_PREFIX:
		return prefix(dictionary, text, length, ret_hash);
	case ASCENT_NONE:
		break;
	}
	*ret_hash = hash_of(dictionary->ascent, text, length);
	return NULL;
}

/* Building */

/* Puts the entries in the order of their buckets: malloc(3) memory, or NULL.  Writes where those of each begin. */
static struct placed *place(const struct dictionary *dictionary, const struct dictionary_entry *entries, size_t count)
{
	struct placed *order = reallocarray(NULL, count + 1, sizeof *order);
	uint32_t *buckets = reallocarray(NULL, count + 1, sizeof *buckets);
	uint32_t *begins = dictionary->index;
	uint32_t before = 0;

	if (order == NULL || buckets == NULL) {
		free(order);
		free(buckets);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		uint64_t hash = hash_of(dictionary->ascent, entries[i].key, strlen(entries[i].key));

		buckets[i] = (uint32_t)bucket_of(hash, dictionary->index_bits);
		begins[buckets[i]]++;
	}
	for (size_t bucket = 0; bucket <= (size_t)1 << dictionary->index_bits; bucket++) {
		uint32_t here = begins[bucket];

		begins[bucket] = before;
		before += here;
	}
	for (size_t i = 0; i < count; i++)
		order[begins[buckets[i]]++] = (struct placed){buckets[i], (uint32_t)i};
	free(buckets);
	return order;
}

/* The pair of a key, whose record is put behind the others of its bucket where it is new. */
static struct dictionary_pair *enter_key(struct dictionary *dictionary, size_t bucket, size_t *end, const char *key)
{
	size_t length = strlen(key);
	char *records = dictionary->records;
	const char *known = find_among(dictionary, records + dictionary->index[bucket], records + *end, key, length);

	if (known != NULL)
		return &dictionary->pairs[number_at(known + length + 1, dictionary->pair_bytes)];
	memcpy(records + *end, key, length + 1);
	put_number(records + *end + length + 1, dictionary->pair_bytes, (uint32_t)dictionary->count);
	*end += length + 1 + dictionary->pair_bytes;
	return &dictionary->pairs[dictionary->count++];
}

/* Every key with a pair of its own: the classes of its own patterns alone. */
static bool enter_keys(struct dictionary *dictionary, const struct dictionary_entry *entries, size_t count,
                       struct class_table *classes)
{
	struct placed *order = place(dictionary, entries, count);
	size_t end = 0, next = 0; /* of the records; a bucket that none is in yet */
	bool done = order != NULL;

	for (size_t i = 0; i < count && done; i++) {
		const struct dictionary_entry *entry = &entries[order[i].entry];
		struct dictionary_pair *pair;
		uint32_t *class;

		__builtin_prefetch(entries[order[i + AHEAD < count ? i + AHEAD : i].entry].key);
		while (next <= order[i].bucket)
			dictionary->index[next++] = (uint32_t)end;
		pair = enter_key(dictionary, order[i].bucket, &end, entry->key);
		class = entry->below ? &pair->below : &pair->own;
		*class = class_table_with(classes, *class, entry->set);
		done = *class != CLASS_NONE;
	}
	for (; next <= (size_t)1 << dictionary->index_bits; next++)
		dictionary->index[next] = (uint32_t)end;
	free(order);
	return done;
}

static const char *records_end(const struct dictionary *dictionary)
{
	return dictionary->records + dictionary->index[(size_t)1 << dictionary->index_bits];
}

static const char *next_record(const struct dictionary *dictionary, const char *record)
{
	return record + strlen(record) + 1 + dictionary->pair_bytes;
}

static uint32_t depth_of(const struct dictionary *dictionary, const char *key)
{
	uint32_t depth = 0;

	for (; *key != '\0'; key++)
		depth += *key == dictionary->separator;
	return depth;
}

/* Where the records are, those nearest to the top first: malloc(3) memory, or NULL. */
static uint32_t *records_by_depth(const struct dictionary *dictionary)
{
	uint32_t *depths = reallocarray(NULL, dictionary->count + 1, sizeof *depths);
	uint32_t *order = reallocarray(NULL, dictionary->count + 1, sizeof *order);
	uint32_t *places = NULL; /* of each depth, in order */
	const char *record = dictionary->records;
	uint32_t deepest = 0;

	for (size_t i = 0; depths != NULL && i < dictionary->count; i++) {
		depths[i] = depth_of(dictionary, record);
		deepest = depths[i] > deepest ? depths[i] : deepest;
		record = next_record(dictionary, record);
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
	record = dictionary->records;
	for (size_t i = 0; i < dictionary->count; i++) {
		order[places[depths[i]]++] = (uint32_t)(record - dictionary->records);
		record = next_record(dictionary, record);
	}
	free(places);
	free(depths);
	return order;
}

/* Whether a pattern takes what is below some key. */
static bool any_below(const struct dictionary *dictionary)
{
	for (size_t i = 0; i < dictionary->count; i++)
		if (dictionary->pairs[i].below != CLASS_EMPTY)
			return true;
	return false;
}

/* Adds to each key what it has from the keys above, those nearest to the top first. */
static bool inherit(struct dictionary *dictionary, struct class_table *classes)
{
	uint32_t *order;
	bool done;

	if (!any_below(dictionary))
		return true;
	order = records_by_depth(dictionary);
	done = order != NULL;
	for (size_t i = 0; done && i < dictionary->count; i++) {
		const char *key = dictionary->records + order[i];
		size_t length = strlen(key);
		struct dictionary_pair *pair = &dictionary->pairs[number_at(key + length + 1, dictionary->pair_bytes)];
		uint64_t hash;
		const struct dictionary_pair *above = nearest_above(dictionary, key, length, &hash);

		if (above == NULL)
			continue;
		pair->own = class_table_union(classes, pair->own, above->below);
		if (dictionary->ascent == ASCENT_SUFFIX)
			pair->below = class_table_union(classes, pair->below, above->below);
		done = pair->own != CLASS_NONE && pair->below != CLASS_NONE;
	}
	free(order);
	return done;
}

/* Moves the records together, each with the number that map has for its own, and has the index over fewer bits. */
static void move_together(struct dictionary *dictionary, const uint32_t *map, unsigned pair_bytes)
{
	unsigned index_bits = bits_for(dictionary->count);
	unsigned shift = dictionary->index_bits > index_bits ? dictionary->index_bits - index_bits : 0;
	const char *from = dictionary->records;
	char *to = dictionary->records;

	for (size_t bucket = 0; bucket < (size_t)1 << dictionary->index_bits; bucket++) {
		const char *end = dictionary->records + dictionary->index[bucket + 1];

		if ((bucket & (((size_t)1 << shift) - 1)) == 0)
			dictionary->index[bucket >> shift] = (uint32_t)(to - dictionary->records);
		while (from < end) {
			size_t size = strlen(from) + 1;
			uint32_t number = number_at(from + size, dictionary->pair_bytes);

			memmove(to, from, size);
			put_number(to + size, pair_bytes, map[number]);
			from += size + dictionary->pair_bytes;
			to += size + pair_bytes;
		}
	}
	dictionary->index_bits -= shift;
	dictionary->index[(size_t)1 << dictionary->index_bits] = (uint32_t)(to - dictionary->records);
	dictionary->pair_bytes = pair_bytes;
}

/* Keeps each different pair once, and gives back what is not needed any more. */
static bool share_pairs(struct dictionary *dictionary)
{
	uint32_t *map = reallocarray(NULL, dictionary->count + 1, sizeof *map);
	struct class_table different;
	struct dictionary_pair *pairs;
	bool done = class_table_init(&different, BITS_PER_WORD) && map != NULL;

	for (size_t i = 0; done && i < dictionary->count; i++) {
		uint64_t both = (uint64_t)dictionary->pairs[i].below << 32 | dictionary->pairs[i].own;

		map[i] = class_table_enter(&different, &both);
		done = map[i] != CLASS_NONE;
	}
	pairs = done ? reallocarray(NULL, different.count, sizeof *pairs) : NULL;
	if (pairs != NULL) {
		for (uint32_t i = 0; i < different.count; i++) {
			uint64_t both = *class_table_bits(&different, i);

			pairs[i] = (struct dictionary_pair){(uint32_t)both, (uint32_t)(both >> 32)};
		}
		free(dictionary->pairs);
		dictionary->pairs = pairs;
		dictionary->pair_count = different.count;
		move_together(dictionary, map, bytes_for(different.count));
	}
	class_table_destroy(&different);
	free(map);
	return pairs != NULL;
}

static void shrink(struct dictionary *dictionary)
{
	size_t size = (size_t)(records_end(dictionary) - dictionary->records);
	char *records = realloc(dictionary->records, size + 1);
	uint32_t *index =
	    reallocarray(dictionary->index, ((size_t)1 << dictionary->index_bits) + 1, sizeof *dictionary->index);

	dictionary->records = records != NULL ? records : dictionary->records;
	dictionary->index = index != NULL ? index : dictionary->index;
}

static bool reserve(struct dictionary *dictionary, const struct dictionary_entry *entries, size_t count)
{
	size_t bytes = 1;

	dictionary->index_bits = bits_for(count);
	dictionary->pair_bytes = bytes_for(count);
	for (size_t i = 0; i < count; i++)
		bytes += strlen(entries[i].key) + 1 + dictionary->pair_bytes;
	if (bytes > UINT32_MAX || count >= UINT32_MAX)
		return false;
	dictionary->records = malloc(bytes);
	dictionary->pairs = calloc(count + 1, sizeof *dictionary->pairs);
	dictionary->index = calloc(((size_t)1 << dictionary->index_bits) + 1, sizeof *dictionary->index);
	return dictionary->records != NULL && dictionary->pairs != NULL && dictionary->index != NULL;
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
	    !inherit(dictionary, classes) || !share_pairs(dictionary)) {
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
	free(dictionary->records);
	free(dictionary->index);
	free(dictionary->pairs);
	free(dictionary);
}

void dictionary_map(struct dictionary *dictionary, const uint32_t *map)
{
	for (size_t i = 0; i < dictionary->pair_count; i++) {
		dictionary->pairs[i].own = map[dictionary->pairs[i].own];
		dictionary->pairs[i].below = map[dictionary->pairs[i].below];
	}
}

struct dictionary_pair dictionary_pair(const struct dictionary *dictionary, const char *text)
{
	struct dictionary_pair pair = {CLASS_EMPTY, CLASS_EMPTY};
	const struct dictionary_pair *above, *itself;
	uint64_t hash;
	size_t length;

	if (dictionary->count == 0)
		return pair;
	length = strlen(text);
	above = nearest_above(dictionary, text, length, &hash);
	itself = find(dictionary, text, length, hash);
	if (itself != NULL)
		return *itself;
	if (above == NULL)
		return pair;
	pair.own = above->below;
	/* one step down is all there is in an ascent of one step */
	if (dictionary->ascent == ASCENT_SUFFIX)
		pair.below = above->below;
	return pair;
}

uint32_t dictionary_class(const struct dictionary *dictionary, const char *text)
{
	return dictionary_pair(dictionary, text).own;
}

bool dictionary_has(const struct dictionary *dictionary, const char *key)
{
	size_t length = strlen(key);

	return find(dictionary, key, length, hash_of(dictionary->ascent, key, length)) != NULL;
}

size_t dictionary_count(const struct dictionary *dictionary)
{
	return dictionary->count;
}

bool dictionary_next(const struct dictionary *dictionary, size_t *place, struct dictionary_key *ret_key)
{
	const char *record = dictionary->records + *place;
	const struct dictionary_pair *pair;

	if (record == records_end(dictionary))
		return false;
	pair = &dictionary->pairs[number_at(record + strlen(record) + 1, dictionary->pair_bytes)];
	*ret_key = (struct dictionary_key){record, *pair};
	*place = (size_t)(next_record(dictionary, record) - dictionary->records);
	return true;
}

size_t dictionary_bytes(const struct dictionary *dictionary)
{
	return sizeof *dictionary + (size_t)(records_end(dictionary) - dictionary->records) + 1 +
	       (((size_t)1 << dictionary->index_bits) + 1) * sizeof *dictionary->index +
	       dictionary->pair_count * sizeof *dictionary->pairs;
}
