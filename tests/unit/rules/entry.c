#include "rules/entry.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/arena.h"
#include "policy/limits.h"
#include "rules/diagnostic.h"
#include "tests/unit/rules/rule_files.h"

static struct reading reading;
static const struct location here = {"a.conf", 7};

static void start(void)
{
	static const struct {
		const char *name;
		enum group group;
	} tables[] = {
	    {"lan", GROUP_NETWORKS},
	    {"ours", GROUP_DOMAINS},
	    {"aliases", GROUP_ADDRESSES},
	    {"staff", GROUP_USERS},
	};
	struct model *model = model_new();

	cr_assert_not_null(model);
	model->tables = arena_take(model->arena, 4, sizeof *model->tables);
	for (size_t i = 0; i < 4; i++)
		model->tables[model->table_count++] = (struct table){.name = tables[i].name, .group = tables[i].group};
	reading = (struct reading){.path = "a.conf", .model = model, .diagnostics = diagnostics_new()};
}

static void end(void)
{
	cr_expect_not(reading.no_memory);
	diagnostics_free(reading.diagnostics);
	model_free(reading.model);
}

TestSuite(entry, .init = start, .fini = end);

/* In keys of the rows "|" stands for the separator of mailboxes. */
static bool same_key(const char *key, const char *told)
{
	for (; *key != '\0'; key++, told++)
		if (*key != *told && !(*key == MAILBOX_SEPARATOR && *told == '|'))
			return false;
	return *told == '\0';
}

