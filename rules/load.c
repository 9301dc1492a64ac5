#include "rules/load.h"

#include <assert.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "policy/limits.h"
#include "policy/ruleset.h"
#include "policy/trust.h"
#include "policy/trusted.h"
#include "policy/world.h"
#include "rules/compile.h"
#include "rules/diagnostic.h"
#include "rules/digest.h"
#include "rules/examples.h"
#include "rules/exposure.h"
#include "rules/model.h"
#include "rules/promises.h"
#include "rules/reach.h"
#include "rules/read.h"
#include "rules/reading.h"
#include "rules/source.h"
#include "rules/warnings.h"

static const char *const nat_watch_names[] = {
    [NAT_WATCH_WARN] = "warn",
    [NAT_WATCH_REFUSE] = "refuse",
    [NAT_WATCH_OFF] = "off",
};
static_assert(sizeof nat_watch_names / sizeof *nat_watch_names == NAT_WATCH_COUNT, "every way has a name");

const char *nat_watch_name(enum nat_watch watch)
{
	return nat_watch_names[watch];
}

/* Reports what libconfig says of the text, at the line of the administrator's own file. */
static void report_syntax(struct reading *reading, const config_t *config)
{
	unsigned line = (unsigned)config_error_line(config);
	const char *text = config_error_text(config);
	char near[80];

	source_near(reading->source, line, near, sizeof near);
	if (text != NULL && strcmp(text, "syntax error") != 0)
		diagnostics_error(reading->diagnostics, source_location(reading->source, line), "%s, near %s", text,
		                  near);
	else if (near[0] != '\0')
		diagnostics_error(reading->diagnostics, source_location(reading->source, line),
		                  "syntax error near %s; a setting is written NAME = VALUE;", near);
	else
		diagnostics_error(reading->diagnostics, source_location(reading->source, line),
		                  "syntax error at the end of the file; a setting is written NAME = VALUE;");
}

/* Has libconfig read the source, and what it read made a model. */
static void read_source(struct reading *reading)
{
	config_t config;

	if (source_syntax_fault(reading->source))
		return;
	config_init(&config);
	if (config_read_string(&config, source_text(reading->source)) == CONFIG_TRUE)
		read_file(reading, config_root_setting(&config));
	else
		report_syntax(reading, &config);
	config_destroy(&config);
}

/* Moves the names of all files that were read to the result. */
static bool take_files(struct rules *rules, struct reading *reading)
{
	size_t sources = source_file_count(reading->source);

	rules->files = calloc(sources + reading->file_count, sizeof *rules->files);
	if (rules->files == NULL)
		return false;
	for (size_t i = 0; i < sources; i++) {
		rules->files[i] = strdup(source_file(reading->source, i));
		if (rules->files[i] == NULL)
			return false;
		rules->file_count++;
	}
	for (size_t i = 0; i < reading->file_count; i++) {
		rules->files[rules->file_count++] = reading->files[i];
		reading->files[i] = NULL;
	}
	return true;
}

/* A copy of a setting's text; *ret_failed where there is no memory. */
static char *copy(const char *text, bool *ret_failed)
{
	char *result = text != NULL ? strdup(text) : NULL;

	*ret_failed |= text != NULL && result == NULL;
	return result;
}

static bool take_settings(struct settings *settings, const struct model *model)
{
	bool failed = false;

	settings->socket = copy(model->socket, &failed);
	settings->user = copy(model->user, &failed);
	settings->group = copy(model->group, &failed);
	settings->decisions = copy(model->decisions, &failed);
	settings->decisions_key = copy(model->decisions_key, &failed);
	settings->metrics = copy(model->metrics, &failed);
	settings->shadow = copy(model->shadow_path, &failed);
	settings->log = model->log;
	settings->nat_watch = model->nat_watch;
	return !failed;
}

/* A copy of the surroundings, which may be NULL.  Returns false where there is no memory. */
static bool take_surroundings(struct rules *rules, const struct surroundings *surroundings)
{
	size_t count = surroundings != NULL ? surroundings->count : 0;

	if (count == 0)
		return true;
	rules->surroundings.list = calloc(count, sizeof *rules->surroundings.list);
	if (rules->surroundings.list == NULL)
		return false;
	memcpy(rules->surroundings.list, surroundings->list, count * sizeof *surroundings->list);
	rules->surroundings.count = count;
	return true;
}

/* Writes the digest of all that was read. */
static bool take_digest(struct rules *rules, struct reading *reading)
{
	bool sound = digest_end(reading->digest, rules->digest);

	reading->digest = NULL;
	return sound;
}

/* Builds the rule set of a model without faults. */
static struct rules *build(struct reading *reading, const struct surroundings *surroundings)
{
	struct rules *rules = calloc(1, sizeof *rules);

