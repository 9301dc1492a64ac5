#include "tests/bench/chance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double chance_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* splitmix64 */
uint64_t chance_number(uint64_t *state)
{
	uint64_t value = *state += UINT64_C(0x9e3779b97f4a7c15);

	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

uint64_t chance_below(uint64_t *state, uint64_t bound)
{
	return chance_number(state) % bound;
}

static address_number random_number(enum address_family family, uint64_t *state)
{
	address_number number = (address_number)chance_number(state) << 64 | chance_number(state);

	if (family == ADDRESS_IPV4)
		return (uint32_t)number;
	return number >> 3 | (address_number)1 << 125;
}

void chance_networks(struct network *networks, size_t count, enum address_family family, uint64_t *state)
{
	static const struct {
		unsigned percent, length;
	} shares[ADDRESS_FAMILY_COUNT][6] = {
	    [ADDRESS_IPV4] = {{50, 32}, {5, 28}, {35, 24}, {8, 22}, {1, 20}, {1, 16}},
	    [ADDRESS_IPV6] = {{20, 128}, {40, 64}, {12, 56}, {20, 48}, {6, 40}, {2, 32}},
	};
	unsigned bits = family == ADDRESS_IPV4 ? 32 : 128;

	for (size_t i = 0; i < count; i++) {
		unsigned chance = (unsigned)chance_below(state, 100), share = 0, host;
		address_number number;

		for (; chance >= shares[family][share].percent; share++)
			chance -= shares[family][share].percent;
		host = bits - shares[family][share].length;
		number = random_number(family, state) >> host << host;

		networks[i] =
		    (struct network){.base = address_from_number(number, family), .prefix_length = bits - host};
	}
}

void chance_addresses(struct address *addresses, size_t count, const struct network *networks, size_t network_count,
                      uint64_t *state)
{
	enum address_family family = networks[0].base.family;
	address_number all = address_last_number(family);

	for (size_t i = 0; i < count; i++) {
		const struct network *network = &networks[chance_below(state, network_count)];
		address_number number = random_number(family, state);
		address_number hosts = network->prefix_length == 0 ? all : all >> 1 >> (network->prefix_length - 1);

		if (i % 2 == 0)
			number = address_to_number(&network->base) | (number & hosts);
		addresses[i] = address_from_number(number, family);
	}
}

void chance_letters(char *text, size_t length, uint64_t *state)
{
	for (size_t i = 0; i < length; i++)
		text[i] = "abcdefghijklmnopqrstuvwxyz0123456789"[chance_below(state, 36)];
	text[length] = '\0';
}

void chance_name(char *text, uint64_t *state)
{
	static const char *const tops[] = {"com", "net", "org", "de", "jp", "co.uk", "info", "com.br"};
	size_t length = 4 + chance_below(state, 11);

	chance_letters(text, length, state);
	text[length] = '.';
	strcpy(text + length + 1, tops[chance_below(state, 8)]);
}

void *chance_room(size_t count, size_t size)
{
	void *memory = calloc(count, size);

	if (memory == NULL) {
		perror("benchmark");
		exit(1);
	}
	return memory;
}
