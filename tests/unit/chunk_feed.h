/* SPDX-License-Identifier: MIT */
/* Feeds bytes to a struct slu_chunk_in in pieces and notes the messages that come out. */
#ifndef SLU_TESTS_UNIT_CHUNK_FEED_H
#define SLU_TESTS_UNIT_CHUNK_FEED_H

#include "test.h"

#include "proto/chunk_in.h"

enum { FEED_WHOLE = 0, FEED_BYTES = 1, FEED_RANDOM = 2, FEED_MAX = 4096 };

struct fed_msg {
	uint8_t type;
	uint32_t csid, timestamp, stream_id;
	size_t size;
	uint32_t hash;
};

struct fed {
	size_t count;
	size_t most_memory;
	struct fed_msg msg[FEED_MAX];
};

/* FNV-1a */
static inline uint32_t feed_hash(const uint8_t *p, size_t n)
{
	uint32_t h = 2166136261u;

	while (n--)
		h = (h ^ *p++) * 16777619u;
	return h;
}

static inline void feed_note(struct fed *fed, const struct slu_chunk_in *ci, const struct slu_msg *msg)
{
	assert_true(fed->count < FEED_MAX);
	assert_non_null(msg->owner);
	assert_true(slu_buffer_size(msg->owner) >= msg->size);
	fed->msg[fed->count++] = (struct fed_msg){
		.type = msg->type,
		.csid = slu_chunk_in_csid(ci),
		.timestamp = msg->timestamp,
		.stream_id = msg->stream_id,
		.size = msg->size,
		.hash = feed_hash(msg->data, msg->size),
	};
}

/* One piece; returns what slu_chunk_in_read() ended with: 0 or an error. */
static inline int feed_piece(struct slu_chunk_in *ci, const uint8_t *data, size_t n, struct fed *fed)
{
	struct slu_msg msg;
	size_t used, pos = 0;
	int r;

	do {
		r = slu_chunk_in_read(ci, data + pos, n - pos, &used, &msg);
		assert_true(used <= n - pos);
		pos += used;
		if (r == 1)
			feed_note(fed, ci, &msg);
		if (slu_chunk_in_memory(ci) > fed->most_memory)
			fed->most_memory = slu_chunk_in_memory(ci);
	} while (r == 1);
	if (r == 0)
		assert_int_equal(pos, n);
	return r;
}

/* mode: FEED_WHOLE, FEED_BYTES, or a seed for random splits. */
static inline int feed(struct slu_chunk_in *ci, const uint8_t *data, size_t n, uint32_t mode, struct fed *fed)
{
	uint32_t seed = mode;
	size_t pos = 0, take;
	int r = 0;

	memset(fed, 0, sizeof *fed);
	while (pos < n && r == 0) {
		take = mode == FEED_WHOLE ? n : mode == FEED_BYTES ? 1 : 1 + test_rand(&seed) % (mode % 7 ? 40 : 3000);
		if (take > n - pos)
			take = n - pos;
		r = feed_piece(ci, data + pos, take, fed);
		pos += take;
	}
	return r;
}

static inline struct slu_chunk_in *feed_new(void)
{
	static const struct slu_chunk_in_config config = {
		.max_message = 0xffffff, .max_memory = 33554432, .max_chunk_streams = 256};
	struct slu_chunk_in *ci = slu_chunk_in_new(&config);

	assert_non_null(ci);
	return ci;
}

#endif
