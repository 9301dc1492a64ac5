#include "tests/unit/rules/scarcity.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <idn2.h>
#include <libcidr.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

static struct {
	bool counts;
	bool fails;
	bool lasting;
	size_t failing; /* number of the call */
	size_t calls;
	long held;
} scarcity;

void scarcity_begin(size_t fails, bool lasting)
{
	scarcity.counts = true;
	scarcity.fails = true;
	scarcity.lasting = lasting;
	scarcity.failing = fails;
	scarcity.calls = 0;
	scarcity.held = 0;
}

bool scarcity_over(void)
{
	scarcity.fails = false;
	return scarcity.calls > scarcity.failing;
}

void scarcity_pause(bool pause)
{
	scarcity.counts = !pause;
	scarcity.fails = !pause;
}

long scarcity_end(void)
{
	scarcity.counts = false;
	scarcity.fails = false;
	return scarcity.held;
}

/* Counts a call, and says whether it fails. */
static bool is_scarce(void)
{
	size_t call = scarcity.calls;

	if (!scarcity.fails)
		return false;
	scarcity.calls++;
	return call == scarcity.failing || (scarcity.lasting && call > scarcity.failing);
}

static void got(const void *memory)
{
	if (scarcity.counts && memory != NULL)
		scarcity.held++;
}

static void gave_back(const void *memory)
{
	if (scarcity.counts && memory != NULL)
		scarcity.held--;
}

/* The linker wants what stands for a library's function to be seen by libraries, although none calls it. */
#pragma GCC visibility push(default)

/* What returns memory; realloc and its like get none where they are given some. */
#define GETS(type, name, parameters, arguments, before)                                                                \
	type __real_##name parameters;                                                                                 \
	type __wrap_##name parameters;                                                                                 \
	type __wrap_##name parameters                                                                                  \
	{                                                                                                              \
		type memory_got;                                                                                       \
                                                                                                                       \
		errno = ENOMEM;                                                                                        \
		if (is_scarce())                                                                                       \
			return NULL;                                                                                   \
		memory_got = __real_##name arguments;                                                                  \
		if ((before) == NULL)                                                                                  \
			got(memory_got);                                                                               \
		return memory_got;                                                                                     \
	}

/* What gives it back. */
#define GIVES_BACK(name, type)                                                                                         \
	void __real_##name(type memory);                                                                               \
	void __wrap_##name(type memory);                                                                               \
	void __wrap_##name(type memory)                                                                                \
	{                                                                                                              \
		gave_back(memory);                                                                                     \
		__real_##name(memory);                                                                                 \
	}

GETS(void *, malloc, (size_t size), (size), NULL)
GETS(void *, calloc, (size_t count, size_t size), (count, size), NULL)
GETS(void *, realloc, (void *memory, size_t size), (memory, size), memory)
GETS(void *, reallocarray, (void *memory, size_t count, size_t size), (memory, count, size), memory)
GETS(char *, strdup, (const char *text), (text), NULL)
GETS(char *, strndup, (const char *text, size_t length), (text, length), NULL)
GETS(CIDR *, cidr_from_str, (const char *text), (text), NULL)
GETS(CIDR *, cidr_addr_network, (const CIDR *cidr), (cidr), NULL)
GETS(pcre2_match_data *, pcre2_match_data_create_8, (uint32_t groups, pcre2_general_context *context),
     (groups, context), NULL)
GETS(pcre2_match_context *, pcre2_match_context_create_8, (pcre2_general_context * context), (context), NULL)
GETS(uint8_t *, u8_casefold,
     (const uint8_t *text, size_t size, const char *language, uninorm_t form, uint8_t *buffer, size_t *length),
     (text, size, language, form, buffer, length), buffer)

GIVES_BACK(free, void *)
GIVES_BACK(cidr_free, CIDR *)
GIVES_BACK(idn2_free, void *)
GIVES_BACK(pcre2_code_free_8, pcre2_code *)
GIVES_BACK(pcre2_match_data_free_8, pcre2_match_data *)
GIVES_BACK(pcre2_match_context_free_8, pcre2_match_context *)

/* These say in another way that there is none. */

pcre2_code *__real_pcre2_compile_8(PCRE2_SPTR pattern, PCRE2_SIZE length, uint32_t options, int *code,
                                   PCRE2_SIZE *offset, pcre2_compile_context *context);
pcre2_code *__wrap_pcre2_compile_8(PCRE2_SPTR pattern, PCRE2_SIZE length, uint32_t options, int *code,
                                   PCRE2_SIZE *offset, pcre2_compile_context *context);
pcre2_code *__wrap_pcre2_compile_8(PCRE2_SPTR pattern, PCRE2_SIZE length, uint32_t options, int *code,
                                   PCRE2_SIZE *offset, pcre2_compile_context *context)
{
	pcre2_code *compiled;

	*code = PCRE2_ERROR_HEAP_FAILED;
	*offset = 0;
	if (is_scarce())
		return NULL;
	compiled = __real_pcre2_compile_8(pattern, length, options, code, offset, context);
	got(compiled);
	return compiled;
}

