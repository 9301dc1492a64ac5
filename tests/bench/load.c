/*
 * Loading by kind and size: seconds of a processor, and bytes of the rule set that an
 * entry takes; against reading the lines of the table's file, and giving each network
 * to libcidr.
 */
#include <libcidr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/limits.h"
#include "policy/network.h"
#include "policy/ruleset.h"
#include "policy/vocabulary.h"
#include "rules/diagnostic.h"
#include "rules/load.h"
#include "tests/bench/chance.h"

#define TABLE "table"
#define RULES "rules.conf"

static const size_t sizes[] = {10000, 100000, 1000000};

static void write_networks(FILE *to, size_t count, enum address_family family, uint64_t *state)
{
	struct network *networks = chance_room(count, sizeof *networks);
	char text[LIMIT_NETWORK_TEXT];

	chance_networks(networks, count, family, state);
	for (size_t i = 0; i < count; i++) {
		network_to_text(&networks[i], text);
		fprintf(to, "%s\n", text);
	}
	free(networks);
}

static void write_ipv4(FILE *to, size_t count, uint64_t *state)
{
	write_networks(to, count, ADDRESS_IPV4, state);
}

static void write_ipv6(FILE *to, size_t count, uint64_t *state)
{
	write_networks(to, count, ADDRESS_IPV6, state);
}

static void write_domains(FILE *to, size_t count, uint64_t *state)
{
	char name[32];

	for (size_t i = 0; i < count; i++) {
		chance_name(name, state);
		fprintf(to, "%s%s\n", i % 2 == 0 ? "." : "", name);
	}
}

static void write_addresses(FILE *to, size_t count, uint64_t *state)
{
	char local[32], name[32];

	for (size_t i = 0; i < count; i++) {
		chance_letters(local, 4 + chance_below(state, 9), state);
		chance_name(name, state);
		fprintf(to, "%s@%s\n", local, name);
	}
}

static void write_users(FILE *to, size_t count, uint64_t *state)
{
	char name[32];

	for (size_t i = 0; i < count; i++) {
		chance_letters(name, 4 + chance_below(state, 9), state);
		fprintf(to, "%s%s\n", name, i % 2 == 0 ? "@" : "");
	}
}

static void write_same(FILE *to, size_t count, uint64_t *state)
{
	(void)state;
	for (size_t i = 0; i < count; i++)
		fputs("192.0.2.0/24\n", to);
}

/* 0.0.0.0/0, 0.0.0.0/1 ... 0.0.0.0/32 and again. */
static void write_nested(FILE *to, size_t count, uint64_t *state)
{
	(void)state;
	for (size_t i = 0; i < count; i++)
		fprintf(to, "0.0.0.0/%zu\n", i % 33);
}

static const struct {
	const char *name;
	const char *group;
	enum value_kind kind;
	void (*write)(FILE *to, size_t count, uint64_t *state);
	const char *rule;
} loads[] = {
    {"IPv4 networks", "networks", VALUE_NETWORK, write_ipv4, "connect = ( { verdict = \"reject\"; client = "},
    {"IPv6 networks", "networks", VALUE_NETWORK, write_ipv6, "connect = ( { verdict = \"reject\"; client = "},
    {"the same network", "networks", VALUE_NETWORK, write_same, "connect = ( { verdict = \"reject\"; client = "},
    {"nested networks", "networks", VALUE_NETWORK, write_nested, "connect = ( { verdict = \"reject\"; client = "},
    {"domains", "domains", VALUE_NAME, write_domains, "helo = ( { verdict = \"reject\"; helo = "},
    {"addresses", "addresses", VALUE_MAILBOX, write_addresses, "mail = ( { verdict = \"reject\"; sender = "},
    {"users", "users", VALUE_LOGIN, write_users, "mail = ( { verdict = \"reject\"; user = "},
};

static FILE *create(const char *path)
{
	FILE *file = fopen(path, "w");

	if (file == NULL) {
		perror(path);
		exit(1);
	}
	return file;
}

static void close_file(FILE *file)
{
	if (fclose(file) != 0) {
		perror("benchmark");
		exit(1);
	}
}

/* Seconds to read the lines of the table, and to give them to libcidr. */
static double read_lines(enum value_kind kind)
{
	double start = chance_seconds();
	FILE *file = fopen(TABLE, "r");
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	while (file != NULL && (length = getline(&line, &room, file)) > 0) {
		line[length - 1] = '\0';
		if (kind == VALUE_NETWORK)
			cidr_free(cidr_from_str(line));
	}
	free(line);
	if (file != NULL)
		fclose(file);
	return chance_seconds() - start;
}

static void measure(size_t row, size_t count)
{
	uint64_t state = 1;
	FILE *file = create(TABLE);
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules;
	double base, start, unproved;

	loads[row].write(file, count, &state);
	close_file(file);
	file = create(RULES);
	fprintf(file,
	        "%s = { big = { file = \"%s\"; }; };\nlisteners = ( { name = \"all\"; direction = \"inbound\"; "
	        "%s[ \"@big\" ]; } ); } );\n",
	        loads[row].group, TABLE, loads[row].rule);
	close_file(file);
	base = read_lines(loads[row].kind);
	start = chance_seconds();
	rules_free(rules_load_unproved(RULES, diagnostics));
	unproved = chance_seconds() - start;
	start = chance_seconds();
	rules = rules_load(RULES, diagnostics);
	start = chance_seconds() - start;
	if (rules == NULL)
		exit(1);
	printf("%-16s %7zu: loaded in %6.3f s, %5.1f times the base line; %6.3f s without proofs; %5.1f bytes each\n",
	       loads[row].name, count, start, start / base, unproved,
	       (double)vocabulary_bytes(rules->ruleset->vocabulary, loads[row].kind) / (double)count);
	fflush(stdout);
	rules_free(rules);
	diagnostics_free(diagnostics);
}

int main(void)
{
	char directory[] = "/tmp/bench-load-XXXXXX";

	if (mkdtemp(directory) == NULL || chdir(directory) != 0) {
		perror(directory);
		return 1;
	}
	puts("base line: the lines of the file are read, and networks are given to libcidr; seconds of a processor");
	for (size_t row = 0; row < sizeof loads / sizeof *loads; row++)
		for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
			measure(row, sizes[i]);
	unlink(TABLE);
	unlink(RULES);
	rmdir(directory);
	return 0;
}
