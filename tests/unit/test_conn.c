/* SPDX-License-Identifier: MIT */
/* Connections over transports made of memory: every split, every end, and what they wait for. */
#include "test.h"

#include <unistd.h>

#include <sluice/sluice.h>

#include "conn/conn_impl.h"
#include "tls_kit.h"

struct pair {
	struct kit_mem cm, sm;
	struct slu_url url;
	struct slu_conn *c, *s;
	struct slu_conn_config config;
	bool published, publishing;
	size_t media, bytes;
};

static void open_pair(struct pair *p)
{
	char error[256];

	kit_mem_pair(&p->cm, &p->sm);
	assert_int_equal(slu_url_parse(&p->url, "rtmp://live.example/app/secret-key", NULL), 0);
	p->c = slu_conn_over(&p->config, &p->url, &p->cm.transport, "rtmp://live.example/app", error, sizeof error);
	p->s = slu_conn_over(&p->config, NULL, &p->sm.transport, "client [::1]:5", error, sizeof error);
	assert_non_null(p->c);
	assert_non_null(p->s);
	assert_int_equal(slu_session_publish(slu_conn_session(p->c), p->url.stream, SLU_PUBLISH_LIVE), 0);
}

static void close_pair(struct pair *p)
{
	slu_conn_free(p->c);
	slu_conn_free(p->s);
	assert_true(p->cm.freed && p->sm.freed);
	kit_mem_clear(&p->cm);
	kit_mem_clear(&p->sm);
	slu_url_clear(&p->url);
}

static void pull_server(struct pair *p)
{
	struct slu_event ev;

	while (slu_conn_event(p->s, &ev)) {
		if (ev.type == SLU_EVENT_CONNECT || ev.type == SLU_EVENT_PUBLISH)
			slu_session_accept(slu_conn_session(p->s));
		p->published |= ev.type == SLU_EVENT_PUBLISH;
		p->media += ev.type == SLU_EVENT_MEDIA;
		p->bytes += ev.type == SLU_EVENT_MEDIA ? ev.msg.size : 0;
	}
}

static void pull_client(struct pair *p)
{
	struct slu_event ev;

	while (slu_conn_event(p->c, &ev))
		p->publishing |= ev.type == SLU_EVENT_PUBLISHING;
}

static void step(struct pair *p)
{
	slu_conn_process(p->c);
	pull_client(p);
	slu_conn_process(p->s);
	pull_server(p);
}

static void run_until_publishing(struct pair *p)
{
	for (int i = 0; i < 100000 && !p->publishing && !slu_conn_closed(p->c); i++)
		step(p);
	assert_string_equal(slu_conn_error(p->c), "");
	assert_true(p->publishing);
}

static uint8_t frame[5000];

static void send_frames(struct pair *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct slu_msg msg = {.type = SLU_MSG_VIDEO, .timestamp = i, .data = frame, .size = sizeof frame};

		assert_int_equal(slu_conn_send(p->c, &msg), 0);
	}
}

/* ---- splits ---- */

static void finish_exchange(struct pair *p, uint32_t *seed)
{
	send_frames(p, 3);
	assert_int_equal(slu_conn_close(p->c), 0);
	for (int i = 0; i < 100000 && !(slu_conn_closed(p->c) && slu_conn_closed(p->s)); i++) {
		if (seed) {
			p->cm.write_max = 1 + test_rand(seed) % 700;
			p->sm.read_max = 1 + test_rand(seed) % 700;
		}
		step(p);
	}
	assert_true(slu_conn_closed(p->c) && slu_conn_closed(p->s));
	assert_string_equal(slu_conn_error(p->c), "");
	assert_string_equal(slu_conn_error(p->s), "");
	assert_int_equal(p->media, 3);
	assert_int_equal(p->bytes, 3 * sizeof frame);
}

static void whole(void **state)
{
	struct pair p = {.publishing = false};

	(void)state;
	open_pair(&p);
	run_until_publishing(&p);
	finish_exchange(&p, NULL);
	close_pair(&p);
}

/* Until the client was asked who publishes, and has begun to connect again. */
static void ask_who(struct pair *p)
{
	struct slu_event ev;

	assert_int_equal(slu_url_parse(&p->c->url, "rtmp://user:pass-word@live.example/app", NULL), 0);
	for (int i = 0; i < 1000 && !p->cm.agains; i++) {
		slu_conn_process(p->c);
		pull_client(p);
		slu_conn_process(p->s);
		while (slu_conn_event(p->s, &ev))
			if (ev.type == SLU_EVENT_CONNECT)
				slu_session_refuse(slu_conn_session(p->s), "NetConnection.Connect.Rejected",
						   "[ code=403 need auth; authmod=adobe ] : ");
	}
	assert_int_equal(p->cm.agains, 1);
}

