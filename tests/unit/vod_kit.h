/* SPDX-License-Identifier: MIT */
/* FLV files written tag by tag, in the folder of record_kit.h. */
#ifndef SLU_TESTS_UNIT_VOD_KIT_H
#define SLU_TESTS_UNIT_VOD_KIT_H

#include <string.h>

#include <sluice/flv.h>

#include "index_kit.h"
#include "record_kit.h"

enum { VOD_TAGS = 8192 };

/* What was written: each tag's place, time, type, and the last byte of its body. */
static struct vod_tag {
	uint64_t at;
	uint32_t timestamp;
	uint8_t type, last;
	size_t size;
} vod_tags[VOD_TAGS];

static size_t vod_count;
static int vod_fd = -1;
static uint64_t vod_size;

static void vod_write(const void *data, size_t n)
{
	assert_int_equal(pwrite(vod_fd, data, n, (off_t)vod_size), n);
	vod_size += n;
}

static void vod_begin(void)
{
	uint8_t header[SLU_FLV_HEADER_SIZE];

	vod_fd = openat(kit_dir, "s.flv", O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(vod_fd >= 0);
	vod_size = vod_count = 0;
	slu_flv_write_header(header, true, true);
	vod_write(header, sizeof header);
}

static void vod_put(uint8_t type, uint32_t timestamp, const void *body, size_t size)
{
	struct slu_flv_tag tag = {.type = type, .timestamp = timestamp, .body = body, .size = size};
	uint8_t header[SLU_FLV_TAG_HEADER_SIZE], prev[4];

	assert_true(vod_count < VOD_TAGS);
	vod_tags[vod_count++] = (struct vod_tag){vod_size, timestamp, type, ((const uint8_t *)body)[size - 1], size};
	assert_int_equal(slu_flv_write_tag_header(header, &tag), 0);
	slu_flv_write_prev_size(prev, &tag);
	vod_write(header, sizeof header);
	vod_write(body, size);
	vod_write(prev, sizeof prev);
}

#define VOD_PUT(type, timestamp, bytes) vod_put(type, timestamp, bytes, sizeof bytes - 1)

/* AVC video of 40 ms a frame from `first` on, each `group`-th a key frame, and AAC audio 3 ms behind it. */
static __attribute__((unused)) void vod_put_frames(uint32_t first, int count, int group)
{
	uint8_t video[60] = {0x17, 1}, audio[20] = {0xaf, 1};

	for (int i = 0; i < count; i++) {
		video[0] = i % group ? 0x27 : 0x17;
		video[sizeof video - 1] = audio[sizeof audio - 1] = (uint8_t)i;
		vod_put(9, first + (uint32_t)i * 40, video, sizeof video);
		vod_put(8, first + (uint32_t)i * 40 + 3, audio, sizeof audio);
	}
}

static __attribute__((unused)) void vod_put_index(const struct vod_entry *index, size_t count)
{
	static uint8_t body[65536];
	size_t n = sizeof body;

	vod_metadata(body, &n, index, count);
	vod_put(18, 0, body, n);
}

#endif
