#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "fixture.h"
#include "milter/snapshot.h"
#include "policy/ruleset.h"
#include "rules/load.h"

#define READERS 4
#define RELOADS 200

static const char text[] = "listeners = ( { name = \"all\"; direction = \"inbound\"; } );";

Test(snapshot, generations_are_counted_from_one)
{
	struct snapshots *snapshots = snapshots_new(fixture_rules(text), false);
	const struct snapshot *first = snapshot_acquire(snapshots);
	const struct snapshot *second;

	cr_assert_eq(first->generation, 1);
	cr_assert_eq(snapshots_replace(snapshots, fixture_rules(text)), 2);
	second = snapshot_acquire(snapshots);
	cr_assert_eq(second->generation, 2);
	snapshot_release(second);
	snapshot_release(first);
	snapshots_free(snapshots);
}

Test(snapshot, what_is_held_stays_as_it_was)
{
	struct snapshots *snapshots = snapshots_new(fixture_rules(text), false);
	const struct snapshot *held = snapshot_acquire(snapshots);
	const struct rules *rules = held->rules;

	for (unsigned i = 0; i < 3; i++)
		snapshots_replace(snapshots,
		                  fixture_rules("listeners = ( { name = \"other\"; direction = \"inbound\"; } );"));
	snapshots_free(snapshots);
	cr_assert_eq(held->rules, rules);
	cr_assert_eq(held->generation, 1);
	cr_assert_str_eq(held->rules->ruleset->listeners[0].name, "all");
	snapshot_release(held);
}

Test(snapshot, nothing_may_be_released)
{
	snapshot_release(NULL);
	snapshots_free(NULL);
}

static atomic_bool ending;
static atomic_uint faults;
static struct snapshots *shared;

/* A session that begins, looks at its rules more than once, and ends; and so on. */
static void *read_rules(void *unused)
{
	unsigned latest = 0;

	while (!atomic_load(&ending)) {
		const struct snapshot *held = snapshot_acquire(shared);

		if (held->generation < latest)
			atomic_fetch_add(&faults, 1);
		latest = held->generation;
		for (unsigned i = 0; i < 10; i++) {
			if (strcmp(held->rules->ruleset->listeners[0].name, "all") != 0)
				atomic_fetch_add(&faults, 1);
		}
		snapshot_release(held);
	}
	return unused;
}

Test(snapshot, threads_may_hold_rules_while_they_are_replaced)
{
	pthread_t readers[READERS];

	shared = snapshots_new(fixture_rules(text), false);
	for (unsigned i = 0; i < READERS; i++)
		cr_assert_eq(pthread_create(&readers[i], NULL, read_rules, NULL), 0);
	for (unsigned i = 0; i < RELOADS; i++)
		cr_assert_eq(snapshots_replace(shared, fixture_rules(text)), i + 2);
	atomic_store(&ending, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	cr_assert_eq(atomic_load(&faults), 0);
	snapshots_free(shared);
}

static atomic_uint told;

static void tell(void)
{
	atomic_fetch_add(&told, 1);
}

/* That they are freed, and once, a leak checker tells. */
Test(snapshot, rules_that_nobody_holds_are_left_to_who_collects_them)
{
	struct snapshots *snapshots = snapshots_new(fixture_rules(text), false);
	const struct snapshot *held = snapshot_acquire(snapshots);
	const struct snapshot *again = snapshot_acquire(snapshots);

	snapshots_leave(tell);
	snapshots_replace(snapshots, fixture_rules(text));
	snapshot_release(again);
	snapshots_collect();
	cr_expect_eq(atomic_load(&told), 0);
	cr_expect_str_eq(held->rules->ruleset->listeners[0].name, "all");
	snapshot_release(held);
	cr_expect_eq(atomic_load(&told), 1);
	/* what was left is still there */
	cr_expect_str_eq(held->rules->ruleset->listeners[0].name, "all");
	snapshots_collect();
	snapshots_free(snapshots);
	cr_expect_eq(atomic_load(&told), 2);
	snapshots_leave(NULL);
	snapshots_collect();
	snapshots_collect();
}

Test(snapshot, what_a_shadow_needs_is_needed)
{
	struct rules *rules = fixture_rules("listeners = ( { name = \"all\"; direction = \"inbound\";\n"
	                                    "connection = { mode = \"only\"; clients = [ \"10.0.0.0/8\" ]; }; } );");
	struct snapshots *snapshots;
	const struct needs *needs;
	const struct snapshot *snapshot;

	rules->shadow =
	    fixture_rules("listeners = ( { name = \"all\"; direction = \"inbound\"; data = ( { verdict = \"reject\";\n"
	                  "recipients_over = 1; } ); } );");
	snapshots = snapshots_new(rules, false);
	snapshot = snapshot_acquire(snapshots);
	needs = &snapshot->needs;
	cr_assert(needs->told[STAGE_DATA] && needs->answered[STAGE_DATA], "it could refuse there");
	cr_assert(needs->message_end, "records are complete then");
	cr_assert(needs->answered[STAGE_CONNECT], "who is refused there is not to be missed");
	cr_assert_not(needs->answered[STAGE_HELO]);
	snapshot_release(snapshot);
	snapshots_free(snapshots);
}
