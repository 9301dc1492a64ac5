#include "milter/ledger/sketch.h"

#include <math.h>

#define BITS (SKETCH_WORDS * 64)

/* FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo), and the finalizer of MurmurHash3 (A. Appleby), as it mixes the low bits. */
uint64_t sketch_hash(uint64_t seed, const char *text, size_t length)
{
	uint64_t hash = UINT64_C(14695981039346656037) ^ seed;

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)text[i];

		byte = byte >= 'A' && byte <= 'Z' ? (unsigned char)(byte + ('a' - 'A')) : byte;
		hash = (hash ^ byte) * UINT64_C(1099511628211);
	}
	hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
	hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return hash ^ hash >> 33;
}

bool sketch_add(struct sketch *sketch, uint64_t hash)
{
	uint64_t *word = &sketch->words[hash % BITS / 64];
	uint64_t bit = UINT64_C(1) << hash % 64;
	bool new = (*word & bit) == 0;

	*word |= bit;
	return new;
}

unsigned sketch_count(const struct sketch *one, const struct sketch *other)
{
	unsigned set = 0;

	for (size_t i = 0; i < SKETCH_WORDS; i++)
		set += (unsigned)__builtin_popcountll(one->words[i] | other->words[i]);
	if (set == BITS)
		return SKETCH_MOST;
	return (unsigned)lround(-BITS * log1p(-(double)set / BITS));
}
