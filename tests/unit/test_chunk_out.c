/* SPDX-License-Identifier: MIT */
#include "chunk_feed.h"

#include <stdlib.h>

#include <sluice/error.h>

#include "../alloc_fail.h"
#include "base/bytes.h"
#include "proto/chunk_out.h"

enum { SINK_MAX = 1 << 20 };

/* What has been sent. */
struct sink {
	size_t n;
	uint8_t bytes[SINK_MAX];
};

static struct sink sink, other;
static struct fed fed;

/* One vecs/sent turn: at most max vecs shown, at most limit bytes of them taken. Returns how many were taken. */
static size_t drain_turn(struct slu_chunk_out *co, struct sink *to, size_t max, size_t limit)
{
	struct slu_vec vec[8];
	size_t n = slu_chunk_out_vecs(co, vec, max), before = slu_chunk_out_queued(co), taken = 0, take;

	assert_true(n <= max);
	for (size_t i = 0; i < n && taken < limit; i++) {
		assert_true(vec[i].size > 0);
		take = vec[i].size < limit - taken ? vec[i].size : limit - taken;
		assert_true(to->n + take <= SINK_MAX);
		memcpy(to->bytes + to->n, vec[i].data, take);
		to->n += take;
		taken += take;
	}
	slu_chunk_out_sent(co, taken);
	assert_int_equal(slu_chunk_out_queued(co), before - taken);
	return taken;
}

static void drain(struct slu_chunk_out *co, struct sink *to)
{
	while (drain_turn(co, to, 8, SIZE_MAX))
		;
	assert_int_equal(slu_chunk_out_queued(co), 0);
}

static struct slu_chunk_out *out_new(uint32_t chunk_size)
{
	struct slu_chunk_out *co = slu_chunk_out_new(chunk_size, 1 << 24);

	assert_non_null(co);
	sink.n = 0;
	return co;
}

static void send(struct slu_chunk_out *co, uint32_t csid, uint8_t type, uint32_t timestamp, const void *data, size_t n)
{
	struct slu_msg msg = {.type = type, .timestamp = timestamp, .stream_id = 1, .data = data, .size = n};

	assert_int_equal(slu_chunk_out_send(co, csid, &msg, false), 0);
}

static void send_control(struct slu_chunk_out *co, uint8_t type, uint32_t value, bool urgent)
{
	uint8_t payload[4];
	struct slu_msg msg = {.type = type, .data = payload, .size = 4};

	slu_put_be32(payload, value);
	assert_int_equal(slu_chunk_out_send(co, 2, &msg, urgent), 0);
}

#define assert_sent(text)                                                                                              \
	do {                                                                                                           \
		assert_int_equal(sink.n, sizeof(text) - 1);                                                            \
		assert_memory_equal(sink.bytes, text, sizeof(text) - 1);                                               \
	} while (0)

static void chooses_header_formats(void **state)
{
	struct slu_chunk_out *co = out_new(128);
	struct slu_msg msg = {.type = 8, .timestamp = 60, .stream_id = 2, .data = (const uint8_t *)"st", .size = 2};

	(void)state;
	send(co, 4, 8, 100, "ab", 2);
	send(co, 4, 9, 110, "cd", 2); /* another type */
	send(co, 4, 9, 110, "ef", 2); /* all the same */
	send(co, 4, 9, 130, "ghi", 3);
	send(co, 4, 9, 129, "jkl", 3); /* goes back */
	send(co, 6, 9, 129, "mn", 2);  /* another chunk stream */
	send(co, 4, 9, 140, "opq", 3);
	assert_int_equal(slu_chunk_out_send(co, 4, &msg, false), 0); /* another message stream, and back */
	drain(co, &sink);
	assert_sent("\x04\x00\x00\x64\x00\x00\x02\x08\x01\x00\x00\x00"
		    "ab"
		    "\x44\x00\x00\x0a\x00\x00\x02\x09"
		    "cd"
		    "\x84\x00\x00\x00"
		    "ef"
		    "\x44\x00\x00\x14\x00\x00\x03\x09"
		    "ghi"
		    "\x04\x00\x00\x81\x00\x00\x03\x09\x01\x00\x00\x00"
		    "jkl"
		    "\x06\x00\x00\x81\x00\x00\x02\x09\x01\x00\x00\x00"
		    "mn"
		    "\x84\x00\x00\x0b"
		    "opq"
		    "\x04\x00\x00\x3c\x00\x00\x02\x08\x02\x00\x00\x00"
		    "st");
	slu_chunk_out_free(co);
	slu_chunk_out_free(NULL);
}

