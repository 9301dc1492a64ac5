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
 *	sallyport_records_lost_total         what these do not count, or in part, for want of memory
 *	sallyport_shadow_generation          of the rules in force, where they have a shadow; else 0
 *	sallyport_shadow_missing             1: they name one that could not be loaded
 *	sallyport_shadow_judged_total        outcome: same, different
 *	sallyport_shadow_not_judged_total    reason: no_rules, no_memory, overflow
 *	sallyport_shadow_differences_total   listener, direction, stage, verdict, shadow_verdict, shadow_rule
 *
 *	CARDINALITY.  Labels come from rule files alone: no address, name or login is one.
 *	A rule without a name is "mail[2]", a block by its name; none is "".  Beyond
 *	LIMIT_SERIES series, as after many reloads of ever other rule files, what is new
 *	is counted with rule="other".  What has to do with a shadow is there once rules have had one.
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

struct again_change;
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

/* A record that its session found no memory for. */
void counters_lose(struct counters *counters);

/* Rules came into force. */
void counters_rules(struct counters *counters, unsigned generation);

/* A reload came out so. */
void counters_reload(struct counters *counters, bool succeeded);

/* The rules in force have a shadow, and their generation is this one; or 0, they have none, although they name one. */
void counters_shadow_rules(struct counters *counters, unsigned generation, bool missing);

/* Why a shadow could not judge a record. */
enum not_judged {
	NOT_JUDGED_NO_RULES, /* no rule had decided it */
	NOT_JUDGED_NO_MEMORY,
	NOT_JUDGED_OVERFLOW, /* too many waited already */
};
#define NOT_JUDGED_COUNT (NOT_JUDGED_OVERFLOW + 1)

/* "no_rules", "no_memory", "overflow" */
const char *not_judged_name(enum not_judged reason);

/* A shadow has judged a record, or could not; a difference that it found. */
void counters_shadow_judged(struct counters *counters, bool different);
void counters_shadow_not_judged(struct counters *counters, enum not_judged reason);
void counters_shadow_difference(struct counters *counters, const struct record *record,
                                const struct again_change *change);

/* What others count. */
struct counters_elsewhere {
	uint64_t lost;         /* records that the decision log has lost */
	unsigned nat_suspects; /* addresses that the NAT watch takes for many clients */
};

/* All of it as text: malloc(3) memory, or NULL where there is none. */
char *counters_write(struct counters *counters, const struct counters_elsewhere *elsewhere, enum counters_format format,
                     size_t *ret_length);

#endif
