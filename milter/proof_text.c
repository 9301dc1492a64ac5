/*
 * A proof for people: 80 columns, labels on the left.
 */
#include <stdlib.h>
#include <string.h>

#include "milter/labelled.h"
#include "milter/proof_print.h"
#include "policy/limits.h"
#include "policy/network.h"
#include "policy/ruleset.h"
#include "rules/naming.h"
#include "rules/public.h"
#include "rules/wording.h"

/* Networks, logins, entries and alternatives that are shown; of more, so many and their number. */
#define SHOWN 12

/* Networks */

static const char *separator(size_t *count)
{
	return (*count)++ == 0 ? "" : ", ";
}

/* How many of so many are shown. */
static size_t shown_of(struct proof *proof, size_t count)
{
	proof->abridged |= count > SHOWN + 1;
	return count > SHOWN + 1 ? SHOWN : count;
}

/* before: what is said before the names. */
static bool print_clients(struct proof *proof, const char *label, bool alarming, const char *before,
                          const struct networks *clients)
{
	struct names names;
	struct piece piece;

	if (!naming_find(proof->naming, clients, &names))
		return false;
	if (!piece_open(&piece)) {
		names_destroy(&names);
		return false;
	}
	fputs(before, piece.stream);
	names_print(&names, SHOWN, piece.stream);
	shown_of(proof, names.networks.count);
	shown_of(proof, names.less_networks.count);
	names_destroy(&names);
	return label_piece(proof->stream, label, alarming && proof->colour, &piece);
}

/* Says that whole families may relay, where they may. */
static void print_everybody(const struct proof *proof, const bool everybody[ADDRESS_FAMILY_COUNT])
{
	const char *text = "on the internet who comes by IPv4 or IPv6";

	if (!everybody[ADDRESS_IPV6])
		text = "on the internet who comes by IPv4";
	else if (!everybody[ADDRESS_IPV4])
		text = "on the internet who comes by IPv6";
	label_text(proof->stream, "EVERYBODY", proof->colour, text);
}

/* Says that strangers may relay, where they may. */
static bool print_public(struct proof *proof, const struct networks *clients)
{
	struct networks strangers = {calloc(clients->count + 1, sizeof *strangers.list), 0};
	bool everybody[ADDRESS_FAMILY_COUNT] = {false};
	struct piece piece;
	bool done = strangers.list != NULL;

	for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT; family++)
		everybody[family] = networks_are_most_public(clients, (enum address_family)family);
	for (size_t i = 0; i < clients->count && done; i++)
		if (network_is_public(&clients->list[i]))
			strangers.list[strangers.count++] = clients->list[i];
	if (everybody[ADDRESS_IPV4] || everybody[ADDRESS_IPV6]) {
		print_everybody(proof, everybody);
	} else if (strangers.count > 0) {
		done = piece_open(&piece);
		if (done) {
			networks_print(&strangers, SHOWN, piece.stream);
			shown_of(proof, strangers.count);
			done = label_piece(proof->stream, "PUBLIC", proof->colour, &piece);
		}
	}
	networks_destroy(&strangers);
	return done;
}

/* Rows */

static bool print_users(struct proof *proof, const struct party *who)
{
	size_t shown = shown_of(proof, who->user_count);
	struct piece piece;
	size_t count = 0;

	if (!piece_open(&piece))
		return false;
	if (who->users == NULL)
		fputs("any", piece.stream);
	for (size_t i = 0; i < shown; i++)
		fprintf(piece.stream, "%s%s", separator(&count), who->users[i]);
	if (shown < who->user_count)
		fprintf(piece.stream, " and %zu more", who->user_count - shown);
	return label_piece(proof->stream, "with login", false, &piece);
}

static bool print_when(struct proof *proof, const struct relayers *relayers, const struct party *who)
{
	struct wording wording = {.sides = {proof->rules}, .listener = relayers->listener->name, .shown = SHOWN};
	struct texts texts;

	if (!wording_clauses(&wording, &who->when, &texts))
		return false;
	shown_of(proof, who->when.count);
	for (size_t i = 0; i < texts.count; i++)
		label_text(proof->stream, i == 0 ? "when" : "and", false, texts.list[i]);
	texts_destroy(&texts);
	return true;
}

