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

struct timespec moment_in(unsigned milliseconds)
{
	struct timespec moment;

	clock_gettime(CLOCK_MONOTONIC, &moment);
	moment.tv_sec += milliseconds / 1000;
	moment.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (moment.tv_nsec >= 1000000000) {
		moment.tv_nsec -= 1000000000;
		moment.tv_sec++;
	}
	return moment;
}

/* Writes a number in at least count digits, and a byte behind it; returns where the text goes on. */
static char *put(char *to, unsigned number, unsigned count, char behind)
{
	for (unsigned rest = number / 10, digits = 1; rest > 0; rest /= 10)
		if (++digits > count)
			count = digits;
	for (unsigned at = count; at > 0; number /= 10)
		to[--at] = (char)('0' + number % 10);
	to[count] = behind;
	return to + count + 1;
}

/* Each line of a log begins so: strftime(3) would take longer than the rest of the line. */
size_t moment_to_text(uint64_t moment, char *ret_text)
{
	time_t seconds = (time_t)(moment / 1000);
	struct tm parts;
	char *to = ret_text;

	gmtime_r(&seconds, &parts);
	to = put(to, (unsigned)parts.tm_year + 1900, 4, '-');
	to = put(to, (unsigned)parts.tm_mon + 1, 2, '-');
	to = put(to, (unsigned)parts.tm_mday, 2, 'T');
	to = put(to, (unsigned)parts.tm_hour, 2, ':');
	to = put(to, (unsigned)parts.tm_min, 2, ':');
	to = put(to, (unsigned)parts.tm_sec, 2, '.');
	to = put(to, (unsigned)(moment % 1000), 3, 'Z');
	*to = '\0';
	return (size_t)(to - ret_text);
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
