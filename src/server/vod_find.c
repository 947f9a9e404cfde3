/* SPDX-License-Identifier: MIT */
#include "server/vod_find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/flv.h>

#include "base/bytes.h"
#include "proto/flv_track.h"
#include "server/record_meta.h"
#include "server/vod_index.h"

enum { PREV_SIZE = 4, BODY = 32 };                                     /* bytes of a body that are looked at */
enum { TAG_RESERVED = 0xc0, TAG_FILTER = 0x20, TAG_TYPE_MASK = 0x1f }; /* E.4.1 */
enum { LOOKS = 512, BACK = 16, ENTRIES = 4, MAX_INDEX = 8 << 20 };     /* tags a step, tags, bytes */

/* How many of the n bytes at a place the file has. */
static size_t read_at(int fd, uint64_t at, void *to, size_t n)
{
	size_t have = 0;
	ssize_t got;

	while (have < n) {
		got = pread(fd, (uint8_t *)to + have, n - have, (off_t)(at + have));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += (size_t)got;
	}
	return have;
}

bool slu_vod_tag_at(int fd, uint64_t at, uint64_t file_size, struct slu_vod_tag *tag)
{
	uint8_t b[PREV_SIZE + SLU_FLV_TAG_HEADER_SIZE + BODY], *header = b + PREV_SIZE;
	size_t n, body;
	struct slu_msg msg;

	if (at < SLU_FLV_HEADER_SIZE || at > file_size || file_size - at < SLU_FLV_TAG_HEADER_SIZE)
		return false;
	n = read_at(fd, at - PREV_SIZE, b, sizeof b);
	if (n < PREV_SIZE + SLU_FLV_TAG_HEADER_SIZE)
		return false;
	*tag = (struct slu_vod_tag){.at = at, .before = slu_be32(b), .size = slu_be24(header + 1)};
	tag->timestamp = (uint32_t)header[7] << 24 | slu_be24(header + 4);
	if (header[0] & TAG_RESERVED || slu_be24(header + 8) || file_size - at - SLU_FLV_TAG_HEADER_SIZE < tag->size)
		return false;
	body = n - PREV_SIZE - SLU_FLV_TAG_HEADER_SIZE;
	msg = (struct slu_msg){.type = header[0],
			       .data = header + SLU_FLV_TAG_HEADER_SIZE,
			       .size = body < tag->size ? body : tag->size};
	if (msg.type != SLU_FLV_AUDIO && msg.type != SLU_FLV_VIDEO && msg.type != SLU_FLV_SCRIPT)
		return true; /* encrypted (Filter), or unknown */
	tag->type = msg.type;
	tag->kind = slu_gop_kind(&msg);
	tag->track = slu_flv_track(msg.type, msg.data, msg.size);
	return true;
}

static uint64_t behind(const struct slu_vod_tag *tag)
{
	return tag->at + SLU_FLV_TAG_OVERHEAD + tag->size;
}

/* ---- what is in force ---- */

static void note_config(struct slu_vod_setup *setup, const struct slu_vod_tag *tag)
{
	size_t i = 0;

	while (i < setup->nconfigs && setup->configs[i].track != tag->track)
		i++;
	if (i == SLU_GOP_CONFIGS)
		return;
	setup->configs[i].at = tag->at;
	setup->configs[i].track = tag->track;
	setup->nconfigs += i == setup->nconfigs;
}

static void note(struct slu_vod_setup *setup, const struct slu_vod_tag *tag)
{
	if (tag->type && tag->kind == SLU_GOP_METADATA)
		setup->metadata = tag->at;
	else if (tag->type && tag->kind == SLU_GOP_CONFIG)
		note_config(setup, tag);
}

/* ---- the index ---- */

/* Whether a tag begins there by what stands before and behind it, too. */
static bool is_borne_out(const struct slu_vod_find *f, uint64_t at, struct slu_vod_tag *tag)
{
	struct slu_vod_tag before;
	uint8_t size[PREV_SIZE];

	if (at <= f->at || !slu_vod_tag_at(f->fd, at, f->file_size, tag) || tag->before < SLU_FLV_TAG_HEADER_SIZE ||
	    at - f->at < (uint64_t)tag->before + PREV_SIZE)
		return false;
	if (!slu_vod_tag_at(f->fd, at - PREV_SIZE - tag->before, f->file_size, &before) || behind(&before) != at)
		return false;
	return read_at(f->fd, behind(tag) - PREV_SIZE, size, sizeof size) < sizeof size ||
	       slu_be32(size) == tag->size + SLU_FLV_TAG_HEADER_SIZE;
}

/* Those that the index tells of, from first to last. */
static void note_told(struct slu_vod_find *f, const uint8_t *body, size_t n, uint64_t before)
{
	uint64_t told[SLU_RECORD_META_CONFIGS];
	size_t count = slu_vod_index_configs(body, n, told, SLU_RECORD_META_CONFIGS);
	struct slu_vod_tag tag;

	for (size_t i = 0; i < count; i++)
		if (told[i] < before && is_borne_out(f, told[i], &tag))
			note(&f->seen, &tag);
}

