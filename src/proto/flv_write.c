/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <sluice/error.h>
#include <sluice/flv.h>

#include "base/bytes.h"

/* E.2, and PreviousTagSize0 of E.3. */
void slu_flv_write_header(uint8_t out[SLU_FLV_HEADER_SIZE], bool has_audio, bool has_video)
{
	static const uint8_t header[SLU_FLV_HEADER_SIZE] = {'F', 'L', 'V', 1, 0, 0, 0, 0, 9, 0, 0, 0, 0};

	memcpy(out, header, sizeof header);
	out[4] = (uint8_t)((has_audio ? 0x04 : 0) | (has_video ? 0x01 : 0));
}

/* E.4.1. */
int slu_flv_write_tag_header(uint8_t out[SLU_FLV_TAG_HEADER_SIZE], const struct slu_flv_tag *tag)
{
	if (tag->type != SLU_FLV_AUDIO && tag->type != SLU_FLV_VIDEO && tag->type != SLU_FLV_SCRIPT)
		return SLU_ERR_INVALID;
	if (tag->size > SLU_FLV_MAX_BODY)
		return SLU_ERR_INVALID;
	out[0] = tag->type;
	slu_put_be24(out + 1, (uint32_t)tag->size);
	slu_put_be24(out + 4, tag->timestamp & 0xffffff);
	out[7] = (uint8_t)(tag->timestamp >> 24);
	slu_put_be24(out + 8, 0);
	return 0;
}

void slu_flv_write_prev_size(uint8_t out[4], const struct slu_flv_tag *tag)
{
	slu_put_be32(out, (uint32_t)(SLU_FLV_TAG_HEADER_SIZE + tag->size));
}
