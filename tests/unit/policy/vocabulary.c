#include "policy/vocabulary.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/limits.h"

/*
 * A vocabulary told twice: to the builder, and as a list of sets that is gone
 * through, set by set and pattern by pattern, for each value.
 */
#define SETS 90
#define PATTERNS 60

struct pattern {
	enum value_kind kind;
	uint32_t set;
	char key[24];       /* or a part of a text that is searched for */
	bool itself, below; /* neither: an expression, or a link */
	bool link;          /* to the names' set of that number */
	uint32_t names;
};

struct told_set {
	bool combined;
	uint32_t plus[4], minus[4];
	size_t plus_count, minus_count;
};

static struct told {
	struct pattern patterns[VALUE_SET_KINDS][PATTERNS];
	size_t pattern_count[VALUE_SET_KINDS];
	struct told_set sets[VALUE_SET_KINDS][SETS];
	size_t set_count[VALUE_SET_KINDS];
} told;

/* A value of a kind of texts: what dictionaries, and what expressions see. */
struct value {
	char key[64], subject[64];
	char domain[32]; /* of a mailbox; empty without one */
};

static const char separators[] = {
    [VALUE_NAME] = '.',
    [VALUE_MAILBOX] = MAILBOX_SEPARATOR,
    [VALUE_LOGIN] = '@',
    [VALUE_WORD] = '\0',
};

static void random_word(char *text, char separator, unsigned labels)
{
	size_t length = 0;

	for (unsigned i = 0; i < labels; i++) {
		if (i > 0 && separator != '\0')
			text[length++] = separator;
		for (long letters = random() % 2 + 1; letters > 0; letters--)
			text[length++] = (char)('a' + random() % 2);
	}
	text[length] = '\0';
}

static void random_value(enum value_kind kind, struct value *value)
{
	char *at;

	*value = (struct value){0};
	random_word(value->key, kind == VALUE_MAILBOX ? '-' : separators[kind], (unsigned)random() % 3 + 1);
	strcpy(value->subject, value->key);
	if (kind != VALUE_MAILBOX || random() % 5 == 0)
		return;
	random_word(value->domain, '.', (unsigned)random() % 3 + 1);
	at = value->key + strlen(value->key);
	snprintf(at, sizeof value->key - (size_t)(at - value->key), "%c%s", MAILBOX_SEPARATOR, value->domain);
	snprintf(value->subject + (at - value->key), sizeof value->subject - (size_t)(at - value->key), "@%s",
	         value->domain);
}

static bool told_in(enum value_kind kind, uint32_t set, const struct value *value);

static bool pattern_matches(const struct pattern *pattern, const struct value *value)
{
	size_t key = strlen(pattern->key), length = strlen(value->key);
	char separator = separators[pattern->kind];
	struct value name = {0};

	if (pattern->link) {
		strcpy(name.key, value->domain);
		strcpy(name.subject, value->domain);
		return value->domain[0] != '\0' && told_in(VALUE_NAME, pattern->names, &name);
	}
	if (!pattern->itself && !pattern->below)
		return strstr(value->subject, pattern->key) != NULL;
	if (pattern->itself && strcmp(value->key, pattern->key) == 0)
		return true;
	if (!pattern->below || length <= key + 1)
		return false;
	if (pattern->kind == VALUE_NAME)
		return value->key[length - key - 1] == separator &&
		       strcmp(value->key + length - key, pattern->key) == 0;
	return strncmp(value->key, pattern->key, key) == 0 && value->key[key] == separator &&
	       strchr(value->key + key + 1, separator) == NULL;
}

static bool told_in(enum value_kind kind, uint32_t set, const struct value *value)
{
	const struct told_set *sets = &told.sets[kind][set];
	bool in = false;

	if (sets->combined) {
		for (size_t i = 0; i < sets->plus_count; i++)
			in |= told_in(kind, sets->plus[i], value);
		for (size_t i = 0; i < sets->minus_count; i++)
			in &= !told_in(kind, sets->minus[i], value);
		return in;
	}
	for (size_t i = 0; i < told.pattern_count[kind]; i++)
		in |= told.patterns[kind][i].set == set && pattern_matches(&told.patterns[kind][i], value);
	return in;
}

