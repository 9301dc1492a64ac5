/*
 * NAME
 *	letters - the bytes that one place of a regular expression takes
 *
 * DESCRIPTION
 *	Reads the escapes and bracketed classes of PCRE2 (pcre2pattern(3)) as sets of
 *	bytes, and picks one of a set that may well stand in a name.  Of the
 *	properties of Unicode (\p) only ASCII letters, digits, marks and blanks are
 *	told apart, and the others are every byte: this is for guesses that are
 *	checked.
 */
#ifndef POLICY_LETTERS_H
#define POLICY_LETTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/bits.h"

struct letters {
	uint64_t bits[256 / BITS_PER_WORD];
};

/* Sets with one byte, and with every byte but a line's end. */
struct letters letters_of(unsigned char byte);
struct letters letters_any(void);

/* The bytes that are word characters, or those that are not. */
struct letters letters_word(bool is);

/*
 * Reads the escape that begins with the "\" at *at, or the class that begins
 * with the "[" there, and moves *at behind it, at most to end.  "\b" and "\1"
 * are bytes, as they are in a class.
 */
struct letters letters_escape(const char **at, const char *end, bool caseless);
struct letters letters_class(const char **at, const char *end, bool caseless);

/* The set with the other case of each ASCII letter, too. */
struct letters letters_caseless(struct letters letters);

/* The bytes that are in both. */
struct letters letters_and(struct letters one, struct letters other);

/* Whether all lower-case letters are in the set. */
bool letters_wide(const struct letters *letters);

/*
 * The byte of the set that is best in a name: a lower-case letter or a digit,
 * else "-", ".", "_", else something printable; the next one as good for each
 * turn, around again behind the last.  Never byte 0, which no value has: that is
 * returned where nothing else is in the set.
 */
unsigned char letters_pick(const struct letters *letters, unsigned turn);

#endif
