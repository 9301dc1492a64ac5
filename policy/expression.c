#include "policy/expression.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"

struct expression {
	pcre2_code *code;
	char *pattern;
};

struct match_room {
	pcre2_match_data *data;
	pcre2_match_context *context;
	bool failed; /* no memory */
};

struct expression *expression_new(enum value_kind kind, const char *pattern, size_t length, char *ret_fault,
                                  size_t size)
{
	uint32_t options = PCRE2_DOLLAR_ENDONLY | (kind == VALUE_LOGIN ? 0 : PCRE2_CASELESS);
	struct expression *expression = malloc(sizeof *expression);
	PCRE2_SIZE offset = 0;
	PCRE2_UCHAR reason[160] = "no memory";
	int code = 0;

	snprintf(ret_fault, size, "no memory");
	if (expression == NULL)
		return NULL;
	expression->pattern = strndup(pattern, length);
	if (expression->pattern == NULL) {
		free(expression);
		return NULL;
	}
	expression->code = pcre2_compile((PCRE2_SPTR)pattern, length, options, &code, &offset, NULL);
	if (expression->code == NULL) {
		pcre2_get_error_message(code, reason, sizeof reason);
		snprintf(ret_fault, size, "%s at character %zu", (const char *)reason, offset + 1);
		free(expression->pattern);
		free(expression);
		return NULL;
	}
	return expression;
}

void expression_free(struct expression *expression)
{
	if (expression == NULL)
		return;
	pcre2_code_free(expression->code);
	free(expression->pattern);
	free(expression);
}

const char *expression_pattern(const struct expression *expression)
{
	return expression->pattern;
}

struct match_room *match_room_new(void)
{
	struct match_room *room = calloc(1, sizeof *room);

	if (room == NULL)
		return NULL;
	room->data = pcre2_match_data_create(1, NULL);
	room->context = pcre2_match_context_create(NULL);
	if (room->data == NULL || room->context == NULL) {
		match_room_free(room);
		return NULL;
	}
	pcre2_set_match_limit(room->context, LIMIT_MATCH_STEPS);
	pcre2_set_depth_limit(room->context, LIMIT_MATCH_DEPTH);
	pcre2_set_heap_limit(room->context, LIMIT_MATCH_HEAP);
	return room;
}

void match_room_free(struct match_room *room)
{
	if (room == NULL)
		return;
	pcre2_match_data_free(room->data);
	pcre2_match_context_free(room->context);
	free(room);
}

enum truth expression_find(const struct expression *expression, const char *subject, struct match_room *room)
{
	int found =
	    pcre2_match(expression->code, (PCRE2_SPTR)subject, strlen(subject), 0, 0, room->data, room->context);

	/* 0 and above: found; the number only tells how many groups fit. */
	if (found >= 0)
		return TRUTH_YES;
	room->failed |= found == PCRE2_ERROR_NOMEMORY;
	return found == PCRE2_ERROR_NOMATCH ? TRUTH_NO : TRUTH_BROKEN;
}

bool match_room_failed(const struct match_room *room)
{
	return room->failed;
}
