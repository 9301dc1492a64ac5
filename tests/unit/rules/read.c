/* Every setting of every group: what it takes, what it does not, and that a group has no other. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "policy/condition.h"
#include "policy/ruleset.h"
#include "rules/load.h"
#include "tests/unit/rules/rule_files.h"
#include "tests/unit/rules/said.h"

TestSuite(read, .init = rule_files_start, .fini = rule_files_end);

/* The groups of a rule file, with what else they need; the setting at hand stands on line 4. */
enum place {
	IN_FILE,
	IN_LISTENER,
	IN_MATCH,
	IN_CONNECTION,
	IN_AUTH,
	IN_RELAY,
	IN_RULE,
	IN_UNLESS,
	IN_EXAMPLE
};
#define PLACE_COUNT (IN_EXAMPLE + 1)

static const struct {
	const char *what; /* as messages call it */
	const char *before, *after;
} places[] = {
    [IN_FILE] = {"a rule file", "#\n#\n#\n", "\n" SAID_LISTENER},
    [IN_LISTENER] = {"a listener", "listeners = ( {\n#\nname = \"one\"; direction = \"inbound\";\n", "\n} );\n"},
    [IN_MATCH] = {"match", "listeners = ( {\nname = \"one\"; direction = \"inbound\";\nmatch = {\n", "\n}; } );\n"},
    [IN_CONNECTION] = {"the connection block",
                       "listeners = ( {\nname = \"one\"; direction = \"inbound\";\nconnection = { mode = \"only\";\n",
                       "\n}; } );\n"},
    [IN_AUTH] = {"the auth block", "listeners = ( {\nname = \"one\"; direction = \"inbound\";\nauth = {\n",
                 "\n}; } );\n"},
    [IN_RELAY] = {"the relay block",
                  "listeners = ( {\nname = \"one\"; direction = \"inbound\";\nrelay = { mode = \"only\";\n",
                  "\n}; } );\n"},
    [IN_RULE] = {"a rule",
                 "listeners = ( {\nname = \"one\"; direction = \"inbound\";\nrcpt = ( { verdict = \"reject\";\n",
                 "\n} ); } );\n"},
    [IN_UNLESS] =
        {"unless",
         "listeners = ( {\nname = \"one\"; direction = \"inbound\";\nrcpt = ( { verdict = \"reject\"; unless = {\n",
         "\n}; } ); } );\n"},
    [IN_EXAMPLE] = {"an example",
                    "listeners = ( { name = \"one\"; direction = \"inbound\"; } ); expect = ( {\n#\n"
                    "listener = \"one\"; client = \"192.0.2.1\"; verdict = \"accept\";\n",
                    "\n} );\n"},
};

static const char *text_of(enum place place, const char *setting)
{
	static char text[1000];

	snprintf(text, sizeof text, "%s%s%s", places[place].before, setting, places[place].after);
	return text;
}

Test(read, the_places_themselves_are_sound)
{
	cr_assert_eq(sizeof places / sizeof *places, PLACE_COUNT);
	for (unsigned place = 0; place < PLACE_COUNT; place++)
		if (place != IN_UNLESS)
			cr_expect_null(strstr(said_of(text_of((enum place)place, "")), "error"), "%s: %s",
			               places[place].what, said());
}

/* Whether a setting can be read there. */
static bool taken(enum place place, const char *setting)
{
	return strstr(said_of(text_of(place, setting)), ": error:") == NULL;
}

/* What a setting may be. */
enum type {
	TEXT,
	WORD,
	NUMBER,
	FLAG,
	TLS,
	VALUE,
	PORTS,
	GROUP,
	LIST
};

