#include "rules/source.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/limits.h"
#include "policy/room.h"
#include "rules/diagnostic.h"
#include "rules/file.h"
#include "rules/literal.h"
#include "rules/scan.h"
#include "rules/token.h"
#include "rules/whole.h"

struct source {
	char **files; /* names, each once, in the order of reading */
	size_t file_count;
	struct whole whole;
	bool syntax_fault;
};

/* A file that is being read, and those that include it. */
struct open_file {
	const char *name;
	const struct open_file *parent;
	unsigned depth;
	dev_t device;
	ino_t inode;
};

/* What is needed only while files are read. */
struct gathering {
	struct source *source;
	struct diagnostics *diagnostics;
	struct scan *scan;
	char **contents; /* of all files: the scan refers to them */
	size_t content_count;
	size_t bytes_left;
	bool failed;
};

void source_free(struct source *source)
{
	if (!source)
		return;
	for (size_t index = 0; index < source->file_count; index++)
		free(source->files[index]);
	free(source->files);
	whole_destroy(&source->whole);
	free(source);
}

const char *source_text(const struct source *source)
{
	return source->whole.size != 0 ? source->whole.text : "\n";
}

bool source_syntax_fault(const struct source *source)
{
	return source->syntax_fault;
}

size_t source_file_count(const struct source *source)
{
	return source->file_count;
}

const char *source_file(const struct source *source, size_t index)
{
	return source->files[index];
}

struct location source_location(const struct source *source, unsigned line)
{
	return whole_location(&source->whole, line);
}

void source_near(const struct source *source, unsigned line, char *ret_text, size_t size)
{
	const char *text = source_text(source), *line_end, *mark;
	struct token_reader reader;
	struct token token;
	size_t length;

	token_reader_start(&reader, text, strlen(text));
	do {
		token_next(&reader, &token);
	} while (token.line < line && token.kind != TOKEN_END);
	line_end = memchr(token.start, '\n', token.length);
	length = line_end ? (size_t)(line_end - token.start) : token.length;
	mark = token.kind == TOKEN_STRING || token.kind == TOKEN_END ? "" : "\"";
	snprintf(ret_text, size, "%s%.*s%s", mark, (int)length, token.start, mark);
}

char *source_path(const char *from, const char *path)
{
	const char *slash = strrchr(from, '/');
	size_t directory = slash && path[0] != '/' ? (size_t)(slash - from) + 1 : 0;
	char *joined = malloc(directory + strlen(path) + 1);

	if (!joined)
		return NULL;
	memcpy(joined, from, directory);
	memcpy(joined + directory, path, strlen(path) + 1);
	return joined;
}

/* Reports why the text cannot be had. */
__attribute__((format(printf, 3, 4))) static void fail(struct gathering *gathering, struct location where,
                                                       const char *format, ...)
{
	char text[PATH_MAX + 256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	diagnostics_error(gathering->diagnostics, where, "%s", text);
	gathering->failed = true;
}

/* The copy of the name that lives as long as the source, or NULL where there is no memory. */
static const char *remember_file(struct source *source, const char *name)
{
	char **files;

	for (size_t index = 0; index < source->file_count; index++)
		if (strcmp(source->files[index], name) == 0)
			return source->files[index];
	files = room_for_one(source->files, source->file_count, sizeof(*files));
	if (!files)
		return NULL;
	source->files = files;
	files[source->file_count] = strdup(name);
	return files[source->file_count] ? files[source->file_count++] : NULL;
}

/* Takes over the content, or frees it and returns false where there is no memory. */
static bool remember_content(struct gathering *gathering, char *content)
{
	char **contents = room_for_one(gathering->contents, gathering->content_count, sizeof(*contents));

	if (!contents) {
		free(content);
		return false;
	}
	gathering->contents = contents;
	contents[gathering->content_count++] = content;
	return true;
}

/* Makes each CR LF a LF, in place, and returns the size that is left. */
static size_t drop_carriage_returns(char *text, size_t size)
{
	size_t kept = 0;

	for (size_t index = 0; index < size; index++)
		if (text[index] != '\r' || index + 1 == size || text[index + 1] != '\n')
			text[kept++] = text[index];
	return kept;
}

/* Reads the content of a file that is named at where.  On failure reports why and returns false. */
static bool read_content(struct gathering *gathering, const char *name, struct location where, char **ret_text,
                         size_t *ret_size)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of the byte order, as some editors begin a file */
	int error = file_read(name, gathering->bytes_left, ret_text, ret_size);
	size_t before = gathering->content_count;
	char reason[128];

	if (error == 0 && remember_content(gathering, *ret_text))
		gathering->bytes_left -= *ret_size;
	else if (error == 0)
		fail(gathering, where, "no memory");
	else if (error == EFBIG)
		fail(gathering, where, "\"%s\" is too large: a rule file has at most %u MiB, with all that it includes",
		     name, LIMIT_RULE_FILE / (1024 * 1024));
	else if (error == EINVAL)
		fail(gathering, where, "cannot read \"%s\": Not a regular file", name);
	else
		fail(gathering, where, "cannot read \"%s\": %s", name, strerror_r(error, reason, sizeof(reason)));
	if (error != 0 || gathering->content_count == before)
		return false;
	if (*ret_size >= strlen(mark) && memcmp(*ret_text, mark, strlen(mark)) == 0) {
		*ret_text += strlen(mark);
		*ret_size -= strlen(mark);
	}
	*ret_size = drop_carriage_returns(*ret_text, *ret_size);
	return true;
}

