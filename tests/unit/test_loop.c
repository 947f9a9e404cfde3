/* SPDX-License-Identifier: MIT */
/* The server's loop with real clients on loopback, all in one thread: counts and bytes, not timing. */
#include "test.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include <sluice/conn.h>
#include <sluice/flv.h>

#include "record_kit.h"
#include "server/loop.h"
#include "server/record_meta.h"

enum { PATIENCE_MS = 5000, REPORTS = 64 };

static struct {
	struct slu_server_report r[REPORTS];
	size_t n;
} reports;

static void take_report(void *arg, const struct slu_server_report *r)
{
	(void)arg;
	assert_true(reports.n < REPORTS);
	reports.r[reports.n++] = *r;
}

/* The last report of a type; NULL when there is none. */
static const struct slu_server_report *reported(enum slu_server_report_type type)
{
	for (size_t i = reports.n; i > 0; i--)
		if (reports.r[i - 1].type == type)
			return &reports.r[i - 1];
	return NULL;
}

struct client {
	struct slu_conn *c;
	bool publishing, playing, eof;
	size_t media, video, bytes;
	uint32_t first, last;
	uint8_t first_video;
	int err;
};

static struct slu_loop *start(struct slu_loop_config *config, char bound[SLU_LISTENER_URL])
{
	struct slu_loop *loop;
	char error[256];

	memset(&reports, 0, sizeof reports);
	config->reporter.fn = take_report;
	loop = slu_loop_new(config, error, sizeof error);
	assert_non_null(loop);
	if (slu_loop_listen(loop, "rtmp://127.0.0.1:0", bound, error, sizeof error) != 0)
		fail_msg("%s", error);
	return loop;
}

enum role { PLAY_LIVE = -2, PLAY_RECORDING = 0, PUBLISH = 1 };

static struct client *connect_as(const char *bound, const char *path, enum role role)
{
	struct slu_conn_config config = {.session.role = SLU_CLIENT};
	struct client *c = calloc(1, sizeof *c);
	char url[SLU_LISTENER_URL + 64], error[256];

	assert_non_null(c);
	snprintf(url, sizeof url, "%s/%s", bound, path);
	c->c = slu_conn_open(&config, url, NULL, error, sizeof error);
	if (!c->c)
		fail_msg("%s", error);
	if (role == PUBLISH)
		assert_int_equal(slu_session_publish(slu_conn_session(c->c), slu_conn_stream(c->c), SLU_PUBLISH_LIVE),
				 0);
	else
		assert_int_equal(slu_session_play(slu_conn_session(c->c), slu_conn_stream(c->c),
						  &(struct slu_play){.start = role, .duration = -1}),
				 0);
	return c;
}

static struct client *connect_to(const char *bound, const char *path, bool publish)
{
	return connect_as(bound, path, publish ? PUBLISH : PLAY_LIVE);
}

static void client_free(struct client *c)
{
	slu_conn_free(c->c);
	free(c);
}

static void see(struct client *c, const struct slu_event *ev)
{
	c->publishing |= ev->type == SLU_EVENT_PUBLISHING;
	c->playing |= ev->type == SLU_EVENT_PLAYING;
	c->eof |= ev->type == SLU_EVENT_STREAM_EOF;
	if (ev->type != SLU_EVENT_MEDIA)
		return;
	if (c->media++ == 0)
		c->first = ev->msg.timestamp;
	c->last = ev->msg.timestamp;
	c->bytes += ev->msg.size;
	if (ev->msg.type == SLU_MSG_VIDEO && c->video++ == 0)
		c->first_video = ev->msg.data[1];
}

/* Server and clients take turns until done() says so. */
static void turn(struct slu_loop *loop, struct client **clients, size_t n, bool (*done)(struct client **clients))
{
	uint64_t until = slu_now_ms() + PATIENCE_MS;
	struct slu_event ev;

	while (!done(clients)) {
		if (slu_now_ms() > until)
			fail_msg("nothing more happens");
		assert_int_equal(slu_loop_step(loop, 1), 0);
		for (size_t i = 0; i < n; i++) {
			int err = slu_conn_process(clients[i]->c);

			clients[i]->err = clients[i]->err ? clients[i]->err : err;
			while (slu_conn_event(clients[i]->c, &ev))
				see(clients[i], &ev);
			slu_conn_flush(clients[i]->c);
		}
	}
}

