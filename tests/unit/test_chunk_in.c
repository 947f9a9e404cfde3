/* SPDX-License-Identifier: MIT */
#include "chunk_feed.h"

#include <stdlib.h>

#include <sluice/error.h>

#include "../alloc_fail.h"
#include "base/bytes.h"

static struct fed fed;

#define BYTES(s) ((const uint8_t *)(s)), (sizeof(s) - 1)

static const uint32_t modes[] = {FEED_WHOLE, FEED_BYTES, 2, 3, 7, 14, 1001};

/* Feeds in every mode; each must end with the same messages, which stay in fed. */
static int feed_all(const uint8_t *data, size_t n)
{
	static struct fed first;
	struct slu_chunk_in *ci;
	int r = 0, again;

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		ci = feed_new();
		again = feed(ci, data, n, modes[i], &fed);
		if (i == 0) {
			r = again;
			first = fed;
		}
		assert_int_equal(again, r);
		assert_int_equal(fed.count, first.count);
		assert_memory_equal(fed.msg, first.msg, sizeof fed.msg);
		if (r < 0)
			assert_true(strlen(slu_chunk_in_error(ci)) > 20);
		slu_chunk_in_free(ci);
	}
	return r;
}

static void expect(size_t i, unsigned type, uint32_t csid, uint32_t timestamp, uint32_t stream_id, const char *payload)
{
	size_t n = strlen(payload);

	assert_true(i < fed.count);
	assert_int_equal(fed.msg[i].type, type);
	assert_int_equal(fed.msg[i].csid, csid);
	assert_int_equal(fed.msg[i].timestamp, timestamp);
	assert_int_equal(fed.msg[i].stream_id, stream_id);
	assert_int_equal(fed.msg[i].size, n);
	assert_int_equal(fed.msg[i].hash, feed_hash((const uint8_t *)payload, n));
}

static void reads_all_four_formats(void **state)
{
	(void)state;
	assert_int_equal(feed_all(BYTES("\x04\x00\x00\x64\x00\x00\x02\x08\x01\x00\x00\x00"
					"ab"
					"\x44\x00\x00\x0a\x00\x00\x03\x09"
					"cde"
					"\x84\x00\x00\x14"
					"fgh"
					"\xc4"
					"ijk"
					"\xc4"
					"lmn")),
			 0);
	assert_int_equal(fed.count, 5);
	expect(0, 8, 4, 100, 1, "ab");
	expect(1, 9, 4, 110, 1, "cde");
	expect(2, 9, 4, 130, 1, "fgh");
	expect(3, 9, 4, 150, 1, "ijk");
	expect(4, 9, 4, 170, 1, "lmn");
}

static void repeats_the_timestamp_of_format_0_as_delta(void **state)
{
	(void)state;
	assert_int_equal(feed_all(BYTES("\x04\x00\x00\x17\x00\x00\x01\x08\x01\x00\x00\x00"
					"a"
					"\xc4"
					"b"
					"\xc4"
					"c")),
			 0);
	assert_int_equal(fed.count, 3);
	expect(1, 8, 4, 46, 1, "b");
	expect(2, 8, 4, 69, 1, "c");
}

static void keeps_interleaved_messages_apart(void **state)
{
	(void)state;
	/* chunk size 2; ids in all three forms, the long one little-endian */
	assert_int_equal(feed_all(BYTES("\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\x00\x00\x02"
					"\x04\x00\x00\x01\x00\x00\x05\x08\x01\x00\x00\x00"
					"ab"
					"\x00\x06\x00\x00\x02\x00\x00\x04\x09\x01\x00\x00\x00"
					"12"
					"\xc4"
					"cd"
					"\x01\x01\x02\x00\x00\x03\x00\x00\x03\x12\x01\x00\x00\x00"
					"xy"
					"\xc1\x01\x02"
					"z"
					"\xc4"
					"e"
					"\xc0\x06"
					"34")),
			 0);
	assert_int_equal(fed.count, 4);
	assert_int_equal(fed.msg[0].type, 1);
	expect(1, 18, 577, 3, 1, "xyz");
	expect(2, 8, 4, 1, 1, "abcde");
	expect(3, 9, 70, 2, 1, "1234");
}