static const struct row {
	enum place place;
	const char *name;
	enum type type;
	const char *sound[3]; /* values that it takes */
	const char *unsound[3];
} settings[] = {
    {IN_FILE, "socket", TEXT, {"\"inet:8894@127.0.0.1\"", "\"unix:/run/s\""}, {"\"\"", "\"a\\tb\""}},
    {IN_FILE, "user", TEXT, {"\"s\""}, {"\"\"", "\"a\\nb\""}},
    {IN_FILE, "group", TEXT, {"\"s\""}, {"\"\""}},
    {IN_FILE, "decisions", TEXT, {"\"/var/log/s\""}, {"\"\"", "\"s.log\""}},
    {IN_FILE, "decisions_key", TEXT, {"\"/etc/s/key\""}, {"\"\"", "\"key\""}},
    {IN_FILE, "metrics", TEXT, {"\"127.0.0.1:9894\""}, {"\"\""}},
    {IN_FILE, "shadow", TEXT, {"\"new.conf\"", "\"/etc/new.conf\""}, {"\"\"", "\"a\\nb\""}},
    {IN_FILE, "log", WORD, {"\"text\"", "\"json\""}, {"\"JSON\"", "\"jsn\"", "\"\""}},
    {IN_FILE, "nat_watch", WORD, {"\"warn\"", "\"refuse\"", "\"off\""}, {"\"on\"", "\"Refuse\"", "\"\""}},
    {IN_FILE, "local_domains", VALUE, {"[ \"a.example\" ]", "\"a.example\"", "[]"}, {"[ \"10.0.0.0/8\" ]"}},
    {IN_FILE, "expect", LIST, {"()"}, {"( 5 )"}},
    {IN_FILE, "never", LIST, {"()"}, {"( 5 )"}},
    {IN_LISTENER, "resolved", WORD, {"\"judge\"", "\"ignore\""}, {"\"ignored\"", "\"Judge\""}},
    {IN_LISTENER, "match", GROUP, {"{ }", "{ port = 25; }"}, {NULL}},
    {IN_LISTENER, "connection", GROUP, {"{ mode = \"only\"; }"}, {"{ }"}},
    {IN_LISTENER, "auth", GROUP, {"{ }", "{ mode = \"required\"; }"}, {NULL}},
    {IN_LISTENER, "relay", GROUP, {"{ mode = \"only\"; }"}, {"{ }"}},
    {IN_LISTENER, "connect", LIST, {"()", "( { verdict = \"accept\"; } )"}, {"( 5 )", "( { } )"}},
    {IN_LISTENER, "helo", LIST, {"()", "( { verdict = \"accept\"; } )"}, {"( 5 )", "( { } )"}},
    {IN_LISTENER, "mail", LIST, {"()", "( { verdict = \"accept\"; } )"}, {"( 5 )", "( { } )"}},
    {IN_LISTENER, "rcpt", LIST, {"()", "( { verdict = \"accept\"; } )"}, {"( 5 )", "( { } )"}},
    {IN_LISTENER, "data", LIST, {"()", "( { verdict = \"accept\"; } )"}, {"( 5 )", "( { } )"}},
    {IN_MATCH, "daemon", VALUE, {"[ \"a\", \"b\" ]", "\"a\"", "[]"}, {"[ \"a\", \"!b\" ]"}},
    {IN_MATCH, "address", VALUE, {"[ \"10.0.0.0/8\" ]", "\"::1\"", "[]"}, {"[ \"a.example\" ]"}},
    {IN_MATCH, "port", PORTS, {"25", "[ 1, 65535 ]", "[]"}, {"[ 25, 0 ]", "65536", "-25"}},
    {IN_MATCH, "local", FLAG, {"true", "false"}, {NULL}},
    {IN_CONNECTION, "clients", VALUE, {"[ \"10.0.0.0/8\" ]", "\"::1\"", "[]"}, {"[ \"a.example\" ]"}},
    {IN_CONNECTION, "names", VALUE, {"[ \"a.example\" ]", "[]"}, {"[ \"a@b.example\" ]"}},
    {IN_CONNECTION, "reply", TEXT, {"\"550 5.7.1 {client}\""}, {"\"450 4.7.1 no\"", "\"550 5.7.1 {helo}\"", "\"\""}},
    {IN_AUTH, "mode", WORD, {"\"optional\"", "\"required\"", "\"forbidden\""}, {"\"only\"", "\"Required\""}},
    {IN_AUTH, "users", VALUE, {"[ \"a\", \"b@\" ]", "[]"}, {"[ \"@none\" ]"}},
    {IN_AUTH, "mechanisms", VALUE, {"[ \"PLAIN\" ]", "\"LOGIN\""}, {"[ \"@x\" ]", "[ \"/x/\" ]"}},
    {IN_AUTH, "tls", TLS, {"true", "false", "128"}, {"0", "-1", "65536"}},
    {IN_AUTH, "reply", TEXT, {"\"530 5.7.0 {user} {sender}\""}, {"\"530 5.7.0 {recipient}\"", "\"530 no\""}},
    {IN_RELAY, "clients", VALUE, {"[ \"10.0.0.0/8\" ]", "[]"}, {"[ \"10.0.0.1/8\" ]"}},
    {IN_RELAY, "names", VALUE, {"[ \"a.example\" ]"}, {"[ \"a@b.example\" ]"}},
    {IN_RELAY, "authenticated", FLAG, {"true", "false", "true; users = [ \"a\" ]"}, {NULL}},
    {IN_RELAY, "users", VALUE, {NULL}, {"[ \"a\" ]", "[ \"a\" ]; authenticated = false"}},
    {IN_RELAY, "reply", TEXT, {"\"550 5.7.1 {recipient}\""}, {"\"550 5.7.1 {tls}\"", "\"421 4.7.1 x\""}},
    {IN_RULE, "name", TEXT, {"\"a b\""}, {"\"\"", "\"a\\nb\""}},
    {IN_RULE, "reply", TEXT, {"\"550 5.7.1 one\\ntwo\""}, {"\"550 5.7.1 a\\tb\"", "\"250 2.0.0 ok\""}},
    {IN_RULE,
     "unless",
     GROUP,
     {"{ client = [ \"::1\" ]; }", "{ relay = true; }"},
     {"{ }", "{ verdict = \"accept\"; }"}},
    {IN_EXAMPLE, "address", TEXT, {"\"192.0.2.1\"", "\"::1\""}, {"\"\"", "\"x\""}},
    {IN_EXAMPLE, "client_name", TEXT, {"\"a.example\""}, {"\"\""}},
    {IN_EXAMPLE, "helo", TEXT, {"\"a.example\"", "\"\""}, {NULL}},
    {IN_EXAMPLE, "user", TEXT, {"\"a\"", "\"\""}, {NULL}},
    {IN_EXAMPLE, "mechanism", TEXT, {"\"PLAIN\""}, {NULL}},
    {IN_EXAMPLE, "tls", NUMBER, {"0", "256", "65535"}, {"65536", "-1"}},
    {IN_EXAMPLE, "size", NUMBER, {"0", "5000000000L", "9223372036854775807L"}, {"-1", "5000000000"}},
    {IN_EXAMPLE, "sender", TEXT, {"\"a@b.example\"", "\"<>\"", "\"\""}, {NULL}},
    {IN_EXAMPLE, "recipient", TEXT, {"\"postmaster\""}, {NULL}},
    {IN_EXAMPLE, "resolved", TEXT, {"\"postmaster\"; recipient = \"postmaster\""}, {NULL}},
    {IN_EXAMPLE, "reply", TEXT, {NULL}, {NULL}},
    {IN_EXAMPLE, "stage", WORD, {"\"mail\""}, {"\"eom\"", "\"Mail\""}},
};
#define SETTINGS (sizeof settings / sizeof *settings)

