/* The world of rule sets: whatever a session could say, the world has a value that no rule can tell from it. */
#include "policy/world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/classify.h"
#include "policy/dictionary.h"
#include "policy/name.h"
#include "policy/vocabulary.h"
#include "rules/load.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

static struct rules *rules[WORLD_SIDES];
static struct world *world;
static struct match_room *room;
static unsigned side_count;

static void start(void)
{
	rule_files_start();
	room = match_room_new();
	srandom(20261122);
}

static void end(void)
{
	world_free(world);
	for (unsigned side = 0; side < side_count; side++)
		rules_free(rules[side]);
	match_room_free(room);
	rule_files_end();
}

TestSuite(world_values, .init = start, .fini = end);

/* other: the second side's, or NULL. */
static void make(const char *one, const char *other)
{
	const struct ruleset *sides[WORLD_SIDES];
	const char *texts[] = {one, other};

	side_count = other != NULL ? 2 : 1;
	for (unsigned side = 0; side < side_count; side++) {
		rules[side] = told_rules(texts[side]);
		sides[side] = rules[side]->ruleset;
	}
	world = world_new(sides, side_count);
	cr_assert_not_null(world);
	cr_assert_eq(world_side_count(world), side_count);
	for (unsigned side = 0; side < side_count; side++)
		cr_assert_eq(world_side(world, side), sides[side]);
}

#define RULES(LOCAL, REST)                                                                                             \
	"local_domains = [ " LOCAL " ];\n"                                                                             \
	"listeners = ( { name = \"a\"; direction = \"inbound\";\n"                                                     \
	"  relay = { mode = \"only\"; }; " REST " } );\n"
#define REFUSE(CONDITION) "{ verdict = \"reject\"; " CONDITION " }"

static const struct vocabulary *vocabulary(unsigned side)
{
	return rules[side]->ruleset->vocabulary;
}

static bool same_sets(unsigned side, enum value_kind kind, const uint64_t *one, const uint64_t *other)
{
	return memcmp(one, other, vocabulary_words(vocabulary(side), kind) * sizeof *one) == 0;
}

/* Room for the sets of a value, of any kind. */
#define WORDS 64

/* What both sides say of a value. */
struct found {
	uint64_t sets[WORLD_SIDES][WORDS];
	bool local[WORLD_SIDES];
};

static bool is_like(const struct specimen *specimen, enum value_kind kind, const struct found *found)
{
	for (unsigned side = 0; side < side_count; side++)
		if (!same_sets(side, kind, specimen->sets[side], found->sets[side]) ||
		    specimen->local[side] != found->local[side])
			return false;
	return true;
}

static bool world_has(enum value_kind kind, const struct found *found)
{
	for (size_t i = 0; i < world_count(world, kind); i++) {
		struct specimen specimen = world_specimen(world, kind, i);

		if (is_like(&specimen, kind, found))
			return true;
	}
	return false;
}

/* A text as it is compared. */
static void look_up(enum value_kind kind, const char *text, struct found *ret_found)
{
	*ret_found = (struct found){0};
	for (unsigned side = 0; side < side_count; side++) {
		uint64_t *room_for_sets = ret_found->sets[side];
		const uint64_t *sets;

		cr_assert_leq(vocabulary_words(vocabulary(side), kind), WORDS);
		sets = vocabulary_text(vocabulary(side), kind, text, room, room_for_sets);
		cr_assert_not_null(sets);
		memmove(room_for_sets, sets, vocabulary_words(vocabulary(side), kind) * sizeof *sets);
	}
}

static void look_up_name(const char *name, struct found *ret_found)
{
	char *compared;

	cr_assert_neq(name_read(name, strlen(name), &compared), NAME_NO_MEMORY);
	look_up(VALUE_NAME, compared, ret_found);
	free(compared);
}

