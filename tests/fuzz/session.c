/*
 * Any sequence of an MTA's events and macros, judged by the shipped rules: each answer is the one that explain gives
 * for the same facts, and what comes out of order is never accepted.
 *
 * The facts are chosen first, and then told as an MTA tells them; so that what the adapter makes of the telling can be
 * compared with what was meant.
 */
#include "bytes.h"

#include <arpa/inet.h>
#include <glob.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "milter/adapter.h"
#include "milter/explanation.h"
#include "milter/ledger/counters.h"
#include "milter/ledger/ledger.h"
#include "milter/log.h"
#include "milter/snapshot.h"
#include "policy/limits.h"
#include "policy/needs.h"
#include "rules/diagnostic.h"
#include "rules/load.h"

#define RULE_FILES 16
#define RECIPIENTS 8

/* Words of the shipped rules, and of those who want past them. */
static const char *const words[] = {
    "<alice@example.net>",
    "<bob@example.com>",
    "<>",
    "<@example.net:bob@example.com>",
    "<bob%example.com@example.net>",
    "<example.com!bob@example.net>",
    "<\"bob@example.com\"@example.net>",
    "<postmaster>",
    "<bob@[203.0.113.25]>",
    "<bob@example.com@example.net>",
    "<sales@example.net>",
    "<abuse@example.org>",
    "alice@example.net",
    "bob@example.com",
    "bob",
    "",
    "alice",
    "carol",
    "alice@lab.example",
    "mx.example.net",
    "mail.outside.example",
    "localhost",
    "[203.0.113.10]",
    "unknown",
    "PLAIN",
    "CRAM-MD5",
    "<bob@EXAMPLE.NET.>",
    "<bob@sub.example.net>",
    "dialup-7.provider.example",
    "<root@localhost>",
};

static const char *const daemons[] = {"inbound", "submission", "remote", "local", "outbound", "server", "MTA-v4", ""};

static const char *const addresses[] = {
    "172.16.1.1", "172.16.1.51",    "203.0.113.10", "127.0.0.1", "10.0.0.5",     "192.0.2.25",
    "fd00:1::51", "2001:db8:1::10", "::1",          "fd00:1::1", "198.51.100.7", "172.16.1.11",
};

/* The rules that judge, each with its name. */
static struct snapshots *all_rules[RULE_FILES];
static size_t rule_count;
static struct ledger counted;
static const struct ledger uncounted;

static void load_all(void)
{
	glob_t found;

	bytes_claim(glob(EXAMPLES "/*.conf", 0, NULL, &found) == 0, "there are shipped rules");
	for (size_t i = 0; i < found.gl_pathc && i < RULE_FILES; i++) {
		struct diagnostics *diagnostics = diagnostics_new();
		struct rules *rules = rules_load_unproved(found.gl_pathv[i], diagnostics);

		bytes_claim(rules != NULL, found.gl_pathv[i]);
		all_rules[rule_count++] = snapshots_new(rules, false);
		diagnostics_free(diagnostics);
	}
	globfree(&found);
	counted.counters = counters_new();
}

enum macro {
	DAEMON_NAME,
	DAEMON_PORT,
	IF_ADDRESS,
	DAEMON_ADDRESS,
	CLIENT_RESOLVE,
	MAIL_ADDRESS,
	AUTH_AUTHEN,
	AUTH_TYPE,
	TLS_VERSION,
	CIPHER_BITS,
	RCPT_ADDRESS,
	QUEUE,
};
#define MACROS (QUEUE + 1)

static const char *const macro_names[MACROS] = {
    "{daemon_name}", "{daemon_port}", "{if_addr}",     "{daemon_addr}", "{client_resolve}", "{mail_addr}",
    "{auth_authen}", "{auth_type}",   "{tls_version}", "{cipher_bits}", "{rcpt_addr}",      "i",
};

/* What the MTA means, and what it says; each text has its room. */
struct play {
	struct bytes bytes;
	const struct ruleset *ruleset;
	bool macros_offered;
	const char *macros[MACROS];
	char rooms[MACROS][BYTES_TEXT + 1];
	char host[BYTES_TEXT + 1];
	char helo[BYTES_TEXT + 1];
	char sender[BYTES_TEXT + 1];
	char texts[RECIPIENTS][2][BYTES_TEXT + 1];
	struct scenario meant;
	struct recipient recipients[RECIPIENTS];
	bool connected;
	bool mail_accepted;
	bool rcpt_accepted;
	bool data_accepted;
};