static struct expression *expression(const char *pattern)
{
	char fault[100];
	struct expression *compiled = expression_new(VALUE_NAME, pattern, strlen(pattern), fault, sizeof fault);

	cr_assert_not_null(compiled, "%s", fault);
	return compiled;
}

/* What random vocabularies are made of. */
struct wanted {
	bool expressions;
	bool links;
	bool unsettled; /* an expression that nothing matches, in a set of its own, so that nothing is worked out before
	                 */
};

static void tell_pattern(struct vocabulary_builder *builder, enum value_kind kind, uint32_t set,
                         const struct wanted *wanted)
{
	struct pattern *pattern = &told.patterns[kind][told.pattern_count[kind]++];
	struct value value;

	*pattern = (struct pattern){.kind = kind, .set = set};
	if (wanted->links && kind == VALUE_MAILBOX && random() % 3 == 0) {
		pattern->link = true;
		pattern->names = (uint32_t)random() % (uint32_t)told.set_count[VALUE_NAME];
		cr_assert(vocabulary_add_domain(builder, set, pattern->names));
	} else if (wanted->expressions && kind != VALUE_WORD && random() % 4 == 0) {
		random_word(pattern->key, '\0', 2);
		cr_assert(vocabulary_add_expression(builder, kind, set, expression(pattern->key)));
	} else {
		random_value(kind, &value);
		strcpy(pattern->key, value.key);
		pattern->below = kind != VALUE_WORD && random() % 2 == 0;
		pattern->itself = !pattern->below || random() % 2 == 0;
		cr_assert(vocabulary_add_text(builder, kind, set, pattern->key, pattern->itself, pattern->below));
	}
}

/* A set of plain patterns, or one of those before less others, as tables that nest and take out come to. */
static void tell_set(struct vocabulary_builder *builder, enum value_kind kind, const struct wanted *wanted)
{
	uint32_t number = (uint32_t)told.set_count[kind], set;
	struct told_set *sets = &told.sets[kind][number];

	*sets = (struct told_set){.combined = number > 2 && random() % 2 == 0};
	if (sets->combined) {
		sets->plus_count = (size_t)random() % 4;
		sets->minus_count = (size_t)random() % 4;
		for (size_t i = 0; i < 4; i++) {
			sets->plus[i] = (uint32_t)random() % number;
			sets->minus[i] = (uint32_t)random() % number;
		}
		set = vocabulary_combine(builder, kind, sets->plus, sets->plus_count, sets->minus, sets->minus_count);
	} else {
		set = vocabulary_set(builder, kind);
	}
	cr_assert_eq(set, number);
	told.set_count[kind]++;
	for (long patterns = random() % 4; patterns > 0 && !sets->combined; patterns--)
		if (told.pattern_count[kind] < PATTERNS)
			tell_pattern(builder, kind, set, wanted);
}

/* Tells a vocabulary; the names before the mailboxes, which ask about them. */
static struct vocabulary *tell(const struct wanted *wanted, long seed)
{
	static const enum value_kind order[] = {VALUE_NAME, VALUE_MAILBOX, VALUE_LOGIN, VALUE_WORD};
	struct vocabulary_builder *builder = vocabulary_builder_new();
	struct vocabulary *vocabulary;

	cr_assert_not_null(builder);
	memset(&told, 0, sizeof told);
	srandom((unsigned)seed);
	for (size_t i = 0; i < sizeof order / sizeof *order; i++)
		for (long sets = random() % (SETS - 2) + 1; sets > 0; sets--)
			tell_set(builder, order[i], wanted);
	for (size_t i = 0; wanted->unsettled && i < sizeof order / sizeof *order; i++)
		cr_assert(vocabulary_add_expression(builder, order[i], vocabulary_set(builder, order[i]),
		                                    expression("(*FAIL)")));
	vocabulary = vocabulary_build(builder);
	cr_assert_not_null(vocabulary);
	return vocabulary;
}

