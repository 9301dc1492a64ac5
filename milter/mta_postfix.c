/*
 * What Postfix needs to know: main.cf, master.cf, and a table for each long list of networks.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "milter/comment.h"
#include "milter/mta_settings.h"
#include "policy/limits.h"
#include "policy/network.h"
#include "policy/ruleset.h"
#include "rules/piece.h"

#define MARK "# "

/* A longer list of networks is a table of its own. */
#define NETWORKS_IN_LINE 48

/* Where Debian has Postfix chrooted. */
static const char queue_directory[] = "/var/spool/postfix/";

/* Sockets */

static void print_socket(const struct endpoint *socket, FILE *stream)
{
	char host[INET6_ADDRSTRLEN];
	const char *path;

	switch (socket->address.any.sa_family) {
	case AF_INET: {
		struct in_addr address = socket->address.ipv4.sin_addr;

		if (address.s_addr == INADDR_ANY)
			address.s_addr = htonl(INADDR_LOOPBACK);
		inet_ntop(AF_INET, &address, host, sizeof host);
		fprintf(stream, "inet:%s:%u", host, ntohs(socket->address.ipv4.sin_port));
		return;
	}
	case AF_INET6: {
		struct in6_addr address = socket->address.ipv6.sin6_addr;

		if (IN6_IS_ADDR_UNSPECIFIED(&address))
			address = in6addr_loopback;
		inet_ntop(AF_INET6, &address, host, sizeof host);
		fprintf(stream, "inet:[%s]:%u", host, ntohs(socket->address.ipv6.sin6_port));
		return;
	}
	}
	path = socket->address.local.sun_path;
	if (strncmp(path, queue_directory, strlen(queue_directory)) == 0)
		path += strlen(queue_directory);
	fprintf(stream, "unix:%s", path);
}

static void print_socket_comment(const struct mta_settings *settings, FILE *stream)
{
	const struct endpoint *socket = &settings->socket;

	if (!settings->socket_given)
		comment_text(stream, MARK,
		             "The rule file has no socket: this one must be named when sallyport is started (--socket "
		             "inet:8894@127.0.0.1).\n");
	if (socket->address.any.sa_family != AF_UNIX)
		return;
	if (strncmp(socket->address.local.sun_path, queue_directory, strlen(queue_directory)) == 0)
		comment_text(stream, MARK,
		             "Postfix looks for the socket from its queue directory, in a chroot and outside: so there "
		             "is no slash in front.\n");
	else
		comment_text(stream, MARK,
		             "A chrooted service (\"y\" in master.cf) does not find this socket: there, it must lie "
		             "below /var/spool/postfix.\n");
}

/* Lists of networks */

/* A name for parameters and files. */
static void print_name(const struct mta_settings *settings, const struct wall_listener *of, FILE *stream)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	const char *name = of->listener->name;

	if (name[strspn(name, plain)] == '\0')
		fprintf(stream, "sallyport_%s", name);
	else
		fprintf(stream, "sallyport%zu", (size_t)(of - settings->wall->listeners) + 1);
}

/* The same as a text: malloc(3) memory, or NULL where there is none. */
static char *name_of(const struct mta_settings *settings, const struct wall_listener *of, const char *behind)
{
	struct piece piece;

	if (!piece_open(&piece))
		return NULL;
	print_name(settings, of, piece.stream);
	fputs(behind, piece.stream);
	return piece_close(&piece) ? piece.text : NULL;
}

static bool relays_by_address(const struct wall_listener *of)
{
	return of->by_address.count + of->conditional.count > 0;
}

/* The listener whose list is mynetworks: the one that judges every other socket, or the first that relays for some. */
static const struct wall_listener *main_listener(const struct mta_settings *settings)
{
	const struct second_wall *wall = settings->wall;

	if (wall->others != NULL)
		return wall->others;
	for (size_t i = 0; i < wall->count; i++)
		if (!listener_is_local(wall->listeners[i].listener) && relays_by_address(&wall->listeners[i]))
			return &wall->listeners[i];
	return NULL;
}

static bool has_table(const struct wall_listener *of)
{
	return of->by_address.count + of->conditional.count > NETWORKS_IN_LINE;
}

