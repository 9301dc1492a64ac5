#include "milter/negotiation.h"

#include <assert.h>
#include <libmilter/mfapi.h>

#include "policy/needs.h"

static const struct {
	unsigned long not_told;
	unsigned long not_answered;
} steps[] = {
    [STAGE_CONNECT] = {SMFIP_NOCONNECT, SMFIP_NR_CONN}, [STAGE_HELO] = {SMFIP_NOHELO, SMFIP_NR_HELO},
    [STAGE_MAIL] = {SMFIP_NOMAIL, SMFIP_NR_MAIL},       [STAGE_RCPT] = {SMFIP_NORCPT, SMFIP_NR_RCPT},
    [STAGE_DATA] = {SMFIP_NODATA, SMFIP_NR_DATA},
};
static_assert(sizeof steps / sizeof *steps == STAGE_COUNT, "every stage is a step");

unsigned long negotiation_steps(const struct needs *needs)
{
	unsigned long asked = SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NOBODY | SMFIP_NOUNKNOWN;

	for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
		if (!needs->told[stage])
			asked |= steps[stage].not_told;
		else if (!needs->answered[stage])
			asked |= steps[stage].not_answered;
	}
	return asked;
}
