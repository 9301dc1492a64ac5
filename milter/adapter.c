#include "milter/adapter.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "milter/ledger/account.h"
#include "milter/ledger/counters.h"
#include "milter/ledger/ledger.h"
#include "milter/log.h"
#include "milter/macros.h"
#include "milter/moment.h"
#include "milter/refusal.h"
#include "milter/sentry.h"
#include "milter/snapshot.h"
#include "policy/limits.h"
#include "policy/mailbox.h"
#include "policy/ruleset.h"
#include "policy/session.h"
#include "rules/load.h"

/* Bytes of a session's id with the end of the string: two numbers of 64 bits in base 36, and a dash. */
#define SESSION_ID 32

struct adapter {
	struct mta mta;
	bool macros_offered;
	char id[SESSION_ID];
	const struct snapshot *snapshot;
	struct session *session; /* NULL before the connect event */
	const struct ledger *ledger;
	struct account *account; /* of the session, for the ledger; NULL where nothing is written down */
	struct sentry_client client;
	bool counted;       /* among the sessions that go on */
	bool greeted;       /* HELO came, or was judged without one */
	bool data_accepted; /* of the message at hand, which has not ended */
};

static char *base36(uint64_t number, char *end)
{
	do {
		*--end = "0123456789abcdefghijklmnopqrstuvwxyz"[number % 36];
		number /= 36;
	} while (number > 0);
	return end;
}

static uint64_t first_session; /* when it came, in milliseconds */

static void note_first_session(void)
{
	first_session = moment_now();
}

/* Makes an id that no other session of this machine has, before a restart or after it: "mfe8x2k1-3f". */
static void make_id(char *ret_id)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static atomic_uint_fast64_t sessions;
	char digits[SESSION_ID] = "";
	char *start;

	pthread_once(&once, note_first_session);
	start = base36(atomic_fetch_add(&sessions, 1) + 1, digits + sizeof digits - 1);
	*--start = '-';
	strcpy(ret_id, base36(first_session, start));
}

struct adapter *adapter_new(struct snapshots *snapshots, const struct ledger *ledger, const struct mta *mta,
                            bool macros_offered)
{
	struct adapter *adapter = malloc(sizeof *adapter);

	if (adapter == NULL)
		return NULL;
	*adapter = (struct adapter){
	    .mta = *mta,
	    .ledger = ledger,
	    .macros_offered = macros_offered,
	    .snapshot = snapshot_acquire(snapshots),
	};
	make_id(adapter->id);
	return adapter;
}

static void count_session(struct adapter *adapter)
{
	const struct listener *listener = session_listener(adapter->session);

	adapter->counted = adapter->ledger->counters != NULL;
	if (adapter->counted)
		counters_session(adapter->ledger->counters, listener != NULL ? listener->name : NULL,
		                 listener != NULL ? listener->direction : DIRECTION_INBOUND);
}

static void count_session_end(struct adapter *adapter)
{
	if (adapter->counted)
		counters_session_end(adapter->ledger->counters);
	adapter->counted = false;
}

void adapter_free(struct adapter *adapter)
{
	if (adapter == NULL)
		return;
	account_free(adapter->account);
	count_session_end(adapter);
	session_free(adapter->session);
	snapshot_release(adapter->snapshot);
	free(adapter);
}

const struct needs *adapter_needs(const struct adapter *adapter)
{
	return &adapter->snapshot->needs;
}

