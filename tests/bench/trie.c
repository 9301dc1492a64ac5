#include "tests/bench/trie.h"

#include <stdlib.h>

#include "tests/bench/chance.h"

/* Bits are counted from the highest, and stand there for IPv4, too. */
struct node {
	uint64_t high, low;
	uint32_t children[2]; /* 0: none, the root being nobody's child */
	uint32_t set;
	uint32_t length;
};

struct trie {
	struct node *nodes;
	uint32_t count;
	unsigned bits;
};

static address_number prefix_of(const struct node *node)
{
	return (address_number)node->high << 64 | node->low;
}

static address_number top_bits(address_number number, unsigned length)
{
	return length == 0 ? 0 : number >> (128 - length) << (128 - length);
}

static unsigned bit_at(address_number number, unsigned at)
{
	return (unsigned)(number >> (127 - at)) & 1;
}

static unsigned common_bits(address_number one, address_number other)
{
	uint64_t high = (uint64_t)((one ^ other) >> 64), low = (uint64_t)(one ^ other);

	if (high != 0)
		return (unsigned)__builtin_clzll(high);
	return low != 0 ? 64 + (unsigned)__builtin_clzll(low) : 128;
}

static uint32_t add_node(struct trie *trie, address_number prefix, unsigned length, uint32_t set)
{
	trie->nodes[trie->count] =
	    (struct node){.high = (uint64_t)(prefix >> 64), .low = (uint64_t)prefix, .set = set, .length = length};
	return trie->count++;
}

struct trie *trie_new(size_t most, enum address_family family)
{
	struct trie *trie = chance_room(1, sizeof *trie);

	trie->bits = family == ADDRESS_IPV4 ? 32 : 128;
	trie->nodes = chance_room(2 * most + 1, sizeof *trie->nodes);
	add_node(trie, 0, 0, TRIE_NONE);
	return trie;
}

void trie_free(struct trie *trie)
{
	free(trie->nodes);
	free(trie);
}

static address_number number_of(const struct trie *trie, const struct address *address)
{
	return address_to_number(address) << (128 - trie->bits);
}

void trie_add(struct trie *trie, const struct network *network, uint32_t set)
{
	address_number prefix = number_of(trie, &network->base);
	unsigned length = network->prefix_length;
	uint32_t above = 0;

	for (;;) {
		uint32_t *link = &trie->nodes[above].children[bit_at(prefix, trie->nodes[above].length)];
		unsigned common;

		if (trie->nodes[above].length == length) {
			trie->nodes[above].set = set;
			return;
		}
		if (*link == 0) {
			*link = add_node(trie, prefix, length, set);
			return;
		}
		common = common_bits(prefix, prefix_of(&trie->nodes[*link]));
		if (common > length)
			common = length;
		if (common < trie->nodes[*link].length) {
			uint32_t below = *link;
			uint32_t fork = add_node(trie, top_bits(prefix, common), common, TRIE_NONE);

			trie->nodes[fork].children[bit_at(prefix_of(&trie->nodes[below]), common)] = below;
			*link = fork;
		}
		above = *link;
	}
}

uint32_t trie_find(const struct trie *trie, const struct address *address)
{
	address_number number = number_of(trie, address);
	uint32_t found = TRIE_NONE, at = 0;

	do {
		const struct node *node = &trie->nodes[at];

		if (top_bits(number, node->length) != prefix_of(node))
			break;
		if (node->set != TRIE_NONE)
			found = node->set;
		if (node->length == trie->bits)
			break;
		at = node->children[bit_at(number, node->length)];
	} while (at != 0);
	return found;
}

size_t trie_bytes(const struct trie *trie)
{
	return sizeof *trie + trie->count * sizeof *trie->nodes;
}
