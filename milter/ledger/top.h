/*
 * NAME
 *	top - what comes most often, counted in memory that does not grow
 *
 * DESCRIPTION
 *	Counts texts exactly while there are no more of them than it has room for.  Beyond that it
 *	is Space-Saving (A. Metwally, D. Agrawal, A. El Abbadi: "Efficient Computation of
 *	Frequent and Top-k Elements in Data Streams", ICDT 2005): a text that is not there takes
 *	the place of the one counted least, and its count.  Then a count may be too high, by at
 *	most its error, never too low; and of n counted in all, every text that came more than
 *	n / capacity times is there.  What is kept besides a count begins where the text came in: it
 *	may be too low, by no more than the error (of what is counted one by one).
 *
 *	A text is compared by its first TOP_TEXT - 1 bytes.  Counting takes a step or two, and at
 *	worst, with texts made for it, a walk through all that are there.
 */
#ifndef MILTER_LEDGER_TOP_H
#define MILTER_LEDGER_TOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a text with its end: a mailbox (RFC 5321 section 4.5.3.1) and somewhat more. */
#define TOP_TEXT 384

/* What is kept besides a count. */
#define TOP_EXTRAS 4

struct top;

struct top_entry {
	char text[TOP_TEXT]; /* whole characters, where it is UTF-8 */
	uint64_t count;
	uint64_t error;
	uint64_t extras[TOP_EXTRAS]; /* the caller's */
};

/* Returns NULL where there is no memory. */
struct top *top_new(size_t capacity);
void top_free(struct top *top);

/* Counts the text once more; what is returned is valid until the next call. */
struct top_entry *top_count(struct top *top, const char *text);

/* How many texts there are; at most the capacity. */
size_t top_size(const struct top *top);

/* Whether every count is exact. */
bool top_exact(const struct top *top);

/*
 * Sorts the first of them into ret_entries, which has room for most: by count, then by text.
 * Returns how many those are.  They are valid until the next count.
 */
size_t top_list(const struct top *top, size_t most, const struct top_entry **ret_entries);

/* Copies a text, cut to TOP_TEXT - 1 bytes between two characters. */
void top_cut(const char *text, char *ret_text);

#endif
