#include <jansson.h>

#include "milter/probe_report.h"

/* All texts are ASCII, or come from the command line: what is not UTF-8 becomes null. */
static json_t *text(const char *string)
{
	json_t *value = string != NULL && *string != '\0' ? json_string(string) : NULL;

	return value != NULL ? value : json_null();
}

static json_t *attempt_object(const struct probe_attempt *attempt)
{
	const struct probe_form *form = attempt->form;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:b}", "form", form->name, "title", form->title,
	                 "source", form->source, "result", probe_result_name(attempt->result), "step",
	                 probe_step_name(attempt->step), "words", text(attempt->words), "mail", text(attempt->sender),
	                 "rcpt", text(attempt->recipient), "own", form->own);
}

static json_t *attempt_list(const struct probe_attempt *attempts)
{
	json_t *list = json_array();

	for (size_t i = 0; attempts != NULL && i < probe_form_count; i++) {
		if (json_array_append_new(list, attempt_object(&attempts[i])) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *pass_object(const struct probe_run *run, const struct probe_stop *stop, enum probe_pass_kind kind)
{
	const struct probe_pass *pass = &stop->passes[kind];

	return json_pack("{s:s, s:b, s:o, s:o, s:o, s:o}", "address", stop->address.text, "tls",
	                 pass->encrypted || kind == PROBE_PASS_ENCRYPTED, "login",
	                 kind == PROBE_PASS_LOGIN ? text(run->settings->user) : json_null(), "why", text(pass->why),
	                 "control", pass->control.form != NULL ? attempt_object(&pass->control) : json_null(),
	                 "attempts", attempt_list(pass->attempts));
}

/* An address that could not be asked at all. */
static json_t *lost_object(const struct probe_stop *stop)
{
	return json_pack("{s:s, s:s, s:s}", "address", stop->address.text, "result",
	                 probe_result_name(stop->survey.result), "words", stop->survey.words);
}

static bool append_stop(const struct probe_run *run, const struct probe_stop *stop, json_t *passes, json_t *lost)
{
	if (stop->survey.result != PROBE_ACCEPTED)
		return json_array_append_new(lost, lost_object(stop)) == 0;
	for (unsigned kind = 0; kind < PROBE_PASS_COUNT; kind++) {
		if (stop->passes[kind].made &&
		    json_array_append_new(passes, pass_object(run, stop, (enum probe_pass_kind)kind)) != 0)
			return false;
	}
	return true;
}

static json_t *delivery_object(const struct probe_run *run)
{
	const struct probe_delivery *delivery = &run->delivery;

	if (delivery->stop == NULL)
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "token", delivery->token, "mailbox",
	                 run->settings->recipient, "address", delivery->stop->address.text, "form",
	                 delivery->attempt.form->name, "result", probe_result_name(delivery->attempt.result), "words",
	                 text(delivery->attempt.words));
}

bool probe_report_json(const struct probe_run *run, FILE *stream)
{
	json_t *passes = json_array();
	json_t *lost = json_array();
	json_t *object;
	bool sound = passes != NULL && lost != NULL;

	for (size_t i = 0; sound && i < run->count; i++)
		sound = append_stop(run, &run->stops[i], passes, lost);
	object = json_pack("{s:s, s:i, s:s, s:s, s:s, s:o, s:o, s:o}", "host", run->settings->target.host, "port",
	                   (int)run->settings->target.port, "verdict", probe_verdict_name(run->verdict), "sender",
	                   run->settings->sender, "recipient", run->settings->recipient, "passes", passes,
	                   "unreachable", lost, "delivery", delivery_object(run));
	sound = sound && object != NULL && json_dumpf(object, stream, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0 &&
	        fputc('\n', stream) != EOF;
	json_decref(object);
	return sound;
}