static void extends_timestamps(void **state)
{
	struct slu_chunk_out *co = out_new(2);

	(void)state;
	send(co, 64, 9, 0xfffffe, "abc", 3);
	send(co, 64, 9, 0xffffff, "def", 3);
	send(co, 320, 9, 0xffffff, "ghi", 3);
	send(co, 320, 9, 0x1fffffe, "jkl", 3); /* a delta of 0xffffff would have to be extended */
	send(co, 320, 9, 0x3fffffc, "", 0);
	drain(co, &sink);
	assert_sent("\x00\x00\xff\xff\xfe\x00\x00\x03\x09\x01\x00\x00\x00"
		    "ab\xc0\x00"
		    "c"
		    "\x80\x00\x00\x00\x01"
		    "de\xc0\x00"
		    "f"
		    "\x01\x00\x01\xff\xff\xff\x00\x00\x03\x09\x01\x00\x00\x00\x00\xff\xff\xff"
		    "gh\xc1\x00\x01\x00\xff\xff\xff"
		    "i"
		    "\x01\x00\x01\xff\xff\xff\x00\x00\x03\x09\x01\x00\x00\x00\x01\xff\xff\xfe"
		    "jk\xc1\x00\x01\x01\xff\xff\xfe"
		    "l"
		    "\x01\x00\x01\xff\xff\xff\x00\x00\x00\x09\x01\x00\x00\x00\x03\xff\xff\xfc");
	slu_chunk_out_free(co);
}

static void changes_chunk_size_in_order(void **state)
{
	struct slu_chunk_out *co = out_new(3);

	(void)state;
	send(co, 4, 8, 0, "abcd", 4);
	send_control(co, SLU_MSG_SET_CHUNK_SIZE, 2, false);
	assert_int_equal(slu_chunk_out_chunk_size(co), 2);
	send(co, 4, 8, 0, "efgh", 4);
	drain(co, &sink);
	assert_sent("\x04\x00\x00\x00\x00\x00\x04\x08\x01\x00\x00\x00"
		    "abc\xc4"
		    "d"
		    "\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\x00\x00\xc2\x02"
		    "\x84\x00\x00\x00"
		    "ef\xc4"
		    "gh");
	slu_chunk_out_free(co);
}

static void lets_urgent_messages_overtake_at_chunk_borders(void **state)
{
	struct slu_chunk_out *co = out_new(4);

	(void)state;
	send(co, 4, 8, 0, "abcdef", 6);
	send_control(co, SLU_MSG_ACK, 0x01020304, true);
	assert_int_equal(drain_turn(co, &sink, 1, 1), 1); /* the urgent one has begun */
	send_control(co, SLU_MSG_ACK, 0x05060708, true);
	assert_int_equal(drain_turn(co, &sink, 8, 40), 40); /* 9 bytes into the media's first header */
	assert_sent("\x02\x00\x00\x00\x00\x00\x04\x03\x00\x00\x00\x00\x01\x02\x03\x04"
		    "\x02\x00\x00\x00\x00\x00\x04\x03\x00\x00\x00\x00\x05\x06\x07\x08"
		    "\x04\x00\x00\x00\x00\x00\x06\x08\x01");
	sink.n = 0;
	drain_turn(co, &sink, 8, 4);
	send_control(co, SLU_MSG_ACK, 0x090a0b0c, true);
	drain(co, &sink);
	assert_sent("\x00\x00\x00"
		    "abcd"
		    "\x02\x00\x00\x00\x00\x00\x04\x03\x00\x00\x00\x00\x09\x0a\x0b\x0c"
		    "\xc4"
		    "ef");
	slu_chunk_out_free(co);
}

