/* SPDX-License-Identifier: MIT */
#include "server/vod.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/flv.h>

#include "base/bytes.h"
#include "server/gop.h"
#include "server/record_path.h"

enum { BLOCK = 65536 };

struct slu_vod {
	int fd;
	struct slu_flv_reader reader;
	struct slu_buffer *block; /* [at, end) is not yet read */
	size_t at, end;
	bool ended, video, started;
	uint32_t first; /* timestamp of what was sent first */
	int64_t start_ms, duration_ms;
	uint32_t length_ms;
};

/* ---- bytes ---- */

/* Room for `need` bytes from what is unread on. A block that a message still refers to is left to it. */
static int make_room(struct slu_vod *v, size_t need)
{
	size_t unread = v->end - v->at, size = need > BLOCK ? need : BLOCK;
	struct slu_buffer *b;

	if (v->block && slu_buffer_size(v->block) - v->at >= need && slu_buffer_size(v->block) > v->end)
		return 0;
	if (v->block && slu_buffer_unique(v->block) && slu_buffer_size(v->block) >= need) {
		memmove(slu_buffer_data(v->block), slu_buffer_data(v->block) + v->at, unread);
	} else {
		b = slu_buffer_new(size);
		if (!b)
			return SLU_ERR_NOMEM;
		if (unread)
			memcpy(slu_buffer_data(b), slu_buffer_data(v->block) + v->at, unread);
		slu_buffer_put(v->block);
		v->block = b;
	}
	v->at = 0;
	v->end = unread;
	return 0;
}

static int fill(struct slu_vod *v)
{
	ssize_t n;
	int err = make_room(v, v->reader.need);

	if (err)
		return err;
	do
		n = read(v->fd, slu_buffer_data(v->block) + v->end, slu_buffer_size(v->block) - v->end);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		v->ended = true;
	else
		v->end += (size_t)n;
	return 0;
}

/* The next tag of the file. 1, 0 at its end, or SLU_ERR_NOMEM. */
static int next_tag(struct slu_vod *v, struct slu_flv_tag *tag)
{
	size_t used;
	int got, err = 0;

	while (!v->ended && !err) {
		got = v->block ? slu_flv_read(&v->reader, slu_buffer_data(v->block) + v->at, v->end - v->at, &used, tag)
			       : 0;
		if (v->block)
			v->at += used;
		if (got > 0)
			return 1;
		if (got < 0)
			v->ended = true;
		else
			err = fill(v);
	}
	return err;
}

/* ---- what is sent of it ---- */

static bool is_wanted(struct slu_vod *v, enum slu_gop_kind kind, const struct slu_msg *msg)
{
	v->video |= msg->type == SLU_MSG_VIDEO;
	if (kind == SLU_GOP_METADATA || kind == SLU_GOP_CONFIG || v->started)
		return true;
	if (msg->timestamp < v->start_ms || (v->video && v->start_ms > 0 && kind != SLU_GOP_KEYFRAME))
		return false;
	v->started = true;
	v->first = msg->timestamp;
	return true;
}

int slu_vod_next(struct slu_vod *v, struct slu_msg *msg)
{
	struct slu_flv_tag tag;
	int got;

	while ((got = next_tag(v, &tag)) > 0) {
		*msg = (struct slu_msg){.type = tag.type,
					.timestamp = tag.timestamp,
					.data = tag.body,
					.size = tag.size,
					.owner = v->block};
		if (!is_wanted(v, slu_gop_kind(msg), msg))
			continue;
		if (v->started && v->duration_ms >= 0 && (int32_t)(msg->timestamp - v->first) > v->duration_ms)
			return 0;
		return 1;
	}
	return got;
}

/* ---- the file ---- */

/* The timestamp of the last tag: found by the PreviousTagSize at the end (E.3); 0 when that leads nowhere. */
static uint32_t last_timestamp(int fd)
{
	uint8_t b[SLU_FLV_TAG_HEADER_SIZE];
	off_t end = lseek(fd, 0, SEEK_END), tag;

	if (end < SLU_FLV_HEADER_SIZE + SLU_FLV_TAG_OVERHEAD || pread(fd, b, 4, end - 4) != 4)
		return 0;
	tag = end - 4 - (off_t)slu_be32(b);
	if (tag < SLU_FLV_HEADER_SIZE || pread(fd, b, sizeof b, tag) != (ssize_t)sizeof b)
		return 0;
	return (uint32_t)b[7] << 24 | slu_be24(b + 4);
}

int slu_vod_seek(struct slu_vod *v, int64_t start_ms)
{
	if (lseek(v->fd, 0, SEEK_SET) != 0)
		return SLU_ERR_IO;
	slu_flv_reader_init(&v->reader);
	v->at = v->end = 0;
	v->ended = v->video = v->started = false;
	v->start_ms = start_ms;
	/* What was sent may still lie in the block. */
	if (v->block && !slu_buffer_unique(v->block)) {
		slu_buffer_put(v->block);
		v->block = NULL;
	}
	return 0;
}

struct slu_vod *slu_vod_open(int dir, const char *key, int64_t start_ms, int64_t duration_ms)
{
	struct slu_vod *v = calloc(1, sizeof *v);

	if (!v)
		return NULL;
	v->fd = slu_record_path_open(dir, key);
	v->duration_ms = duration_ms;
	if (v->fd >= 0)
		v->length_ms = last_timestamp(v->fd);
	if (v->fd >= 0 && slu_vod_seek(v, start_ms) == 0 && fill(v) == 0 && v->end >= 3 &&
	    memcmp(slu_buffer_data(v->block), "FLV", 3) == 0)
		return v;
	slu_vod_close(v);
	return NULL;
}

void slu_vod_close(struct slu_vod *v)
{
	if (!v)
		return;
	if (v->fd >= 0)
		close(v->fd);
	slu_buffer_put(v->block);
	free(v);
}

uint32_t slu_vod_length(const struct slu_vod *v)
{
	return v->length_ms;
}
