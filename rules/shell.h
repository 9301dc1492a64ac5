/*
 * NAME
 *	shell - words of a command line, for an administrator to copy
 */
#ifndef RULES_SHELL_H
#define RULES_SHELL_H

#include <stddef.h>
#include <stdio.h>

/* Writes a word as sh(1) takes it, quoted where it must be; returns how many bytes that were. */
size_t shell_print(const char *word, FILE *to);

#endif