/* Configurations stand right before the first frame that needs them, where hardly an index points to: the tags before
 * it are looked at too. */
static void note_those_before(struct slu_vod_find *f, const struct slu_vod_tag *tag)
{
	struct slu_vod_tag back[BACK], *b = back;
	size_t n = 0;

	while (n < BACK && is_borne_out(f, tag->at - PREV_SIZE - tag->before, &back[n]))
		tag = &back[n++];
	while (n--)
		note(&f->seen, &b[n]);
}

/* The frame that tag is or is in front of, for some indexes point to the configuration, can be begun with in time. */
static bool leads_to_frame(struct slu_vod_find *f, struct slu_vod_tag tag)
{
	for (int i = 0; i < BACK && tag.type && tag.kind != SLU_GOP_KEYFRAME && tag.kind != SLU_GOP_FRAME; i++)
		if (!slu_vod_tag_at(f->fd, behind(&tag), f->file_size, &tag))
			return false;
	if ((int32_t)(tag.timestamp - f->ms) > 0)
		return false;
	f->by_sound = tag.type == SLU_FLV_AUDIO && !f->video;
	return f->by_sound || (tag.type == SLU_FLV_VIDEO && tag.kind == SLU_GOP_KEYFRAME);
}

/* The last entry that is borne out: yamdi's very last is the end of the sequence, where nothing can begin. */
static bool ask_index(struct slu_vod_find *f, const uint8_t *body, size_t n, struct slu_vod_tag *tag)
{
	uint64_t at = 1;

	for (uint32_t back = 0; back < ENTRIES && at; back++) {
		at = slu_vod_index_find(body, n, f->ms, back);
		if (at && is_borne_out(f, at, tag) && leads_to_frame(f, *tag))
			return true;
	}
	return false;
}

/* From the first frame to the one that the index names for the time: what is between need not be looked at. What an
 * index says that is not so is as if it had not been said. */
static void jump(struct slu_vod_find *f)
{
	struct slu_vod_tag tag;
	uint8_t *body;
	size_t size;

	f->index_asked = true;
	if (!f->seen.metadata || !slu_vod_tag_at(f->fd, f->seen.metadata, f->file_size, &tag) || tag.size > MAX_INDEX)
		return;
	size = tag.size;
	body = malloc(tag.size + (size_t)1);
	if (body && read_at(f->fd, tag.at + SLU_FLV_TAG_HEADER_SIZE, body, tag.size) == tag.size &&
	    ask_index(f, body, tag.size, &tag)) {
		note_told(f, body, size, tag.at);
		note_those_before(f, &tag);
		f->at = tag.at;
		f->before = tag.before;
	}
	free(body);
}

/* ---- the search ---- */

void slu_vod_find_begin(struct slu_vod_find *f, int fd, uint64_t first, uint32_t ms)
{
	memset(f, 0, sizeof *f);
	f->fd = fd;
	f->first = f->at = first;
	f->ms = ms;
}

/* The index has led to an audio frame, and there is video all the same: without the index, then. */
static void begin_anew(struct slu_vod_find *f)
{
	uint64_t file_size = f->file_size;

	slu_vod_find_begin(f, f->fd, f->first, f->ms);
	f->file_size = file_size;
	f->index_asked = true;
}

static bool is_frame(const struct slu_vod_find *f, const struct slu_vod_tag *tag)
{
	if (tag->kind != SLU_GOP_FRAME && tag->kind != SLU_GOP_KEYFRAME)
		return false;
	return tag->type == SLU_FLV_VIDEO || (tag->type == SLU_FLV_AUDIO && !f->video);
}

/* False: what follows is later than is asked for. */
static bool look(struct slu_vod_find *f, const struct slu_vod_tag *tag)
{
	note(&f->seen, tag);
	if (!tag->type || !is_frame(f, tag))
		return true;
	if ((int32_t)(tag->timestamp - f->ms) > 0)
		return false;
	f->video |= tag->type == SLU_FLV_VIDEO;
	if (tag->type == SLU_FLV_VIDEO && tag->kind != SLU_GOP_KEYFRAME)
		return true;
	f->landed = true;
	f->landing = *tag;
	f->setup = f->seen;
	return true;
}

bool slu_vod_find_step(struct slu_vod_find *f)
{
	struct slu_vod_tag tag;
	struct stat st;

	if (fstat(f->fd, &st) != 0)
		return true;
	f->file_size = (uint64_t)st.st_size;
	for (int i = 0; i < LOOKS; i++) {
		if (!slu_vod_tag_at(f->fd, f->at, f->file_size, &tag) || (tag.before != f->before && !tag.type))
			return true;
		if (f->by_sound && tag.type == SLU_FLV_VIDEO && !f->video) {
			begin_anew(f);
			continue;
		}
		if (!look(f, &tag))
			return true;
		f->at = behind(&tag);
		f->before = tag.size + SLU_FLV_TAG_HEADER_SIZE;
		if (f->landed && !f->index_asked)
			jump(f);
	}
	return false;
}
