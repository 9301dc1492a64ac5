/* No memory: what diff, mta, prove and a reload say while each allocation in turn fails, once or from then on. */
#include <criterion/criterion.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/change.h"
#include "milter/command.h"
#include "milter/diff_print.h"
#include "milter/log.h"
#include "milter/mta_settings.h"
#include "policy/compare.h"
#include "policy/ruleset.h"
#include "rules/load.h"
#include "rules/naming.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"
#include "tests/unit/rules/scarcity.h"

/* jansson (2.14) loses values where it packs them without memory. */
static void start(void)
{
	rule_files_start();
	json_set_alloc_funcs(scarcity_malloc, scarcity_free);
}

TestSuite(memory, .init = start, .fini = rule_files_end);

/* Something of everything: conditions, logins, lists for a table of their own, sockets that lack something. */
#define TABLES                                                                                                         \
	"networks = { lan = [ \"10.0.0.0/8\", \"2001:db8::/32\", \"!10.0.0.1\" ]; };\n"                                \
	"domains = { ours = [ \"ours.example\", \".ours.example\", \"/^reg[0-9]/\" ]; };\n"                            \
	"users = { staff = [ \"alice\", \"bob@\" ]; };\n"                                                              \
	"local_domains = [ \"@ours\", \"too.example\" ];\n"
#define IN(REST)                                                                                                       \
	"{ name = \"in\"; direction = \"inbound\"; match = { port = 25; };\n"                                          \
	"  auth = { mode = \"optional\"; tls = true; };\n"                                                             \
	"  relay = { mode = \"only\"; clients = [ \"@lan\" ]; authenticated = true; users = [ \"@staff\" ]; };\n"      \
	"  helo = ( { verdict = \"reject\"; helo = [ \"bad.example\" ]; reply = \"550 5.7.1 Not\\nso\"; } );\n" REST   \
	"},\n"
#define OUT                                                                                                            \
	"{ name = \"the way out\"; direction = \"outbound\"; match = { port = [ 465, 587 ]; address = "                \
	"\"10.0.0.0/8\"; };\n"                                                                                         \
	"  auth = { mode = \"required\"; }; relay = { mode = \"only\"; authenticated = true; };\n"                     \
	"  data = ( { verdict = \"tempfail\"; recipients_over = 5; } ); },\n"                                          \
	"{ name = \"machine\"; direction = \"outbound\"; match = { local = true; }; }\n"
static const char old[] = TABLES "listeners = ( " IN("") OUT " );\n";
static const char new[] = TABLES "listeners = ( " IN("mail = ( { verdict = \"reject\"; sender = [ \"a@b.example\" ]; "
                                                     "unless = { client = \"@lan\"; }; } );\n") OUT " );\n";
static const char less[] = TABLES "listeners = ( " IN("connect = ( { verdict = \"reject\"; client = \"10.1.0.0/16\"; } "
                                                      ");\n") "{ name = \"machine\"; direction = \"outbound\"; }"
                                                              " );\n";

static struct rules *rules[WORLD_SIDES];

static void load(const char *one, const char *other)
{
	rules[SIDE_OLD] = told_rules(one);
	rules[SIDE_NEW] = told_rules(other);
}

static void unload(void)
{
	rules_free(rules[SIDE_OLD]);
	rules_free(rules[SIDE_NEW]);
}

/* What was compared, and the names, when there was memory. */
static struct diff diff;

static bool diff_text(FILE *to)
{
	diff.stream = to;
	return diff_print_text(&diff);
}

static bool diff_json(FILE *to)
{
	diff.stream = to;
	return diff_print_json(&diff);
}

static void try_diff(const char *one, const char *other, scarcity_saying *say, size_t least)
{
	const struct ruleset *sides[WORLD_SIDES];
	struct world *both, *last;

	load(one, other);
	for (unsigned side = 0; side < WORLD_SIDES; side++)
		sides[side] = rules[side]->ruleset;
	both = world_new(sides, 2);
	last = world_new(&sides[SIDE_NEW], 1);
	diff = (struct diff){
	    .rules = {rules[SIDE_OLD], rules[SIDE_NEW]},
	    .comparison = compare(both, STAGE_DATA),
	    .naming = naming_new(last, rules[SIDE_NEW]),
	};
	cr_assert_gt(diff.comparison->count, 2);
	scarcity_try(say, SIZE_MAX, least);
	comparison_free((struct comparison *)diff.comparison);
	naming_free((struct naming *)diff.naming);
	world_free(last);
	world_free(both);
	unload();
}

