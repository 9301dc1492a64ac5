#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "milter/ledger/pseudonyms.h"
#include "milter/ledger/record.h"
#include "policy/arena.h"
#include "rules/fault.h"

static char path[] = "/tmp/sallyport-key-XXXXXX";
static struct arena *arena;

static void begin(void)
{
	close(mkstemp(path));
	arena = arena_new();
}

static void end(void)
{
	unlink(path);
	arena_free(arena);
}

TestSuite(pseudonyms, .init = begin, .fini = end);

static struct pseudonyms *with_key(const char *key, struct fault *ret_fault)
{
	FILE *file = fopen(path, "w");

	fputs(key, file);
	fclose(file);
	return pseudonyms_open(path, ret_fault);
}

static struct record without_names(const char *key, const struct record *record)
{
	struct fault fault;
	struct pseudonyms *pseudonyms = with_key(key, &fault);
	struct record result;

	cr_assert_not_null(pseudonyms, "%s", fault.text);
	cr_assert(pseudonyms_apply(pseudonyms, arena, record, &result));
	pseudonyms_free(pseudonyms);
	return result;
}

/* printf alice | openssl dgst -sha256 -hmac 0123456789abcdef */
#define ALICE "#fdbf8b1cacd3d578"

Test(pseudonyms, local_parts_and_logins_are_hashed_whatever_their_letters)
{
	const struct record_step steps[] = {
	    {.stage = STAGE_RCPT,
	     .recipient = "ALICE@There.example",
	     .resolved = "alice",
	     .reading = "alice@x.example",
	     .reply = "550 5.7.1 Unable to relay for ALICE@There.example",
	     .rule = "relay"},
	};
	const struct record record = {.sender = "Alice@ours.example",
	                              .reading = "alice@o.example",
	                              .user = "alice@realm",
	                              .helo = "alice.example",
	                              .steps = steps,
	                              .step_count = 1};
	struct record result = without_names("0123456789abcdef\n", &record);

	cr_assert(result.hashed);
	cr_assert_str_eq(result.sender, ALICE "@ours.example");
	cr_assert_str_eq(result.reading, ALICE "@o.example");
	cr_assert_str_eq(result.user, ALICE "@realm");
	cr_assert_str_eq(result.helo, "alice.example");
	cr_assert_str_eq(result.steps[0].recipient, ALICE "@There.example");
	cr_assert_str_eq(result.steps[0].resolved, ALICE);
	cr_assert_str_eq(result.steps[0].reading, ALICE "@x.example");
	cr_assert_str_eq(result.steps[0].reply, "550 5.7.1");
	cr_assert_str_eq(result.steps[0].rule, "relay");
	cr_assert_str_eq(steps[0].recipient, "ALICE@There.example", "the record itself stays");
}

Test(pseudonyms, another_key_gives_other_hashes)
{
	const struct record record = {.user = "alice"};
	struct record one = without_names("0123456789abcdef", &record);
	struct record other = without_names("0123456789abcdeg", &record);

	cr_assert_str_eq(one.user, ALICE);
	cr_assert_str_neq(one.user, other.user);
}

Test(pseudonyms, what_names_nobody_stays)
{
	const struct record record = {.sender = ""};
	struct record result = without_names("0123456789abcdef", &record);

	cr_assert_str_eq(result.sender, "");
	cr_assert_null(result.user);
	cr_assert_null(result.reading);
}

Test(pseudonyms, routes_and_quotes_do_not_show_a_name)
{
	static const char *const addresses[] = {"@relay.example:alice@x.example", "\"alice@y\"@x.example",
	                                        "alice%y@x.example"};

	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		const struct record record = {.sender = addresses[i]};
		struct record result = without_names("0123456789abcdef", &record);

		cr_assert_null(strstr(result.sender, "alice"), "%s", result.sender);
		cr_assert_str_eq(strchr(result.sender, '@'), "@x.example");
	}
}

Test(pseudonyms, replies_keep_their_codes)
{
	static const struct {
		const char *reply;
		const char *kept;
	} rows[] = {
	    {"550-5.7.1 alice\n550 5.7.1 is ours", "550 5.7.1"},
	    {"451 4.3.5 No", "451 4.3.5"},
	    {"550 5.7.1", "550 5.7.1"},
	    {"550", "550"},
	    {"", ""},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct record_step step = {.reply = rows[i].reply};
		const struct record record = {.steps = &step, .step_count = 1};
		struct record result = without_names("0123456789abcdef", &record);

		cr_assert_str_eq(result.steps[0].reply, rows[i].kept);
	}
}

Test(pseudonyms, a_key_that_is_none_is_told)
{
	struct fault fault;

	cr_assert_null(with_key("0123456789abcde\n\n", &fault));
	cr_assert_not_null(strstr(fault.text, "has 15 bytes and needs 16"), "%s", fault.text);
	cr_assert_null(pseudonyms_open("/nowhere/key", &fault));
	cr_assert_str_eq(fault.text, "cannot read the key \"/nowhere/key\": No such file or directory");
}