/* Nanoseconds on a clock that only goes on; 0 where nobody wants to know. */
static uint64_t clock_of(const struct adapter *adapter)
{
	struct timespec now;

	if (adapter->account == NULL)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* What an event is refused with, and what is known of it where it is. */
struct refused {
	const struct decision *decision;
	const struct account_recipient *recipient; /* NULL but at rcpt */
	const char *reading;
	const char *queue;
};

/* Sets the reply of a refusal, logs it, and has it written down; the reply is written into both, which have room. */
static enum answer refuse_in(struct adapter *adapter, const struct refused *refused, char *rendered, char *reply,
                             size_t reply_size)
{
	static const struct reply_texts nothing_known;
	const struct decision *decision = refused->decision;
	const struct account_recipient *recipient = refused->recipient;

	reply_render(decision->reply, adapter->session != NULL ? session_texts(adapter->session) : &nothing_known,
	             rendered);
	reply_print(decision->reply, rendered, reply, reply_size);
	refusal_log(&(struct refusal){
	    .id = adapter->id,
	    .session = adapter->session,
	    .decision = decision,
	    .recipient = recipient != NULL ? recipient->address : NULL,
	    .reading = refused->reading,
	    .queue = refused->queue,
	    .reply = reply,
	});
	account_judged(adapter->account, decision, recipient, reply);
	if (!answer_set_reply(&adapter->mta, decision->verdict, decision->reply, rendered))
		log_error(log_fields(log_word("session", adapter->id)),
		          "the reply cannot be given as it is, the MTA answers in its own words");
	return answer_from_verdict(decision->verdict);
}

/* Bytes that the codes of a reply take beside its text. */
#define CODES (LIMIT_REPLY_LINES * sizeof "550-5.999.999")

/* The same, with room for the longest of replies. */
__attribute__((noinline)) static enum answer refuse_at_length(struct adapter *adapter, const struct refused *refused)
{
	char rendered[LIMIT_REPLY];
	char reply[LIMIT_REPLY + CODES];

	return refuse_in(adapter, refused, rendered, reply, sizeof reply);
}

/*
 * The same.  The C library gives back what a thread that ends had of its stack beyond some KiB, and libmilter's
 * threads come and go: a usual reply takes no page that would have to be had again.
 */
static enum answer refuse(struct adapter *adapter, const struct refused *refused)
{
	char rendered[1024];
	char reply[sizeof rendered + CODES];

	if (reply_room(refused->decision->reply) > sizeof rendered)
		return refuse_at_length(adapter, refused);
	return refuse_in(adapter, refused, rendered, reply, sizeof reply);
}

static enum answer out_of_order(struct adapter *adapter, enum stage stage)
{
	struct decision decision = decide_without_rules(stage, CAUSE_INTERNAL);

	log_error(log_fields(log_word("session", adapter->id)),
	          "%s came without a connect event that was judged: the session cannot be judged", stage_name(stage));
	return refuse(adapter, &(struct refused){.decision = &decision, .queue = macros_queue(&adapter->mta)});
}

/* Mail submitted on the machine itself: LOCAL MAIL in the header. */
static bool submitted_here(const struct adapter *adapter, const char *host, const struct sockaddr *peer)
{
	const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)peer;

	if (host == NULL || strcasecmp(host, "localhost") != 0)
		return false;
	if (peer == NULL)
		return true;
	return peer->sa_family == AF_INET && ipv4->sin_port == 0 && ipv4->sin_addr.s_addr == htonl(INADDR_LOOPBACK) &&
	       macros_port(&adapter->mta) == 0 && macros_queue(&adapter->mta) != NULL;
}

/* The client's address; returns false, and writes nothing, where the MTA gave none of IP. */
static bool peer_address(const struct sockaddr *peer, struct address *ret_address)
{
	if (peer == NULL)
		return false;
	switch (peer->sa_family) {
	case AF_INET:
		*ret_address = address_from_ipv4((const uint8_t *)&((const struct sockaddr_in *)peer)->sin_addr);
		return true;
	case AF_INET6:
		*ret_address = address_from_ipv6(((const struct sockaddr_in6 *)peer)->sin6_addr.s6_addr);
		return true;
	default:
		return false;
	}
}

static void take_connection(const struct adapter *adapter, const char *host, const struct sockaddr *peer,
                            struct connection *ret_connection)
{
	const struct mta *mta = &adapter->mta;
	struct connection connection = {.no_macros = !adapter->macros_offered};

	if (adapter->macros_offered) {
		connection.daemon = macros_daemon(mta);
		connection.port = macros_port(mta);
		connection.local = submitted_here(adapter, host, peer);
		connection.client_name_state = macros_client_name(mta, host);
		connection.client_name = host;
	} else {
		connection.client_name_state = CLIENT_NAME_NONE;
	}
	connection.has_client = peer_address(peer, &connection.client);
	if (adapter->macros_offered && connection.has_client && !connection.local)
		connection.has_local_address = macros_local_address(mta, &connection.client, &connection.local_address);
	*ret_connection = connection;
}

