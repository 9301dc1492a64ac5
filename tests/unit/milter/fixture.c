#include "fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rules/diagnostic.h"
#include "rules/load.h"

struct rules *fixture_rules(const char *text)
{
	char path[] = "/tmp/sallyport-test-XXXXXX";
	int file = mkstemp(path);
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules;

	cr_assert_geq(file, 0);
	cr_assert_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
	close(file);
	rules = rules_load(path, diagnostics);
	unlink(path);
	cr_assert_not_null(rules, "line %u: %s", diagnostics_at(diagnostics, 0)->line,
	                   diagnostics_at(diagnostics, 0)->text);
	diagnostics_free(diagnostics);
	return rules;
}

static int kept = -1;
static int before = -1;

void fixture_log_begin(void)
{
	kept = memfd_create("log", MFD_CLOEXEC);
	before = dup(STDERR_FILENO);
	cr_assert(kept >= 0 && before >= 0 && dup2(kept, STDERR_FILENO) == STDERR_FILENO);
}

/* What was logged until now. */
static char *log_so_far(void)
{
	off_t size = lseek(kept, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	cr_assert_not_null(text);
	cr_assert_eq(pread(kept, text, (size_t)size, 0), size);
	return text;
}

size_t fixture_log_has(const char *text)
{
	char *log = log_so_far();
	size_t count = fixture_count(log, text);

	free(log);
	return count;
}

char *fixture_log_end(void)
{
	char *text = log_so_far();

	dup2(before, STDERR_FILENO);
	close(before);
	close(kept);
	return text;
}

size_t fixture_count(const char *log, const char *text)
{
	size_t count = 0;

	for (; (log = strstr(log, text)) != NULL; log += strlen(text))
		count++;
	return count;
}