/* One a line, addresses of IPv6 in brackets, as main.cf has them. */
static void print_in_line(const struct networks *networks, FILE *stream)
{
	for (size_t i = 0; i < networks->count; i++) {
		const struct network *network = &networks->list[i];
		bool ipv6 = network->base.family == ADDRESS_IPV6;
		char text[LIMIT_NETWORK_TEXT];

		address_to_text(&network->base, text);
		fprintf(stream, ipv6 ? "    [%s]/%u\n" : "    %s/%u\n", text, network->prefix_length);
	}
}

static void print_in_table(const struct networks *networks, FILE *stream)
{
	for (size_t i = 0; i < networks->count; i++) {
		char text[LIMIT_NETWORK_TEXT];

		network_to_text(&networks->list[i], text);
		fprintf(stream, "%-40s OK\n", text);
	}
}

/* Both lists of a listener, the second apart. */
static void print_lists(const struct wall_listener *of, void (*print)(const struct networks *, FILE *),
                        const char *mark, FILE *stream)
{
	if (of->by_address.count > 0) {
		comment_text(stream, mark, "By address alone:");
		print(&of->by_address, stream);
	}
	if (of->conditional.count > 0) {
		comment_text(stream, mark, "Only if sallyport, too, lets them; see above:");
		print(&of->conditional, stream);
	}
}

static bool print_table(const struct mta_settings *settings, const struct mta_file *file, FILE *stream)
{
	comment_text(stream, MARK,
	             "Who may relay, in networks that do not overlap.  It needs no postmap.\n"
	             "\n");
	if (!mta_print_relayers(settings, file->of, MARK, stream))
		return false;
	fputc('\n', stream);
	print_lists(file->of, print_in_table, MARK, stream);
	return true;
}

/* A parameter with the list of a listener. */
static void print_parameter(const struct mta_settings *settings, const struct wall_listener *of, FILE *stream)
{
	const struct wall_listener *main = main_listener(settings);

	if (of == main)
		fputs("mynetworks", stream);
	else
		print_name(settings, of, stream);
	fputs(" =", stream);
	if (has_table(of)) {
		fputs(" cidr:$config_directory/", stream);
		print_name(settings, of, stream);
		fputs(".cidr\n", stream);
		return;
	}
	fputc('\n', stream);
	print_lists(of, print_in_line, "    # ", stream);
}

static void print_restrictions(const struct wall_listener *of, const char *separator, FILE *stream)
{
	if (of != NULL && !of->demands_login && relays_by_address(of))
		fprintf(stream, "permit_mynetworks%s", separator);
	if (of != NULL && of->with_login.count > 0)
		fprintf(stream, "permit_sasl_authenticated%s", separator);
	fputs(of != NULL && of->demands_login ? "reject\n" : "reject_unauth_destination\n", stream);
}

/* main.cf */

static void print_milter(const struct mta_settings *settings, FILE *stream)
{
	comment_text(stream, MARK,
	             "THE MILTER\n"
	             "\n"
	             "Every listener of Postfix is judged, also one that is added some day.\n");
	print_socket_comment(settings, stream);
	fputs("smtpd_milters = ", stream);
	print_socket(&settings->socket, stream);
	fputs("\n\n", stream);
	comment_text(stream, MARK, "What programs on this machine submit by sendmail(1) is judged as well.\n");
	fputs("non_smtpd_milters = $smtpd_milters\n", stream);
	if (settings->wall->local == NULL) {
		fputc('\n', stream);
		comment_text(stream, MARK,
		             "No listener of the rules takes that: nobody but root may submit.  (What root submits "
		             "waits, and does not leave.)\n");
		fputs("authorized_submit_users =\n", stream);
	}
	fputc('\n', stream);
	comment_text(stream, MARK,
	             "No milter, no mail: while sallyport is dead or silent, clients are told to try again "
	             "(451), and submitted mail waits.  Never \"accept\".\n");
	fputs("milter_default_action = tempfail\n"
	      "milter_connect_timeout = 10s\n"
	      "milter_command_timeout = 10s\n"
	      "milter_content_timeout = 10s\n\n\n",
	      stream);
}

