#include "milter/ledger/counters.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "milter/ledger/again.h"
#include "milter/ledger/record.h"
#include "milter/moment.h"
#include "policy/decide.h"
#include "policy/limits.h"
#include "rules/piece.h"

enum family {
	FAMILY_SESSIONS,
	FAMILY_MESSAGES,
	FAMILY_RECIPIENTS,
	FAMILY_BYTES,
	FAMILY_DECISIONS,
	FAMILY_RELOADS,
	FAMILY_SHADOW_JUDGED,
	FAMILY_SHADOW_NOT_JUDGED,
	FAMILY_SHADOW_DIFFERENCES,
};
#define FAMILY_COUNT (FAMILY_SHADOW_DIFFERENCES + 1)

/* Names are without the "_total" that counters end in. */
static const struct {
	const char *name;
	const char *help;
} families[] = {
    [FAMILY_SESSIONS] = {"sallyport_sessions", "Sessions that began."},
    [FAMILY_MESSAGES] = {"sallyport_messages", "Messages that ended, by what came of them."},
    [FAMILY_RECIPIENTS] = {"sallyport_recipients", "Recipients that were judged."},
    [FAMILY_BYTES] = {"sallyport_declared_bytes", "Bytes that clients declared for their messages (SIZE)."},
    [FAMILY_DECISIONS] = {"sallyport_decisions", "Decisions, by the rule or block that was asked."},
    [FAMILY_RELOADS] = {"sallyport_reloads", "Times that the rule file was read again."},
    [FAMILY_SHADOW_JUDGED] = {"sallyport_shadow_judged", "Messages, and refused sessions, that the shadow judged."},
    [FAMILY_SHADOW_NOT_JUDGED] = {"sallyport_shadow_not_judged",
                                  "Messages, and refused sessions, that the shadow could not judge."},
    [FAMILY_SHADOW_DIFFERENCES] = {"sallyport_shadow_differences",
                                   "Sessions, recipients and messages that the shadow decides otherwise."},
};
static_assert(sizeof families / sizeof *families == FAMILY_COUNT, "every family has a name");

static const char *const not_judged_names[] = {
    [NOT_JUDGED_NO_RULES] = "no_rules",
    [NOT_JUDGED_NO_MEMORY] = "no_memory",
    [NOT_JUDGED_OVERFLOW] = "overflow",
};
static_assert(sizeof not_judged_names / sizeof *not_judged_names == NOT_JUDGED_COUNT, "every reason has a name");

