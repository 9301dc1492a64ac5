/*
 * A text from outside, read as each thing that it could be: an address, a network, a mailbox, a name, a reply code, a
 * socket, a server's reply.  What was read and is written must be read as the same.
 */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

#include "milter/probe_target.h"
#include "milter/smtp_reply.h"
#include "policy/address.h"
#include "policy/limits.h"
#include "policy/mailbox.h"
#include "policy/name.h"
#include "policy/network.h"
#include "policy/reply.h"
#include "rules/endpoint.h"
#include "rules/fault.h"

static void read_address(const char *text)
{
	struct address address;
	struct address again;
	char written[LIMIT_NETWORK_TEXT];

	if (!address_from_text(text, &address))
		return;
	address_to_text(&address, written);
	bytes_claim(address_from_text(written, &again) && address_equal(&address, &again),
	            "an address is read as it was written");
	again = address_from_number(address_to_number(&address), address.family);
	bytes_claim(address_equal(&address, &again), "an address is the number that it is");
}

static void read_network(const char *text)
{
	struct network network;
	struct network again;
	char written[LIMIT_NETWORK_TEXT];
	char repair[LIMIT_NETWORK_TEXT];
	struct address last;

	if (network_read(text, &network, repair) != NETWORK_SOUND) {
		bytes_claim(*repair == '\0' || network_read(repair, &network, written) == NETWORK_SOUND,
		            "what could be written instead is a network");
		return;
	}
	network_to_text(&network, written);
	bytes_claim(network_read(written, &again, repair) == NETWORK_SOUND &&
	                address_equal(&network.base, &again.base) && network.prefix_length == again.prefix_length,
	            "a network is read as it was written");
	last = network_last(&network);
	bytes_claim(address_to_number(&last) >= address_to_number(&network.base), "a network ends after it begins");
}

static void read_mailbox(const char *text)
{
	struct mailbox mailbox;
	char *bare = mailbox_bare(text);
	char *meant;

	bytes_claim(bare != NULL && strlen(bare) <= strlen(text), "angle brackets add nothing");
	if (mailbox_read(text, &mailbox) == MAILBOX_READ) {
		bytes_claim(mailbox.null || mailbox.local != NULL, "a mailbox has a local part");
		bytes_claim(!mailbox.plain || !mailbox.source_route, "a source route is nothing plain");
		bytes_claim(!mailbox.plain || !mailbox_could_route(&mailbox), "what is plain routes nowhere");
		meant = mailbox_meant(&mailbox, bare);
		bytes_claim(meant != NULL, "something is meant");
		free(meant);
		mailbox_destroy(&mailbox);
	}
	free(bare);
}

static void read_name(const char *text)
{
	char *name = NULL;
	char *again = NULL, *folded = NULL;

	if (name_read(text, strlen(text), &name) == NAME_CONVERTED) {
		size_t length = strlen(name);

		bytes_claim((length > 0 && name[length - 1] == '.') || /* a dot is taken at a time */
		                (name_read(name, length, &again) == NAME_CONVERTED && strcmp(name, again) == 0),
		            "a name that was converted stays as it is");
		bytes_claim(!name_is_compared(text) || strcmp(text, name) == 0,
		            "a name in its own form stays as it is");
		if (name_is_plain(text)) {
			char *lower = strdup(text);

			bytes_claim(lower != NULL, "memory");
			name_lower(lower);
			bytes_claim(strcmp(lower, name) == 0, "a plain name only becomes lower case");
			free(lower);
		}
	}
	free(again);
	free(name);
	name = strdup(text);
	bytes_claim(name != NULL && name_fold(name, &folded), "memory");
	free(folded);
	free(name);
}

/* The facts of a reply are the text, too: clients choose them. */
static void read_reply(const char *text, enum verdict verdict, enum stage stage)
{
	struct reply reply;
	struct reply_texts facts;
	char word[16];
	char rendered[LIMIT_REPLY];
	char printed[LIMIT_REPLY + LIMIT_REPLY_LINES * sizeof "550-5.999.999"];

	if (reply_read(text, verdict, stage, &reply, word, sizeof word) != REPLY_SOUND)
		return;
	for (unsigned fact = 0; fact < FACT_COUNT; fact++)
		facts.texts[fact] = text;
	reply_render(&reply, &facts, rendered);
	reply_print(&reply, rendered, printed, sizeof printed);
	bytes_claim(strlen(rendered) < reply_room(&reply) && reply_room(&reply) <= LIMIT_REPLY,
	            "a reply has its bounds");
	for (const char *line = rendered; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		bytes_claim(strcspn(line, "\n") <= LIMIT_REPLY_LINE, "so has each of its lines");
	}
	for (const char *at = rendered; *at != '\0'; at++)
		bytes_claim(*at == '\n' || (*at >= ' ' && *at <= '~'), "a reply is printable");
}

static void read_socket(const char *text)
{
	struct endpoint endpoint;
	struct probe_target target;
	struct probe_address address;
	struct fault fault;

	endpoint_read(text, &endpoint, &fault);
	endpoint_read_web(text, &endpoint, &fault);
	probe_target_read(text, &target);
	probe_address_read(text, &address);
	bytes_claim(!probe_is_mailbox(text) || strchr(text, '@') != NULL, "a mailbox has its sign");
	probe_is_domain(text);
}

static void read_server(const char *text, size_t length)
{
	static struct smtp_reply reply;
	enum smtp_reply_state state = SMTP_REPLY_MORE;

	smtp_reply_begin(&reply);
	for (size_t i = 0; i < length && state == SMTP_REPLY_MORE; i++)
		state = smtp_reply_take(&reply, text[i]);
	bytes_claim(strlen(reply.text) < SMTP_REPLY_TEXT, "a server's reply has its bounds");
	if (state == SMTP_REPLY_DONE) {
		bytes_claim(smtp_reply_class(&reply) >= 2 && smtp_reply_class(&reply) <= 5, "it has a class");
		smtp_reply_has_word(smtp_reply_keyword(&reply, "AUTH"), "PLAIN");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, size};
	unsigned stage = bytes_below(&bytes, STAGE_COUNT);
	unsigned verdict = bytes_below(&bytes, VERDICT_COUNT);
	size_t length = bytes.left;
	char *text = malloc(length + 1);

	bytes_claim(text != NULL, "memory");
	bytes_take(&bytes, text, length);
	text[length] = '\0';
	read_server(text, length);
	read_address(text);
	read_network(text);
	read_mailbox(text);
	read_name(text);
	read_reply(text, (enum verdict)verdict, (enum stage)stage);
	read_socket(text);
	free(text);
	return 0;
}