static bool print_local(const struct mta_settings *settings, FILE *stream)
{
	const struct wall_listener *local = settings->wall->local;

	if (local == NULL || !listener_is_local(local->listener))
		return true;
	if (!comment_print(stream, MARK, 2,
	                   "Listener %s, %s:%u, judges what programs on this machine submit; Postfix "
	                   "has no relay list for that.",
	                   local->listener->name, local->listener->where.file, local->listener->where.line) ||
	    !mta_print_gaps(settings, local, MARK, stream))
		return false;
	fputs("\n", stream);
	return true;
}

/* The lists of all listeners. */
static bool print_relayers(const struct mta_settings *settings, FILE *stream)
{
	const struct second_wall *wall = settings->wall;
	const struct wall_listener *main = main_listener(settings);

	comment_text(stream, MARK,
	             "WHO MAY RELAY, SHOULD THE MILTER BE TAKEN OUT\n"
	             "\n"
	             "On its own Postfix relays what the rules relay, and more only where it says below that "
	             "only sallyport asks, or refuses.  The lists are exact: a router that is taken out of its "
	             "network is in none of them.\n"
	             "\n");
	if (main == NULL) {
		comment_text(stream, MARK, "By address alone: nobody.\n");
		fputs("mynetworks =\n\n", stream);
	}
	for (size_t i = 0; i < wall->count; i++) {
		const struct wall_listener *of = &wall->listeners[i];

		if (listener_is_local(of->listener))
			continue;
		if (!mta_print_relayers(settings, of, MARK, stream))
			return false;
		if (of == main || relays_by_address(of))
			print_parameter(settings, of, stream);
		fputc('\n', stream);
	}
	return print_local(settings, stream);
}

static bool print_rest(const struct mta_settings *settings, FILE *stream)
{
	const struct wall_listener *others = settings->wall->others;

	if (others != NULL && !comment_print(stream, MARK, 0,
	                                     "For every listener that does not say otherwise in "
	                                     "master.cf: %s of the rules judges it.",
	                                     others->listener->name))
		return false;
	if (others == NULL)
		comment_text(stream, MARK,
		             "For every listener that does not say otherwise in master.cf: the rules have none for it, "
		             "and sallyport puts all off that comes there.\n");
	fputs("smtpd_relay_restrictions = ", stream);
	print_restrictions(others, ", ", stream);
	fprintf(stream, "smtpd_sasl_auth_enable = %s\n\n", others != NULL && others->offers_login ? "yes" : "no");
	comment_text(stream, MARK,
	             "Logins never in clear.  Addresses that route on (\"user%example.com@example.net\") are "
	             "not for outsiders, and nobody may claim to be another client.\n");
	fprintf(stream,
	        "smtpd_tls_security_level = %s\n"
	        "smtpd_tls_auth_only = yes\n"
	        "allow_untrusted_routing = no\n"
	        "smtpd_authorized_xclient_hosts =\n\n",
	        others != NULL && others->demands_tls ? "encrypt" : "may");
	comment_text(stream, MARK,
	             "The domains that mail comes in for are local_domains of the rules; all others are relay. "
	             "Those whose mail stays here stand in mydestination, those whose mail goes on in "
	             "relay_domains, where a domain has all names below it in it:\n"
	             "\n");
	return mta_print_domains(settings, MARK, "", "", stream);
}

static bool print_main_cf(const struct mta_settings *settings, const struct mta_file *file, FILE *stream)
{
	(void)file;
	if (!comment_print(stream, MARK, 0,
	                   "main.cf for the rules of %s.  Put this in place of lines that set the same, "
	                   "the services into master.cf, and tables beside it; then: postfix check "
	                   "&& postfix reload",
	                   settings->path))
		return false;
	fputs("\n\n", stream);
	print_milter(settings, stream);
	return print_relayers(settings, stream) && print_rest(settings, stream);
}

/* master.cf */