static void send_frame(struct client *c, uint8_t type, uint32_t timestamp, const void *body, size_t size)
{
	struct slu_msg m = {.type = type, .timestamp = timestamp, .data = body, .size = size};

	assert_int_equal(slu_conn_send(c->c, &m), 0);
}

static void send_gop(struct client *c, uint32_t timestamp)
{
	static const uint8_t key[3000] = {0x17, 1}, inter[1000] = {0x27, 1}, audio[200] = {0xaf, 1};

	send_frame(c, 9, timestamp, key, sizeof key);
	for (uint32_t i = 1; i < 10; i++) {
		send_frame(c, 8, timestamp + i * 40 - 3, audio, sizeof audio);
		send_frame(c, 9, timestamp + i * 40, inter, sizeof inter);
	}
	assert_int_equal(slu_conn_flush(c->c), 0);
}

static void send_configs(struct client *c)
{
	send_frame(c, 9, 0, "\x17\x00\x00\x00\x00", 5);
	send_frame(c, 8, 0, "\xaf\x00\x12\x10", 4);
}

static bool first_publishes(struct client **c)
{
	return c[0]->publishing || c[0]->err;
}

static bool second_plays(struct client **c)
{
	return c[1]->playing;
}

static bool second_has_21(struct client **c)
{
	return c[1]->media >= 21;
}

static bool third_has_21(struct client **c)
{
	return c[2]->media >= 21;
}

static bool both_have_40(struct client **c)
{
	return c[1]->media >= 40 && c[2]->media >= 40;
}

static bool players_saw_the_end(struct client **c)
{
	return c[1]->eof && c[2]->eof;
}

static bool first_saw_the_end(struct client **c)
{
	return c[0]->eof;
}

static bool first_recorded(struct client **c)
{
	(void)c;
	return reported(SLU_REPORT_RECORDED) != NULL;
}

/* One publisher, one player that waits for it, one that comes late; and a recording. */
static void passes_streams_on(void **state)
{
	struct slu_loop_config config = {.dir = kit_dir};
	char bound[SLU_LISTENER_URL];
	struct slu_loop *loop = start(&config, bound);
	struct client *c[3];
	struct stat st;

	(void)state;
	c[0] = connect_to(bound, "live/cam?token=1", true);
	c[1] = connect_to(bound, "live/cam", false);
	turn(loop, c, 2, first_publishes);
	turn(loop, c, 2, second_plays);
	send_configs(c[0]);
	send_gop(c[0], 1000);
	turn(loop, c, 2, second_has_21);
	assert_int_equal(c[1]->media, 21);
	assert_int_equal(c[1]->first, 0);
	c[2] = connect_to(bound, "live/cam", false);
	turn(loop, c, 3, third_has_21);
	assert_int_equal(c[2]->first, 1000);
	send_gop(c[0], 1400);
	turn(loop, c, 3, both_have_40);
	for (int i = 1; i < 3; i++) {
		assert_int_equal(c[i]->media, 40);
		assert_int_equal(c[i]->bytes, 9 + 2 * (3000 + 9 * 1200));
		assert_int_equal(c[i]->first_video, 0);
		assert_int_equal(c[i]->last, 1760);
	}
	slu_session_stop(slu_conn_session(c[0]->c));
	turn(loop, c, 3, players_saw_the_end);
	turn(loop, c, 3, first_recorded);
	assert_int_equal(reported(SLU_REPORT_UNPUBLISH)->messages, 40);
	assert_int_equal(fstatat(kit_dir, "live/cam.flv", &st, 0), 0);
	assert_int_equal(reported(SLU_REPORT_RECORDED)->stored, st.st_size);
	assert_true(reported(SLU_REPORT_RECORDED)->seconds == 1.76);
	assert_int_equal(reported(SLU_REPORT_STOP)->dropped, 0);
	assert_int_equal(slu_loop_connections(loop), 3);
	for (int i = 0; i < 3; i++)
		client_free(c[i]);
	slu_loop_free(loop);
}