Test(entry, those_that_can_be_read)
{
	static const struct {
		enum value_kind kind;
		const char *text;
		enum entry_kind entry;
		const char *printed, *key;
	} rows[] = {
	    {VALUE_NETWORK, "10.0.0.0/8", ENTRY_NETWORK, "10.0.0.0/8", "10.0.0.0/8"},
	    {VALUE_NETWORK, "192.0.2.7/32", ENTRY_NETWORK, "192.0.2.7", "192.0.2.7"},
	    {VALUE_NETWORK, "2001:DB8:0::/32", ENTRY_NETWORK, "2001:db8::/32", "2001:db8::/32"},
	    {VALUE_NETWORK, "::ffff:192.0.2.0/120", ENTRY_NETWORK, "192.0.2.0/24", "192.0.2.0/24"},
	    {VALUE_NETWORK, "@lan", ENTRY_TABLE, "@lan", "@lan"},
	    {VALUE_NAME, "Example.COM", ENTRY_NAME, "example.com", "example.com"},
	    {VALUE_NAME, "example.com.", ENTRY_NAME, "example.com", "example.com"},
	    {VALUE_NAME, ".Example.com", ENTRY_BELOW, ".example.com", "example.com"},
	    {VALUE_NAME, "b\303\274cher.example", ENTRY_NAME, "xn--bcher-kva.example", "xn--bcher-kva.example"},
	    {VALUE_NAME, "[192.0.2.1]", ENTRY_NAME, "[192.0.2.1]", "[192.0.2.1]"},
	    {VALUE_NAME, "_dmarc.example.com", ENTRY_NAME, "_dmarc.example.com", "_dmarc.example.com"},
	    {VALUE_NAME, "/^MX[0-9]/", ENTRY_EXPRESSION, "/^MX[0-9]/", "^MX[0-9]"},
	    {VALUE_NAME, "/a/b/", ENTRY_EXPRESSION, "/a/b/", "a/b"},
	    {VALUE_NAME, "@ours", ENTRY_TABLE, "@ours", "@ours"},
	    {VALUE_MAILBOX, "User@Example.com", ENTRY_MAILBOX, "user@example.com", "user|example.com"},
	    {VALUE_MAILBOX, "\"user\"@example.com", ENTRY_MAILBOX, "user@example.com", "user|example.com"},
	    {VALUE_MAILBOX, "\"a@b\"@example.com", ENTRY_MAILBOX, "\"a@b\"@example.com", "a@b|example.com"},
	    {VALUE_MAILBOX, "\"!odd\"@example.com", ENTRY_MAILBOX, "\"!odd\"@example.com", "!odd|example.com"},
	    {VALUE_MAILBOX, "\"/odd\"@example.com", ENTRY_MAILBOX, "\"/odd\"@example.com", "/odd|example.com"},
	    {VALUE_MAILBOX, "\"a\\\"\\\\b\"@example.com", ENTRY_MAILBOX, "\"a\\\"\\\\b\"@example.com",
	     "a\"\\b|example.com"},
	    {VALUE_MAILBOX, "user@[IPv6:2001:DB8::1]", ENTRY_MAILBOX, "user@[ipv6:2001:db8::1]",
	     "user|[ipv6:2001:db8::1]"},
	    {VALUE_MAILBOX, "User@", ENTRY_LOCAL_PART, "user@", "user"},
	    {VALUE_MAILBOX, "\"a@b\"@", ENTRY_LOCAL_PART, "\"a@b\"@", "a@b"},
	    {VALUE_MAILBOX, "example.com", ENTRY_NAME, "example.com", "example.com"},
	    {VALUE_MAILBOX, ".example.com", ENTRY_BELOW, ".example.com", "example.com"},
	    {VALUE_MAILBOX, "/^a.*@b/", ENTRY_EXPRESSION, "/^a.*@b/", "^a.*@b"},
	    {VALUE_MAILBOX, "<>", ENTRY_NULL_SENDER, "<>", "<>"},
	    {VALUE_MAILBOX, "@aliases", ENTRY_TABLE, "@aliases", "@aliases"},
	    {VALUE_MAILBOX, "@ours", ENTRY_TABLE, "@ours", "@ours"},
	    {VALUE_LOGIN, "Alice", ENTRY_LOGIN, "Alice", "Alice"},
	    {VALUE_LOGIN, "alice@Example.com", ENTRY_LOGIN, "alice@Example.com", "alice@Example.com"},
	    {VALUE_LOGIN, "alice@", ENTRY_ANY_REALM, "alice@", "alice"},
	    {VALUE_LOGIN, "a b", ENTRY_LOGIN, "a b", "a b"},
	    {VALUE_LOGIN, "/^al/", ENTRY_EXPRESSION, "/^al/", "^al"},
	    {VALUE_LOGIN, "@staff", ENTRY_TABLE, "@staff", "@staff"},
	    {VALUE_WORD, "PLAIN", ENTRY_WORD, "PLAIN", "plain"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (unsigned out = 0; out < 2; out++) {
			char text[100], room[LIMIT_NETWORK_TEXT];
			struct entry entry = {0};
			const char *shown;

			snprintf(text, sizeof text, "%s%s", out == 1 ? "!" : "", rows[i].text);
			cr_assert(entry_read(&reading, rows[i].kind, text, here, &entry), "%s: %s", text,
			          printed(reading.diagnostics));
			cr_expect_eq(entry.kind, rows[i].entry, "%s", text);
			cr_expect_eq(entry.take_out, out == 1, "%s", text);
			shown = entry_text(&entry, room);
			cr_expect_str_eq(shown, rows[i].printed, "%s: %s", text, shown);
			if (entry.kind != ENTRY_NETWORK)
				cr_expect(same_key(entry.of.key, rows[i].key), "%s: %s", text, entry.of.key);
			cr_expect_eq(entry.where.line, 7, "%s", text);
			if (entry.kind == ENTRY_TABLE)
				cr_expect_str_eq(reading.model->tables[entry.of.table].name, rows[i].text + 1);
		}
	}
	cr_expect_eq(diagnostics_errors(reading.diagnostics), 0);
	for (size_t i = 0; i < 4; i++)
		cr_expect(reading.model->tables[i].used, "%s", reading.model->tables[i].name);
}

Test(entry, those_that_cannot_be_read_are_named_at_their_line)
{
	static const struct {
		enum value_kind kind;
		const char *text;
		const char *part; /* of what is said of it */
	} rows[] = {
	    {VALUE_NETWORK, "192.0.2.7/24", "has host bits set; write \"192.0.2.0/24\" or \"192.0.2.7\""},
	    {VALUE_NETWORK, "2001:db8::1/32", "write \"2001:db8::/32\" or \"2001:db8::1\""},
	    {VALUE_NETWORK, "10.0.0.0/255.0.0.0", "write \"10.0.0.0/8\""},
	    {VALUE_NETWORK, "10.0.0.0/33", "from 0 to 32"},
	    {VALUE_NETWORK, "2001:db8::/129", "from 0 to 128"},
	    {VALUE_NETWORK, "10.0.0.0/-1", "from 0 to 32"},
	    {VALUE_NETWORK, "010.0.0.1", "is not a network"},
	    {VALUE_NETWORK, "10/8", "is not a network"},
	    {VALUE_NETWORK, "localhost", "is not a network"},
	    {VALUE_NETWORK, "/10/", "is not a network"},
	    {VALUE_NETWORK, "lan", "\"@lan\""},
	    {VALUE_NETWORK, "@lam", "did you mean \"@lan\"?"},
	    {VALUE_NETWORK, "@nothing", "is not defined"},
	    {VALUE_NETWORK, "@", "is not defined"},
	    {VALUE_NETWORK, "@ours", "is a table of domains; what is asked for here is networks"},
	    {VALUE_NETWORK, "@aliases", "is a table of addresses"},
	    {VALUE_NAME, "@lan", "is a table of networks; what is asked for here is domains"},
	    {VALUE_NAME, "@aliases", "is a table of addresses"},
	    {VALUE_NAME, "*.example.com", "\".example.com\""},
	    {VALUE_NAME, "user@example.com", "is an address"},
	    {VALUE_NAME, ".", "has no "},
	    {VALUE_NAME, "..example.com", "is not a domain name"},
	    {VALUE_NAME, "example.com..", "a dot too many"},
	    {VALUE_NAME, "example com", "is not a domain name"},
	    {VALUE_NAME, "example.com,example.org", "is not a domain name"},
	    {VALUE_NAME, "<>", "is not a domain name"},
	    {VALUE_NAME, "[192.0.2.1", "does not close"},
	    {VALUE_NAME, "/(/", "does not compile"},
	    {VALUE_NAME, "//", "is an empty regular expression"},
	    {VALUE_NAME, "/", "does not end with \"/\""},
	    {VALUE_NAME, "/a/i", "does not end with \"/\""},
	    {VALUE_MAILBOX, "@lan", "is a table of networks; what is asked for here is addresses"},
	    {VALUE_MAILBOX, "@staff", "is a table of users"},
	    {VALUE_MAILBOX, "<user@example.com>", "write \"user@example.com\""},
	    {VALUE_MAILBOX, "a@b@", "is not an address"},
	    {VALUE_MAILBOX, "user@example.com..", "is not an address"},
	    {VALUE_MAILBOX, "\"user@example.com", "is not an address"},
	    {VALUE_MAILBOX, "\"\"@example.com", "is not an address"},
	    {VALUE_MAILBOX, "user@[192.0.2.1", "is not an address"},
	    {VALUE_MAILBOX, "/[/", "does not compile"},
	    {VALUE_LOGIN, "@lan", "is a table of networks; what is asked for here is users"},
	    {VALUE_LOGIN, "/a", "does not end with \"/\""},
	    {VALUE_WORD, "@lan", "plain word"},
	    {VALUE_WORD, "/plain/", "plain word"},
	    {VALUE_WORD, "", "is an empty entry"},
	    {VALUE_LOGIN, "", "is an empty entry"},
	    {VALUE_LOGIN, " alice", "begins or ends with a blank"},
	    {VALUE_LOGIN, "alice\t", "begins or ends with a blank"},
	    {VALUE_LOGIN, "al\001ice", "has a control byte"},
	    {VALUE_NAME, "example\177.com", "has a control byte"},
	    {VALUE_MAILBOX, "us\ner@example.com", "has a control byte"},
	};
	char expected[200];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (unsigned out = 0; out < 2; out++) {
			char text[100];
			struct entry entry = {.kind = ENTRY_WORD, .of.text = "before"};
			const char *said;

			snprintf(text, sizeof text, "%s%s", out == 1 ? "!" : "", rows[i].text);
			diagnostics_free(reading.diagnostics);
			reading.diagnostics = diagnostics_new();
			cr_expect_not(entry_read(&reading, rows[i].kind, text, here, &entry), "\"%s\"", text);
			cr_expect_str_eq(entry.of.text, "before", "\"%s\"", text);
			said = printed(reading.diagnostics);
			cr_expect_eq(diagnostics_errors(reading.diagnostics), 1, "\"%s\": %s", text, said);
			snprintf(expected, sizeof expected, "a.conf:7: error: ");
			cr_expect_eq(strncmp(said, expected, strlen(expected)), 0, "\"%s\": %s", text, said);
			cr_expect_not_null(strstr(said, rows[i].part), "\"%s\": %s", text, said);
		}
	}
}

