#include "milter/probe_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "milter/probe_message.h"

/* The texts of the placeholders, for one pass. */
struct texts {
	char user[PROBE_HOST];
	char outside[PROBE_HOST];
	char mixed[PROBE_HOST];
	char wide[3 * PROBE_HOST];
	char local[PROBE_HOST];
	struct probe_names names;
};

/* Everything that one pass goes by. */
struct tour {
	struct probe_run *run;
	struct probe_stop *stop;
	struct probe_pass *pass;
	enum probe_pass_kind kind;
	struct probe_way way;
	struct probe_address from;
	struct texts texts;
	const struct probe_progress *progress;
};

/* What every mail server should do: it takes mail from outside for a mailbox of its own. */
static const struct probe_form control = {
    "control",
    "an outsider to the local mailbox",
    "RFC 5321 section 4.5.1",
    "{helo}",
    "<{sender}>",
    "<{local}>",
    .course = {PROBE_EHLO, PROBE_MAIL, PROBE_RCPT, PROBE_DATA},
};

const char *probe_pass_words(const struct probe_pass *pass, enum probe_pass_kind kind)
{
	switch (kind) {
	case PROBE_PASS_CLEAR:
		return "in the clear";
	case PROBE_PASS_ENCRYPTED:
		return "after STARTTLS";
	case PROBE_PASS_LOGIN:
		return pass->encrypted ? "logged in, after STARTTLS" : "logged in, in the clear";
	}
	return "";
}

const char *probe_verdict_name(enum probe_verdict verdict)
{
	switch (verdict) {
	case PROBE_CLOSED:
		return "closed";
	case PROBE_OPEN:
		return "open";
	case PROBE_NOT_DECIDED:
		return "undecided";
	}
	return "";
}

static const char *text_or_null(const char *text)
{
	return *text != '\0' ? text : NULL;
}

static void set_texts(struct tour *tour)
{
	const struct probe_settings *settings = tour->run->settings;
	struct texts *texts = &tour->texts;
	const char *at = strchr(settings->recipient, '@');
	const char *greeted = tour->stop->survey.greeted;

	snprintf(texts->user, sizeof texts->user, "%.*s", (int)(at - settings->recipient), settings->recipient);
	snprintf(texts->outside, sizeof texts->outside, "%s", at + 1);
	probe_mix_case(texts->outside, texts->mixed, sizeof texts->mixed);
	probe_widen(texts->outside, texts->wide, sizeof texts->wide);
	texts->names = (struct probe_names){{
	    [PROBE_NAME_USER] = texts->user,
	    [PROBE_NAME_OUTSIDE] = texts->outside,
	    [PROBE_NAME_MIXED] = texts->mixed,
	    [PROBE_NAME_WIDE] = texts->wide,
	    [PROBE_NAME_SENDER] = settings->sender,
	    [PROBE_NAME_OURS] = text_or_null(tour->stop->ours),
	    [PROBE_NAME_GREETED] = strcasecmp(greeted, tour->stop->ours) != 0 ? text_or_null(greeted) : NULL,
	    [PROBE_NAME_SERVER] = tour->stop->address.literal,
	    [PROBE_NAME_LOCAL] = NULL,
	    [PROBE_NAME_HELO] = settings->helo,
	}};
}

static void set_way(struct tour *tour)
{
	const struct probe_settings *settings = tour->run->settings;

	tour->way = (struct probe_way){
	    .to = (const struct sockaddr *)&tour->stop->address.socket,
	    .to_length = tour->stop->address.length,
	    .host = settings->target.host,
	    .seconds = settings->seconds,
	    .insecure = settings->insecure,
	};
	if (settings->bind != NULL && probe_address_read(settings->bind, &tour->from)) {
		tour->way.from = (const struct sockaddr *)&tour->from.socket;
		tour->way.from_length = tour->from.length;
	}
}

static void tell(const struct tour *tour, const struct probe_form *form, size_t number)
{
	if (tour->progress->tell != NULL)
		tour->progress->tell(tour->progress->context, tour->stop, tour->kind, form, number);
}

/* Tries the control with this local mailbox, which is kept where the server takes it. */
static bool takes(struct tour *tour, const char *local)
{
	struct probe_pass *pass = tour->pass;

	tour->texts.names.texts[PROBE_NAME_LOCAL] = local;
	probe_attempt(&tour->way, &control, &tour->texts.names, &pass->control);
	if (pass->control.result == PROBE_ACCEPTED)
		snprintf(pass->local, sizeof pass->local, "%s", local);
	else
		tour->texts.names.texts[PROBE_NAME_LOCAL] = NULL;
	return pass->control.result == PROBE_ACCEPTED;
}

