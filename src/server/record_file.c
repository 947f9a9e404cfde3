/* SPDX-License-Identifier: MIT */
#include "server/record_file.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include <sluice/error.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "proto/flv_track.h"

enum { FLAGS_AT = 4, BODY_AT = SLU_FLV_HEADER_SIZE + SLU_FLV_TAG_HEADER_SIZE }; /* in the file */
enum { PREV_SIZE = 4, MAX_META = 2 << 20, AUDIO_KEY_MS = 1000 };

static ssize_t system_pwrite(int fd, const void *data, size_t n, off_t at)
{
	return pwrite(fd, data, n, at);
}

static int system_ftruncate(int fd, off_t size)
{
	return ftruncate(fd, size);
}

/* The two are wrapped, for their names are others' where off_t has 64 bits of 32. */
const struct slu_record_ops slu_record_ops_system = {
	.create = slu_record_path_create,
	.writev = writev,
	.pwrite = system_pwrite,
	.ftruncate = system_ftruncate,
	.fdatasync = fdatasync,
	.close = close,
	.remove = slu_record_path_remove,
};

int slu_record_file_open(struct slu_record_file *f, const struct slu_record_ops *ops, int dir)
{
	f->ops = ops;
	f->dir = dir;
	slu_record_index_init(&f->index, SLU_RECORD_META_KEYS);
	f->fd = ops->create(dir, f->path, &f->take);
	if (f->fd < 0) {
		f->err = SLU_ERR_IO;
		f->why = errno;
	}
	return f->err;
}

/* ---- to the file ---- */