static void log_no_listener(const struct adapter *adapter, const struct connection *connection)
{
	char address[LIMIT_NETWORK_TEXT] = "";

	if (connection->has_local_address)
		address_to_text(&connection->local_address, address);
	log_warning(log_fields(log_word("session", adapter->id), log_quoted("daemon", connection->daemon),
	                       log_word("address", connection->has_local_address ? address : NULL),
	                       log_number("port", connection->port),
	                       log_word("local", connection->local ? "yes" : "no")),
	            "no listener of the rule file matches this connection: every MAIL is refused for now");
}

void adapter_connect(struct adapter *adapter, const char *host, const struct sockaddr *peer)
{
	struct connection connection;
	struct decision decision;
	uint64_t began;

	account_free(adapter->account);
	count_session_end(adapter);
	adapter->account = account_new(adapter->ledger, &(struct origin){
	                                                    .session = adapter->id,
	                                                    .snapshot = adapter->snapshot,
	                                                });
	adapter->greeted = false;
	adapter->client = (struct sentry_client){.known = false};
	session_free(adapter->session);
	adapter->session = session_new(adapter->snapshot->rules->ruleset);
	if (adapter->session == NULL) {
		log_error(log_fields(log_word("session", adapter->id)), "no memory for a session");
		if (adapter->account != NULL)
			ledger_lose(adapter->ledger, adapter->snapshot);
		return;
	}
	take_connection(adapter, host, peer, &connection);
	began = clock_of(adapter);
	decision = session_connect(adapter->session, &connection);
	account_spent(adapter->account, clock_of(adapter) - began);
	sentry_connect(&adapter->client, adapter->snapshot->rules, adapter->session, &connection);
	account_connect(adapter->account, &connection, session_listener(adapter->session), &decision);
	count_session(adapter);
	if (decision.cause == CAUSE_NO_LISTENER)
		log_no_listener(adapter, &connection);
	if (decision.cause == CAUSE_NO_MACROS)
		log_error(log_fields(log_word("session", adapter->id)),
		          "the MTA does not let us ask for its macros (SMFIF_SETSYMLIST): "
		          "every MAIL is refused for now");
}

void adapter_helo(struct adapter *adapter, const char *helo)
{
	struct decision decision;
	uint64_t began = clock_of(adapter);

	if (adapter->session == NULL)
		return;
	decision = session_helo(adapter->session, helo);
	account_spent(adapter->account, clock_of(adapter) - began);
	account_helo(adapter->account, helo, &decision);
	adapter->greeted = true;
}

/*
 * The size declared by a parameter of MAIL (RFC 1870), where it is one: more than
 * fits is as large as fits, and what is not a number declares nothing.
 */
static void take_size(const char *parameter, struct envelope *envelope)
{
	static const char keyword[] = "SIZE=";
	const char *digits = parameter + strlen(keyword);
	uint64_t size = 0;

	if (strncasecmp(parameter, keyword, strlen(keyword)) != 0)
		return;
	if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return;
	for (; *digits != '\0'; digits++) {
		unsigned digit = (unsigned)(*digits - '0');

		size = size > (UINT64_MAX - digit) / 10 ? UINT64_MAX : size * 10 + digit;
		if (size == UINT64_MAX)
			break;
	}
	envelope->size_declared = true;
	envelope->size = size;
}

enum answer adapter_mail(struct adapter *adapter, char *const *arguments)
{
	const struct mta *mta = &adapter->mta;
	const char *user = macros_user(mta);
	struct envelope envelope = {
	    .sender = arguments[0],
	    .reading = macros_resolved_sender(mta),
	    .user = user,
	    .mechanism = user != NULL ? macros_mechanism(mta) : NULL, /* to ask for a macro is a walk through all */
	    .tls_bits = macros_tls_bits(mta),
	};
	struct decision decision;
	const char *reading;
	uint64_t began;

