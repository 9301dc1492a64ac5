#include "rules/diagnostic.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"
#include "policy/room.h"
#include "rules/utf8.h"

/* Where a fault is, its file by the order in which files were first named. */
struct place {
	size_t file;
	unsigned line;
};

struct finding {
	struct diagnostic shown; /* its text is ours; its file belongs to diagnostics */
	struct place place;
	size_t found; /* the order of the findings */
};

struct diagnostics {
	char **files;
	size_t file_count;
	struct finding *findings;
	size_t finding_count;
	struct place *muted;
	size_t muted_count;
	size_t found;
	size_t counts[SEVERITY_COUNT]; /* faults, shown or not */
};

static const char *const severity_names[] = {
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_ERROR] = "error",
};
static_assert(sizeof(severity_names) / sizeof(severity_names[0]) == SEVERITY_COUNT, "each severity has a name");

const char *severity_name(enum severity severity)
{
	return severity_names[severity];
}

struct diagnostics *diagnostics_new(void)
{
	return calloc(1, sizeof(struct diagnostics));
}

void diagnostics_free(struct diagnostics *diagnostics)
{
	if (!diagnostics)
		return;
	for (size_t index = 0; index < diagnostics->finding_count; index++)
		free((char *)(uintptr_t)diagnostics->findings[index].shown.text);
	for (size_t index = 0; index < diagnostics->file_count; index++)
		free(diagnostics->files[index]);
	free(diagnostics->findings);
	free(diagnostics->files);
	free(diagnostics->muted);
	free(diagnostics);
}

/* Writes the number of the file of that name, which becomes known if it was not. */
static bool file_number(struct diagnostics *diagnostics, const char *name, size_t *ret_number)
{
	char **files;
	char *copy;

	for (size_t index = 0; index < diagnostics->file_count; index++) {
		if (strcmp(diagnostics->files[index], name) == 0) {
			*ret_number = index;
			return true;
		}
	}
	files = room_for_one(diagnostics->files, diagnostics->file_count, sizeof(*files));
	if (!files)
		return false;
	diagnostics->files = files;
	copy = strdup(name);
	if (!copy)
		return false;
	*ret_number = diagnostics->file_count;
	files[diagnostics->file_count++] = copy;
	return true;
}

static bool same_place(struct place one, struct place other)
{
	return one.file == other.file && one.line == other.line;
}

/* Replaces, in place, each control byte and each byte that is not part of a UTF-8 character. */
static void clean(char *text)
{
	size_t size = strlen(text);

	for (size_t at = 0; at < size;) {
		unsigned char byte = (unsigned char)text[at];
		size_t length = utf8_length(text + at, size - at);

		if (length == 0 || byte < 0x20 || byte == 0x7f) {
			text[at++] = '?';
			continue;
		}
		/* U+0080 to U+009F are control characters, too */
		if (byte == 0xc2 && (unsigned char)text[at + 1] < 0xa0)
			memset(text + at, '?', length);
		at += length;
	}
}

__attribute__((format(printf, 1, 0))) static char *format_text(const char *format, va_list arguments)
{
	va_list again;
	char *text;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		return NULL;
	text = malloc((size_t)length + 1);
	if (!text)
		return NULL;
	vsnprintf(text, (size_t)length + 1, format, arguments);
	clean(text);
	return text;
}

static bool is_muted(const struct diagnostics *diagnostics, struct place place)
{
	for (size_t index = 0; index < diagnostics->muted_count; index++)
		if (same_place(diagnostics->muted[index], place))
			return true;
	return false;
}

static bool is_known(const struct diagnostics *diagnostics, enum severity severity, struct place place,
                     const char *text)
{
	for (size_t index = 0; index < diagnostics->finding_count; index++) {
		const struct finding *finding = &diagnostics->findings[index];

		if (same_place(finding->place, place) && finding->shown.severity == severity &&
		    strcmp(finding->shown.text, text) == 0)
			return true;
	}
	return false;
}

/* Takes over the text.  Returns false where there is no room: the text is the caller's still. */
static bool keep(struct diagnostics *diagnostics, enum severity severity, struct place place, char *text)
{
	struct finding *findings;

	if (diagnostics->finding_count == LIMIT_DIAGNOSTICS)
		return false;
	findings = room_for_one(diagnostics->findings, diagnostics->finding_count, sizeof(*findings));
	if (!findings)
		return false;
	diagnostics->findings = findings;
	findings[diagnostics->finding_count++] = (struct finding){
	    .shown =
	        {
	            .severity = severity,
	            .file = diagnostics->files[place.file],
	            .line = place.line,
	            .text = text,
	        },
	    .place = place,
	    .found = diagnostics->found++,
	};
	return true;
}