/* With a chunk size of 2 a Set Chunk Size takes two chunks: on its own chunk stream nothing may come between. */
static void keeps_messages_of_chunk_stream_2_whole(void **state)
{
	struct slu_chunk_out *co = out_new(2);

	(void)state;
	send_control(co, SLU_MSG_SET_CHUNK_SIZE, 4, false);
	assert_int_equal(drain_turn(co, &sink, 8, 13), 13);
	send_control(co, SLU_MSG_ACK, 5, true);
	assert_int_equal(slu_chunk_out_queued(co), 4 + 16);
	drain(co, &sink);
	assert_sent("\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00\x00\x00\xc2\x00\x04"
		    "\x02\x00\x00\x00\x00\x00\x04\x03\x00\x00\x00\x00\x00\x00\x00\x05");
	slu_chunk_out_free(co);
}

static void lets_nothing_overtake_raw_bytes(void **state)
{
	struct slu_chunk_out *co = out_new(2);

	(void)state;
	assert_int_equal(slu_chunk_out_raw(co, NULL, 0), 0);
	assert_int_equal(slu_chunk_out_raw(co, "handshake of many bytes", 23), 0);
	send_control(co, SLU_MSG_ACK, 0x20202020, true);
	drain_turn(co, &sink, 8, 3);
	send(co, 4, 8, 0, "a", 1);
	drain(co, &sink);
	assert_sent("handshake of many bytes"
		    "\x02\x00\x00\x00\x00\x00\x04\x03\x00\x00\x00\x00  \xc2  "
		    "\x04\x00\x00\x00\x00\x00\x01\x08\x01\x00\x00\x00"
		    "a");
	slu_chunk_out_free(co);
}

/* What was shown is what is sent, though an urgent message came between. */
static void shows_what_it_sends(void **state)
{
	struct slu_chunk_out *co = out_new(2);
	struct slu_vec vec[8];

	(void)state;
	send(co, 4, 8, 0, "abcd", 4);
	assert_int_equal(slu_chunk_out_vecs(co, vec, 8), 4);
	send_control(co, SLU_MSG_ACK, 7, true);
	slu_chunk_out_sent(co, 12 + 2 + 1); /* past a border */
	drain(co, &sink);
	assert_sent("cd\x02\x00\x00\x00\x00\x00\x04\x03\x00\x00\x00\x00\x00\x00\xc2\x00\x07");
	slu_chunk_out_free(co);
}

static void refuses_what_cannot_be(void **state)
{
	struct slu_chunk_out *co = slu_chunk_out_new(128, 100);
	struct slu_msg msg = {.type = 8, .data = sink.bytes, .size = 60};
	uint8_t zero[4] = {0};

	(void)state;
	assert_int_equal(slu_chunk_out_send(co, 1, &msg, false), SLU_ERR_INVALID);
	assert_int_equal(slu_chunk_out_send(co, 65600, &msg, false), SLU_ERR_INVALID);
	assert_int_equal(slu_chunk_out_send(co, 3, &msg, true), SLU_ERR_INVALID);
	msg.size = 0x1000000;
	assert_int_equal(slu_chunk_out_send(co, 4, &msg, false), SLU_ERR_INVALID);
	msg.size = 89;
	assert_int_equal(slu_chunk_out_send(co, 4, &msg, false), SLU_ERR_LIMIT);
	assert_int_equal(slu_chunk_out_queued(co), 0);
	msg.size = 88;
	assert_int_equal(slu_chunk_out_send(co, 4, &msg, false), 0);
	assert_int_equal(slu_chunk_out_queued(co), 100);
	assert_int_equal(slu_chunk_out_send(co, 4, &msg, false), SLU_ERR_LIMIT);
	assert_int_equal(slu_chunk_out_raw(co, "x", 1), SLU_ERR_LIMIT);
	msg = (struct slu_msg){.type = SLU_MSG_SET_CHUNK_SIZE, .data = zero, .size = 4};
	assert_int_equal(slu_chunk_out_send(co, 2, &msg, false), SLU_ERR_INVALID);
	msg.type = SLU_MSG_ACK;
	for (unsigned i = 0; i < 4096; i++)
		assert_int_equal(slu_chunk_out_send(co, 2, &msg, true), 0);
	assert_int_equal(slu_chunk_out_send(co, 2, &msg, true), SLU_ERR_LIMIT);
	assert_int_equal(slu_chunk_out_queued(co), 100 + 4096 * 16);
	slu_chunk_out_free(co);
	co = slu_chunk_out_new(128, 6400);
	msg = (struct slu_msg){.type = 8, .size = 0};
	for (unsigned i = 0; i < 100 + 16; i++)
		assert_int_equal(slu_chunk_out_send(co, 4, &msg, false), 0);
	assert_int_equal(slu_chunk_out_send(co, 4, &msg, false), SLU_ERR_LIMIT);
	slu_chunk_out_free(co);
}

