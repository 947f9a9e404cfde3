/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sys/stat.h>

#include "record_kit.h"
#include "server/recorder.h"
#include "server/vod.h"

enum { MAX = 300 };

static struct {
	uint8_t type;
	uint32_t timestamp;
	size_t size;
	uint8_t last;
} sent[MAX], got[MAX];

static size_t nsent, ngot;

static void put(struct slu_recorder *r, uint8_t type, uint32_t timestamp, const uint8_t *body, size_t size)
{
	struct slu_msg m = {.type = type, .timestamp = timestamp, .data = body, .size = size};

	assert_int_equal(slu_recorder_write(r, &m), 0);
	sent[nsent].type = type;
	sent[nsent].timestamp = timestamp;
	sent[nsent].size = size;
	sent[nsent++].last = body[size - 1];
}

/* Two configurations, then 100 pairs of video, every tenth a key frame, and audio: 40 ms a pair. */
static void make_recording(void)
{
	static uint8_t video[200000], audio[100] = {0xaf, 1};
	char error[256];
	struct slu_recorder *r = slu_recorder_open(kit_dir, "live/cam", error, sizeof error);

	assert_non_null(r);
	nsent = 0;
	put(r, 9, 0, (const uint8_t *)"\x17\0\0\0\0", 5);
	put(r, 8, 0, (const uint8_t *)"\xaf\0\x12\x10", 4);
	for (uint32_t i = 0; i < 100; i++) {
		size_t size = i == 50 ? sizeof video : 1000 + i;

		video[0] = i % 10 ? 0x27 : 0x17;
		video[1] = 1;
		video[size - 1] = (uint8_t)i;
		put(r, 9, i * 40, video, size);
		audio[sizeof audio - 1] = (uint8_t)i;
		put(r, 8, i * 40 + 3, audio, sizeof audio);
	}
	slu_recorder_free(r);
}

/* All that comes; every third message is held for a while, as a slow player would. */
static void play(struct slu_vod *v)
{
	struct slu_buffer *held[3] = {NULL};
	struct slu_msg m;

	ngot = 0;
	while (slu_vod_next(v, &m) == 1) {
		if (m.type == 18)
			continue;
		assert_true(ngot < MAX);
		got[ngot].type = m.type;
		got[ngot].timestamp = m.timestamp;
		got[ngot].size = m.size;
		got[ngot].last = m.data[m.size - 1];
		slu_buffer_put(held[ngot % 3]);
		held[ngot % 3] = ngot % 2 ? slu_buffer_get(m.owner) : NULL;
		ngot++;
	}
	for (int i = 0; i < 3; i++)
		slu_buffer_put(held[i]);
}

static void plays_all_of_it(void **state)
{
	struct slu_vod *v;

	(void)state;
	make_recording();
	v = slu_vod_open(kit_dir, "live/cam", 0, -1);
	assert_non_null(v);
	assert_int_equal(slu_vod_length(v), 99 * 40 + 3);
	play(v);
	assert_int_equal(ngot, nsent);
	assert_memory_equal(got, sent, nsent * sizeof sent[0]);
	assert_int_equal(slu_vod_seek(v, 0), 0);
	play(v);
	assert_memory_equal(got, sent, nsent * sizeof sent[0]);
	slu_vod_close(v);
}

static void begins_at_the_next_key_frame(void **state)
{
	struct slu_vod *v;

	(void)state;
	make_recording();
	v = slu_vod_open(kit_dir, "live/cam", 1000, 400);
	assert_non_null(v);
	play(v);
	/* Configuration, and 1200 ms to 1600 ms. */
	assert_int_equal(ngot, 2 + 10 * 2 + 1);
	assert_memory_equal(got, sent, 2 * sizeof sent[0]);
	assert_memory_equal(got + 2, sent + 2 + 2 * 30, 21 * sizeof sent[0]);
	assert_int_equal(slu_vod_seek(v, 3600), 0);
	play(v);
	assert_int_equal(ngot, 2 + 10 * 2);
	assert_int_equal(got[2].timestamp, 3600);
	slu_vod_close(v);
}

static void write_file(const char *name, const char *bytes, size_t n)
{
	int fd = openat(kit_dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	close(fd);
}

static void finds_only_recordings(void **state)
{
	(void)state;
	assert_null(slu_vod_open(kit_dir, "cam", 0, -1));
	assert_null(slu_vod_open(kit_dir, "live/cam", 0, -1));
	assert_int_equal(faccessat(kit_dir, "live", F_OK, 0), -1); /* looking makes nothing */
	assert_null(slu_vod_open(kit_dir, "../cam", 0, -1));
	write_file("text.flv", "text", 4);
	assert_null(slu_vod_open(kit_dir, "text", 0, -1));
	write_file("empty.flv", "", 0);
	assert_null(slu_vod_open(kit_dir, "empty", 0, -1));
	assert_int_equal(mkfifoat(kit_dir, "fifo.flv", 0600), 0);
	assert_null(slu_vod_open(kit_dir, "fifo", 0, -1));
}

/* Not even to a recording: what is in the folder decides, not where it leads. */
static void follows_no_link(void **state)
{
	struct slu_vod *v;

	(void)state;
	make_recording();
	v = slu_vod_open(kit_dir, "live/cam", 0, -1);
	assert_non_null(v);
	slu_vod_close(v);
	assert_int_equal(symlinkat("live/cam.flv", kit_dir, "link.flv"), 0);
	assert_null(slu_vod_open(kit_dir, "link", 0, -1));
}

static void ends_where_a_recording_is_cut(void **state)
{
	struct slu_vod *v;
	struct stat st;
	int fd;

	(void)state;
	make_recording();
	fd = openat(kit_dir, "live/cam.flv", O_RDWR);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(ftruncate(fd, st.st_size - 200), 0);
	close(fd);
	v = slu_vod_open(kit_dir, "live/cam", 0, -1);
	assert_non_null(v);
	play(v);
	assert_int_equal(ngot, nsent - 2);
	assert_memory_equal(got, sent, ngot * sizeof sent[0]);
	slu_vod_close(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(plays_all_of_it), KIT_TEST(begins_at_the_next_key_frame),  KIT_TEST(finds_only_recordings),
		KIT_TEST(follows_no_link), KIT_TEST(ends_where_a_recording_is_cut),
	};

	return cmocka_run_group_tests_name("vod", tests, NULL, NULL);
}