/* Returns false where the address cannot be read. */
static bool look_up_mailbox(const char *text, struct found *ret_found)
{
	struct mailbox mailbox;

	*ret_found = (struct found){0};
	if (mailbox_read(text, &mailbox) != MAILBOX_READ)
		return false;
	for (unsigned side = 0; side < side_count; side++) {
		uint64_t domain[WORDS];
		struct classifier classifier = {vocabulary(side), room, domain};
		struct locality here = {.domains = rules[side]->ruleset->local_domains};
		struct fact_class class = classify_mailbox(&classifier, &mailbox, ret_found->sets[side]);

		cr_assert_eq(class.state, FACT_KNOWN);
		memmove(ret_found->sets[side], class.sets,
		        vocabulary_words(vocabulary(side), VALUE_MAILBOX) * sizeof *class.sets);
		ret_found->local[side] =
		    !mailbox_could_route(&mailbox) && classify_local(&classifier, &here, &mailbox) == TRUTH_YES;
	}
	mailbox_destroy(&mailbox);
	return true;
}

static const char *one_of(const char *const *list, size_t count)
{
	return list[(size_t)random() % count];
}

/* Made of labels that rules name, and of others. */
static void random_name(char *text, size_t size)
{
	static const char *const labels[] = {"a", "b", "example", "org", "x1", "mail", "zz", "deep", "mx7"};
	int length = 0;

	for (long left = 1 + random() % 4; left > 0; left--)
		length += snprintf(text + length, size - (size_t)length, "%s%s", length > 0 ? "." : "",
		                   one_of(labels, sizeof labels / sizeof *labels));
}

static void random_mailbox(char *text, size_t size)
{
	static const char *const locals[] = {"sales", "info",    "x1",         "mail", "zz",
	                                     "a.b",   "\"a b\"", "\"q\\\"q\"", "u%v"};
	char name[200];

	random_name(name, sizeof name);
	snprintf(text, size, "%s%s%s", one_of(locals, sizeof locals / sizeof *locals), random() % 8 != 0 ? "@" : "",
	         random() % 8 != 0 ? name : "");
	if (text[strlen(text) - 1] == '@')
		text[strlen(text) - 1] = '\0';
}

/* Entries of every form, with keys that begin as the world's own labels would. */
static const char one_side[] = RULES(
    "\"a.example\", \".b.example\"",
    "helo = ( " REFUSE("helo = [ \"a.example\", \".a.example\" ];") ",\n" REFUSE(
        "helo = [ "
        "\".example\", "
        "\"!.b.example\", "
        "\"!mail.example\" "
        "];") ",\n" REFUSE("helo = \"deep.a.example\";") " );"
                                                         "mail = ( " REFUSE(
                                                             "sender = [ \"sales@\", \"info@a.example\" "
                                                             "];") ",\n" REFUSE("sender = [ "
                                                                                "\"example\", "
                                                                                "\".a.example\", "
                                                                                "\"mail@b.example\" ];") ",\n" REFUSE("sender = \"a b@org\";") ",\n" REFUSE("user = [ \"alice\", \"bob@\", \"mail\" ];") ",\n" REFUSE("user = [ \"bob@\", \"!bob\" ];") ",\n" REFUSE("mechanism "
                                                                                                                                                                                                                                                                     "= [ "
                                                                                                                                                                                                                                                                     "\"PLAIN\","
                                                                                                                                                                                                                                                                     " \"LOGIN\""
                                                                                                                                                                                                                                                                     " ];") ","
                                                                                                                                                                                                                                                                            "\n" REFUSE(
                                                                                                                                                                                                                                                                                "mechanism = \"PLAIN\";") " );");
static const char other_side[] =
    RULES("\".example\", \"!zz.example\"",
          "helo = ( " REFUSE(
              "helo = [ \"org\", \"b.example\" ];") " );"
                                                    "mail = ( " REFUSE(
                                                        "sender = [ \"zz@\", \"sales@a.example\", "
                                                        "\"b.example\" ];") ",\n" REFUSE("user = \"alice@\";") " );");
static const char expressions[] =
    RULES("\"a.example\"", "helo = ( " REFUSE("helo = [ \"/^mx[0-9]/\", \".a.example\" ];") ",\n" REFUSE(
                               "helo = \"/example$/\";") " );"
                                                         "mail = ( " REFUSE("sender = [ \"/^sales@/\" ];") ",\n" REFUSE(
                                                             "user = \"/^adm/\";") " );");