static void count_release(void *arg, void *data)
{
	(void)data;
	++*(int *)arg;
}

static void references_what_has_an_owner(void **state)
{
	int released = 0;
	struct slu_buffer *b = slu_buffer_wrap(other.bytes, 7000, count_release, &released);
	struct slu_chunk_out *co = out_new(65536);
	struct slu_msg msg = {.type = 9, .data = slu_buffer_data(b), .size = 7000, .owner = b};
	struct slu_vec vec[8];

	(void)state;
	assert_int_equal(slu_chunk_out_send(co, 4, &msg, false), 0);
	assert_int_equal(slu_chunk_out_send(co, 4, &msg, false), 0);
	slu_buffer_put(b);
	assert_int_equal(slu_chunk_out_vecs(co, vec, 8), 4);
	assert_ptr_equal(vec[1].data, other.bytes);
	assert_int_equal(vec[1].size, 7000);
	assert_ptr_equal(vec[3].data, other.bytes);
	slu_chunk_out_sent(co, 12 + 7000 + 4);
	assert_int_equal(released, 0);
	slu_chunk_out_sent(co, 6999);
	assert_int_equal(released, 0);
	slu_chunk_out_sent(co, 1);
	assert_int_equal(released, 1);
	b = slu_buffer_wrap(other.bytes, 7000, count_release, &released);
	msg.owner = b;
	assert_int_equal(slu_chunk_out_send(co, 4, &msg, false), 0);
	slu_buffer_put(b);
	slu_chunk_out_free(co);
	assert_int_equal(released, 2);
}

static void copies_what_has_none(void **state)
{
	struct slu_chunk_out *co = out_new(128);
	char small[14], large[15];

	(void)state;
	memset(small, 's', sizeof small);
	memset(large, 'l', sizeof large);
	send(co, 4, 8, 0, small, sizeof small);
	send(co, 4, 8, 0, large, sizeof large);
	memset(small, 0, sizeof small);
	memset(large, 0, sizeof large);
	drain(co, &sink);
	assert_sent("\x04\x00\x00\x00\x00\x00\x0e\x08\x01\x00\x00\x00"
		    "ssssssssssssss"
		    "\x44\x00\x00\x00\x00\x00\x0f\x08"
		    "lllllllllllllll");
	slu_chunk_out_free(co);
}

/* Messages of many sizes, ids, types and times, made from a seed. */
struct maker {
	uint32_t seed, timestamp;
	struct fed made; /* of the normal queue, in order */
	size_t urgent;
};

static struct maker maker;

static void maker_init(uint32_t seed)
{
	memset(&maker, 0, sizeof maker);
	maker.seed = seed;
	for (size_t i = 0; i < SINK_MAX; i++)
		other.bytes[i] = (uint8_t)(i * 7 + (i >> 8));
}