static const char *macro(void *context, const char *name)
{
	const struct play *play = context;

	for (unsigned i = 0; i < MACROS; i++) {
		if (strcmp(name, macro_names[i]) == 0)
			return play->macros[i];
	}
	return NULL;
}

/* As libmilter takes a reply: codes that go together, and lines of a bounded length. */
static bool set_reply(void *context, const char *code, const char *enhanced, const char *const *lines, size_t count)
{
	(void)context;
	bytes_claim(strlen(code) == 3 && (code[0] == '4' || code[0] == '5') && enhanced[0] == code[0],
	            "codes of a reply go together");
	bytes_claim(count >= 1 && count <= LIMIT_REPLY_LINES, "a reply has lines");
	for (size_t i = 0; i < count; i++)
		bytes_claim(strlen(lines[i]) <= 980 && strpbrk(lines[i], "\r\n") == NULL, "libmilter takes each");
	return true;
}

static const char *text(struct play *play, char *room)
{
	return bytes_text(&play->bytes, words, sizeof words / sizeof *words, room);
}

static const char *say(struct play *play, enum macro which)
{
	play->macros[which] = text(play, play->rooms[which]);
	return play->macros[which];
}

/* An address of IP that a client, or the server, could have. */
static struct address some_address(struct play *play)
{
	struct address address;
	uint8_t raw[16];
	unsigned choice = bytes_byte(&play->bytes);

	if (choice < 200) {
		bytes_claim(address_from_text(addresses[choice % (sizeof addresses / sizeof *addresses)], &address),
		            "an address");
		return address;
	}
	bytes_take(&play->bytes, raw, choice < 228 ? 4 : 16);
	return choice < 228 ? address_from_ipv4(raw) : address_from_ipv6(raw);
}

static void say_local_address(struct play *play)
{
	struct connection *meant = &play->meant.connection;
	unsigned choice = bytes_below(&play->bytes, 4);
	enum macro which = choice == 1 ? IF_ADDRESS : DAEMON_ADDRESS;
	char *room = play->rooms[which];
	struct address address;

	play->macros[IF_ADDRESS] = NULL;
	play->macros[DAEMON_ADDRESS] = NULL;
	if (choice == 0)
		return;
	address = some_address(play);
	strcpy(room, choice == 3 && address.family == ADDRESS_IPV6 ? "IPv6:" : "");
	address_to_text(&address, room + strlen(room));
	play->macros[which] = room;
	if (!meant->has_client || meant->local || !play->macros_offered)
		return;
	meant->has_local_address = true;
	meant->local_address = address_to_number(&address) == 0 ? address_loopback(meant->client.family) : address;
}

static void say_daemon(struct play *play)
{
	struct connection *meant = &play->meant.connection;
	unsigned port = bytes_number(&play->bytes);
	static const unsigned ports[] = {25, 587, 60025, 465};

	play->macros[DAEMON_NAME] =
	    bytes_text(&play->bytes, daemons, sizeof daemons / sizeof *daemons, play->rooms[DAEMON_NAME]);
	if (port < 1024)
		port = ports[port % 4];
	sprintf(play->rooms[DAEMON_PORT], "%u", port);
	play->macros[DAEMON_PORT] = play->rooms[DAEMON_PORT];
	if (!play->macros_offered)
		return;
	meant->daemon = *play->macros[DAEMON_NAME] != '\0' ? play->macros[DAEMON_NAME] : NULL;
	meant->port = port;
}

static void say_client_name(struct play *play, const char *host)
{
	static const char *const answers[] = {"OK", "FAIL", "TEMP", "FORGED", NULL, ""};
	struct connection *meant = &play->meant.connection;
	const char *answer = answers[bytes_below(&play->bytes, 6)];

	play->macros[CLIENT_RESOLVE] = answer;
	meant->client_name = host;
	meant->client_name_state = CLIENT_NAME_NONE;
	if (!play->macros_offered || answer == NULL)
		return;
	if (strcmp(answer, "TEMP") == 0)
		meant->client_name_state = CLIENT_NAME_UNAVAILABLE;
	else if (strcmp(answer, "OK") == 0 && host != NULL && *host != '\0' && *host != '[')
		meant->client_name_state = CLIENT_NAME_VERIFIED;
}

