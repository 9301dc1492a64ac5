/*
 * A report for people, in 80 columns.
 */
#include <stdlib.h>
#include <string.h>

#include "milter/labelled.h"
#include "milter/ledger/figure.h"
#include "milter/ledger/newcomers.h"
#include "milter/ledger/report.h"
#include "milter/ledger/watch.h"
#include "policy/limits.h"

/* The columns of a figure, with the blanks before it. */
#define FIGURE 8
#define WIDE_FIGURE 12

/* The columns of a bar, and of a listener's line over time. */
#define BAR 18
#define SPARKS 26

/* Eighths of a column. */
static const char *const block_bars[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
static const char *const block_sparks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const plain_sparks[] = {" ", ".", ":", "-", "=", "+", "*", "%", "#"};

static void print_heading(FILE *stream, const char *heading)
{
	fprintf(stream, "\n%s\n", heading);
}

/* Prints a text in so many columns: what a terminal might obey, or set in another width, as "?". */
static void print_cell(FILE *stream, const char *text, unsigned width)
{
	unsigned length = 0, column = 0;

	for (const char *byte = text; *byte != '\0'; byte++)
		length += ((unsigned char)*byte & 0xc0) != 0x80;
	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;

		if ((byte & 0xc0) == 0x80)
			continue;
		if (length > width && column == width - 3) {
			fputs("...", stream);
			return;
		}
		fputc(byte < 0x20 || byte >= 0x7f ? '?' : byte, stream);
		column++;
	}
	fprintf(stream, "%*s", (int)(width - column), "");
}

static void print_count(FILE *stream, uint64_t count, int width)
{
	char text[FIGURE_TEXT];

	if (width > FIGURE)
		figure_count(count, text);
	else
		figure_short(count, text);
	fprintf(stream, "%*s", width, text);
}

static void print_bytes(FILE *stream, uint64_t bytes, int width)
{
	char text[FIGURE_TEXT];

	figure_bytes(bytes, text);
	fprintf(stream, "%*s", width, text);
}

/* What a line of totals shows. */
enum total {
	TOTAL_ACCEPTED,
	TOTAL_CARRIED,
	TOTAL_RELAYED,
	TOTAL_BYTES,
	TOTAL_UNDECLARED,
	TOTAL_REFUSED,
	TOTAL_SESSIONS,
	TOTAL_ABANDONED,
	TOTAL_REJECTED,
	TOTAL_PUT_OFF,
};

static uint64_t total_of(const struct volume *volume, enum total total)
{
	switch (total) {
	case TOTAL_ACCEPTED:
		return volume->messages[RECORD_ACCEPTED];
	case TOTAL_CARRIED:
		return volume->carried;
	case TOTAL_RELAYED:
		return volume->relayed;
	case TOTAL_BYTES:
		return volume->bytes;
	case TOTAL_UNDECLARED:
		return volume->undeclared;
	case TOTAL_REFUSED:
		return volume->messages[RECORD_REFUSED];
	case TOTAL_SESSIONS:
		return volume->sessions;
	case TOTAL_ABANDONED:
		return volume->messages[RECORD_ABANDONED];
	case TOTAL_REJECTED:
		return volume->recipients[VERDICT_REJECT];
	case TOTAL_PUT_OFF:
		return volume->recipients[VERDICT_TEMPFAIL];
	}
	return 0;
}

static void print_totals(const struct report *report, FILE *stream)
{
	static const struct {
		enum total total;
		const char *label;
	} rows[] = {
	    {TOTAL_ACCEPTED, "messages accepted"},
	    {TOTAL_CARRIED, "  their accepted recipients"},
	    {TOTAL_RELAYED, "    of which relay"},
	    {TOTAL_BYTES, "  bytes, as declared"},
	    {TOTAL_UNDECLARED, "    messages that declared none"},
	    {TOTAL_REFUSED, "messages refused"},
	    {TOTAL_SESSIONS, "sessions refused before MAIL"},
	    {TOTAL_ABANDONED, "messages abandoned by the client"},
	    {TOTAL_REJECTED, "recipients rejected"},
	    {TOTAL_PUT_OFF, "recipients put off"},
	};
	const unsigned sides = report_sides(report);

	fprintf(stream, "\n%32s", "");
	for (unsigned side = 0; side < sides; side++)
		fprintf(stream, "%*s", WIDE_FIGURE, tally_side_name((enum tally_side)side));
	fputc('\n', stream);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fprintf(stream, "%-32s", rows[i].label);
		for (unsigned side = 0; side < sides; side++) {
			uint64_t total = total_of(&report->tally->sides[side], rows[i].total);

			if (rows[i].total == TOTAL_BYTES)
				print_bytes(stream, total, WIDE_FIGURE);
			else
				print_count(stream, total, WIDE_FIGURE);
		}
		fputc('\n', stream);
	}
}

