#include "rules/shell.h"

#include <string.h>

size_t shell_print(const char *word, FILE *to)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_";
	size_t written = 2;

	if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
		fputs(word, to);
		return strlen(word);
	}
	fputc('\'', to);
	for (; *word != '\0'; word++) {
		fputs(*word == '\'' ? "'\\'" : "", to);
		fputc(*word, to);
		written += *word == '\'' ? 4 : 1;
	}
	fputc('\'', to);
	return written;
}