/* Has every kind of texts looked up for many values, and compares. */
static void compare(const struct vocabulary *vocabulary, const char *what, long seed)
{
	struct match_room *room = match_room_new();

	for (unsigned i = 0; i < 400; i++) {
		enum value_kind kind = (enum value_kind)(VALUE_NAME + i % 4);
		uint64_t buffer[4], domain_buffer[4];
		const uint64_t *sets, *domain = NULL;
		struct value value;

		random_value(kind, &value);
		if (value.domain[0] != '\0')
			domain = vocabulary_text(vocabulary, VALUE_NAME, value.domain, room, domain_buffer);
		if (kind == VALUE_MAILBOX)
			sets = vocabulary_mailbox(vocabulary, value.key, value.subject, domain, room, buffer);
		else
			sets = vocabulary_text(vocabulary, kind, value.key, room, buffer);
		cr_assert_not_null(sets);
		for (uint32_t set = 0; set < told.set_count[kind]; set++)
			cr_assert_eq(bits_test(sets, set), told_in(kind, set, &value),
			             "%s %ld: \"%s\", kind %u, set %u", what, seed, value.subject, kind, set);
	}
	match_room_free(room);
}

static void compare_at_random(const char *what, struct wanted wanted)
{
	for (long seed = 1; seed <= 12; seed++) {
		struct vocabulary *vocabulary = tell(&wanted, seed);

		compare(vocabulary, what, seed);
		vocabulary_free(vocabulary);
	}
}

Test(vocabulary, texts_as_a_look_at_each_pattern_says)
{
	compare_at_random("settled", (struct wanted){0});
}

Test(vocabulary, the_same_where_an_expression_keeps_all_from_being_settled)
{
	compare_at_random("unsettled", (struct wanted){.unsettled = true});
}

Test(vocabulary, expressions_count_as_any_other_pattern)
{
	compare_at_random("expressions", (struct wanted){.expressions = true});
}

Test(vocabulary, mailboxes_ask_about_their_domain)
{
	compare_at_random("links", (struct wanted){.links = true});
	compare_at_random("links and expressions", (struct wanted){.links = true, .expressions = true});
}

static uint32_t add_network(struct vocabulary_builder *builder, uint32_t set, const char *text)
{
	struct network network;
	char repair[LIMIT_NETWORK_TEXT];

	cr_assert_eq(network_read(text, &network, repair), NETWORK_SOUND, "%s", text);
	cr_assert(vocabulary_add_network(builder, set, &network));
	return set;
}

static bool address_in(const struct vocabulary *vocabulary, const char *text, uint32_t set)
{
	struct address address;

	cr_assert(address_from_text(text, &address), "%s", text);
	return bits_test(vocabulary_network(vocabulary, &address), set);
}