static void takes_extended_timestamps_on_format_3_or_none(void **state)
{
	(void)state;
	/* chunk size 4; 8 bytes at 0x01000000, with and without the repetition, and a payload that begins like one */
	assert_int_equal(feed_all(BYTES("\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\x00\x00\x04"
					"\x04\xff\xff\xff\x00\x00\x08\x08\x01\x00\x00\x00\x01\x02\x03\x04"
					"abcd"
					"\xc4\x01\x02\x03\x04"
					"efgh"
					"\x04\xff\xff\xff\x00\x00\x08\x08\x01\x00\x00\x00\x01\x02\x03\x04"
					"abcd"
					"\xc4"
					"efgh"
					"\x04\xff\xff\xff\x00\x00\x08\x08\x01\x00\x00\x00\x01\x02\x03\x04"
					"abcd"
					"\xc4"
					"\x01\x02\x03!"
					"\x04\xff\xff\xff\x00\x00\x06\x08\x01\x00\x00\x00\x01\x02\x03\x04"
					"abcd"
					"\xc4"
					"\x01\x02"
					"\x03\x00\x00\x01\x00\x00\x01\x14\x00\x00\x00\x00!")),
			 0);
	assert_int_equal(fed.count, 6);
	expect(1, 8, 4, 0x01020304, 1, "abcdefgh");
	expect(2, 8, 4, 0x01020304, 1, "abcdefgh");
	expect(3, 8, 4, 0x01020304, 1, "abcd\1\2\3!");
	expect(4, 8, 4, 0x01020304, 1, "abcd\1\2"); /* and what looked like the third byte was a header */
	expect(5, 20, 3, 1, 0, "!");
}

/* The bytes that were taken for an extended timestamp end one message, begin the next, and are misleading there too. */
static void reads_again_what_was_no_extended_timestamp(void **state)
{
	(void)state;
	assert_int_equal(feed_all(BYTES("\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\x00\x00\x01"
					"\x04\xff\xff\xff\x00\x00\x02\x08\x01\x00\x00\x00\xc4\xc4\xc4\xc5"
					"a"
					"\xc4"
					"\xc4" /* the payload */
					"\xc4" /* a new message */
					"\xc4" /* its payload, as without extended timestamp */
					"\xc4"
					"b")),
			 0);
	assert_int_equal(fed.count, 3);
	expect(1, 8, 4, 0xc4c4c4c5, 1, "a\xc4");
	expect(2, 8, 4, 0xc4c4c4c5u + 0xc4c4c4c5u, 1,
	       "\xc4"
	       "b");
}

static void adds_extended_deltas(void **state)
{
	(void)state;
	assert_int_equal(feed_all(BYTES("\x04\x00\x00\x05\x00\x00\x01\x08\x01\x00\x00\x00"
					"a"
					"\x44\xff\xff\xff\x00\x00\x01\x08\x00\xff\xff\xff"
					"b"
					"\x84\xff\xff\xff\xff\x00\x00\x01"
					"c"
					"\xc4\xff\x00\x00\x01"
					"d"
					"\xc4"
					"e"
					"\x84\x00\x00\x01"
					"f"
					"\xc4"
					"g")),
			 0);
	assert_int_equal(fed.count, 7);
	expect(1, 8, 4, 5 + 0xffffff, 1, "b");
	expect(2, 8, 4, 5 + 0xffffffu + 0xff000001u, 1, "c"); /* modulo 2^32 */
	expect(3, 8, 4, 5 + 0xffffffu + 2 * 0xff000001u, 1, "d");
	expect(4, 8, 4, 5 + 0xffffffu + 3 * 0xff000001u, 1, "e");
	expect(5, 8, 4, 6 + 0xffffffu + 3 * 0xff000001u, 1, "f");
	expect(6, 8, 4, 7 + 0xffffffu + 3 * 0xff000001u, 1, "g");
}

