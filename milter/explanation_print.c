#include "milter/explanation.h"

#include <assert.h>
#include <string.h>

#include "milter/json.h"
#include "policy/ruleset.h"

/* Select Graphic Rendition (ECMA-48) of a terminal. */
static const char *const colours[] = {
    [VERDICT_ACCEPT] = "\033[32m",
    [VERDICT_TEMPFAIL] = "\033[33m",
    [VERDICT_REJECT] = "\033[31m",
};
static_assert(sizeof colours / sizeof *colours == VERDICT_COUNT, "every verdict has a colour");
static const char no_colour[] = "\033[0m";

/* What stands in the columns of one step. */
enum column {
	COLUMN_STAGE,
	COLUMN_RECIPIENT,
	COLUMN_VERDICT,
	COLUMN_RULE,
	COLUMN_BY,
};
#define COLUMN_COUNT (COLUMN_BY + 1)

static const char *const titles[] = {
    [COLUMN_STAGE] = "STAGE",     [COLUMN_RECIPIENT] = "RECIPIENT",
    [COLUMN_VERDICT] = "VERDICT", [COLUMN_RULE] = "DECIDED BY",
    [COLUMN_BY] = "AT",
};
static_assert(sizeof titles / sizeof *titles == COLUMN_COUNT, "every column has a title");

static const char *column_text(const struct explanation_step *step, enum column column)
{
	const char *text = NULL;

	switch (column) {
	case COLUMN_STAGE:
		text = stage_name(step->stage);
		break;
	case COLUMN_RECIPIENT:
		text = step->recipient == NULL ? "" : *step->recipient == '\0' ? "<>" : step->recipient;
		break;
	case COLUMN_VERDICT:
		text = verdict_name(step->verdict);
		break;
	case COLUMN_RULE:
		text = step->rule;
		break;
	case COLUMN_BY:
		text = step->by;
		break;
	}
	return text != NULL ? text : "-";
}

static void find_widths(const struct explanation *explanation, size_t ret_widths[COLUMN_COUNT])
{
	for (unsigned column = 0; column < COLUMN_COUNT; column++) {
		ret_widths[column] = strlen(titles[column]);
		for (size_t i = 0; i < explanation->count; i++) {
			size_t width = strlen(column_text(&explanation->steps[i], (enum column)column));
			if (width > ret_widths[column])
				ret_widths[column] = width;
		}
	}
}

/* Writes text; a control byte, which a terminal might obey, as "?". */
static void print_clean(const char *text, FILE *stream)
{
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		fputc(byte < 0x20 || byte == 0x7f ? '?' : byte, stream);
	}
}

/* Writes text in a column of that width, two blanks apart from the next. */
static void print_cell(const char *text, size_t width, FILE *stream)
{
	print_clean(text, stream);
	fprintf(stream, "%*s", (int)(width - strlen(text)) + 2, "");
}

static void print_verdict(enum verdict verdict, FILE *stream, bool colour)
{
	fprintf(stream, "%s%s%s", colour ? colours[verdict] : "", verdict_name(verdict), colour ? no_colour : "");
}

/* Writes the lines of a reply; those after the first are set in by so many blanks. */
static void print_reply(const char *reply, size_t margin, FILE *stream)
{
	while (true) {
		size_t length = strcspn(reply, "\n");

		fprintf(stream, "%.*s\n", (int)length, reply);
		if (reply[length] == '\0')
			return;
		reply += length + 1;
		fprintf(stream, "%*s", (int)margin, "");
	}
}

/* What stands behind the columns, or NULL. */
static const char *last_text(const struct explanation_step *step)
{
	if (step->reply != NULL)
		return step->reply;
	if (step->recipient == NULL)
		return NULL;
	return step->relay ? "(relay)" : "(local)";
}

static void print_step(const struct explanation_step *step, const size_t widths[COLUMN_COUNT], FILE *stream,
                       bool colour)
{
	const char *last = last_text(step);
	size_t margin = 0;

	for (unsigned column = 0; column < COLUMN_COUNT; column++) {
		const char *text = column_text(step, (enum column)column);

		if (last == NULL && column == COLUMN_COUNT - 1) {
			print_clean(text, stream);
		} else if (column == COLUMN_VERDICT) {
			print_verdict(step->verdict, stream, colour);
			print_cell("", widths[column] - strlen(text), stream);
		} else {
			print_cell(text, widths[column], stream);
		}
		margin += widths[column] + 2;
	}
	if (last != NULL)
		print_reply(last, margin, stream);
	else
		fputc('\n', stream);
}

void explanation_print(const struct explanation *explanation, FILE *stream, bool colour)
{
	const struct listener *listener = explanation->listener;
	size_t widths[COLUMN_COUNT];

	if (listener != NULL)
		fprintf(stream, "listener %s (%s), %s:%u\n\n", listener->name, direction_name(listener->direction),
		        listener->where.file, listener->where.line);
	else
		fprintf(stream, "no listener\n\n");
	find_widths(explanation, widths);
	for (unsigned column = 0; column < COLUMN_COUNT; column++)
		print_cell(titles[column], widths[column], stream);
	fputs("REPLY\n", stream);
	for (size_t i = 0; i < explanation->count; i++)
		print_step(&explanation->steps[i], widths, stream, colour);
	fputs("\nverdict ", stream);
	print_verdict(explanation->verdict, stream, colour);
	fputc('\n', stream);
}

static json_t *json_step(const struct explanation_step *step)
{
	json_t *object = json_object();
	bool sound = object != NULL;

	sound = sound && json_object_set_new(object, "stage", json_string(stage_name(step->stage))) == 0;
	if (step->recipient != NULL) {
		sound = sound && json_object_set_new(object, "recipient", json_text(step->recipient)) == 0;
		sound = sound && json_object_set_new(object, "relay", json_boolean(step->relay)) == 0;
	}
	sound = sound && json_object_set_new(object, "verdict", json_string(verdict_name(step->verdict))) == 0;
	if (step->reply != NULL)
		sound = sound && json_object_set_new(object, "reply", json_text(step->reply)) == 0;
	sound = sound && json_object_set_new(object, "by", json_text(step->by)) == 0;
	sound = sound && json_object_set_new(object, "rule", json_text(step->rule)) == 0;
	if (sound)
		return object;
	json_decref(object);
	return NULL;
}

bool explanation_print_json(const struct explanation *explanation, FILE *stream)
{
	const struct listener *listener = explanation->listener;
	json_t *object = json_object();
	json_t *steps = json_array();
	bool sound = object != NULL && steps != NULL;

	sound =
	    sound && json_object_set_new(object, "listener", json_text(listener != NULL ? listener->name : NULL)) == 0;
	sound = sound && json_object_set_new(object, "verdict", json_string(verdict_name(explanation->verdict))) == 0;
	for (size_t i = 0; sound && i < explanation->count; i++)
		sound = json_array_append_new(steps, json_step(&explanation->steps[i])) == 0;
	sound = sound && json_object_set(object, "stages", steps) == 0;
	sound =
	    sound && json_dumpf(object, stream, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0 && fputc('\n', stream) != EOF;
	json_decref(steps);
	json_decref(object);
	return sound;
}