/* Finds a mailbox that the server takes: the one that was named, or its postmaster, with or without the domain. */
static void find_local(struct tour *tour)
{
	const char *named = tour->run->settings->local;

	if (named != NULL) {
		takes(tour, named);
		return;
	}
	if (tour->stop->ours[0] != '\0') {
		snprintf(tour->texts.local, sizeof tour->texts.local, "postmaster@%.*s", PROBE_HOST - 12,
		         tour->stop->ours);
		if (takes(tour, tour->texts.local) || tour->pass->control.result != PROBE_REFUSED)
			return;
	}
	takes(tour, "postmaster");
}

/* An attempt that shows that the next one is not worth while, if it goes on like that. */
static bool is_hopeless(const struct probe_attempt *attempt)
{
	bool no_greeting = attempt->step == PROBE_CONNECT && attempt->result != PROBE_NOT_TRIED;

	return attempt->timed_out || (no_greeting && attempt->result != PROBE_ACCEPTED);
}

static void give_up(struct probe_attempt *attempt, const struct probe_form *form)
{
	memset(attempt, 0, sizeof *attempt);
	attempt->form = form;
	attempt->result = PROBE_NOT_TRIED;
	snprintf(attempt->words, sizeof attempt->words, "given up, as the attempts before it");
}

/* Where STARTTLS, or the login, cannot be had, no form can be tried: says why. */
static bool pass_fails(struct probe_pass *pass)
{
	enum probe_step step = pass->control.step;
	bool ended = pass->control.result != PROBE_ACCEPTED;

	return ended && (step == PROBE_STARTTLS || step == PROBE_LOGIN);
}

static bool try_forms(struct tour *tour)
{
	struct probe_pass *pass = tour->pass;
	unsigned hopeless = 0;

	find_local(tour);
	if (pass_fails(pass)) {
		pass->why = pass->control.words;
		return true;
	}
	pass->attempts = calloc(probe_form_count, sizeof *pass->attempts);
	if (pass->attempts == NULL)
		return false;
	for (size_t i = 0; i < probe_form_count; i++) {
		struct probe_attempt *attempt = &pass->attempts[i];

		tell(tour, &probe_forms[i], i);
		if (hopeless < PROBE_PATIENCE) {
			probe_attempt(&tour->way, &probe_forms[i], &tour->texts.names, attempt);
			if (attempt->result != PROBE_NOT_TRIED)
				hopeless = is_hopeless(attempt) ? hopeless + 1 : 0;
		} else {
			give_up(attempt, &probe_forms[i]);
		}
		pass->counts[attempt->result]++;
	}
	return true;
}

static bool make_pass(struct tour *tour, enum probe_pass_kind kind)
{
	const struct probe_settings *settings = tour->run->settings;
	struct probe_pass *pass = &tour->stop->passes[kind];
	char message[PROBE_MESSAGE_SIZE];

	tour->pass = pass;
	tour->kind = kind;
	pass->made = true;
	pass->encrypted = kind != PROBE_PASS_CLEAR && tour->stop->survey.starttls;
	if (kind == PROBE_PASS_ENCRYPTED && !pass->encrypted) {
		pass->why = "the server does not offer STARTTLS";
		return true;
	}
	tour->way.encrypted = pass->encrypted;
	tour->way.user = kind == PROBE_PASS_LOGIN ? settings->user : NULL;
	tour->way.password = settings->password;
	if (settings->deliver) {
		probe_message(&tour->run->delivery, settings, "second-message", message, sizeof message);
		tour->way.message = message;
	}
	return try_forms(tour);
}

/* The server's own domain, where nobody told it: the host's name, or the one that it greets with. */
static void find_ours(const struct probe_settings *settings, struct probe_stop *stop)
{
	const char *ours = stop->survey.greeted;

	if (settings->domain != NULL)
		ours = settings->domain;
	else if (settings->target.named && probe_is_domain(settings->target.host))
		ours = settings->target.host;
	snprintf(stop->ours, sizeof stop->ours, "%s", ours);
}