/* The other connection, which may not come to be. */
static void asked_where_there_is_no_other(void **state)
{
	struct pair p = {.publishing = false};

	(void)state;
	open_pair(&p);
	p.cm.again_err = SLU_ERR_CONNECT;
	ask_who(&p);
	assert_int_equal(slu_conn_process(p.c), SLU_ERR_CONNECT);
	assert_non_null(strstr(slu_conn_error(p.c), "there is no second time"));
	assert_null(strstr(slu_conn_error(p.c), "pass-word"));
	close_pair(&p);
}

/* It opens at a time that is not before it was begun, however long the step took that found out: see the transport. */
static void asked_and_connecting(void **state)
{
	struct pair p = {.publishing = false};
	struct slu_conn_stats stats;

	(void)state;
	open_pair(&p);
	p.cm.slow_ms = 3;
	ask_who(&p);
	slu_conn_process(p.c);
	assert_string_equal(slu_conn_error(p.c), "");
	slu_conn_stats(p.c, &stats);
	assert_int_equal(stats.session.payload_in, 0);
	assert_int_equal(slu_conn_queued(p.c), 0); /* its half of another handshake has gone out */
	close_pair(&p);
}

static void byte_by_byte(void **state)
{
	struct pair p = {.publishing = false};

	(void)state;
	open_pair(&p);
	p.cm.read_max = p.sm.read_max = p.cm.write_max = p.sm.write_max = 1;
	run_until_publishing(&p);
	finish_exchange(&p, NULL);
	close_pair(&p);
}

static void random_splits(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int i = 0; i < 50; i++) {
		struct pair p = {.publishing = false};

		open_pair(&p);
		p.cm.delay = p.sm.delay = 3;
		p.cm.read_max = 1 + test_rand(&seed) % 300;
		p.sm.write_max = 1 + test_rand(&seed) % 300;
		run_until_publishing(&p);
		finish_exchange(&p, &seed);
		close_pair(&p);
	}
}

/* ---- backpressure ---- */

