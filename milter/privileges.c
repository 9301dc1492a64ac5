#include "milter/privileges.h"
#include "rules/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

bool privileges_are_root(void)
{
	return getuid() == 0 || geteuid() == 0;
}

/* Why getpwnam(3) or getgrnam(3) found nothing; what they say of a name that is not there differs. */
static const char *reason(void)
{
	return errno == 0 || errno == ENOENT || errno == ESRCH ? "there is none of that name" : strerror(errno);
}

/* Whether the process, which is not root, is already what it is told to be. */
static bool already(const struct passwd *user, const char *group_name, gid_t group, struct fault *ret_fault)
{
	if (geteuid() != user->pw_uid)
		return fault_set(ret_fault, "only root can become user \"%s\"; start as root or as that user",
		                 user->pw_name);
	if (group_name != NULL && getegid() != group)
		return fault_set(ret_fault, "only root can become group \"%s\"; start as root or in that group",
		                 group_name);
	return true;
}

static bool become(const struct passwd *user, gid_t group, struct fault *ret_fault)
{
	if (initgroups(user->pw_name, group) != 0)
		return fault_set(ret_fault, "cannot take the groups of user \"%s\": %s", user->pw_name,
		                 strerror(errno));
	if (setresgid(group, group, group) != 0)
		return fault_set(ret_fault, "cannot become group %u: %s", (unsigned)group, strerror(errno));
	if (setresuid(user->pw_uid, user->pw_uid, user->pw_uid) != 0)
		return fault_set(ret_fault, "cannot become user \"%s\": %s", user->pw_name, strerror(errno));
	if (user->pw_uid != 0 && (setuid(0) == 0 || seteuid(0) == 0 || privileges_are_root()))
		return fault_set(ret_fault, "could become root again after becoming user \"%s\"", user->pw_name);
	return true;
}

bool privileges_drop(const char *user_name, const char *group_name, struct fault *ret_fault)
{
	const struct passwd *user;
	gid_t group;

	if (user_name == NULL && privileges_are_root())
		return fault_set(
		    ret_fault,
		    "started as root without a user to run as; set user = \"sallyport\"; in the rule file, or "
		    "give --user");
	if (user_name == NULL)
		return group_name == NULL ||
		       fault_set(ret_fault, "a group to run as needs a user, too; set user, or give --user");
	errno = 0;
	user = getpwnam(user_name);
	if (user == NULL)
		return fault_set(ret_fault, "user \"%s\": %s", user_name, reason());
	group = user->pw_gid;
	if (group_name != NULL) {
		const struct group *entry;

		errno = 0;
		entry = getgrnam(group_name);
		if (entry == NULL)
			return fault_set(ret_fault, "group \"%s\": %s", group_name, reason());
		group = entry->gr_gid;
	}
	return privileges_are_root() ? become(user, group, ret_fault) : already(user, group_name, group, ret_fault);
}

bool privileges_can_read(const char *path)
{
	return faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;
}
