/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include <sluice/buffer.h>

#include "../alloc_fail.h"
#include "session/edge.h"

enum { CHUNK = 1000000, QUEUE = 1 << 24, PAYLOAD = 600000, CONTROL = 2, VIDEO = 6 };

static const uint8_t key_in[] = "in", key_out[] = "out";

struct kit {
	struct slu_rc4 in, out; /* the other end's of the same name: what it writes, and what it reads */
	struct slu_chunk_out *co;
	struct slu_edge *e;
	uint32_t seed;
};

static void open_kit(struct kit *k)
{
	*k = (struct kit){.seed = 61};
	slu_rc4_init(&k->in, key_in, sizeof key_in);
	slu_rc4_init(&k->out, key_out, sizeof key_out);
	k->co = slu_chunk_out_new(CHUNK, QUEUE);
	assert_non_null(k->co);
}

static void begin(struct kit *k)
{
	k->e = slu_edge_new(&k->in, &k->out, k->co);
	assert_non_null(k->e);
}

static void close_kit(struct kit *k)
{
	slu_edge_free(k->e);
	slu_chunk_out_free(k->co);
}

/* Takes at most most bytes, as a socket does, and decrypts what is behind the first clear ones. */
static size_t read_out(struct kit *k, uint8_t *into, size_t most, size_t *clear)
{
	struct slu_vec vec[2];
	size_t n = slu_edge_out(k->e, k->co, vec, 2), size, plain;

	if (!n)
		return 0;
	assert_int_equal(n, 1);
	size = vec[0].size < most ? vec[0].size : most;
	plain = size < *clear ? size : *clear;
	memcpy(into, vec[0].data, plain);
	slu_rc4_apply(&k->out, (const uint8_t *)vec[0].data + plain, into + plain, size - plain);
	*clear -= plain;
	slu_edge_sent(k->e, size);
	return size;
}

static struct slu_buffer *make_payload(struct kit *k)
{
	struct slu_buffer *b = slu_buffer_new(PAYLOAD);

	assert_non_null(b);
	for (size_t i = 0; i < PAYLOAD; i++)
		((uint8_t *)slu_buffer_data(b))[i] = (uint8_t)test_rand(&k->seed);
	return b;
}

static void send_payload(struct kit *k, struct slu_buffer *b)
{
	const struct slu_msg msg = {
		.type = SLU_MSG_VIDEO, .stream_id = 1, .data = slu_buffer_data(b), .size = PAYLOAD, .owner = b};

	assert_int_equal(slu_chunk_out_send(k->co, VIDEO, &msg, false), 0);
}

/* What was queued before goes out as it is; what follows, encrypted, in writes of any size; and the payload, which
 * somebody else may be sending too, stays what it was. */
static void encrypts_what_comes_behind_the_handshake(void **state)
{
	static const size_t writes[] = {1, 2, 3, 1000, 16384, 100000, QUEUE};
	static const char clear_text[] = "of the handshake";

	(void)state;
	for (size_t i = 0; i < sizeof writes / sizeof writes[0]; i++) {
		size_t clear = sizeof clear_text, got = 0, n, total;
		uint8_t *text = malloc(QUEUE), *copy = malloc(PAYLOAD);
		struct slu_buffer *b;
		struct kit k;

		open_kit(&k);
		assert_int_equal(slu_chunk_out_raw(k.co, clear_text, sizeof clear_text), 0);
		begin(&k);
		b = make_payload(&k);
		memcpy(copy, slu_buffer_data(b), PAYLOAD);
		send_payload(&k, b);
		total = slu_chunk_out_queued(k.co);
		while ((n = read_out(&k, text + got, i < 3 && got < 5000 ? writes[i] : writes[i] + 50000, &clear))) {
			got += n;
			assert_int_equal(slu_edge_queued(k.e) + slu_chunk_out_queued(k.co), total - got);
		}
		assert_int_equal(got, total);
		assert_memory_equal(text, clear_text, sizeof clear_text);
		assert_memory_equal(text + sizeof clear_text + 12, copy, PAYLOAD);
		assert_memory_equal(slu_buffer_data(b), copy, PAYLOAD);
		slu_buffer_put(b);
		close_kit(&k);
		free(text);
		free(copy);
	}
}