/* The tables of sallyport.conf(5): lan takes the router out, gateways has it, and both together have it again. */
Test(vocabulary, what_one_set_takes_out_another_may_have)
{
	struct vocabulary_builder *builder = vocabulary_builder_new();
	uint32_t wide = add_network(builder, vocabulary_set(builder, VALUE_NETWORK), "172.16.0.0/16");
	uint32_t router = add_network(builder, vocabulary_set(builder, VALUE_NETWORK), "172.16.1.1");
	uint32_t lan = vocabulary_combine(builder, VALUE_NETWORK, &wide, 1, &router, 1);
	uint32_t gateways = add_network(builder, vocabulary_set(builder, VALUE_NETWORK), "172.16.1.0/31");
	uint32_t both = vocabulary_combine(builder, VALUE_NETWORK, (uint32_t[]){lan, gateways}, 2, NULL, 0);
	uint32_t neither = vocabulary_combine(builder, VALUE_NETWORK, &both, 1, &lan, 1);
	struct vocabulary *vocabulary = vocabulary_build(builder);
	const struct {
		const char *address;
		bool wide, router, lan, gateways, both, neither;
	} rows[] = {
	    {"172.16.1.1", true, true, false, true, true, true},
	    {"172.16.1.0", true, false, true, true, true, false},
	    {"172.16.1.2", true, false, true, false, true, false},
	    {"172.16.0.0", true, false, true, false, true, false},
	    {"172.16.255.255", true, false, true, false, true, false},
	    {"172.17.0.0", false, false, false, false, false, false},
	    {"2001:db8::1", false, false, false, false, false, false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		cr_expect_eq(address_in(vocabulary, rows[i].address, wide), rows[i].wide, "%s", rows[i].address);
		cr_expect_eq(address_in(vocabulary, rows[i].address, router), rows[i].router, "%s", rows[i].address);
		cr_expect_eq(address_in(vocabulary, rows[i].address, lan), rows[i].lan, "%s", rows[i].address);
		cr_expect_eq(address_in(vocabulary, rows[i].address, gateways), rows[i].gateways, "%s",
		             rows[i].address);
		cr_expect_eq(address_in(vocabulary, rows[i].address, both), rows[i].both, "%s", rows[i].address);
		cr_expect_eq(address_in(vocabulary, rows[i].address, neither), rows[i].neither, "%s", rows[i].address);
	}
	vocabulary_free(vocabulary);
}

Test(vocabulary, networks_that_lie_within_others)
{
	struct vocabulary_builder *builder = vocabulary_builder_new();
	uint32_t large = add_network(builder, vocabulary_set(builder, VALUE_NETWORK), "10.0.0.0/8");
	uint32_t small = add_network(builder, vocabulary_set(builder, VALUE_NETWORK), "10.5.0.0/16");
	uint32_t across = add_network(builder, vocabulary_set(builder, VALUE_NETWORK), "10.5.0.0/24");
	uint32_t none = vocabulary_set(builder, VALUE_NETWORK);
	uint32_t less = vocabulary_combine(builder, VALUE_NETWORK, &large, 1, &small, 1);
	struct vocabulary *vocabulary;

	add_network(builder, across, "192.0.2.0/24");
	vocabulary = vocabulary_build(builder);
	cr_expect(vocabulary_networks_within(vocabulary, small, large));
	cr_expect_not(vocabulary_networks_within(vocabulary, large, small));
	cr_expect(vocabulary_networks_within(vocabulary, large, large));
	cr_expect_not(vocabulary_networks_within(vocabulary, across, large));
	cr_expect_not(vocabulary_networks_within(vocabulary, small, across));
	cr_expect(vocabulary_networks_within(vocabulary, less, large));
	cr_expect_not(vocabulary_networks_within(vocabulary, small, less));
	cr_expect(vocabulary_networks_within(vocabulary, none, small), "no address is anywhere");
	cr_expect_not(vocabulary_networks_within(vocabulary, small, none));
	vocabulary_free(vocabulary);
}

/* Sets of names: "unknown" itself, an expression that finds it, all but it. */
static struct vocabulary *of_unknown(bool with_expression, uint32_t *ret_named, uint32_t *ret_found, uint32_t *ret_less)
{
	struct vocabulary_builder *builder = vocabulary_builder_new();
	uint32_t other = vocabulary_set(builder, VALUE_NAME);

	*ret_named = vocabulary_set(builder, VALUE_NAME);
	*ret_found = vocabulary_set(builder, VALUE_NAME);
	cr_assert(vocabulary_add_text(builder, VALUE_NAME, other, "example.com", true, true));
	cr_assert(vocabulary_add_text(builder, VALUE_NAME, *ret_named, "unknown", true, false));
	if (with_expression)
		cr_assert(vocabulary_add_expression(builder, VALUE_NAME, *ret_found, expression(".")));
	*ret_less = vocabulary_combine(builder, VALUE_NAME, (uint32_t[]){other, *ret_named}, 2, ret_found, 1);
	return vocabulary_build(builder);
}

Test(vocabulary, the_name_of_a_client_without_one_is_found_by_its_entry_alone)
{
	for (unsigned with = 0; with < 2; with++) {
		uint32_t named, found, less;
		struct vocabulary *vocabulary = of_unknown(with != 0, &named, &found, &less);
		const uint64_t *sets = vocabulary_unknown_name(vocabulary);

		cr_expect(bits_test(sets, named), "expressions: %u", with);
		cr_expect_not(bits_test(sets, found), "expressions: %u", with);
		cr_expect(bits_test(sets, less), "a combined set, expressions: %u", with);
		cr_expect_not(bits_test(sets, 0), "expressions: %u", with);
		vocabulary_free(vocabulary);
	}
}

Test(vocabulary, the_null_sender_is_matched_by_nothing_but_its_entry)
{
	for (unsigned with = 0; with < 2; with++) {
		struct vocabulary_builder *builder = vocabulary_builder_new();
		uint32_t null = vocabulary_set(builder, VALUE_MAILBOX);
		uint32_t others = vocabulary_set(builder, VALUE_MAILBOX);
		uint32_t second = vocabulary_set(builder, VALUE_MAILBOX);
		uint32_t both = vocabulary_combine(builder, VALUE_MAILBOX, (uint32_t[]){null, others}, 2, NULL, 0);
		uint32_t less = vocabulary_combine(builder, VALUE_MAILBOX, &both, 1, &null, 1);
		uint32_t names = vocabulary_set(builder, VALUE_NAME);
		struct vocabulary *vocabulary;
		const uint64_t *sets;
		struct match_room *room = match_room_new();
		uint64_t buffer[1];

		cr_assert(vocabulary_add_null_sender(builder, null));
		cr_assert(vocabulary_add_null_sender(builder, second));
		cr_assert(vocabulary_add_text(builder, VALUE_MAILBOX, others, "", true, true));
		if (with != 0) {
			cr_assert(vocabulary_add_domain(builder, others, names));
			cr_assert(vocabulary_add_expression(builder, VALUE_MAILBOX, others, expression("^")));
		}
		vocabulary = vocabulary_build(builder);
		sets = vocabulary_null_sender(vocabulary);
		cr_expect(bits_test(sets, null), "expressions: %u", with);
		cr_expect(bits_test(sets, second), "expressions: %u", with);
		cr_expect(bits_test(sets, both), "expressions: %u", with);
		cr_expect_not(bits_test(sets, others), "expressions: %u", with);
		cr_expect_not(bits_test(sets, less), "expressions: %u", with);
		sets = vocabulary_mailbox(vocabulary, "user", "user", NULL, room, buffer);
		cr_expect_not(bits_test(sets, null), "another sender, expressions: %u", with);
		match_room_free(room);
		vocabulary_free(vocabulary);
	}
}

Test(vocabulary, an_expression_past_its_limit_says_so)
{
	static const char subject[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
	struct vocabulary_builder *builder = vocabulary_builder_new();
	uint32_t name = vocabulary_set(builder, VALUE_NAME), mailbox = vocabulary_set(builder, VALUE_MAILBOX);
	struct match_room *room = match_room_new();
	struct vocabulary *vocabulary;
	uint64_t buffer[1];

	cr_assert(vocabulary_add_expression(builder, VALUE_NAME, name, expression("^(a+)+$")));
	cr_assert(vocabulary_add_expression(builder, VALUE_MAILBOX, mailbox, expression("^(a+)+$")));
	vocabulary = vocabulary_build(builder);
	cr_expect_null(vocabulary_text(vocabulary, VALUE_NAME, subject, room, buffer));
	cr_expect_null(vocabulary_mailbox(vocabulary, subject, subject, NULL, room, buffer));
	cr_expect_not_null(vocabulary_text(vocabulary, VALUE_NAME, "aaa", room, buffer));
	cr_expect_not_null(vocabulary_mailbox(vocabulary, "aaa", "aaa", NULL, room, buffer));
	match_room_free(room);
	vocabulary_free(vocabulary);
}

Test(vocabulary, room_for_matching_is_asked_for_where_there_are_expressions)
{
	for (unsigned kind = VALUE_NAME; kind <= VALUE_LOGIN; kind++) {
		struct vocabulary_builder *builder = vocabulary_builder_new();
		uint32_t set = vocabulary_set(builder, (enum value_kind)kind);
		struct vocabulary *vocabulary;

		cr_assert(vocabulary_add_expression(builder, (enum value_kind)kind, set, expression("a")));
		vocabulary = vocabulary_build(builder);
		cr_expect(vocabulary_has_expressions(vocabulary), "kind %u", kind);
		vocabulary_free(vocabulary);
	}
}

Test(vocabulary, one_without_anything_answers_too)
{
	struct vocabulary *vocabulary = vocabulary_build(vocabulary_builder_new());
	uint64_t buffer[1];

	cr_assert_not_null(vocabulary);
	cr_expect_not(vocabulary_has_expressions(vocabulary));
	for (unsigned kind = 0; kind < VALUE_SET_KINDS; kind++)
		cr_expect_eq(vocabulary_words(vocabulary, (enum value_kind)kind), 1);
	cr_expect_not(address_in(vocabulary, "192.0.2.1", 0));
	cr_expect_eq(*vocabulary_text(vocabulary, VALUE_NAME, "example.com", NULL, buffer), 0);
	cr_expect_eq(*vocabulary_mailbox(vocabulary, "user", "user", NULL, NULL, buffer), 0);
	cr_expect_eq(*vocabulary_unknown_name(vocabulary), 0);
	cr_expect_eq(*vocabulary_null_sender(vocabulary), 0);
	vocabulary_free(vocabulary);
}

Test(vocabulary, the_words_of_a_value_hold_all_sets_of_its_kind)
{
	struct vocabulary_builder *builder = vocabulary_builder_new();
	struct vocabulary *vocabulary;

	for (unsigned i = 0; i < 65; i++)
		cr_assert_eq(vocabulary_set(builder, VALUE_LOGIN), i);
	for (unsigned i = 0; i < 64; i++)
		cr_assert_eq(vocabulary_set(builder, VALUE_WORD), i);
	vocabulary = vocabulary_build(builder);
	cr_expect_eq(vocabulary_words(vocabulary, VALUE_LOGIN), 2);
	cr_expect_eq(vocabulary_words(vocabulary, VALUE_WORD), 1);
	cr_expect_eq(vocabulary_words(vocabulary, VALUE_NAME), 1);
	vocabulary_free(vocabulary);
}

Test(vocabulary, one_that_is_not_built_is_freed_with_its_builder)
{
	struct vocabulary_builder *builder = vocabulary_builder_new();
	uint32_t set = vocabulary_set(builder, VALUE_NAME);

	cr_assert(vocabulary_add_text(builder, VALUE_NAME, set, "example.com", true, true));
	cr_assert(vocabulary_add_expression(builder, VALUE_NAME, set, expression("a")));
	vocabulary_builder_free(builder);
	vocabulary_builder_free(NULL);
	vocabulary_free(NULL);
}

/* Bytes of memory for each of many networks, spread over so many sets. */
static double bytes_a_network(enum address_family family, unsigned sets)
{
	enum {
		COUNT = 200000
	};
	struct vocabulary_builder *builder = vocabulary_builder_new();
	struct vocabulary *vocabulary;
	size_t bytes;

	srandom(13);
	for (unsigned i = 0; i < sets; i++)
		vocabulary_set(builder, VALUE_NETWORK);
	for (unsigned i = 0; i < COUNT; i++) {
		unsigned bits = family == ADDRESS_IPV4 ? 22 + (unsigned)random() % 11 : 32 + (unsigned)random() % 33;
		struct network network = {{.family = family}, bits};

		for (unsigned bit = 0; bit < bits; bit++)
			network.base.bytes[bit / 8] |= (uint8_t)(random() % 2 << (7 - bit % 8));
		cr_assert(vocabulary_add_network(builder, (uint32_t)random() % sets, &network));
	}
	vocabulary = vocabulary_build(builder);
	cr_assert_not_null(vocabulary);
	bytes = vocabulary_bytes(vocabulary, VALUE_NETWORK);
	vocabulary_free(vocabulary);
	return (double)bytes / COUNT;
}

Test(vocabulary, networks_take_few_bytes_each_with_their_classes)
{
	cr_expect_leq(bytes_a_network(ADDRESS_IPV4, 1), 12);
	cr_expect_leq(bytes_a_network(ADDRESS_IPV4, 200), 12);
	cr_expect_leq(bytes_a_network(ADDRESS_IPV6, 1), 40);
	cr_expect_leq(bytes_a_network(ADDRESS_IPV6, 200), 40);
}