/* librtmp's first message on chunk stream 2 comes in format 1. */
static void takes_format_1_as_a_first_header(void **state)
{
	(void)state;
	assert_int_equal(feed_all(BYTES("\x42\x00\x00\x07\x00\x00\x06\x04\x00\x07pong")), 0);
	assert_int_equal(fed.count, 1);
	assert_int_equal(fed.msg[0].timestamp, 7);
	assert_int_equal(fed.msg[0].stream_id, 0);
	assert_int_equal(feed_all(BYTES("\x82\x00\x00\x07")), SLU_ERR_CHUNK);
	assert_int_equal(feed_all(BYTES("\xc5")), SLU_ERR_CHUNK);
}

static void aborts(void **state)
{
	(void)state;
	assert_int_equal(feed_all(BYTES("\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\x00\x00\x04"
					"\x04\x00\x00\x05\x00\x00\x08\x08\x01\x00\x00\x00"
					"abcd"
					"\x02\x00\x00\x00\x00\x00\x04\x02\x00\x00\x00\x00\x00\x00\x00\x04"
					"\x44\x00\x00\x01\x00\x00\x02\x08"
					"ef"
					"\x02\x00\x00\x00\x00\x00\x04\x02\x00\x00\x00\x00\x00\x00\x00\x63")),
			 0);
	assert_int_equal(fed.count, 4);
	assert_int_equal(fed.msg[1].type, 2);
	expect(2, 8, 4, 6, 1, "ef");
	assert_int_equal(feed_all(BYTES("\x02\x00\x00\x00\x00\x00\x03\x02\x00\x00\x00\x00\x00\x00\x00")),
			 SLU_ERR_CHUNK);
}

static void takes_empty_messages(void **state)
{
	(void)state;
	assert_int_equal(feed_all(BYTES("\x04\x00\x00\x05\x00\x00\x00\x08\x01\x00\x00\x00"
					"\xc4\x84\x00\x00\x01")),
			 0);
	assert_int_equal(fed.count, 3);
	expect(0, 8, 4, 5, 1, "");
	expect(1, 8, 4, 10, 1, "");
	expect(2, 8, 4, 11, 1, "");
}

static void refuses_impossible_chunk_sizes(void **state)
{
	static const struct {
		const char *size;
		int result;
		uint32_t chunk_size;
	} table[] = {
		{"\x00\x00\x00\x01", 0, 1},
		{"\x00\xff\xff\xff", 0, 0xffffff},
		{"\x7f\xff\xff\xff", 0, 0xffffff}, /* no message is longer */
		{"\x00\x00\x00\x00", SLU_ERR_CHUNK, 128},
		{"\x80\x00\x00\x00", SLU_ERR_CHUNK, 128},
		{"\x80\x00\x10\x00", SLU_ERR_CHUNK, 128},
		{"\xff\xff\xff\xff", SLU_ERR_CHUNK, 128},
	};
	uint8_t bytes[16] = "\x02\x00\x00\x00\x00\x00\x04\x01";

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct slu_chunk_in *ci = feed_new();

		assert_int_equal(slu_chunk_in_chunk_size(ci), 128);
		memcpy(bytes + 12, table[i].size, 4);
		assert_int_equal(feed(ci, bytes, 16, FEED_WHOLE, &fed), table[i].result);
		assert_int_equal(slu_chunk_in_chunk_size(ci), table[i].chunk_size);
		slu_chunk_in_free(ci);
	}
	assert_int_equal(feed_all(BYTES("\x02\x00\x00\x00\x00\x00\x02\x01\x00\x00\x00\x00\x00\x10")), SLU_ERR_CHUNK);
}

