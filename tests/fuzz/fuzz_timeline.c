/* SPDX-License-Identifier: MIT */
/* Timestamps of any kind, eight bytes a tag: whatever comes in, each track goes forward (modulo 2^32), and the clock of
 * the pacing never runs back nor leaps. */
#include <stdint.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "tools/timeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t types[] = {SLU_FLV_AUDIO, SLU_FLV_VIDEO, SLU_FLV_SCRIPT, SLU_FLV_VIDEO};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slu_timeline t = {.keep = size > 0 && (data[0] & 0x80)};
	uint32_t out, before = 0;
	int64_t at = 0, last[2] = {0}; /* unwrapped */
	bool seen[2] = {false};

	for (size_t i = 0; i + 8 <= size; i += 8) {
		struct slu_flv_tag tag = {.type = types[data[i] & 3],
					  .timestamp = slu_be32(data + i + 1),
					  .body = data + i + 5,
					  .size = 3};
		unsigned flags = slu_flv_flags(tag.type, tag.body, tag.size);
		uint64_t played = t.played;
		int track = tag.type == SLU_FLV_VIDEO;

		if (data[i] & 4)
			slu_timeline_restart(&t);
		out = slu_timeline_map(&t, &tag);
		if (t.played < played || t.played - played > SLU_TIMELINE_GAP)
			abort();
		if (slu_timeline_position(&t, out) > t.played)
			abort();
		if (t.keep ? out != tag.timestamp : 0)
			abort();
		at += (int32_t)(out - before);
		before = out;
		if (t.keep || tag.type == SLU_FLV_SCRIPT || (flags & SLU_FLV_SEQUENCE_HEADER))
			continue;
		if (seen[track] && at < last[track])
			abort();
		seen[track] = true;
		last[track] = at;
	}
	return 0;
}
