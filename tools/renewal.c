/* SPDX-License-Identifier: MIT */
#include "tools/renewal.h"

#include <sluice/error.h>

static bool may_pass(int err)
{
	enum slu_err_family family = slu_err_family(err);

	return family == SLU_FAMILY_IO || family == SLU_FAMILY_PEER;
}

int slu_renewal_after(struct slu_renewal *r, int err, bool carried, uint64_t now_ms)
{
	if (err == SLU_ERR_RENEW) {
		r->idle = carried ? 0 : r->idle + 1;
		if (r->idle >= SLU_RENEWAL_IDLE)
			return -1;
		r->count++;
		r->trial = true;
		r->tries = 0;
		r->renewed_ms = now_ms;
		return 0;
	}
	if (!r->trial || !may_pass(err) || r->tries >= SLU_RENEWAL_TRIES ||
	    now_ms - r->renewed_ms + SLU_RENEWAL_PAUSE_MS > SLU_RENEWAL_WINDOW_MS)
		return -1;
	r->tries++;
	return SLU_RENEWAL_PAUSE_MS;
}

void slu_renewal_stood(struct slu_renewal *r)
{
	r->trial = false;
}
