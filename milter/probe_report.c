#include "milter/probe_report.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "milter/probe_message.h"

/* Select Graphic Rendition (ECMA-48) of a terminal. */
#define RED "\033[1;31m"
#define YELLOW "\033[33m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"

/* Where the columns begin: marks, what stands behind a mark, names of forms, what happened to them. */
#define MARK_COLUMN 2
#define MARKED_COLUMN 13
#define NAME_COLUMN 4
#define WORDS_COLUMN 26

/* Where more forms than the first number went through, only so many as the second are shown in full. */
#define MANY_OPEN 8
#define SHOWN_OPEN 3

static const struct {
	const char *word;
	const char *colour;
} marks[] = {
    [PROBE_ACCEPTED] = {"OPEN", RED},      [PROBE_UNDECIDED] = {"undecided", YELLOW},
    [PROBE_TROUBLE] = {"trouble", YELLOW}, [PROBE_REFUSED] = {"refused", GREEN},
    [PROBE_NOT_TRIED] = {"not tried", ""},
};
static_assert(sizeof marks / sizeof *marks == PROBE_RESULT_COUNT, "every result has a mark");

/* Where the report goes, and how. */
struct sheet {
	FILE *stream;
	bool verbose;
	bool colour;
};

static void paint(const struct sheet *sheet, const char *colour)
{
	if (sheet->colour)
		fputs(colour, sheet->stream);
}

/* Writes words from the place on where the line stands already; further lines begin at the column. */
static void flow_from(const struct sheet *sheet, size_t at, unsigned column, const char *text)
{
	bool written = false; /* something, that a blank must part from the next word */

	while (*text != '\0') {
		size_t length = strcspn(text, " ");
		/* A word that no line has room for is broken. */
		size_t room = PROBE_REPORT_WIDTH - column;
		size_t piece = length > room ? room : length;

		if (written && at + 1 + piece > PROBE_REPORT_WIDTH) {
			fprintf(sheet->stream, "\n%*s", (int)column, "");
			at = column;
		} else if (written) {
			fputc(' ', sheet->stream);
			at++;
		}
		fwrite(text, 1, piece, sheet->stream);
		written = true;
		at += piece;
		text += piece;
		if (piece < length) {
			fprintf(sheet->stream, "\n%*s", (int)column, "");
			at = column;
			written = false;
		}
		text += strspn(text, " ");
	}
	fputc('\n', sheet->stream);
}

static void flow(const struct sheet *sheet, unsigned column, const char *text)
{
	flow_from(sheet, column, column, text);
}

