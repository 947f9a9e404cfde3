/* SPDX-License-Identifier: MIT */
#include "server/vod.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/error.h>
#include <sluice/flv.h>

#include "base/bytes.h"
#include "server/record_meta.h"
#include "server/record_path.h"
#include "server/vod_find.h"

enum { BLOCK = 65536, READ = 4 * BLOCK, READS = 16 }; /* bytes; in one read; reads a call */
enum { FIRST_TAGS = 16 };                             /* among which the first frame is, or is as good as not there */

/* What is in front of a file's first tag. */
static const uint8_t flv_header[SLU_FLV_HEADER_SIZE] = {'F', 'L', 'V', 1, 5, 0, 0, 0, 9};

struct slu_vod {
	int fd;
	enum { FINDING, SETTING_UP, PLAYING } stage;
	uint64_t head; /* where the first tag is */
	uint32_t first, length_ms;
	bool limited, shifted;
	uint32_t until, shift; /* timestamps: of the last that is sent, and what is taken off */
	/* looking for the place to begin at */
	struct slu_vod_find find;
	size_t setup;           /* how much of find.setup has been sent: metadata first */
	uint64_t metadata_sent; /* where it is */
	struct slu_buffer *single;
	/* going on from there */
	struct slu_flv_reader reader;
	uint64_t from;            /* where the reader began */
	struct slu_buffer *block; /* [at, end) is not yet read */
	size_t at, end;
	bool ended;
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

/* Where in the file the first unread byte is. */
static uint64_t position(const struct slu_vod *v)
{
	return v->from + v->reader.offset - SLU_FLV_HEADER_SIZE;
}

/* Whether the file has what the reader needs: room is made for what is there, not for what a tag announces. */
static bool file_has(const struct slu_vod *v, size_t need)
{
	struct stat st;

	if (need <= BLOCK)
		return true;
	return fstat(v->fd, &st) == 0 && position(v) + need <= (uint64_t)st.st_size;
}

static int fill(struct slu_vod *v)
{
	size_t room;
	ssize_t n;
	int err;

	if (!file_has(v, v->reader.need)) {
		v->ended = true;
		return 0;
	}
	err = make_room(v, v->reader.need);
	if (err)
		return err;
	room = slu_buffer_size(v->block) - v->end;
	do
		n = read(v->fd, slu_buffer_data(v->block) + v->end, room < READ ? room : READ);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		v->ended = true;
	else
		v->end += (size_t)n;
	return 0;
}

/* The next tag of the file, as slu_vod_next() says it. */
static int next_tag(struct slu_vod *v, struct slu_flv_tag *tag)
{
	int reads = 0, got, err = 0;
	size_t used = 0;

	while (!v->ended && !err) {
		got = 0;
		if (v->block)
			got = slu_flv_read(&v->reader, slu_buffer_data(v->block) + v->at, v->end - v->at, &used, tag);
		v->at += used;
		if (got > 0)
			return SLU_VOD_MESSAGE;
		if (reads++ == READS)
			return SLU_VOD_LATER;
		if (got < 0)
			v->ended = true;
		else
			err = fill(v);
	}
	return err;
}

/* Goes on with the tag at that place. */
static void go_to(struct slu_vod *v, uint64_t place)
{
	struct slu_flv_tag tag;
	size_t used;

	v->from = place;
	v->at = v->end = 0;
	v->ended = lseek(v->fd, (off_t)place, SEEK_SET) < 0;
	slu_flv_reader_init(&v->reader);
	slu_flv_read(&v->reader, flv_header, sizeof flv_header, &used, &tag);
	/* What was sent may still lie in the block. */
	if (v->block && !slu_buffer_unique(v->block)) {
		slu_buffer_put(v->block);
		v->block = NULL;
	}
}

/* ---- what is sent first ---- */

static void found(struct slu_vod *v)
{
	const struct slu_vod_find *f = &v->find;

	v->stage = f->landed ? SETTING_UP : PLAYING;
	v->setup = 0;
	v->shift = v->shifted ? f->landed ? f->landing.timestamp : v->first : 0;
	go_to(v, f->landed ? f->landing.at : v->head);
}

/* Reads the whole tag at a place, as if it were of the landing's time. */
static int read_single(struct slu_vod *v, uint64_t at, struct slu_msg *msg)
{
	struct slu_vod_tag tag;
	struct slu_buffer *b;

	slu_buffer_put(v->single);
	v->single = NULL;
	if (!slu_vod_tag_at(v->fd, at, v->find.file_size, &tag))
		return SLU_VOD_LATER;
	b = slu_buffer_new(tag.size);
	if (!b)
		return SLU_ERR_NOMEM;
	v->single = b;
	if (pread(v->fd, slu_buffer_data(b), tag.size, (off_t)at + SLU_FLV_TAG_HEADER_SIZE) != (ssize_t)tag.size)
		return SLU_VOD_LATER;
	*msg = (struct slu_msg){.type = tag.type,
				.timestamp = v->find.landing.timestamp - v->shift,
				.data = slu_buffer_data(b),
				.size = tag.size,
				.owner = b};
	return SLU_VOD_MESSAGE;
}

/* Metadata that has been sent is not sent again: with a long index in it, it is large. */
static int next_of_setup(struct slu_vod *v, struct slu_msg *msg)
{
	const struct slu_vod_setup *setup = &v->find.setup;
	size_t i = v->setup++;

	if (i == 0) {
		if (!setup->metadata || setup->metadata == v->metadata_sent)
			return SLU_VOD_LATER;
		v->metadata_sent = setup->metadata;
		return read_single(v, setup->metadata, msg);
	}
	if (i <= setup->nconfigs)
		return read_single(v, setup->configs[i - 1].at, msg);
	v->stage = PLAYING;
	return SLU_VOD_LATER;
}

/* ---- and then ---- */

/* Behind a key frame there may be audio from before it. With that frame at 0 it has no time of its own, and is put
 * behind: players that go on with a file take all that is at 0 to be in it already. */
static uint32_t shifted(const struct slu_vod *v, uint32_t timestamp)
{
	if (!v->shift)
		return timestamp;
	timestamp -= v->shift;
	if ((int32_t)timestamp > 0)
		return timestamp;
	return v->find.landed && v->reader.tags > 1;
}

static int next_of_file(struct slu_vod *v, struct slu_msg *msg)
{
	struct slu_flv_tag tag;
	int got = next_tag(v, &tag);

	if (got != SLU_VOD_MESSAGE)
		return got;
	if (v->limited && tag.type != SLU_FLV_SCRIPT && (int32_t)(tag.timestamp - v->until) > 0) {
		v->ended = true;
		return SLU_VOD_END;
	}
	*msg = (struct slu_msg){.type = tag.type,
				.timestamp = shifted(v, tag.timestamp),
				.data = tag.body,
				.size = tag.size,
				.owner = v->block};
	if (slu_gop_kind(msg) == SLU_GOP_METADATA)
		v->metadata_sent = position(v) - tag.size - SLU_FLV_TAG_HEADER_SIZE;
	return SLU_VOD_MESSAGE;
}

/* Metadata without what only those who have the file can use; or as it is, where it cannot be read. */
static void strip(struct slu_vod *v, struct slu_msg *msg)
{
	struct slu_buffer *stripped = slu_record_meta_stream(msg->data, msg->size);

	if (!stripped)
		return;
	slu_buffer_put(v->single);
	v->single = msg->owner = stripped;
	msg->data = slu_buffer_data(stripped);
	msg->size = slu_buffer_size(stripped);
}

static int next_of_either(struct slu_vod *v, struct slu_msg *msg)
{
	int got = SLU_VOD_LATER;

	while (v->stage == SETTING_UP && got == SLU_VOD_LATER)
		got = next_of_setup(v, msg);
	return v->stage == SETTING_UP ? got : next_of_file(v, msg);
}

int slu_vod_next(struct slu_vod *v, struct slu_msg *msg)
{
	int got;

	if (v->stage == FINDING) {
		if (!slu_vod_find_step(&v->find))
			return SLU_VOD_LATER;
		found(v);
	}
	got = next_of_either(v, msg);
	if (got == SLU_VOD_MESSAGE && slu_gop_kind(msg) == SLU_GOP_METADATA)
		strip(v, msg);
	return got;
}

/* ---- the file ---- */

/* The tag that the PreviousTagSize at the end leads to (E.3). */
static bool last_tag(int fd, uint64_t file_size, struct slu_vod_tag *tag)
{
	uint8_t size[4];
	uint64_t back;

	if (file_size < SLU_FLV_HEADER_SIZE + SLU_FLV_TAG_OVERHEAD ||
	    pread(fd, size, sizeof size, (off_t)file_size - 4) != sizeof size)
		return false;
	back = (uint64_t)slu_be32(size) + sizeof size;
	return back <= file_size - SLU_FLV_HEADER_SIZE && slu_vod_tag_at(fd, file_size - back, file_size, tag) &&
	       tag->type && tag->size + SLU_FLV_TAG_OVERHEAD == back;
}

static bool first_frame(const struct slu_vod *v, uint64_t file_size, struct slu_vod_tag *tag)
{
	uint64_t at = v->head;

	for (int i = 0; i < FIRST_TAGS && slu_vod_tag_at(v->fd, at, file_size, tag); i++) {
		if (tag->type == SLU_FLV_AUDIO || tag->type == SLU_FLV_VIDEO)
			return true;
		at += SLU_FLV_TAG_OVERHEAD + tag->size;
	}
	return false;
}

static bool read_head(struct slu_vod *v)
{
	struct slu_vod_tag tag;
	uint8_t header[9];
	struct stat st;

	if (fstat(v->fd, &st) != 0 || pread(v->fd, header, sizeof header, 0) != sizeof header ||
	    memcmp(header, "FLV", 3) != 0 || slu_be32(header + 5) < sizeof header)
		return false;
	v->head = slu_be32(header + 5) + (uint64_t)4;
	if (first_frame(v, (uint64_t)st.st_size, &tag))
		v->first = tag.timestamp;
	if (last_tag(v->fd, (uint64_t)st.st_size, &tag) && (int32_t)(tag.timestamp - v->first) > 0)
		v->length_ms = tag.timestamp - v->first;
	return true;
}

void slu_vod_seek(struct slu_vod *v, uint32_t ms)
{
	v->shifted = false;
	v->stage = FINDING;
	/* Without a step there is nothing found: the beginning, whatever its timestamp. */
	slu_vod_find_begin(&v->find, v->fd, v->head, ms);
	if (!ms)
		found(v);
}

/* The timestamp behind which nothing is sent; a start before the first is a start there. */
static void limit(struct slu_vod *v, uint32_t start, int64_t duration_ms)
{
	v->limited = duration_ms >= 0 && duration_ms < INT32_MAX;
	if (!start || (int32_t)(start - v->first) < 0)
		start = v->first;
	v->until = start + (uint32_t)duration_ms;
}

struct slu_vod *slu_vod_open(int dir, const char *key, int64_t start_ms, int64_t duration_ms)
{
	struct slu_vod *v = calloc(1, sizeof *v);
	uint32_t start = start_ms > 0 && start_ms <= UINT32_MAX ? (uint32_t)start_ms : 0;

	if (!v)
		return NULL;
	v->fd = slu_record_path_open(dir, key);
	if (v->fd < 0 || !read_head(v)) {
		slu_vod_close(v);
		return NULL;
	}
	limit(v, start, duration_ms);
	slu_vod_seek(v, start);
	v->shifted = start > 0;
	return v;
}

void slu_vod_close(struct slu_vod *v)
{
	if (!v)
		return;
	if (v->fd >= 0)
		close(v->fd);
	slu_buffer_put(v->block);
	slu_buffer_put(v->single);
	free(v);
}

uint32_t slu_vod_length(const struct slu_vod *v)
{
	return v->length_ms;
}