Test(read, what_each_setting_takes_and_what_it_does_not)
{
	char setting[200];

	for (size_t i = 0; i < SETTINGS; i++) {
		const struct row *row = &settings[i];

		for (size_t k = 0; k < 3 && row->sound[k] != NULL; k++) {
			snprintf(setting, sizeof setting, "%s = %s;", row->name, row->sound[k]);
			cr_expect(taken(row->place, setting), "in %s: %s %s", places[row->place].what, setting, said());
		}
		for (size_t k = 0; k < 3 && row->unsound[k] != NULL; k++) {
			snprintf(setting, sizeof setting, "%s = %s;", row->name, row->unsound[k]);
			cr_expect(said_at(text_of(row->place, setting), "a.conf:4: error:", ""), "in %s: %s %s",
			          places[row->place].what, setting, said());
		}
	}
}

/* A value of each type that libconfig knows, and which settings take one of that type. */
Test(read, a_value_of_another_type_is_an_error_at_its_line)
{
	static const struct {
		const char *value;
		unsigned types; /* that it could be */
	} values[] = {
	    {"\"text\"", 1 << TEXT | 1 << WORD | 1 << VALUE},
	    {"25", 1 << NUMBER | 1 << TLS | 1 << PORTS},
	    {"25L", 1 << NUMBER | 1 << TLS | 1 << PORTS},
	    {"2.5", 0},
	    {"true", 1 << FLAG | 1 << TLS},
	    {"[ \"text\" ]", 1 << VALUE},
	    {"[ 25 ]", 1 << PORTS},
	    {"[ true ]", 0},
	    {"[ 2.5 ]", 0},
	    {"( \"text\" )", 0},
	    {"( 5 )", 0},
	    {"{ a = 1; }", 0},
	};
	char setting[200];

	for (size_t i = 0; i < SETTINGS; i++) {
		for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
			if (values[k].types >> settings[i].type & 1)
				continue;
			snprintf(setting, sizeof setting, "%s = %s;", settings[i].name, values[k].value);
			cr_expect(said_at(text_of(settings[i].place, setting), "a.conf:4: error:", ""), "in %s: %s %s",
			          places[settings[i].place].what, setting, said());
		}
	}
}

