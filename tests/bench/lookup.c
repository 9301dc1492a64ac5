/*
 * Look-ups by structure and size: the partition against libcidr in a loop and a
 * path-compressed trie, and the dictionary of each kind.
 *
 * "apart" is a look-up among others that need not wait for it, "in turn" one that
 * begins with what the one before it has found.
 */
#include <libcidr.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/dictionary.h"
#include "policy/limits.h"
#include "policy/partition.h"
#include "policy/vocabulary.h"
#include "tests/bench/chance.h"
#include "tests/bench/trie.h"

#define SETS 200
#define LOOKUPS 1000000
#define LOOP_BUDGET 1e6 /* comparisons that libcidr in a loop may make */

static const size_t sizes[] = {1000, 30000, 1000000};

/* What a look-up found, so that none is left out. */
static volatile uint64_t kept;

/* Nanoseconds for a look-up. */
struct pace {
	double apart;
	double in_turn;
};

typedef uint64_t (*find_function)(const void *structure, const void *value);

/* values: count of them, each of size bytes; count is a power of two. */
static struct pace measure(find_function find, const void *structure, const void *values, size_t size, size_t count,
                           size_t lookups)
{
	struct pace pace = {1e9, 1e9};

	for (unsigned round = 0; round < 3; round++) {
		uint64_t found = 0;
		double start = chance_seconds(), end;

		for (size_t i = 0; i < lookups; i++)
			found += find(structure, (const char *)values + (i & (count - 1)) * size);
		end = chance_seconds();
		if ((end - start) / (double)lookups * 1e9 < pace.apart)
			pace.apart = (end - start) / (double)lookups * 1e9;
		start = chance_seconds();
		for (size_t i = 0, at = 0; i < lookups; i++) {
			uint64_t result = find(structure, (const char *)values + at * size);

			/* what is found decides nothing, but no processor knows that */
			found += result;
			at = ((i * 0x9e3779b1u) ^ (result >> 40)) & (count - 1);
		}
		end = chance_seconds();
		if ((end - start) / (double)lookups * 1e9 < pace.in_turn)
			pace.in_turn = (end - start) / (double)lookups * 1e9;
		kept += found;
	}
	return pace;
}

/* Addresses */

static uint64_t find_in_partition(const void *structure, const void *value)
{
	return partition_class(structure, value);
}

static uint64_t find_in_trie(const void *structure, const void *value)
{
	return trie_find(structure, value);
}

struct loop {
	CIDR **networks;
	size_t count;
};

/* As libcidr is meant to be used: the address is one of its own. */
static uint64_t find_in_loop(const void *structure, const void *value)
{
	const struct loop *loop = structure;
	uint64_t found = 0;

	for (size_t i = 0; i < loop->count; i++)
		found += cidr_contains(loop->networks[i], *(CIDR *const *)value) == 0;
	return found;
}

static struct pace measure_loop(const struct network *networks, size_t count, const struct address *addresses)
{
	struct loop loop = {chance_room(count, sizeof *loop.networks), count};
	size_t lookups = (size_t)(LOOP_BUDGET / (double)count);
	char text[LIMIT_NETWORK_TEXT];
	CIDR *values[1024];
	struct pace pace;

	for (size_t i = 0; i < count; i++) {
		network_to_text(&networks[i], text);
		loop.networks[i] = cidr_from_str(text);
	}
	for (size_t i = 0; i < 1024; i++) {
		address_to_text(&addresses[i], text);
		values[i] = cidr_from_str(text);
	}
	pace = measure(find_in_loop, &loop, values, sizeof *values, 1024, lookups);
	for (size_t i = 0; i < count; i++)
		cidr_free(loop.networks[i]);
	for (size_t i = 0; i < 1024; i++)
		cidr_free(values[i]);
	free(loop.networks);
	return pace;
}

static void show(const char *structure, struct pace pace, struct pace base, size_t bytes, size_t count)
{
	printf("  %-12s %10.1f ns apart %10.1f ns in turn %8.4f of the trie's time", structure, pace.apart,
	       pace.in_turn, pace.apart / base.apart);
	if (bytes > 0)
		printf(" %6.1f bytes each", (double)bytes / (double)count);
	putchar('\n');
	fflush(stdout);
}

