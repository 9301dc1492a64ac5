/*
 * How much memory a decision asks for: none.
 *
 * The linker leads every call of decide() here, and every call for memory (see meson.build), so that what is asked for
 * between the beginning and the end of a decision is counted.  Loading a rule file judges the sessions of its
 * "expect" and proves its "never", by decide() too.
 */
#include <criterion/criterion.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/decide.h"
#include "rules/diagnostic.h"
#include "rules/load.h"

static unsigned long decisions;
static unsigned long allocations;
static bool deciding;

struct decision __real_decide(const struct listener *listener, enum stage stage, const struct facts *facts);
struct decision __wrap_decide(const struct listener *listener, enum stage stage, const struct facts *facts);

struct decision __wrap_decide(const struct listener *listener, enum stage stage, const struct facts *facts)
{
	struct decision decision;

	deciding = true;
	decision = __real_decide(listener, stage, facts);
	deciding = false;
	decisions++;
	return decision;
}

#define COUNTED(function, parameters, arguments)                                                                       \
	void *__real_##function parameters;                                                                            \
	void *__wrap_##function parameters;                                                                            \
	void *__wrap_##function parameters                                                                             \
	{                                                                                                              \
		allocations += deciding;                                                                               \
		return __real_##function arguments;                                                                    \
	}

COUNTED(malloc, (size_t size), (size))
COUNTED(calloc, (size_t count, size_t size), (count, size))
COUNTED(realloc, (void *memory, size_t size), (memory, size))
COUNTED(reallocarray, (void *memory, size_t count, size_t size), (memory, count, size))
COUNTED(strdup, (const char *text), (text))
COUNTED(strndup, (const char *text, size_t size), (text, size))

int __wrap_vasprintf(char **ret_text, const char *format, va_list arguments);
int __wrap_asprintf(char **ret_text, const char *format, ...);
int __real_vasprintf(char **ret_text, const char *format, va_list arguments);

__attribute__((format(printf, 2, 0))) int __wrap_vasprintf(char **ret_text, const char *format, va_list arguments)
{
	allocations += deciding;
	return __real_vasprintf(ret_text, format, arguments);
}

__attribute__((format(printf, 2, 3))) int __wrap_asprintf(char **ret_text, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = __wrap_vasprintf(ret_text, format, arguments);
	va_end(arguments);
	return length;
}

Test(allocation, decisions_ask_for_no_memory)
{
	glob_t examples;

	cr_assert_eq(glob(EXAMPLES "/*.conf", 0, NULL, &examples), 0);
	for (size_t i = 0; i < examples.gl_pathc; i++) {
		struct diagnostics *diagnostics = diagnostics_new();
		struct rules *rules;

		cr_assert_not_null(diagnostics);
		decisions = 0;
		allocations = 0;
		rules = rules_load(examples.gl_pathv[i], diagnostics);
		cr_assert_not_null(rules, "%s", examples.gl_pathv[i]);
		cr_expect_gt(decisions, 10, "%s: %lu decisions", examples.gl_pathv[i], decisions);
		cr_expect_eq(allocations, 0, "%s: %lu calls for memory in %lu decisions", examples.gl_pathv[i],
		             allocations, decisions);
		rules_free(rules);
		diagnostics_free(diagnostics);
	}
	globfree(&examples);
}

Test(allocation, what_is_asked_for_meanwhile_is_counted)
{
	struct diagnostics *diagnostics;

	deciding = true;
	diagnostics = diagnostics_new();
	deciding = false;
	cr_assert_geq(allocations, 1);
	diagnostics_free(diagnostics);
}
