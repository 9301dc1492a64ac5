#include "milter/command.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rules/diagnostic.h"
#include "rules/suggest.h"

void command_help(const struct command *command, FILE *stream)
{
	fprintf(stream, "usage: sallyport %s %s\n\n%s\n\n%s", command->name, command->usage, command->summary,
	        command->options);
}

int command_usage_error(const struct command *command, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "sallyport %s: ", command->name);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, "\nusage: sallyport %s %s\n", command->name, command->usage);
	return command->usage_status;
}

/* The most options that a command has. */
#define OPTIONS 32

/* The long option that was probably meant, or NULL. */
static const char *nearest_option(const char *name, const struct option *options)
{
	const char *names[OPTIONS];
	size_t count = 0;

	for (; options->name != NULL && count < OPTIONS; options++)
		names[count++] = options->name;
	return suggest(name, names, count);
}

/* Says why getopt_long(3) did not take an option. */
static int option_fault(const struct command *command, int fault, char **argv, const struct option *options)
{
	const char *word = argv[optind - 1];
	int length = (int)strcspn(word, "=");
	const char *nearest;

	if (fault == ':')
		return command_usage_error(command, "option %s needs a value", word);
	if (strncmp(word, "--", 2) != 0)
		return command_usage_error(command, "there is no option -%c", optopt);
	if (optopt != 0)
		return command_usage_error(command, "option %.*s takes no value", length, word);
	nearest = nearest_option(word + 2, options);
	if (nearest != NULL)
		return command_usage_error(command, "there is no option %.*s; did you mean --%s?", length, word,
		                           nearest);
	return command_usage_error(command, "there is no option %.*s, or it could be several", length, word);
}

/* The options that are letters, too, as getopt_long(3) wants them: 2 * OPTIONS + 2 bytes. */
static void list_letters(const struct option *options, char *ret_letters)
{
	*ret_letters++ = ':';
	for (size_t count = 0; options->name != NULL && count < OPTIONS; options++, count++) {
		if (options->val > 0x7f)
			continue;
		*ret_letters++ = (char)options->val;
		if (options->has_arg == required_argument)
			*ret_letters++ = ':';
	}
	*ret_letters = '\0';
}

int command_option(const struct command *command, int argc, char **argv, const struct option *options, int *ret_status)
{
	char letters[2 * OPTIONS + 2];
	int option;

	list_letters(options, letters);
	opterr = 0;
	option = getopt_long(argc, argv, letters, options, NULL);
	if (option == 'h') {
		command_help(command, stdout);
		*ret_status = STATUS_FINE;
		return '?';
	}
	if (option == ':' || option == '?') {
		*ret_status = option_fault(command, option, argv, options);
		return '?';
	}
	return option;
}

bool command_json(const struct command *command, int argc, char **argv, bool *ret_json, int *ret_status)
{
	enum {
		JSON = 256
	};
	static const struct option options[] = {
	    {"json", no_argument, NULL, JSON},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	bool json = false;
	int option;

	while ((option = command_option(command, argc, argv, options, ret_status)) != -1) {
		if (option != JSON)
			return false;
		json = true;
	}
	*ret_json = json;
	return true;
}

void command_show_diagnostics(const struct diagnostics *diagnostics)
{
	bool all = !diagnostics_incomplete(diagnostics);

	for (size_t i = 0; i < diagnostics_shown(diagnostics); i++) {
		const struct diagnostic *diagnostic = diagnostics_at(diagnostics, i);
		size_t length = diagnostic_print(diagnostic, NULL, 0);
		char *line = malloc(length + 1);

		if (line == NULL) {
			all = false;
			continue;
		}
		diagnostic_print(diagnostic, line, length + 1);
		fprintf(stderr, "%s\n", line);
		free(line);
	}
	if (!all)
		fprintf(stderr, "There are more faults than could be shown.\n");
}
