#include "milter/change.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/compare.h"
#include "policy/limits.h"
#include "policy/network.h"
#include "policy/ruleset.h"

/* Networks that a change is shown with; the rest are counted. */
#define SHOWN 3

/* Bytes of one change, of a listener with a long name; a longer one is cut. */
#define CHANGE_ROOM 400

struct line {
	char *text;
	size_t size;
	size_t length;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What does not fit is cut. */
static void add(struct line *line, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line->text + line->length, line->size - line->length, format, arguments);
	va_end(arguments);
	if (length > 0)
		line->length += (size_t)length;
	if (line->length >= line->size)
		line->length = line->size - 1;
}

static void add_item(struct line *line, size_t *shown, const char *item)
{
	add(line, "%s%s", *shown == 0 ? "" : ", ", item);
	++*shown;
}

/* "192.0.2.0/24, most of IPv6 and 3 more" */
static void add_networks(struct line *line, const struct networks *networks)
{
	static const char *const most[] = {[ADDRESS_IPV4] = "most of IPv4", [ADDRESS_IPV6] = "most of IPv6"};
	bool whole[ADDRESS_FAMILY_COUNT];
	size_t shown = 0, left = 0;

	for (unsigned family = 0; family < ADDRESS_FAMILY_COUNT; family++) {
		whole[family] = networks_are_most(networks, (enum address_family)family);
		if (whole[family])
			add_item(line, &shown, most[family]);
	}
	for (size_t i = 0; i < networks->count; i++) {
		char text[LIMIT_NETWORK_TEXT];

		if (whole[networks->list[i].base.family])
			continue;
		network_to_text(&networks->list[i], text);
		if (shown < SHOWN)
			add_item(line, &shown, text);
		else
			left++;
	}
	if (left > 0)
		add(line, " and %zu more", left);
}

static const char *listener_name(const struct difference *difference)
{
	const struct listener *listener = difference->listeners[SIDE_NEW];

	if (listener == NULL)
		listener = difference->listeners[SIDE_OLD];
	return listener->name;
}

/* Whether something must hold that the line does not say. */
static bool is_conditional(const struct difference *difference)
{
	const struct clauses *when = &difference->who.when;

	return difference->lookup == LOOKUP_FAILED || (when->count > 0 && when->list[0].count > 0);
}

/* "inbound opens with a login to 192.0.2.0/24 under conditions" */
static void add_difference(struct line *line, const struct difference *difference)
{
	bool shown = difference->who.clients.count > 0;
	const char *login = "";

	if (difference->authenticated)
		login = difference->who.users != NULL ? " with some logins" : " with a login";
	add(line, "%s %s%s%s to ", listener_name(difference), shown ? "" : "perhaps ",
	    difference_opens(difference) > 0 ? "opens" : "closes", login);
	add_networks(line, shown ? &difference->who.clients : &difference->unproved);
	if (is_conditional(difference))
		add(line, " under conditions");
}

/* Whether the line has the item, between semicolons. */
static bool has_item(const struct line *line, const struct line *item)
{
	for (const char *at = line->text; (at = strstr(at, item->text)) != NULL; at++) {
		bool begins = at == line->text || (at - line->text >= 2 && at[-1] == ' ' && at[-2] == ';');

		if (begins && (at[item->length] == '\0' || at[item->length] == ';'))
			return true;
	}
	return false;
}

/* Room that is kept for what says that there is more. */
#define MORE sizeof "; and 18446744073709551615 more"

/* Adds an item that is not there yet; counts it where there is no room. */
static void join(struct line *line, const struct line *item, size_t *left_out)
{
	if (has_item(line, item))
		return;
	if (*left_out > 0 || line->length + 2 + item->length + MORE >= line->size)
		++*left_out;
	else
		add(line, "%s%s", line->length == 0 ? "" : "; ", item->text);
}

/* Whether it changes who may relay: as each side takes the recipient. */
static bool is_of_relay(const struct difference *difference)
{
	int opens = difference_opens(difference);

	return opens != 0 && !difference->besides && difference->relay[opens > 0 ? SIDE_NEW : SIDE_OLD];
}

static void describe(struct line *line, const struct comparison *comparison)
{
	size_t left_out = 0;

	for (size_t i = 0; i < comparison->count; i++) {
		char text[CHANGE_ROOM];
		struct line item = {text, sizeof text, 0};

		if (!is_of_relay(&comparison->list[i]))
			continue;
		add_difference(&item, &comparison->list[i]);
		join(line, &item, &left_out);
	}
	if (left_out > 0)
		add(line, "%sand %zu more", line->length == 0 ? "" : "; ", left_out);
	if (comparison->incomplete)
		add(line, "%snot all could be compared", line->length == 0 ? "" : "; ");
	if (line->length == 0)
		add(line, "unchanged");
}

void change_describe(const struct ruleset *old, const struct ruleset *new, char *ret_text, size_t size)
{
	struct world *world = world_new((const struct ruleset *const[]){old, new}, 2);
	struct comparison *comparison = world != NULL ? compare(world, STAGE_RCPT) : NULL;
	struct line line = {ret_text, size, 0};

	ret_text[0] = '\0';
	if (comparison != NULL)
		describe(&line, comparison);
	else
		add(&line, "not compared: no memory");
	comparison_free(comparison);
	world_free(world);
}