Test(read, a_setting_that_is_not_known_is_an_error_with_the_nearest_one)
{
	char setting[200], part[200];

	for (size_t i = 0; i < SETTINGS; i++) {
		snprintf(setting, sizeof setting, "%c%s = 1;", settings[i].name[0], settings[i].name);
		snprintf(part, sizeof part, "did you mean \"%s\"?", settings[i].name);
		cr_expect(said_at(text_of(settings[i].place, setting), "a.conf:4: error:", part), "in %s: %s %s",
		          places[settings[i].place].what, setting, said());
	}
	for (unsigned place = 0; place < PLACE_COUNT; place++)
		cr_expect(said_at(text_of((enum place)place, "entirely_other = 1;"),
		                  "a.conf:4: error:", "\"entirely_other\""),
		          "in %s: %s", places[place].what, said());
}

Test(read, settings_of_one_group_are_not_those_of_another)
{
	for (size_t i = 0; i < SETTINGS; i++) {
		for (unsigned place = 0; place < PLACE_COUNT; place++) {
			bool known = false;
			enum condition_kind kind;
			enum stage stage;
			char setting[200];

			for (size_t k = 0; k < SETTINGS; k++)
				known |= settings[k].place == (enum place)place &&
				         strcmp(settings[k].name, settings[i].name) == 0;
			known |=
			    (place == IN_RULE || place == IN_UNLESS) && condition_from_name(settings[i].name, &kind);
			known |= place == IN_LISTENER && stage_from_name(settings[i].name, &stage);
			/* those that stand there already, and the group of tables */
			known |= strcmp(settings[i].name, "mode") == 0 || strcmp(settings[i].name, "name") == 0;
			known |= place == IN_FILE && strcmp(settings[i].name, "users") == 0;
			if (known)
				continue;
			snprintf(setting, sizeof setting, "%s = 1;", settings[i].name);
			cr_expect(said_at(text_of((enum place)place, setting), "a.conf:4: error:", "unknown setting"),
			          "in %s: %s %s", places[place].what, setting, said());
		}
	}
}