static bool print_by(struct proof *proof, const struct party *who)
{
	size_t shown = shown_of(proof, who->by_count);
	struct piece piece;
	size_t count = 0;

	if (!piece_open(&piece))
		return false;
	for (size_t i = 0; i < shown; i++)
		fprintf(piece.stream, "%s%s:%u", separator(&count), who->by[i]->file, who->by[i]->line);
	if (shown < who->by_count)
		fprintf(piece.stream, " and %zu more", who->by_count - shown);
	return label_piece(proof->stream, "by", false, &piece);
}

static bool print_row(struct proof *proof, const struct relayers *relayers, const struct relay_row *row)
{
	bool done;

	if (row->authenticated)
		done = print_users(proof, &row->who) && print_clients(proof, "from", false, "", &row->who.clients);
	else
		done = print_clients(proof, "without login", false, "", &row->who.clients) &&
		       print_public(proof, &row->who.clients);
	return done && print_when(proof, relayers, &row->who) && print_by(proof, &row->who);
}

/* Says who might relay, though no session shows it. */
static bool print_unproved(struct proof *proof, const struct relayers *relayers)
{
	static const char *const before[] = {"without login: ", "with login: "};
	bool done = true, any = false;

	for (unsigned i = 0; i < 2 && done; i++) {
		if (relayers->unproved[i].count == 0)
			continue;
		done = print_clients(proof, "NOT PROVED", true, before[i], &relayers->unproved[i]);
		any = true;
	}
	if (any)
		label_text(proof->stream, "if", false,
		           "regular expressions find, or do not find, texts of which no example was found");
	if (relayers->incomplete)
		label_text(proof->stream, "NOT PROVED", proof->colour,
		           "others might, too: there was more to try than a proof does");
	return done;
}

static bool begin(struct proof *proof)
{
	(void)proof;
	return true;
}

/* Whether the same must hold for the same clients, but for the login, of which any will do. */
static bool rows_alike(const struct relay_row *without, const struct relay_row *with)
{
	if (with->who.users != NULL || without->who.by_count != with->who.by_count)
		return false;
	for (size_t i = 0; i < with->who.by_count; i++)
		if (without->who.by[i] != with->who.by[i])
			return false;
	return clauses_equal(&without->who.when, &with->who.when) &&
	       networks_equal(&without->who.clients, &with->who.clients);
}

/* The rows of those without a login, and behind them those with one. */
static size_t count_without(const struct relayers *relayers)
{
	size_t count = 0;

	while (count < relayers->count && !relayers->rows[count].authenticated)
		count++;
	return count;
}

/* Whether a login makes no difference. */
static bool logins_alike(const struct relayers *relayers)
{
	size_t without = count_without(relayers);

	if (without == 0 || relayers->count != 2 * without)
		return false;
	for (size_t i = 0; i < without; i++)
		if (!rows_alike(&relayers->rows[i], &relayers->rows[without + i]))
			return false;
	return true;
}

static bool print_rows(struct proof *proof, const struct relayers *relayers)
{
	size_t without = count_without(relayers);
	bool done = true;

	if (without == 0)
		label_text(proof->stream, "without login", false, "nobody");
	for (size_t i = 0; i < without && done; i++)
		done = print_row(proof, relayers, &relayers->rows[i]);
	if (relayers->count == without) {
		label_text(proof->stream, "with login", false, "nobody");
		return done;
	}
	if (logins_alike(relayers)) {
		label_text(proof->stream, "with login", false, "any, which makes no difference");
		return done;
	}
	for (size_t i = without; i < relayers->count && done; i++)
		done = print_row(proof, relayers, &relayers->rows[i]);
	return done;
}

static bool print_listener(struct proof *proof, const struct relayers *relayers)
{
	const struct listener *listener = relayers->listener;

	fprintf(proof->stream, "%slistener %s (%s), %s:%u\n", proof->listeners++ == 0 ? "" : "\n", listener->name,
	        direction_name(listener->direction), listener->where.file, listener->where.line);
	return print_rows(proof, relayers) && print_unproved(proof, relayers);
}

static bool end(struct proof *proof)
{
	if (proof->promises == 0)
		fputs("\nno promises\n", proof->stream);
	if (proof->abridged)
		fprintf(proof->stream, "\nwhat is only counted above, \"sallyport prove --json %s\" lists\n",
		        proof->path);
	return true;
}

const struct proof_printer proof_text = {begin, print_listener, proof_print_promise, end};
