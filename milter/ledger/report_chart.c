#include "milter/ledger/report_chart.h"

#include <string.h>

#include "milter/ledger/figure.h"

/* A plot over time, in units of its viewBox: what surrounds the bars, and their place. */
#define WIDTH 1080
#define LEFT 64
#define RIGHT 8
#define TOP 12
#define BOTTOM 30
#define INNER (WIDTH - LEFT - RIGHT)

/* What a label below the axis takes: of each character, and between two labels. */
#define CHARACTER 7
#define GAP 14

/* A bar is no wider, however few there are. */
#define WIDEST 36.0

struct plot {
	FILE *stream;
	const struct report *report;
	unsigned height; /* of the bars */
	uint64_t most;   /* what the highest bar stands for */
	uint64_t step;   /* between two lines */
};

const char *report_chart_class(enum tally_side side)
{
	static const char *const classes[] = {"in", "out", "none"};

	return classes[side];
}

/* 1, 2 or 5 times a power of ten, so that there are up to five lines. */
static uint64_t step_of(uint64_t most)
{
	static const unsigned factors[] = {1, 2, 5};

	for (uint64_t power = 1;; power *= 10) {
		for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
			if (most / (power * factors[i]) < 5 || power > UINT64_MAX / 100)
				return power * factors[i];
		}
	}
}

static double y_of(const struct plot *plot, uint64_t value)
{
	return TOP + plot->height * (1.0 - (double)value / (double)plot->most);
}

static double x_of(const struct plot *plot, size_t index)
{
	return LEFT + (double)INNER * (double)index / (double)plot->report->time_count;
}

/* An hour of a single day needs no date, and hours and days no year. */
static const char *axis_label(const struct plot *plot, size_t index, char *room)
{
	const struct report *report = plot->report;
	const bool local = report->tally->period.local;
	time_t first = report->times[0].begin, last = report->times[report->time_count - 1].begin;
	enum calendar_unit unit = timeline_unit(report->tally->timeline);

	report_label(report, &report->times[index], room);
	if (unit == CALENDAR_HOUR &&
	    calendar_begin(local, CALENDAR_DAY, first) == calendar_begin(local, CALENDAR_DAY, last))
		return room + strlen("2026-11-22 ");
	if (unit == CALENDAR_HOUR)
		return room + strlen("2026-");
	if (unit == CALENDAR_DAY)
		memmove(room + strlen("Sun "), room + strlen("Sun 2026-"), strlen("11-22") + 1);
	return room;
}

static void print_lines(const struct plot *plot)
{
	for (uint64_t value = 0; value <= plot->most; value += plot->step) {
		double y = y_of(plot, value);
		char text[FIGURE_TEXT];

		figure_short(value, text);
		fprintf(plot->stream,
		        "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
		        "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
		        value == 0 ? "axis" : "grid", LEFT, WIDTH - RIGHT, y, y, LEFT - 8, y + 4, text);
	}
}

/* The room that a label takes. */
static size_t label_width(const struct plot *plot)
{
	char room[CALENDAR_TEXT];

	return strlen(axis_label(plot, 0, room)) * CHARACTER + GAP;
}

/* How many times a label stands for, so that labels do not touch: hours of each day, and days of each week, alike. */
static size_t label_distance(const struct plot *plot)
{
	enum calendar_unit unit = timeline_unit(plot->report->tally->timeline);
	size_t every = 1;

	while (INNER * every < label_width(plot) * plot->report->time_count)
		every++;
	while (unit == CALENDAR_HOUR && every < 24 && 24 % every != 0)
		every++;
	while (unit == CALENDAR_DAY && every > 2 && every % 7 != 0)
		every++;
	return every;
}

static void print_axis(const struct plot *plot)
{
	size_t every = label_distance(plot);
	double middle = (x_of(plot, 1) - x_of(plot, 0)) / 2;
	double last = WIDTH - (double)(label_width(plot) - GAP) / 2;

	for (size_t i = 0; i < plot->report->time_count && x_of(plot, i) + middle <= last; i += every) {
		char room[CALENDAR_TEXT];

		fprintf(plot->stream, "<text x=\"%.1f\" y=\"%u\" text-anchor=\"middle\">%s</text>\n",
		        x_of(plot, i) + middle, TOP + plot->height + 20, axis_label(plot, i, room));
	}
}

/* Opens a plot whose highest value is most; false, with a word in its place, where there is nothing to show. */
static bool open_plot(struct plot *plot, uint64_t most, const char *title)
{
	if (most == 0) {
		fputs("<p class=\"quiet\">Nothing.</p>\n", plot->stream);
		return false;
	}
	plot->step = step_of(most);
	plot->most = (most + plot->step - 1) / plot->step * plot->step;
	fprintf(plot->stream,
	        "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %u\" role=\"img\" "
	        "aria-label=\"%s\">\n",
	        WIDTH, TOP + plot->height + BOTTOM, title);
	print_lines(plot);
	return true;
}

static void close_plot(const struct plot *plot)
{
	print_axis(plot);
	fputs("</svg>\n", plot->stream);
}