static void print_where(const struct wall_service *service, FILE *stream)
{
	char address[LIMIT_NETWORK_TEXT], port[16] = "PORT", where[LIMIT_NETWORK_TEXT + 32];

	if (service->port == 25 && !service->bound)
		snprintf(port, sizeof port, "smtp");
	else if (service->port == 587 && !service->bound)
		snprintf(port, sizeof port, "submission");
	else if (service->port != 0)
		snprintf(port, sizeof port, "%u", service->port);
	address_to_text(&service->address.base, address);
	if (service->lack == LACK_ADDRESS || service->lack == LACK_ROOM)
		snprintf(where, sizeof where, "ADDRESS:%s", port);
	else if (!service->bound)
		snprintf(where, sizeof where, "%s", port);
	else
		snprintf(where, sizeof where, strchr(address, ':') ? "[%s]:%s" : "%s:%s", address, port);
	fprintf(stream, "%-10s inet  n       -      y      -      -       smtpd\n", where);
}

/* before: what stands before each line. */
static void print_options(const struct mta_settings *settings, const struct wall_service *service, const char *before,
                          FILE *stream)
{
	const struct wall_listener *of = service->of, *others = settings->wall->others;
	const char *name = service->lack == LACK_NAME ? "NAME" : service->daemon;

	if (service->port != 25 && name != NULL)
		fprintf(stream, "%s  -o syslog_name=postfix/%s\n", before, name);
	if (name != NULL)
		fprintf(stream, "%s  -o milter_macro_daemon_name=%s\n", before, name);
	if (service->port == 465)
		fprintf(stream, "%s  -o smtpd_tls_wrappermode=yes\n", before);
	if (of->demands_tls != (others != NULL && others->demands_tls))
		fprintf(stream, "%s  -o smtpd_tls_security_level=%s\n", before, of->demands_tls ? "encrypt" : "may");
	fprintf(stream, "%s  -o smtpd_sasl_auth_enable=%s\n", before, of->offers_login ? "yes" : "no");
	if (relays_by_address(of) && of != main_listener(settings)) {
		fprintf(stream, "%s  -o mynetworks=$", before);
		print_name(settings, of, stream);
		fputc('\n', stream);
	}
	fprintf(stream, "%s  -o smtpd_relay_restrictions=", before);
	print_restrictions(of, ",", stream);
}

static bool print_service(const struct mta_settings *settings, const struct wall_service *service, FILE *stream)
{
	const struct wall_listener *of = service->of;
	const char *before = service->lack == LACK_NOTHING ? "" : "#";

	fputc('\n', stream);
	if (!comment_print(stream, MARK, 0, "Listener %s, %s:%u", of->listener->name, of->listener->where.file,
	                   of->listener->where.line) ||
	    !mta_print_lack(service, MARK, stream))
		return false;
	fputs(before, stream);
	print_where(service, stream);
	print_options(settings, service, before, stream);
	return true;
}

static bool print_master_cf(const struct mta_settings *settings, const struct mta_file *file, FILE *stream)
{
	const struct second_wall *wall = settings->wall;

	(void)file;
	if (!comment_print(stream, MARK, 0,
	                   "master.cf for the rules of %s.  Put these services in place of those of the "
	                   "same name, and leave the others alone.",
	                   settings->path))
		return false;
	comment_text(stream, MARK,
	             "\n"
	             "The fifth column says whether the service runs in a chroot: \"y\" is Debian's way. "
	             "milter_macro_daemon_name is what a listener of the rules may match by (daemon = ...).\n"
	             "\n"
	             "service  type  private unpriv chroot wakeup maxproc command\n");
	for (size_t i = 0; i < wall->service_count; i++)
		if (!print_service(settings, &wall->services[i], stream))
			return false;
	return true;
}

static bool files(const struct mta_settings *settings, struct mta_files *files)
{
	const struct second_wall *wall = settings->wall;

	if (!mta_files_add(files, "main.cf", NULL, print_main_cf) ||
	    !mta_files_add(files, "master.cf", NULL, print_master_cf))
		return false;
	for (size_t i = 0; i < wall->count; i++) {
		const struct wall_listener *of = &wall->listeners[i];
		char *name;
		bool added;

		if (listener_is_local(of->listener) || !has_table(of))
			continue;
		name = name_of(settings, of, ".cidr");
		added = name != NULL && mta_files_add(files, name, of, print_table);
		free(name);
		if (!added)
			return false;
	}
	return true;
}

static bool never(const struct mta_settings *settings)
{
	(void)settings;
	return false;
}

const struct mta_kind mta_postfix = {"postfix", false, files, never};
