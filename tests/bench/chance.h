/*
 * NAME
 *	chance - what the benchmarks of the rule set share: a clock, chance, networks
 *
 * DESCRIPTION
 *	The same networks, names and order of look-ups come out of every run.
 */
#ifndef TESTS_BENCH_CHANCE_H
#define TESTS_BENCH_CHANCE_H

#include <stddef.h>
#include <stdint.h>

#include "policy/network.h"

/* Seconds that this process was given a processor for: others may want it, too. */
double chance_seconds(void);

/* Numbers by chance, from a state that begins as any number; one below a bound. */
uint64_t chance_number(uint64_t *state);
uint64_t chance_below(uint64_t *state, uint64_t bound);

/*
 * Fills networks by chance, most of them as those of real lists: single addresses
 * and /24, of IPv6 /64 and /48, with larger ones around some.  IPv6 is in 2000::/3.
 */
void chance_networks(struct network *networks, size_t count, enum address_family family, uint64_t *state);

/*
 * Fills addresses to look up: every other one is in one of the networks, the rest
 * anywhere, of IPv6 in 2000::/3.
 */
void chance_addresses(struct address *addresses, size_t count, const struct network *networks, size_t network_count,
                      uint64_t *state);

/* Writes a domain name, or so many letters and digits, by chance: at most 30 bytes with the end of the string. */
void chance_name(char *text, uint64_t *state);
void chance_letters(char *text, size_t length, uint64_t *state);

/* Memory that exists, or the program ends. */
void *chance_room(size_t count, size_t size);

#endif