/* What overflowed librtmp's heap: the announced length grows while the message is half there. */
static void refuses_a_header_inside_a_message(void **state)
{
	static uint8_t bytes[12 + 128 + 12] = "\x04\x00\x00\x00\x00\x00\x81\x09\x01";
	static const char *const second[] = {
		"\x44\x00\x00\x00\xff\xff\xff\x09",     "\x44\x00\x00\x00\x00\x00\x81\x09",
		"\x44\x00\x00\x00\x00\x00\x01\x09",     "\x84\x00\x00\x00",
		"\x04\x00\x00\x00\x00\x00\x81\x09\x01",
	};
	static const size_t size[] = {8, 8, 8, 4, 12};

	(void)state;
	for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
		memset(bytes + 140, 0, 12);
		for (size_t k = 0; k < (size[i] < 9 ? size[i] : 9); k++)
			bytes[140 + k] = (uint8_t)second[i][k];
		assert_int_equal(feed_all(bytes, 140 + size[i]), SLU_ERR_CHUNK);
		assert_int_equal(fed.count, 0);
	}
}

static void errors_are_sticky(void **state)
{
	struct slu_chunk_in *ci = feed_new();
	struct slu_msg msg;
	size_t used;

	(void)state;
	assert_string_equal(slu_chunk_in_error(ci), "");
	assert_int_equal(slu_chunk_in_read(ci, (const uint8_t *)"\xc5", 1, &used, &msg), SLU_ERR_CHUNK);
	assert_int_equal(slu_chunk_in_read(ci, (const uint8_t *)"\x04", 1, &used, &msg), SLU_ERR_CHUNK);
	assert_int_equal(used, 0);
	assert_non_null(strstr(slu_chunk_in_error(ci), "chunk stream 5"));
	slu_chunk_in_free(ci);
	slu_chunk_in_free(NULL);
}

static void caps_message_length(void **state)
{
	static const struct slu_chunk_in_config config = {
		.max_message = 1000, .max_memory = 100000, .max_chunk_streams = 4};
	struct slu_chunk_in *ci = slu_chunk_in_new(&config);

	(void)state;
	assert_int_equal(feed(ci, BYTES("\x04\x00\x00\x00\x00\x03\xe8\x09\x01\x00\x00\x00"), 0, &fed), 0);
	assert_int_equal(feed(ci, BYTES("\x00"), 0, &fed), 0);
	slu_chunk_in_free(ci);
	ci = slu_chunk_in_new(&config);
	assert_int_equal(feed(ci, BYTES("\x04\x00\x00\x00\x00\x03\xe9\x09\x01\x00\x00\x00"), 0, &fed),
			 SLU_ERR_MEMORY_CAP);
	assert_int_equal(slu_chunk_in_memory(ci), 0);
	slu_chunk_in_free(ci);
}

static void put_header(uint8_t *p, unsigned csid, uint32_t length)
{
	p[0] = 0;
	p[1] = (uint8_t)(csid - 64);
	slu_put_be24(p + 2, 0);
	slu_put_be24(p + 5, length);
	p[8] = 9;
	slu_put_le32(p + 9, 1);
}

/* 45 KB that begin hundreds of messages of 16 MB reserve little. */
static void reserves_by_what_arrives(void **state)
{
	uint8_t *bytes = calloc(256, 13 + 128 + 2 + 40);
	struct slu_chunk_in *ci = feed_new();
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		put_header(bytes + n, 64 + i, 0xffffff);
		n += 13 + 128;
	}
	for (unsigned i = 0; i < 70; i++) {
		bytes[n++] = 0xc0;
		bytes[n++] = (uint8_t)i;
		n += 128;
	}
	assert_int_equal(feed(ci, bytes, n, FEED_WHOLE, &fed), 0);
	assert_int_equal(fed.count, 0);
	assert_int_equal(slu_chunk_in_memory(ci), 256 * 1024);
	put_header(bytes, 320 - 1, 1); /* known: an error */
	assert_int_equal(feed(ci, bytes, 13, FEED_WHOLE, &fed), SLU_ERR_CHUNK);
	slu_chunk_in_free(ci);
	free(bytes);
}

