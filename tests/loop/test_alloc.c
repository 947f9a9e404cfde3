/* SPDX-License-Identifier: MIT */
/* Whole exchanges in which the allocation with each index in turn fails, and a count of those in steady state. */
#include "../unit/test.h"

#include "../alloc_fail.h"
#include "loop_kit.h"

enum { MOST = 2000 };

static uint8_t frame[5000];

static void send_all(struct loop_end *end)
{
	static const char metadata[] = "\x02\x00\x0aonMetaData\x08\x00\x00\x00\x00\x00\x00\x09";
	struct slu_msg data = {.type = SLU_MSG_DATA, .data = (const uint8_t *)metadata, .size = sizeof metadata - 1};
	struct slu_msg video = {.type = SLU_MSG_VIDEO, .timestamp = 40, .data = frame, .size = sizeof frame};

	slu_session_send(end->s, &data);
	slu_session_send(end->s, &video);
}

/* Sticky: whatever is called afterwards returns the same, and the sentence stays. */
static void expect_sticky(struct slu_session *s)
{
	const struct slu_msg audio = {.type = SLU_MSG_AUDIO};

	assert_int_equal(slu_session_in(s, "", 1), SLU_ERR_NOMEM);
	assert_int_equal(slu_session_tick(s, 1), SLU_ERR_NOMEM);
	assert_int_equal(slu_session_send(s, &audio), SLU_ERR_NOMEM);
	assert_int_equal(slu_session_ping(s), SLU_ERR_NOMEM);
	assert_int_equal(slu_session_stop(s), SLU_ERR_NOMEM);
	assert_int_equal(slu_session_accept(s), SLU_ERR_NOMEM);
	assert_int_equal(slu_session_in_end(s), SLU_ERR_NOMEM);
	assert_non_null(strstr(slu_session_error(s), "out of memory"));
}

static bool failed(struct slu_session *s)
{
	return s && slu_session_tick(s, 0) == SLU_ERR_NOMEM;
}

static void publish(struct loop *l)
{
	slu_session_publish(l->client.s, "key", SLU_PUBLISH_LIVE);
	loop_run(l);
	send_all(&l->client);
	loop_run(l);
	slu_session_stop(l->client.s);
	loop_run(l);
}

static void play(struct loop *l)
{
	slu_session_play(l->client.s, "key", NULL);
	loop_run(l);
	send_all(&l->server);
	loop_run(l);
	slu_session_pause(l->client.s, true, 10);
	slu_session_get_stream_length(l->client.s, "key");
	loop_run(l);
	slu_session_eof(l->server.s, 1);
	slu_session_stop(l->client.s);
	loop_run(l);
}

/* One run in which one allocation fails, and none after it: what swallows the failure would go on. Returns false when
 * it was never reached. */
static bool run_once(void (*exchange)(struct loop *l), long index)
{
	struct loop l;
	bool opened, reached;

	alloc_fail_at(index);
	opened = loop_open(&l, LOOP_WHOLE, NULL, NULL);
	if (opened)
		exchange(&l);
	reached = alloc_fail_end();
	if (opened && reached) {
		assert_true(failed(l.client.s) || failed(l.server.s));
		if (failed(l.client.s))
			expect_sticky(l.client.s);
		if (failed(l.server.s))
			expect_sticky(l.server.s);
	}
	loop_close(&l);
	return reached;
}

static void run_all(void (*exchange)(struct loop *l))
{
	long index = 0;

	while (index < MOST && run_once(exchange, index))
		index++;
	/* All were tried, and there is something to try: two sessions of at least five parts. */
	assert_true(index > 20 && index < MOST);
}

static void publish_without_memory(void **state)
{
	(void)state;
	run_all(publish);
}

static void play_without_memory(void **state)
{
	(void)state;
	run_all(play);
}

static void drop(struct loop_end *end, const struct slu_event *ev)
{
	(void)end;
	(void)ev;
}

/* Sends messages of growing and falling sizes from referenced storage; what is received is let go of. */
static long steady(struct loop_end *from, struct loop_end *to, unsigned messages)
{
	struct slu_buffer *b = slu_buffer_wrap(frame, sizeof frame, NULL, NULL);
	struct slu_msg video = {.type = SLU_MSG_VIDEO, .data = frame, .owner = b};
	long n;

	to->media = LOOP_KEPT; /* count, keep none */
	to->act = drop;
	alloc_fail_at(-1);
	for (unsigned i = 0; i < messages; i++) {
		video.timestamp = i * 40;
		video.size = 1 + i * 37 % sizeof frame;
		video.type = i % 3 ? SLU_MSG_VIDEO : SLU_MSG_AUDIO;
		assert_int_equal(slu_session_send(from->s, &video), 0);
		loop_run(from->loop);
	}
	n = alloc_fail_count();
	slu_buffer_put(b);
	assert_int_equal(to->media, LOOP_KEPT + messages);
	to->media = 0;
	return n;
}

static void steady_state(struct loop *l, struct loop_end *from, struct loop_end *to)
{
	loop_run(l);
	steady(from, to, 3000); /* until each chunk stream has seen its largest message */
	assert_int_equal(steady(from, to, 3000), 0);
}

static void no_allocation_while_publishing(void **state)
{
	struct loop l;

	(void)state;
	assert_true(loop_open(&l, LOOP_WHOLE, NULL, NULL));
	slu_session_publish(l.client.s, "key", SLU_PUBLISH_LIVE);
	steady_state(&l, &l.client, &l.server);
	loop_close(&l);
}

static void no_allocation_while_playing(void **state)
{
	struct loop l;

	(void)state;
	assert_true(loop_open(&l, LOOP_WHOLE, NULL, NULL));
	slu_session_play(l.client.s, "key", NULL);
	steady_state(&l, &l.server, &l.client);
	loop_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(publish_without_memory),
		cmocka_unit_test(play_without_memory),
		cmocka_unit_test(no_allocation_while_publishing),
		cmocka_unit_test(no_allocation_while_playing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