Test(memory, diff_for_people_is_whole_or_nothing)
{
	try_diff(old, new, diff_text, 20);
	try_diff(old, less, diff_text, 20);
}

Test(memory, diff_for_programs_is_whole_or_nothing)
{
	try_diff(old, new, diff_json, 100);
	try_diff(old, less, diff_json, 100);
}

/* Of a reload it must at least be told that it is not known. */
static bool reload_line(FILE *to)
{
	char change[LOG_VALUE];

	change_describe(rules[SIDE_OLD]->ruleset, rules[SIDE_NEW]->ruleset, change, sizeof change);
	fputs(change, to);
	return strcmp(change, "not compared: no memory") != 0;
}

Test(memory, what_a_reload_changed_is_told_whole_or_not_known)
{
	load(old, new);
	scarcity_try(reload_line, 500, 100);
	unload();
}

static const struct mta_kind *kind;
static struct world *world;
static struct naming *naming;

static bool print_each(const struct mta_settings *settings, const struct mta_files *files, FILE *to)
{
	for (size_t i = 0; i < files->count; i++)
		if (!files->list[i].print(settings, &files->list[i], to))
			return false;
	return mta_settings_json(kind, settings, files, to);
}

/* The second wall, the files, and all in JSON. */
static bool settings_all(FILE *to)
{
	struct second_wall *wall = second_wall_new(world, rules[SIDE_OLD], kind->shared);
	struct mta_settings settings = {"told.conf", rules[SIDE_OLD], wall, naming, {.text = "inet:8894@127.0.0.1"},
	                                true};
	struct mta_files files = {0};
	bool done = wall != NULL && kind->files(&settings, &files) && print_each(&settings, &files, to);

	for (size_t i = 0; i < files.count; i++)
		free(files.list[i].name);
	free(files.list);
	second_wall_free(wall);
	return done;
}

static void try_settings(const struct mta_kind *mta)
{
	const struct ruleset *side;

	kind = mta;
	load(new, new);
	side = rules[SIDE_OLD]->ruleset;
	world = world_new(&side, 1);
	naming = naming_new(world, rules[SIDE_OLD]);
	scarcity_try(settings_all, 500, 200);
	naming_free(naming);
	world_free(world);
	unload();
}

Test(memory, settings_of_postfix_are_whole_or_nothing)
{
	try_settings(&mta_postfix);
}

Test(memory, settings_of_sendmail_are_whole_or_nothing)
{
	try_settings(&mta_sendmail);
}

/* Commands */

static struct {
	int (*main)(const struct command *command, int argc, char **argv);
	char **words;
} run;

/* Where it has trouble, and only there, it must have said why, as far as it could. */
static bool run_command(FILE *to)
{
	static const struct command command = {"tried", "", "", "", STATUS_TROUBLE, NULL};
	FILE *output = stdout, *messages = stderr;
	char *said = NULL;
	size_t size = 0;
	int status, count = 0;

	while (run.words[count] != NULL)
		count++;
	stdout = to;
	stderr = open_memstream(&said, &size);
	optind = 0;
	status = run.main(&command, count, run.words);
	scarcity_pause(true);
	fclose(stderr);
	stdout = output;
	stderr = messages;
	if (status == STATUS_TROUBLE)
		cr_assert(strstr(said, "memory") != NULL || strstr(said, "more faults") != NULL, "%s", said);
	else
		cr_assert_str_eq(said, "", "exit %d: %s", status, said);
	cr_assert_null(strstr(said, "not defined"), "%s", said);
	free(said);
	scarcity_pause(false);
	return status != STATUS_TROUBLE;
}

static void try_command(int (*main)(const struct command *, int, char **), char **words)
{
	write_file("old.conf", old);
	write_file("new.conf", new);
	run.main = main;
	run.words = words;
	scarcity_try(run_command, 500, 100);
}

static char name[] = "tried", json[] = "--json", before[] = "old.conf", after[] = "new.conf";

Test(memory, diff_says_that_there_is_none_and_exits_2)
{
	try_command(diff_main, (char *[]){name, before, after, NULL});
	try_command(diff_main, (char *[]){name, json, before, after, NULL});
}

Test(memory, mta_says_that_there_is_none_and_exits_2)
{
	static char postfix[] = "postfix", sendmail[] = "sendmail";

	try_command(mta_main, (char *[]){name, postfix, after, NULL});
	try_command(mta_main, (char *[]){name, json, sendmail, after, NULL});
}

Test(memory, prove_says_that_there_is_none_and_exits_2)
{
	try_command(prove_main, (char *[]){name, after, NULL});
	try_command(prove_main, (char *[]){name, json, after, NULL});
}
