#include <criterion/criterion.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "milter/probe_form.h"

static const struct probe_names names = {{
    [PROBE_NAME_USER] = "test",
    [PROBE_NAME_OUTSIDE] = "example.com",
    [PROBE_NAME_MIXED] = "ExAmPlE.CoM",
    [PROBE_NAME_WIDE] = "wide",
    [PROBE_NAME_SENDER] = "someone@example.org",
    [PROBE_NAME_OURS] = "example.net",
    [PROBE_NAME_GREETED] = "mx.example.net",
    [PROBE_NAME_SERVER] = "[192.0.2.25]",
    [PROBE_NAME_LOCAL] = "info@example.net",
    [PROBE_NAME_HELO] = "client.example",
}};

static char text[256];
static enum probe_name missing;

static const char *expand(const char *template)
{
	cr_assert_eq(probe_expand(template, &names, text, sizeof text, &missing), PROBE_EXPANDED, "%s", template);
	return text;
}

static const struct probe_form *form(const char *name)
{
	for (size_t i = 0; i < probe_form_count; i++) {
		if (strcmp(probe_forms[i].name, name) == 0)
			return &probe_forms[i];
	}
	cr_assert_fail("there is no form %s", name);
	return NULL;
}

static void expect_recipient(const char *name, const char *recipient)
{
	cr_assert_str_eq(expand(form(name)->recipient), recipient);
}

static void expect_sender(const char *name, const char *sender)
{
	cr_assert_str_eq(expand(form(name)->sender), sender);
}

Test(probe_form, every_row_is_whole)
{
	for (size_t i = 0; i < probe_form_count; i++) {
		const struct probe_form *row = &probe_forms[i];
		size_t steps = 0;

		cr_assert(row->name != NULL && *row->name != '\0', "row %zu", i);
		cr_assert(row->title != NULL && *row->title != '\0', "%s", row->name);
		cr_assert(row->source != NULL && *row->source != '\0', "%s", row->name);
		cr_assert_leq(strlen(row->name), 20, "%s is too long for its column", row->name);
		cr_assert_eq(strspn(row->name, "abcdefghijklmnopqrstuvwxyz0123456789-"), strlen(row->name));
		expand(row->helo);
		expand(row->sender);
		expand(row->recipient);
		while (steps < PROBE_COURSE && row->course[steps] != PROBE_DATA)
			steps++;
		cr_assert_lt(steps, PROBE_COURSE, "the course of %s does not end", row->name);
		cr_assert_geq(steps, 2, "%s", row->name);
		cr_assert_eq(row->course[steps - 1], PROBE_RCPT, "%s", row->name);
	}
}

Test(probe_form, no_two_rows_have_one_name_or_say_the_same)
{
	for (size_t i = 0; i < probe_form_count; i++) {
		for (size_t j = 0; j < i; j++) {
			const struct probe_form *one = &probe_forms[i];
			const struct probe_form *other = &probe_forms[j];

			cr_assert_str_neq(one->name, other->name);
			cr_assert(strcmp(one->helo, other->helo) != 0 || strcmp(one->sender, other->sender) != 0 ||
			              strcmp(one->recipient, other->recipient) != 0 ||
			              memcmp(one->course, other->course, sizeof one->course) != 0,
			          "%s and %s", one->name, other->name);
		}
	}
}

/* A form whose recipient the server could hold for a mailbox of its own says so, and no other does. */
Test(probe_form, a_recipient_at_the_own_domain_or_at_none_is_marked)
{
	static const char *const own_ends[] = {"@example.net>", "@mx.example.net>", "@[192.0.2.25]>", "@localhost>"};

	for (size_t i = 0; i < probe_form_count; i++) {
		const struct probe_form *row = &probe_forms[i];
		const char *recipient = expand(row->recipient);
		size_t length = strlen(recipient);
		bool own = strcspn(recipient, "@") == length || strstr(recipient, "@>") != NULL ||
		           (strstr(recipient, "\">") != NULL);

		for (size_t j = 0; j < sizeof own_ends / sizeof *own_ends; j++) {
			size_t end = strlen(own_ends[j]);
			own = own || (length >= end && strcmp(recipient + length - end, own_ends[j]) == 0);
		}
		cr_assert_eq(row->own, own, "%s: %s", row->name, recipient);
	}
}