static void make_one(struct slu_chunk_out *co, size_t max_size)
{
	static const uint32_t csids[] = {3, 63, 64, 319, 320, 65599};
	uint32_t r = test_rand(&maker.seed), csid = csids[r % 6];
	const uint8_t *data = other.bytes + r % 1000;
	size_t n = r % 7 ? r / 7 % max_size : r % 20;

	maker.timestamp += r % 5 ? r % 40 : r % 11 ? 0xfffff0 + r % 32 : 0u - 100;
	if (r % 29 == 0) {
		send_control(co, SLU_MSG_SET_CHUNK_SIZE, 1 + r % (r % 2 ? 9 : 300), false);
		maker.made.msg[maker.made.count++].type = SLU_MSG_SET_CHUNK_SIZE;
	}
	send(co, csid, (uint8_t)(8 + r % 2), maker.timestamp, data, n);
	maker.made.msg[maker.made.count++] = (struct fed_msg){
		.type = (uint8_t)(8 + r % 2),
		.csid = csid,
		.timestamp = maker.timestamp,
		.stream_id = 1,
		.size = n,
		.hash = feed_hash(data, n),
	};
}

/* Any pattern of splits gives the same bytes. */
static void sends_the_same_bytes_in_any_pieces(void **state)
{
	static struct sink whole;
	uint32_t splits = 77, chunk_size;

	(void)state;
	for (uint32_t round = 1; round <= 60; round++) {
		struct slu_chunk_out *a, *b;

		chunk_size = 1 + round * 5 % 140;
		a = out_new(chunk_size);
		b = out_new(chunk_size);
		maker_init(round);
		for (unsigned i = 0; i < 40; i++)
			make_one(a, 600);
		maker_init(round);
		for (unsigned i = 0; i < 40; i++)
			make_one(b, 600);
		whole.n = 0;
		drain(a, &whole);
		while (slu_chunk_out_queued(b))
			drain_turn(b, &sink, 1 + test_rand(&splits) % 8, test_rand(&splits) % (round % 2 ? 9 : 400));
		assert_true(whole.n > 40 * 200);
		assert_int_equal(sink.n, whole.n);
		assert_memory_equal(sink.bytes, whole.bytes, whole.n);
		slu_chunk_out_free(a);
		slu_chunk_out_free(b);
	}
}

/* All that was made has arrived: the normal queue in order and complete, and so the urgent one. */
static void assert_all_arrived(uint32_t first_chunk_size)
{
	struct slu_chunk_in *ci = feed_new();
	uint8_t set[16] = "\x02\x00\x00\x00\x00\x00\x04\x01";
	size_t normal = 0, urgent = 0;

	slu_put_be32(set + 12, first_chunk_size);
	assert_int_equal(feed(ci, set, 16, FEED_WHOLE, &fed), 0);
	assert_int_equal(feed(ci, sink.bytes, sink.n, 1234567, &fed), 0);
	for (size_t i = 0; i < fed.count; i++) {
		if (fed.msg[i].type == SLU_MSG_ACK) {
			assert_int_equal(fed.msg[i].csid, 2);
			urgent++;
		} else if (fed.msg[i].type == SLU_MSG_SET_CHUNK_SIZE) {
			assert_int_equal(maker.made.msg[normal++].type, SLU_MSG_SET_CHUNK_SIZE);
		} else {
			assert_memory_equal(&fed.msg[i], &maker.made.msg[normal++], sizeof fed.msg[i]);
		}
	}
	assert_int_equal(normal, maker.made.count);
	assert_int_equal(urgent, maker.urgent);
	slu_chunk_in_free(ci);
}