static void reads_no_more_than_is_pulled(void **state)
{
	struct pair p = {.publishing = false};
	unsigned reads;

	(void)state;
	open_pair(&p);
	run_until_publishing(&p);
	send_frames(&p, 100); /* several read buffers full */
	assert_int_equal(slu_conn_flush(p.c), 0);
	assert_int_equal(slu_conn_process(p.s), 0);
	reads = p.sm.reads;
	assert_int_equal(slu_conn_want(p.s), 0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(slu_conn_process(p.s), 0);
	assert_int_equal(p.sm.reads, reads);
	assert_true(p.sm.in.len > 0);
	pull_server(&p);
	assert_in_range(p.media, CONN_READ_SIZE / sizeof frame - 1, 99);
	assert_int_equal(p.sm.reads, reads);
	assert_int_equal(slu_conn_want(p.s), SLU_WANT_READ);
	for (int i = 0; i < 100 && p.media < 100; i++)
		step(&p);
	assert_int_equal(p.media, 100);
	close_pair(&p);
}

static void asks_a_full_socket_once(void **state)
{
	struct pair p = {.publishing = false};
	unsigned writes;

	(void)state;
	open_pair(&p);
	run_until_publishing(&p);
	p.cm.window = 1000;
	send_frames(&p, 2);
	writes = p.cm.writes;
	assert_int_equal(slu_conn_flush(p.c), 0);
	assert_int_equal(p.cm.writes - writes, 1);
	assert_true(slu_conn_queued(p.c) > 2 * sizeof frame - 1000);
	assert_int_equal(slu_conn_want(p.c), SLU_WANT_READ | SLU_WANT_WRITE);
	assert_true(slu_conn_timeout(p.c) > 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(slu_conn_flush(p.c), 0); /* it is full, and nobody said otherwise */
	assert_int_equal(p.cm.writes - writes, 1);
	for (int i = 0; i < 100 && p.media < 2; i++)
		step(&p);
	assert_int_equal(p.media, 2);
	assert_int_equal(slu_conn_queued(p.c), 0);
	assert_int_equal(slu_conn_want(p.c), SLU_WANT_READ);
	close_pair(&p);
}

/* ---- ends ---- */

static void expect_end(struct pair *p, int err, const char *text)
{
	for (int i = 0; i < 10 && !slu_conn_closed(p->c); i++) {
		slu_conn_process(p->c);
		pull_client(p);
	}
	assert_true(slu_conn_closed(p->c));
	assert_int_equal(slu_conn_process(p->c), err);
	assert_int_equal(slu_conn_flush(p->c), err);
	assert_int_equal(slu_conn_finish(p->c), err);
	assert_int_equal(slu_conn_fd(p->c), -1);
	if (!strstr(slu_conn_error(p->c), text))
		fail_msg("%s", slu_conn_error(p->c));
	assert_null(strstr(slu_conn_error(p->c), "secret"));
}

static void ends_before_the_handshake(void **state)
{
	struct pair p = {.publishing = false};

	(void)state;
	open_pair(&p);
	p.cm.ended = true;
	expect_end(&p, SLU_ERR_CLOSED, "rtmp://live.example/app hung up before the RTMP handshake was done");
	close_pair(&p);
}

static void ends_in_mid_stream(void **state)
{
	(void)state;
	for (int lost = 0; lost < 2; lost++) {
		struct pair p = {.publishing = false};

		open_pair(&p);
		run_until_publishing(&p);
		p.cm.ended = !lost;
		p.cm.lost = lost;
		expect_end(&p, lost ? SLU_ERR_RESET : SLU_ERR_CLOSED, "hung up in mid-stream");
		close_pair(&p);
	}
}

/* What came before the end is pulled before the end is told. */
static void end_waits_for_events(void **state)
{
	struct pair p = {.publishing = false};
	struct slu_event ev;

	(void)state;
	open_pair(&p);
	run_until_publishing(&p);
	send_frames(&p, 2);
	assert_int_equal(slu_conn_flush(p.c), 0);
	p.sm.ended = true;
	assert_int_equal(slu_conn_process(p.s), 0);
	assert_true(slu_conn_event(p.s, &ev));
	assert_int_equal(ev.type, SLU_EVENT_MEDIA);
	assert_false(slu_conn_closed(p.s));
	assert_true(slu_conn_event(p.s, &ev));
	assert_int_equal(ev.type, SLU_EVENT_MEDIA);
	pull_server(&p);
	for (int i = 0; i < 5; i++) {
		slu_conn_process(p.s);
		pull_server(&p);
	}
	assert_int_equal(slu_conn_process(p.s), SLU_ERR_CLOSED);
	assert_non_null(strstr(slu_conn_error(p.s), "client [::1]:5 closed the connection"));
	close_pair(&p);
}

static void refuses_to_send_while_closing(void **state)
{
	struct slu_msg msg = {.type = SLU_MSG_VIDEO, .data = frame, .size = 10};
	struct pair p = {.publishing = false};
	struct slu_event ev;

	(void)state;
	open_pair(&p);
	assert_int_equal(slu_conn_send(p.c, &msg), SLU_ERR_STATE); /* not publishing yet */
	run_until_publishing(&p);
	assert_int_equal(slu_conn_close(p.c), 0);
	assert_int_equal(slu_conn_close(p.c), 0);
	assert_int_equal(slu_conn_send(p.c, &msg), SLU_ERR_STATE);
	assert_false(slu_conn_event(p.c, &ev));
	close_pair(&p);
}

/* ---- deadlines ---- */

/* The handshake's time begins when the transport is open, however long that took. */
static void clock_stands_while_opening(void **state)
{
	struct pair p = {.publishing = false};

	(void)state;
	p.config.session.handshake_timeout_ms = 30;
	open_pair(&p);
	p.cm.delay = 3;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(slu_conn_process(p.c), 0);
		usleep(20000);
	}
	assert_int_equal(slu_conn_process(p.c), 0);
	assert_in_range(slu_conn_timeout(p.c), 0, 30);
	usleep(40000);
	assert_int_equal(slu_conn_timeout(p.c), 0);
	expect_end(&p, SLU_ERR_TIMEOUT, "did not finish the handshake within 30 ms");
	close_pair(&p);
}

static void waits_no_longer_than_asked(void **state)
{
	struct pair p = {.publishing = false};
	struct slu_event ev;

	(void)state;
	open_pair(&p);
	assert_int_equal(slu_conn_wait(p.c, &ev, 0), 0);
	assert_int_equal(slu_conn_wait(p.c, &ev, 20), 0);
	slu_conn_process(p.s); /* answers the handshake */
	assert_int_equal(slu_conn_wait(p.c, &ev, 1000), 1);
	assert_int_equal(ev.type, SLU_EVENT_HANDSHAKE);
	close_pair(&p);
}

/* ---- opening ---- */

static void says_why_it_cannot_open(void **state)
{
	static const char *const urls[] = {"http://host/app/secret-key", "rtmp://", "rtmp://host:0/app/secret-key"};
	struct slu_conn_config config = {.session.chunk_size = 0};
	char error[256];

	(void)state;
	for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
		assert_null(slu_conn_open(&config, urls[i], NULL, error, sizeof error));
		assert_non_null(strstr(error, "malformed URL: "));
		assert_null(strstr(error, "secret"));
	}
	config.session.chunk_size = 0x1000000;
	assert_null(slu_conn_open(&config, "rtmp://127.0.0.1/app/secret-key", NULL, error, sizeof error));
	assert_non_null(strstr(error, "out of its range"));
	assert_null(strstr(error, "secret"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),
		cmocka_unit_test(asked_where_there_is_no_other),
		cmocka_unit_test(asked_and_connecting),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(random_splits),
		cmocka_unit_test(reads_no_more_than_is_pulled),
		cmocka_unit_test(asks_a_full_socket_once),
		cmocka_unit_test(ends_before_the_handshake),
		cmocka_unit_test(ends_in_mid_stream),
		cmocka_unit_test(end_waits_for_events),
		cmocka_unit_test(refuses_to_send_while_closing),
		cmocka_unit_test(clock_stands_while_opening),
		cmocka_unit_test(waits_no_longer_than_asked),
		cmocka_unit_test(says_why_it_cannot_open),
	};

	return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