Test(probe_form, senders)
{
	expect_sender("plain", "<someone@example.org>");
	expect_sender("null-sender", "<>");
	expect_sender("local-sender", "<test@example.net>");
	expect_sender("literal-sender", "<test@[192.0.2.25]>");
	expect_sender("bare-sender", "<test>");
	expect_sender("u-label", "<someone@example.org> SMTPUTF8");
}

Test(probe_form, recipients)
{
	expect_recipient("plain", "<test@example.com>");
	expect_recipient("percent-hack", "<test%example.com@example.net>");
	expect_recipient("bang-path", "<example.com!test>");
	expect_recipient("bang-percent", "<example.net!test%example.com>");
	expect_recipient("source-route", "<@example.net:test@example.com>");
	expect_recipient("source-route-literal", "<@[192.0.2.25]:test@example.com>");
	expect_recipient("double-at", "<test@example.com@example.net>");
	expect_recipient("quoted-bare", "<\"test@example.com\">");
	expect_recipient("quoted-own", "<\"test@example.com\"@example.net>");
	expect_recipient("trailing-at", "<test@example.com@>");
	expect_recipient("mixed-case", "<test@ExAmPlE.CoM>");
	expect_recipient("trailing-dot", "<test@example.com.>");
	expect_recipient("mapped-literal", "<test@[IPv6:::ffff:192.0.2.1]>");
	expect_recipient("no-brackets", "test@example.com");
}

Test(probe_form, a_name_that_is_missing_is_told)
{
	struct probe_names some = names;

	some.texts[PROBE_NAME_OURS] = NULL;
	strcpy(text, "before");
	cr_assert_eq(probe_expand("<{user}@{ours}>", &some, text, sizeof text, &missing), PROBE_NAME_MISSING);
	cr_assert_eq(missing, PROBE_NAME_OURS);
}

Test(probe_form, no_expansion_is_longer_than_its_room)
{
	char little[8];

	memset(little, '#', sizeof little);
	cr_assert_eq(probe_expand("{user}67", &names, little, 7, &missing), PROBE_EXPANDED);
	cr_assert_str_eq(little, "test67");
	cr_assert_eq(little[7], '#');
	cr_assert_eq(probe_expand("{user}678", &names, little, 7, &missing), PROBE_TOO_LONG);
	cr_assert_eq(probe_expand("678{user}", &names, little, 7, &missing), PROBE_TOO_LONG);
	cr_assert_eq(little[7], '#');
}

Test(probe_form, every_value_has_its_words)
{
	for (unsigned i = 0; i < PROBE_STEP_COUNT; i++) {
		cr_assert_not_null(probe_step_name((enum probe_step)i));
		cr_assert_not_null(probe_step_words((enum probe_step)i));
	}
	for (unsigned i = 0; i < PROBE_NAME_COUNT; i++)
		cr_assert_not_null(probe_name_missing((enum probe_name)i));
}

Test(probe_form, other_letters_of_a_domain)
{
	probe_mix_case("example.com", text, sizeof text);
	cr_assert_str_eq(text, "ExAmPlE.CoM");
	probe_mix_case("example.com", text, 4);
	cr_assert_str_eq(text, "ExA");
	probe_widen("a-z.9", text, sizeof text);
	cr_assert_str_eq(text, "\uff41\uff0d\uff5a\uff0e\uff19");
	probe_widen("abc", text, 7);
	cr_assert_str_eq(text, "\uff41\uff42");
}
