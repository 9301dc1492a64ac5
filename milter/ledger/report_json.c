/*
 * A report as one JSON object.
 */
#include <jansson.h>

#include "milter/json.h"
#include "milter/ledger/newcomers.h"
#include "milter/ledger/reading.h"
#include "milter/ledger/report.h"
#include "milter/ledger/watch.h"
#include "milter/moment.h"
#include "policy/limits.h"

/* Adds the value to the list, which becomes NULL where there is no memory. */
static void add(json_t **list, json_t *value)
{
	if (json_array_append_new(*list, value) != 0) {
		json_decref(*list);
		*list = NULL;
	}
}

static json_t *json_moment(bool known, uint64_t moment)
{
	char text[MOMENT_TEXT];

	if (!known)
		return json_null();
	moment_to_text(moment, text);
	return json_string(text);
}

static json_t *json_volume(const struct volume *volume)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:{s:I, s:I, s:I}}", "accepted",
	                 (json_int_t)volume->messages[RECORD_ACCEPTED], "refused",
	                 (json_int_t)volume->messages[RECORD_REFUSED], "abandoned",
	                 (json_int_t)volume->messages[RECORD_ABANDONED], "sessions_refused",
	                 (json_int_t)volume->sessions, "recipients", (json_int_t)volume->carried, "relay_recipients",
	                 (json_int_t)volume->relayed, "bytes", (json_int_t)volume->bytes, "undeclared",
	                 (json_int_t)volume->undeclared, "rcpt", verdict_name(VERDICT_ACCEPT),
	                 (json_int_t)volume->recipients[VERDICT_ACCEPT], verdict_name(VERDICT_TEMPFAIL),
	                 (json_int_t)volume->recipients[VERDICT_TEMPFAIL], verdict_name(VERDICT_REJECT),
	                 (json_int_t)volume->recipients[VERDICT_REJECT]);
}

/* "inbound", "outbound", or null. */
static json_t *json_direction(enum tally_side side)
{
	return side == TALLY_NEITHER ? json_null() : json_string(tally_side_name(side));
}

static json_t *json_period(const struct report *report)
{
	const struct tally *tally = report->tally;
	const struct period *period = &tally->period;

	return json_pack(
	    "{s:o, s:o, s:o, s:o, s:o, s:s, s:I, s:I}", "since", json_moment(period->has_since, period->since), "until",
	    json_moment(period->has_until, period->until), "first", json_moment(tally->inside > 0, tally->first),
	    "last", json_moment(tally->inside > 0, tally->last), "logs_begin",
	    json_moment(tally->inside + tally->outside > 0, tally->earliest), "zone", period->local ? "local" : "UTC",
	    "records", (json_int_t)tally->inside, "records_outside", (json_int_t)tally->outside);
}

static json_t *json_read(const struct reading_counts *counts)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}", "files", (json_int_t)counts->files, "lines",
	                 (json_int_t)counts->lines, "records", (json_int_t)counts->records, "foreign",
	                 (json_int_t)counts->foreign, "torn", (json_int_t)counts->torn);
}

static json_t *json_listeners(const struct tally *tally)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tally->listener_count; i++) {
		const struct tally_listener *listener = &tally->listeners[i];
		bool named = !listener->others && listener->side != TALLY_NEITHER;

		add(&list, json_pack("{s:o, s:o, s:b, s:o}", "name", json_text(named ? listener->name : NULL),
		                     "direction", json_direction(listener->side), "others", listener->others, "total",
		                     json_volume(&listener->volume)));
	}
	return list;
}

/* The listeners' volumes, in their order; null where nothing was. */
static json_t *json_volumes(const struct tally *tally, const struct timeline_slot *slot)
{
	json_t *list = json_array();

	for (size_t i = 0; i < tally->listener_count; i++) {
		bool any = slot != NULL && volume_records(&slot->lanes[i]) > 0;

		add(&list, any ? json_volume(&slot->lanes[i]) : json_null());
	}
	return list;
}

static json_t *json_times(const struct report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->time_count; i++) {
		const struct report_time *time = &report->times[i];

		add(&list, json_pack("{s:o, s:o}", "begin", json_moment(true, (uint64_t)time->begin * 1000), "volumes",
		                     json_volumes(report->tally, time->slot)));
	}
	return list;
}

static json_t *json_part(const char *part)
{
	return json_text(*part != '\0' ? part : NULL);
}

static json_t *json_reason(const struct top_entry *entry)
{
	struct tally_reason reason;

	tally_read_reason(entry, &reason);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "stage", json_part(reason.stage),
	                 "verdict", json_part(reason.verdict), "rule", json_part(reason.rule), "by",
	                 json_part(reason.by), "cause", json_part(reason.cause), "count", (json_int_t)entry->count,
	                 "error", (json_int_t)entry->error, "inbound", (json_int_t)entry->extras[TALLY_INBOUND],
	                 "outbound", (json_int_t)entry->extras[TALLY_OUTBOUND], "no_listener",
	                 (json_int_t)entry->extras[TALLY_NEITHER]);
}

