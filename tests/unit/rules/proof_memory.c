/* No memory: proving, promises and comparing while each allocation in turn fails, once or from then on. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/compare.h"
#include "policy/network.h"
#include "policy/promise.h"
#include "policy/prove.h"
#include "policy/ruleset.h"
#include "rules/diagnostic.h"
#include "rules/load.h"
#include "tests/unit/rules/rule_files.h"
#include "tests/unit/rules/scarcity.h"

TestSuite(proof_memory, .init = rule_files_start, .fini = rule_files_end);

/* Something of everything: cells that are shown and cells that are not, several rows, promises of each kind. */
#define TABLES                                                                                                         \
	"networks = { lan = [ \"10.0.0.0/8\", \"2001:db8::/32\", \"!10.0.0.1\" ]; };\n"                                \
	"domains = { ours = [ \"ours.example\", \".ours.example\", \"/^reg[0-9]/\" ]; };\n"                            \
	"addresses = { some = [ \"user@a.example\", \"sales@\", \"/x.y@/\", \"@ours\" ]; };\n"                         \
	"users = { staff = [ \"alice\", \"bob@\", \"!bob\", \"/^c/\" ]; };\n"                                          \
	"local_domains = [ \"@ours\" ];\n"                                                                             \
	"never = ( { relay = true; authenticated = false; unless = { client = [ \"@lan\" ]; }; },\n"                   \
	"  { relay = true; sender = [ \"/^(?=never)ever/\" ]; } );\n"
#define LISTENER                                                                                                       \
	"listeners = ( { name = \"one\"; direction = \"inbound\"; match = { port = 25; };\n"                           \
	"    connection = { mode = \"all-except\"; names = [ \"/^dyn/\" ]; };\n"                                       \
	"    auth = { mode = \"optional\"; users = [ \"@staff\", \"dora\" ]; tls = true; };\n"                         \
	"    relay = { mode = \"only\"; clients = [ \"@lan\" ]; authenticated = true; users = [ \"@staff\", \"dora\" " \
	"]; };\n"                                                                                                      \
	"    helo = ( { verdict = \"reject\"; helo = [ \"bad.example\", \"/^spam/\" ]; } );\n"                         \
	"    mail = ( { verdict = \"reject\"; sender = [ \"@some\" ]; unless = { client = [ \"@lan\" ]; }; } );\n"
static const char old[] = TABLES LISTENER "  } );\n";
static const char new[] = TABLES LISTENER "    rcpt = ( { verdict = \"reject\"; recipient = [ \"no@\" ]; } ); } );\n";

static struct rules *rules[WORLD_SIDES];

static void say_networks(const struct networks *networks, FILE *to)
{
	for (size_t i = 0; i < networks->count; i++) {
		char text[LIMIT_NETWORK_TEXT];

		network_to_text(&networks->list[i], text);
		fprintf(to, " %s", text);
	}
}

static void say_party(const struct party *party, FILE *to)
{
	say_networks(&party->clients, to);
	for (size_t i = 0; i < party->user_count; i++)
		fprintf(to, " %s", party->users[i]);
	for (size_t i = 0; i < party->when.count; i++)
		fprintf(to, " %zu", party->when.list[i].count);
	fprintf(to, " by %zu\n", party->by_count);
}

/* Each returns false where there is no memory.  What is said is not short of it. */

static bool prove_all(FILE *to)
{
	const struct ruleset *ruleset = rules[0]->ruleset;
	struct world *world = world_new(&ruleset, 1);
	struct relayers *relayers = world != NULL ? prove_listener(world, &ruleset->listeners[0]) : NULL;
	bool done = relayers != NULL;

	scarcity_pause(true);
	for (size_t i = 0; done && i < relayers->count; i++)
		say_party(&relayers->rows[i].who, to);
	for (unsigned i = 0; done && i < 2; i++)
		say_networks(&relayers->unproved[i], to);
	scarcity_pause(false);
	relayers_free(relayers);
	world_free(world);
	return done;
}

static bool promise_all(FILE *to)
{
	const struct ruleset *ruleset = rules[0]->ruleset;
	struct world *world = world_new(&ruleset, 1);
	bool done = world != NULL;

	for (size_t i = 0; done && i < ruleset->promise_count; i++) {
		const char *words[WITNESS_WORDS];
		struct witness_course course;
		struct witness_room room;
		struct witness witness;
		enum promise_state state = promise_check(world, &ruleset->promises[i], &witness, &course);
		size_t count = state == PROMISE_BROKEN ? witness_words(&witness, &room, words) : 0;

		scarcity_pause(true);
		fprintf(to, "%u", (unsigned)state);
		for (size_t k = 0; k < count; k++)
			fprintf(to, " %s", words[k]);
		fprintf(to, "\n");
		scarcity_pause(false);
		done = state != PROMISE_NO_MEMORY;
	}
	world_free(world);
	return done;
}

static bool compare_all(FILE *to)
{
	const struct ruleset *const sides[] = {rules[0]->ruleset, rules[1]->ruleset};
	struct world *world = world_new(sides, 2);
	struct comparison *comparison = world != NULL ? compare(world, STAGE_DATA) : NULL;
	bool done = comparison != NULL;

	scarcity_pause(true);
	for (size_t i = 0; done && i < comparison->count; i++)
		say_party(&comparison->list[i].who, to);
	scarcity_pause(false);
	comparison_free(comparison);
	world_free(world);
	return done;
}

/* Rules whose promises need not hold. */
static struct rules *load(const char *text)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *loaded;

	write_file("proof.conf", text);
	loaded = rules_load_unproved("proof.conf", diagnostics);
	cr_assert_not_null(loaded, "%s", printed(diagnostics));
	diagnostics_free(diagnostics);
	return loaded;
}

static void short_of_memory(scarcity_saying *all, const char *one, const char *other, size_t most)
{
	rules[0] = load(one);
	rules[1] = load(other);
	scarcity_try(all, most, 101);
	rules_free(rules[0]);
	rules_free(rules[1]);
}

Test(proof_memory, what_is_proved_is_whole_or_nothing)
{
	short_of_memory(prove_all, old, new, SIZE_MAX);
}

Test(proof_memory, what_is_promised_holds_or_is_not_known)
{
	short_of_memory(promise_all, old, new, SIZE_MAX);
}

Test(proof_memory, what_is_compared_is_whole_or_nothing)
{
	short_of_memory(compare_all, old, new, SIZE_MAX);
}

/* Several doors, and names that cannot be looked up: differences that become one. */
#define DOOR(NAME, MATCH, CLIENTS)                                                                                     \
	"{ name = \"" NAME "\"; direction = \"inbound\"; match = { " MATCH " };\n"                                     \
	"  helo = ( { verdict = \"reject\"; client_name = [ \"bad.example\" ]; helo = [ \"x.example\" ]; } );\n"       \
	"  relay = { mode = \"only\"; clients = [ " CLIENTS " ]; }; }"

Test(proof_memory, what_is_compared_of_several_doors_is_whole_or_nothing)
{
	static const char before[] =
	    "listeners = ( " DOOR("a", "port = 25; daemon = \"in\";", "\"10.0.0.1\"") ",\n" DOOR(
	        "b", "address = \"10.0.0.0/8\";", "\"10.0.0.1\", \"10.0.0.9\"") " );\n";
	static const char after[] =
	    "listeners = ( " DOOR("a", "port = [ 25, 26 ];", "\"10.0.0.1\", \"10.0.0.3\"") ",\n" DOOR(
	        "c", "local = true;", "\"127.0.0.1\"") " );\n";

	short_of_memory(compare_all, before, after, 2000);
}
