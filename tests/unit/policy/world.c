/* Keys that are passed over: what a key, or a text below it, is in, some text of the world is in, on both sides. */
#include "policy/world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/classify.h"
#include "policy/name.h"
#include "policy/ruleset.h"
#include "policy/vocabulary.h"
#include "rules/load.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(world, .init = rule_files_start, .fini = rule_files_end);

#define ROUNDS 100
#define LISTED 5
#define WORDS 8 /* of the sets of a side: there are few */

static const char *const names[] = {
    "unknown",     "a.example",           "b.example",      "c.b.example",   "mail.example", "xn--bcher-kva.example",
    "foo.example", "b\303\274re.example", "_dmarc.example", "d.c.b.example", "example",
};
static const char *const mailboxes[] = {
    "a@a.example",
    "b@b.example",
    "c@b.example",
    "d@c.b.example",
    "e@unknown",
    "f%g@a.example",
    "h i@a.example",
    "j@foo.example",
    "n@b\303\274re.example",
    "o@[192.0.2.1]",
    "k@",
    "l@",
    "a@",
    "m!n@",
    "zz@a.example",
};
static const char *const users[] = {"a", "b", "c@here", "c@", "d@", "a@", "e f", "anonymous", "mail"};

#define COUNT(list) (sizeof(list) / sizeof *(list))

/* A table of some of the entries, names also as what is below them. */
static void add_table(char *text, const char *table, const char *const *entries, size_t count, bool below)
{
	sprintf(text + strlen(text), "%s = [ ", table);
	for (unsigned i = 0; i < LISTED; i++) {
		const char *entry = entries[(size_t)random() % count];
		const char *at = strchr(entry, '@');

		if (i > 0)
			strcat(text, ", ");
		if (strchr(entry, ' ') != NULL && at != NULL)
			sprintf(text + strlen(text), "\"\\\"%.*s\\\"%s\"", (int)(at - entry), entry, at);
		else
			sprintf(text + strlen(text), "\"%s%s\"", below && random() % 3 == 0 ? "." : "", entry);
	}
	strcat(text, " ]; ");
}

static struct rules *random_rules(void)
{
	char text[4000] = "domains = { ";

	add_table(text, "n1", names, COUNT(names), true);
	add_table(text, "n2", names, COUNT(names), true);
	add_table(text, "n3", names, COUNT(names), true);
	strcat(text, "};\naddresses = { ");
	add_table(text, "m1", mailboxes, COUNT(mailboxes), false);
	add_table(text, "m2", mailboxes, COUNT(mailboxes), false);
	strcat(text, "};\nusers = { ");
	add_table(text, "u1", users, COUNT(users), false);
	add_table(text, "u2", users, COUNT(users), false);
	strcat(text,
	       "};\nlocal_domains = [ \"@n3\" ];\nlisteners = ( { name = \"l\"; direction = \"inbound\"; mail = (\n"
	       "{ verdict = \"reject\"; client_name = [ \"@n1\" ]; sender = [ \"@m1\" ]; user = [ \"@u1\" ]; },\n"
	       "{ verdict = \"reject\"; helo = [ \"@n2\" ]; sender = [ \"@m2\" ]; user = [ \"@u2\" ]; },\n"
	       "{ verdict = \"reject\"; sender = [ \"@n1\" ]; } ); } );\n");
	return told_rules(text);
}

/* What a value is in, on each side. */
struct membership {
	uint64_t sets[WORLD_SIDES][WORDS];
	bool local[WORLD_SIDES];
	bool routes; /* and so is relay: as any specimen behind a source route */
};

