#include "milter/negotiation.h"

#include <criterion/criterion.h>
#include <libmilter/mfapi.h>

#include "fixture.h"
#include "milter/snapshot.h"
#include "policy/needs.h"

#define NEVER (SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NOBODY | SMFIP_NOUNKNOWN)

static const unsigned long not_told[] = {SMFIP_NOCONNECT, SMFIP_NOHELO, SMFIP_NOMAIL, SMFIP_NORCPT, SMFIP_NODATA};
static const unsigned long not_answered[] = {SMFIP_NR_CONN, SMFIP_NR_HELO, SMFIP_NR_MAIL, SMFIP_NR_RCPT, SMFIP_NR_DATA};

Test(negotiation, of_every_combination_is_what_is_not_needed_and_no_more)
{
	for (unsigned told = 0; told < 1u << STAGE_COUNT; told++) {
		for (unsigned answered = 0; answered < 1u << STAGE_COUNT; answered++) {
			unsigned long expected = NEVER;
			struct needs needs = {.message_end = false};

			for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
				needs.told[stage] = (told >> stage & 1) != 0;
				needs.answered[stage] = (answered >> stage & 1) != 0;
				if (!needs.told[stage])
					expected |= not_told[stage];
				else if (!needs.answered[stage])
					expected |= not_answered[stage];
			}
			cr_assert_eq(negotiation_steps(&needs), expected, "told %#x, answered %#x", told, answered);
			needs.message_end = true;
			cr_assert_eq(negotiation_steps(&needs), expected, "no bit keeps the end of a message away");
		}
	}
}

/* What the daemon asks for today, with every rule file. */
Test(negotiation, goes_by_the_rules_in_force)
{
	struct snapshots *snapshots =
	    snapshots_new(fixture_rules("listeners = ( { name = \"all\"; direction = \"inbound\"; } );"), false);
	const struct snapshot *snapshot = snapshot_acquire(snapshots);

	cr_assert_eq(negotiation_steps(&snapshot->needs), NEVER | SMFIP_NR_CONN | SMFIP_NR_HELO);
	cr_assert_not(snapshot->needs.message_end);
	snapshot_release(snapshot);
	snapshots_free(snapshots);
}
