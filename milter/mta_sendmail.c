/*
 * What Sendmail needs to know: what sendmail.mc includes, and the access map.
 */
#include <arpa/inet.h>
#include <string.h>

#include "milter/access_map.h"
#include "milter/comment.h"
#include "milter/mta_settings.h"
#include "policy/limits.h"
#include "policy/ruleset.h"

#define DNL "dnl "
#define MARK "# "

/* Sockets */

/* Sendmail 8.17 connects to no IPv6 address, only to a name that has one. */
static const char name_of_socket[] = "sallyport-milter";

static bool needs_name(const struct endpoint *socket)
{
	const struct in6_addr *address = &socket->address.ipv6.sin6_addr;

	return socket->address.any.sa_family == AF_INET6 && !IN6_IS_ADDR_LOOPBACK(address) &&
	       !IN6_IS_ADDR_UNSPECIFIED(address);
}

static void print_socket(const struct endpoint *socket, FILE *stream)
{
	char host[INET_ADDRSTRLEN];
	struct in_addr address;

	switch (socket->address.any.sa_family) {
	case AF_INET:
		address = socket->address.ipv4.sin_addr;
		if (address.s_addr == INADDR_ANY)
			address.s_addr = htonl(INADDR_LOOPBACK);
		inet_ntop(AF_INET, &address, host, sizeof host);
		fprintf(stream, "inet:%u@%s", ntohs(socket->address.ipv4.sin_port), host);
		return;
	case AF_INET6:
		fprintf(stream, "inet6:%u@%s", ntohs(socket->address.ipv6.sin6_port),
		        needs_name(socket) ? name_of_socket : "localhost");
		return;
	}
	fprintf(stream, "unix:%s", socket->address.local.sun_path);
}

static bool print_milter(const struct mta_settings *settings, FILE *stream)
{
	comment_text(stream, DNL,
	             "\n"
	             "\n"
	             "THE MILTER\n"
	             "\n"
	             "It is the default for every listener of Sendmail, also for one that is added some day. "
	             "F=T: no milter, no mail.  While sallyport is dead or silent, clients are told to try "
	             "again (451).  WITHOUT F=T SENDMAIL TAKES ALL MAIL THEN.\n");
	if (!settings->socket_given)
		comment_text(stream, DNL,
		             "The rule file has no socket: this one must be named when sallyport is started (--socket "
		             "inet:8894@127.0.0.1).\n");
	if (settings->socket.address.any.sa_family == AF_UNIX)
		comment_text(stream, DNL, "No directory above the socket may be writable for others.\n");
	if (needs_name(&settings->socket) &&
	    !comment_print(stream, DNL, 0,
	                   "Sendmail (8.17) connects to no IPv6 address: give that of %s the name %s in "
	                   "/etc/hosts.",
	                   settings->socket.text, name_of_socket))
		return false;
	fputs("INPUT_MAIL_FILTER(`sallyport', `S=", stream);
	print_socket(&settings->socket, stream);
	fputs(", F=T, T=C:10s;S:10s;R:10s;E:30s')dnl\n", stream);
	return true;
}

/* Listeners */

static bool print_service(const struct wall_service *service, FILE *stream)
{
	const struct wall_listener *of = service->of;
	bool ipv6 = !service->bound || service->address.base.family == ADDRESS_IPV6;
	char address[LIMIT_NETWORK_TEXT], port[16] = "PORT";
	const char *modifiers = of->demands_login ? "Ea" : of->offers_login ? "" : "A";
	bool wrapped = service->port == 465;

	if (service->port != 0)
		snprintf(port, sizeof port, "%u", service->port);
	address_to_text(&service->address.base, address);
	if (!mta_print_lack(service, DNL, stream))
		return false;
	fprintf(stream, "%sDAEMON_OPTIONS(`", service->lack == LACK_NOTHING ? "" : DNL);
	if (service->daemon != NULL)
		fprintf(stream, "Name=%s, ", service->lack == LACK_NAME ? "NAME" : service->daemon);
	fprintf(stream, "Family=%s, ", ipv6 ? "inet6" : "inet");
	if (service->lack == LACK_ADDRESS || service->lack == LACK_ROOM)
		fputs("Addr=ADDRESS, ", stream);
	else if (service->bound)
		fprintf(stream, "Addr=%s%s, ", ipv6 ? "IPv6:" : "", address);
	fprintf(stream, "Port=%s", port);
	if (*modifiers != '\0' || wrapped)
		fprintf(stream, ", M=%s%s", modifiers, wrapped ? "s" : "");
	fputs("')\n", stream);
	return true;
}

