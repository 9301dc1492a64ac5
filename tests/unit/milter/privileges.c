#include <criterion/criterion.h>
#include <pwd.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "milter/privileges.h"
#include "rules/fault.h"

/* A user that every Debian has, and that owns nothing. */
static const char somebody[] = "nobody";

static struct fault fault;

static void as_root(void)
{
	if (geteuid() != 0)
		cr_skip_test("only root can give up being root");
}

static void as_somebody(void)
{
	as_root();
	cr_assert(privileges_drop(somebody, NULL, &fault), "%s", fault.text);
}

Test(privileges, root_must_be_told_a_user)
{
	as_root();
	cr_assert_not(privileges_drop(NULL, NULL, &fault));
	cr_assert_not_null(strstr(fault.text, "--user"), "%s", fault.text);
	cr_assert_not(privileges_drop(NULL, "daemon", &fault));
}

Test(privileges, a_user_or_group_that_does_not_exist_is_told)
{
	cr_assert_not(privileges_drop("no-such-user", NULL, &fault));
	cr_assert_str_eq(fault.text, "user \"no-such-user\": there is none of that name");
	cr_assert_not(privileges_drop(somebody, "no-such-group", &fault));
	cr_assert_str_eq(fault.text, "group \"no-such-group\": there is none of that name");
}

Test(privileges, root_becomes_the_user_for_good)
{
	const struct passwd *user = getpwnam(somebody);
	uid_t real, effective, saved;

	as_somebody();
	cr_assert_eq(getresuid(&real, &effective, &saved), 0);
	cr_assert(real == user->pw_uid && effective == user->pw_uid && saved == user->pw_uid);
	cr_assert_eq(getegid(), user->pw_gid);
	cr_assert_not(privileges_are_root());
	cr_assert_neq(seteuid(0), 0);
}

Test(privileges, the_group_may_be_another)
{
	as_root();
	cr_assert(privileges_drop(somebody, "daemon", &fault), "%s", fault.text);
	cr_assert_eq(getegid(), 1);
}

Test(privileges, root_stays_root_only_where_it_is_told_to)
{
	as_root();
	cr_assert(privileges_drop("root", NULL, &fault), "%s", fault.text);
	cr_assert(privileges_are_root());
}

Test(privileges, a_user_stays_what_it_is)
{
	as_somebody();
	cr_assert(privileges_drop(NULL, NULL, &fault), "%s", fault.text);
	cr_assert(privileges_drop(somebody, NULL, &fault), "%s", fault.text);
	cr_assert_not(privileges_drop("root", NULL, &fault));
	cr_assert_not_null(strstr(fault.text, "only root can become"), "%s", fault.text);
	cr_assert_not(privileges_drop(somebody, "daemon", &fault));
	cr_assert_not(privileges_drop(NULL, "daemon", &fault));
}

Test(privileges, what_root_alone_can_read_is_out_of_reach_afterwards)
{
	static const char shadow[] = "/etc/shadow";

	as_root();
	cr_assert(privileges_can_read(shadow));
	cr_assert(privileges_can_read("/etc/passwd"));
	cr_assert(privileges_drop(somebody, NULL, &fault), "%s", fault.text);
	cr_assert_not(privileges_can_read(shadow));
	cr_assert(privileges_can_read("/etc/passwd"));
	cr_assert_not(privileges_can_read("/nonexistent"));
}