static void every_value_has_its_like(const char *one, const char *other)
{
	char text[400];
	struct found found;

	make(one, other);
	for (unsigned i = 0; i < 3000; i++) {
		random_name(text, sizeof text);
		look_up_name(text, &found);
		cr_expect(world_has(VALUE_NAME, &found), "name %s", text);
		random_mailbox(text, sizeof text);
		if (look_up_mailbox(text, &found))
			cr_expect(world_has(VALUE_MAILBOX, &found), "address %s", text);
	}
}

Test(world_values, every_name_and_address_has_its_like)
{
	every_value_has_its_like(one_side, NULL);
}

Test(world_values, of_two_sides_every_pair_of_classes_has_its_like)
{
	every_value_has_its_like(one_side, other_side);
}

Test(world_values, what_plain_expressions_find_has_its_like)
{
	every_value_has_its_like(expressions, NULL);
}

Test(world_values, every_login_and_word_has_its_like)
{
	static const char *const logins[] = {"alice", "alice@realm", "bob",   "bob@realm",   "bob@a@b",
	                                     "mail",  "carol",       "ALICE", "carol@realm", "mail@realm"};
	static const char *const words[] = {"plain", "login", "gssapi"};
	struct found found;

	make(one_side, other_side);
	for (size_t i = 0; i < sizeof logins / sizeof *logins; i++) {
		look_up(VALUE_LOGIN, logins[i], &found);
		cr_expect(world_has(VALUE_LOGIN, &found), "%s", logins[i]);
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		look_up(VALUE_WORD, words[i], &found);
		cr_expect(world_has(VALUE_WORD, &found), "%s", words[i]);
	}
}

/* What is shown to people must be what it was taken for. */
static void every_value_is_what_it_says(const char *one, const char *other)
{
	struct found found;

	make(one, other);
	for (size_t i = 0; i < world_count(world, VALUE_NAME); i++) {
		struct specimen name = world_specimen(world, VALUE_NAME, i);

		look_up_name(name.text, &found);
		cr_expect(is_like(&name, VALUE_NAME, &found), "%s", name.text);
	}
	for (size_t i = 0; i < world_count(world, VALUE_MAILBOX); i++) {
		struct specimen mailbox = world_specimen(world, VALUE_MAILBOX, i);

		cr_expect(look_up_mailbox(mailbox.text, &found), "%s", mailbox.text);
		cr_expect(is_like(&mailbox, VALUE_MAILBOX, &found), "%s", mailbox.text);
		cr_expect(look_up_mailbox(mailbox.routed, &found), "%s", mailbox.routed);
		for (unsigned side = 0; side < side_count; side++) {
			cr_expect(same_sets(side, VALUE_MAILBOX, mailbox.sets[side], found.sets[side]), "%s",
			          mailbox.routed);
			cr_expect_not(found.local[side], "%s", mailbox.routed);
		}
	}
}

Test(world_values, a_value_is_in_the_sets_that_it_stands_for)
{
	every_value_is_what_it_says(one_side, other_side);
}

Test(world_values, a_value_that_an_expression_finds_is_too)
{
	every_value_is_what_it_says(expressions, NULL);
}

Test(world_values, no_two_values_are_alike)
{
	make(one_side, other_side);
	for (unsigned kind = VALUE_NAME; kind <= VALUE_WORD; kind++)
		for (size_t i = 0; i < world_count(world, (enum value_kind)kind); i++)
			for (size_t k = 0; k < i; k++) {
				struct specimen one = world_specimen(world, (enum value_kind)kind, i);
				struct specimen other = world_specimen(world, (enum value_kind)kind, k);
				bool alike = true;

				for (unsigned side = 0; side < side_count; side++)
					alike =
					    alike && one.local[side] == other.local[side] &&
					    same_sets(side, (enum value_kind)kind, one.sets[side], other.sets[side]);
				cr_expect_not(alike, "%s and %s", one.text, other.text);
			}
}

static bool has_text(enum value_kind kind, const char *text)
{
	for (size_t i = 0; i < world_count(world, kind); i++)
		if (strcmp(world_specimen(world, kind, i).text, text) == 0)
			return true;
	return false;
}