static bool visit(struct probe_run *run, struct probe_stop *stop, const struct probe_progress *progress)
{
	struct tour tour = {.run = run, .stop = stop, .progress = progress};

	set_way(&tour);
	set_texts(&tour);
	tell(&tour, NULL, 0);
	probe_survey(&tour.way, &tour.texts.names, &stop->survey);
	if (stop->survey.result != PROBE_ACCEPTED)
		return true;
	find_ours(run->settings, stop);
	for (unsigned kind = 0; kind < PROBE_PASS_COUNT; kind++) {
		if (kind == PROBE_PASS_LOGIN && run->settings->user == NULL)
			continue;
		set_way(&tour);
		set_texts(&tour);
		if (!make_pass(&tour, (enum probe_pass_kind)kind))
			return false;
	}
	return true;
}

static enum probe_verdict judge(const struct probe_run *run)
{
	bool doubt = run->count == 0;
	bool open = false;

	for (const struct probe_stop *stop = run->stops; stop < run->stops + run->count; stop++) {
		doubt = doubt || stop->survey.result != PROBE_ACCEPTED;
		for (unsigned kind = 0; kind < PROBE_PASS_COUNT; kind++) {
			const struct probe_pass *pass = &stop->passes[kind];

			open = open || (kind != PROBE_PASS_LOGIN && pass->counts[PROBE_ACCEPTED] > 0);
			doubt = doubt || pass->counts[PROBE_UNDECIDED] + pass->counts[PROBE_TROUBLE] > 0;
			/* A pass that failed, rather than that it was not offered. */
			doubt = doubt || (pass->why == pass->control.words && pass->control.result != PROBE_NOT_TRIED);
		}
	}
	return open ? PROBE_OPEN : doubt ? PROBE_NOT_DECIDED : PROBE_CLOSED;
}

/* The first attempt of a kind of pass that went through, and leads to the outside mailbox. */
static const struct probe_attempt *find_open(const struct probe_run *run, enum probe_pass_kind kind,
                                             const struct probe_stop **ret_stop)
{
	for (const struct probe_stop *stop = run->stops; stop < run->stops + run->count; stop++) {
		const struct probe_attempt *attempts = stop->passes[kind].attempts;

		for (size_t i = 0; attempts != NULL && i < probe_form_count; i++) {
			if (attempts[i].result == PROBE_ACCEPTED && !attempts[i].form->elsewhere) {
				*ret_stop = stop;
				return &attempts[i];
			}
		}
	}
	return NULL;
}

static void deliver_by(struct probe_run *run, struct probe_stop *stop, enum probe_pass_kind kind,
                       const struct probe_form *form)
{
	struct tour tour = {.run = run, .stop = stop, .pass = &stop->passes[kind], .kind = kind};
	struct probe_delivery *delivery = &run->delivery;
	char message[PROBE_MESSAGE_SIZE];

	set_way(&tour);
	set_texts(&tour);
	tour.way.encrypted = tour.pass->encrypted;
	tour.way.user = kind == PROBE_PASS_LOGIN ? run->settings->user : NULL;
	tour.way.password = run->settings->password;
	tour.texts.names.texts[PROBE_NAME_LOCAL] = text_or_null(tour.pass->local);
	probe_message(delivery, run->settings, form->name, message, sizeof message);
	tour.way.message = message;
	delivery->stop = stop;
	delivery->pass = kind;
	probe_deliver(&tour.way, form, &tour.texts.names, message, &delivery->attempt);
}

static void deliver(struct probe_run *run)
{
	for (unsigned kind = 0; kind < PROBE_PASS_COUNT; kind++) {
		const struct probe_stop *stop;
		const struct probe_attempt *open = find_open(run, (enum probe_pass_kind)kind, &stop);

		if (open != NULL) {
			deliver_by(run, &run->stops[stop - run->stops], (enum probe_pass_kind)kind, open->form);
			return;
		}
	}
}

bool probe_run(struct probe_run *run, const struct probe_progress *progress)
{
	if (run->settings->deliver && !probe_make_token(run->delivery.token, sizeof run->delivery.token))
		return false;
	for (size_t i = 0; i < run->count; i++) {
		if (!visit(run, &run->stops[i], progress))
			return false;
	}
	run->verdict = judge(run);
	if (run->settings->deliver)
		deliver(run);
	return true;
}

void probe_run_destroy(struct probe_run *run)
{
	for (size_t i = 0; i < run->count; i++) {
		for (unsigned kind = 0; kind < PROBE_PASS_COUNT; kind++)
			free(run->stops[i].passes[kind].attempts);
	}
	run->count = 0;
}
