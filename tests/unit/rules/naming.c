#include "rules/naming.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/limits.h"
#include "policy/ruleset.h"
#include "policy/territory.h"
#include "policy/vocabulary.h"
#include "policy/world.h"
#include "rules/load.h"
#include "rules/model.h"
#include "rules/public.h"
#include "tests/unit/rules/rule_files.h"
#include "tests/unit/rules/said.h"

TestSuite(naming, .init = rule_files_start, .fini = rule_files_end);

/* A rule file, and all that must live with it. */
struct fixture {
	struct rules *rules;
	struct world *world;
	struct naming *naming;
};

/* tables: "a = [ \"10.0.0.0/8\" ]; ..."; used: "\"@a\", ..." */
static struct fixture open_fixture(const char *tables, const char *used)
{
	struct fixture fixture;
	char file[4000];

	snprintf(file, sizeof file,
	         "networks = { %s };\nlisteners = ( { name = \"one\"; direction = \"inbound\";\n"
	         "  connection = { mode = \"all-except\"; clients = [ %s ]; }; } );\n",
	         tables, used);
	fixture.rules = said_load(file);
	cr_assert_not_null(fixture.rules, "%s%s", file, said());
	fixture.world = world_new((const struct ruleset *const[]){fixture.rules->ruleset}, 1);
	cr_assert_not_null(fixture.world);
	fixture.naming = naming_new(fixture.world, fixture.rules);
	cr_assert_not_null(fixture.naming);
	return fixture;
}

static void close_fixture(struct fixture *fixture)
{
	naming_free(fixture->naming);
	world_free(fixture->world);
	rules_free(fixture->rules);
}

static void add_network(struct networks *networks, const char *text)
{
	char repair[LIMIT_NETWORK_TEXT];
	struct network network;
	struct address last;

	cr_assert_eq(network_read(text, &network, repair), NETWORK_SOUND, "%s", text);
	last = network_last(&network);
	cr_assert(networks_cover(networks, &network.base, &last));
}

/* Names the networks, which are separated by blanks. */
static void name(const struct fixture *fixture, const char *list, char *text, size_t size)
{
	struct networks networks = {0};
	struct names names;
	char copy[1000];
	FILE *stream = fmemopen(text, size, "w");

	snprintf(copy, sizeof copy, "%s", list);
	for (char *rest = copy, *word; (word = strsep(&rest, " ")) != NULL;)
		add_network(&networks, word);
	cr_assert(naming_find(fixture->naming, &networks, &names));
	names_print(&names, 3, stream);
	fclose(stream);
	names_destroy(&names);
	networks_destroy(&networks);
}

Test(naming, networks_are_named_by_the_tables_that_have_exactly_them)
{
	static const struct {
		const char *networks;
		const char *names;
	} rows[] = {
	    {"10.0.0.0/8", "@ten"},
	    {"10.0.0.0/8 ::1", "@ten, ::1"},
	    {"10.0.0.0/9", "10.0.0.0/9"},
	    {"10.0.0.0/7", "10.0.0.0/7"},
	    {"192.0.2.0/25 192.0.2.128/25", "@low, @high"},
	    {"192.0.2.0/24", "@low, @high"},
	    {"172.16.0.0/24 172.16.1.0 172.16.1.2/31 172.16.1.4/30 172.16.1.8/29 172.16.1.16/28 172.16.1.32/27 "
	     "172.16.1.64/26 172.16.1.128/25",
	     "@lan"},
	    {"172.16.0.0/24 172.16.1.0 172.16.1.2/31 172.16.1.4/30 172.16.1.8/29 172.16.1.16/28 172.16.1.32/27 "
	     "172.16.1.64/26 172.16.1.128/26 172.16.1.192/27 172.16.1.224/28 172.16.1.240/29 172.16.1.248/30 "
	     "172.16.1.252/31 172.16.1.254",
	     "@lan, but not @last"},
	    {"10.0.0.0/32 10.0.0.2/31 10.0.0.4/30 10.0.0.8/29 10.0.0.16/28 10.0.0.32/27 10.0.0.64/26 "
	     "10.0.0.128/25 10.0.1.0/24 10.0.2.0/23 10.0.4.0/22 10.0.8.0/21 10.0.16.0/20 10.0.32.0/19 10.0.64.0/18 "
	     "10.0.128.0/17 10.1.0.0/16 10.2.0.0/15 10.4.0.0/14 10.8.0.0/13 10.16.0.0/12 10.32.0.0/11 10.64.0.0/10 "
	     "10.128.0.0/9",
	     "10.0.0.0, 10.0.0.2/31, 10.0.0.4/30 and 21 more networks"},
	    {"0.0.0.0/0 ::/0", "everybody"},
	    {"0.0.0.0/0", "all of IPv4"},
	    {"::/0", "all of IPv6"},
	    {"10.0.0.0/8 ::/0", "all of IPv6, @ten"},
	    {"128.0.0.0/1", "128.0.0.0/1"},
	    {"0.0.0.0/1 128.0.0.0/2 192.0.0.0/3 224.0.0.0/4 240.0.0.0/5 ::/0", "everybody, but not 248.0.0.0/5"},
	    {"0.0.0.0/5 8.0.0.0/7 11.0.0.0/8 12.0.0.0/6 16.0.0.0/4 32.0.0.0/3 64.0.0.0/2 128.0.0.0/1 ::/0",
	     "everybody, but not @ten"},
	    {"198.51.100.0/32", "198.51.100.0"},
	};
	struct fixture fixture =
	    open_fixture("ten = [ \"10.0.0.0/8\" ]; low = [ \"192.0.2.0/25\" ]; high = [ \"192.0.2.128/25\" ];\n"
	                 "router = [ \"172.16.1.1\" ]; last = [ \"172.16.1.255\" ];\n"
	                 "lan = [ \"172.16.0.0/23\", \"!@router\" ];",
	                 "\"@ten\", \"@low\", \"@high\", \"@router\", \"@last\", \"@lan\"");

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[1000] = "";

		name(&fixture, rows[i].networks, text, sizeof text);
		cr_expect_str_eq(text, rows[i].names, "%s: \"%s\", not \"%s\"", rows[i].networks, text, rows[i].names);
	}
	close_fixture(&fixture);
}

