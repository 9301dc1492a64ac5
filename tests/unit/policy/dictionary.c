#include "policy/dictionary.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SETS 70

static struct class_table classes;

static void start(void)
{
	cr_assert(class_table_init(&classes, SETS));
}

static void end(void)
{
	class_table_destroy(&classes);
}

TestSuite(dictionary, .init = start, .fini = end);

/* Whether a text is the key, or below it, told without looking at how the dictionary goes about it. */
static bool matches(const struct dictionary_entry *entry, enum ascent ascent, char separator, const char *text)
{
	size_t key = strlen(entry->key), length = strlen(text);
	const char *rest;

	if (!entry->below)
		return strcmp(entry->key, text) == 0;
	switch (ascent) {
	case ASCENT_NONE:
		return false;
	case ASCENT_SUFFIX:
		return length > key + 1 && text[length - key - 1] == separator &&
		       strcmp(text + length - key, entry->key) == 0;
	case ASCENT_PREFIX:
		rest = text + key;
		return length > key + 1 && strncmp(text, entry->key, key) == 0 && *rest == separator &&
		       strchr(rest + 1, separator) == NULL;
	}
	return false;
}

static bool in_set(const struct dictionary *dictionary, const char *text, unsigned set)
{
	return bits_test(class_table_bits(&classes, dictionary_class(dictionary, text)), set);
}

/* Compares one look-up with all entries. */
static void compare(const struct dictionary *dictionary, const struct dictionary_entry *entries, size_t count,
                    enum ascent ascent, char separator, const char *text)
{
	bool told[SETS] = {false};

	for (size_t i = 0; i < count; i++)
		told[entries[i].set] |= matches(&entries[i], ascent, separator, text);
	for (unsigned set = 0; set < SETS; set++)
		cr_assert_eq(in_set(dictionary, text, set), told[set], "\"%s\" in set %u of %zu entries", text, set,
		             count);
}

/* A text of up to five short labels, from few letters, so that keys meet; sometimes with empty labels. */
static void random_text(char *text, char separator)
{
	unsigned labels = (unsigned)random() % 5 + 1;
	size_t length = 0;

	for (unsigned i = 0; i < labels; i++) {
		unsigned letters = random() % 12 == 0 ? 0 : (unsigned)random() % 2 + 1;

		if (i > 0)
			text[length++] = separator;
		for (unsigned k = 0; k < letters; k++)
			text[length++] = (char)('a' + random() % 2);
	}
	text[length] = '\0';
}

#define TEXTS 400

static void compare_at_random(enum ascent ascent, char separator)
{
	static char keys[TEXTS][32];
	struct dictionary_entry entries[TEXTS];

	for (unsigned round = 0; round < 60; round++) {
		size_t count = round < 5 ? round : (size_t)random() % TEXTS;
		struct dictionary *dictionary;

		for (size_t i = 0; i < count; i++) {
			size_t empty;

			/* no name that an entry may have begins with an empty label */
			random_text(keys[i], separator);
			empty = ascent == ASCENT_SUFFIX ? strspn(keys[i], (char[]){separator, '\0'}) : 0;
			entries[i] =
			    (struct dictionary_entry){keys[i] + empty, (uint32_t)random() % SETS, random() % 2 == 0};
		}
		dictionary = dictionary_new(entries, count, ascent, separator, &classes);
		cr_assert_not_null(dictionary);
		for (size_t i = 0; i < count; i++)
			compare(dictionary, entries, count, ascent, separator, keys[i]);
		for (unsigned i = 0; i < 300; i++) {
			char text[32];

			random_text(text, separator);
			compare(dictionary, entries, count, ascent, separator, text);
		}
		dictionary_free(dictionary);
	}
}

Test(dictionary, names_as_a_comparison_of_suffixes_says)
{
	srandom(2);
	compare_at_random(ASCENT_SUFFIX, '.');
}

Test(dictionary, logins_as_a_comparison_of_prefixes_says)
{
	srandom(3);
	compare_at_random(ASCENT_PREFIX, '@');
}

Test(dictionary, words_as_a_comparison_says)
{
	srandom(4);
	compare_at_random(ASCENT_NONE, '\0');
}

