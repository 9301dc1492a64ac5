/*
 * Differences for people: 80 columns, labels on the left.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "milter/diff_print.h"
#include "milter/labelled.h"
#include "policy/limits.h"
#include "policy/ruleset.h"
#include "rules/load.h"
#include "rules/naming.h"
#include "rules/wording.h"

/* Networks, logins and alternatives that are shown; of more, so many and their number. */
#define SHOWN 12

/* Differences that say the same of sessions with and without a login, to relay and to local recipients. */
struct merged {
	const struct difference *difference; /* the first of them */
	bool without_login, with_login;
	bool any_recipient;
};

static bool same_deciders(const struct deciders *one, const struct deciders *other)
{
	if (one->count != other->count || one->more != other->more)
		return false;
	for (size_t i = 0; i < one->count; i++)
		if (one->list[i].by != other->list[i].by)
			return false;
	return true;
}

static bool alike(const struct difference *one, const struct difference *other)
{
	bool same = one->door == other->door && one->lookup == other->lookup && one->besides == other->besides &&
	            networks_equal(&one->unproved, &other->unproved) && parties_equal(&one->who, &other->who);

	for (unsigned side = 0; side < WORLD_SIDES && same; side++)
		same = decisions_alike(&one->decisions[side], &other->decisions[side]) &&
		       same_deciders(&one->deciders[side], &other->deciders[side]);
	return same;
}

static bool same_recipients(const struct difference *one, const struct difference *other)
{
	return one->relay[SIDE_OLD] == other->relay[SIDE_OLD] && one->relay[SIDE_NEW] == other->relay[SIDE_NEW];
}

/* Which differences are looked for, to be merged with one. */
struct reach {
	bool logins;     /* with and without a login */
	bool recipients; /* all that there are */
};

static bool reaches(const struct reach *reach, const struct difference *one, const struct difference *other)
{
	return (reach->logins || one->authenticated == other->authenticated) &&
	       (reach->recipients || same_recipients(one, other)) && alike(one, other);
}

/* How many are to be found, for nothing to be said too much. */
static size_t wanted(const struct reach *reach, const struct difference *difference)
{
	return (reach->logins ? 2U : 1U) * (reach->recipients ? difference->relay_kinds : 1U);
}

static size_t count(const struct reach *reach, const struct comparison *comparison, size_t index, const bool *done)
{
	size_t found = 0;

	for (size_t i = index; i < comparison->count; i++)
		found += !done[i] && reaches(reach, &comparison->list[index], &comparison->list[i]);
	return found;
}

/* Merges the difference at index with those behind it, as many as can be, and marks all of them as done. */
static struct merged merge_alike(const struct comparison *comparison, size_t index, bool *done)
{
	static const struct reach reaches_tried[] = {{true, true}, {true, false}, {false, true}, {false, false}};
	const struct difference *first = &comparison->list[index];
	const struct reach *reach = reaches_tried;

	while ((reach->logins || reach->recipients) && count(reach, comparison, index, done) != wanted(reach, first))
		reach++;
	for (size_t i = index; i < comparison->count; i++)
		done[i] |= reaches(reach, first, &comparison->list[i]);
	return (struct merged){
	    .difference = first,
	    .without_login = reach->logins || !first->authenticated,
	    .with_login = reach->logins || first->authenticated,
	    .any_recipient = reach->recipients || first->relay_kinds == 1,
	};
}

/* "opens", "closes", or what else changes; with "?" where no session can be shown. */
static const char *change_name(const struct difference *difference)
{
	static const char *const names[2][3] = {{"closes", "changes", "OPENS"}, {"closes?", "changes?", "OPENS?"}};

	return names[difference->who.clients.count == 0][difference_opens(difference) + 1];
}

/* "inbound, gateway.conf:12 (was front, old.conf:10)" */
static void add_listeners(const struct difference *difference, FILE *to)
{
	const struct listener *old = difference->listeners[SIDE_OLD], *new = difference->listeners[SIDE_NEW];

	if (new != NULL)
		fprintf(to, "%s, %s:%u", new->name, new->where.file, new->where.line);
	else
		fputs("no listener", to);
	if (old == NULL)
		fputs(" (was no listener)", to);
	else if (new == NULL || strcmp(old->name, new->name) != 0)
		fprintf(to, " (was %s, %s:%u)", old->name, old->where.file, old->where.line);
	if (difference->local)
		fputs(", mail submitted on the machine", to);
}

