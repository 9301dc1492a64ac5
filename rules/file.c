#include "rules/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Why an opened file is not one to read; 0 where it is. */
static int refuse(int descriptor)
{
	struct stat status;

	if (fstat(descriptor, &status) < 0)
		return errno;
	if (S_ISDIR(status.st_mode))
		return EISDIR;
	return S_ISREG(status.st_mode) ? 0 : EINVAL;
}

/* Reads to the end, although the file may grow meanwhile. */
static int read_all(int descriptor, size_t limit, char **ret_text, size_t *ret_size)
{
	size_t size = 0, capacity = 0;
	char *text = NULL;
	int error = ENOMEM;

	while (true) {
		ssize_t got;

		if (capacity - size < 2) {
			size_t wanted = capacity == 0 ? 16384 : 2 * capacity;
			char *larger = realloc(text, wanted);

			if (larger == NULL)
				goto failed;
			text = larger;
			capacity = wanted;
		}
		got = read(descriptor, text + size, capacity - size - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error = errno;
			goto failed;
		}
		if (got == 0)
			break;
		size += (size_t)got;
		if (size > limit) {
			error = EFBIG;
			goto failed;
		}
	}
	text[size] = '\0';
	*ret_text = text;
	*ret_size = size;
	return 0;
failed:
	free(text);
	return error;
}

int file_read(const char *path, size_t limit, char **ret_text, size_t *ret_size)
{
	int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int error;

	if (descriptor < 0)
		return errno;
	error = refuse(descriptor);
	if (error == 0)
		error = read_all(descriptor, limit, ret_text, ret_size);
	close(descriptor);
	return error;
}
