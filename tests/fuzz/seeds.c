/*
 * Gives a fuzzer's target the inputs of some folders: what the ordinary tests do with it.
 *
 *	fuzz-TARGET FOLDER...
 *
 * Prints, as TAP, a line for each input; one that is a fault ends the process.
 */
#include "bytes.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned played;

static void play(const char *folder, const char *name)
{
	char path[4096];
	FILE *file;
	char *data = NULL;
	size_t size = 0;
	size_t length;
	FILE *copy = open_memstream(&data, &size);
	char part[4096];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "rb");
	bytes_claim(file != NULL && copy != NULL, path);
	while ((length = fread(part, 1, sizeof part, file)) > 0)
		fwrite(part, 1, length, copy);
	fclose(file);
	fclose(copy);
	printf("# %s\n", path);
	fflush(stdout);
	LLVMFuzzerTestOneInput((const uint8_t *)data, size);
	printf("ok %u - %s\n", ++played, name);
	free(data);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct dirent **entries;
		int count = scandir(argv[i], &entries, visible, alphasort);

		bytes_claim(count >= 0, argv[i]);
		for (int k = 0; k < count; k++) {
			play(argv[i], entries[k]->d_name);
			free(entries[k]);
		}
		free(entries);
	}
	printf("1..%u\n", played);
	return played > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