/* Whose sessions: which logins, which recipients. */
static void add_sessions(const struct merged *merged, FILE *to)
{
	static const char *const logins[] = {"", "without a login", "with a login", "with a login or without"};
	static const char *const recipients[2][2] = {
	    {"to local recipients", "to recipients that were local and are relay now"},
	    {"to recipients that were relay and are local now", "to relay recipients"},
	};
	const bool *relay = merged->difference->relay;

	fprintf(to, ": %s, %s", logins[merged->without_login + 2 * merged->with_login],
	        merged->any_recipient ? "to any recipient" : recipients[relay[SIDE_OLD]][relay[SIDE_NEW]]);
}

/* Where other listeners judge than before: a connection that has it so. */
static bool print_example(const struct diff *diff, const struct difference *difference)
{
	const struct listener *old = difference->listeners[SIDE_OLD], *new = difference->listeners[SIDE_NEW];
	const struct door *door = difference->door;
	char address[INET6_ADDRSTRLEN];
	struct piece piece;

	if (old != NULL && new != NULL && strcmp(old->name, new->name) == 0)
		return true;
	if (door->daemon == NULL && door->port == 0 && !door->has_address)
		return true;
	if (!piece_open(&piece))
		return false;
	fputs("a connection", piece.stream);
	if (door->has_address) {
		address_to_text(&door->address, address);
		fprintf(piece.stream, " to %s", address);
	}
	if (door->port != 0)
		fprintf(piece.stream, " %s port %u", door->has_address ? "at" : "to", door->port);
	if (door->daemon != NULL)
		fprintf(piece.stream, " that the MTA calls \"%s\"", door->daemon);
	return label_piece(diff->stream, "such as", false, &piece);
}

static bool print_listener(const struct diff *diff, const struct merged *merged)
{
	const struct difference *difference = merged->difference;
	struct piece piece;

	if (!piece_open(&piece))
		return false;
	add_listeners(difference, piece.stream);
	add_sessions(merged, piece.stream);
	return label_piece(diff->stream, change_name(difference), diff->colour && difference_opens(difference) > 0,
	                   &piece) &&
	       print_example(diff, difference);
}

static bool print_clients(const struct diff *diff, const struct difference *difference)
{
	struct names names;
	struct piece piece;

	if (!naming_find(diff->naming, difference_clients(difference), &names))
		return false;
	if (!piece_open(&piece)) {
		names_destroy(&names);
		return false;
	}
	names_print(&names, SHOWN, piece.stream);
	names_destroy(&names);
	if (difference->who.clients.count == 0)
		fprintf(piece.stream,
		        "; NOT PROVED%s: it takes regular expressions to find, or not to find, texts of which no "
		        "example was found",
		        difference->besides ? ", other sessions than were shown" : "");
	return label_piece(diff->stream, "clients", false, &piece);
}

static bool print_users(const struct diff *diff, const struct difference *difference)
{
	const struct party *who = &difference->who;
	size_t shown = who->user_count > SHOWN + 1 ? SHOWN : who->user_count;
	struct piece piece;

	if (who->users == NULL)
		return true;
	if (!piece_open(&piece))
		return false;
	for (size_t i = 0; i < shown; i++)
		fprintf(piece.stream, "%s%s", i == 0 ? "" : ", ", who->users[i]);
	if (shown < who->user_count)
		fprintf(piece.stream, " and %zu more", who->user_count - shown);
	return label_piece(diff->stream, "logins", false, &piece);
}

static bool print_when(const struct diff *diff, const struct difference *difference)
{
	struct texts texts;

	if (!difference_when(diff, difference, SHOWN, &texts))
		return false;
	for (size_t i = 0; i < texts.count; i++)
		label_text(diff->stream, i == 0 ? "when" : "and", false, texts.list[i]);
	texts_destroy(&texts);
	return true;
}

/* A line break is shown as the rule file writes it. */
static void add_reply(const char *reply, FILE *to)
{
	fputc(' ', to);
	for (; *reply != '\0'; reply++) {
		if (*reply == '\n')
			fputs("\\n", to);
		else
			fputc(*reply, to);
	}
}

