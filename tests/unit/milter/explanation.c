#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "milter/explanation.h"
#include "policy/ruleset.h"
#include "rules/load.h"

static const char text[] =
    "local_domains = [ \"ours.example\" ];\n"
    "listeners = ( { name = \"all\"; direction = \"inbound\";\n"
    "  connection = { mode = \"all-except\"; clients = [ \"198.51.100.0/24\" ]; };\n"
    "  relay = { mode = \"only\"; clients = [ \"10.0.0.0/8\" ]; };\n"
    "  rcpt = ( { name = \"no info\"; recipient = [ \"info@\" ]; verdict = \"tempfail\"; } );\n"
    "  data = ( { recipients_over = 1; verdict = \"reject\"; reply = \"550 5.7.1 one\\ntwo\"; } ); } );\n";

static struct rules *rules;

static void begin(void)
{
	rules = fixture_rules(text);
}

static void end(void)
{
	rules_free(rules);
}

TestSuite(explanation, .init = begin, .fini = end);

static struct scenario from(const char *client, const struct recipient *recipients, size_t count)
{
	struct scenario scenario = {
	    .connection = {.has_client = true, .client_name_state = CLIENT_NAME_NONE},
	    .envelope = {.sender = "<>"},
	    .recipients = recipients,
	    .recipient_count = count,
	};

	cr_assert(address_from_text(client, &scenario.connection.client));
	return scenario;
}

static json_t *judged(const struct scenario *scenario)
{
	struct explanation explanation;
	char *output = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&output, &size);
	json_t *object;

	cr_assert(explanation_judge(rules->ruleset, scenario, &explanation));
	cr_assert(explanation_print_json(&explanation, stream));
	fclose(stream);
	explanation_destroy(&explanation);
	object = json_loads(output, JSON_REJECT_DUPLICATES, NULL);
	cr_assert_not_null(object);
	free(output);
	return object;
}

static const char *of(json_t *object, size_t stage, const char *name)
{
	json_t *value = json_object_get(json_array_get(json_object_get(object, "stages"), stage), name);

	return value == NULL ? "absent" : json_is_null(value) ? "null" : json_string_value(value);
}

Test(explanation, a_session_without_recipient_ends_after_mail)
{
	struct scenario scenario = from("203.0.113.1", NULL, 0);
	json_t *object = judged(&scenario);

	cr_assert_eq(json_array_size(json_object_get(object, "stages")), 3);
	cr_assert_str_eq(json_string_value(json_object_get(object, "listener")), "all");
	cr_assert_str_eq(json_string_value(json_object_get(object, "verdict")), "accept");
	cr_assert_str_eq(of(object, 0, "stage"), "connect");
	cr_assert_str_eq(of(object, 0, "rule"), "connection");
	cr_assert_str_eq(of(object, 0, "reply"), "absent");
	cr_assert_str_eq(of(object, 1, "stage"), "helo");
	cr_assert_str_eq(of(object, 1, "by"), "null");
	cr_assert_str_eq(of(object, 1, "rule"), "null");
	cr_assert_str_eq(of(object, 2, "stage"), "mail");
	cr_assert_str_eq(of(object, 2, "recipient"), "absent");
	json_decref(object);
}

Test(explanation, it_stops_at_the_first_refusal)
{
	const struct recipient recipients[] = {{.address = "a@ours.example"}};
	struct scenario scenario = from("198.51.100.1", recipients, 1);
	json_t *object = judged(&scenario);

	cr_assert_eq(json_array_size(json_object_get(object, "stages")), 1);
	cr_assert_str_eq(json_string_value(json_object_get(object, "verdict")), "reject");
	cr_assert_str_eq(of(object, 0, "reply"), "550 5.7.1 Access denied for 198.51.100.1");
	json_decref(object);
}

Test(explanation, every_recipient_is_judged_and_the_worst_verdict_counts)
{
	const struct recipient recipients[] = {
	    {.address = "<a@ours.example>"},
	    {.address = "info@ours.example"},
	    {.address = "b@elsewhere.example"},
	    {.address = "c@ours.example", .resolved = "c@elsewhere.example"},
	};
	struct scenario scenario = from("203.0.113.1", recipients, 4);
	json_t *object = judged(&scenario);
	json_t *stages = json_object_get(object, "stages");

	cr_assert_eq(json_array_size(stages), 8, "data, too: one recipient was accepted");
	cr_assert_str_eq(json_string_value(json_object_get(object, "verdict")), "reject");
	cr_assert_str_eq(of(object, 3, "recipient"), "a@ours.example");
	cr_assert_str_eq(of(object, 3, "verdict"), "accept");
	cr_assert(json_is_false(json_object_get(json_array_get(stages, 3), "relay")));
	cr_assert_str_eq(of(object, 4, "verdict"), "tempfail");
	cr_assert_str_eq(of(object, 4, "rule"), "no info");
	cr_assert_str_eq(of(object, 5, "verdict"), "reject");
	cr_assert(json_is_true(json_object_get(json_array_get(stages, 5), "relay")));
	cr_assert_str_eq(of(object, 6, "recipient"), "c@ours.example");
	cr_assert_str_eq(of(object, 6, "reply"), "550 5.7.1 Unable to relay for c@elsewhere.example");
	cr_assert_str_eq(of(object, 7, "stage"), "data");
	cr_assert_str_eq(of(object, 7, "verdict"), "accept");
	json_decref(object);
}

Test(explanation, data_is_left_out_where_no_recipient_was_accepted)
{
	const struct recipient recipients[] = {{.address = "info@ours.example"}};
	struct scenario scenario = from("203.0.113.1", recipients, 1);
	json_t *object = judged(&scenario);

	cr_assert_eq(json_array_size(json_object_get(object, "stages")), 4);
	cr_assert_str_eq(json_string_value(json_object_get(object, "verdict")), "tempfail");
	json_decref(object);
}

Test(explanation, data_counts_too)
{
	const struct recipient recipients[] = {{.address = "a@ours.example"}, {.address = "b@ours.example"}};
	struct scenario scenario = from("203.0.113.1", recipients, 2);
	json_t *object = judged(&scenario);

	cr_assert_str_eq(json_string_value(json_object_get(object, "verdict")), "reject");
	cr_assert_str_eq(of(object, 5, "reply"), "550-5.7.1 one\n550 5.7.1 two");
	json_decref(object);
}

Test(explanation, people_read_it_in_columns)
{
	const struct recipient recipients[] = {{.address = "a\x1b@ours.example"}, {.address = "b@elsewhere.example"}};
	struct scenario scenario = from("203.0.113.1", recipients, 2);
	struct explanation explanation;
	char *output = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&output, &size);

	cr_assert(explanation_judge(rules->ruleset, &scenario, &explanation));
	explanation_print(&explanation, stream, false);
	fclose(stream);
	explanation_destroy(&explanation);
	cr_assert_null(strchr(output, '\x1b'), "%s", output);
	cr_assert_not_null(strstr(output, "550 5.7.1 Unable to relay for b@elsewhere.example\n"), "%s", output);
	cr_assert_not_null(strstr(output, "verdict reject"), "%s", output);
	free(output);
}
