/*
 * NAME
 *	entry - one entry of a table or of a condition's value
 *
 * DESCRIPTION
 *	The grammar of entries: networks, domains, addresses, users and words, as
 *	sallyport.conf(5) lists them; "!" takes out, "@NAME" is a table.
 */
#ifndef RULES_ENTRY_H
#define RULES_ENTRY_H

#include <stdbool.h>

#include "rules/model.h"
#include "rules/reading.h"

/*
 * Reads an entry for a value of the kind.  Returns true and writes *ret_entry,
 * or reports the fault and returns false.
 */
bool entry_read(struct reading *reading, enum value_kind kind, const char *text, struct location where,
                struct entry *ret_entry);

/*
 * The entry as it is printed, without "!": its own text, or that of a network in
 * room, which holds at least LIMIT_NETWORK_TEXT bytes.
 */
const char *entry_text(const struct entry *entry, char *room);

/* Whether two entries are printed alike. */
bool entry_same(const struct entry *one, const struct entry *other);

/* What entries of a kind are called: "networks", "domains" ... */
const char *entry_kind_plural(enum value_kind kind);

#endif