/* "reject 550 5.7.1 Unable to relay for {recipient}, by gateway.conf:28 (relay)" */
static bool print_judgment(const struct diff *diff, const char *label, const struct decision *decision,
                           const struct deciders *deciders)
{
	char room[LIMIT_REPLY + 32];
	const char *reply = difference_reply(decision, room, sizeof room);
	const char *before = ", by";
	struct piece piece;

	if (!piece_open(&piece))
		return false;
	fputs(verdict_name(decision->verdict), piece.stream);
	if (reply != NULL)
		add_reply(reply, piece.stream);
	for (size_t i = 0; i < deciders->count; i++) {
		const struct decision *decider = &deciders->list[i];

		if (decider->by == NULL)
			continue;
		fprintf(piece.stream, "%s %s:%u (%s)", before, decider->by->file, decider->by->line, decider->rule);
		before = " or";
	}
	if (deciders->more)
		fputs(" or others", piece.stream);
	return label_piece(diff->stream, label, false, &piece);
}

static bool print_difference(const struct diff *diff, const struct merged *merged)
{
	const struct difference *difference = merged->difference;
	const struct decision *decisions = difference->decisions;
	const struct deciders *deciders = difference->deciders;

	return print_listener(diff, merged) && print_clients(diff, difference) && print_users(diff, difference) &&
	       print_when(diff, difference) && print_judgment(diff, "old", &decisions[SIDE_OLD], &deciders[SIDE_OLD]) &&
	       print_judgment(diff, "new", &decisions[SIDE_NEW], &deciders[SIDE_NEW]);
}

/* Sessions that no listener judged, or judges now, and that were and are refused. */
static bool is_refused_elsewhere(const struct difference *difference)
{
	return difference_opens(difference) == 0 &&
	       (difference->listeners[SIDE_OLD] == NULL || difference->listeners[SIDE_NEW] == NULL);
}

/* All of a door's at once: what each of them is refused with is not of interest. */
static bool print_refused_elsewhere(const struct diff *diff, size_t index, bool *done)
{
	static const char *const by_rules = "refused by the listener's rules; --json shows each reply";
	static const char *const by_none = "refused, as no listener takes the connection";
	const struct comparison *comparison = diff->comparison;
	const struct difference *difference = &comparison->list[index];
	struct piece piece;

	for (size_t i = index; i < comparison->count; i++)
		done[i] |= comparison->list[i].door == difference->door && is_refused_elsewhere(&comparison->list[i]);
	if (!piece_open(&piece))
		return false;
	add_listeners(difference, piece.stream);
	fputs(": what is not accepted", piece.stream);
	if (!label_piece(diff->stream, change_name(difference), false, &piece) || !print_example(diff, difference))
		return false;
	label_text(diff->stream, "old", false, difference->listeners[SIDE_OLD] != NULL ? by_rules : by_none);
	label_text(diff->stream, "new", false, difference->listeners[SIDE_NEW] != NULL ? by_rules : by_none);
	return true;
}

/* Refused before and now, in other words, while the client's name cannot be looked up: that does not last. */
static bool is_passing(const struct difference *difference)
{
	return difference->lookup == LOOKUP_FAILED && difference_opens(difference) == 0;
}

/* Marks what is not shown for people; returns how many there are. */
static size_t leave_out(const struct comparison *comparison, bool *done)
{
	size_t left_out = 0;

	for (size_t i = 0; i < comparison->count; i++) {
		done[i] = is_passing(&comparison->list[i]) && !is_refused_elsewhere(&comparison->list[i]);
		left_out += done[i];
	}
	return left_out;
}

static void print_left_out(const struct diff *diff)
{
	label_text(diff->stream, "changes", false,
	           "what is refused while the client's name cannot be looked up is refused in other words; --json "
	           "shows each reply");
}

bool diff_print_text(const struct diff *diff)
{
	const struct comparison *comparison = diff->comparison;
	bool *done = calloc(comparison->count + 1, sizeof *done);
	size_t left_out = done != NULL ? leave_out(comparison, done) : 0;
	bool sound = done != NULL, first = true;

	for (size_t i = 0; i < comparison->count && sound; i++) {
		struct merged merged;

		if (done[i])
			continue;
		fputs(first ? "" : "\n", diff->stream);
		first = false;
		if (is_refused_elsewhere(&comparison->list[i])) {
			sound = print_refused_elsewhere(diff, i, done);
			continue;
		}
		merged = merge_alike(comparison, i, done);
		sound = print_difference(diff, &merged);
	}
	if (left_out > 0 && sound) {
		fputs(first ? "" : "\n", diff->stream);
		first = false;
		print_left_out(diff);
	}
	if (comparison->incomplete && sound) {
		fputs(first ? "" : "\n", diff->stream);
		label_text(
		    diff->stream, "NOT PROVED", diff->colour,
		    "other sessions might be judged differently, too: there was more to try than a comparison does");
	}
	free(done);
	return sound;
}