/* Those of n that were written; all, or errno says why not. */
static size_t write_all(struct slu_record_file *f, struct iovec *iov, int n)
{
	size_t written = 0;
	ssize_t got;

	while (n > 0) {
		got = f->ops->writev(f->fd, iov, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EIO;
		if (got <= 0)
			break;
		written += (size_t)got;
		for (; n > 0 && (size_t)got >= iov->iov_len; iov++, n--)
			got -= (ssize_t)iov->iov_len;
		if (n > 0) {
			iov->iov_base = (uint8_t *)iov->iov_base + got;
			iov->iov_len -= (size_t)got;
		}
	}
	f->dirty = true;
	return written;
}

/* No more is written. */
static int give_up(struct slu_record_file *f, int err, int why)
{
	f->err = err;
	f->why = why;
	/* Room given back cannot fail for want of room. If it fails all the same, the file ends in half a tag. */
	if (f->ops->ftruncate(f->fd, (off_t)f->stored) != 0 && !why)
		f->why = errno;
	return f->err;
}

/* ---- tags ---- */

/* The file header, and the script tag with room for what is known at the end. *used: it has msg's metadata. */
static int begin(struct slu_record_file *f, const struct slu_msg *msg, bool *used)
{
	struct slu_flv_tag meta = {.type = SLU_FLV_SCRIPT, .timestamp = msg->timestamp};
	uint8_t header[BODY_AT], prev[PREV_SIZE];
	struct slu_buf body;
	size_t size;
	int err;

	slu_buf_init(&body, MAX_META);
	*used = msg->type == SLU_FLV_SCRIPT && slu_record_meta_begin(&body, &f->room, msg->data, msg->size) == 0;
	err = *used ? 0 : slu_record_meta_begin(&body, &f->room, NULL, 0);
	if (err) {
		slu_buf_clear(&body);
		return give_up(f, SLU_ERR_NOMEM, 0);
	}
	meta.body = body.data;
	meta.size = body.len;
	slu_flv_write_header(header, true, true);
	slu_flv_write_tag_header(header + SLU_FLV_HEADER_SIZE, &meta);
	slu_flv_write_prev_size(prev, &meta);
	f->iov[0] = (struct iovec){header, sizeof header};
	f->iov[1] = (struct iovec){body.data, body.len};
	f->iov[2] = (struct iovec){prev, sizeof prev};
	size = sizeof header + body.len + sizeof prev;
	if (write_all(f, f->iov, 3) != size)
		err = give_up(f, SLU_ERR_IO, errno);
	else
		f->stored = size;
	f->begun = !err;
	slu_buf_clear(&body);
	return err;
}

/* Of several tracks of pictures the first one counts. */
static void note_key(struct slu_record_file *f, unsigned track, uint64_t position)
{
	int64_t time = (int64_t)f->first + f->at;

	if (track > f->track)
		return;
	f->track = track;
	f->facts.key = true;
	f->facts.last_key_ms = time;
	f->facts.last_key_position = position;
	slu_record_index_add(&f->index, time, position);
}

/* Without video, each frame of audio can be begun with; one each second is enough to know. */
static void note_audio(struct slu_record_file *f, uint64_t position)
{
	int64_t time = (int64_t)f->first + f->at;

	if (f->facts.video || (f->index.n && time < f->facts.last_key_ms + AUDIO_KEY_MS))
		return;
	f->facts.last_key_ms = time;
	slu_record_index_add(&f->index, time, position);
}

static void note_time(struct slu_record_file *f, uint32_t timestamp)
{
	struct slu_record_facts *facts = &f->facts;

	if (!facts->audio && !facts->video)
		f->first = f->last = timestamp;
	f->at += (int32_t)(timestamp - f->last);
	f->last = timestamp;
	if (f->at > facts->duration_ms)
		facts->duration_ms = f->at;
	facts->last_ms = (int64_t)f->first + facts->duration_ms;
}

/* Those in front of the first frame everybody finds. */
static void note_config(struct slu_record_facts *facts, bool config, uint64_t position)
{
	facts->frames |= !config;
	if (config && facts->frames && facts->nconfigs < SLU_RECORD_META_CONFIGS)
		facts->configs[facts->nconfigs++] = position;
}

/* The tag of msg is in the file, at its end. */
static void note(struct slu_record_file *f, const struct slu_msg *msg)
{
	struct slu_record_facts *facts = &f->facts;
	unsigned flags = slu_flv_flags(msg->type, msg->data, msg->size);
	uint64_t position = f->stored, size = msg->size + SLU_FLV_TAG_OVERHEAD;

	f->stored += size;
	if (msg->type == SLU_FLV_SCRIPT)
		return;
	note_time(f, msg->timestamp);
	facts->data_size += size;
	note_config(facts, flags & SLU_FLV_SEQUENCE_HEADER, position);
	if (msg->type == SLU_FLV_AUDIO) {
		facts->audio = true;
		facts->audio_size += size - PREV_SIZE;
		if (!(flags & SLU_FLV_SEQUENCE_HEADER))
			note_audio(f, position);
		return;
	}
	/* What was noted of audio before must not hide that there are key frames. */
	if (!facts->video) {
		slu_record_index_clear(&f->index);
		f->track = UINT_MAX;
	}
	facts->video = true;
	facts->video_size += size - PREV_SIZE;
	if (flags & SLU_FLV_KEYFRAME)
		note_key(f, slu_flv_track(msg->type, msg->data, msg->size), position);
}

/* Headers and PreviousTagSizes lie in marks, those that follow each other in the file next to each other. The number of
 * pieces, and in *total their size. */
static int lay_out(struct slu_record_file *f, const struct slu_msg *msgs, size_t n, size_t *total)
{
	size_t from = 0, pieces = 0;

	*total = 0;
	for (size_t i = 0; i < n; i++) {
		struct slu_flv_tag tag = {.type = msgs[i].type,
					  .timestamp = msgs[i].timestamp,
					  .body = msgs[i].data,
					  .size = msgs[i].size};
		size_t mark = i * SLU_FLV_TAG_OVERHEAD, body = mark + SLU_FLV_TAG_HEADER_SIZE;

		if (slu_flv_write_tag_header(f->marks + mark, &tag) != 0)
			return SLU_ERR_INVALID;
		slu_flv_write_prev_size(f->marks + body, &tag);
		*total += tag.size + SLU_FLV_TAG_OVERHEAD;
		if (!tag.size)
			continue;
		f->iov[pieces++] = (struct iovec){f->marks + from, body - from};
		f->iov[pieces++] = (struct iovec){(uint8_t *)tag.body, tag.size};
		from = body;
	}
	f->iov[pieces++] = (struct iovec){f->marks + from, n * SLU_FLV_TAG_OVERHEAD - from};
	return (int)pieces;
}

int slu_record_file_write(struct slu_record_file *f, const struct slu_msg *msgs, size_t n)
{
	size_t total, written;
	bool used = false;
	int pieces, why;

	if (f->err || !n || (!f->begun && begin(f, msgs, &used) != 0))
		return f->err;
	msgs += used;
	n -= used;
	pieces = n ? lay_out(f, msgs, n, &total) : 0;
	if (pieces < 0)
		return give_up(f, SLU_ERR_NOMEM, 0);
	if (!pieces)
		return 0;
	written = write_all(f, f->iov, pieces);
	why = errno;
	for (size_t i = 0, end = 0; i < n; i++) {
		end += msgs[i].size + SLU_FLV_TAG_OVERHEAD;
		if (end > written)
			break;
		note(f, &msgs[i]);
	}
	return written == total ? 0 : give_up(f, SLU_ERR_IO, why);
}

int slu_record_file_sync(struct slu_record_file *f)
{
	if (f->err || !f->dirty)
		return f->err;
	f->dirty = false;
	/* What the kernel could not write it forgets: there may be a hole now, and nothing behind it would be found. */
	if (f->ops->fdatasync(f->fd) != 0) {
		f->err = SLU_ERR_IO;
		f->why = errno;
	}
	return f->err;
}

/* ---- the end ---- */

static bool put(const struct slu_record_file *f, const void *bytes, size_t n, off_t at)
{
	return f->ops->pwrite(f->fd, bytes, n, at) == (ssize_t)n;
}

/* All tags and all of the room but its first bytes have to be on the disk before those are. */
static bool fill_room(struct slu_record_file *f, const struct slu_buf *b)
{
	uint8_t flags = (uint8_t)((f->facts.audio ? 4 : 0) | (f->facts.video ? 1 : 0)), count[4];
	off_t at = BODY_AT + (off_t)f->room.at;

	slu_put_be32(count, f->room.members);
	return put(f, b->data + SLU_RECORD_META_SWITCH, b->len - SLU_RECORD_META_SWITCH, at + SLU_RECORD_META_SWITCH) &&
	       f->ops->fdatasync(f->fd) == 0 && put(f, b->data, SLU_RECORD_META_SWITCH, at) &&
	       put(f, count, sizeof count, BODY_AT + SLU_RECORD_META_COUNT) && put(f, &flags, 1, FLAGS_AT) &&
	       f->ops->fdatasync(f->fd) == 0;
}

static bool write_end(struct slu_record_file *f)
{
	struct slu_buf b;
	bool ok;

	if (!f->begun)
		return true;
	f->facts.file_size = f->stored;
	slu_buf_init(&b, SLU_RECORD_META_ROOM);
	ok = slu_record_meta_end(&b, &f->room, &f->facts, &f->index) == 0;
	if (!ok)
		errno = ENOMEM;
	ok = ok && fill_room(f, &b);
	slu_buf_clear(&b);
	return ok;
}

int slu_record_file_finish(struct slu_record_file *f)
{
	bool ok;

	if (f->fd < 0)
		return f->err;
	ok = write_end(f);
	if (!ok && !f->err)
		f->why = errno;
	if (!f->begun)
		f->ops->remove(f->dir, f->path, f->take, f->fd);
	/* Some file systems report a failed write only now. */
	if (f->ops->close(f->fd) != 0 && ok) {
		ok = false;
		f->why = errno;
	}
	f->fd = -1;
	if (!ok && !f->err)
		f->err = SLU_ERR_IO;
	slu_record_index_clear(&f->index);
	return f->err;
}
