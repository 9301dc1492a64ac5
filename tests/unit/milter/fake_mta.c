#include "fake_mta.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char *macro(void *context, const char *name)
{
	struct fake_mta *fake = context;

	if (strlen(fake->asked) + strlen(name) + 2 < sizeof fake->asked)
		strcat(strcat(fake->asked, name), " ");
	for (size_t i = 0; i < FAKE_MACROS; i++) {
		if (fake->macros[i].name != NULL && strcmp(fake->macros[i].name, name) == 0)
			return fake->macros[i].value;
	}
	return NULL;
}

static bool set_reply(void *context, const char *code, const char *enhanced, const char *const *lines, size_t count)
{
	struct fake_mta *fake = context;

	if (fake->reply_refused)
		return false;
	fake->reply[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(fake->reply);

		snprintf(fake->reply + length, sizeof fake->reply - length, "%s%s %s %s", i > 0 ? "\n" : "", code,
		         enhanced, lines[i]);
	}
	return true;
}

void fake_mta_init(struct fake_mta *fake)
{
	*fake = (struct fake_mta){.mta = {.macro = macro, .set_reply = set_reply, .context = fake}};
}

void fake_mta_macro(struct fake_mta *fake, const char *name, const char *value)
{
	size_t free_row = FAKE_MACROS;

	for (size_t i = FAKE_MACROS; i-- > 0;) {
		if (fake->macros[i].name == NULL)
			free_row = i;
	}
	for (size_t i = 0; i < FAKE_MACROS; i++) {
		if (fake->macros[i].name != NULL && strcmp(fake->macros[i].name, name) == 0)
			free_row = i;
	}
	cr_assert_lt(free_row, FAKE_MACROS);
	fake->macros[free_row].name = name;
	fake->macros[free_row].value = value;
}

void fake_mta_forget(struct fake_mta *fake)
{
	memset(fake->macros, 0, sizeof fake->macros);
}