static void forget_message(struct play *play)
{
	play->mail_accepted = false;
	play->rcpt_accepted = false;
	play->data_accepted = false;
	play->meant.recipient_count = 0;
}

static void connect_client(struct play *play, struct adapter *adapter)
{
	struct connection *meant = &play->meant.connection;
	struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(40000)};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(40000)};
	const struct sockaddr *peer = NULL;
	const char *host = text(play, play->host);
	unsigned choice = bytes_below(&play->bytes, 16);

	*meant = (struct connection){.no_macros = !play->macros_offered};
	if (choice > 0) {
		meant->client = some_address(play);
		meant->has_client = true;
		peer = meant->client.family == ADDRESS_IPV4 ? (const struct sockaddr *)&ipv4
		                                            : (const struct sockaddr *)&ipv6;
		memcpy(&ipv4.sin_addr, meant->client.bytes, 4);
		memcpy(&ipv6.sin6_addr, meant->client.bytes, 16);
	} else {
		meant->local = play->macros_offered && strcasecmp(host, "localhost") == 0;
	}
	say_daemon(play);
	say_client_name(play, host);
	say_local_address(play);
	play->meant.helo = NULL;
	play->connected = true;
	forget_message(play);
	adapter_connect(adapter, host, peer);
}

static void greet(struct play *play, struct adapter *adapter)
{
	const char *helo = text(play, play->helo);

	adapter_helo(adapter, helo);
	if (play->connected)
		play->meant.helo = helo;
	forget_message(play);
}

/* What explain says of the facts, with these recipients; at a stage that the session does not reach, of the last. */
static enum verdict explained(const struct play *play, const struct recipient *recipients, size_t count,
                              enum stage stage)
{
	struct scenario scenario = play->meant;
	struct explanation explanation;
	enum verdict verdict;

	scenario.recipients = recipients;
	scenario.recipient_count = count;
	bytes_claim(explanation_judge(play->ruleset, &scenario, &explanation), "memory");
	verdict = explanation.steps[explanation.count - 1].verdict;
	for (size_t i = 0; i < explanation.count; i++) {
		if (explanation.steps[i].stage == stage)
			verdict = explanation.steps[i].verdict;
	}
	explanation_destroy(&explanation);
	return verdict;
}

static void say_envelope(struct play *play, char *ret_size, const char **ret_arguments)
{
	struct envelope *meant = &play->meant.envelope;
	unsigned flags = bytes_byte(&play->bytes);

	memset(play->macros + MAIL_ADDRESS, 0, sizeof play->macros - MAIL_ADDRESS * sizeof *play->macros);
	*meant = (struct envelope){.sender = text(play, play->sender)};
	ret_arguments[0] = meant->sender;
	if (flags & 1)
		meant->reading = say(play, MAIL_ADDRESS);
	if (flags & 2)
		meant->user = say(play, AUTH_AUTHEN);
	if (flags & 4 && *say(play, AUTH_TYPE) != '\0' && meant->user != NULL)
		meant->mechanism = play->macros[AUTH_TYPE]; /* there is none without a login */
	if (flags & 8) {
		play->macros[TLS_VERSION] = "TLSv1.3";
		meant->tls_bits = 1 + bytes_number(&play->bytes) % 512;
		sprintf(play->rooms[CIPHER_BITS], "%u", meant->tls_bits);
		play->macros[CIPHER_BITS] = play->rooms[CIPHER_BITS];
	}
	if (flags & 16) {
		meant->size_declared = true;
		meant->size = (uint64_t)bytes_number(&play->bytes) << bytes_below(&play->bytes, 40);
		sprintf(ret_size, "size=%llu", (unsigned long long)meant->size);
		ret_arguments[1] = ret_size;
	}
	if (flags & 32)
		play->macros[QUEUE] = "4B1z9K0Qw3z1";
}

static void begin_message(struct play *play, struct adapter *adapter)
{
	const char *arguments[3] = {NULL};
	char size[64];
	enum answer answer;

	say_envelope(play, size, arguments);
	answer = adapter_mail(adapter, (char *const *)arguments);
	forget_message(play);
	if (!play->connected) {
		bytes_claim(answer == ANSWER_TEMPFAIL, "MAIL without a connection is put off");
		return;
	}
	bytes_claim(answer == answer_from_verdict(explained(play, NULL, 0, STAGE_MAIL)),
	            "MAIL is answered as explained");
	play->mail_accepted = answer == ANSWER_CONTINUE;
}