/* A bar, in the place of its time at index: the part-th of so many beside each other. */
static void print_bar(const struct plot *plot, size_t index, unsigned part, unsigned parts, uint64_t value,
                      const char *class, const char *what)
{
	double place = x_of(plot, index + 1) - x_of(plot, index);
	double width = place * 0.8 / parts;
	double y = y_of(plot, value);
	char time[CALENDAR_TEXT], text[FIGURE_TEXT];

	if (value == 0)
		return;
	if (width > WIDEST)
		width = WIDEST;
	/* What is there shows. */
	if (TOP + plot->height - y < 1)
		y = TOP + plot->height - 1;
	report_label(plot->report, &plot->report->times[index], time);
	figure_count(value, text);
	fprintf(plot->stream,
	        "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">"
	        "<title>%s: %s %s</title></rect>\n",
	        class, x_of(plot, index) + (place - width * parts) / 2 + width * part, y, width > 3 ? width - 1 : width,
	        TOP + plot->height - y, time, text, what);
}

static uint64_t accepted(const struct report *report, size_t index, enum tally_side side)
{
	return report_volume(report, &report->times[index], side).messages[RECORD_ACCEPTED];
}

static uint64_t refused(const struct report *report, size_t index)
{
	uint64_t sum = 0;

	for (unsigned side = 0; side < TALLY_SIDE_COUNT; side++) {
		struct volume volume = report_volume(report, &report->times[index], (enum tally_side)side);

		sum += volume_refused(&volume);
	}
	return sum;
}

void report_chart_accepted(const struct report *report, FILE *stream)
{
	struct plot plot = {.stream = stream, .report = report, .height = 240};
	uint64_t most = 0;

	for (size_t i = 0; i < report->time_count; i++) {
		for (unsigned side = 0; side < TALLY_NEITHER; side++) {
			uint64_t value = accepted(report, i, (enum tally_side)side);

			most = value > most ? value : most;
		}
	}
	if (!open_plot(&plot, most, "Accepted messages over time, inbound and outbound"))
		return;
	for (size_t i = 0; i < report->time_count; i++) {
		for (unsigned side = 0; side < TALLY_NEITHER; side++)
			print_bar(&plot, i, side, TALLY_NEITHER, accepted(report, i, (enum tally_side)side),
			          report_chart_class((enum tally_side)side), tally_side_name((enum tally_side)side));
	}
	close_plot(&plot);
}

void report_chart_refused(const struct report *report, FILE *stream)
{
	struct plot plot = {.stream = stream, .report = report, .height = 110};
	uint64_t most = 0;

	for (size_t i = 0; i < report->time_count; i++)
		most = refused(report, i) > most ? refused(report, i) : most;
	if (!open_plot(&plot, most, "Refused messages and sessions over time"))
		return;
	for (size_t i = 0; i < report->time_count; i++)
		print_bar(&plot, i, 0, 1, refused(report, i), "refused", "refused");
	close_plot(&plot);
}

void report_chart_sparks(const struct report *report, size_t listener, FILE *stream)
{
	enum {
		SPARK_WIDTH = 240,
		SPARK_HEIGHT = 24
	};
	const char *class = report_chart_class(report->tally->listeners[listener].side);
	double place = (double)SPARK_WIDTH / (double)report->time_count;
	uint64_t most = 0;

	for (size_t i = 0; i < report->time_count; i++) {
		const struct timeline_slot *slot = report->times[i].slot;
		uint64_t value = slot != NULL ? slot->lanes[listener].messages[RECORD_ACCEPTED] : 0;

		most = value > most ? value : most;
	}
	fprintf(stream,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
	        "aria-hidden=\"true\"><line class=\"axis\" x1=\"0\" x2=\"%d\" y1=\"%d\" y2=\"%d\"/>",
	        SPARK_WIDTH, SPARK_HEIGHT, SPARK_WIDTH, SPARK_HEIGHT, SPARK_WIDTH, SPARK_HEIGHT, SPARK_HEIGHT);
	for (size_t i = 0; i < report->time_count; i++) {
		const struct timeline_slot *slot = report->times[i].slot;
		uint64_t value = slot != NULL ? slot->lanes[listener].messages[RECORD_ACCEPTED] : 0;
		double height = most > 0 ? (double)value / (double)most * SPARK_HEIGHT : 0;

		if (value > 0)
			fprintf(stream, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
			        class, (double)i * place, SPARK_HEIGHT - height, place * 0.8, height);
	}
	fputs("</svg>", stream);
}

void report_chart_bar(const uint64_t *parts, unsigned sides, uint64_t most, FILE *stream)
{
	enum {
		BAR_WIDTH = 220,
		BAR_HEIGHT = 12
	};
	double at = 0;

	fprintf(stream,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
	        "aria-hidden=\"true\">",
	        BAR_WIDTH, BAR_HEIGHT, BAR_WIDTH, BAR_HEIGHT);
	for (unsigned side = 0; side < sides && side <= TALLY_NEITHER; side++) {
		double width = most > 0 ? (double)parts[side] / (double)most * BAR_WIDTH : 0;

		if (parts[side] > 0)
			fprintf(stream, "<rect class=\"%s\" x=\"%.1f\" y=\"0\" width=\"%.1f\" height=\"%d\"/>",
			        report_chart_class((enum tally_side)side), at, width > 1 ? width : 1, BAR_HEIGHT);
		at += width;
	}
	fputs("</svg>", stream);
}
