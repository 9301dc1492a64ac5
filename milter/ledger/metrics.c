#include "milter/ledger/metrics.h"

#include <errno.h>
#include <microhttpd.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "milter/ledger/counters.h"
#include "milter/ledger/decision_log.h"
#include "milter/ledger/ledger.h"
#include "milter/sentry.h"
#include "rules/endpoint.h"
#include "rules/fault.h"

/* Collectors come one by one, every few seconds. */
#define CONNECTIONS 16
#define SECONDS 10
#define BACKLOG 16

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result result = MHD_queue_response(connection, status, response);

	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_counters(struct MHD_Connection *connection, const struct ledger *ledger)
{
	const char *accepted = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	enum counters_format format = accepted != NULL && strstr(accepted, "application/openmetrics-text") != NULL
	                                  ? COUNTERS_OPENMETRICS
	                                  : COUNTERS_PROMETHEUS;
	struct counters_elsewhere elsewhere = {
	    .lost = ledger->decisions != NULL ? decision_log_lost(ledger->decisions) : 0,
	    .nat_suspects = sentry_suspects(ledger->sentry),
	};
	struct MHD_Response *response;
	enum MHD_Result result;
	size_t length;
	char *text = counters_write(ledger->counters, &elsewhere, format, &length);

	if (text == NULL)
		return answer_text(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "no memory\n");
	response = MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, counters_content_type(format));
	result = MHD_queue_response(connection, MHD_HTTP_OK, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer(void *ledger, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **request)
{
	(void)version;
	(void)upload;
	(void)request;
	if (*upload_size != 0) { /* nothing is taken */
		*upload_size = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return answer_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET is served\n");
	if (strcmp(url, "/metrics") != 0 && strcmp(url, "/") != 0)
		return answer_text(connection, MHD_HTTP_NOT_FOUND, "the metrics are at /metrics\n");
	return answer_counters(connection, ledger);
}

int metrics_listen(const char *address, struct fault *ret_fault)
{
	struct endpoint endpoint;
	int descriptor;
	int one = 1;

	if (!endpoint_read_web(address, &endpoint, ret_fault))
		return -1;
	descriptor = socket(endpoint.address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (descriptor >= 0 && setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
	    bind(descriptor, &endpoint.address.any, endpoint.length) == 0 && listen(descriptor, BACKLOG) == 0)
		return descriptor;
	fault_set(ret_fault, "cannot serve metrics at %s: %s", address, strerror(errno));
	if (descriptor >= 0)
		close(descriptor);
	return -1;
}

bool metrics_start(int socket, const struct ledger *ledger)
{
	return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL, answer, (void *)ledger,
	                        MHD_OPTION_LISTEN_SOCKET, socket, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
	                        MHD_OPTION_CONNECTION_TIMEOUT, SECONDS, MHD_OPTION_END) != NULL;
}
