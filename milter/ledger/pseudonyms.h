/*
 * NAME
 *	pseudonyms - records that name nobody
 *
 * SYNOPSIS
 *	pseudonyms = pseudonyms_open("/etc/sallyport/decisions.key", &fault);
 *	pseudonyms_apply(pseudonyms, arena, record, &record_without_names);
 *
 * DESCRIPTION
 *	Puts a keyed hash in place of what names a person: the local part of each address,
 *	and the login up to its realm.  Who has no key cannot tell whose it is, nor try
 *	names; the same name, whatever its letter case, has the same hash, so that a record can still be
 *	counted and compared.  A reply keeps its codes alone, as its text may have an
 *	address in it.  The null sender stays what it is.
 *
 *	"#" and 16 hexadecimal digits: the first 64 bits of HMAC-SHA-256 (RFC 2104) of the
 *	name in lower case (of ASCII).
 *
 * THREADS
 *	Any number of threads may apply the same pseudonyms.
 */
#ifndef MILTER_LEDGER_PSEUDONYMS_H
#define MILTER_LEDGER_PSEUDONYMS_H

#include <stdbool.h>

struct arena;
struct fault;
struct pseudonyms;
struct record;

/* Bytes that a key has at least: with fewer the names could be found by trying keys. */
#define PSEUDONYMS_KEY 16

/*
 * Reads the key, which is the content of the file, less line ends behind it.  Returns NULL, with the
 * reason, where it cannot be read, or is too short.
 */
struct pseudonyms *pseudonyms_open(const char *path, struct fault *ret_fault);
void pseudonyms_free(struct pseudonyms *pseudonyms);

/* Writes the record without names; new texts are in the arena.  Returns false, and writes nothing, where there is no
 * memory. */
bool pseudonyms_apply(const struct pseudonyms *pseudonyms, struct arena *arena, const struct record *record,
                      struct record *ret_record);

#endif