	if (rules == NULL)
		return NULL;
	rules->ruleset = compile(reading->model);
	if (rules->ruleset == NULL || !take_settings(&rules->settings, reading->model) || !take_files(rules, reading) ||
	    !take_digest(rules, reading) || !take_surroundings(rules, surroundings)) {
		rules_free(rules);
		return NULL;
	}
	rules->model = reading->model;
	reading->model = NULL;
	return rules;
}

static void free_reading(struct reading *reading)
{
	char unused[DIGEST_TEXT];

	digest_end(reading->digest, unused);
	reading_destroy(reading);
	model_free(reading->model);
	for (size_t i = 0; i < reading->file_count; i++)
		free(reading->files[i]);
	free(reading->files);
}

/* Finds who may relay by an address alone, and warns of strangers among them.  Returns false where there is no memory.
 */
static bool find_trusted(struct rules *rules, const struct world *world, const struct surroundings *surroundings,
                         struct diagnostics *diagnostics)
{
	size_t decisions = LIMIT_IDLE_DECISIONS;
	struct trusts trusts;
	bool done;

	if (!trusts_find(world, &decisions, &trusts))
		return false;
	done = exposure_find(rules, world, &trusts, surroundings, diagnostics);
	rules->trusted = trusted_new(world, &trusts);
	trusts_destroy(&trusts);
	return done && rules->trusted != NULL;
}

/* What only a proof over all sessions tells. */
static void survey_rules(struct rules *rules, const struct surroundings *surroundings, struct diagnostics *diagnostics)
{
	struct world *world = world_new((const struct ruleset *const[]){rules->ruleset}, 1);

	if (world == NULL || !reach_find(world, rules->model, diagnostics) ||
	    !find_trusted(rules, world, surroundings, diagnostics))
		diagnostics_error(diagnostics, (struct location){rules->files[0], 0},
		                  "there is not enough memory to survey what the rules decide");
	else
		promises_prove(rules, world, diagnostics);
	world_free(world);
}

static struct rules *load(const char *path, const struct surroundings *surroundings, struct diagnostics *diagnostics,
                          bool prove)
{
	size_t before = diagnostics_errors(diagnostics);
	struct source *source = source_read(path, diagnostics);
	struct reading reading = {.path = path, .source = source, .diagnostics = diagnostics};
	struct rules *rules = NULL;

	if (source == NULL)
		return NULL;
	reading.model = model_new();
	reading.digest = digest_new();
	if (reading.model != NULL && reading.digest != NULL) {
		digest_add(reading.digest, source_text(source), strlen(source_text(source)));
		read_source(&reading);
	}
	if (reading.model != NULL && reading.digest != NULL && !reading.no_memory &&
	    diagnostics_errors(diagnostics) == before)
		rules = build(&reading, surroundings);
	if (rules != NULL) {
		warnings_find(rules, diagnostics);
		if (prove) {
			survey_rules(rules, surroundings, diagnostics);
			examples_judge(rules, diagnostics);
		}
	} else if (reading.no_memory || diagnostics_errors(diagnostics) == before) {
		diagnostics_error(diagnostics, (struct location){path, 0},
		                  "there is not enough memory to load this file");
	}
	free_reading(&reading);
	source_free(source);
	diagnostics_sort(diagnostics);
	if (rules != NULL && diagnostics_errors(diagnostics) != before) {
		rules_free(rules);
		return NULL;
	}
	return rules;
}

struct rules *rules_load(const char *path, struct diagnostics *diagnostics)
{
	return load(path, NULL, diagnostics, true);
}

struct rules *rules_load_here(const char *path, const struct surroundings *surroundings,
                              struct diagnostics *diagnostics)
{
	return load(path, surroundings, diagnostics, true);
}

struct rules *rules_load_unproved(const char *path, struct diagnostics *diagnostics)
{
	return load(path, NULL, diagnostics, false);
}

bool rules_load_shadow(struct rules *rules, struct diagnostics *diagnostics)
{
	rules->shadow = rules_load_unproved(rules->settings.shadow, diagnostics);
	return rules->shadow != NULL;
}

void rules_forget_model(struct rules *rules)
{
	model_free(rules->model);
	rules->model = NULL;
}

void rules_free(struct rules *rules)
{
	if (rules == NULL)
		return;
	trusted_free(rules->trusted);
	free(rules->surroundings.list);
	rules_free(rules->shadow);
	ruleset_free(rules->ruleset);
	model_free(rules->model);
	free(rules->settings.socket);
	free(rules->settings.user);
	free(rules->settings.group);
	free(rules->settings.decisions);
	free(rules->settings.decisions_key);
	free(rules->settings.metrics);
	free(rules->settings.shadow);
	for (size_t i = 0; i < rules->file_count; i++)
		free(rules->files[i]);
	free(rules->files);
	free(rules);
}