/* The address, and below it what is said of it. */
static void print_suspect(const struct report *report, const struct watch_suspect *suspect, FILE *stream)
{
	const char *listener = *suspect->listener != '\0' ? suspect->listener : "several listeners";
	size_t width = strlen(listener) < 36 ? strlen(listener) : 36;
	char address[LIMIT_NETWORK_TEXT], time[CALENDAR_TEXT], figures[WATCH_TEXT];

	address_to_text(&suspect->client, address);
	calendar_write_second(report->tally->period.local, (time_t)(suspect->since / 1000), time);
	watch_describe(suspect, figures);
	fprintf(stream, "%s at ", address);
	print_cell(stream, listener, (unsigned)width);
	fputc('\n', stream);
	label_text(stream, "since", false, time);
	label_text(stream, "by", false, figures);
}

static void print_suspects(const struct report *report, FILE *stream)
{
	size_t shown = report->suspect_count < report->rows ? report->suspect_count : report->rows;

	if (shown == 0)
		return;
	fputs("\nmay relay without a login, and do not look like one client\n", stream);
	for (size_t i = 0; i < shown; i++)
		print_suspect(report, &report->suspects[i], stream);
	if (report->suspect_count > shown)
		fprintf(stream, "(and %zu more)\n", report->suspect_count - shown);
}

/* A bar for a part of most, in so many columns; what is there at all shows. */
static void print_bar(const struct report *report, FILE *stream, uint64_t part, uint64_t most, unsigned width)
{
	unsigned eighths = most > 0 ? (unsigned)((double)part * width * 8 / (double)most + 0.5) : 0;
	unsigned full, columns;

	if (part > 0 && eighths == 0)
		eighths = 1;
	full = eighths / 8;
	columns = report->blocks ? (eighths + 7) / 8 : (eighths + 4) / 8;
	if (part > 0 && columns == 0)
		columns = 1;
	for (unsigned i = 0; i < columns; i++) {
		if (report->blocks)
			fputs(i < full ? block_bars[8] : block_bars[eighths % 8], stream);
		else
			fputc('#', stream);
	}
	fprintf(stream, "%*s", (int)(width - columns), "");
}

static uint64_t most_accepted(const struct report *report)
{
	uint64_t most = 0;

	for (size_t i = 0; i < report->time_count; i++) {
		for (unsigned side = 0; side < TALLY_NEITHER; side++) {
			struct volume volume = report_volume(report, &report->times[i], (enum tally_side)side);
			uint64_t accepted = volume.messages[RECORD_ACCEPTED];

			most = accepted > most ? accepted : most;
		}
	}
	return most;
}

static void print_time(const struct report *report, const struct report_time *time, uint64_t most, FILE *stream)
{
	struct volume neither = report_volume(report, time, TALLY_NEITHER);
	uint64_t refused = volume_refused(&neither);
	char label[CALENDAR_TEXT];

	report_label(report, time, label);
	fprintf(stream, "%-16s", label);
	for (unsigned side = 0; side < TALLY_NEITHER; side++) {
		struct volume volume = report_volume(report, time, (enum tally_side)side);

		print_count(stream, volume.messages[RECORD_ACCEPTED], FIGURE);
		fputc(' ', stream);
		print_bar(report, stream, volume.messages[RECORD_ACCEPTED], most, BAR);
		refused += volume_refused(&volume);
	}
	print_count(stream, refused, FIGURE);
	fputc('\n', stream);
}

