#include "policy/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "policy/limits.h"
#include "policy/ruleset.h"
#include "policy/session.h"

/* What an option counts more than its text. */
#define OPTION 1000

static size_t text_length(const char *text)
{
	return text == NULL ? 0 : OPTION + strlen(text);
}

size_t witness_length(const struct witness *witness)
{
	return text_length(witness->client_name) + text_length(witness->helo) + text_length(witness->user) +
	       text_length(witness->mechanism) + (witness->tls_bits > 0 ? OPTION : 0) +
	       (witness->size > 0 ? OPTION : 0) + text_length(witness->sender) + text_length(witness->recipient) +
	       text_length(witness->resolved);
}

/* The shown cell of the box with the shortest text, or NULL. */
static const struct cell *shortest(const struct visit *visit, enum fact fact)
{
	const struct cell *found = NULL;

	for (size_t i = 0; i < grid_cell_count(visit->grid, fact); i++) {
		const struct cell *cell = grid_cell(visit->grid, fact, i);
		size_t length = text_length(cell->text) + (cell->sent_on ? OPTION : 0);

		if (!cell->shown || !visit_has(visit, fact, i))
			continue;
		if (found == NULL || length < text_length(found->text) + (found->sent_on ? OPTION : 0))
			found = cell;
	}
	return found;
}

static bool find_text(const struct visit *visit, enum fact fact, const char **ret_text)
{
	const struct cell *cell = shortest(visit, fact);

	if (cell == NULL)
		return false;
	*ret_text = cell->text;
	return true;
}

static uint64_t least(const struct visit *visit, enum fact fact)
{
	for (size_t i = 0; i < grid_cell_count(visit->grid, fact); i++)
		if (visit_has(visit, fact, i))
			return grid_cell(visit->grid, fact, i)->amount.least;
	return 0;
}

static bool has_client(const struct visit *visit, const struct address *address)
{
	uint32_t class = territory_class_of(world_territory(grid_world(visit->grid)), address);

	return visit_has(visit, FACT_CLIENT, grid_client_cells(visit->grid)[class]);
}

/* An address of the box: one for documentation (RFC 5737, RFC 3849) where it has one. */
static bool find_client(const struct visit *visit, struct address *ret_client)
{
	static const char *const preferred[] = {"203.0.113.1", "198.51.100.1", "192.0.2.1", "2001:db8::1"};
	const struct territory *territory = world_territory(grid_world(visit->grid));
	const uint32_t *cells = grid_client_cells(visit->grid);

	if (grid_subject(visit->grid)->local) {
		*ret_client = address_loopback(ADDRESS_IPV4);
		return true;
	}
	for (size_t i = 0; i < sizeof preferred / sizeof *preferred; i++)
		if (address_from_text(preferred[i], ret_client) && has_client(visit, ret_client))
			return true;
	for (uint32_t i = 0; i < territory_classes(territory); i++) {
		size_t example = territory_example(territory, i);
		address_number first = territory_first(territory, example);

		if (!visit_has(visit, FACT_CLIENT, cells[i]))
			continue;
		/* 192.0.2.1 reads better than 192.0.2.0. */
		if (first != territory_last(territory, example))
			first++;
		*ret_client = address_from_number(first, territory_family(territory, example));
		return true;
	}
	return false;
}

/* What the MTA could make of a local recipient: an address that is relay. */
static bool find_resolved(const struct visit *visit, unsigned side, const char **ret_resolved)
{
	const struct world *world = grid_world(visit->grid);

	for (size_t i = 0; i < world_count(world, VALUE_MAILBOX); i++) {
		struct specimen mailbox = world_specimen(world, VALUE_MAILBOX, i);

		if (!mailbox.local[side] && strchr(mailbox.text, '@') != NULL) {
			*ret_resolved = mailbox.text;
			return true;
		}
	}
	return false;
}

