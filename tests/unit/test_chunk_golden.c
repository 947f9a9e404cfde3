/* SPDX-License-Identifier: MIT */
/* Chunk streams of foreign implementations, see tests/vectors/README.md: each must hold the messages that another
 * reader found there, however it is cut. */
#include "chunk_feed.h"
#include "vectors.h"

#include <inttypes.h>

struct golden {
	const char *name;
	size_t messages, audio, video; /* so that no file can silently shrink */
};

static struct fed fed, expected;
static uint32_t crc[FEED_MAX];

static uint32_t crc32(const uint8_t *p, size_t n)
{
	uint32_t c = 0xffffffff;

	while (n--) {
		c ^= *p++;
		for (int i = 0; i < 8; i++)
			c = c >> 1 ^ (0xedb88320 & (0 - (c & 1)));
	}
	return ~c;
}

static void load_expected(const char *name)
{
	char path[256];
	struct fed_msg m;
	unsigned type;
	FILE *f;

	snprintf(path, sizeof path, "chunks/%s.txt", name);
	f = vector_open(path);
	memset(&expected, 0, sizeof expected);
	memset(&m, 0, sizeof m);
	while (fscanf(f, "%u %" SCNu32 " %" SCNu32 " %" SCNu32 " %zu %" SCNx32, &type, &m.csid, &m.timestamp,
		      &m.stream_id, &m.size, &m.hash) == 6) {
		m.type = (uint8_t)type;
		expected.msg[expected.count++] = m;
	}
	fclose(f);
}

/* The CRC-32 of each message, since the lists have that. */
static void sum_whole(const uint8_t *data, size_t n)
{
	struct slu_chunk_in *ci = feed_new();
	struct slu_msg msg;
	size_t used, pos = 0;

	for (size_t i = 0; slu_chunk_in_read(ci, data + pos, n - pos, &used, &msg) == 1; i++) {
		crc[i] = crc32(msg.data, msg.size);
		pos += used;
	}
	slu_chunk_in_free(ci);
}

static void check(const struct golden *g)
{
	static const uint32_t modes[] = {FEED_WHOLE, FEED_BYTES, 2, 3, 7, 1001};
	size_t n, audio = 0, video = 0;
	char path[256];
	uint8_t *data;

	snprintf(path, sizeof path, "chunks/%s.chunks", g->name);
	data = vector_load(path, &n);
	load_expected(g->name);
	sum_whole(data, n);
	for (size_t k = 0; k < sizeof modes / sizeof *modes; k++) {
		struct slu_chunk_in *ci = feed_new();

		assert_int_equal(feed(ci, data, n, modes[k], &fed), 0);
		assert_int_equal(fed.count, expected.count);
		for (size_t i = 0; i < fed.count; i++) {
			if (k == 0) {
				assert_int_equal(crc[i], expected.msg[i].hash);
				expected.msg[i].hash = fed.msg[i].hash;
				audio += fed.msg[i].type == SLU_MSG_AUDIO;
				video += fed.msg[i].type == SLU_MSG_VIDEO;
			}
			assert_memory_equal(&fed.msg[i], &expected.msg[i], sizeof fed.msg[i]);
		}
		assert_int_equal(slu_chunk_in_memory(ci), 0);
		slu_chunk_in_free(ci);
	}
	assert_int_equal(expected.count, g->messages);
	assert_int_equal(audio, g->audio);
	assert_int_equal(video, g->video);
	free(data);
}

static void reads_foreign_chunk_streams(void **state)
{
	static const struct golden golden[] = {
		{"ffmpeg_publish", 58, 35, 15},  {"ffmpeg_extended", 58, 35, 15}, {"gstreamer_publish", 47, 16, 14},
		{"librtmp_publish", 45, 16, 14}, {"nginx_play", 72, 47, 16},
	};

	(void)state;
	for (size_t i = 0; i < sizeof golden / sizeof *golden; i++)
		check(&golden[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_foreign_chunk_streams),
	};

	return cmocka_run_group_tests_name("chunk_golden", tests, NULL, NULL);
}
