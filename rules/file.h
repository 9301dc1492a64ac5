/*
 * NAME
 *	file - a regular file, read whole
 */
#ifndef RULES_FILE_H
#define RULES_FILE_H

#include <stddef.h>

/*
 * Reads the regular file at path.  On success returns 0 and writes the content,
 * with a NUL byte behind it, to *ret_text (malloc(3) memory) and its size
 * without that byte to *ret_size.  Otherwise returns the errno(3) value that says
 * why; EISDIR for a directory, EINVAL for anything else that is not a regular
 * file, EFBIG over limit bytes.  Never waits for a FIFO or a device.
 */
int file_read(const char *path, size_t limit, char **ret_text, size_t *ret_size);

#endif