Test(entry, an_exclamation_mark_alone_is_an_empty_entry)
{
	struct entry entry;

	cr_expect_not(entry_read(&reading, VALUE_NETWORK, "!", here, &entry));
	cr_expect_not_null(strstr(printed(reading.diagnostics), "is an empty entry"));
}

Test(entry, a_table_that_is_asked_for_wrongly_is_used_all_the_same)
{
	struct entry entry;

	cr_expect_not(entry_read(&reading, VALUE_NAME, "@lan", here, &entry));
	cr_expect(reading.model->tables[0].used, "so that nobody is told that nobody uses it, too");
	cr_expect_not(reading.model->tables[1].used);
}

Test(entry, kinds_in_the_plural)
{
	static const char *const plurals[] = {
	    [VALUE_NETWORK] = "networks", [VALUE_NAME] = "domains", [VALUE_MAILBOX] = "addresses",
	    [VALUE_LOGIN] = "users",      [VALUE_WORD] = "words",
	};

	cr_assert_eq(sizeof plurals / sizeof *plurals, VALUE_SET_KINDS);
	for (unsigned kind = 0; kind < VALUE_SET_KINDS; kind++)
		cr_expect_str_eq(entry_kind_plural((enum value_kind)kind), plurals[kind]);
	for (unsigned group = 0; group < GROUP_COUNT; group++)
		cr_expect_str_eq(group_name((enum group)group), plurals[group_kind((enum group)group)]);
}

