/*
 * A rule file with the files that it names, from bytes to a rule set, with its proofs.
 *
 *	the rule file's text ...
 *	=== lan.table
 *	the text of another file ...
 *
 * There are rules where no diagnostic is an error, and only there; what is printed of them reads back, and prints the
 * same again.
 */
#include "bytes.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rules/diagnostic.h"
#include "rules/load.h"
#include "rules/print.h"

#define FILES 8
#define NAME 32

static const char mark[] = "\n=== ";
static const char rule_file[] = "rules.conf";

/* Goes where its files are written, by absolute names nowhere. */
static void enter(void)
{
	static char folder[] = "/tmp/sallyport-fuzz-XXXXXX";

	bytes_claim(mkdtemp(folder) != NULL && chdir(folder) == 0, "a folder of its own");
	bytes_claim(freopen("/dev/null", "r", stdin) != NULL, "no standard input");
}

static void write_file(const char *name, const void *text, size_t length)
{
	FILE *file = fopen(name, "wb");

	bytes_claim(file != NULL && fwrite(text, 1, length, file) == length && fclose(file) == 0, "a file is written");
}

/* Writes the sections; returns how many further files there are, with their names. */
static size_t write_files(const char *text, size_t length, char (*ret_names)[NAME])
{
	const char *end = text + length;
	const char *name = rule_file;
	size_t count = 0;

	for (;;) {
		const char *next = memmem(text, (size_t)(end - text), mark, strlen(mark));
		size_t letters;

		write_file(name, text, (size_t)((next != NULL ? next + 1 : end) - text));
		if (next == NULL || count == FILES)
			return count;
		text = next + strlen(mark);
		letters = strspn(text, "abcdefghijklmnopqrstuvwxyz.");
		if (letters == 0 || letters >= NAME || *text == '.' || text[letters] != '\n')
			return count;
		memcpy(ret_names[count], text, letters);
		ret_names[count][letters] = '\0';
		name = ret_names[count++];
		text += letters + 1;
	}
}

/* The canonical form, in malloc(3) memory. */
static char *printed(const struct rules *rules, size_t *ret_length)
{
	char *text = NULL;
	FILE *stream = open_memstream(&text, ret_length);

	bytes_claim(stream != NULL && model_print(rules->model, stream) && fclose(stream) == 0, "rules are printed");
	return text;
}

static struct rules *load(bool prove)
{
	struct diagnostics *diagnostics = diagnostics_new();
	struct rules *rules = prove ? rules_load(rule_file, diagnostics) : rules_load_unproved(rule_file, diagnostics);
	char line[512];

	bytes_claim((rules == NULL) == (diagnostics_errors(diagnostics) > 0), "errors keep rules from being loaded");
	for (size_t i = 0; i < diagnostics_shown(diagnostics); i++)
		diagnostic_print(diagnostics_at(diagnostics, i), line, sizeof line);
	diagnostics_free(diagnostics);
	return rules;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool entered;
	char names[FILES][NAME];
	char *text = malloc(size + 1);
	struct rules *rules;
	size_t count;

	if (!entered)
		enter();
	entered = true;
	bytes_claim(text != NULL, "memory");
	memcpy(text, data, size);
	text[size] = '\0';
	count = write_files(text, size, names);
	rules = load(true);
	if (rules != NULL) {
		size_t length;
		size_t again_length;
		char *form = printed(rules, &length);
		char *again;

		rules_free(rules);
		write_file(rule_file, form, length);
		rules = load(false);
		bytes_claim(rules != NULL, "what is printed reads back");
		again = printed(rules, &again_length);
		bytes_claim(length == again_length && memcmp(form, again, length) == 0, "it prints the same again");
		free(again);
		free(form);
		rules_free(rules);
	}
	for (size_t i = 0; i < count; i++)
		unlink(names[i]);
	free(text);
	return 0;
}
