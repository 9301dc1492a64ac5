#include "rules/reach.h"

#include <stdlib.h>

#include "policy/doors.h"
#include "policy/idle.h"
#include "policy/limits.h"
#include "policy/ruleset.h"
#include "rules/diagnostic.h"
#include "rules/model.h"

struct reaching {
	const struct world *world;
	const struct model *model;
	struct diagnostics *diagnostics;
	size_t decisions; /* that may still be asked for */
	bool failed;      /* no memory */
};

/* Says that a rule changes nothing, and what an accept rule might have been meant for. */
static void report_needless(struct diagnostics *diagnostics, const struct model_rule *rule)
{
	if (rule->verdict == VERDICT_ACCEPT)
		diagnostics_warning(diagnostics, rule->where,
		                    "this rule changes nothing: without it, what it accepts is accepted by this stage "
		                    "all the same, and the later stages still judge; take it out, or give it a name "
		                    "to see it in the logs");
	else
		diagnostics_warning(diagnostics, rule->where,
		                    "this rule changes nothing: without it, all that it matches gets the same reply; "
		                    "take it out, or give it a name to see it in the logs");
}

static const char *condition_name(const struct model_conditions *conditions, size_t index)
{
	return condition_row(conditions->list[index].kind)->name;
}

static void report_idle(const struct reaching *reaching, const struct model_listener *listener, const struct idle *idle)
{
	const struct model_rules *rules = &listener->stages[idle->stage];
	const struct model_rule *rule = &rules->list[idle->rule];
	struct diagnostics *diagnostics = reaching->diagnostics;

	switch (idle->kind) {
	case IDLE_CONTRADICTION:
		diagnostics_warning(diagnostics, rule->where,
		                    "no session matches this rule: its conditions exclude each other");
		break;
	case IDLE_FALSE:
		diagnostics_warning(diagnostics, rule->where, "no session matches this rule: its \"%s\" never holds%s",
		                    condition_name(&rule->conditions, idle->other),
		                    reaching->model->listener_count > 1 ? " at this listener" : "");
		break;
	case IDLE_EXEMPT:
		diagnostics_warning(diagnostics, rule->where,
		                    "no session matches this rule: its \"unless\" exempts all that it would match");
		break;
	case IDLE_LOCAL:
		diagnostics_warning(diagnostics, rule->where,
		                    "no session matches this rule: an accept rule speaks of local recipients only, and "
		                    "this one names none; write relay = true in it if they shall be relayed");
		break;
	case IDLE_REFUSED:
		diagnostics_warning(diagnostics, rule->where,
		                    "no session reaches this rule: the stages before refuse all that it would match");
		break;
	case IDLE_HIDDEN:
		diagnostics_warning(diagnostics, rule->where,
		                    "no session reaches this rule: the one at line %u matches whatever it would",
		                    rules->list[idle->other].where.line);
		break;
	case IDLE_COVERED:
		diagnostics_warning(
		    diagnostics, rule->where,
		    "no session reaches this rule: the ones before it, together, match whatever it would");
		break;
	case IDLE_NEEDLESS:
		report_needless(diagnostics, rule);
		break;
	case IDLE_TRUE:
		diagnostics_warning(diagnostics, rule->conditions.list[idle->other].where,
		                    "\"%s\" makes no difference in this rule: it holds for every session that comes to "
		                    "it and has the rest; take it out, or put right what was meant",
		                    condition_name(&rule->conditions, idle->other));
		break;
	case IDLE_UNLESS_FALSE:
		diagnostics_warning(
		    diagnostics, rule->unless.where,
		    "this \"unless\" exempts nobody: it holds for no session that comes to the rule and "
		    "matches it; take it out, or put right what was meant");
		break;
	case IDLE_UNLESS_TRUE:
		diagnostics_warning(diagnostics, rule->unless.list[idle->other].where,
		                    "\"%s\" makes no difference in this \"unless\": it holds wherever the rest does; "
		                    "take it out, or put right what was meant",
		                    condition_name(&rule->unless, idle->other));
		break;
	}
}

static bool has_rules(const struct model_listener *listener)
{
	for (unsigned stage = 0; stage < STAGE_COUNT; stage++)
		if (listener->stages[stage].count > 0)
			return true;
	return false;
}

static void look_at_rules(struct reaching *reaching, size_t index, const struct way_in *way)
{
	const struct listener *listener = &world_side(reaching->world, 0)->listeners[index];
	struct grid_subject subject = {.listeners = {listener}, .local = !way->connections};
	struct grid *grid = grid_new(reaching->world, &subject);
	struct idles idles = {0};

	if (grid == NULL || idle_find(grid, &reaching->decisions, &idles) == SURVEY_NO_MEMORY)
		reaching->failed = true;
	for (size_t i = 0; i < idles.count; i++)
		report_idle(reaching, &reaching->model->listeners[index], &idles.list[i]);
	idles_destroy(&idles);
	grid_free(grid);
}

/* Whether a part of the match names nothing, which the reader has warned of. */
static bool names_nothing(const struct model_match *match)
{
	return (match->addresses.given && match->addresses.count == 0) ||
	       (match->daemons.given && match->daemons.count == 0) || (match->ports_given && match->port_count == 0);
}

static void report_hidden(const struct reaching *reaching, size_t index, const struct way_in *way)
{
	const struct model_listener *listener = &reaching->model->listeners[index];
	const struct model_listener *hider = &reaching->model->listeners[way->hider];

	if (!way->any && !names_nothing(&listener->match))
		diagnostics_warning(reaching->diagnostics, listener->where,
		                    "listener \"%s\" can never be chosen: no address is in its \"address\"",
		                    listener->name);
	else if (way->any && way->hider < index)
		diagnostics_warning(
		    reaching->diagnostics, listener->where,
		    "listener \"%s\" can never be chosen: \"%s\" at line %u takes all that it would; put "
		    "it first, or narrow the other's match",
		    listener->name, hider->name, hider->where.line);
	else if (way->any)
		diagnostics_warning(reaching->diagnostics, listener->where,
		                    "listener \"%s\" can never be chosen: the ones before it, together, take all that "
		                    "it would; put it before them, or narrow their matches",
		                    listener->name);
}

bool reach_find(const struct world *world, const struct model *model, struct diagnostics *diagnostics)
{
	struct reaching reaching = {world, model, diagnostics, LIMIT_IDLE_DECISIONS, false};
	struct way_in *ways = doors_ways_in(world);

	if (ways == NULL)
		return false;
	for (size_t i = 0; i < model->listener_count && !reaching.failed; i++) {
		if (!ways[i].connections && !ways[i].local)
			report_hidden(&reaching, i, &ways[i]);
		else if (has_rules(&model->listeners[i]))
			look_at_rules(&reaching, i, &ways[i]);
	}
	free(ways);
	return !reaching.failed;
}