static bool print_listeners(const struct mta_settings *settings, FILE *stream)
{
	const struct second_wall *wall = settings->wall;
	const struct wall_listener *last = NULL;

	comment_text(stream, DNL,
	             "\n"
	             "\n"
	             "THE LISTENERS\n"
	             "\n"
	             "Name is what a listener of the rules may match by (daemon = ...).  Family inet6: one "
	             "socket for IPv6 and IPv4; on a machine without IPv6 write inet.  M=A: no logins; a: "
	             "nothing without one; E: no ETRN.\n");
	fputs("FEATURE(`no_default_msa')\n", stream);
	for (size_t i = 0; i < wall->service_count; i++) {
		const struct wall_service *service = &wall->services[i];

		if (service->of != last) {
			fputs("dnl\n", stream);
			if (!mta_print_relayers(settings, service->of, DNL, stream))
				return false;
		}
		last = service->of;
		if (!print_service(service, stream))
			return false;
	}
	return true;
}

static bool offers_logins(const struct second_wall *wall)
{
	for (size_t i = 0; i < wall->count; i++)
		if (wall->listeners[i].offers_login && !listener_is_local(wall->listeners[i].listener))
			return true;
	return false;
}

static bool print_local(const struct mta_settings *settings, FILE *stream)
{
	const struct wall_listener *local = settings->wall->local;

	comment_text(stream, DNL,
	             "\n"
	             "Mail that programs submit by sendmail(8) goes through submit.cf to port 25, and comes "
	             "from 127.0.0.1: what judges port 25 judges it, and must let 127.0.0.1 relay.  See that "
	             "/etc/mail/submit.mc says: FEATURE(`msp', `[127.0.0.1]', `25')dnl\n");
	if (local == NULL) {
		comment_text(stream, DNL,
		             "What speaks to \"sendmail -bs\" no listener takes; sallyport puts it off.\n");
		return true;
	}
	if (!listener_is_local(local->listener))
		return true;
	return comment_print(stream, DNL, 2, "Listener %s, %s:%u, judges what speaks to \"sendmail -bs\".",
	                     local->listener->name, local->listener->where.file, local->listener->where.line) &&
	       mta_print_gaps(settings, local, DNL, stream);
}

static void print_logins(const struct mta_settings *settings, FILE *stream)
{
	comment_text(stream, DNL,
	             "\n"
	             "\n"
	             "WHO MAY RELAY, SHOULD THE MILTER BE TAKEN OUT\n"
	             "\n"
	             "The list is the file access, one for all listeners.  Whatever it says, Sendmail relays for "
	             "127.0.0.1, for ::1, and for a client whose address, or verified name, is one of the server's "
	             "own (class w): give the router no such name.  Have beside it no FEATURE(`promiscuous_relay'), "
	             "`relay_entire_domain', "
	             "`relay_local_from', `relay_mail_from', `relay_based_on_MX' or `loose_relay_check', and "
	             "no RELAY_DOMAIN or file relay-domains.\n");
	fputs("ifdef(`_ACCESS_TABLE_', `', `FEATURE(`access_db', `', `skip')')\n", stream);
	if (!offers_logins(settings->wall)) {
		comment_text(stream, DNL,
		             "\n"
		             "No listener has a use for logins.\n");
		return;
	}
	comment_text(stream, DNL,
	             "\n"
	             "p: no password in clear, so that a login takes STARTTLS. y: nor an anonymous one.\n");
	fputs("define(`confAUTH_MECHANISMS', `PLAIN LOGIN')\n", stream);
	fputs("define(`confAUTH_OPTIONS', `A p y')\n", stream);
	if (second_wall_trusts_logins(settings->wall)) {
		comment_text(stream, DNL, "Whoever has logged in by one of these may relay, at every listener.\n");
		fputs("TRUST_AUTH_MECH(`PLAIN LOGIN')\n", stream);
	} else {
		comment_text(stream, DNL, "No login may relay: there is no TRUST_AUTH_MECH.\n");
	}
}