static void print_times(const struct report *report, FILE *stream)
{
	uint64_t most = most_accepted(report);

	fprintf(stream, "\nper %-12s", calendar_unit_name(timeline_unit(report->tally->timeline)));
	for (unsigned side = 0; side < TALLY_NEITHER; side++)
		fprintf(stream, "%*s %-*s", FIGURE, tally_side_name((enum tally_side)side), BAR, "accepted");
	fprintf(stream, "%*s\n", FIGURE, "refused");
	for (size_t i = 0; i < report->time_count; i++)
		print_time(report, &report->times[i], most, stream);
}

/* A listener's accepted messages over time: so many times to a column that they fit. */
static void print_sparks(const struct report *report, size_t listener, FILE *stream)
{
	const char *const *sparks = report->blocks ? block_sparks : plain_sparks;
	size_t together = (report->time_count + SPARKS - 1) / SPARKS, columns = 0;
	uint64_t sums[SPARKS] = {0}, most = 0;

	for (size_t i = 0; i < report->time_count; i++) {
		const struct timeline_slot *slot = report->times[i].slot;

		columns = i / together;
		if (slot != NULL)
			sums[columns] += slot->lanes[listener].messages[RECORD_ACCEPTED];
		most = sums[columns] > most ? sums[columns] : most;
	}
	/* No blanks at the end of a line. */
	while (columns > 0 && sums[columns] == 0)
		columns--;
	fputs(most > 0 ? "  " : "", stream);
	for (size_t i = 0; i <= columns && most > 0; i++)
		fputs(sparks[(sums[i] * 8 + most - 1) / most], stream);
}

static void print_listeners(const struct report *report, FILE *stream)
{
	const struct tally *tally = report->tally;

	fprintf(stream, "\n%-15s %-4s%*s%*s%*s%*s  %s\n", "listeners", "", FIGURE, "accepted", FIGURE, "refused",
	        FIGURE, "rcpts", FIGURE, "bytes", "accepted over time");
	for (size_t i = 0; i < tally->listener_count; i++) {
		const struct tally_listener *listener = &tally->listeners[i];
		static const char *const sides[] = {"in", "out", ""};

		print_cell(stream, report_listener(listener), 15);
		fprintf(stream, " %-4s", sides[listener->side]);
		print_count(stream, listener->volume.messages[RECORD_ACCEPTED], FIGURE);
		print_count(stream, volume_refused(&listener->volume), FIGURE);
		print_count(stream, listener->volume.carried, FIGURE);
		print_bytes(stream, listener->volume.bytes, FIGURE);
		print_sparks(report, i, stream);
		fputc('\n', stream);
	}
}

/* What a list of so many rows does not show, or not exactly. */
static void print_rest(const struct report *report, enum tally_top top, size_t shown, FILE *stream)
{
	const struct top *all = report->tally->tops[top];
	uint64_t error = report_error(report, shown);
	char count[FIGURE_TEXT];

	if (top_size(all) > shown) {
		figure_count(top_size(all) - shown, count);
		fprintf(stream, "(and %s%s more)\n", top_exact(all) ? "" : "at least ", count);
	}
	if (error > 0) {
		figure_count(error, count);
		fprintf(stream, "(too many to count each: these may have come up to %s times less", count);
		fputs(top == TALLY_CLIENTS || top == TALLY_LOGINS ? ",\nand what stands behind may be too low)\n"
		                                                  : ")\n",
		      stream);
	}
}

static void print_reasons(struct report *report, FILE *stream)
{
	const unsigned sides = report_sides(report);
	const unsigned width = COLUMNS - 8 - sides * WIDE_FIGURE;
	size_t count = report_list(report, TALLY_REASONS);

	if (count == 0)
		return;
	fprintf(stream, "\n%-*s", (int)(8 + width), "refused, by what");
	for (unsigned side = 0; side < sides; side++)
		fprintf(stream, "%*s", WIDE_FIGURE, tally_side_name((enum tally_side)side));
	fputc('\n', stream);
	for (size_t i = 0; i < count; i++) {
		struct tally_reason reason;
		char text[2 * TOP_TEXT];

		tally_read_reason(report->entries[i], &reason);
		report_reason(&reason, width, text, sizeof text);
		print_cell(stream, reason.stage, 8);
		print_cell(stream, text, width);
		for (unsigned side = 0; side < sides; side++)
			print_count(stream, report->entries[i]->extras[side], WIDE_FIGURE);
		fputc('\n', stream);
	}
	print_rest(report, TALLY_REASONS, count, stream);
}

