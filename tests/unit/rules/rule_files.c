#include "tests/unit/rules/rule_files.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/diagnostic.h"

static char directory[] = "/tmp/sallyport-test-XXXXXX";

void rule_files_start(void)
{
	cr_assert_not_null(mkdtemp(directory));
	cr_assert_eq(chdir(directory), 0);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *position)
{
	(void)status;
	(void)kind;
	(void)position;
	return remove(path);
}

void rule_files_end(void)
{
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(nftw(directory, remove_one, 10, FTW_DEPTH | FTW_PHYS), 0);
}

void write_bytes(const char *name, const char *bytes, size_t size)
{
	const char *slash = strchr(name, '/');
	FILE *file;

	if (slash) {
		char *parent = strndup(name, (size_t)(slash - name));

		cr_assert(mkdir(parent, 0700) == 0 || access(parent, X_OK) == 0);
		free(parent);
	}
	file = fopen(name, "w");
	cr_assert_not_null(file);
	cr_assert_eq(fwrite(bytes, 1, size, file), size);
	cr_assert_eq(fclose(file), 0);
}

void write_file(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

const char *printed(struct diagnostics *diagnostics)
{
	static char text[65536];
	size_t length = 0;

	diagnostics_sort(diagnostics);
	text[0] = '\0';
	for (size_t index = 0; index < diagnostics_shown(diagnostics); index++) {
		length += diagnostic_print(diagnostics_at(diagnostics, index), text + length, sizeof(text) - length);
		cr_assert_lt(length + 2, sizeof(text));
		text[length++] = '\n';
		text[length] = '\0';
	}
	return text;
}