/* Sendmail takes "user\\@outside@ours" for one of ours, and the next server may not. */
static void print_second_at(FILE *stream)
{
	comment_text(
	    stream, DNL,
	    "\n"
	    "user\\@example.com@example.net is of example.net for Sendmail, which takes it, and leads elsewhere "
	    "if the next server reads it otherwise.  So nothing with a second @ is taken.  (Have you a "
	    "Local_check_rcpt?  Then put its rules below these.  Between the two sides of a rule stands a "
	    "tab.)\n");
	fputs("LOCAL_CONFIG\n"
	      "Ktwice regex -a@TWICE @.*@\n"
	      "LOCAL_RULESETS\n"
	      "SLocal_check_rcpt\n"
	      "R$*\t\t$: $(twice $1 $)\n"
	      "R$* @TWICE\t$#error $@ 5.1.3 $: \"553 An address has one @\"\n"
	      "divert(0)dnl\n",
	      stream);
}

static bool print_m4(const struct mta_settings *settings, const struct mta_file *file, FILE *stream)
{
	(void)file;
	if (!comment_print(stream, DNL, 0, "sallyport.m4 for the rules of %s", settings->path))
		return false;
	comment_text(stream, DNL,
	             "\n"
	             "Copy this and the file access to /etc/mail.  In /etc/mail/sendmail.mc take out all lines "
	             "DAEMON_OPTIONS, and before the first line MAILER write\n"
	             "\n"
	             "    include(`/etc/mail/sallyport.m4')dnl\n"
	             "\n"
	             "Then\n"
	             "\n"
	             "    makemap hash /etc/mail/access < /etc/mail/access\n"
	             "    m4 /etc/mail/sendmail.mc > /etc/mail/sendmail.cf\n"
	             "\n"
	             "and start Sendmail again.\n");
	if (!print_milter(settings, stream) || !print_listeners(settings, stream) || !print_local(settings, stream))
		return false;
	print_logins(settings, stream);
	print_second_at(stream);
	return true;
}

/* The access map */

static void write_entry(void *writer, const struct network *network, bool relay)
{
	char text[ACCESS_MAP_TEXT];

	access_map_text(network, text);
	fprintf(writer, "Connect:%s\t%s\n", text, relay ? "RELAY" : "SKIP");
}

static bool print_access(const struct mta_settings *settings, const struct mta_file *file, FILE *stream)
{
	const struct second_wall *wall = settings->wall;

	(void)file;
	if (!comment_print(stream, MARK, 0, "access for the rules of %s: for whom Sendmail relays on its own",
	                   settings->path))
		return false;
	comment_text(stream, MARK,
	             "\n"
	             "    makemap hash /etc/mail/access < /etc/mail/access\n"
	             "\n"
	             "The most specific entry decides; a network ends at a dot, or at a colon: 172.16 is "
	             "172.16.0.0/16.  SKIP: as if the network were not named.  What lies between is made of "
	             "several.  There is one list for all listeners; Sendmail relays more than the rules only where it "
	             "says that only sallyport asks, or refuses:\n"
	             "\n");
	for (size_t i = 0; i < wall->count; i++)
		if (!listener_is_local(wall->listeners[i].listener) &&
		    !mta_print_relayers(settings, &wall->listeners[i], MARK, stream))
			return false;
	fputc('\n', stream);
	access_map_write(&wall->anywhere, write_entry, stream);
	fputc('\n', stream);
	comment_text(stream, MARK,
	             "The domains that mail comes in for are local_domains of the rules; all others are relay. "
	             "Those whose mail stays here stand in local-host-names, those whose mail goes on here, "
	             "without the mark; a domain has all names below it in it:\n"
	             "\n");
	return mta_print_domains(settings, MARK, "To:", " RELAY", stream);
}

static bool files(const struct mta_settings *settings, struct mta_files *files)
{
	(void)settings;
	return mta_files_add(files, "sallyport.m4", NULL, print_m4) &&
	       mta_files_add(files, "access", NULL, print_access);
}

/* Networks that end far from where entries do may take more of them than anybody wants. */
static bool too_many(const struct mta_settings *settings)
{
	size_t count = access_map_count(&settings->wall->anywhere);

	if (count <= LIMIT_ACCESS_MAP)
		return false;
	fprintf(
	    stderr,
	    "sallyport mta: Sendmail's access map would need %zu entries, more than %u: its networks end at an octet, "
	    "or at 16 bits of IPv6; make those of the rules end there\n",
	    count, LIMIT_ACCESS_MAP);
	return true;
}

const struct mta_kind mta_sendmail = {"sendmail", true, files, too_many};