Test(dictionary, a_name_and_what_is_below_it)
{
	static const struct dictionary_entry entries[] = {
	    {"example.com", 0, false},    {"example.com", 1, true},      {"com", 2, true},
	    {"mx.example.com", 3, false}, {"a.mx.example.com", 4, true},
	};
	static const struct {
		const char *text;
		const char *sets;
	} rows[] = {
	    {"example.com", "02"},
	    {"mx.example.com", "123"},
	    {"www.example.com", "12"},
	    {"a.b.c.example.com", "12"},
	    {"example.org", ""},
	    {"com", ""},
	    {"xexample.com", "2"},
	    {"example.com.org", ""},
	    {"a.mx.example.com", "12"},
	    {"b.a.mx.example.com", "124"},
	    {"", ""},
	    {".example.com", "2"},
	    {"example.co", ""},
	};
	struct dictionary *dictionary =
	    dictionary_new(entries, sizeof entries / sizeof *entries, ASCENT_SUFFIX, '.', &classes);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (unsigned set = 0; set < 5; set++)
			cr_expect_eq(in_set(dictionary, rows[i].text, set),
			             strchr(rows[i].sets, (int)('0' + set)) != NULL, "\"%s\", set %u", rows[i].text,
			             set);
	dictionary_free(dictionary);
}

Test(dictionary, a_login_alone_or_with_one_realm)
{
	static const struct dictionary_entry entries[] = {
	    {"alice", 0, false},
	    {"alice", 0, true},
	    {"bob", 1, false},
	    {"bob@example.com", 2, false},
	};
	static const struct {
		const char *text;
		unsigned set;
		bool in;
	} rows[] = {
	    {"alice", 0, true},
	    {"alice@example.com", 0, true},
	    {"alice@a@b", 0, false},
	    {"alice@", 0, false},
	    {"alicex", 0, false},
	    {"alic", 0, false},
	    {"x@alice", 0, false},
	    {"Alice", 0, false},
	    {"bob", 1, true},
	    {"bob@example.com", 1, false},
	    {"bob@example.com", 2, true},
	    {"bob@example.org", 2, false},
	    {"bob", 2, false},
	};
	struct dictionary *dictionary =
	    dictionary_new(entries, sizeof entries / sizeof *entries, ASCENT_PREFIX, '@', &classes);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(in_set(dictionary, rows[i].text, rows[i].set), rows[i].in, "\"%s\", set %u", rows[i].text,
		             rows[i].set);
	dictionary_free(dictionary);
}

Test(dictionary, each_key_is_listed_once_with_its_classes)
{
	char text[] = "example.com";
	const struct dictionary_entry entries[] = {
	    {text, 0, false},
	    {"com", 1, true},
	    {text, 2, true},
	    {"org", 3, false},
	};
	struct dictionary *dictionary =
	    dictionary_new(entries, sizeof entries / sizeof *entries, ASCENT_SUFFIX, '.', &classes);
	struct dictionary_key key;
	unsigned met = 0, keys = 0;

	memset(text, 'x', sizeof text - 1); /* keys are copied */
	cr_assert_eq(dictionary_count(dictionary), 3);
	for (size_t place = 0; dictionary_next(dictionary, &place, &key); keys++) {
		const uint64_t own = *class_table_bits(&classes, key.classes.own);
		const uint64_t below = *class_table_bits(&classes, key.classes.below);

		if (strcmp(key.key, "example.com") == 0) {
			met |= 1;
			cr_expect_eq(own, 1 << 0 | 1 << 1);
			cr_expect_eq(below, 1 << 1 | 1 << 2);
		} else if (strcmp(key.key, "com") == 0) {
			met |= 2;
			cr_expect_eq(own, 0);
			cr_expect_eq(below, 1 << 1);
		} else if (strcmp(key.key, "org") == 0) {
			met |= 4;
			cr_expect_eq(own, 1 << 3);
			cr_expect_eq(below, 0);
		}
	}
	cr_expect_eq(met, 7);
	cr_expect_eq(keys, 3);
	dictionary_free(dictionary);
}

Test(dictionary, classes_are_replaced_by_others)
{
	static const struct dictionary_entry entries[] = {{"example.com", 0, false}, {"com", 1, true}};
	struct dictionary *dictionary = dictionary_new(entries, 2, ASCENT_SUFFIX, '.', &classes);
	uint32_t own = dictionary_class(dictionary, "example.com"), below = dictionary_class(dictionary, "a.com");
	uint32_t map[SETS];

	for (uint32_t i = 0; i < SETS; i++)
		map[i] = i * 10;
	dictionary_map(dictionary, map);
	cr_expect_eq(dictionary_class(dictionary, "example.com"), own * 10);
	cr_expect_eq(dictionary_class(dictionary, "a.com"), below * 10);
	cr_expect_neq(own, below);
	dictionary_free(dictionary);
}