static void print_parties(struct report *report, enum tally_top top, const char *heading, FILE *stream)
{
	size_t count = report_list(report, top);

	if (count == 0)
		return;
	fprintf(stream, "\n%-*s%*s %*s%*s%*s%*s\n", COLUMNS - 5 * FIGURE - 1, heading, FIGURE, "all", FIGURE,
	        "accepted", FIGURE, "refused", FIGURE, "rcpts", FIGURE, "bytes");
	for (size_t i = 0; i < count; i++) {
		const struct top_entry *entry = report->entries[i];

		print_cell(stream, entry->text, COLUMNS - 5 * FIGURE - 1);
		print_count(stream, entry->count, FIGURE);
		fputc(' ', stream);
		print_count(stream, entry->extras[TALLY_ACCEPTED], FIGURE);
		print_count(stream, entry->extras[TALLY_REFUSED], FIGURE);
		print_count(stream, entry->extras[TALLY_CARRIED], FIGURE);
		print_bytes(stream, entry->extras[TALLY_BYTES], FIGURE);
		fputc('\n', stream);
	}
	print_rest(report, top, count, stream);
}

static void print_senders(struct report *report, FILE *stream)
{
	size_t count = report_list(report, TALLY_SENDERS);

	if (count == 0)
		return;
	fprintf(stream, "\n%-*s%*s\n", COLUMNS - WIDE_FIGURE, "refused senders", WIDE_FIGURE, "messages");
	for (size_t i = 0; i < count; i++) {
		print_cell(stream, report->entries[i]->text, COLUMNS - WIDE_FIGURE);
		print_count(stream, report->entries[i]->count, WIDE_FIGURE);
		fputc('\n', stream);
	}
	print_rest(report, TALLY_SENDERS, count, stream);
}

static void print_newcomers(const struct report *report, FILE *stream)
{
	const struct tally *tally = report->tally;
	size_t shown = report->newcomer_count < report->rows ? report->newcomer_count : report->rows;
	char text[CALENDAR_TEXT];

	if (report->newcomers == NULL)
		return;
	calendar_write(tally->period.local, CALENDAR_HOUR, (time_t)(tally->earliest / 1000), text);
	fprintf(stream, "\nrelayed for the first time since %s, where the logs begin\n", text);
	if (report->newcomer_count == 0)
		fputs("(nobody)\n", stream);
	for (size_t i = 0; i < shown; i++) {
		const struct newcomer *newcomer = report->newcomers[i];

		calendar_write_second(tally->period.local, (time_t)(newcomer->first / 1000), text);
		fprintf(stream, "%-21s%-8s", text, newcomer->login ? "login" : "client");
		print_cell(stream, newcomer->name, COLUMNS - 29 - 6 - FIGURE);
		print_count(stream, newcomer->recipients, FIGURE);
		fputs(" rcpts\n", stream);
	}
	if (report->newcomer_count > shown)
		fprintf(stream, "(and %zu more)\n", report->newcomer_count - shown);
	if (newcomers_missed(tally->newcomers) > 0)
		fputs("(more clients and logins relay than can be remembered: some are not looked at)\n", stream);
}

static void print_sources(const struct report *report, FILE *stream)
{
	char text[REPORT_LEFT_OUT_TEXT];

	report_left_out(report, text);
	if (*text != '\0')
		fprintf(stream, "\n%s\n", text);
}

bool report_print_text(struct report *report, FILE *stream)
{
	char period[REPORT_PERIOD_TEXT];

	report_period(report, period);
	fprintf(stream, "mail of %s\n", period);
	if (report->tally->inside == 0) {
		print_heading(stream, "there is nothing of it in the logs");
		print_sources(report, stream);
		return true;
	}
	print_totals(report, stream);
	print_suspects(report, stream);
	print_times(report, stream);
	print_listeners(report, stream);
	print_reasons(report, stream);
	print_parties(report, TALLY_CLIENTS, "busiest clients", stream);
	print_parties(report, TALLY_LOGINS, "busiest logins", stream);
	print_senders(report, stream);
	print_newcomers(report, stream);
	print_sources(report, stream);
	return true;
}