/* What can be read is printed so that it is read again as the same, whatever it is. */
Test(entry, what_is_printed_is_read_again)
{
	static const char alphabet[] = "aB.@\"\\!/<>[] :;,%#*-1\303\274()'";
	static const enum value_kind kinds[] = {VALUE_NAME, VALUE_MAILBOX, VALUE_LOGIN, VALUE_WORD};
	unsigned read = 0, quoted = 0;

	srandom(10);
	for (unsigned round = 0; round < 300000; round++) {
		enum value_kind kind = kinds[round % 4 == 3 ? random() % 4 : 1];
		size_t length = (size_t)random() % 9 + 1;
		struct entry entry, again;
		char text[16], whole[64];

		for (size_t i = 0; i < length; i++)
			text[i] = alphabet[(size_t)random() % (sizeof alphabet - 1)];
		text[length] = '\0';
		/* half of them quoted local parts, which are the hard ones */
		if (kind == VALUE_MAILBOX && random() % 2 == 0 && length > 4) {
			text[0] = '"';
			text[length - 3] = '"';
			text[length - 2] = '@';
		}
		if (!entry_read(&reading, kind, text, here, &entry))
			continue;
		read++;
		quoted += entry.of.text[0] == '"';
		snprintf(whole, sizeof whole, "%s%s", entry.take_out ? "!" : "", entry.of.text);
		cr_assert(entry_read(&reading, kind, whole, here, &again), "<%s> is printed <%s>", text, whole);
		cr_assert_eq(again.kind, entry.kind, "<%s> is printed <%s>", text, entry.of.text);
		cr_assert_str_eq(again.of.text, entry.of.text, "<%s> is printed <%s>, then <%s>", text, entry.of.text,
		                 again.of.text);
		cr_assert_str_eq(again.of.key, entry.of.key, "<%s> is printed <%s>", text, entry.of.text);
		cr_assert_eq(again.take_out, entry.take_out, "<%s> is printed <%s>", text, entry.of.text);
	}
	cr_expect_gt(read, 10000);
	cr_expect_gt(quoted, 1000);
}

Test(entry, two_are_the_same_where_they_are_printed_alike)
{
	static const struct {
		enum value_kind kind;
		const char *one, *other;
		bool same;
	} rows[] = {
	    {VALUE_NETWORK, "10.0.0.0/8", "10.0.0.0/8", true},   {VALUE_NETWORK, "10.0.0.0/8", "!10.0.0.0/8", false},
	    {VALUE_NETWORK, "10.0.0.0/8", "10.0.0.0/9", false},  {VALUE_NETWORK, "10.0.0.0/8", "11.0.0.0/8", false},
	    {VALUE_NETWORK, "10.0.0.1", "10.0.0.1/32", true},    {VALUE_NETWORK, "::/0", "0.0.0.0/0", false},
	    {VALUE_NETWORK, "@lan", "10.0.0.0/8", false},        {VALUE_NETWORK, "@lan", "@lan", true},
	    {VALUE_NAME, "example.com", "Example.COM.", true},   {VALUE_NAME, "example.com", ".example.com", false},
	    {VALUE_MAILBOX, "user@", "user@example.com", false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct entry one, other;

		cr_assert(entry_read(&reading, rows[i].kind, rows[i].one, here, &one));
		cr_assert(entry_read(&reading, rows[i].kind, rows[i].other, here, &other));
		cr_expect_eq(entry_same(&one, &other), rows[i].same, "\"%s\" and \"%s\"", rows[i].one, rows[i].other);
		cr_expect_eq(entry_same(&other, &one), rows[i].same, "\"%s\" and \"%s\"", rows[i].other, rows[i].one);
	}
}