static json_t *json_party(const struct top_entry *entry, const char *what)
{
	return json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:I}", what, json_text(entry->text), "count",
	                 (json_int_t)entry->count, "error", (json_int_t)entry->error, "accepted",
	                 (json_int_t)entry->extras[TALLY_ACCEPTED], "refused", (json_int_t)entry->extras[TALLY_REFUSED],
	                 "recipients", (json_int_t)entry->extras[TALLY_CARRIED], "bytes",
	                 (json_int_t)entry->extras[TALLY_BYTES]);
}

static json_t *json_entry(const struct top_entry *entry, enum tally_top top)
{
	switch (top) {
	case TALLY_CLIENTS:
		return json_party(entry, "client");
	case TALLY_LOGINS:
		return json_party(entry, "login");
	case TALLY_SENDERS:
		return json_pack("{s:o, s:I, s:I}", "sender", json_text(entry->text), "count", (json_int_t)entry->count,
		                 "error", (json_int_t)entry->error);
	case TALLY_REASONS:
		return json_reason(entry);
	}
	return NULL;
}

static json_t *json_top(struct report *report, enum tally_top top)
{
	json_t *list = json_array();
	size_t count = report_list(report, top);

	for (size_t i = 0; i < count; i++)
		add(&list, json_entry(report->entries[i], top));
	return json_pack("{s:b, s:I, s:o}", "exact", top_exact(report->tally->tops[top]), "known",
	                 (json_int_t)top_size(report->tally->tops[top]), "list", list);
}

/* null where it would say nothing. */
static json_t *json_newcomers(const struct report *report)
{
	json_t *list;

	if (report->newcomers == NULL)
		return json_null();
	list = json_array();
	for (size_t i = 0; i < report->newcomer_count && i < report->rows; i++) {
		const struct newcomer *newcomer = report->newcomers[i];

		add(&list, json_pack("{s:o, s:o, s:I}", newcomer->login ? "login" : "client", json_text(newcomer->name),
		                     "time", json_moment(true, newcomer->first), "recipients",
		                     (json_int_t)newcomer->recipients));
	}
	return json_pack("{s:I, s:I, s:o}", "known", (json_int_t)report->newcomer_count, "missed",
	                 (json_int_t)newcomers_missed(report->tally->newcomers), "list", list);
}

static json_t *json_suspects(const struct report *report)
{
	json_t *list = json_array();
	char address[LIMIT_NETWORK_TEXT];

	for (size_t i = 0; i < report->suspect_count && i < report->rows; i++) {
		const struct watch_suspect *suspect = &report->suspects[i];

		address_to_text(&suspect->client, address);
		add(&list,
		    json_pack("{s:s, s:o, s:s, s:b, s:I, s:I, s:I, s:I, s:o, s:o}", "client", address, "listener",
		              json_part(suspect->listener), "trusted", watch_kind_name(suspect->kind),
		              "displaces_public", suspect->displaces, "helo_names", (json_int_t)suspect->helos,
		              "sender_domains", (json_int_t)suspect->domains, "logins", (json_int_t)suspect->logins,
		              "sessions", (json_int_t)suspect->sessions, "since", json_moment(true, suspect->since),
		              "last", json_moment(true, suspect->last)));
	}
	return json_pack("{s:I, s:o}", "known", (json_int_t)report->suspect_count, "list", list);
}

bool report_print_json(struct report *report, FILE *stream)
{
	const struct tally *tally = report->tally;
	json_t *object =
	    json_pack("{s:o, s:o, s:{s:o, s:o, s:o}, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "period",
	              json_period(report), "read", json_read(report->counts), "total", "inbound",
	              json_volume(&tally->sides[TALLY_INBOUND]), "outbound", json_volume(&tally->sides[TALLY_OUTBOUND]),
	              "no_listener", json_volume(&tally->sides[TALLY_NEITHER]), "listeners", json_listeners(tally),
	              "unit", calendar_unit_name(timeline_unit(tally->timeline)), "times", json_times(report),
	              "reasons", json_top(report, TALLY_REASONS), "clients", json_top(report, TALLY_CLIENTS), "logins",
	              json_top(report, TALLY_LOGINS), "refused_senders", json_top(report, TALLY_SENDERS),
	              "first_relayed", json_newcomers(report), "nat_suspects", json_suspects(report));
	bool done = object != NULL;

	done = done && (json_dumpf(object, stream, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0 || ferror(stream) != 0);
	fputc('\n', stream);
	json_decref(object);
	return done;
}