bool witness_find(const struct visit *visit, unsigned side, struct witness *ret_witness)
{
	const struct listener *listener = grid_subject(visit->grid)->listeners[side];
	const struct cell *recipient = shortest(visit, FACT_RECIPIENT);
	struct witness witness = {
	    .listener = listener,
	    .local = grid_subject(visit->grid)->local,
	    .tls_bits = (unsigned)least(visit, FACT_TLS),
	    .size = least(visit, FACT_SIZE),
	};

	if (!visit->shown || recipient == NULL || !find_client(visit, &witness.client) ||
	    !find_text(visit, FACT_CLIENT_NAME, &witness.client_name) || !find_text(visit, FACT_HELO, &witness.helo) ||
	    !find_text(visit, FACT_USER, &witness.user) || !find_text(visit, FACT_MECHANISM, &witness.mechanism) ||
	    !find_text(visit, FACT_SENDER, &witness.sender))
		return false;
	if (visit->scope->name_unavailable)
		witness.client_name = "[TEMPUNAVAIL]";
	witness.recipient = recipient->text;
	if (recipient->sent_on && !find_resolved(visit, side, &witness.resolved))
		return false;
	*ret_witness = witness;
	return true;
}

/* Notes a decision; returns whether the session goes on. */
static bool go_on(struct witness_course *course, struct decision decision)
{
	course->decisions[course->count++] = decision;
	return decision.verdict == VERDICT_ACCEPT;
}

bool witness_play(const struct ruleset *ruleset, const struct witness *witness, struct witness_course *ret_course)
{
	struct connection connection = {
	    .listener = witness->listener->name,
	    .local = witness->local,
	    .has_client = true,
	    .client = witness->client,
	    .client_name_state = client_name_state(witness->client_name),
	    .client_name = witness->client_name,
	};
	struct envelope envelope = {
	    .sender = witness->sender != NULL ? witness->sender : "<>",
	    .user = witness->user,
	    .mechanism = witness->mechanism,
	    .tls_bits = witness->tls_bits,
	    .size_declared = witness->size > 0,
	    .size = witness->size,
	};
	struct session *session = session_new(ruleset);

	if (session == NULL)
		return false;
	ret_course->count = 0;
	if (go_on(ret_course, session_connect(session, &connection)) &&
	    go_on(ret_course, session_helo(session, witness->helo)) &&
	    go_on(ret_course, session_mail(session, &envelope)))
		go_on(ret_course, session_rcpt(session, witness->recipient, witness->resolved));
	session_free(session);
	return true;
}

bool witness_accepted(const struct witness_course *course)
{
	return course->count == STAGE_RCPT + 1 && course->decisions[STAGE_RCPT].verdict == VERDICT_ACCEPT;
}

static void add_words(const char **words, size_t *count, const char *option, const char *value)
{
	if (value == NULL)
		return;
	words[(*count)++] = option;
	words[(*count)++] = value;
}

size_t witness_words(const struct witness *witness, struct witness_room *room, const char *ret_words[WITNESS_WORDS])
{
	size_t count = 0;

	address_to_text(&witness->client, room->client);
	snprintf(room->tls, sizeof room->tls, "%u", witness->tls_bits);
	snprintf(room->size, sizeof room->size, "%" PRIu64, witness->size);
	add_words(ret_words, &count, "--listener", witness->listener->name);
	if (witness->local)
		ret_words[count++] = "--local";
	else
		add_words(ret_words, &count, "--client", room->client);
	add_words(ret_words, &count, "--client-name", witness->client_name);
	add_words(ret_words, &count, "--helo", witness->helo);
	add_words(ret_words, &count, "--user", witness->user);
	add_words(ret_words, &count, "--mechanism", witness->mechanism);
	add_words(ret_words, &count, "--tls", witness->tls_bits > 0 ? room->tls : NULL);
	add_words(ret_words, &count, "--size", witness->size > 0 ? room->size : NULL);
	add_words(ret_words, &count, "--sender", witness->sender);
	add_words(ret_words, &count, "--recipient", witness->recipient);
	add_words(ret_words, &count, "--resolved", witness->resolved);
	return count;
}