/* A table that splits what is simple does not name it. */
Test(naming, it_is_said_in_as_few_words_as_can_be)
{
	struct fixture fixture =
	    open_fixture("inner = [ \"203.0.113.0/24\" ]; outer = [ \"203.0.112.0/23\" ];", "\"@inner\", \"@outer\"");
	char text[1000] = "";

	name(&fixture, "128.0.0.0/1", text, sizeof text);
	cr_expect_str_eq(text, "128.0.0.0/1");
	name(&fixture, "203.0.112.0/23", text, sizeof text);
	cr_expect_str_eq(text, "@outer");
	name(&fixture, "203.0.112.0/24", text, sizeof text);
	cr_expect_str_eq(text, "203.0.112.0/24");
	close_fixture(&fixture);
}

static bool in_networks(const struct networks *networks, const struct address *address)
{
	for (size_t i = 0; i < networks->count; i++) {
		struct address last = network_last(&networks->list[i]);

		if (networks->list[i].base.family == address->family &&
		    address_to_number(&networks->list[i].base) <= address_to_number(address) &&
		    address_to_number(address) <= address_to_number(&last))
			return true;
	}
	return false;
}

static bool in_tables(const struct fixture *fixture, const struct table **tables, size_t count,
                      const struct address *address)
{
	for (size_t i = 0; i < count; i++)
		if (bits_test(vocabulary_network(fixture->rules->ruleset->vocabulary, address), tables[i]->value.set))
			return true;
	return false;
}

static bool in_names(const struct fixture *fixture, const struct names *names, const struct address *address)
{
	return (names->everybody[address->family] || in_networks(&names->networks, address) ||
	        in_tables(fixture, names->tables, names->table_count, address)) &&
	       !in_networks(&names->less_networks, address) &&
	       !in_tables(fixture, names->less_tables, names->less_table_count, address);
}

/* The addresses of a small world: 0.0.0.0/4 in steps, and the same of IPv6. */
#define STEPS 64

static struct address step(unsigned index)
{
	struct address address = {.family = index < STEPS ? ADDRESS_IPV4 : ADDRESS_IPV6};

	address.bytes[0] = (uint8_t)(index % STEPS * (256 / STEPS));
	return address;
}

static void add_steps(struct networks *networks, const bool *steps)
{
	for (unsigned i = 0; i < 2 * STEPS; i++) {
		unsigned next = i;
		struct address first = step(i), last;

		if (!steps[i])
			continue;
		while (next + 1 < 2 * STEPS && (next + 1) % STEPS != 0 && steps[next + 1])
			next++;
		last = step(next);
		last = address_from_number(address_to_number(&last) + (address_last_number(last.family) >> 6),
		                           last.family);
		cr_assert(networks_cover(networks, &first, &last));
		i = next;
	}
}

