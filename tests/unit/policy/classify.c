#include "policy/classify.h"

#include <criterion/criterion.h>
#include <string.h>

#include "policy/bits.h"
#include "policy/vocabulary.h"

/* Names: ours and what is below it; mailboxes: sales@, at one of our names, the null sender; an expression without end.
 */
static uint32_t ours, endless, sales, at_ours, nobody;
static struct vocabulary *vocabulary;
static struct classifier classifier;
static uint64_t buffer[1], domain[1];

static struct expression *expression(enum value_kind kind, const char *pattern)
{
	char fault[100];
	struct expression *compiled = expression_new(kind, pattern, strlen(pattern), fault, sizeof fault);

	cr_assert_not_null(compiled, "%s", fault);
	return compiled;
}

static void start(void)
{
	struct vocabulary_builder *builder = vocabulary_builder_new();

	ours = vocabulary_set(builder, VALUE_NAME);
	endless = vocabulary_set(builder, VALUE_NAME);
	sales = vocabulary_set(builder, VALUE_MAILBOX);
	at_ours = vocabulary_set(builder, VALUE_MAILBOX);
	nobody = vocabulary_set(builder, VALUE_MAILBOX);
	cr_assert(vocabulary_add_text(builder, VALUE_NAME, ours, "ours.example", true, true));
	cr_assert(vocabulary_add_expression(builder, VALUE_NAME, endless, expression(VALUE_NAME, "^(a+)+$")));
	cr_assert(vocabulary_add_text(builder, VALUE_MAILBOX, sales, "sales", true, true));
	cr_assert(vocabulary_add_domain(builder, at_ours, ours));
	cr_assert(vocabulary_add_null_sender(builder, nobody));
	vocabulary = vocabulary_build(builder);
	classifier = (struct classifier){vocabulary, match_room_new(), domain};
	cr_assert(vocabulary != NULL && classifier.match_room != NULL);
}

static void end(void)
{
	match_room_free(classifier.match_room);
	vocabulary_free(vocabulary);
}

TestSuite(classify, .init = start, .fini = end);

#define ENDLESS "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"

static struct mailbox mailbox_of(const char *text)
{
	struct mailbox mailbox;

	cr_assert_eq(mailbox_read(text, &mailbox), MAILBOX_READ, "%s", text);
	return mailbox;
}

Test(classify, sets_that_could_not_be_found_are_broken)
{
	cr_expect_eq(class_of(buffer).state, FACT_KNOWN);
	cr_expect_eq(class_of(buffer).sets, buffer);
	cr_expect_eq(class_of(NULL).state, FACT_BROKEN);
}

Test(classify, names_are_brought_into_the_form_in_which_they_are_compared)
{
	struct fact_class class = classify_name(&classifier, "WWW.Ours.Example.", buffer);

	cr_assert_eq(class.state, FACT_KNOWN);
	cr_expect(bits_test(class.sets, ours));
	cr_expect_not(bits_test(class.sets, endless));
	class = classify_name(&classifier, "AAA", buffer);
	cr_assert_eq(class.state, FACT_KNOWN);
	cr_expect(bits_test(class.sets, endless));
	cr_expect_eq(classify_name(&classifier, ENDLESS, buffer).state, FACT_BROKEN);
}

Test(classify, mailboxes_by_their_parts)
{
	static const struct {
		const char *text;
		bool sales, at_ours, nobody;
	} rows[] = {
	    {"sales@ours.example", true, true, false},
	    {"Sales@far.example", true, false, false},
	    {"other@WWW.ours.example", false, true, false},
	    {"sales", true, false, false},
	    {"other", false, false, false},
	    {"<>", false, false, true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mailbox mailbox = mailbox_of(rows[i].text);
		struct fact_class class = classify_mailbox(&classifier, &mailbox, buffer);

		cr_assert_eq(class.state, FACT_KNOWN, "%s", rows[i].text);
		cr_expect_eq(bits_test(class.sets, sales), rows[i].sales, "%s", rows[i].text);
		cr_expect_eq(bits_test(class.sets, at_ours), rows[i].at_ours, "%s", rows[i].text);
		cr_expect_eq(bits_test(class.sets, nobody), rows[i].nobody, "%s", rows[i].text);
		mailbox_destroy(&mailbox);
	}
}

Test(classify, a_mailbox_whose_domain_cannot_be_compared_is_broken)
{
	struct mailbox mailbox = mailbox_of("sales@" ENDLESS);

	cr_expect_eq(classify_mailbox(&classifier, &mailbox, buffer).state, FACT_BROKEN);
	mailbox_destroy(&mailbox);
}

Test(classify, what_makes_an_address_local)
{
	static const struct {
		const char *text;
		enum truth with, without; /* local_domains, and the address that was reached */
	} rows[] = {
	    {"a@ours.example", TRUTH_YES, TRUTH_NO},
	    {"a@www.ours.example", TRUTH_YES, TRUTH_NO},
	    {"a@far.example", TRUTH_NO, TRUTH_NO},
	    {"postmaster", TRUTH_YES, TRUTH_YES},
	    {"<>", TRUTH_NO, TRUTH_NO},
	    {"a@[192.0.2.1]", TRUTH_YES, TRUTH_NO},
	    {"a@[192.0.2.2]", TRUTH_NO, TRUTH_NO},
	    {"a@[x]", TRUTH_NO, TRUTH_NO},
	    {"a@\374.ours.example", TRUTH_NO, TRUTH_NO},
	    {"a@" ENDLESS, TRUTH_BROKEN, TRUTH_BROKEN},
	};
	struct address address;
	const struct locality none = {{false, 0}, NULL};
	struct locality some = {{true, ours}, &address};

	cr_assert(address_from_text("192.0.2.1", &address));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mailbox mailbox = mailbox_of(rows[i].text);

		cr_expect_eq(classify_local(&classifier, &some, &mailbox), rows[i].with, "%s", rows[i].text);
		cr_expect_eq(classify_local(&classifier, &none, &mailbox), rows[i].without, "%s", rows[i].text);
		cr_expect_eq(classify_local_text(&classifier, &some, rows[i].text), rows[i].with, "%s", rows[i].text);
		mailbox_destroy(&mailbox);
	}
	cr_expect_eq(classify_local_text(&classifier, &some, "a@"), TRUTH_NO, "it cannot be read");
}

Test(classify, what_the_mta_reads_is_asked_for_where_an_address_is_not_plain)
{
	static const struct {
		const char *written, *reading;
		bool differs, sales, routes, unreadable;
	} rows[] = {
	    {"sales@ours.example", "other@far.example", false, false, false, false},
	    {"sal\\es@ours.example", NULL, false, false, false, false},
	    {"sal\\es@ours.example", "sales@ours.example", true, true, false, false},
	    {"sal\\es@ours.example", "other@ours.example", true, false, false, false},
	    {"sales (x)", "a%b@ours.example", true, false, true, false},
	    {"sales (x)", "@", false, false, false, true},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct mailbox written = mailbox_of(rows[i].written);
		struct reading reading = classify_reading(&classifier, &written, rows[i].reading, buffer);

		cr_assert_eq(reading.class.state, rows[i].differs ? FACT_KNOWN : FACT_ABSENT, "row %zu", i);
		if (rows[i].differs)
			cr_expect_eq(bits_test(reading.class.sets, sales), rows[i].sales, "row %zu", i);
		cr_expect_eq(reading.routes, rows[i].routes, "row %zu", i);
		cr_expect_eq(reading.unreadable, rows[i].unreadable, "row %zu", i);
		mailbox_destroy(&written);
	}
}
