/*
 * NAME
 *	counters - what has passed since the daemon started, in numbers
 *
 * SYNOPSIS
 *	counters = counters_new();
 *	counters_session(counters, listener, direction);  ...  counters_session_end(counters);
 *	counters_record(counters, record);
 *	text = counters_write(counters, &elsewhere, COUNTERS_OPENMETRICS, &length);
 *
 * DESCRIPTION
 *	Counts records as the decision log has them, whether that is kept or not, and what
 *	no record tells: sessions, and reloads.  Written in the text formats of Prometheus
 *	(version 0.0.4) and OpenMetrics (version 1.0.0); both are of the same numbers.
 *
 *	sallyport_sessions_total             listener, direction
 *	sallyport_sessions_open
 *	sallyport_messages_total             listener, direction, end
 *	sallyport_recipients_total           listener, direction, relay, verdict
 *	sallyport_declared_bytes_total       listener, direction, end
 *	sallyport_decisions_total            listener, direction, stage, verdict, rule
 *	sallyport_decision_seconds           a histogram, of a message's decisions together
 *	sallyport_macros_missing_total       sessions of MTAs that do not let us ask for macros
 *	sallyport_reloads_total              outcome: success, failure
 *	sallyport_rules_generation
 *	sallyport_rules_loaded_timestamp_seconds
 *	sallyport_decision_log_lost_total
 *	sallyport_nat_suspects
 *
 *	CARDINALITY.  Labels come from rule files alone: no address, name or login is one.
 *	A rule without a name is "mail[2]", a block by its name; none is "".  Beyond
 *	LIMIT_SERIES series, as after many reloads of ever other rule files, what is new
 *	is counted with rule="other".
 *
 * THREADS
 *	All functions may be called by any thread.
 */
#ifndef MILTER_LEDGER_COUNTERS_H
#define MILTER_LEDGER_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/ruleset.h"

struct counters;
struct record;

enum counters_format {
	COUNTERS_PROMETHEUS,
	COUNTERS_OPENMETRICS,
};
#define COUNTERS_FORMAT_COUNT (COUNTERS_OPENMETRICS + 1)

/* As a server of HTTP names the format (Content-Type). */
const char *counters_content_type(enum counters_format format);

/*
 * NULL where there is no memory.  Reloads are there from the start, with 0: of a
 * counter that begins with 1 Prometheus does not see that it rose.
 */
struct counters *counters_new(void);
void counters_free(struct counters *counters);

/* A session began at that listener, NULL where none matched; it ends. */
void counters_session(struct counters *counters, const char *listener, enum direction direction);
void counters_session_end(struct counters *counters);

void counters_record(struct counters *counters, const struct record *record);

/* Rules came into force. */
void counters_rules(struct counters *counters, unsigned generation);

/* A reload came out so. */
void counters_reload(struct counters *counters, bool succeeded);

/* What others count. */
struct counters_elsewhere {
	uint64_t lost;         /* records that the decision log has lost */
	unsigned nat_suspects; /* addresses that the NAT watch takes for many clients */
};

/* All of it as text: malloc(3) memory, or NULL where there is none. */
char *counters_write(struct counters *counters, const struct counters_elsewhere *elsewhere, enum counters_format format,
                     size_t *ret_length);

#endif
