/* SPDX-License-Identifier: MIT */
#include "server/recorder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sluice/error.h>
#include <sluice/flv.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "server/record_meta.h"
#include "server/record_path.h"

enum { BLOCK = 256 * 1024, KEEP = 4 * BLOCK, MAX_COLLECTED = 32 << 20 };
enum { FLAGS_AT = 4, BODY_AT = SLU_FLV_HEADER_SIZE + SLU_FLV_TAG_HEADER_SIZE }; /* in the file */

struct slu_recorder {
	int fd;
	int err;
	uint64_t stored;     /* bytes in the file: whole tags */
	struct slu_buf wait; /* whole tags that are not yet in the file */
	bool begun, audio, video;
	uint32_t last;     /* timestamp */
	int64_t at, until; /* ms since the first audio or video tag: of the last one, and of the furthest */
	char path[SLU_RECORD_PATH];
	char error[256];
};

struct slu_recorder *slu_recorder_open(int dir, const char *key, char *error, size_t size)
{
	struct slu_recorder *r = calloc(1, sizeof *r);

	if (!r) {
		snprintf(error, size, "not recorded: out of memory");
		return NULL;
	}
	slu_buf_init(&r->wait, MAX_COLLECTED);
	r->fd = slu_record_path_create(dir, key, r->path);
	if (r->fd >= 0)
		return r;
	if (r->fd == SLU_ERR_INVALID)
		snprintf(error, size, "not recorded: the stream's name is too long, or too deep, for a file's");
	else
		snprintf(error, size, "not recorded: no file can be made in the folder: %s", strerror(errno));
	free(r);
	return NULL;
}

const char *slu_recorder_error(const struct slu_recorder *r)
{
	return r->error;
}

const char *slu_recorder_path(const struct slu_recorder *r)
{
	return r->path;
}

uint64_t slu_recorder_size(const struct slu_recorder *r)
{
	return r->stored + r->wait.len;
}

/* ---- to the file ---- */

/* How many of the first n collected bytes are whole tags, PreviousTagSize included. */
static size_t whole_tags(const struct slu_recorder *r, size_t n)
{
	size_t at = r->stored ? 0 : SLU_FLV_HEADER_SIZE, next;

	if (n < at)
		return 0;
	while (n - at > SLU_FLV_TAG_OVERHEAD) {
		next = at + SLU_FLV_TAG_OVERHEAD + slu_be24(r->wait.data + at + 1);
		if (next > n)
			break;
		at = next;
	}
	return at;
}

/* written of the collected bytes are in the file, and no more will be. */
static int give_up(struct slu_recorder *r, size_t written, int why)
{
	r->stored += whole_tags(r, written);
	/* Room given back cannot fail for want of room. If it fails all the same, the file ends in half a tag. */
	if (ftruncate(r->fd, (off_t)r->stored) != 0)
		why = why ? why : errno;
	slu_buf_clear(&r->wait);
	snprintf(r->error, sizeof r->error,
		 "recording stopped: %s; the %llu bytes stored before are kept, make room and publish again",
		 why ? strerror(why) : "out of memory", (unsigned long long)r->stored);
	r->err = why ? SLU_ERR_IO : SLU_ERR_NOMEM;
	return r->err;
}

int slu_recorder_flush(struct slu_recorder *r)
{
	size_t written = 0;
	ssize_t n;

	while (!r->err && written < r->wait.len) {
		n = write(r->fd, r->wait.data + written, r->wait.len - written);
		if (n >= 0)
			written += (size_t)n;
		else if (errno != EINTR)
			return give_up(r, written, errno);
	}
	r->stored += written;
	r->wait.len = 0;
	/* One large message must not hold its room for ever. */
	if (r->wait.cap > KEEP)
		slu_buf_clear(&r->wait);
	return r->err;
}

/* ---- tags ---- */

static int put_tag(struct slu_recorder *r, const struct slu_flv_tag *tag)
{
	uint8_t header[SLU_FLV_TAG_HEADER_SIZE], prev[4];

	if (slu_flv_write_tag_header(header, tag) != 0)
		return SLU_ERR_INVALID;
	if (slu_buf_reserve(&r->wait, tag->size + SLU_FLV_TAG_OVERHEAD) != 0)
		return SLU_ERR_NOMEM;
	slu_flv_write_prev_size(prev, tag);
	slu_buf_append(&r->wait, header, sizeof header);
	slu_buf_append(&r->wait, tag->body, tag->size);
	return slu_buf_append(&r->wait, prev, sizeof prev);
}