Test(read, what_a_group_needs)
{
	static const struct {
		const char *text, *part;
	} rows[] = {
	    {"user = \"s\";\n", "\"listeners\""},
	    {"listeners = ( { direction = \"inbound\"; } );\n", "\"name\""},
	    {"listeners = ( { name = \"one\"; } );\n", "\"direction\""},
	    {"listeners = ( { name = \"one\"; direction = \"inbound\"; connection = { }; } );\n", "\"mode\""},
	    {"listeners = ( { name = \"one\"; direction = \"inbound\"; relay = { }; } );\n", "\"mode\""},
	    {"listeners = ( { name = \"one\"; direction = \"inbound\"; mail = ( { } ); } );\n", "\"verdict\""},
	    {"listeners = ( { name = \"one\"; direction = \"sideways\"; } );\n", "\"inbound\""},
	    {"listeners = ( { name = \"one\"; direction = \"inbound\"; relay = { mode = \"some\"; }; } );\n",
	     "\"only\""},
	    {"listeners = ( { name = \"one\"; direction = \"inbound\"; mail = ( { verdict = \"discard\"; } ); } );\n",
	     "\"reject\""},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect(said_at(rows[i].text, "a.conf:", rows[i].part), "%s%s", rows[i].text, said());
}

/* Every condition at every stage: taken where its row says, else an error that names the stage. */
Test(read, a_condition_stands_at_the_stages_that_have_its_fact)
{
	for (unsigned kind = 0; kind < CONDITION_COUNT; kind++) {
		const struct condition_row *row = condition_row((enum condition_kind)kind);
		const char *value = row->kind == VALUE_NETWORK    ? "[ \"::1\" ]"
		                    : row->kind < VALUE_SET_KINDS ? "[ \"a\" ]"
		                                                  : "5";

		if (row->kind == VALUE_BOOLEAN)
			value = "true";
		for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
			for (unsigned unless = 0; unless < 2; unless++) {
				char text[400];
				bool fits = (enum stage)stage >= row->first && (enum stage)stage <= row->last;

				snprintf(text, sizeof text,
				         "listeners = ( { name = \"one\"; direction = \"inbound\";\n"
				         "%s = ( { verdict = \"reject\"; %s %s = %s; %s } ); } );\n",
				         stage_name((enum stage)stage), unless == 1 ? "unless = {" : "", row->name,
				         value, unless == 1 ? "};" : "");
				if (fits)
					cr_expect_null(strstr(said_of(text), "error"), "%s%s", text, said());
				else
					cr_expect(said_at(text, "a.conf:2: error:", row->name), "%s%s", text, said());
			}
		}
	}
}

Test(read, replies_that_do_not_fit)
{
	static const struct {
		const char *rule, *part;
	} rows[] = {
	    {"verdict = \"reject\"; reply = \"no\";", "\"550 5.7.1 no\""},
	    {"verdict = \"tempfail\"; reply = \"later\";", "\"450 4.7.1 later\""},
	    {"verdict = \"reject\"; reply = \"521 5.7.1 no\";", "close the connection"},
	    {"verdict = \"reject\"; reply = \"450 4.7.1 no\";", "does not fit the verdict \"reject\""},
	    {"verdict = \"tempfail\"; reply = \"550 5.7.1 no\";", "does not fit the verdict \"tempfail\""},
	    {"verdict = \"reject\"; reply = \"550 no\";", "no enhanced code"},
	    {"verdict = \"reject\"; reply = \"550 4.7.1 no\";", "\"550 5.7.1 no\""},
	    {"verdict = \"reject\"; reply = \"550 5.7.1\";", "no text"},
	    {"verdict = \"reject\"; reply = \"550 5.7.1 a\\tb\";", "control or non-ASCII"},
	    {"verdict = \"reject\"; reply = \"550 5.7.1 {what}\";", "\"{what}\" is no placeholder"},
	    {"verdict = \"reject\"; reply = \"550 5.7.1 {recipient}\";", "\"{recipient}\" is not known at mail"},
	    {"verdict = \"accept\"; reply = \"550 5.7.1 no\";", "an accept rule has no reply"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[400];

		snprintf(text, sizeof text,
		         "listeners = ( { name = \"one\"; direction = \"inbound\";\n mail = (\n{ %s } ); } );\n",
		         rows[i].rule);
		cr_expect(said_at(text, "a.conf:3: error:", rows[i].part), "%s: %s", rows[i].rule, said());
		cr_expect_eq(said_lines(), 1, "%s", said());
	}
}

Test(read, a_relay_block_that_lets_all_but_some_names_is_an_error)
{
	cr_expect(said_at("listeners = ( { name = \"one\"; direction = \"inbound\";\n"
	                  "  relay = { mode = \"all-except\";\n names = [ \"a.example\" ]; }; } );\n",
	                  "a.conf:3: error:", "all-except"),
	          "%s", said());
	cr_expect(taken(IN_LISTENER, "connection = { mode = \"all-except\"; names = [ \"a.example\" ]; };"), "%s",
	          said());
	cr_expect(taken(IN_LISTENER, "relay = { mode = \"all-except\"; clients = [ \"::1\" ]; };"), "%s", said());
}