Test(dictionary, one_without_entries_has_the_empty_class_for_all)
{
	struct dictionary *dictionary = dictionary_new(NULL, 0, ASCENT_SUFFIX, '.', &classes);

	cr_assert_not_null(dictionary);
	cr_expect_eq(dictionary_count(dictionary), 0);
	cr_expect_eq(dictionary_class(dictionary, "example.com"), 0);
	cr_expect_eq(dictionary_class(dictionary, ""), 0);
	dictionary_free(dictionary);
	dictionary_free(NULL);
}

Test(dictionary, many_keys_are_all_found)
{
	enum {
		KEYS = 20000
	};
	static char keys[KEYS][24];
	struct dictionary_entry *entries = calloc(KEYS, sizeof *entries);
	struct dictionary *dictionary;

	for (unsigned i = 0; i < KEYS; i++) {
		snprintf(keys[i], sizeof keys[i], "n%u.example.com", i);
		entries[i] = (struct dictionary_entry){keys[i], i % SETS, false};
	}
	dictionary = dictionary_new(entries, KEYS, ASCENT_SUFFIX, '.', &classes);
	cr_assert_eq(dictionary_count(dictionary), KEYS);
	for (unsigned i = 0; i < KEYS; i++) {
		cr_assert(in_set(dictionary, keys[i], i % SETS), "%s", keys[i]);
		cr_assert_not(in_set(dictionary, keys[i], (i + 1) % SETS), "%s", keys[i]);
	}
	dictionary_free(dictionary);
	free(entries);
}

/* Key i is in the sets that the bits of i say: as many different classes as keys, numbered in 1, 2 and 4 bytes. */
Test(dictionary, a_key_has_its_own_classes_however_many_there_are)
{
	enum {
		KEY_SETS = 17,
		KEYS = 70000
	};
	static char keys[KEYS][16];
	struct dictionary_entry *entries = calloc((size_t)KEYS * KEY_SETS, sizeof *entries);
	static const unsigned counts[] = {100, 300, KEYS};

	for (unsigned i = 0; i < KEYS; i++)
		snprintf(keys[i], sizeof keys[i], "k%u", i);
	for (size_t row = 0; row < sizeof counts / sizeof *counts; row++) {
		struct class_table table;
		struct dictionary *dictionary;
		size_t count = 0;

		cr_assert(class_table_init(&table, KEY_SETS));
		for (unsigned i = 0; i < counts[row]; i++)
			for (unsigned set = 0; set < KEY_SETS; set++)
				if ((i >> set & 1) != 0)
					entries[count++] = (struct dictionary_entry){keys[i], set, i % 2 == 1};
		dictionary = dictionary_new(entries, count, ASCENT_PREFIX, '@', &table);
		cr_assert_not_null(dictionary);
		for (unsigned i = 0; i < counts[row]; i++) {
			char text[20];

			snprintf(text, sizeof text, "%s%s", keys[i], i % 2 == 1 ? "@here" : "");
			cr_assert_eq(*class_table_bits(&table, dictionary_class(dictionary, text)), i, "%s of %u", text,
			             counts[row]);
		}
		dictionary_free(dictionary);
		class_table_destroy(&table);
	}
	free(entries);
}

Test(dictionary, a_key_takes_few_bytes_more_than_its_text)
{
	enum {
		KEYS = 20000
	};
	static char keys[KEYS][24];
	struct dictionary_entry *entries = calloc((size_t)2 * KEYS, sizeof *entries);
	struct dictionary *dictionary;
	size_t text = 0;

	for (unsigned i = 0; i < KEYS; i++) {
		text += (size_t)snprintf(keys[i], sizeof keys[i], "n%u.example.com", i);
		entries[i] = entries[i + KEYS] = (struct dictionary_entry){keys[i], i % SETS, false};
	}
	dictionary = dictionary_new(entries, KEYS, ASCENT_SUFFIX, '.', &classes);
	cr_expect_leq(dictionary_bytes(dictionary), text + 5 * KEYS);
	dictionary_free(dictionary);
	/* entries that say the same again, or all the same, cost nothing */
	dictionary = dictionary_new(entries, (size_t)2 * KEYS, ASCENT_SUFFIX, '.', &classes);
	cr_expect_leq(dictionary_bytes(dictionary), text + 5 * KEYS);
	dictionary_free(dictionary);
	for (size_t i = 0; i < KEYS; i++)
		entries[i] = entries[0];
	dictionary = dictionary_new(entries, KEYS, ASCENT_SUFFIX, '.', &classes);
	cr_expect_eq(dictionary_count(dictionary), 1);
	cr_expect_leq(dictionary_bytes(dictionary), 200);
	dictionary_free(dictionary);
	free(entries);
}