static bool second_failed(struct client **c)
{
	return c[1]->err != 0;
}

static bool second_publishes(struct client **c)
{
	return c[1]->publishing;
}

static bool both_play(struct client **c)
{
	return c[1]->playing && c[2]->playing;
}

/* So many turns that what was under way between two ends of a loopback has come. */
static bool has_settled(struct client **c)
{
	static unsigned turns;

	(void)c;
	return ++turns % 20 == 0;
}

static bool second_has_9_third_19(struct client **c)
{
	return c[1]->media >= 9 && c[2]->media >= 19;
}

static bool third_has_38(struct client **c)
{
	return c[2]->media >= 38;
}

static bool third_has_57(struct client **c)
{
	return c[2]->media >= 57;
}

static bool second_has_it_all(struct client **c)
{
	return c[1]->media >= 65 || c[1]->eof;
}

/* A recording is read no faster than it is taken: what waits stays within the queue of a connection. */
static void plays_recordings_piece_by_piece(void **state)
{
	enum { FRAMES = 64, FRAME = 65536 };
	static const uint8_t body[FRAME] = {0x17, 1};
	struct slu_loop_config config = {.dir = kit_dir, .conn.session.max_queue = 1 << 20};
	char bound[SLU_LISTENER_URL];
	struct slu_loop *loop = start(&config, bound);
	struct client *c[2];

	(void)state;
	c[0] = connect_to(bound, "live/long", true);
	turn(loop, c, 1, first_publishes);
	for (uint32_t i = 0; i < FRAMES; i++)
		send_frame(c[0], 9, i * 40, body, sizeof body);
	slu_session_stop(slu_conn_session(c[0]->c));
	turn(loop, c, 1, first_recorded);
	c[1] = connect_as(bound, "live/long", PLAY_RECORDING);
	turn(loop, c, 2, second_has_it_all);
	assert_int_equal(c[1]->media, FRAMES + 1); /* with the recorder's onMetaData */
	assert_int_equal(reported(SLU_REPORT_UNPUBLISH)->messages, FRAMES);
	client_free(c[0]);
	client_free(c[1]);
	slu_loop_free(loop);
}

/* What a player has told not to send, and what it does not want while it pauses, is not sent. */
static void sends_what_is_wanted(void **state)
{
	struct slu_loop_config config = {.dir = -1};
	char bound[SLU_LISTENER_URL];
	struct slu_loop *loop = start(&config, bound);
	struct client *c[3];

	(void)state;
	c[0] = connect_to(bound, "live/cam", true);
	c[1] = connect_to(bound, "live/cam", false);
	c[2] = connect_to(bound, "live/cam", false);
	turn(loop, c, 3, first_publishes);
	turn(loop, c, 3, both_play);
	assert_int_equal(slu_session_receive_video(slu_conn_session(c[1]->c), false), 0);
	turn(loop, c, 3, has_settled);
	send_gop(c[0], 1000);
	turn(loop, c, 3, second_has_9_third_19);
	assert_int_equal(c[1]->media, 9);
	assert_int_equal(c[1]->video, 0);
	assert_int_equal(slu_session_pause(slu_conn_session(c[1]->c), true, 0), 0);
	turn(loop, c, 3, has_settled);
	send_gop(c[0], 1400);
	turn(loop, c, 3, third_has_38);
	turn(loop, c, 3, has_settled);
	assert_int_equal(c[1]->media, 9);
	assert_int_equal(slu_session_receive_video(slu_conn_session(c[1]->c), true), 0);
	assert_int_equal(slu_session_pause(slu_conn_session(c[1]->c), false, 0), 0);
	turn(loop, c, 3, has_settled);
	send_gop(c[0], 1800);
	turn(loop, c, 3, third_has_57);
	turn(loop, c, 3, has_settled);
	assert_int_equal(c[1]->media, 28);
	assert_int_equal(c[1]->video, 10);
	for (int i = 0; i < 3; i++)
		client_free(c[i]);
	slu_loop_free(loop);
}

