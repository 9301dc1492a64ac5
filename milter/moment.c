#include "milter/moment.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t moment_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

size_t moment_to_text(uint64_t moment, char *ret_text)
{
	time_t seconds = (time_t)(moment / 1000);
	struct tm parts;
	size_t length;

	gmtime_r(&seconds, &parts);
	length = strftime(ret_text, MOMENT_TEXT, "%Y-%m-%dT%H:%M:%S", &parts);
	return length + (size_t)snprintf(ret_text + length, MOMENT_TEXT - length, ".%03uZ", (unsigned)(moment % 1000));
}

bool moment_from_text(const char *text, uint64_t *ret_moment)
{
	struct tm parts = {0};
	char again[MOMENT_TEXT];
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
	unsigned milliseconds;
	time_t seconds;

	if (rest == NULL || strlen(rest) != strlen(".123Z") || sscanf(rest, ".%3uZ", &milliseconds) != 1)
		return false;
	seconds = timegm(&parts);
	if (seconds < 0)
		return false;
	/* strptime(3) is lenient: what it read must be what stands there. */
	moment_to_text((uint64_t)seconds * 1000 + milliseconds, again);
	if (strcmp(text, again) != 0)
		return false;
	*ret_moment = (uint64_t)seconds * 1000 + milliseconds;
	return true;
}
