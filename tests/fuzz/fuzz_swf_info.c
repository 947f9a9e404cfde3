/* SPDX-License-Identifier: MIT */
/* ~/.swfinfo: what is set is found again, and does no harm to what else is there. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/swf_info.h"

#define URL   "http://h/p.swf"
#define OTHER "http://h/q.swf"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slu_swf_info found, other, again, own = {.asked = 1000000000, .size = 9, .hash = {1, 2, 3}};
	const int had = slu_swf_info_find((const char *)data, size, OTHER, &other);
	struct slu_buf out;

	/* What is taken is written as it was. */
	if (slu_swf_info_find((const char *)data, size, URL, &found) == 1)
		own = found;
	slu_buf_init(&out, 2 * SLU_SWF_INFO_MOST);
	if (slu_swf_info_set(&out, (const char *)data, size, URL, &own) != 0 ||
	    slu_swf_info_find((const char *)out.data, out.len, URL, &again) != 1 || again.asked != own.asked ||
	    again.size != own.size || strcmp(again.date, own.date) != 0 ||
	    memcmp(again.hash, own.hash, sizeof own.hash) != 0)
		abort();
	if (slu_swf_info_find((const char *)out.data, out.len, OTHER, &again) != had || again.asked != other.asked)
		abort();
	slu_buf_clear(&out);
	return 0;
}