/* What went through the key stream keeps its place, whatever is urgent. */
static void nothing_overtakes_what_is_encrypted(void **state)
{
	static const uint8_t ack[4] = {0, 0, 0, 7}, small[20] = "a small frame";
	const struct slu_msg urgent = {.type = SLU_MSG_ACK, .data = ack, .size = sizeof ack};
	const struct slu_msg video = {.type = SLU_MSG_VIDEO, .stream_id = 1, .data = small, .size = sizeof small};
	uint8_t text[200];
	size_t clear = 0, got;
	struct kit k;

	(void)state;
	open_kit(&k);
	begin(&k);
	assert_int_equal(slu_chunk_out_send(k.co, VIDEO, &video, false), 0);
	got = read_out(&k, text, 5, &clear);
	assert_int_equal(got, 5);
	assert_int_equal(slu_chunk_out_send(k.co, CONTROL, &urgent, true), 0);
	while (got < 12 + 20 + 12 + 4)
		got += read_out(&k, text + got, 7, &clear);
	assert_int_equal(read_out(&k, text + got, 7, &clear), 0);
	assert_memory_equal(text + 12, small, sizeof small);
	assert_memory_equal(text + 12 + 20 + 12, ack, sizeof ack);
	close_kit(&k);
}

/* A session takes what it needs up to its next event, and is given the rest again, in whatever pieces. */
static void decrypts_each_byte_once(void **state)
{
	enum { SIZE = 50000 };
	uint8_t *text = malloc(SIZE), *wire = malloc(SIZE);
	struct kit k;
	size_t at = 0, got, take, offered;

	(void)state;
	open_kit(&k);
	begin(&k);
	for (size_t i = 0; i < SIZE; i++)
		text[i] = (uint8_t)test_rand(&k.seed);
	slu_rc4_apply(&k.in, text, wire, SIZE);
	while (at < SIZE) {
		const uint8_t *plain;

		offered = 1 + test_rand(&k.seed) % 20000;
		if (offered > SIZE - at)
			offered = SIZE - at;
		plain = slu_edge_in(k.e, wire + at, offered, &got);
		assert_in_range(got, 1, offered);
		assert_memory_equal(plain, text + at, got);
		take = test_rand(&k.seed) % (got + 1);
		slu_edge_took(k.e, take);
		at += take;
	}
	close_kit(&k);
	free(text);
	free(wire);
}

static void is_not_made_without_memory(void **state)
{
	struct kit k;
	long n;

	(void)state;
	open_kit(&k);
	for (n = 0; !k.e; n++) {
		alloc_fail_at(n);
		k.e = slu_edge_new(&k.in, &k.out, k.co);
		alloc_fail_end();
	}
	assert_int_equal(n, 3);
	close_kit(&k);
}

/* Room that cannot grow: then less goes out at once, and all of it in the end. */
static void does_with_little_memory(void **state)
{
	uint8_t *text = malloc(QUEUE);
	bool failed = true;

	(void)state;
	for (long n = 0; failed; n++) {
		size_t clear = 0, got = 0, total, size;
		struct slu_buffer *b;
		struct kit k;

		open_kit(&k);
		begin(&k);
		b = make_payload(&k);
		send_payload(&k, b);
		total = slu_chunk_out_queued(k.co);
		alloc_fail_at(n);
		while ((size = read_out(&k, text + got, 10000, &clear)))
			got += size;
		failed = alloc_fail_end();
		assert_true(failed || n == 4); /* it doubles four times */
		assert_int_equal(got, total);
		assert_memory_equal(text + 12, slu_buffer_data(b), PAYLOAD);
		slu_buffer_put(b);
		close_kit(&k);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encrypts_what_comes_behind_the_handshake),
		cmocka_unit_test(nothing_overtakes_what_is_encrypted),
		cmocka_unit_test(decrypts_each_byte_once),
		cmocka_unit_test(is_not_made_without_memory),
		cmocka_unit_test(does_with_little_memory),
	};

	return cmocka_run_group_tests_name("edge", tests, NULL, NULL);
}
