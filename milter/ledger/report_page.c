#include "milter/ledger/report_page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "milter/ledger/report.h"
#include "rules/fault.h"

static bool cannot(struct fault *ret_fault, const char *path)
{
	return fault_set(ret_fault, "%s: cannot be written: %s", path, strerror(errno));
}

/* Prints the page and closes the stream. */
static bool print(struct report *report, FILE *stream, const char *path, struct fault *ret_fault)
{
	bool printed = report_print_html(report, stream);
	bool sound = ferror(stream) == 0;

	if (fclose(stream) != 0 || !sound)
		return cannot(ret_fault, path);
	return printed || fault_set(ret_fault, "no memory");
}

/* As a file that fopen(3) makes has it. */
static bool make_readable(int descriptor)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(descriptor, 0666 & ~mask) == 0;
}

/* Writes to the file of that template, and gives it its name. */
static bool write_beside(struct report *report, const char *path, char *beside, struct fault *ret_fault)
{
	int descriptor = mkstemp(beside);
	FILE *stream = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;

	if (descriptor < 0)
		return cannot(ret_fault, path);
	if (stream == NULL || !make_readable(descriptor)) {
		cannot(ret_fault, path);
		if (stream != NULL)
			fclose(stream);
		else
			close(descriptor);
		unlink(beside);
		return false;
	}
	if (!print(report, stream, path, ret_fault)) {
		unlink(beside);
		return false;
	}
	if (rename(beside, path) != 0) {
		cannot(ret_fault, path);
		unlink(beside);
		return false;
	}
	return true;
}

bool report_page_write(struct report *report, const char *path, struct fault *ret_fault)
{
	struct stat status;
	FILE *stream;
	char *beside;
	bool done;

	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		stream = fopen(path, "w");
		return stream != NULL ? print(report, stream, path, ret_fault) : cannot(ret_fault, path);
	}
	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return fault_set(ret_fault, "no memory");
	done = write_beside(report, path, beside, ret_fault);
	free(beside);
	return done;
}

bool report_page_possible(const char *path, struct fault *ret_fault)
{
	const char *slash = strrchr(path, '/');
	struct stat status;
	char *folder;
	bool possible;

	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		return fault_set(ret_fault, "%s: is a directory", path);
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return eaccess(path, W_OK) == 0 || cannot(ret_fault, path);
	folder = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (folder == NULL)
		return fault_set(ret_fault, "no memory");
	possible = eaccess(folder, W_OK | X_OK) == 0 || cannot(ret_fault, path);
	free(folder);
	return possible;
}