/* Queueing, showing, sending and overtaking in any order: what arrives is whole. */
static void survives_any_order_of_calls(void **state)
{
	struct slu_vec vec[8];
	uint32_t random = 4242, r;
	size_t n, take, sum;

	(void)state;
	for (uint32_t round = 1; round <= 80; round++) {
		struct slu_chunk_out *co = out_new(1 + round % 40);

		maker_init(round * 31);
		while (maker.made.count < 60 || slu_chunk_out_queued(co)) {
			n = slu_chunk_out_vecs(co, vec, 1 + test_rand(&random) % 8);
			r = test_rand(&random) % (round % 3 ? 60 : 7);
			sum = 0;
			for (size_t i = 0; i < n; i++) { /* copied before anything is queued: vecs last until then */
				take = vec[i].size < r ? vec[i].size : r;
				memcpy(sink.bytes + sink.n, vec[i].data, take);
				sink.n += take;
				r -= (uint32_t)take;
				sum += take;
			}
			if (maker.urgent < 900 && test_rand(&random) % 3 == 0) {
				send_control(co, SLU_MSG_ACK, test_rand(&random), true);
				maker.urgent++;
			}
			if (maker.made.count < 60 && test_rand(&random) % 4 == 0)
				make_one(co, 200);
			slu_chunk_out_sent(co, sum);
			if (maker.made.count >= 60 && test_rand(&random) % 4 == 0)
				drain_turn(co, &sink, 8, SIZE_MAX); /* gain on the urgent ones */
		}
		assert_all_arrived(1 + round % 40);
		slu_chunk_out_free(co);
	}
}

static void round_trips_at_every_chunk_size(void **state)
{
	static const uint32_t chunk_sizes[] = {1, 2, 127, 128, 129, 4096, 65536, 0xffffff};

	(void)state;
	for (size_t i = 0; i < sizeof chunk_sizes / sizeof *chunk_sizes; i++) {
		struct slu_chunk_out *co = out_new(chunk_sizes[i]);

		maker_init((uint32_t)i + 1);
		for (unsigned k = 0; k < 50; k++)
			make_one(co, 9000);
		drain(co, &sink);
		assert_all_arrived(chunk_sizes[i]);
		slu_chunk_out_free(co);
	}
}

static void round_trips_every_chunk_stream(void **state)
{
	(void)state;
	for (uint32_t csid = 2; csid < 65600;) {
		struct slu_chunk_in *ci = feed_new();
		struct slu_chunk_out *co = out_new(128);
		uint32_t first = csid;

		for (; csid < first + 256 && csid < 65600; csid++)
			send(co, csid, 8, csid, other.bytes, 130);
		drain(co, &sink);
		assert_int_equal(feed(ci, sink.bytes, sink.n, FEED_WHOLE, &fed), 0);
		assert_int_equal(fed.count, csid - first);
		for (size_t i = 0; i < fed.count; i++) {
			assert_int_equal(fed.msg[i].csid, first + i);
			assert_int_equal(fed.msg[i].timestamp, first + i);
		}
		slu_chunk_in_free(ci);
		slu_chunk_out_free(co);
	}
}

/* Across 2^24, 2^31 and 2^32 ms, with one chunk and with several. */
static void round_trips_timestamp_wraps(void **state)
{
	static const uint32_t wraps[] = {0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff, 0};

	(void)state;
	for (size_t i = 0; i < sizeof wraps / sizeof *wraps; i++) {
		struct slu_chunk_out *co = out_new(100);
		struct slu_chunk_in *ci = feed_new();

		for (uint32_t k = 0; k < 100; k++)
			send(co, 4, 9, wraps[i] - 50 + k, other.bytes, k % 3 ? 30 : 250);
		drain(co, &sink);
		assert_int_equal(feed(ci, (const uint8_t *)"\2\0\0\0\0\0\4\1\0\0\0\0\0\0\0\x64", 16, 0, &fed), 0);
		assert_int_equal(feed(ci, sink.bytes, sink.n, 3, &fed), 0);
		assert_int_equal(fed.count, 100);
		for (uint32_t k = 0; k < 100; k++)
			assert_int_equal(fed.msg[k].timestamp, wraps[i] - 50 + k);
		slu_chunk_in_free(ci);
		slu_chunk_out_free(co);
	}
}