static void caps_chunk_streams_and_memory(void **state)
{
	static const struct slu_chunk_in_config config = {
		.max_message = 0xffffff, .max_memory = 4096, .max_chunk_streams = 5};
	struct slu_chunk_in *ci = slu_chunk_in_new(&config);
	uint8_t bytes[13 + 128] = {0};
	int r = 0;

	(void)state;
	for (unsigned i = 0; i < 4 && r == 0; i++) {
		put_header(bytes, 64 + i, 1 << 20);
		assert_int_equal(feed(ci, bytes, sizeof bytes, FEED_WHOLE, &fed), 0);
	}
	assert_int_equal(slu_chunk_in_memory(ci), 4096);
	put_header(bytes, 68, 1 << 20);
	assert_int_equal(feed(ci, bytes, sizeof bytes, FEED_WHOLE, &fed), SLU_ERR_MEMORY_CAP);
	assert_int_equal(slu_chunk_in_memory(ci), 4096);
	slu_chunk_in_free(ci);

	ci = slu_chunk_in_new(&config);
	for (unsigned i = 0; i < 5; i++) {
		put_header(bytes, 64 + i, 1);
		assert_int_equal(feed(ci, bytes, 14, FEED_WHOLE, &fed), 0);
		assert_int_equal(fed.count, 1);
	}
	put_header(bytes, 69, 1);
	assert_int_equal(feed(ci, bytes, 14, FEED_WHOLE, &fed), SLU_ERR_MEMORY_CAP);
	assert_non_null(strstr(slu_chunk_in_error(ci), "5 chunk streams"));
	slu_chunk_in_free(ci);
}

/* A message of length bytes on chunk stream 4, in one chunk after a Set Chunk Size. */
static uint8_t *big_message(size_t length, size_t *n)
{
	uint8_t *bytes = calloc(1, 16 + 12 + length);

	assert_non_null(bytes);
	memcpy(bytes, "\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\xff\xff\xff", 16);
	memcpy(bytes + 16, "\x04\x00\x00\x00\x00\x00\x00\x09\x01\x00\x00\x00", 12);
	slu_put_be24(bytes + 20, (uint32_t)length);
	for (size_t i = 0; i < length; i++)
		bytes[28 + i] = (uint8_t)(i * 31 >> 3);
	*n = 28 + length;
	return bytes;
}

static void takes_16_mb_messages(void **state)
{
	static const uint32_t splits[] = {FEED_WHOLE, 7};
	size_t n;
	uint8_t *bytes = big_message(0xffffff, &n);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slu_chunk_in *ci = feed_new();

		assert_int_equal(feed(ci, bytes, n, splits[i], &fed), 0);
		assert_int_equal(fed.count, 2);
		assert_int_equal(fed.msg[1].size, 0xffffff);
		assert_int_equal(fed.msg[1].hash, feed_hash(bytes + 28, 0xffffff));
		assert_true(fed.most_memory <= 0xffffff);
		assert_int_equal(slu_chunk_in_memory(ci), 0);
		slu_chunk_in_free(ci);
	}
	free(bytes);
}

/* The storage of a message serves for the next, unless somebody kept it or it is huge. */
static void recycles_bodies(void **state)
{
	struct slu_chunk_in *ci = feed_new();
	size_t n, used;
	uint8_t *bytes = big_message(5000, &n), *huge = big_message(300000, &used);
	struct slu_buffer *body, *kept;
	struct slu_msg msg;

	(void)state;
	assert_int_equal(slu_chunk_in_read(ci, bytes, 16, &used, &msg), 1);
	assert_int_equal(slu_chunk_in_read(ci, bytes + 16, n - 16, &used, &msg), 1);
	body = msg.owner;
	assert_int_equal(slu_buffer_size(body), 8192);
	assert_int_equal(slu_chunk_in_read(ci, bytes + 16, n - 16, &used, &msg), 1);
	assert_ptr_equal(msg.owner, body);
	kept = slu_buffer_get(msg.owner);
	assert_int_equal(slu_chunk_in_read(ci, bytes + 16, n - 16, &used, &msg), 1);
	assert_ptr_not_equal(msg.owner, kept);
	assert_memory_equal(slu_buffer_data(kept), bytes + 28, 5000);
	slu_buffer_put(kept);
	assert_int_equal(slu_chunk_in_read(ci, huge + 16, 300012, &used, &msg), 1);
	assert_int_equal(slu_buffer_size(msg.owner), 300000);
	slu_chunk_in_free(ci);
	free(bytes);
	free(huge);
}