static const char *const content_types[] = {
    [COUNTERS_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
    [COUNTERS_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
};
static_assert(sizeof content_types / sizeof *content_types == COUNTERS_FORMAT_COUNT, "every format has a type");

/* Upper bounds of the histogram's buckets, in microseconds; one more takes what is beyond. */
static const unsigned bounds[] = {5, 10, 20, 50, 100, 200, 500, 1000, 10000, 100000};
#define BOUND_COUNT (sizeof bounds / sizeof *bounds)

/* Bytes of all labels of a series: names in rule files are short, and what is longer is cut. */
#define LABELS 512

struct series {
	enum family family;
	uint64_t value;
	const char *labels; /* as they are written, without braces */
};

struct counters {
	pthread_mutex_t lock;
	void *series; /* a tree of tsearch(3) */
	size_t count;
	uint64_t open;
	uint64_t macros_missing;
	uint64_t lost;
	uint64_t buckets[BOUND_COUNT + 1];
	uint64_t microseconds;
	unsigned generation;
	uint64_t loaded; /* when the rules came into force */
	unsigned shadow_generation;
	bool shadow_missing;
};

const char *not_judged_name(enum not_judged reason)
{
	return not_judged_names[reason];
}

const char *counters_content_type(enum counters_format format)
{
	return content_types[format];
}

void counters_free(struct counters *counters)
{
	if (counters == NULL)
		return;
	tdestroy(counters->series, free);
	pthread_mutex_destroy(&counters->lock);
	free(counters);
}

static int compare(const void *one, const void *other)
{
	const struct series *a = one, *b = other;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return strcmp(a->labels, b->labels);
}

/* Labels that are being put together: what does not fit is cut. */
struct labels {
	enum family family;
	size_t length;
	char text[LABELS];
};

/* A character of a value, and room for the quote and the end behind it. */
static void put(struct labels *labels, char byte)
{
	if (labels->length < LABELS - 3)
		labels->text[labels->length++] = byte;
}

static void put_text(struct labels *labels, const char *text)
{
	for (; *text != '\0'; text++)
		put(labels, *text);
}

/* Adds NAME="VALUE"; a value that is NULL is empty.  Quotes, backslashes and line ends are escaped (both formats). */
static void label(struct labels *labels, const char *name, const char *value)
{
	if (labels->length > 0)
		put(labels, ',');
	put_text(labels, name);
	put_text(labels, "=\"");
	for (; value != NULL && *value != '\0'; value++) {
		if (*value == '\n') {
			put_text(labels, "\\n");
			continue;
		}
		if (*value == '"' || *value == '\\')
			put(labels, '\\');
		put(labels, *value);
	}
	labels->text[labels->length++] = '"';
	labels->text[labels->length] = '\0';
}

static void begin(struct labels *labels, enum family family)
{
	labels->family = family;
	labels->length = 0;
	labels->text[0] = '\0';
}

static void begin_at(struct labels *labels, enum family family, const char *listener, enum direction direction)
{
	begin(labels, family);
	label(labels, "listener", listener);
	label(labels, "direction", listener != NULL ? direction_name(direction) : NULL);
}

/* A series of these labels, with their text behind it; NULL where there is no memory. */
static struct series *new_series(const struct labels *labels)
{
	struct series *series = malloc(sizeof *series + labels->length + 1);

	if (series == NULL)
		return NULL;
	*series = (struct series){
	    .family = labels->family,
	    .labels = memcpy(series + 1, labels->text, labels->length + 1),
	};
	return series;
}

/* The series of the labels, made where there is none; under the lock.  NULL: no memory, or one too many. */
static struct series *find(struct counters *counters, const struct labels *labels)
{
	const struct series key = {.family = labels->family, .labels = labels->text};
	void *found = tfind(&key, &counters->series, compare);
	struct series *series;

	if (found != NULL)
		return *(struct series **)found;
	series = counters->count < LIMIT_SERIES ? new_series(labels) : NULL;
	if (series == NULL)
		return NULL;
	if (tsearch(series, &counters->series, compare) == NULL) {
		free(series);
		return NULL;
	}
	counters->count++;
	return series;
}

/* Adds to the series of the labels; returns false where it cannot be told apart any more.  Under the lock. */
static bool add(struct counters *counters, const struct labels *labels, uint64_t more)
{
	struct series *series = find(counters, labels);

	if (series != NULL)
		series->value += more;
	return series != NULL;
}

void counters_session(struct counters *counters, const char *listener, enum direction direction)
{
	struct labels labels;

	begin_at(&labels, FAMILY_SESSIONS, listener, direction);
	pthread_mutex_lock(&counters->lock);
	add(counters, &labels, 1);
	counters->open++;
	pthread_mutex_unlock(&counters->lock);
}

void counters_session_end(struct counters *counters)
{
	pthread_mutex_lock(&counters->lock);
	counters->open--;
	pthread_mutex_unlock(&counters->lock);
}

/* Adds one to the series of these labels and the rule, or, where there are too many, of the other rules. */
static bool add_by_rule(struct counters *counters, const struct labels *labels, const char *name, const char *rule)
{
	const char *const rules[] = {rule, "other"};
	bool counted = false;

	for (size_t i = 0; i < sizeof rules / sizeof *rules && !counted; i++) {
		struct labels all = *labels;

		label(&all, name, rules[i]);
		counted = add(counters, &all, 1);
	}
	return counted;
}

static bool count_recipient(struct counters *counters, const struct record *record, const struct record_step *step)
{
	struct labels labels;

	begin_at(&labels, FAMILY_RECIPIENTS, record->listener, record->direction);
	label(&labels, "relay", step->relay ? "true" : "false");
	label(&labels, "verdict", verdict_name(step->verdict));
	return add(counters, &labels, 1);
}

/* Returns false where a part of it could not be counted. */
static bool count_step(struct counters *counters, const struct record *record, const struct record_step *step)
{
	struct labels labels;
	bool counted;

	begin_at(&labels, FAMILY_DECISIONS, record->listener, record->direction);
	label(&labels, "stage", stage_name(step->stage));
	label(&labels, "verdict", verdict_name(step->verdict));
	counted = add_by_rule(counters, &labels, "rule", step->rule);
	if (step->cause != NULL && strcmp(step->cause, cause_name(CAUSE_NO_MACROS)) == 0)
		counters->macros_missing++;
	if (step->stage == STAGE_RCPT)
		counted = count_recipient(counters, record, step) && counted;
	return counted;
}

static void count_time(struct counters *counters, uint64_t microseconds)
{
	size_t bucket = 0;

	while (bucket < BOUND_COUNT && microseconds > bounds[bucket])
		bucket++;
	counters->buckets[bucket]++;
	counters->microseconds += microseconds;
}

void counters_record(struct counters *counters, const struct record *record)
{
	struct labels messages, bytes;
	bool counted = true;

	begin_at(&messages, FAMILY_MESSAGES, record->listener, record->direction);
	label(&messages, "end", record_end_name(record->end));
	begin_at(&bytes, FAMILY_BYTES, record->listener, record->direction);
	label(&bytes, "end", record_end_name(record->end));
	pthread_mutex_lock(&counters->lock);
	if (record->kind == RECORD_MESSAGE)
		counted = add(counters, &messages, 1);
	if (record->size_declared)
		counted = add(counters, &bytes, record->size) && counted;
	for (size_t i = 0; i < record->step_count; i++)
		counted = count_step(counters, record, &record->steps[i]) && counted;
	counters->lost += !counted;
	count_time(counters, record->microseconds);
	pthread_mutex_unlock(&counters->lock);
}

void counters_lose(struct counters *counters)
{
	pthread_mutex_lock(&counters->lock);
	counters->lost++;
	pthread_mutex_unlock(&counters->lock);
}

void counters_rules(struct counters *counters, unsigned generation)
{
	pthread_mutex_lock(&counters->lock);
	counters->generation = generation;
	counters->loaded = moment_now();
	pthread_mutex_unlock(&counters->lock);
}

/* Adds to the series of a family that has one label.  Under the lock. */
static void add_one_label(struct counters *counters, enum family family, const char *name, const char *value,
                          uint64_t more)
{
	struct labels labels;

	begin(&labels, family);
	label(&labels, name, value);
	add(counters, &labels, more);
}

void counters_reload(struct counters *counters, bool succeeded)
{
	pthread_mutex_lock(&counters->lock);
	add_one_label(counters, FAMILY_RELOADS, "outcome", succeeded ? "success" : "failure", 1);
	pthread_mutex_unlock(&counters->lock);
}

void counters_shadow_rules(struct counters *counters, unsigned generation, bool missing)
{
	pthread_mutex_lock(&counters->lock);
	counters->shadow_generation = generation;
	counters->shadow_missing = missing;
	if (generation > 0) {
		add_one_label(counters, FAMILY_SHADOW_JUDGED, "outcome", "same", 0);
		add_one_label(counters, FAMILY_SHADOW_JUDGED, "outcome", "different", 0);
		for (unsigned reason = 0; reason < NOT_JUDGED_COUNT; reason++)
			add_one_label(counters, FAMILY_SHADOW_NOT_JUDGED, "reason", not_judged_names[reason], 0);
	}
	pthread_mutex_unlock(&counters->lock);
}

void counters_shadow_judged(struct counters *counters, bool different)
{
	pthread_mutex_lock(&counters->lock);
	add_one_label(counters, FAMILY_SHADOW_JUDGED, "outcome", different ? "different" : "same", 1);
	pthread_mutex_unlock(&counters->lock);
}

void counters_shadow_not_judged(struct counters *counters, enum not_judged reason)
{
	pthread_mutex_lock(&counters->lock);
	add_one_label(counters, FAMILY_SHADOW_NOT_JUDGED, "reason", not_judged_names[reason], 1);
	pthread_mutex_unlock(&counters->lock);
}

void counters_shadow_difference(struct counters *counters, const struct record *record,
                                const struct again_change *change)
{
	struct labels labels;

	begin_at(&labels, FAMILY_SHADOW_DIFFERENCES, record->listener, record->direction);
	label(&labels, "stage", stage_name(change->stage));
	label(&labels, "verdict", verdict_name(change->old.verdict));
	label(&labels, "shadow_verdict", verdict_name(change->new.verdict));
	pthread_mutex_lock(&counters->lock);
	add_by_rule(counters, &labels, "shadow_rule", change->new.rule);
	pthread_mutex_unlock(&counters->lock);
}

struct counters *counters_new(void)
{
	struct counters *counters = calloc(1, sizeof *counters);

	if (counters == NULL)
		return NULL;
	pthread_mutex_init(&counters->lock, NULL);
	add_one_label(counters, FAMILY_RELOADS, "outcome", "success", 0);
	add_one_label(counters, FAMILY_RELOADS, "outcome", "failure", 0);
	return counters;
}

/* What the walk over all series writes to. */
struct writing {
	FILE *to;
	enum counters_format format;
	unsigned next; /* family whose header was not written yet */
};

static void write_head(const struct writing *writing, const char *name, const char *type, const char *help)
{
	/* OpenMetrics names the family, Prometheus' own format the series. */
	bool total = strcmp(type, "counter") == 0 && writing->format == COUNTERS_PROMETHEUS;

	fprintf(writing->to, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, total ? "_total" : "", help, name,
	        total ? "_total" : "", type);
}

/* Writes the headers of families up to the last one. */
static void write_heads(struct writing *writing, unsigned last)
{
	for (; writing->next <= last; writing->next++)
		write_head(writing, families[writing->next].name, "counter", families[writing->next].help);
}

static void write_series(const void *node, VISIT visit, void *closure)
{
	const struct series *series = *(struct series *const *)node;
	struct writing *writing = closure;

	if (visit != postorder && visit != leaf)
		return;
	write_heads(writing, series->family);
	fprintf(writing->to, "%s_total{%s} %" PRIu64 "\n", families[series->family].name, series->labels,
	        series->value);
}

static void write_number(const struct writing *writing, const char *name, const char *type, const char *help,
                         uint64_t value)
{
	write_head(writing, name, type, help);
	fprintf(writing->to, "%s%s %" PRIu64 "\n", name, strcmp(type, "counter") == 0 ? "_total" : "", value);
}

static void write_seconds(const struct writing *writing, const struct counters *counters)
{
	static const char name[] = "sallyport_decision_seconds";
	uint64_t count = 0;

	write_head(writing, name, "histogram", "Time spent in deciding a message, all stages together.");
	for (size_t i = 0; i < BOUND_COUNT; i++) {
		count += counters->buckets[i];
		fprintf(writing->to, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, bounds[i] / 1e6, count);
	}
	count += counters->buckets[BOUND_COUNT];
	fprintf(writing->to, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.6f\n%s_count %" PRIu64 "\n", name, count,
	        name, (double)counters->microseconds / 1e6, name, count);
}

/* Under the lock. */
static void write_all(struct counters *counters, const struct counters_elsewhere *elsewhere, struct writing *writing)
{
	twalk_r(counters->series, write_series, writing);
	write_heads(writing, FAMILY_COUNT - 1);
	write_number(writing, "sallyport_sessions_open", "gauge", "Sessions that go on.", counters->open);
	write_seconds(writing, counters);
	write_number(writing, "sallyport_macros_missing", "counter",
	             "Messages put off because the MTA does not let the daemon ask for its macros.",
	             counters->macros_missing);
	write_number(writing, "sallyport_rules_generation", "gauge", "Generation of the rules in force.",
	             counters->generation);
	write_head(writing, "sallyport_rules_loaded_timestamp_seconds", "gauge",
	           "When the rules in force came into force.");
	fprintf(writing->to, "sallyport_rules_loaded_timestamp_seconds %" PRIu64 ".%03u\n", counters->loaded / 1000,
	        (unsigned)(counters->loaded % 1000));
	write_number(writing, "sallyport_decision_log_lost", "counter", "Records that the decision log has lost.",
	             elsewhere->lost);
	write_number(writing, "sallyport_nat_suspects", "gauge",
	             "Addresses that may relay without a login and look like many clients.", elsewhere->nat_suspects);
	write_number(
	    writing, "sallyport_records_lost", "counter",
	    "Messages, and refused sessions, that the others do not count, or not in all parts, for want of memory.",
	    counters->lost);
	write_number(writing, "sallyport_shadow_generation", "gauge",
	             "Generation of the rules in force, where they have a shadow.", counters->shadow_generation);
	write_number(writing, "sallyport_shadow_missing", "gauge",
	             "Whether the rules in force name a shadow that could not be loaded.", counters->shadow_missing);
	if (writing->format == COUNTERS_OPENMETRICS)
		fputs("# EOF\n", writing->to);
}

char *counters_write(struct counters *counters, const struct counters_elsewhere *elsewhere, enum counters_format format,
                     size_t *ret_length)
{
	struct piece piece;
	struct writing writing = {.format = format};

	if (!piece_open(&piece))
		return NULL;
	writing.to = piece.stream;
	pthread_mutex_lock(&counters->lock);
	write_all(counters, elsewhere, &writing);
	pthread_mutex_unlock(&counters->lock);
	if (!piece_close(&piece))
		return NULL;
	*ret_length = piece.size;
	return piece.text;
}