/* No verified name is "unknown", and no login comes by ANONYMOUS. */
Test(world_values, what_no_session_says_is_not_among_them)
{
	make(
	    RULES(
	        "",
	        "mail = ( " REFUSE("client_name = \"a.example\";") ",\n" REFUSE(
	            "mechanism = \"ANONYMOUS\";") ",\n" REFUSE("mechanism = \"PLAIN\";") ",\n" REFUSE("sender = "
	                                                                                              "\"<>\";") " );"),
	    NULL);
	cr_expect_not(has_text(VALUE_NAME, "unknown"));
	cr_expect(has_text(VALUE_WORD, "plain"));
	cr_expect_not(has_text(VALUE_WORD, "anonymous"));
	cr_expect_not(has_text(VALUE_MAILBOX, "<>"));
}

Test(world_values, a_client_without_a_name_is_among_them_where_rules_ask_for_it)
{
	make(RULES("", "mail = ( " REFUSE("client_name = \"unknown\";") " );"), NULL);
	cr_expect(has_text(VALUE_NAME, "unknown"));
}

/* What a text has before expressions are asked, where it is no key itself, is some region's. */
static bool region_has(enum value_kind kind, const uint64_t *sets)
{
	for (size_t i = 0; i < world_region_count(world, kind); i++)
		if (same_sets(0, kind, world_region(world, kind, i).sets[0], sets))
			return true;
	return false;
}

static bool is_key(enum value_kind kind, const char *text)
{
	const struct dictionary *dictionary = vocabulary_dictionary(vocabulary(0), kind);
	struct dictionary_key key;

	for (size_t place = 0; dictionary_next(dictionary, &place, &key);)
		if (strcmp(key.key, text) == 0)
			return true;
	return false;
}

Test(world_values, names_that_no_pattern_names_are_in_a_region)
{
	char name[200];

	make(expressions, NULL);
	for (unsigned i = 0; i < 2000; i++) {
		uint32_t class;

		random_name(name, sizeof name);
		class = dictionary_class(vocabulary_dictionary(vocabulary(0), VALUE_NAME), name);
		if (!is_key(VALUE_NAME, name))
			cr_expect(region_has(VALUE_NAME, vocabulary_class(vocabulary(0), VALUE_NAME, class)), "%s",
			          name);
	}
	cr_expect_gt(world_region_count(world, VALUE_NAME), 1);
}

static struct address random_address(void)
{
	struct address address = address_loopback(random() % 2 == 0 ? ADDRESS_IPV4 : ADDRESS_IPV6);
	char text[40];

	if (address.family == ADDRESS_IPV4)
		snprintf(text, sizeof text, "10.0.%ld.%ld", random() % 8, random() % 8);
	else
		snprintf(text, sizeof text, "2001:db8::%lx", random() % 8);
	cr_assert(address_from_text(text, &address));
	return address;
}

Test(world_values, the_class_of_an_address_has_its_sets)
{
	make(RULES("", "connect = ( " REFUSE("client = [ \"10.0.0.0/22\", \"!10.0.1.0/30\" ];") ",\n" REFUSE(
	                   "client = [ \"10.0.1.0/24\", \"2001:db8::/126\" ];") " );"),
	     RULES("", "connect = ( " REFUSE("client = [ \"10.0.0.4\", \"2001:db8::3\", \"10.0.4.0/23\" ];") " );"));
	for (unsigned i = 0; i < 2000; i++) {
		struct address address = random_address();
		uint32_t class = territory_class_of(world_territory(world), &address);
		struct specimen specimen = world_address_class(world, class);

		for (unsigned side = 0; side < side_count; side++) {
			const uint64_t *sets = vocabulary_network(vocabulary(side), &address);
			size_t bits = vocabulary_words(vocabulary(side), VALUE_NETWORK) * BITS_PER_WORD;

			cr_expect(same_sets(side, VALUE_NETWORK, specimen.sets[side], sets));
			for (uint32_t set = 0; set < bits; set++)
				cr_expect_eq(bits_test(world_classes_in(world, side, set), class), bits_test(sets, set),
				             "class %u, set %u", class, set);
		}
	}
}
