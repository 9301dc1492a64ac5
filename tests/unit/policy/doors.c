/* Doors: which pairs of listeners there are connections for, of small pairs of rule files. */
#include "policy/doors.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"
#include "policy/ruleset.h"
#include "rules/load.h"
#include "tests/unit/policy/told.h"
#include "tests/unit/rules/rule_files.h"

TestSuite(doors, .init = rule_files_start, .fini = rule_files_end);

/* A listener that has this match. */
#define AT(NAME, MATCH) "{ name = \"" NAME "\"; direction = \"inbound\"; match = { " MATCH " }; }"
#define ALL(NAME) "{ name = \"" NAME "\"; direction = \"inbound\"; }"
#define FILE_OF(LISTENERS) "listeners = ( " LISTENERS " );\n"

static int print_door(char *text, size_t size, const struct door *door)
{
	const char *names[WORLD_SIDES];
	char address[LIMIT_NETWORK_TEXT] = "";
	char port[16] = "";

	for (unsigned side = 0; side < WORLD_SIDES; side++)
		names[side] = door->listeners[side] != NULL ? door->listeners[side]->name : "-";
	if (door->has_address)
		address_to_text(&door->address, address);
	if (door->port != 0)
		snprintf(port, sizeof port, ":%u", door->port);
	return snprintf(text, size, "%s>%s%s%s%s%s%s; ", names[0], names[1], door->local ? " local" : "",
	                door->daemon != NULL ? " " : "", door->daemon != NULL ? door->daemon : "",
	                *address != '\0' || *port != '\0' ? " " : "", strcat(address, port));
}

/* "old>new DAEMON ADDRESS:PORT; ...", each with the connection that is shown for it. */
static const char *doors_of(const char *old, const char *new)
{
	static char text[2000];
	struct rules *rules[] = {told_rules(old), told_rules(new)};
	const struct ruleset *const sides[] = {rules[0]->ruleset, rules[1]->ruleset};
	struct world *world = world_new(sides, 2);
	struct doors doors;
	int length = 0;

	cr_assert(doors_find(world, &doors));
	*text = '\0';
	for (size_t i = 0; i < doors.count; i++)
		length += print_door(text + length, sizeof text - (size_t)length, &doors.list[i]);
	doors_destroy(&doors);
	cr_assert_eq(doors.count, 0);
	world_free(world);
	rules_free(rules[0]);
	rules_free(rules[1]);
	return text;
}

static void expect_doors(const char *old, const char *new, const char *expected)
{
	const char *found = doors_of(old, new);

	cr_expect_str_eq(found, expected, "%s>>> %s%s", old, new, found);
}

Test(doors, a_listener_without_a_match_takes_everything_and_local_mail_is_no_door_of_its_own)
{
	expect_doors(FILE_OF(ALL("a")), FILE_OF(ALL("b")), "a>b; ");
}

Test(doors, ports_that_one_side_knows_lead_elsewhere)
{
	expect_doors(FILE_OF(AT("a", "port = 25;")), FILE_OF(AT("b", "port = [ 25, 587 ];")), "a>b :25; ->b :587; ");
	expect_doors(FILE_OF(AT("a", "port = 25;")), FILE_OF(AT("b", "port = 26;")), "a>- :25; ->b :26; ");
	expect_doors(FILE_OF(AT("a", "port = 25;") "," ALL("z")), FILE_OF(ALL("b")), "z>b; a>b :25; ");
}

Test(doors, what_no_listener_takes_on_either_side_is_no_door)
{
	expect_doors(FILE_OF(AT("a", "port = 25;")), FILE_OF(AT("b", "port = 25;")), "a>b :25; ");
}

Test(doors, an_mta_may_give_its_listener_any_name)
{
	expect_doors(FILE_OF(AT("a", "daemon = \"smtpd\";") "," ALL("z")),
	             FILE_OF(AT("b", "daemon = [ \"smtpd\", \"MSA\" ];") "," ALL("y")), "z>y; a>b smtpd; z>b MSA; ");
}

Test(doors, local_addresses_that_different_listeners_take_are_told_apart)
{
	expect_doors(FILE_OF(AT("a", "address = \"10.0.0.0/8\";") "," ALL("z")),
	             FILE_OF(AT("b", "address = [ \"10.0.0.0/9\", \"2001:db8::1\" ];") "," ALL("y")),
	             "z>y; a>b 10.0.0.0; a>y 10.128.0.0; z>b 2001:db8::1; ");
}

Test(doors, all_that_a_match_gives_must_hold)
{
	expect_doors(FILE_OF(AT("a", "port = 25; address = \"10.0.0.1\"; daemon = \"in\";")),
	             FILE_OF(AT("b", "port = 25; address = \"10.0.0.1\";")), "->b 10.0.0.1:25; a>b in 10.0.0.1:25; ");
}

Test(doors, mail_of_the_machine_itself_is_a_door_where_no_connection_goes_the_same_way)
{
	expect_doors(FILE_OF(AT("a", "port = 25;") "," AT("m", "local = true;")),
	             FILE_OF(AT("b", "port = 25;") "," AT("n", "local = true;")), "a>b :25; m>n local; ");
	expect_doors(FILE_OF(AT("m", "local = true;") "," ALL("a")), FILE_OF(ALL("b")), "a>b; m>b local; ");
}

Test(doors, the_first_listener_that_matches_takes_the_connection)
{
	expect_doors(FILE_OF(AT("a", "port = 25;") "," AT("b", "port = [ 25, 26 ];")),
	             FILE_OF(AT("b", "port = [ 25, 26 ];") "," AT("a", "port = [ 25, 27 ];")),
	             "a>b :25; b>b :26; ->a :27; ");
}

Test(doors, of_one_rule_set_each_listener_that_is_ever_chosen_is_a_door)
{
	struct rules *rules = told_rules(FILE_OF(AT("a", "port = 25;") "," ALL("z")));
	const struct ruleset *side = rules->ruleset;
	struct world *world = world_new(&side, 1);
	struct doors doors;

	cr_assert(doors_find(world, &doors));
	cr_expect_eq(doors.count, 2);
	for (size_t i = 0; i < doors.count; i++)
		cr_expect_null(doors.list[i].listeners[1]);
	doors_destroy(&doors);
	world_free(world);
	rules_free(rules);
}