static bool is_metadata(const struct slu_flv_tag *tag)
{
	return tag->type == SLU_FLV_SCRIPT && tag->size > 13 && memcmp(tag->body, "\x02\x00\x0aonMetaData", 13) == 0;
}

/* The file header, and the script tag with room for what is known at the end. *used: it has tag's metadata. */
static int begin(struct slu_recorder *r, const struct slu_flv_tag *tag, bool *used)
{
	struct slu_flv_tag meta = {.type = SLU_FLV_SCRIPT, .timestamp = tag->timestamp};
	uint8_t header[SLU_FLV_HEADER_SIZE];
	struct slu_buf body;
	int err;

	slu_buf_init(&body, MAX_COLLECTED);
	*used = is_metadata(tag) && slu_record_meta(&body, tag->body, tag->size) == 0;
	err = *used ? 0 : slu_record_meta(&body, NULL, 0);
	slu_flv_write_header(header, true, true);
	if (!err)
		err = slu_buf_append(&r->wait, header, sizeof header);
	meta.body = body.data;
	meta.size = body.len;
	if (!err)
		err = put_tag(r, &meta);
	slu_buf_clear(&body);
	r->begun = !err;
	return err;
}

static void keep_time(struct slu_recorder *r, const struct slu_flv_tag *tag)
{
	if (tag->type == SLU_FLV_SCRIPT)
		return;
	if (r->audio || r->video)
		r->at += (int32_t)(tag->timestamp - r->last);
	r->last = tag->timestamp;
	r->until = r->at > r->until ? r->at : r->until;
	r->audio |= tag->type == SLU_FLV_AUDIO;
	r->video |= tag->type == SLU_FLV_VIDEO;
}

int slu_recorder_write(struct slu_recorder *r, const struct slu_msg *msg)
{
	struct slu_flv_tag tag = {.type = msg->type, .timestamp = msg->timestamp, .body = msg->data, .size = msg->size};
	bool used = false;
	int err = r->err;

	if (err)
		return err;
	if (tag.type != SLU_FLV_AUDIO && tag.type != SLU_FLV_VIDEO && tag.type != SLU_FLV_SCRIPT)
		return 0;
	if (!r->begun)
		err = begin(r, &tag, &used);
	if (!err && !used)
		err = put_tag(r, &tag);
	if (err)
		return give_up(r, 0, 0);
	keep_time(r, &tag);
	return r->wait.len >= BLOCK ? slu_recorder_flush(r) : 0;
}

/* ---- the end ---- */

static bool patch(const struct slu_recorder *r, const void *bytes, size_t n, off_t at)
{
	return pwrite(r->fd, bytes, n, at) == (ssize_t)n;
}

static bool patch_all(const struct slu_recorder *r)
{
	uint8_t flags = (uint8_t)((r->audio ? 4 : 0) | (r->video ? 1 : 0)), duration[8], size[8];

	slu_put_be_double(duration, (double)r->until / 1000);
	slu_put_be_double(size, (double)r->stored);
	return patch(r, &flags, 1, FLAGS_AT) && patch(r, duration, 8, BODY_AT + SLU_RECORD_META_DURATION) &&
	       patch(r, size, 8, BODY_AT + SLU_RECORD_META_FILESIZE);
}

int slu_recorder_finish(struct slu_recorder *r)
{
	bool ok;

	if (r->fd < 0)
		return r->err;
	slu_recorder_flush(r);
	ok = r->stored <= SLU_FLV_HEADER_SIZE || patch_all(r);
	/* Some file systems report a failed write only now. */
	if (close(r->fd) != 0)
		ok = false;
	r->fd = -1;
	if (!ok && !r->err) {
		r->err = SLU_ERR_IO;
		snprintf(r->error, sizeof r->error, "the recording's end could not be written: %s", strerror(errno));
	}
	return r->err;
}

void slu_recorder_free(struct slu_recorder *r)
{
	if (!r)
		return;
	slu_recorder_finish(r);
	slu_buf_clear(&r->wait);
	free(r);
}
