#include "milter/ledger/volume.h"

#include "milter/ledger/figure.h"

struct volume volume_of(const struct record *record)
{
	struct volume volume = {0};

	if (record->kind == RECORD_SESSION)
		volume.sessions = 1;
	else
		volume.messages[record->end] = 1;
	for (size_t i = 0; i < record->step_count; i++) {
		const struct record_step *step = &record->steps[i];

		if (step->stage != STAGE_RCPT)
			continue;
		volume.recipients[step->verdict]++;
		if (volume.messages[RECORD_ACCEPTED] != 0 && step->verdict == VERDICT_ACCEPT) {
			volume.carried++;
			volume.relayed += step->relay;
		}
	}
	if (volume.messages[RECORD_ACCEPTED] != 0) {
		volume.bytes = record->size_declared ? record->size : 0;
		volume.undeclared = !record->size_declared;
	}
	return volume;
}

void volume_add(struct volume *volume, const struct volume *other)
{
	for (unsigned i = 0; i < RECORD_END_COUNT; i++)
		volume->messages[i] += other->messages[i];
	volume->sessions += other->sessions;
	for (unsigned i = 0; i < VERDICT_COUNT; i++)
		volume->recipients[i] += other->recipients[i];
	volume->carried += other->carried;
	volume->relayed += other->relayed;
	volume->bytes = figure_sum(volume->bytes, other->bytes);
	volume->undeclared += other->undeclared;
}

uint64_t volume_refused(const struct volume *volume)
{
	return volume->messages[RECORD_REFUSED] + volume->sessions;
}

uint64_t volume_records(const struct volume *volume)
{
	uint64_t records = volume->sessions;

	for (unsigned i = 0; i < RECORD_END_COUNT; i++)
		records += volume->messages[i];
	return records;
}