static void says_when_memory_fails(void **state)
{
	static const struct slu_chunk_in_config config = {
		.max_message = 0xffffff, .max_memory = 1 << 20, .max_chunk_streams = 20};
	uint8_t bytes[12 * (13 + 128)] = {0};
	bool failed = true;
	long failures = 0;

	(void)state;
	for (unsigned i = 0; i < 12; i++)
		put_header(bytes + i * (13 + 128), 64 + i, i % 2 ? 128 : 5000);
	for (long n = 0; failed; n++) {
		struct slu_chunk_in *ci;
		int r = 0;

		alloc_fail_at(n);
		ci = slu_chunk_in_new(&config);
		if (ci)
			r = feed(ci, bytes, sizeof bytes, 9, &fed);
		failed = alloc_fail_end();
		failures += failed;
		assert_int_equal(r, failed && ci ? SLU_ERR_NOMEM : 0);
		assert_true(ci || failed);
		if (ci && failed)
			assert_non_null(strstr(slu_chunk_in_error(ci), "out of memory"));
		slu_chunk_in_free(ci);
	}
	assert_true(failures > 6);
}

static void lets_go_of_the_last_message(void **state)
{
	struct slu_chunk_in *ci = feed_new();
	struct slu_buffer *kept;
	struct slu_msg msg;
	size_t used;

	(void)state;
	assert_int_equal(slu_chunk_in_read(ci, BYTES("\x04\0\0\0\0\0\1\x08\1\0\0\0a"), &used, &msg), 1);
	kept = slu_buffer_get(msg.owner);
	assert_false(slu_buffer_unique(kept));
	slu_chunk_in_release(ci);
	assert_true(slu_buffer_unique(kept));
	slu_chunk_in_release(ci);
	slu_buffer_put(kept);
	slu_chunk_in_free(ci);
}

/* Chunks of format 3 have an extended timestamp while the last header of another format had one, and no longer: these
 * four bytes of payload are the very number of the delta before them. */
static void forgets_extended_timestamps(void **state)
{
	static const uint8_t want[] = {'a', 'b', 'c', 'd', 0, 0, 0, 40};

	(void)state;
	assert_int_equal(feed_all(BYTES("\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\x00\x00\x04"
					"\x04\xff\xff\xff\x00\x00\x02\x08\x01\x00\x00\x00\x01\x02\x03\x04"
					"ab"
					"\x44\x00\x00\x28\x00\x00\x08\x08"
					"abcd"
					"\xc4\x00\x00\x00\x28")),
			 0);
	assert_int_equal(fed.count, 3);
	assert_int_equal(fed.msg[2].timestamp, 0x01020304 + 40);
	assert_int_equal(fed.msg[2].hash, feed_hash(want, sizeof want));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_four_formats),
		cmocka_unit_test(repeats_the_timestamp_of_format_0_as_delta),
		cmocka_unit_test(keeps_interleaved_messages_apart),
		cmocka_unit_test(takes_extended_timestamps_on_format_3_or_none),
		cmocka_unit_test(reads_again_what_was_no_extended_timestamp),
		cmocka_unit_test(adds_extended_deltas),
		cmocka_unit_test(takes_format_1_as_a_first_header),
		cmocka_unit_test(aborts),
		cmocka_unit_test(takes_empty_messages),
		cmocka_unit_test(refuses_impossible_chunk_sizes),
		cmocka_unit_test(refuses_a_header_inside_a_message),
		cmocka_unit_test(errors_are_sticky),
		cmocka_unit_test(caps_message_length),
		cmocka_unit_test(reserves_by_what_arrives),
		cmocka_unit_test(caps_chunk_streams_and_memory),
		cmocka_unit_test(takes_16_mb_messages),
		cmocka_unit_test(recycles_bodies),
		cmocka_unit_test(says_when_memory_fails),
		cmocka_unit_test(lets_go_of_the_last_message),
		cmocka_unit_test(forgets_extended_timestamps),
	};

	return cmocka_run_group_tests_name("chunk_in", tests, NULL, NULL);
}