/* A recording grows while it is made: a server that is killed keeps all but the last second. */
static void writes_recordings_as_they_come(void **state)
{
	struct slu_loop_config config = {.dir = kit_dir};
	uint64_t until = slu_now_ms() + PATIENCE_MS;
	char bound[SLU_LISTENER_URL];
	struct slu_loop *loop = start(&config, bound);
	struct client *c[1];
	struct stat st = {0};

	(void)state;
	c[0] = connect_to(bound, "live/now", true);
	turn(loop, c, 1, first_publishes);
	send_gop(c[0], 0);
	while (st.st_size < SLU_RECORD_META_ROOM + 3000 + 9 * 1200 && slu_now_ms() < until) {
		assert_int_equal(slu_loop_step(loop, 50), 0);
		fstatat(kit_dir, "live/now.flv", &st, 0);
	}
	assert_true(st.st_size >= SLU_RECORD_META_ROOM + 3000 + 9 * 1200);
	assert_null(reported(SLU_REPORT_UNPUBLISH));
	client_free(c[0]);
	slu_loop_free(loop);
}

static bool first_failed(struct client **c)
{
	return c[0]->err != 0;
}

static void refuses_a_second_publisher(void **state)
{
	struct slu_loop_config config = {.dir = -1};
	char bound[SLU_LISTENER_URL];
	struct slu_loop *loop = start(&config, bound);
	struct client *c[2];
	struct slu_refusal why;

	(void)state;
	c[0] = connect_to(bound, "live/cam", true);
	turn(loop, c, 1, first_publishes);
	c[1] = connect_to(bound, "live/cam", true);
	turn(loop, c, 2, second_failed);
	assert_int_equal(c[1]->err, SLU_ERR_REFUSED);
	slu_session_refusal(slu_conn_session(c[1]->c), &why);
	assert_string_equal(why.code, "NetStream.Publish.BadName");
	assert_non_null(reported(SLU_REPORT_REFUSE));
	assert_int_equal(c[0]->err, 0);
	client_free(c[1]);
	/* Once the first one has gone, without a word, the name is free again. */
	client_free(c[0]);
	c[0] = connect_to(bound, "live/other", true);
	c[1] = connect_to(bound, "live/cam", true);
	turn(loop, c, 2, second_publishes);
	assert_int_equal(reported(SLU_REPORT_UNPUBLISH)->id, 1);
	client_free(c[0]);
	client_free(c[1]);
	slu_loop_free(loop);
}

static void refuses_names_that_lead_outside(void **state)
{
	struct slu_loop_config config = {.dir = kit_dir};
	char bound[SLU_LISTENER_URL];
	struct slu_loop *loop = start(&config, bound);
	struct slu_refusal why;
	struct client *c[1];

	(void)state;
	c[0] = connect_to(bound, "live/x/..", true);
	turn(loop, c, 1, first_failed);
	assert_int_equal(c[0]->err, SLU_ERR_REFUSED);
	slu_session_refusal(slu_conn_session(c[0]->c), &why);
	assert_string_equal(why.code, "NetStream.Publish.BadName");
	client_free(c[0]);
	slu_loop_free(loop);
}

/* Whoever is one too many gets as far as connect, and is told; the one before goes on. */
static void limit(struct slu_loop_config config, const char *reason)
{
	struct slu_refusal why;
	char bound[SLU_LISTENER_URL];
	struct slu_loop *loop = start(&config, bound);
	struct client *c[2];

	c[0] = connect_to(bound, "live/a", true);
	turn(loop, c, 1, first_publishes);
	c[1] = connect_to(bound, "live/b", true);
	turn(loop, c, 2, second_failed);
	assert_int_equal(c[1]->err, SLU_ERR_REFUSED);
	slu_session_refusal(slu_conn_session(c[1]->c), &why);
	assert_string_equal(why.code, "NetConnection.Connect.Rejected");
	assert_non_null(strstr(why.description, "are connected"));
	assert_string_equal(reported(SLU_REPORT_REFUSE)->reason, reason);
	assert_int_equal(reported(SLU_REPORT_REFUSE)->id, 0);
	assert_int_equal(slu_loop_connections(loop), 1);
	assert_int_equal(c[0]->err, 0);
	client_free(c[0]);
	client_free(c[1]);
	slu_loop_free(loop);
}

