#include "tests/unit/rules/said.h"

#include <criterion/criterion.h>
#include <string.h>

#include "rules/diagnostic.h"
#include "rules/load.h"
#include "tests/unit/rules/rule_files.h"

static const char *last = "";

struct rules *said_load(const char *text)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules;

	write_file("a.conf", text);
	rules = rules_load("a.conf", diagnostics);
	cr_assert_eq(rules != NULL, diagnostics_errors(diagnostics) == 0, "an error keeps a file from being used: %s",
	             text);
	last = printed(diagnostics);
	diagnostics_free(diagnostics);
	return rules;
}

const char *said_of(const char *text)
{
	rules_free(said_load(text));
	return last;
}

const char *said(void)
{
	return last;
}

bool said_at(const char *text, const char *where, const char *part)
{
	const char *line = said_of(text);

	for (; *line != '\0'; line += strcspn(line, "\n") + 1) {
		const char *found = strncmp(line, where, strlen(where)) == 0 ? strstr(line, part) : NULL;

		if (found != NULL && found < line + strcspn(line, "\n"))
			return true;
	}
	return false;
}

size_t said_lines(void)
{
	size_t lines = 0;

	for (const char *at = last; *at != '\0'; at++)
		lines += *at == '\n';
	return lines;
}
