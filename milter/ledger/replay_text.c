/*
 * A replay for people: 80 columns, labels on the left, as sallyport diff.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "milter/labelled.h"
#include "milter/ledger/changes.h"
#include "milter/ledger/replay_print.h"
#include "milter/moment.h"

static const char *mailbox(const char *text)
{
	return *text == '\0' ? "<>" : text;
}

/* "7 recipients of 3 messages" */
static void print_count(const struct change_group *group, FILE *to)
{
	if (group->stage == STAGE_RCPT)
		fprintf(to, "%" PRIu64 " recipient%s of ", group->count, group->count == 1 ? "" : "s");
	fprintf(to, "%" PRIu64 " message%s", group->messages, group->messages == 1 ? "" : "s");
}

/* At which listener, and what is decided there otherwise. */
static bool print_head(const struct change_group *group, FILE *stream, bool colour)
{
	static const char *const labels[] = {
	    [CHANGE_OPENS] = "OPENS",
	    [CHANGE_CLOSES] = "CLOSES",
	    [CHANGE_OTHER_REPLY] = "other reply",
	};
	static_assert(sizeof labels / sizeof *labels == CHANGE_WAY_COUNT, "every way has a label");
	enum change_way way = change_way(group);
	struct piece piece;

	if (!piece_open(&piece))
		return false;
	fprintf(piece.stream, "%s: ", group->listener != NULL ? group->listener : "no listener");
	if (group->stage == STAGE_RCPT)
		fprintf(piece.stream, "%s, ", group->relay ? "relay" : "local");
	else if (group->stage == STAGE_DATA)
		fputs("at data, ", piece.stream);
	else
		fputs("before any recipient, ", piece.stream);
	print_count(group, piece.stream);
	return label_piece(stream, labels[way], colour && way == CHANGE_OPENS, &piece);
}

static bool print_side(const char *label, const struct change_side *side, FILE *stream)
{
	struct piece piece;

	if (!piece_open(&piece))
		return false;
	fputs(verdict_name(side->verdict), piece.stream);
	if (side->reply != NULL)
		fprintf(piece.stream, " %s", side->reply);
	if (side->by != NULL)
		fprintf(piece.stream, ", by %s", side->by);
	if (side->rule != NULL)
		fprintf(piece.stream, side->by != NULL ? " (%s)" : ", %s", side->rule);
	return label_piece(stream, label, false, &piece);
}

static bool print_example(const struct change_example *example, FILE *stream)
{
	char time[MOMENT_TEXT];
	struct piece piece;

	if (!piece_open(&piece))
		return false;
	moment_to_text(example->time, time);
	fprintf(piece.stream, "%s session %s, %s", time, example->session,
	        example->client != NULL ? example->client : "a client without an address");
	if (example->user != NULL)
		fprintf(piece.stream, " as %s", example->user);
	if (example->sender != NULL)
		fprintf(piece.stream, ", from %s", mailbox(example->sender));
	if (example->recipient != NULL)
		fprintf(piece.stream, " to %s", mailbox(example->recipient));
	fprintf(piece.stream, " (%s:%" PRIu64 ")", example->file, example->line);
	return label_piece(stream, "such as", false, &piece);
}

static bool print_group(const struct change_group *group, FILE *stream, bool colour)
{
	if (!print_head(group, stream, colour) || !print_side("old", &group->old, stream) ||
	    !print_side("new", &group->new, stream))
		return false;
	for (size_t i = 0; i < group->example_count; i++) {
		if (!print_example(&group->examples[i], stream))
			return false;
	}
	fputc('\n', stream);
	return true;
}

/* "12 records could not be judged again: WHY" */
static void print_not_judged(uint64_t count, const char *why, FILE *stream)
{
	if (count > 0)
		fprintf(stream, "%" PRIu64 " record%s could not be judged again: %s\n", count, count == 1 ? "" : "s",
		        why);
}

bool replay_print_text(const struct replay *replay, FILE *stream, bool colour)
{
	uint64_t judged = replay->results[AGAIN_JUDGED];

	for (size_t i = 0; i < changes_count(replay->changes); i++) {
		if (!print_group(changes_at(replay->changes, i), stream, colour))
			return false;
	}
	if (changes_beyond(replay->changes) > 0)
		fprintf(stream, "%" PRIu64 " more changes, by too many pairs of rules to show\n",
		        changes_beyond(replay->changes));
	fprintf(stream, "%" PRIu64 " of %" PRIu64 " record%s would have been decided otherwise by %s\n",
	        replay->different, judged, judged == 1 ? "" : "s", replay->path);
	print_not_judged(replay->results[AGAIN_HASHED], "local parts are hashed", stream);
	print_not_judged(replay->results[AGAIN_NO_RULES], "no rule had decided them", stream);
	return ferror(stream) == 0;
}