static void limits_connections(void **state)
{
	(void)state;
	limit((struct slu_loop_config){.dir = -1, .max_per_address = 1}, "max-per-address");
	limit((struct slu_loop_config){.dir = -1, .max_per_address = 9, .max_connections = 1}, "max-connections");
}

/* Only some of a flood are listened to, and none of those for long. */
static void closes_a_flood_at_once(void **state)
{
	enum { FLOOD = 30, LISTENED_TO = 8 };
	struct slu_loop_config config = {.dir = -1, .max_connections = 1};
	uint64_t until = slu_now_ms() + PATIENCE_MS;
	char bound[SLU_LISTENER_URL], byte;
	struct slu_loop *loop = start(&config, bound);
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct client *c[1] = {connect_to(bound, "live/a", true)};
	unsigned closed = 0;
	int fd[FLOOD];

	(void)state;
	turn(loop, c, 1, first_publishes);
	at.sin_port = htons((uint16_t)atoi(strrchr(bound, ':') + 1));
	for (int i = 0; i < FLOOD; i++) {
		fd[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(fd[i], (struct sockaddr *)&at, sizeof at), 0);
	}
	assert_int_equal(slu_loop_step(loop, 100), 0);
	for (int i = 0; i < FLOOD; i++)
		closed += recv(fd[i], &byte, 1, MSG_DONTWAIT) == 0;
	assert_int_equal(closed, FLOOD - LISTENED_TO);
	/* The others say nothing for a second. */
	for (int i = 0; i < FLOOD; i++)
		while (recv(fd[i], &byte, 1, MSG_DONTWAIT) != 0 && slu_now_ms() < until)
			assert_int_equal(slu_loop_step(loop, 100), 0);
	assert_true(slu_now_ms() < until);
	assert_int_equal(slu_loop_connections(loop), 1);
	assert_int_equal(c[0]->err, 0);
	for (int i = 0; i < FLOOD; i++)
		close(fd[i]);
	client_free(c[0]);
	slu_loop_free(loop);
	/* The first of them, and the rest in one. */
	assert_int_equal(reported(SLU_REPORT_REFUSE)->count, FLOOD - 1);
}

static void closes_idle_clients(void **state)
{
	struct slu_loop_config config = {.dir = -1, .idle_timeout_ms = 50};
	char bound[SLU_LISTENER_URL];
	struct slu_loop *loop = start(&config, bound);
	uint64_t until = slu_now_ms() + PATIENCE_MS;
	struct slu_conn_config client = {.session.role = SLU_CLIENT};
	struct slu_conn *c;
	struct slu_event ev;
	char error[256];

	(void)state;
	c = slu_conn_open(&client, bound, NULL, error, sizeof error);
	assert_non_null(c);
	while (!slu_conn_closed(c) && slu_now_ms() < until) {
		assert_int_equal(slu_loop_step(loop, 1), 0);
		slu_conn_process(c);
		while (slu_conn_event(c, &ev))
			;
	}
	assert_true(slu_conn_closed(c));
	slu_conn_free(c);
	slu_loop_free(loop);
}

static bool first_ended(struct client **c)
{
	return slu_conn_closed(c[0]->c);
}