static void name_recipient(struct play *play, struct adapter *adapter)
{
	size_t at = play->meant.recipient_count;
	struct recipient *meant = &play->recipients[at < RECIPIENTS ? at : 0];
	const char *arguments[2] = {NULL};
	enum answer answer;

	if (at == RECIPIENTS)
		return;
	arguments[0] = text(play, play->texts[at][0]);
	meant->address = arguments[0];
	meant->resolved = NULL;
	play->macros[RCPT_ADDRESS] = NULL;
	if (bytes_byte(&play->bytes) & 1) {
		play->macros[RCPT_ADDRESS] = text(play, play->texts[at][1]);
		meant->resolved = *play->macros[RCPT_ADDRESS] != '\0' ? play->macros[RCPT_ADDRESS] : NULL;
	}
	meant->reading = meant->resolved;
	answer = adapter_rcpt(adapter, (char *const *)arguments);
	if (!play->connected || !play->mail_accepted) {
		bytes_claim(answer == ANSWER_TEMPFAIL, "RCPT without an accepted MAIL is put off");
		return;
	}
	bytes_claim(answer == answer_from_verdict(explained(play, meant, 1, STAGE_RCPT)),
	            "RCPT is answered as explained");
	play->meant.recipient_count = at + 1;
	play->rcpt_accepted |= answer == ANSWER_CONTINUE;
}

/* DATA, or the message's end, where that is where it is judged. */
static void judge_message(struct play *play, enum answer answer)
{
	bool accepted = answer == ANSWER_CONTINUE || answer == ANSWER_ACCEPT;

	if (!play->connected || !play->mail_accepted || !play->rcpt_accepted) {
		bytes_claim(answer == ANSWER_TEMPFAIL, "DATA without an accepted recipient is put off");
		return;
	}
	bytes_claim(accepted ==
	                (explained(play, play->recipients, play->meant.recipient_count, STAGE_DATA) == VERDICT_ACCEPT),
	            "DATA is answered as explained");
	if (answer == ANSWER_ACCEPT)
		forget_message(play);
	play->data_accepted = answer == ANSWER_CONTINUE;
}

static void end_message(struct play *play, struct adapter *adapter)
{
	bool judged = play->data_accepted;
	enum answer answer = adapter_message_end(adapter);

	if (judged)
		bytes_claim(answer == ANSWER_ACCEPT, "what was accepted at DATA stays so");
	else
		judge_message(play, answer);
	adapter_abort(adapter);
	forget_message(play);
}

static void play_event(struct play *play, struct adapter *adapter)
{
	switch (bytes_below(&play->bytes, 12)) {
	case 0:
		connect_client(play, adapter);
		break;
	case 1:
	case 2:
		greet(play, adapter);
		break;
	case 3:
	case 4:
		begin_message(play, adapter);
		break;
	case 8:
		judge_message(play, adapter_data(adapter));
		break;
	case 9:
		end_message(play, adapter);
		break;
	case 10:
		adapter_abort(adapter);
		forget_message(play);
		break;
	default:
		name_recipient(play, adapter);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct play play;
	const struct mta mta = {.macro = macro, .set_reply = set_reply, .context = &play};
	const struct snapshot *snapshot;
	struct snapshots *snapshots;
	struct adapter *adapter;
	unsigned flags;

	if (rule_count == 0)
		load_all();
	play = (struct play){.bytes = {data, size}};
	snapshots = all_rules[bytes_below(&play.bytes, (unsigned)rule_count)];
	flags = bytes_byte(&play.bytes);
	play.macros_offered = flags % 16 != 15;
	snapshot = snapshot_acquire(snapshots);
	play.ruleset = snapshot->rules->ruleset;
	adapter = adapter_new(snapshots, flags & 16 ? &counted : &uncounted, &mta, play.macros_offered);
	bytes_claim(adapter != NULL, "memory");
	if (flags & 32)
		connect_client(&play, adapter);
	while (play.bytes.left > 0)
		play_event(&play, adapter);
	adapter_free(adapter);
	snapshot_release(snapshot);
	return 0;
}