static void read_file(struct gathering *gathering, const char *path, struct location where,
                      const struct open_file *parent);

/* The path between the quotation marks of an include, with its escapes undone: malloc(3) memory, or NULL. */
static char *include_path(const struct token *token)
{
	const char *at = (const char *)memchr(token->start, '"', token->length) + 1;
	const char *end = token->start + token->length - 1;
	char *path = malloc((size_t)(end - at) + 1), *to = path;

	if (!path)
		return NULL;
	for (; at < end; at++) {
		if (*at == '\\' && (at[1] == '\\' || at[1] == '"'))
			at++;
		*to++ = *at;
	}
	*to = '\0';
	return path;
}

/* Whether the line ends at this place, but for blanks and a comment. */
static bool line_ends(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at == end || *at == '\n' || *at == '#' ||
	       (end - at >= 2 && *at == '/' && (at[1] == '/' || at[1] == '*'));
}

/* Puts what the token includes at the end of the whole. */
static void include(struct gathering *gathering, const struct token *token, struct location where, const char *end,
                    const struct open_file *file)
{
	char *path, *name;

	if (!token->closed) {
		fail(gathering, where, "a quotation mark is missing: %.*s", (int)token->length, token->start);
		return;
	}
	if (!line_ends(token->start + token->length, end))
		diagnostics_error(gathering->diagnostics, where, "only a comment may follow an include on its line");
	path = include_path(token);
	name = path ? source_path(where.file, path) : NULL;
	if (!name)
		fail(gathering, where, "no memory");
	else if (*path == '\0')
		fail(gathering, where, "this include names no file");
	else if (file->depth == LIMIT_INCLUDE_DEPTH)
		fail(gathering, where, "\"%s\" is included too deep: at most %d files, one inside the other", name,
		     LIMIT_INCLUDE_DEPTH);
	else
		read_file(gathering, name, where, file);
	free(name);
	free(path);
}

/* Puts size bytes of a file's text, and what they include, at the end of the whole.  Returns false without memory. */
static bool append_text(struct gathering *gathering, const char *text, size_t size, const struct open_file *file)
{
	struct whole *whole = &gathering->source->whole;
	struct location where = {.file = file->name, .line = 1};
	struct token_reader reader;
	struct token token;
	const char *at = text;

	if (!whole_locate(whole, where))
		return false;
	token_reader_start(&reader, text, size);
	do {
		size_t blanks;

		token_next(&reader, &token);
		blanks = (size_t)(token.start - at);
		literal_bytes(gathering->diagnostics, at, blanks, where, false);
		if (!whole_append_blanks(whole, at, blanks))
			return false;
		at = token.start + token.length;
		where.line = token.line;
		literal_bytes(gathering->diagnostics, token.start, token.length, where, token.kind == TOKEN_STRING);
		if (token.kind == TOKEN_INCLUDE) {
			include(gathering, &token, where, text + size, file);
			if (!whole_locate(whole, where))
				return false;
			continue;
		}
		scan_token(gathering->scan, &token, where);
		if (token.kind != TOKEN_COMMENT && token.kind != TOKEN_END && !whole_append_token(whole, &token))
			return false;
		where.line += token_line_ends(&token);
	} while (token.kind != TOKEN_END);
	return whole_end_line(whole);
}

/* The file among those that are being read, or NULL. */
static const struct open_file *find_open(const struct open_file *file, const struct stat *status)
{
	while (file && (file->device != status->st_dev || file->inode != status->st_ino))
		file = file->parent;
	return file;
}

static void read_file(struct gathering *gathering, const char *path, struct location where,
                      const struct open_file *parent)
{
	struct open_file file = {.parent = parent, .depth = parent ? parent->depth + 1 : 0};
	const struct open_file *same = NULL;
	struct stat status;
	size_t size;
	char *text;

	if (stat(path, &status) == 0) {
		file.device = status.st_dev;
		file.inode = status.st_ino;
		same = find_open(parent, &status);
	}
	file.name = remember_file(gathering->source, path);
	if (!file.name)
		fail(gathering, where, "no memory");
	else if (same == parent && same)
		fail(gathering, where, "\"%s\" includes itself", path);
	else if (same)
		fail(gathering, where, "\"%s\" includes itself by way of \"%s\"", path, parent->name);
	else if (read_content(gathering, file.name, where, &text, &size) && !append_text(gathering, text, size, &file))
		fail(gathering, where, "no memory");
}

struct source *source_read(const char *path, struct diagnostics *diagnostics)
{
	struct gathering gathering = {
	    .source = calloc(1, sizeof(struct source)),
	    .diagnostics = diagnostics,
	    .scan = scan_new(diagnostics),
	    .bytes_left = LIMIT_RULE_FILE,
	};
	struct location where = {.file = path};

	if (!gathering.source || !gathering.scan) {
		fail(&gathering, where, "no memory");
	} else {
		whole_start(&gathering.source->whole);
		read_file(&gathering, path, where, NULL);
		if (gathering.failed)
			scan_lose(gathering.scan);
		scan_end(gathering.scan);
		gathering.source->syntax_fault = scan_syntax_fault(gathering.scan);
	}
	scan_free(gathering.scan);
	for (size_t index = 0; index < gathering.content_count; index++)
		free(gathering.contents[index]);
	free(gathering.contents);
	if (gathering.failed) {
		source_free(gathering.source);
		return NULL;
	}
	return gathering.source;
}
