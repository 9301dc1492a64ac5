/*
 * What the settings of all MTAs say about listeners.
 */
#include <stdlib.h>
#include <string.h>

#include "milter/comment.h"
#include "milter/labelled.h"
#include "milter/mta_settings.h"
#include "policy/limits.h"
#include "policy/network.h"
#include "policy/ruleset.h"
#include "rules/model.h"
#include "rules/naming.h"
#include "rules/wording.h"

/* Networks, entries and logins that a comment names; of more, so many and their number. */
#define SHOWN 12

/* "@lan, 192.0.2.7": malloc(3) memory, or NULL where there is none. */
static char *name_networks(const struct mta_settings *settings, const struct networks *networks)
{
	struct names names;
	struct piece piece;

	if (!naming_find(settings->naming, networks, &names))
		return NULL;
	if (!piece_open(&piece)) {
		names_destroy(&names);
		return NULL;
	}
	names_print(&names, SHOWN, piece.stream);
	names_destroy(&names);
	return piece_close(&piece) ? piece.text : NULL;
}

char *mta_row_when(const struct mta_settings *settings, const struct relayers *relayers, const struct relay_row *row)
{
	struct wording wording = {.sides = {settings->rules}, .listener = relayers->listener->name, .shown = SHOWN};
	size_t users = row->who.users == NULL ? 0 : row->who.user_count;
	struct texts texts;
	struct piece piece;

	if (!wording_clauses(&wording, &row->who.when, &texts))
		return NULL;
	if (!piece_open(&piece)) {
		texts_destroy(&texts);
		return NULL;
	}
	for (size_t i = 0; i < users && i < SHOWN; i++)
		fprintf(piece.stream, "%s%s", i == 0 ? "it is " : ", ", row->who.users[i]);
	if (users > SHOWN)
		fprintf(piece.stream, " and %zu more", users - SHOWN);
	for (size_t i = 0; i < texts.count; i++)
		fprintf(piece.stream, "%s%s", i + users == 0 ? "" : "; and ", texts.list[i]);
	texts_destroy(&texts);
	return piece_close(&piece) ? piece.text : NULL;
}

/* One line of a list, with networks by name: before them, and behind. */
static bool print_item(const struct mta_settings *settings, const struct networks *networks, const char *mark,
                       const char *before, const char *after, FILE *stream)
{
	char *names = name_networks(settings, networks);
	bool printed = names != NULL && comment_print(stream, mark, 2, "- %s%s%s", before, names, after);

	free(names);
	return printed;
}

bool mta_print_relayers(const struct mta_settings *settings, const struct wall_listener *of, const char *mark,
                        FILE *stream)
{
	const struct listener *listener = of->listener;

	if (!comment_print(stream, mark, 2, "Listener %s (%s), %s:%u", listener->name,
	                   direction_name(listener->direction), listener->where.file, listener->where.line))
		return false;
	if (of->demands_login && !comment_print(stream, mark, 2, "- takes nothing without a login"))
		return false;
	if (of->by_address.count > 0 &&
	    !print_item(settings, &of->by_address, mark, "relays by address alone for ", "", stream))
		return false;
	if (of->with_login.count > 0 &&
	    !print_item(settings, &of->with_login, mark, "relays for a login from ", "", stream))
		return false;
	if (of->by_address.count + of->with_login.count + of->conditional.count == 0 &&
	    !comment_print(stream, mark, 2, "- relays for nobody"))
		return false;
	if (!of->offers_login && !comment_print(stream, mark, 2, "- has no use for a login"))
		return false;
	return mta_print_gaps(settings, of, mark, stream);
}

static bool print_condition(const struct mta_settings *settings, const struct wall_gap *gap, const char *mark,
                            FILE *stream)
{
	char *when = mta_row_when(settings, gap->of->relayers, gap->row);
	char *behind = NULL;
	bool printed = when != NULL && asprintf(&behind, " only if %s", when) >= 0;

	printed = printed && print_item(settings, &gap->clients, mark,
	                                gap->authenticated ? "only sallyport asks: with a login from "
	                                                   : "only sallyport asks: without a login from ",
	                                behind, stream);
	free(behind);
	free(when);
	return printed;
}