/* A send that runs out of memory has changed nothing: done again, the same bytes come out. */
static void changes_nothing_without_memory(void **state)
{
	static const size_t sizes[] = {3, 700, 14, 15, 0, 90};
	static struct sink whole;
	bool failed = true;

	(void)state;
	for (long n = -1; failed; n++) {
		struct slu_chunk_out *co;

		alloc_fail_at(n);
		co = slu_chunk_out_new(64, 1 << 20);
		if (!co)
			co = slu_chunk_out_new(64, 1 << 20);
		sink.n = 0;
		for (uint32_t i = 0; i < 60; i++) {
			struct slu_msg msg = {
				.type = 8, .timestamp = i * 20, .data = other.bytes, .size = sizes[i % 6]};
			uint32_t csid = i % 10 ? 4 + i : 2;
			int err = slu_chunk_out_send(co, csid, &msg, csid == 2);

			if (err == SLU_ERR_NOMEM)
				err = slu_chunk_out_send(co, csid, &msg, csid == 2);
			assert_int_equal(err, 0);
		}
		failed = alloc_fail_end() || n == -1;
		drain(co, n == -1 ? &whole : &sink);
		if (n >= 0) {
			assert_int_equal(sink.n, whole.n);
			assert_memory_equal(sink.bytes, whole.bytes, whole.n);
		}
		slu_chunk_out_free(co);
	}
}

static void queue_frame(struct slu_chunk_out *co, struct slu_buffer *b, uint32_t i)
{
	struct slu_msg msg = {
		.type = 9,
		.timestamp = i * 33,
		.stream_id = 1,
		.data = slu_buffer_data(b),
		.size = 3000 + i * 37 % 5000,
		.owner = b,
	};

	assert_int_equal(slu_chunk_out_send(co, 6, &msg, false), 0);
	msg.type = 8;
	msg.size = 300;
	assert_int_equal(slu_chunk_out_send(co, 4, &msg, false), 0);
	send_control(co, SLU_MSG_ACK, i, true);
}

/* A thousand frames, queued and sent, and read at the other end: once all sizes have been there, no allocation at
 * either. */
static void allocates_nothing_in_steady_state(void **state)
{
	struct slu_buffer *b = slu_buffer_wrap(other.bytes, 8192, NULL, NULL);
	struct slu_chunk_out *co = out_new(128);
	struct slu_chunk_in *ci = feed_new();

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		if (i == 200)
			alloc_fail_at(-1);
		queue_frame(co, b, i);
		sink.n = 0;
		drain(co, &sink);
		fed.count = 0;
		assert_int_equal(feed_piece(ci, sink.bytes, sink.n, &fed), 0);
		assert_int_equal(fed.count, 3);
	}
	assert_int_equal(alloc_fail_count(), 0);
	alloc_fail_end();
	slu_chunk_out_free(co);
	slu_chunk_in_free(ci);
	slu_buffer_put(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chooses_header_formats),
		cmocka_unit_test(extends_timestamps),
		cmocka_unit_test(changes_chunk_size_in_order),
		cmocka_unit_test(lets_urgent_messages_overtake_at_chunk_borders),
		cmocka_unit_test(keeps_messages_of_chunk_stream_2_whole),
		cmocka_unit_test(lets_nothing_overtake_raw_bytes),
		cmocka_unit_test(shows_what_it_sends),
		cmocka_unit_test(refuses_what_cannot_be),
		cmocka_unit_test(references_what_has_an_owner),
		cmocka_unit_test(copies_what_has_none),
		cmocka_unit_test(sends_the_same_bytes_in_any_pieces),
		cmocka_unit_test(survives_any_order_of_calls),
		cmocka_unit_test(round_trips_at_every_chunk_size),
		cmocka_unit_test(round_trips_every_chunk_stream),
		cmocka_unit_test(round_trips_timestamp_wraps),
		cmocka_unit_test(changes_nothing_without_memory),
		cmocka_unit_test(allocates_nothing_in_steady_state),
	};

	return cmocka_run_group_tests_name("chunk_out", tests, NULL, NULL);
}
