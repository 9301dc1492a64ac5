#include "milter/probe_message.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "milter/probe_run.h"

bool probe_make_token(char *ret_token, size_t size)
{
	unsigned char random[64];
	size_t count = (size - 1) / 2;

	if (getrandom(random, count, 0) != (ssize_t)count)
		return false;
	for (size_t i = 0; i < count; i++)
		snprintf(ret_token + 2 * i, 3, "%02x", random[i]);
	return true;
}

void probe_message(const struct probe_delivery *delivery, const struct probe_settings *settings, const char *form,
                   char *ret_message, size_t size)
{
	char date[64];
	struct tm local;
	time_t now = time(NULL);

	localtime_r(&now, &local);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S %z", &local);
	snprintf(ret_message, size,
	         "Date: %s\r\n"
	         "From: <%s>\r\n"
	         "To: <%s>\r\n"
	         "Message-ID: <%s.%s@probe.invalid>\r\n"
	         "Subject: relay probe %s\r\n"
	         "Auto-Submitted: auto-generated\r\n" PROBE_MESSAGE_FIELD ": %s %s\r\n"
	         "\r\n"
	         "sallyport probe tried whether %s, port %u,\r\n"
	         "relays mail for strangers, and was told to send this message.\r\n"
	         "The form: %s\r\n"
	         "The token: %s\r\n",
	         date, settings->sender, settings->recipient, form, delivery->token, delivery->token, delivery->token,
	         form, settings->target.host, settings->target.port, form, delivery->token);
}
