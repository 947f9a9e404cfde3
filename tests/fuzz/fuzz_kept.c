/* SPDX-License-Identifier: MIT */
/* A kept result of any kind: what is taken is within its bounds, can be written, and is the same when it is read again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/kept.h"

static void check(const struct slu_kept *k)
{
	if (k->nsizes < 1 || k->nsizes > SLU_KEPT_SIZES || k->nways > SLU_KEPT_WAYS || k->ndrivers > SLU_KEPT_DRIVERS)
		abort();
	for (size_t s = 0; s < k->nsizes; s++)
		if (k->sizes[s] > SLU_KEPT_RECORD_MOST || k->sizes[s] <= (s ? k->sizes[s - 1] : 0))
			abort();
	for (size_t i = 0; i < k->nways; i++)
		for (size_t s = 0; s < k->nsizes; s++)
			if (!(k->ways[i].ms_per_mb[s] >= 0 && k->ways[i].ms_per_mb[s] <= SLU_KEPT_COST_MOST))
				abort();
	if (strchr(k->device.cpu, '\n') || strchr(k->device.kernel, '\n') || strchr(k->device.openssl, '\n'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct slu_kept once, twice;
	struct slu_buf text;
	char error[128];

	if (slu_kept_decode(&once, (const char *)data, size, error, sizeof error) != 0)
		return 0;
	check(&once);
	slu_buf_init(&text, SLU_KEPT_MOST);
	if (slu_kept_encode(&once, &text) != 0 ||
	    slu_kept_decode(&twice, (const char *)text.data, text.len, error, sizeof error) != 0 ||
	    memcmp(&once, &twice, sizeof once) != 0)
		abort();
	slu_buf_clear(&text);
	return 0;
}