/* "unknown" is no verified name, and so stands for no other. */
static bool is_specimen(const struct world *world, enum value_kind kind, const struct membership *membership,
                        const char *text)
{
	for (size_t i = 0; i < world_count(world, kind); i++) {
		struct specimen specimen = world_specimen(world, kind, i);
		bool same = strcmp(specimen.text, "unknown") != 0 || strcmp(text, "unknown") == 0;

		for (unsigned side = 0; side < world_side_count(world); side++) {
			size_t words = vocabulary_words(world_side(world, side)->vocabulary, kind);

			same = same &&
			       memcmp(specimen.sets[side], membership->sets[side], words * sizeof(uint64_t)) == 0 &&
			       (membership->routes || specimen.local[side] == membership->local[side]);
		}
		if (same)
			return true;
	}
	return false;
}

static void note(struct membership *membership, const struct world *world, unsigned side, enum value_kind kind,
                 const uint64_t *sets)
{
	size_t words = vocabulary_words(world_side(world, side)->vocabulary, kind);

	cr_assert(words <= WORDS);
	memmove(membership->sets[side], sets, words * sizeof *sets);
}

static void look_for(const struct world *world, enum value_kind kind, const char *text)
{
	struct membership membership = {0};
	uint64_t buffer[WORDS], domain[WORDS];

	for (unsigned side = 0; side < world_side_count(world); side++) {
		const struct ruleset *ruleset = world_side(world, side);
		struct classifier classifier = {ruleset->vocabulary, NULL, domain};
		struct locality locality = {.domains = ruleset->local_domains};
		struct mailbox mailbox;
		char *name;

		if (kind == VALUE_NAME) {
			name_read(text, strlen(text), &name);
			note(&membership, world, side, kind,
			     vocabulary_text(ruleset->vocabulary, kind, name, NULL, buffer));
			free(name);
		} else if (kind == VALUE_LOGIN) {
			note(&membership, world, side, kind,
			     vocabulary_text(ruleset->vocabulary, kind, text, NULL, buffer));
		} else {
			cr_assert_eq(mailbox_read(text, &mailbox), MAILBOX_READ, "%s", text);
			note(&membership, world, side, kind, classify_mailbox(&classifier, &mailbox, buffer).sets);
			membership.routes = mailbox_could_route(&mailbox);
			membership.local[side] = classify_local(&classifier, &locality, &mailbox) == TRUTH_YES;
			mailbox_destroy(&mailbox);
		}
	}
	cr_assert(is_specimen(world, kind, &membership, text), "%s", text);
}

static void look_for_all(const struct world *world)
{
	char text[100];

	for (size_t i = 0; i < COUNT(names); i++) {
		look_for(world, VALUE_NAME, names[i]);
		snprintf(text, sizeof text, "www.%s", names[i]);
		look_for(world, VALUE_NAME, text);
	}
	for (size_t i = 0; i < COUNT(users); i++) {
		look_for(world, VALUE_LOGIN, users[i]);
		snprintf(text, sizeof text, "%s@there", users[i]);
		look_for(world, VALUE_LOGIN, text);
	}
	for (size_t i = 0; i < COUNT(mailboxes); i++) {
		size_t length = strlen(mailboxes[i]);

		if (mailboxes[i][length - 1] == '@') {
			snprintf(text, sizeof text, "%.*s", (int)length - 1, mailboxes[i]);
			look_for(world, VALUE_MAILBOX, text);
			snprintf(text, sizeof text, "%sa.example", mailboxes[i]);
		} else {
			snprintf(text, sizeof text, "%s", mailboxes[i]);
		}
		look_for(world, VALUE_MAILBOX, text);
	}
}

Test(world, has_what_each_key_and_each_text_below_it_is_in)
{
	srandom(1);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct rules *rules[] = {random_rules(), random_rules()};
		const struct ruleset *sides[] = {rules[0]->ruleset, rules[1]->ruleset};

		for (unsigned count = 1; count <= WORLD_SIDES; count++) {
			struct world *world = world_new(sides, count);

			cr_assert_not_null(world);
			look_for_all(world);
			world_free(world);
		}
		rules_free(rules[0]);
		rules_free(rules[1]);
	}
}
