#include "tests/unit/policy/random_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[65536];
static size_t length;

static void put(const char *words)
{
	length += (size_t)snprintf(text + length, sizeof text - length, "%s", words);
}

static bool chance(unsigned one_in)
{
	return (unsigned)random() % one_in == 0;
}

enum group {
	NETWORKS,
	DOMAINS,
	ADDRESSES,
	USERS,
};
#define GROUPS (USERS + 1)

/* The entries of a group; expressions behind the others. */
#define MOST_ENTRIES 12

static const struct {
	const char *name;
	const char *entries[MOST_ENTRIES];
	unsigned plain, all;
	const char *tables[2];
} groups[GROUPS] = {
    [NETWORKS] = {"networks",
                  {"10.0.0.0/8", "10.0.0.0/9", "10.1.2.3", "192.0.2.0/24", "2001:db8::/32", "127.0.0.1", "0.0.0.0/0",
                   "::/0", "::1"},
                  9,
                  9,
                  {"n0", "n1"}},
    [DOMAINS] = {"domains",
                 {"a.example", ".a.example", "b.a.example", ".example", "unknown", "[192.0.2.1]", "a.test", "/^mail/",
                  "/[0-9]/", "/example$/"},
                 7,
                 10,
                 {"d0", "d1"}},
    [ADDRESSES] = {"addresses",
                   {"bob@a.example", "bob@", "a.example", ".a.example", "<>", "eve@a.test", "bob@b.a.example", "/^x/",
                    "/a[.]/", "/@/", "/^[^@]+$/"},
                   7,
                   11,
                   {"a0", "a1"}},
    [USERS] = {"users", {"bob", "bob@", "eve@r", "eve@", "/^b/", "/@r$/"}, 4, 6, {"u0", "u1"}},
};

static void put_entry(enum group group, bool expressions, unsigned tables)
{
	unsigned entry = (unsigned)random() % (expressions ? groups[group].all : groups[group].plain);

	put("\"");
	if (chance(5) && tables > 0) {
		put("@");
		put(groups[group].tables[(unsigned)random() % tables]);
	} else if (group == ADDRESSES && chance(5) && tables == 2) {
		put("@d0");
	} else {
		put(groups[group].entries[entry]);
	}
	put("\"");
}

/* An array; of conditions with the tables of the file, of tables with those before them. */
static void put_value(enum group group, bool expressions, unsigned tables)
{
	unsigned count = (unsigned)random() % 3 + 1;

	put("[ ");
	for (unsigned i = 0; i < count; i++) {
		put(i > 0 ? ", " : "");
		if (i > 0 && chance(3)) {
			unsigned entry = (unsigned)random() % groups[group].plain;

			put("\"!");
			put(groups[group].entries[entry]);
			put("\"");
		} else {
			put_entry(group, expressions, tables);
		}
	}
	put(" ]");
}

static void put_tables(bool expressions)
{
	for (unsigned group = 0; group < GROUPS; group++) {
		put(groups[group].name);
		put(" = {");
		for (unsigned i = 0; i < 2; i++) {
			put(" ");
			put(groups[group].tables[i]);
			put(" = ");
			put_value((enum group)group, expressions, i);
			put(";");
		}
		put(" };\n");
	}
}

/* The conditions in the order of stages: connect has 2 of them, helo 3, mail 9, rcpt 11, data 9 and the last. */
static const struct {
	const char *name;
	enum group group;
	const char *words[4]; /* in place of a group */
} conditions[] = {
    {"client", NETWORKS, {0}},
    {"client_name", DOMAINS, {0}},
    {"helo", DOMAINS, {0}},
    {"sender", ADDRESSES, {0}},
    {"authenticated", NETWORKS, {"true", "false"}},
    {"user", USERS, {0}},
    {"mechanism", NETWORKS, {"\"PLAIN\"", "[ \"PLAIN\", \"LOGIN\" ]"}},
    {"tls", NETWORKS, {"true", "false", "128"}},
    {"size_over", NETWORKS, {"0", "1000"}},
    {"recipient", ADDRESSES, {0}},
    {"relay", NETWORKS, {"true", "false"}},
    {"recipients_over", NETWORKS, {"0", "1", "2"}},
};
static const unsigned asked_at[] = {2, 3, 9, 11, 10};
static const char *const stages[] = {"connect", "helo", "mail", "rcpt", "data"};

