/* SPDX-License-Identifier: MIT */
#include "tools/flv_tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sluice/error.h>
#include <sluice/flv.h>

#include "base/bytes.h"
#include "tools/metadata.h"

enum { BODY_BEGIN = 64, METADATA_MAX = 65536, FLV_HEADER = 9, PREV_SIZE = 4, TAG_RESERVED = 0xc0 };

/* As many as there are, up to n; <0 after an error. */
static ssize_t read_at(int fd, uint8_t *out, size_t n, uint64_t at)
{
	size_t got = 0;
	ssize_t more = 1;

	while (got < n && more > 0) {
		more = pread(fd, out + got, n - got, (off_t)(at + got));
		if (more < 0 && errno == EINTR)
			more = 1;
		else if (more > 0)
			got += (size_t)more;
	}
	return more < 0 ? -1 : (ssize_t)got;
}

static int note_metadata(int fd, uint64_t body, size_t size, struct slu_flv_tail *t)
{
	uint8_t *data;
	size_t at = 0;
	ssize_t got;

	if (t->duration_at || size > METADATA_MAX)
		return 0;
	data = malloc(size);
	got = data ? read_at(fd, data, size, body) : -1;
	if (got == (ssize_t)size && slu_metadata_is(data, size)) {
		at = slu_metadata_duration(data, size);
		if (!t->metadata) {
			t->metadata = body;
			t->metadata_size = size;
		}
	}
	if (at)
		t->duration_at = body + at;
	free(data);
	return got < 0 ? SLU_ERR_IO : 0;
}

/* A frame that can be gone on from: what a decoder can begin with, which of audio every one is. */
static bool can_begin(const struct slu_flv_tail *t, uint8_t type, unsigned flags)
{
	return type == SLU_FLV_VIDEO ? (flags & SLU_FLV_KEYFRAME) != 0 : !t->has_video;
}

static void note_frame(struct slu_flv_tail *t, const struct slu_flv_tag *tag, uint64_t at, uint64_t end)
{
	unsigned flags = slu_flv_flags(tag->type, tag->body, tag->size < BODY_BEGIN ? tag->size : BODY_BEGIN);

	if (flags & SLU_FLV_SEQUENCE_HEADER)
		return;
	if (!t->has_audio && !t->has_video)
		t->first = tag->timestamp;
	/* With video, the audio before it counts no more. */
	if (tag->type == SLU_FLV_VIDEO && !t->has_video)
		t->type = 0;
	t->has_audio |= tag->type == SLU_FLV_AUDIO;
	t->has_video |= tag->type == SLU_FLV_VIDEO;
	if (!can_begin(t, tag->type, flags))
		return;
	t->type = tag->type;
	t->timestamp = tag->timestamp;
	t->body = at + SLU_FLV_TAG_HEADER_SIZE;
	t->size = tag->size;
	t->end = end;
}

/* The tag at *at, which then is behind it. 1; 0 where no whole tag begins there; SLU_ERR_IO. */
static int next_tag(int fd, uint64_t *at, uint64_t size, struct slu_flv_tail *t)
{
	uint8_t b[SLU_FLV_TAG_HEADER_SIZE + BODY_BEGIN];
	ssize_t got = read_at(fd, b, sizeof b, *at);
	struct slu_flv_tag tag = {.body = b + SLU_FLV_TAG_HEADER_SIZE};
	uint64_t end;
	int err = 0;

	if (got < SLU_FLV_TAG_HEADER_SIZE)
		return got < 0 ? SLU_ERR_IO : 0;
	tag.type = b[0];
	tag.size = slu_be24(b + 1);
	tag.timestamp = (uint32_t)b[7] << 24 | slu_be24(b + 4);
	end = *at + SLU_FLV_TAG_OVERHEAD + tag.size;
	if (end > size || (b[0] & TAG_RESERVED))
		return 0;
	if (tag.type == SLU_FLV_AUDIO || tag.type == SLU_FLV_VIDEO)
		note_frame(t, &tag, *at, end);
	else if (tag.type == SLU_FLV_SCRIPT && tag.size)
		err = note_metadata(fd, *at + SLU_FLV_TAG_HEADER_SIZE, tag.size, t);
	*at = end;
	return err ? err : 1;
}

int slu_flv_tail_within(int fd, uint64_t size, struct slu_flv_tail *tail)
{
	uint8_t header[FLV_HEADER];
	ssize_t got = read_at(fd, header, sizeof header, 0);
	uint64_t at;
	int more = 1;

	*tail = (struct slu_flv_tail){.is_flv = false};
	if (got < 0)
		return SLU_ERR_IO;
	tail->is_flv = got == FLV_HEADER && memcmp(header, "FLV", 3) == 0 && slu_be32(header + 5) >= FLV_HEADER;
	for (at = tail->is_flv ? slu_be32(header + 5) + (uint64_t)PREV_SIZE : 0; tail->is_flv && more > 0;)
		more = next_tag(fd, &at, size, tail);
	return more < 0 ? more : 0;
}

int slu_flv_tail(int fd, struct slu_flv_tail *tail)
{
	off_t size = lseek(fd, 0, SEEK_END);

	*tail = (struct slu_flv_tail){.is_flv = false};
	return size < 0 ? SLU_ERR_IO : slu_flv_tail_within(fd, (uint64_t)size, tail);
}
