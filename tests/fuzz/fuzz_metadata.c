/* SPDX-License-Identifier: MIT */
/* What the command reads of foreign bytes by itself: the duration in onMetaData, and what a file looks like. A duration
 * that was added must be found where it was said to be, and leave the rest alone. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/metadata.h"
#include "tools/sniff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t at = slu_metadata_duration(data, size);
	uint8_t *out;

	slu_sniff(data, size);
	if (at && (at < 8 || at + 8 > size || memcmp(data + at - 9, "duration", 8) != 0))
		abort();
	if (!slu_metadata_is(data, size))
		return 0;
	out = malloc(size + SLU_METADATA_GROWTH);
	if (!out)
		return 0;
	at = slu_metadata_add_duration(out, data, size);
	if (slu_metadata_duration(out, size + SLU_METADATA_GROWTH) != at || !slu_metadata_is(out, size))
		abort();
	if (memcmp(out + at + 8, data + at + 8 - SLU_METADATA_GROWTH, size + SLU_METADATA_GROWTH - at - 8) != 0)
		abort();
	free(out);
	return 0;
}