static void random_steps(bool *steps, unsigned often)
{
	bool now = false;

	for (unsigned i = 0; i < 2 * STEPS; i++) {
		if ((unsigned)rand() % often == 0)
			now = !now;
		steps[i] = now;
	}
}

static void write_tables(char *text, size_t size)
{
	*text = '\0';
	for (unsigned table = 0; table < 4; table++) {
		struct networks networks = {0};
		bool steps[2 * STEPS];

		random_steps(steps, 12);
		steps[table] = true;
		add_steps(&networks, steps);
		snprintf(text + strlen(text), size - strlen(text), "t%u = [", table);
		for (size_t i = 0; i < networks.count; i++) {
			char network[LIMIT_NETWORK_TEXT];

			network_to_text(&networks.list[i], network);
			snprintf(text + strlen(text), size - strlen(text), "%s\"%s\"", i == 0 ? "" : ", ", network);
		}
		snprintf(text + strlen(text), size - strlen(text), "];\n");
		networks_destroy(&networks);
	}
}

/* What is wanted: steps at random, or what is in one table and not in another. */
static void choose_steps(const struct fixture *fixture, bool *steps)
{
	const struct table *tables = fixture->rules->model->tables;
	unsigned form = (unsigned)rand() % 4;

	random_steps(steps, 8);
	for (unsigned i = 0; i < 2 * STEPS && form > 0; i++) {
		struct address address = step(i);
		const uint64_t *sets = vocabulary_network(fixture->rules->ruleset->vocabulary, &address);

		steps[i] = bits_test(sets, tables[0].value.set) || (form > 1 && bits_test(sets, tables[1].value.set));
		if (form == 3)
			steps[i] = !steps[i];
		steps[i] &= !bits_test(sets, tables[2].value.set);
	}
}

Test(naming, names_have_exactly_the_addresses_that_they_were_found_for)
{
	srand(4);
	for (unsigned round = 0; round < 60; round++) {
		char tables[3000];
		struct fixture fixture;

		write_tables(tables, sizeof tables);
		fixture = open_fixture(tables, "\"@t0\", \"@t1\", \"@t2\", \"@t3\"");
		for (unsigned try = 0; try < 20; try++) {
			struct networks networks = {0};
			struct names names;
			bool steps[2 * STEPS];

			choose_steps(&fixture, steps);
			add_steps(&networks, steps);
			cr_assert(naming_find(fixture.naming, &networks, &names));
			for (unsigned i = 0; i < 2 * STEPS; i++) {
				struct address address = step(i);

				cr_assert_eq(in_names(&fixture, &names, &address), steps[i],
				             "round %u, try %u, step %u", round, try, i);
			}
			cr_assert(names.table_count + names.less_table_count + names.networks.count +
			                  names.less_networks.count <=
			              networks.count + 1 ||
			          names.everybody[0] || names.everybody[1]);
			names_destroy(&names);
			networks_destroy(&networks);
		}
		close_fixture(&fixture);
	}
}

Test(public, what_the_internet_can_have_as_its_address)
{
	static const struct {
		const char *network;
		bool is;
	} rows[] = {
	    {"10.0.0.0/8", false},
	    {"10.1.2.3", false},
	    {"10.0.0.0/7", true},
	    {"172.16.0.0/12", false},
	    {"172.32.0.0/16", true},
	    {"172.0.0.0/11", true},
	    {"192.168.0.0/16", false},
	    {"192.169.0.1", true},
	    {"100.64.0.0/10", false},
	    {"100.128.0.0/16", true},
	    {"127.0.0.1", false},
	    {"169.254.0.0/16", false},
	    {"192.0.2.0/24", true},
	    {"203.0.113.7", true},
	    {"0.0.0.0/0", true},
	    {"::/0", true},
	    {"::1", false},
	    {"::", true},
	    {"fc00::/7", false},
	    {"fd00:1::1", false},
	    {"fe80::/10", false},
	    {"fec0::/10", true},
	    {"2001:db8::/32", true},
	    {"2000::/3", true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char repair[LIMIT_NETWORK_TEXT];
		struct network network;

		cr_assert_eq(network_read(rows[i].network, &network, repair), NETWORK_SOUND);
		cr_expect_eq(network_is_public(&network), rows[i].is, "%s", rows[i].network);
	}
}