/* A name is not held by somebody who sends nothing under it. */
static void closes_silent_publishers(void **state)
{
	struct slu_loop_config config = {.dir = -1, .publish_timeout_ms = 100};
	char bound[SLU_LISTENER_URL];
	struct slu_loop *loop = start(&config, bound);
	struct client *c[2];

	(void)state;
	c[0] = connect_to(bound, "live/cam", true);
	c[1] = connect_to(bound, "live/cam", false);
	turn(loop, c, 2, first_publishes);
	send_configs(c[0]);
	slu_conn_flush(c[0]->c);
	turn(loop, c, 2, first_ended);
	assert_int_equal(reported(SLU_REPORT_UNPUBLISH)->messages, 2);
	/* Its player was told, and may stay. */
	turn(loop, c + 1, 1, first_saw_the_end);
	assert_int_equal(c[1]->media, 2);
	assert_int_equal(c[1]->err, 0);
	client_free(c[0]);
	c[0] = connect_to(bound, "live/cam", true);
	turn(loop, c, 1, first_publishes);
	assert_true(c[0]->publishing);
	client_free(c[0]);
	client_free(c[1]);
	slu_loop_free(loop);
}

/* Who sends now and then is not idle, however long that goes on; nor is who plays and gets nothing. */
static void keeps_slow_publishers(void **state)
{
	struct slu_loop_config config = {.dir = -1, .idle_timeout_ms = 400, .publish_timeout_ms = 400};
	char bound[SLU_LISTENER_URL];
	struct slu_loop *loop = start(&config, bound);
	uint64_t until;
	struct client *c[2];

	(void)state;
	c[0] = connect_to(bound, "live/cam", true);
	c[1] = connect_to(bound, "live/another", false);
	turn(loop, c, 2, first_publishes);
	until = slu_now_ms() + 3 * config.idle_timeout_ms;
	for (uint32_t i = 0; slu_now_ms() < until; i++) {
		send_frame(c[0], 8, i, "\xaf\x01", 2);
		assert_int_equal(slu_conn_flush(c[0]->c), 0);
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
		assert_int_equal(slu_loop_step(loop, 0), 0); /* which finds a frame, however late it comes */
	}
	assert_int_equal(slu_loop_connections(loop), 2);
	assert_null(reported(SLU_REPORT_UNPUBLISH));
	client_free(c[0]);
	client_free(c[1]);
	slu_loop_free(loop);
}

/* One who is closed for idleness and does not close its own end is waited for asleep. */
static void sleeps_while_an_idle_client_lingers(void **state)
{
	struct slu_loop_config config = {.dir = -1, .publish_timeout_ms = 50, .conn.close_timeout_ms = 300};
	char bound[SLU_LISTENER_URL];
	struct slu_loop *loop = start(&config, bound);
	unsigned steps = 0;
	struct client *c[1];

	(void)state;
	c[0] = connect_to(bound, "live/cam", true);
	turn(loop, c, 1, first_publishes);
	for (; slu_loop_connections(loop); steps++)
		assert_int_equal(slu_loop_step(loop, -1), 0);
	if (steps > 50)
		fail_msg("the loop woke up %u times", steps);
	assert_int_equal(reported(SLU_REPORT_UNPUBLISH)->messages, 0);
	client_free(c[0]);
	slu_loop_free(loop);
}