static void put_conditions(unsigned stage, unsigned least, const struct random_rules *what)
{
	unsigned count = least + (unsigned)random() % (what->conditions - least + 1);
	bool said[12] = {false};

	for (unsigned i = 0; i < count; i++) {
		unsigned which = (unsigned)random() % asked_at[stage], words = 0;

		if (stage == 4 && which == 9)
			which = 11;
		if (said[which])
			continue;
		said[which] = true;
		put(conditions[which].name);
		put(" = ");
		while (words < 4 && conditions[which].words[words] != NULL)
			words++;
		if (words > 0)
			put(conditions[which].words[(unsigned)random() % words]);
		else
			put_value(conditions[which].group, what->expressions, 2);
		put("; ");
	}
}

static void put_rule(unsigned stage, const struct random_rules *what)
{
	static const char *const verdicts[] = {"accept", "accept", "reject", "tempfail"};

	put("{ verdict = \"");
	put(verdicts[random() % 4]);
	put("\"; ");
	put_conditions(stage, chance(10) ? 0 : 1, what);
	if (chance(3)) {
		put("unless = { ");
		put_conditions(stage, 1, what);
		put("}; ");
	}
	put("}");
}

/* A setting of a block, or none. */
static void put_list(const char *name, enum group group, const struct random_rules *what)
{
	if (chance(2))
		return;
	put(name);
	put(" = ");
	put_value(group, what->expressions, 2);
	put("; ");
}

static void put_listener(unsigned number, const struct random_rules *what)
{
	static const char *const modes[] = {"optional", "required", "forbidden"}, *const lists[] = {"only",
	                                                                                            "all-except"};
	char head[200], match[32];

	snprintf(match, sizeof match, "port = %u", 25 + number);
	snprintf(head, sizeof head, "  { name = \"l%u\"; direction = \"inbound\"; match = { %s; };%s\n", number,
	         chance(6) ? "local = true" : match, chance(4) ? " resolved = \"ignore\";" : "");
	put(head);
	if (chance(3)) {
		bool only = chance(2);

		put("    connection = { mode = \"");
		put(lists[only ? 0 : 1]);
		put("\"; ");
		put_list("clients", NETWORKS, what);
		put_list("names", DOMAINS, what);
		put("};\n");
	}
	if (chance(2)) {
		put("    auth = { mode = \"");
		put(modes[random() % 3]);
		put("\"; ");
		put_list("users", USERS, what);
		put(chance(3) ? "mechanisms = [ \"PLAIN\" ]; " : "");
		put(chance(3) ? "tls = true; " : "");
		put("};\n");
	}
	if (!chance(4)) {
		bool only = !chance(3), authenticated = chance(2);

		put("    relay = { mode = \"");
		put(lists[only ? 0 : 1]);
		put("\"; ");
		put_list("clients", NETWORKS, what);
		if (only)
			put_list("names", DOMAINS, what);
		put(authenticated ? "authenticated = true; " : "");
		if (authenticated)
			put_list("users", USERS, what);
		put("};\n");
	}
	for (unsigned stage = 0; stage < 5; stage++) {
		unsigned count = (unsigned)random() % 3;

		if (count == 0)
			continue;
		put("    ");
		put(stages[stage]);
		put(" = (");
		for (unsigned i = 0; i < count; i++) {
			put(i > 0 ? ",\n      " : " ");
			put_rule(stage, what);
		}
		put(" );\n");
	}
	put("  }");
}

const char *random_rules(const struct random_rules *what)
{
	unsigned listeners = (unsigned)random() % what->listeners + 1;

	length = 0;
	put_tables(what->expressions);
	if (!chance(4)) {
		put("local_domains = ");
		put_value(DOMAINS, what->expressions, 2);
		put(";\n");
	}
	put("listeners = (\n");
	for (unsigned i = 0; i < listeners; i++) {
		put(i > 0 ? ",\n" : "");
		put_listener(i, what);
	}
	put("\n);\n");
	return text;
}
