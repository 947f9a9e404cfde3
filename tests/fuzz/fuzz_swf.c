/* SPDX-License-Identifier: MIT */
/* Players. The first byte says how the rest is cut; however it is cut, the same comes of it, and never more than there
 * may be. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/swf.h"

static int hash(const uint8_t *data, size_t n, size_t piece, uint8_t out[SLU_SWF_HASH], uint32_t *size)
{
	struct slu_swf *s = slu_swf_new();
	int r = 0;

	*size = 0;
	memset(out, 0, SLU_SWF_HASH);
	if (!s)
		abort();
	for (size_t at = 0; !r && at < n; at += piece)
		r = slu_swf_in(s, data + at, n - at < piece ? n - at : piece);
	if (!r)
		r = slu_swf_end(s, out, size);
	if (*size > SLU_SWF_MOST || (r != 0) != (*slu_swf_error(s) != '\0'))
		abort();
	slu_swf_free(s);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t whole[SLU_SWF_HASH], cut[SLU_SWF_HASH];
	uint32_t n[2];

	if (size == 0)
		return 0;
	if (hash(data + 1, size - 1, size, whole, &n[0]) != hash(data + 1, size - 1, 1 + data[0], cut, &n[1]) ||
	    n[0] != n[1] || memcmp(whole, cut, sizeof whole) != 0)
		abort();
	return 0;
}