static bool print_gap(const struct mta_settings *settings, const struct wall_gap *gap, const char *mark, FILE *stream)
{
	switch (gap->kind) {
	case GAP_CONDITION:
		return print_condition(settings, gap, mark, stream);
	case GAP_UNPROVED:
		return print_item(settings, &gap->clients, mark,
		                  gap->authenticated ? "only sallyport asks: with a login from "
		                                     : "only sallyport asks: without a login from ",
		                  " only if regular expressions find texts of which no example was found", stream);
	case GAP_DATA:
		return print_item(settings, &gap->clients, mark,
		                  gap->authenticated ? "only sallyport asks: with a login from "
		                                     : "only sallyport asks: without a login from ",
		                  " only if the rules at data let them", stream);
	case GAP_LOOPBACK:
		return print_item(settings, &gap->clients, mark, "only sallyport refuses ",
		                  ", for whom the MTA always relays", stream);
	case GAP_OTHER_LISTENER:
		return print_item(settings, &gap->clients, mark, "only sallyport refuses ",
		                  ", who may relay at another listener", stream);
	case GAP_LOGIN_ELSEWHERE:
		return print_item(settings, &gap->clients, mark, "only sallyport refuses a login from ", "", stream);
	case GAP_SUBMITTED:
		return comment_print(stream, mark, 2,
		                     "- only sallyport asks whether what programs on this machine submit may leave it");
	}
	return true;
}

bool mta_print_gaps(const struct mta_settings *settings, const struct wall_listener *of, const char *mark, FILE *stream)
{
	const struct second_wall *wall = settings->wall;

	for (size_t i = 0; i < wall->gap_count; i++)
		if (wall->gaps[i].of == of && !print_gap(settings, &wall->gaps[i], mark, stream))
			return false;
	return !of->relayers->incomplete ||
	       comment_print(stream, mark, 2,
	                     "- NOT PROVED: there was more to try than a proof does; who is not listed here is refused "
	                     "before sallyport is asked");
}

bool mta_print_lack(const struct wall_service *service, const char *mark, FILE *stream)
{
	char network[LIMIT_NETWORK_TEXT];

	switch (service->lack) {
	case LACK_NOTHING:
		return true;
	case LACK_PORT:
		return comment_print(stream, mark, 0, "The rules do not say at which port: put it in place of PORT.");
	case LACK_NAME:
		return comment_print(stream, mark, 0,
		                     "\"%s\" can be no name there: put another in place of NAME, in the rules as well.",
		                     service->daemon);
	case LACK_ADDRESS:
		network_to_text(&service->address, network);
		return comment_print(stream, mark, 0, "Put this machine's address in %s in place of ADDRESS.", network);
	case LACK_ROOM:
		return comment_print(stream, mark, 0,
		                     "Another listener has addresses of this port: put one that is left in place of "
		                     "ADDRESS.");
	}
	return true;
}

/* Local domains, table by table */

struct domains {
	const struct mta_settings *settings;
	const char *mark;
	const char *prefix;
	const char *suffix;
	FILE *stream;
	size_t shown;
	size_t more;
};

/* Each returns false where there is no memory. */
static bool add_domains(struct domains *domains, const struct value *value);

static bool add_domain(struct domains *domains, const struct entry *entry)
{
	const struct model *model = domains->settings->rules->model;

	if (entry->kind == ENTRY_TABLE && !entry->take_out)
		return add_domains(domains, &model->tables[entry->of.table].value);
	if (entry->take_out || entry->kind == ENTRY_EXPRESSION || domains->shown == SHOWN) {
		domains->more++;
		return true;
	}
	domains->shown++;
	return comment_print(domains->stream, domains->mark, 4, "    %s%s%s", domains->prefix, entry->of.text,
	                     domains->suffix);
}

static bool add_domains(struct domains *domains, const struct value *value)
{
	for (size_t i = 0; i < value->count; i++)
		if (!add_domain(domains, &value->entries[i]))
			return false;
	return true;
}

bool mta_print_domains(const struct mta_settings *settings, const char *mark, const char *prefix, const char *suffix,
                       FILE *stream)
{
	struct domains domains = {settings, mark, prefix, suffix, stream, 0, 0};

	if (!add_domains(&domains, &settings->rules->model->local_domains))
		return false;
	if (domains.more > 0)
		return comment_print(stream, mark, 4, "    and %zu more of local_domains", domains.more);
	return true;
}