__attribute__((format(printf, 4, 0))) static void add(struct diagnostics *diagnostics, enum severity severity,
                                                      struct location where, const char *format, va_list arguments)
{
	char *text = format_text(format, arguments);
	struct place place = {.line = where.line};

	if (text && file_number(diagnostics, where.file, &place.file)) {
		if ((severity == SEVERITY_ERROR && is_muted(diagnostics, place)) ||
		    is_known(diagnostics, severity, place, text)) {
			free(text);
			return;
		}
		diagnostics->counts[severity]++;
		if (keep(diagnostics, severity, place, text))
			return;
	} else {
		/* what cannot be said is an error, whatever it was */
		diagnostics->counts[SEVERITY_ERROR]++;
	}
	free(text);
}

void diagnostics_error(struct diagnostics *diagnostics, struct location where, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(diagnostics, SEVERITY_ERROR, where, format, arguments);
	va_end(arguments);
}

void diagnostics_warning(struct diagnostics *diagnostics, struct location where, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(diagnostics, SEVERITY_WARNING, where, format, arguments);
	va_end(arguments);
}

void diagnostics_mute_line(struct diagnostics *diagnostics, struct location where)
{
	struct place place = {.line = where.line};
	struct place *muted;

	/* where there is no room a fault may be told twice, which does no harm */
	if (diagnostics->muted_count == LIMIT_DIAGNOSTICS || !file_number(diagnostics, where.file, &place.file) ||
	    is_muted(diagnostics, place))
		return;
	muted = room_for_one(diagnostics->muted, diagnostics->muted_count, sizeof(*muted));
	if (!muted)
		return;
	diagnostics->muted = muted;
	muted[diagnostics->muted_count++] = place;
}

static int compare_findings(const void *one, const void *other)
{
	const struct finding *left = one, *right = other;

	if (left->place.file != right->place.file)
		return left->place.file < right->place.file ? -1 : 1;
	if (left->place.line != right->place.line)
		return left->place.line < right->place.line ? -1 : 1;
	return left->found < right->found ? -1 : left->found > right->found;
}

void diagnostics_make_errors(struct diagnostics *diagnostics)
{
	for (size_t index = 0; index < diagnostics->finding_count; index++)
		diagnostics->findings[index].shown.severity = SEVERITY_ERROR;
	diagnostics->counts[SEVERITY_ERROR] += diagnostics->counts[SEVERITY_WARNING];
	diagnostics->counts[SEVERITY_WARNING] = 0;
}

void diagnostics_sort(struct diagnostics *diagnostics)
{
	if (diagnostics->finding_count != 0)
		qsort(diagnostics->findings, diagnostics->finding_count, sizeof(struct finding), compare_findings);
}

size_t diagnostics_errors(const struct diagnostics *diagnostics)
{
	return diagnostics->counts[SEVERITY_ERROR];
}

size_t diagnostics_warnings(const struct diagnostics *diagnostics)
{
	return diagnostics->counts[SEVERITY_WARNING];
}

size_t diagnostics_shown(const struct diagnostics *diagnostics)
{
	return diagnostics->finding_count;
}

const struct diagnostic *diagnostics_at(const struct diagnostics *diagnostics, size_t index)
{
	return &diagnostics->findings[index].shown;
}

bool diagnostics_incomplete(const struct diagnostics *diagnostics)
{
	return diagnostics->counts[SEVERITY_WARNING] + diagnostics->counts[SEVERITY_ERROR] > diagnostics->finding_count;
}

size_t diagnostic_print(const struct diagnostic *diagnostic, char *ret_text, size_t size)
{
	const char *severity = severity_name(diagnostic->severity);
	int length;

	if (diagnostic->line == 0)
		length = snprintf(ret_text, size, "%s: %s: %s", diagnostic->file, severity, diagnostic->text);
	else
		length = snprintf(ret_text, size, "%s:%u: %s: %s", diagnostic->file, diagnostic->line, severity,
		                  diagnostic->text);
	if (length < 0)
		return 0;
	if (size != 0)
		clean(ret_text);
	return (size_t)length;
}