static void compare(enum address_family family, size_t count, unsigned sets)
{
	enum {
		ADDRESSES = 1 << 20
	};
	uint64_t state = 1;
	struct network *networks = chance_room(count, sizeof *networks);
	struct network_entry *entries = chance_room(count, sizeof *entries);
	struct address *addresses = chance_room(ADDRESSES, sizeof *addresses);
	struct trie *trie = trie_new(count, family);
	struct class_table classes;
	struct partition *partition;
	struct pace base, pace;
	double start;

	chance_networks(networks, count, family, &state);
	chance_addresses(addresses, ADDRESSES, networks, count, &state);
	for (size_t i = 0; i < count; i++) {
		entries[i] = (struct network_entry){networks[i], (uint32_t)(i % sets)};
		trie_add(trie, &networks[i], entries[i].set);
	}
	start = chance_seconds();
	if (!class_table_init(&classes, sets) || (partition = partition_new(entries, count, &classes)) == NULL)
		exit(1);
	class_table_trim(&classes);
	printf("%s, %zu networks in %u tables (%u classes, built in %.0f ms)\n",
	       family == ADDRESS_IPV4 ? "IPv4" : "IPv6", count, sets, classes.count, (chance_seconds() - start) * 1e3);
	base = measure(find_in_trie, trie, addresses, sizeof *addresses, ADDRESSES, LOOKUPS);
	pace = measure(find_in_partition, partition, addresses, sizeof *addresses, ADDRESSES, LOOKUPS);
	show("partition", pace, base, partition_bytes(partition) + class_table_bytes(&classes), count);
	show("trie", base, base, trie_bytes(trie), count);
	show("libcidr loop", measure_loop(networks, count, addresses), base, 0, count);
	partition_free(partition);
	class_table_destroy(&classes);
	trie_free(trie);
	free(addresses);
	free(entries);
	free(networks);
}

/* Texts */

struct text {
	char text[64];
};

static void random_text(enum value_kind kind, char *text, uint64_t *state)
{
	size_t length = 4 + chance_below(state, 9);

	if (kind == VALUE_NAME) {
		chance_name(text, state);
		return;
	}
	chance_letters(text, length, state);
	if (kind == VALUE_MAILBOX) {
		text[length] = MAILBOX_SEPARATOR;
		chance_name(text + length + 1, state);
	}
}

static uint64_t find_in_dictionary(const void *structure, const void *value)
{
	return dictionary_class(structure, ((const struct text *)value)->text);
}

static void measure_texts(enum value_kind kind, size_t count)
{
	enum {
		VALUES = 1 << 18
	};
	static const char *const kinds[VALUE_SET_KINDS] = {
	    [VALUE_NAME] = "domains", [VALUE_MAILBOX] = "addresses", [VALUE_LOGIN] = "users"};
	static const enum ascent ascents[VALUE_SET_KINDS] = {
	    [VALUE_NAME] = ASCENT_SUFFIX, [VALUE_MAILBOX] = ASCENT_PREFIX, [VALUE_LOGIN] = ASCENT_PREFIX};
	static const char separators[VALUE_SET_KINDS] = {
	    [VALUE_NAME] = '.', [VALUE_MAILBOX] = MAILBOX_SEPARATOR, [VALUE_LOGIN] = '@'};
	uint64_t state = 1;
	struct text *keys = chance_room(count, sizeof *keys), *values = chance_room(VALUES, sizeof *values);
	struct dictionary_entry *entries = chance_room(count, sizeof *entries);
	size_t text_bytes = 0, bytes;
	struct class_table classes;
	struct dictionary *dictionary;
	struct pace pace;
	double start;

	for (size_t i = 0; i < count; i++) {
		random_text(kind, keys[i].text, &state);
		text_bytes += strlen(keys[i].text);
		entries[i] = (struct dictionary_entry){keys[i].text, (uint32_t)(i % SETS), false};
	}
	for (size_t i = 0; i < VALUES; i++) {
		if (i % 2 == 0)
			strcpy(values[i].text, keys[chance_below(&state, count)].text);
		else
			random_text(kind, values[i].text, &state);
	}
	start = chance_seconds();
	if (!class_table_init(&classes, SETS) ||
	    (dictionary = dictionary_new(entries, count, ascents[kind], separators[kind], &classes)) == NULL)
		exit(1);
	class_table_trim(&classes);
	bytes = dictionary_bytes(dictionary) + class_table_bytes(&classes);
	start = chance_seconds() - start;
	pace = measure(find_in_dictionary, dictionary, values, sizeof *values, VALUES, LOOKUPS);
	printf("%s, %zu in %u tables: %.1f ns apart, %.1f ns in turn, %.1f bytes each with %.1f of text, built in %.0f "
	       "ms\n",
	       kinds[kind], count, SETS, pace.apart, pace.in_turn, (double)bytes / (double)count,
	       (double)text_bytes / (double)count, start * 1e3);
	dictionary_free(dictionary);
	class_table_destroy(&classes);
	free(entries);
	free(values);
	free(keys);
}

int main(void)
{
	for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT; family++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
			compare((enum address_family)family, sizes[i], SETS);
	for (unsigned kind = VALUE_NAME; kind <= VALUE_LOGIN; kind++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
			measure_texts((enum value_kind)kind, sizes[i]);
	return 0;
}