int __real_pcre2_match_8(const pcre2_code *code, PCRE2_SPTR subject, PCRE2_SIZE length, PCRE2_SIZE start,
                         uint32_t options, pcre2_match_data *data, pcre2_match_context *context);
int __wrap_pcre2_match_8(const pcre2_code *code, PCRE2_SPTR subject, PCRE2_SIZE length, PCRE2_SIZE start,
                         uint32_t options, pcre2_match_data *data, pcre2_match_context *context);
int __wrap_pcre2_match_8(const pcre2_code *code, PCRE2_SPTR subject, PCRE2_SIZE length, PCRE2_SIZE start,
                         uint32_t options, pcre2_match_data *data, pcre2_match_context *context)
{
	if (is_scarce())
		return PCRE2_ERROR_NOMEMORY;
	return __real_pcre2_match_8(code, subject, length, start, options, data, context);
}

int __real_idn2_lookup_u8(const uint8_t *text, uint8_t **ret_name, int flags);
int __wrap_idn2_lookup_u8(const uint8_t *text, uint8_t **ret_name, int flags);
int __wrap_idn2_lookup_u8(const uint8_t *text, uint8_t **ret_name, int flags)
{
	int result;

	if (is_scarce())
		return IDN2_MALLOC;
	result = __real_idn2_lookup_u8(text, ret_name, flags);
	if (result == IDN2_OK)
		got(*ret_name);
	return result;
}

int __wrap_vasprintf(char **ret_text, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
int __real_vasprintf(char **ret_text, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));
int __wrap_vasprintf(char **ret_text, const char *format, va_list arguments)
{
	int length;

	if (is_scarce())
		return -1;
	length = __real_vasprintf(ret_text, format, arguments);
	got(*ret_text);
	return length;
}

int __wrap_asprintf(char **ret_text, const char *format, ...) __attribute__((format(printf, 2, 3)));
int __wrap_asprintf(char **ret_text, const char *format, ...)
{
	va_list arguments;
	int length;

	if (is_scarce())
		return -1;
	va_start(arguments, format);
	length = __real_vasprintf(ret_text, format, arguments);
	va_end(arguments);
	got(*ret_text);
	return length;
}

/* What both are made to be where buffers are checked (_FORTIFY_SOURCE). */

int __wrap___vasprintf_chk(char **ret_text, int flag, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));
int __wrap___vasprintf_chk(char **ret_text, int flag, const char *format, va_list arguments)
{
	(void)flag;
	return __wrap_vasprintf(ret_text, format, arguments);
}

int __wrap___asprintf_chk(char **ret_text, int flag, const char *format, ...) __attribute__((format(printf, 3, 4)));
int __wrap___asprintf_chk(char **ret_text, int flag, const char *format, ...)
{
	va_list arguments;
	int length;

	(void)flag;
	va_start(arguments, format);
	length = __wrap_vasprintf(ret_text, format, arguments);
	va_end(arguments);
	return length;
}

FILE *__real_fopencookie(void *cookie, const char *mode, cookie_io_functions_t functions);
FILE *__wrap_fopencookie(void *cookie, const char *mode, cookie_io_functions_t functions);
FILE *__wrap_fopencookie(void *cookie, const char *mode, cookie_io_functions_t functions)
{
	if (is_scarce())
		return NULL;
	return __real_fopencookie(cookie, mode, functions);
}

#pragma GCC visibility pop

void *scarcity_malloc(size_t size)
{
	return is_scarce() ? NULL : __real_malloc(size);
}

void scarcity_free(void *memory)
{
	__real_free(memory);
}

/* What it says with that call failing; NULL where it says that there is no memory.  free(3) the text. */
static char *say_short_of(scarcity_saying *say, size_t fails, bool lasting, bool *ret_failed)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	bool done;
	long held;

	cr_assert_not_null(to);
	scarcity_begin(fails, lasting);
	done = say(to);
	*ret_failed = scarcity_over();
	held = scarcity_end();
	cr_assert_eq(held, 0, "call %zu: %ld pieces of memory are not given back", fails, held);
	fclose(to);
	if (done)
		return text;
	free(text);
	return NULL;
}

void scarcity_try(scarcity_saying *say, size_t most, size_t least)
{
	for (unsigned lasting = 0; lasting < 2; lasting++) {
		bool failed = true;
		char *whole = say_short_of(say, SCARCITY_NEVER, false, &failed);
		size_t lacking = 0;

		cr_assert_not_null(whole);
		cr_assert_gt(strlen(whole), 1);
		failed = true;
		for (size_t fails = 0; failed; fails += fails < most ? 1 : 7) {
			char *text = say_short_of(say, fails, lasting == 1, &failed);

			if (text != NULL)
				cr_assert_str_eq(text, whole, "call %zu: %s in place of %s", fails, text, whole);
			lacking += text == NULL;
			free(text);
		}
		cr_expect_geq(lacking, least);
		free(whole);
	}
}
