/*
 * NAME
 *	limits - every bound of the engine, the loader and the daemon, with its reason
 *
 * DESCRIPTION
 *	Numbers that bound work, memory or text stand here and nowhere else.
 *	Where one can be met by an administrator, sallyport.conf(5) names it.
 */
#ifndef POLICY_LIMITS_H
#define POLICY_LIMITS_H

/*
 * Bytes of one fact inside a reply.  RFC 5321 section 4.5.3.1.3 bounds a path
 * by 256 octets; a longer one is cut, so that a client cannot fill the reply.
 */
#define LIMIT_PLACEHOLDER 256

/*
 * Bytes of one line of a reply, code included.  libmilter refuses lines over
 * 980; RFC 5321 section 4.5.3.1.5 asks for 512 with CRLF, which a reply of
 * two long addresses exceeds, and both MTAs pass longer ones.
 */
#define LIMIT_REPLY_LINE 900

/* Lines of one reply: what smfi_setmlreply(3) takes. */
#define LIMIT_REPLY_LINES 32

/* Bytes of a whole rendered reply, lines joined, with the end of the string. */
#define LIMIT_REPLY (LIMIT_REPLY_LINES * (LIMIT_REPLY_LINE + 1))

/*
 * Steps that a regular expression may take on one subject, and how deep it may
 * nest (pcre2_set_match_limit(3), pcre2_set_depth_limit(3)).  Names and
 * addresses are short: an honest expression needs some hundreds.
 */
#define LIMIT_MATCH_STEPS 100000
#define LIMIT_MATCH_DEPTH 1000

/* KiB of heap for one match (pcre2_set_heap_limit(3)). */
#define LIMIT_MATCH_HEAP 1024

/*
 * Samples of a regular expression, and the bytes of one.  An expression that
 * needs more alternatives is better a table; no name (RFC 1035 section 2.3.4) or
 * path (RFC 5321 section 4.5.3.1.3) is longer.
 */
#define LIMIT_SAMPLES 32
#define LIMIT_SAMPLE 256

/*
 * Groups in each other, and bytes, of an expression that samples are made of.
 * Nobody nests as deep by hand; what is longer hardly compiles, as PCRE2 has it
 * in 64 KiB.
 */
#define LIMIT_SAMPLE_DEPTH 64
#define LIMIT_SAMPLE_PATTERN (64u * 1024)

/*
 * Bytes that a session keeps for its texts: room for those of usual length.  More is taken for a
 * message or a recipient that needs it, and given back after it.
 */
#define LIMIT_SESSION_ROOM 480

/*
 * Bytes of a connection that are read ahead: all commands that an MTA sends at once have some
 * hundreds.  And descriptors, by their numbers, of which any are: more are read as ever.
 */
#define LIMIT_READAHEAD 1008
#define LIMIT_READAHEAD_CONNECTIONS 16384

/* Bytes of an IP address or network as text, "0000:...:255.255.255.255/128" with the end of the string. */
#define LIMIT_NETWORK_TEXT 56

/* Files that one rule file may @include, and how deep: a cycle ends here. */
#define LIMIT_INCLUDE_DEPTH 10

/* Bytes of a rule file with all that it includes, and of one table file. */
#define LIMIT_RULE_FILE (16u * 1024 * 1024)
#define LIMIT_TABLE_FILE (1024u * 1024 * 1024)

/* Bytes of one line of a table file: no entry needs more. */
#define LIMIT_TABLE_LINE 4096

/*
 * Expressions of one fact that a proof supposes to be true or not, in every
 * combination, and the combinations that it tries; beyond them "not proved".
 */
#define LIMIT_PROOF_EXPRESSIONS 16
#define LIMIT_PROOF_COMBINATIONS 1000000

/* Decisions that a proof asks for at one listener; beyond them "not proved". */
#define LIMIT_PROOF_DECISIONS 2000000

/*
 * Decisions that are asked for to warn of what makes no difference at the listeners of a
 * file, all together, and as many for who is trusted: a reload waits two seconds for advice.
 */
#define LIMIT_IDLE_DECISIONS 2000000

/*
 * Entries of an access map for Sendmail: a million networks that end where entries do, and as many again
 * for those that do not.
 */
#define LIMIT_ACCESS_MAP 2000000u

/*
 * Bytes of one line of the decision log: a message with 1,000 recipients (as many as Postfix takes)
 * has 2 MiB where each has long addresses and a long reply.
 */
#define LIMIT_LOG_LINE (16u * 1024 * 1024)

/*
 * Records of the decision log that wait for a disk, and their bytes: at a thousand messages a second
 * a minute, and no more memory than a large table takes.
 */
#define LIMIT_WAITING_RECORDS 65536u
#define LIMIT_WAITING_BYTES (256u * 1024 * 1024)

/* Differences of shadow rules that the daemon's log tells in a minute, one by one; the others are counted. */
#define LIMIT_SHADOW_LINES 20u

/* Series of one counter and all its labels: a large rule file has a thousand. */
#define LIMIT_SERIES 10000u

/* Groups of changes that a replay tells apart: more than a pair of rule files has, and nobody reads as many. */
#define LIMIT_REPLAY_GROUPS 1000u

/*
 * Clients, logins, senders and reasons that a report counts apart (3 MB in all): more of them are counted
 * with an error.  And clients and logins that it knows as relaying: a site with more trusts
 * whole networks, where the first time of one of them says little.
 */
#define LIMIT_REPORT_TEXTS 2048
#define LIMIT_REPORT_NEWCOMERS 65536

/* Faults that one check reports; the rest are counted. */
#define LIMIT_DIAGNOSTICS 1000

#endif