static void flow_format(const struct sheet *sheet, unsigned column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void flow_format(const struct sheet *sheet, unsigned column, const char *format, ...)
{
	char text[4 * PROBE_LINE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	flow(sheet, column, text);
}

static void indent(const struct sheet *sheet, unsigned column)
{
	fprintf(sheet->stream, "%*s", (int)column, "");
}

static void print_mark(const struct sheet *sheet, const char *word, const char *colour)
{
	indent(sheet, MARK_COLUMN);
	paint(sheet, colour);
	fprintf(sheet->stream, "%-*s", MARKED_COLUMN - MARK_COLUMN, word);
	if (*colour != '\0')
		paint(sheet, PLAIN);
}

static void print_result(const struct sheet *sheet, enum probe_result result)
{
	print_mark(sheet, marks[result].word, marks[result].colour);
}

/* What happened: the server's words are told with the step that they answer. */
static void print_words(const struct sheet *sheet, unsigned column, const struct probe_attempt *attempt)
{
	bool answered = attempt->result != PROBE_NOT_TRIED || (*attempt->words >= '0' && *attempt->words <= '9');

	if (answered)
		flow_format(sheet, column, "%s: %s", probe_step_words(attempt->step), attempt->words);
	else
		flow(sheet, column, attempt->words);
}

/* A line behind the mark that stands above it. */
static void print_below(const struct sheet *sheet, const char *text)
{
	indent(sheet, MARKED_COLUMN);
	flow(sheet, MARKED_COLUMN + 2, text);
}

/* One that went through, with all that was said. */
static void print_open(const struct sheet *sheet, const struct probe_attempt *attempt)
{
	print_result(sheet, attempt->result);
	flow_format(sheet, MARKED_COLUMN, "%s: %s (%s)", attempt->form->name, attempt->form->title,
	            attempt->form->source);
	print_below(sheet, attempt->sender);
	print_below(sheet, attempt->recipient);
	indent(sheet, MARKED_COLUMN);
	print_words(sheet, MARKED_COLUMN + 2, attempt);
	if (attempt->form->own)
		print_below(sheet, "Or the server has a mailbox of that name: --deliver decides.");
}

static void print_attempt(const struct sheet *sheet, const struct probe_attempt *attempt)
{
	indent(sheet, NAME_COLUMN);
	fprintf(sheet->stream, "%-*s ", WORDS_COLUMN - NAME_COLUMN - 1, attempt->form->name);
	print_words(sheet, WORDS_COLUMN, attempt);
}

/* The names of all attempts with that result but the first ones, which are left out. */
static void print_names(const struct sheet *sheet, const struct probe_pass *pass, enum probe_result result,
                        size_t left_out)
{
	char text[4 * PROBE_LINE];
	size_t length = 0;

	for (size_t i = 0; i < probe_form_count && length < sizeof text; i++) {
		if (pass->attempts[i].result != result)
			continue;
		if (left_out > 0)
			left_out--;
		else
			length += (size_t)snprintf(text + length, sizeof text - length, "%s ", probe_forms[i].name);
	}
	indent(sheet, MARKED_COLUMN);
	flow(sheet, MARKED_COLUMN, text);
}

static void print_all(const struct sheet *sheet, const struct probe_pass *pass, enum probe_result result)
{
	for (size_t i = 0; i < probe_form_count; i++) {
		if (pass->attempts[i].result == result)
			print_attempt(sheet, &pass->attempts[i]);
	}
}

/* Those that went through: each in full, unless they are too many. */
static void print_all_open(const struct sheet *sheet, const struct probe_pass *pass)
{
	size_t count = pass->counts[PROBE_ACCEPTED];
	size_t most = count > MANY_OPEN && !sheet->verbose ? SHOWN_OPEN : count;
	size_t shown = 0;

	for (size_t i = 0; i < probe_form_count && shown < most; i++) {
		if (pass->attempts[i].result != PROBE_ACCEPTED)
			continue;
		print_open(sheet, &pass->attempts[i]);
		shown++;
	}
	if (shown < count) {
		print_result(sheet, PROBE_ACCEPTED);
		flow_format(sheet, MARKED_COLUMN, "and %zu more (--verbose tells what was said):", count - shown);
		print_names(sheet, pass, PROBE_ACCEPTED, shown);
	}
}

/* The first attempt with that result, where all of them ended in the same way; else NULL. */
static const struct probe_attempt *find_alike(const struct probe_pass *pass, enum probe_result result)
{
	const struct probe_attempt *first = NULL;

	for (size_t i = 0; i < probe_form_count; i++) {
		const struct probe_attempt *attempt = &pass->attempts[i];

		if (attempt->result != result)
			continue;
		if (first == NULL)
			first = attempt;
		else if (attempt->step != first->step || strcmp(attempt->words, first->words) != 0)
			return NULL;
	}
	return first;
}

/* How many attempts had that result; and, if that is to be told, which. */
static void print_group(const struct sheet *sheet, const struct probe_pass *pass, enum probe_result result, bool told)
{
	size_t count = pass->counts[result];
	const struct probe_attempt *alike = count > 1 && told ? find_alike(pass, result) : NULL;

	if (count == 0)
		return;
	print_result(sheet, result);
	fprintf(sheet->stream, "%zu of %zu forms\n", count, probe_form_count);
	if (alike != NULL) {
		indent(sheet, MARKED_COLUMN);
		print_words(sheet, MARKED_COLUMN + 2, alike);
		if (count < probe_form_count)
			print_names(sheet, pass, result, 0);
	} else if (told) {
		print_all(sheet, pass, result);
	}
}

/* What may be done with the login is no fault: how many forms, and which. */
static void print_may(const struct sheet *sheet, const struct probe_pass *pass, const char *user)
{
	print_mark(sheet, "may relay", "");
	flow_format(sheet, MARKED_COLUMN, "%s, by %zu of %zu forms:", user, pass->counts[PROBE_ACCEPTED],
	            probe_form_count);
	print_names(sheet, pass, PROBE_ACCEPTED, 0);
}

/* The server takes not even what every server should: then a refusal may have other reasons. */
static void print_control(const struct sheet *sheet, const struct probe_pass *pass)
{
	const struct probe_attempt *attempt = &pass->control;

	if (attempt->result == PROBE_ACCEPTED)
		return;
	print_mark(sheet, "note", "");
	flow(sheet, MARKED_COLUMN, "It takes no ordinary mail either: its refusals may have other reasons.");
	print_below(sheet, attempt->sender);
	print_below(sheet, attempt->recipient);
	indent(sheet, MARKED_COLUMN);
	print_words(sheet, MARKED_COLUMN + 2, attempt);
}

static void print_pass(const struct sheet *sheet, const struct probe_run *run, const struct probe_stop *stop,
                       enum probe_pass_kind kind)
{
	const struct probe_pass *pass = &stop->passes[kind];

	fprintf(sheet->stream, "\n%s, %s\n", stop->address.text, probe_pass_words(pass, kind));
	if (pass->attempts == NULL && pass->why == pass->control.words) {
		print_result(sheet, pass->control.result);
		print_words(sheet, MARKED_COLUMN, &pass->control);
		return;
	}
	if (pass->attempts == NULL) {
		print_result(sheet, PROBE_NOT_TRIED);
		flow(sheet, MARKED_COLUMN, pass->why);
		return;
	}
	if (kind != PROBE_PASS_LOGIN)
		print_all_open(sheet, pass);
	else if (pass->counts[PROBE_ACCEPTED] > 0)
		print_may(sheet, pass, run->settings->user);
	print_group(sheet, pass, PROBE_UNDECIDED, true);
	print_group(sheet, pass, PROBE_TROUBLE, true);
	print_group(sheet, pass, PROBE_REFUSED, sheet->verbose);
	print_group(sheet, pass, PROBE_NOT_TRIED, sheet->verbose);
	print_control(sheet, pass);
}

static void print_stop(const struct sheet *sheet, const struct probe_run *run, const struct probe_stop *stop)
{
	if (stop->survey.result != PROBE_ACCEPTED) {
		fprintf(sheet->stream, "\n%s\n", stop->address.text);
		print_result(sheet, stop->survey.result);
		flow(sheet, MARKED_COLUMN, stop->survey.words);
		return;
	}
	for (unsigned kind = 0; kind < PROBE_PASS_COUNT; kind++) {
		if (stop->passes[kind].made)
			print_pass(sheet, run, stop, (enum probe_pass_kind)kind);
	}
}

/* Whether every form that went through without a login could be a mailbox of the server's own. */
static bool is_open_by_own_alone(const struct probe_run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		for (unsigned kind = 0; kind < PROBE_PASS_LOGIN; kind++) {
			const struct probe_attempt *attempts = run->stops[i].passes[kind].attempts;

			for (size_t j = 0; attempts != NULL && j < probe_form_count; j++) {
				if (attempts[j].result == PROBE_ACCEPTED && !attempts[j].form->own)
					return false;
			}
		}
	}
	return true;
}

static void print_verdict(const struct sheet *sheet, const struct probe_run *run)
{
	static const struct {
		const char *word;
		const char *colour;
		const char *words;
	} verdicts[] = {
	    [PROBE_CLOSED] = {"closed", GREEN, "refused every form."},
	    [PROBE_OPEN] = {"OPEN", RED, "relays mail for anybody."},
	    [PROBE_NOT_DECIDED] = {"undecided", YELLOW, "let nothing through, but did not refuse everything."},
	};
	const char *words = verdicts[run->verdict].words;
	const char *word = verdicts[run->verdict].word;
	char text[2 * PROBE_HOST];

	static_assert(sizeof verdicts / sizeof *verdicts == PROBE_VERDICT_COUNT, "every verdict has words");
	if (run->verdict == PROBE_OPEN && is_open_by_own_alone(run))
		words = "relays mail, unless it has mailboxes of those names.";
	fputc('\n', sheet->stream);
	paint(sheet, verdicts[run->verdict].colour);
	fputs(word, sheet->stream);
	paint(sheet, PLAIN);
	fputs(": ", sheet->stream);
	snprintf(text, sizeof text, "%s, port %u, %s", run->settings->target.host, run->settings->target.port, words);
	flow_from(sheet, strlen(word) + 2, 2, text);
}

static void print_delivery(const struct sheet *sheet, const struct probe_run *run)
{
	const struct probe_delivery *delivery = &run->delivery;
	const struct probe_attempt *attempt = &delivery->attempt;

	fputc('\n', sheet->stream);
	if (delivery->stop == NULL) {
		fputs("No message was sent: no form went through that leads to the outside mailbox.\n", sheet->stream);
		return;
	}
	if (attempt->result != PROBE_ACCEPTED) {
		flow_format(sheet, 0, "The message was not sent by %s: %s: %s", attempt->form->name,
		            probe_step_words(attempt->step), attempt->words);
		return;
	}
	flow_format(sheet, 0, "Sent by %s to %s, %s: %s", attempt->form->name, delivery->stop->address.text,
	            probe_pass_words(&delivery->stop->passes[delivery->pass], delivery->pass), attempt->words);
	flow_format(sheet, 0, "Look into %s for the subject:", run->settings->recipient);
	fprintf(sheet->stream, "  relay probe %s\n", delivery->token);
	flow(sheet, 0,
	     "If it comes, the server relays (the field " PROBE_MESSAGE_FIELD
	     " has the token, too). If it does not, wait as long as a queue may hold it, and look whether the server "
	     "has a mailbox of that name, or sent a bounce.");
}

void probe_report(const struct probe_run *run, FILE *stream, bool verbose, bool colour)
{
	struct sheet sheet = {.stream = stream, .verbose = verbose, .colour = colour};

	fprintf(stream, "%s, port %u\n", run->settings->target.host, run->settings->target.port);
	fprintf(stream, "from %s to %s\n", run->settings->sender, run->settings->recipient);
	for (size_t i = 0; i < run->count; i++)
		print_stop(&sheet, run, &run->stops[i]);
	print_verdict(&sheet, run);
	if (run->settings->deliver)
		print_delivery(&sheet, run);
}

static void tell(void *context, const struct probe_stop *stop, enum probe_pass_kind kind, const struct probe_form *form,
                 size_t number)
{
	const bool *terminal = context;

	if (*terminal && form != NULL)
		fprintf(stderr, "\r\033[K[%zu/%zu] %s, %s: %s", number + 1, probe_form_count, stop->address.text,
		        probe_pass_words(&stop->passes[kind], kind), form->name);
	else if (!*terminal && form == NULL)
		fprintf(stderr, "sallyport probe: %s\n", stop->address.text);
}

struct probe_progress probe_report_progress(bool *terminal)
{
	return (struct probe_progress){.tell = tell, .context = terminal};
}

void probe_report_progress_end(bool terminal)
{
	if (terminal)
		fputs("\r\033[K", stderr);
}