	adapter->data_accepted = false;
	if (adapter->session == NULL || envelope.sender == NULL)
		return out_of_order(adapter, STAGE_MAIL);
	for (char *const *parameter = arguments + 1; *parameter != NULL; parameter++)
		take_size(*parameter, &envelope);
	if (!adapter->greeted)
		adapter_helo(adapter, NULL);
	began = clock_of(adapter);
	decision = session_mail(adapter->session, &envelope);
	reading = session_read_twice(adapter->session, FACT_SENDER) ? envelope.reading : NULL;
	account_mail(adapter->account, &envelope, session_texts(adapter->session)->texts[FACT_SENDER], reading);
	sentry_mail(adapter->ledger->sentry, &adapter->client, adapter->session);
	account_trust(adapter->account, adapter->client.trusted, adapter->client.outside);
	account_spent(adapter->account, clock_of(adapter) - began);
	if (decision.verdict != VERDICT_ACCEPT)
		return refuse(
		    adapter,
		    &(struct refused){.decision = &decision, .reading = envelope.reading, .queue = macros_queue(mta)});
	account_judged(adapter->account, &decision, NULL, NULL);
	return ANSWER_CONTINUE;
}

/* Whether what the MTA has made of the recipient is something else; NULL is nothing. */
static bool differs(const char *resolved, const char *recipient)
{
	return resolved != NULL && (recipient == NULL || strcmp(resolved, recipient) != 0);
}

enum answer adapter_rcpt(struct adapter *adapter, char *const *arguments)
{
	struct account_recipient recipient;
	struct decision decision;
	const char *resolved, *queue;
	enum answer answer = ANSWER_CONTINUE;
	uint64_t began = clock_of(adapter);
	char *bare;

	if (adapter->session == NULL || arguments[0] == NULL)
		return out_of_order(adapter, STAGE_RCPT);
	resolved = macros_resolved(&adapter->mta);
	decision = session_rcpt_read(adapter->session, arguments[0], resolved, resolved);
	if (decision.verdict == VERDICT_ACCEPT &&
	    sentry_refuses(adapter->ledger->sentry, &adapter->client, adapter->session)) {
		decision = decide_without_rules(STAGE_RCPT, CAUSE_NAT_WATCH);
		session_rcpt_withdrawn(adapter->session);
	}
	account_spent(adapter->account, clock_of(adapter) - began);
	if (decision.verdict == VERDICT_ACCEPT && adapter->account == NULL)
		return ANSWER_CONTINUE;
	bare = mailbox_bare(arguments[0]);
	recipient = (struct account_recipient){
	    .address = bare,
	    .resolved = differs(resolved, bare) ? resolved : NULL,
	    .reading = session_read_twice(adapter->session, FACT_RECIPIENT) ? resolved : NULL,
	    .relay = session_relay(adapter->session),
	};
	queue = macros_queue(&adapter->mta);
	account_queue(adapter->account, queue);
	if (decision.verdict == VERDICT_ACCEPT)
		account_judged(adapter->account, &decision, &recipient, NULL);
	else
		answer = refuse(adapter, &(struct refused){&decision, &recipient, resolved, queue});
	free(bare);
	return answer;
}

/* Ends the message at hand. */
static void reset(struct adapter *adapter)
{
	session_reset(adapter->session);
	account_end(adapter->account);
	adapter->data_accepted = false;
}

enum answer adapter_data(struct adapter *adapter)
{
	struct decision decision;
	const char *queue;
	uint64_t began = clock_of(adapter);

	if (adapter->session == NULL)
		return out_of_order(adapter, STAGE_DATA);
	decision = session_data(adapter->session);
	account_spent(adapter->account, clock_of(adapter) - began);
	queue = macros_queue(&adapter->mta);
	account_queue(adapter->account, queue);
	if (decision.verdict != VERDICT_ACCEPT)
		return refuse(adapter, &(struct refused){.decision = &decision, .queue = queue});
	account_judged(adapter->account, &decision, NULL, NULL);
	if (adapter->snapshot->needs.message_end) {
		adapter->data_accepted = true;
		return ANSWER_CONTINUE;
	}
	reset(adapter);
	return ANSWER_ACCEPT;
}

enum answer adapter_message_end(struct adapter *adapter)
{
	enum answer answer = adapter->data_accepted ? ANSWER_CONTINUE : adapter_data(adapter);

	if (answer != ANSWER_CONTINUE)
		return answer;
	account_queue(adapter->account, macros_queue(&adapter->mta));
	account_message_end(adapter->account);
	reset(adapter);
	return ANSWER_ACCEPT;
}

void adapter_abort(struct adapter *adapter)
{
	if (adapter->session != NULL)
		reset(adapter);
}