/* Without descriptors for more, clients wait in the kernel, and the loop does not spin over them. */
static void waits_for_descriptors(void **state)
{
	struct slu_loop_config config = {.dir = -1};
	char bound[SLU_LISTENER_URL];
	struct slu_loop *loop = start(&config, bound);
	struct rlimit old, none;
	unsigned steps = 0;
	struct client *c[1];
	uint64_t until;

	(void)state;
	c[0] = connect_to(bound, "live/cam", true);
	for (int i = 0; i < 5; i++)
		slu_conn_process(c[0]->c); /* its socket is there */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (until = slu_now_ms() + 200; slu_now_ms() < until; steps++)
		assert_int_equal(slu_loop_step(loop, 50), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	if (steps > 20)
		fail_msg("the loop woke up %u times", steps);
	assert_int_equal(slu_loop_connections(loop), 0);
	turn(loop, c, 1, first_publishes);
	assert_int_equal(slu_loop_connections(loop), 1);
	client_free(c[0]);
	slu_loop_free(loop);
}

static bool both_have_21(struct client **c)
{
	return c[1]->media >= 21 && c[2]->media >= 21;
}

static void ends_in_order(void **state)
{
	struct slu_loop_config config = {.dir = kit_dir};
	char bound[SLU_LISTENER_URL];
	struct slu_loop *loop = start(&config, bound);
	uint64_t until = slu_now_ms() + PATIENCE_MS;
	struct client *c[3];
	struct slu_event ev;

	(void)state;
	c[0] = connect_to(bound, "live/cam", true);
	c[1] = connect_to(bound, "live/cam", false);
	c[2] = connect_to(bound, "live/cam", false);
	turn(loop, c, 3, first_publishes);
	send_configs(c[0]);
	send_gop(c[0], 1000);
	turn(loop, c, 3, both_have_21);
	slu_loop_stop(loop);
	while (slu_loop_connections(loop) && slu_now_ms() < until) {
		assert_int_equal(slu_loop_step(loop, 1), 0);
		for (int i = 0; i < 3; i++) {
			slu_conn_process(c[i]->c);
			while (slu_conn_event(c[i]->c, &ev))
				see(c[i], &ev);
		}
	}
	assert_int_equal(slu_loop_connections(loop), 0);
	assert_true(c[1]->eof && c[2]->eof);
	assert_int_equal(reported(SLU_REPORT_UNPUBLISH)->messages, 21);
	for (int i = 0; i < 3; i++)
		client_free(c[i]);
	slu_loop_free(loop);
}

static void listens_where_it_is_told(void **state)
{
	static const struct {
		const char *text;
		const char *starts;
		int err;
	} places[] = {
		{"rtmp://127.0.0.1:0", "rtmp://127.0.0.1:", 0},
		{"rtmp://127.0.0.1:0/", "rtmp://127.0.0.1:", 0},
		{"rtmp://localhost:0", "rtmp://", 0},
		{"rtmps://127.0.0.1:0", "", SLU_ERR_INVALID}, /* there is no certificate */
		{"127.0.0.1:0", "", SLU_ERR_INVALID},
		{"rtmp://127.0.0.1:99999999", "", SLU_ERR_INVALID},
		{"rtmp://127.0.0.1:65536", "", SLU_ERR_INVALID},
		{"rtmp://127.0.0.1:x", "", SLU_ERR_INVALID},
		{"rtmp://127.0.0.1:", "", SLU_ERR_INVALID},
		{"rtmp://[::1", "", SLU_ERR_INVALID},
		{"rtmp://127.0.0.1:0/live", "", SLU_ERR_INVALID},
		{"rtmp://192.0.2.1:0", "", SLU_ERR_IO},
	};
	struct slu_loop_config config = {.dir = -1};
	char bound[SLU_LISTENER_URL], error[256];
	struct slu_loop *loop = start(&config, bound);

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		int err = slu_loop_listen(loop, places[i].text, bound, error, sizeof error);

		if (err != places[i].err)
			fail_msg("%s: %d, wanted %d (%s)", places[i].text, err, places[i].err, error);
		if (!err)
			assert_memory_equal(bound, places[i].starts, strlen(places[i].starts));
	}
	/* The very port that is taken. */
	slu_loop_listen(loop, "rtmp://127.0.0.1:0", bound, error, sizeof error);
	assert_int_equal(slu_loop_listen(loop, bound, bound, error, sizeof error), SLU_ERR_IO);
	assert_non_null(strstr(error, "something listens there already"));
	slu_loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(passes_streams_on),
		KIT_TEST(refuses_a_second_publisher),
		KIT_TEST(refuses_names_that_lead_outside),
		KIT_TEST(limits_connections),
		KIT_TEST(closes_a_flood_at_once),
		KIT_TEST(closes_idle_clients),
		KIT_TEST(sends_what_is_wanted),
		KIT_TEST(plays_recordings_piece_by_piece),
		KIT_TEST(writes_recordings_as_they_come),
		KIT_TEST(closes_silent_publishers),
		KIT_TEST(keeps_slow_publishers),
		KIT_TEST(sleeps_while_an_idle_client_lingers),
		KIT_TEST(waits_for_descriptors),
		KIT_TEST(ends_in_order),
		KIT_TEST(listens_where_it_is_told),
	};

	return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
