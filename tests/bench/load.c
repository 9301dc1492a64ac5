/*
 * Loading by kind and size: seconds of a processor, and bytes of the rule set that an
 * entry takes; against reading the lines of the table's file, and giving each network
 * to libcidr.
 */
#include <libcidr.h>
#include <stdbool.h>
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

/* Tables, where there are several. */
#define TABLES 200

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

/* Each second network is taken out. */
static void write_taken_out(FILE *to, size_t count, uint64_t *state)
{
	struct network *networks = chance_room(count, sizeof *networks);
	char text[LIMIT_NETWORK_TEXT];

	chance_networks(networks, count, ADDRESS_IPV4, state);
	for (size_t i = 0; i < count; i++) {
		network_to_text(&networks[i], text);
		fprintf(to, "%s%s\n", i % 2 == 0 ? "" : "!", text);
	}
	free(networks);
}

#define CLIENT "connect = ( { verdict = \"reject\"; client = "

/* What is made of the table. */
enum shape {
	SHAPE_ALONE,
	SHAPE_APART,  /* its entries are in as many tables, each in a file */
	SHAPE_WITHIN, /* as many tables have it, and something of their own */
};

static const struct {
	const char *name;
	const char *group;
	enum value_kind kind;
	void (*write)(FILE *to, size_t count, uint64_t *state);
	const char *rule;
	enum shape shape;
} loads[] = {
    {"IPv4 networks", "networks", VALUE_NETWORK, write_ipv4, CLIENT, SHAPE_ALONE},
    {"IPv6 networks", "networks", VALUE_NETWORK, write_ipv6, CLIENT, SHAPE_ALONE},
    {"the same network", "networks", VALUE_NETWORK, write_same, CLIENT, SHAPE_ALONE},
    {"nested networks", "networks", VALUE_NETWORK, write_nested, CLIENT, SHAPE_ALONE},
    {"in 200 tables", "networks", VALUE_NETWORK, write_ipv4, CLIENT, SHAPE_APART},
    {"had by 200", "networks", VALUE_NETWORK, write_ipv4, CLIENT, SHAPE_WITHIN},
    {"half taken out", "networks", VALUE_NETWORK, write_taken_out, CLIENT, SHAPE_ALONE},
    {"domains", "domains", VALUE_NAME, write_domains, "helo = ( { verdict = \"reject\"; helo = ", SHAPE_ALONE},
    {"addresses", "addresses", VALUE_MAILBOX, write_addresses,
     "mail = ( { verdict = \"reject\"; sender = ", SHAPE_ALONE},
    {"users", "users", VALUE_LOGIN, write_users, "mail = ( { verdict = \"reject\"; user = ", SHAPE_ALONE},
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
			cidr_free(cidr_from_str(line[0] == '!' ? line + 1 : line));
	}
	free(line);
	if (file != NULL)
		fclose(file);
	return chance_seconds() - start;
}

/* One table of the file, or several that have it. */
static void write_one_file(FILE *rules, size_t tables)
{
	fprintf(rules, "  big = { file = \"%s\"; };\n", TABLE);
	for (size_t i = 0; tables > 1 && i < tables; i++)
		fprintf(rules, "  t%zu = [ \"@big\", \"192.0.2.%zu\" ];\n", i, i);
}

/* Tables that have the entries among them. */
static void write_files(FILE *rules, size_t row, size_t count, size_t tables)
{
	uint64_t state = 1;

	for (size_t i = 0; i < tables; i++) {
		char name[32];
		FILE *file;

		snprintf(name, sizeof name, "table.%zu", i);
		file = create(name);
		loads[row].write(file, count / tables, &state);
		close_file(file);
		fprintf(rules, "  t%zu = { file = \"%s\"; };\n", i, name);
	}
}

static size_t tables_of(size_t row)
{
	return loads[row].shape == SHAPE_ALONE ? 1 : TABLES;
}

static void write_listener(FILE *rules, size_t row, size_t number, bool last)
{
	char table[32] = "big";

	if (tables_of(row) > 1)
		snprintf(table, sizeof table, "t%zu", number);
	fprintf(
	    rules,
	    "  { name = \"all%zu\"; direction = \"inbound\"; match = { port = [ %zu ]; }; %s[ \"@%s\" ]; } ); }%s\n",
	    number, number + 1, loads[row].rule, table, last ? "" : ",");
}

/* A rule file whose rules ask of each table. */
static void write_rules(size_t row, size_t count)
{
	size_t tables = tables_of(row);
	FILE *file = create(RULES);

	fprintf(file, "%s = {\n", loads[row].group);
	if (loads[row].shape == SHAPE_APART)
		write_files(file, row, count, tables);
	else
		write_one_file(file, tables);
	fprintf(file, "};\nlisteners = (\n");
	for (size_t i = 0; i < tables; i++)
		write_listener(file, row, i, i + 1 == tables);
	fprintf(file, ");\n");
	close_file(file);
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
	write_rules(row, count);
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
	for (size_t i = 0; i < TABLES; i++) {
		char name[32];

		snprintf(name, sizeof name, "table.%zu", i);
		unlink(name);
	}
	unlink(TABLE);
	unlink(RULES);
	rmdir(directory);
	return 0;
}
