/* SPDX-License-Identifier: MIT */
#include "proto/flv_resume.h"

#include <string.h>

static int32_t diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* onMetaData as an AMF0 string, which is how every one of them begins. */
static bool is_metadata(const struct slu_flv_tag *tag)
{
	static const char name[] = "\x02\x00\x0aonMetaData";

	return tag->type == SLU_FLV_SCRIPT && tag->size >= sizeof name - 1 &&
	       memcmp(tag->body, name, sizeof name - 1) == 0;
}

/* What stands before the frames, and comes before them again wherever a server begins. */
static bool is_header(const struct slu_flv_tag *tag)
{
	return is_metadata(tag) || slu_flv_flags(tag->type, tag->body, tag->size) & SLU_FLV_SEQUENCE_HEADER;
}

bool slu_flv_resume_is_frame(const struct slu_flv_resume *r, const struct slu_flv_tag *tag)
{
	return r->frame.size && tag->type == r->frame.type && tag->size == r->frame.size &&
	       memcmp(tag->body, r->frame.body, tag->size) == 0;
}

static bool is_out_of_patience(struct slu_flv_resume *r, const struct slu_flv_tag *tag)
{
	r->passed++;
	if (r->patience)
		return r->passed > r->patience;
	return !is_header(tag) && tag->type == r->frame.type && diff(tag->timestamp, r->frame.timestamp) > 0;
}

static enum slu_flv_resume_step before(struct slu_flv_resume *r, const struct slu_flv_tag *tag)
{
	bool is_here = tag->timestamp == 0 || tag->timestamp == r->frame.timestamp;

	if (tag->timestamp == 0 && r->metadata_size && is_metadata(tag) &&
	    (tag->size != r->metadata_size || memcmp(tag->body, r->metadata, tag->size) != 0))
		return SLU_FLV_RESUME_OTHER;
	if (is_here && slu_flv_resume_is_frame(r, tag)) {
		r->found = true;
		r->shift = r->frame.timestamp - tag->timestamp;
		return SLU_FLV_RESUME_PASS;
	}
	return is_out_of_patience(r, tag) ? SLU_FLV_RESUME_NOT_FOUND : SLU_FLV_RESUME_PASS;
}

/* Behind the frame come, from some servers, copies of it, metadata and decoder configuration. Where the clock begins at
 * 0 with the frame, what stands at 0 may all be of that kind. */
static bool is_repeated(const struct slu_flv_resume *r, const struct slu_flv_tag *tag)
{
	if (diff(tag->timestamp + r->shift, r->frame.timestamp) > 0)
		return false;
	return (r->shift && tag->timestamp == 0) || is_header(tag) || slu_flv_resume_is_frame(r, tag);
}

enum slu_flv_resume_step slu_flv_resume_tag(struct slu_flv_resume *r, struct slu_flv_tag *tag)
{
	if (!r->found)
		return before(r, tag);
	if (!r->settled && is_repeated(r, tag))
		return SLU_FLV_RESUME_PASS;
	tag->timestamp += r->shift;
	if (tag->type != SLU_FLV_SCRIPT && !is_header(tag) && diff(tag->timestamp, r->frame.timestamp) > 0)
		r->settled = true;
	return SLU_FLV_RESUME_TAKE;
}
