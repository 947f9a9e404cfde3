/* SPDX-License-Identifier: MIT */
/* The server's loop while the disk stalls: nobody waits for it, neither who publishes nor who plays. */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include <sluice/conn.h>
#include <sluice/flv.h>

#include "record_kit.h"
#include "server/loop.h"
#include "server/record_file.h"

enum { PATIENCE_MS = 20000, FRAMES = 500, FRAME = 20000, SMALL_QUEUE = 1 << 20, STEP_MS = 5000 };

/* ---- the clock, which may be put forward ---- */

static _Atomic uint64_t forward_ms;

uint64_t __real_slu_now_ms(void);
uint64_t __wrap_slu_now_ms(void);

uint64_t __wrap_slu_now_ms(void)
{
	return __real_slu_now_ms() + atomic_load(&forward_ms);
}

/* ---- a disk that stalls ---- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool shut;
	unsigned waiting; /* operations */
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void set_disk(bool shut)
{
	pthread_mutex_lock(&disk.lock);
	disk.shut = shut;
	pthread_cond_broadcast(&disk.changed);
	pthread_mutex_unlock(&disk.lock);
}

static unsigned waiting(void)
{
	unsigned n;

	pthread_mutex_lock(&disk.lock);
	n = disk.waiting;
	pthread_mutex_unlock(&disk.lock);
	return n;
}

static void pass(void)
{
	pthread_mutex_lock(&disk.lock);
	disk.waiting++;
	while (disk.shut)
		pthread_cond_wait(&disk.changed, &disk.lock);
	disk.waiting--;
	pthread_mutex_unlock(&disk.lock);
}

static int slow_create(int dir, const char *path, unsigned *take)
{
	pass();
	return slu_record_path_create(dir, path, take);
}

static ssize_t slow_writev(int fd, const struct iovec *iov, int n)
{
	pass();
	return writev(fd, iov, n);
}

static int slow_close(int fd)
{
	pass();
	return close(fd);
}

/* ---- a server and its clients, in one thread ---- */

static size_t recorded, failures;

static void take_report(void *arg, const struct slu_server_report *r)
{
	(void)arg;
	recorded += r->type == SLU_REPORT_RECORDED;
	failures += r->type == SLU_REPORT_RECORDING;
}

static struct slu_loop *loop;
static struct slu_conn *publisher, *player;
static bool publishing, playing, eof;
static size_t got;

static struct slu_conn *connect_to(const char *bound)
{
	struct slu_conn_config config = {.session.role = SLU_CLIENT};
	char url[SLU_LISTENER_URL + 64], error[256];
	struct slu_conn *c;

	snprintf(url, sizeof url, "%s/live/cam", bound);
	c = slu_conn_open(&config, url, NULL, error, sizeof error);
	if (!c)
		fail_msg("%s", error);
	return c;
}

static void start(const struct slu_record_ops *ops, size_t max_queue)
{
	struct slu_loop_config config = {
		.dir = kit_dir, .record = {.ops = ops, .max_queue = max_queue}, .reporter.fn = take_report};
	char bound[SLU_LISTENER_URL], error[256];

	forward_ms = 0;
	publishing = playing = eof = false;
	got = recorded = failures = 0;
	loop = slu_loop_new(&config, error, sizeof error);
	assert_non_null(loop);
	assert_int_equal(slu_loop_listen(loop, "rtmp://127.0.0.1:0", bound, error, sizeof error), 0);
	player = connect_to(bound);
	slu_session_play(slu_conn_session(player), slu_conn_stream(player),
			 &(struct slu_play){.start = -2, .duration = -1});
	publisher = connect_to(bound);
	slu_session_publish(slu_conn_session(publisher), slu_conn_stream(publisher), SLU_PUBLISH_LIVE);
}

static void stop(void)
{
	slu_conn_free(publisher);
	slu_conn_free(player);
	slu_loop_free(loop);
}

static void serve(struct slu_conn *c)
{
	struct slu_event ev;

	slu_conn_process(c);
	while (slu_conn_event(c, &ev)) {
		publishing |= ev.type == SLU_EVENT_PUBLISHING;
		playing |= ev.type == SLU_EVENT_PLAYING;
		eof |= ev.type == SLU_EVENT_STREAM_EOF;
		got += ev.type == SLU_EVENT_MEDIA;
	}
	slu_conn_flush(c);
}

static void turn(void)
{
	assert_int_equal(slu_loop_step(loop, 1), 0);
	serve(publisher);
	serve(player);
}

static void send_frame(uint32_t i, uint32_t timestamp)
{
	static uint8_t body[FRAME];
	struct slu_msg m = {.type = 9, .timestamp = timestamp, .data = body, .size = sizeof body};

	memcpy(body, i % 25 ? "\x27\x01" : "\x17\x01", 2);
	assert_int_equal(slu_conn_send(publisher, &m), 0);
	turn();
}

static void send_all(uint32_t step)
{
	for (uint32_t i = 0; i < FRAMES; i++)
		send_frame(i, i * step);
}

/* One operation stalls, which one decides ops, and all that is published meanwhile is played to the end. */
static void stall(const struct slu_record_ops *ops)
{
	uint64_t until = slu_now_ms() + PATIENCE_MS;
	struct stat st;

	set_disk(true);
	start(ops, 0);
	while (!(publishing && playing) && slu_now_ms() < until)
		turn();
	send_all(40);
	slu_session_stop(slu_conn_session(publisher));
	while (!(eof && waiting()) && slu_now_ms() < until)
		turn();
	assert_true(eof);
	assert_int_equal(got, FRAMES);
	/* All that time the disk did nothing. */
	assert_int_equal(waiting(), 1);
	assert_int_equal(recorded, 0);
	set_disk(false);
	while (!recorded && slu_now_ms() < until)
		turn();
	assert_int_equal(recorded, 1);
	assert_int_equal(failures, 0);
	assert_int_equal(fstatat(kit_dir, "live/cam.flv", &st, 0), 0);
	assert_true(st.st_size > FRAMES * FRAME);
	stop();
}

static void goes_on_while_a_file_is_made(void **state)
{
	struct slu_record_ops ops = slu_record_ops_system;

	(void)state;
	ops.create = slow_create;
	stall(&ops);
}

static void goes_on_while_a_file_is_written(void **state)
{
	struct slu_record_ops ops = slu_record_ops_system;

	(void)state;
	ops.writev = slow_writev;
	stall(&ops);
}

static void goes_on_while_a_file_is_closed(void **state)
{
	struct slu_record_ops ops = slu_record_ops_system;

	(void)state;
	ops.close = slow_close;
	stall(&ops);
}

/* A live stream is played all the same when there is no room left for the recording, which loses some of it. */
static void delays_no_live_stream(void **state)
{
	struct slu_record_ops ops = slu_record_ops_system;
	uint64_t until = slu_now_ms() + PATIENCE_MS;

	(void)state;
	ops.writev = slow_writev;
	set_disk(true);
	start(&ops, SMALL_QUEUE);
	while (!(publishing && playing) && slu_now_ms() < until)
		turn();
	send_all(0); /* its time does not go on, so it is never ahead */
	while (got < FRAMES && slu_now_ms() < until)
		turn();
	assert_int_equal(got, FRAMES);
	set_disk(false);
	stop();
	assert_int_equal(recorded, 1);
	assert_int_equal(failures, 1);
}

/* A film that is sent as fast as it goes is made to wait, and nothing of it is lost. */
static void lets_a_film_wait(void **state)
{
	struct slu_record_ops ops = slu_record_ops_system;
	uint64_t until = slu_now_ms() + PATIENCE_MS;
	struct stat st;

	(void)state;
	ops.writev = slow_writev;
	set_disk(true);
	start(&ops, SMALL_QUEUE);
	while (!(publishing && playing) && slu_now_ms() < until)
		turn();
	for (uint32_t i = 0; i < FRAMES; i++) {
		/* Once nothing goes on any more the disk does. */
		for (int still = 0; slu_conn_queued(publisher) > 4 * FRAME && still < 200; still++)
			turn();
		if (slu_conn_queued(publisher) > 4 * FRAME && got < FRAMES / 2)
			set_disk(false);
		send_frame(i, i * STEP_MS);
	}
	assert_false(disk.shut);
	while (got < FRAMES && slu_now_ms() < until)
		turn();
	assert_int_equal(got, FRAMES);
	stop();
	assert_int_equal(recorded, 1);
	assert_int_equal(failures, 0);
	assert_int_equal(fstatat(kit_dir, "live/cam.flv", &st, 0), 0);
	assert_int_equal(st.st_size, 13 + 15 + 18 + SLU_RECORD_META_ROOM + FRAMES * (FRAME + 15));
}

/* So much of a film from this frame on as goes before it waits for a disk that does nothing. */
static void send_held(uint32_t from)
{
	set_disk(true);
	for (uint32_t i = from; i < from + FRAMES; i++)
		send_frame(i, i * STEP_MS);
	for (size_t before = SIZE_MAX; before != got;) {
		before = got;
		for (int i = 0; i < 200; i++)
			turn();
	}
	assert_true(got < from + FRAMES / 2);
	assert_true(slu_conn_queued(publisher) > 4 * FRAME);
}

static void hold_a_film(const struct slu_record_ops *ops)
{
	uint64_t until = slu_now_ms() + PATIENCE_MS;

	set_disk(true);
	start(ops, SMALL_QUEUE);
	while (!(publishing && playing) && slu_now_ms() < until)
		turn();
	send_held(0);
}

static void play_to(size_t n)
{
	uint64_t until = slu_now_ms() + PATIENCE_MS;

	while (got < n && slu_now_ms() < until)
		turn();
	assert_int_equal(got, n);
}

/* However often it has waited before. */
static void lets_a_film_wait_again(void **state)
{
	struct slu_record_ops ops = slu_record_ops_system;

	(void)state;
	ops.writev = slow_writev;
	hold_a_film(&ops);
	set_disk(false);
	play_to(FRAMES);
	for (int i = 0; i < 200; i++) /* and the disk has caught up */
		turn();
	atomic_fetch_add(&forward_ms, 10000);
	send_held(FRAMES);
	set_disk(false);
	play_to(2 * FRAMES);
	stop();
	assert_int_equal(recorded, 1);
	assert_int_equal(failures, 0);
}

/* A disk that takes nothing for ten seconds may never do so again: then the film is played on, and its recording loses
 * some of it. */
static void lets_no_film_wait_for_ever(void **state)
{
	struct slu_record_ops ops = slu_record_ops_system;
	size_t before;

	(void)state;
	ops.writev = slow_writev;
	hold_a_film(&ops);
	before = got;
	atomic_fetch_add(&forward_ms, 2000);
	for (int i = 0; i < 200; i++)
		turn();
	assert_int_equal(got, before);
	atomic_fetch_add(&forward_ms, 8000);
	play_to(FRAMES);
	set_disk(false);
	stop();
	assert_int_equal(recorded, 1);
	assert_int_equal(failures, 1);
}

/* Who is gone while it waits costs nothing, and is let go in the end. */
static void a_film_that_breaks_off_while_it_waits(void **state)
{
	const struct linger reset = {.l_onoff = 1};
	struct slu_record_ops ops = slu_record_ops_system;
	uint64_t until;
	unsigned steps = 0;

	(void)state;
	ops.writev = slow_writev;
	hold_a_film(&ops);
	assert_int_equal(setsockopt(slu_conn_fd(publisher), SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
	slu_conn_free(publisher);
	publisher = NULL;
	for (until = slu_now_ms() + 300; slu_now_ms() < until; steps++)
		assert_int_equal(slu_loop_step(loop, 1000), 0);
	/* It is looked after each 20 ms. */
	assert_in_range(steps, 1, 60);
	assert_int_equal(slu_loop_connections(loop), 2);
	atomic_fetch_add(&forward_ms, 10000);
	until = slu_now_ms() + PATIENCE_MS;
	while (slu_loop_connections(loop) > 1 && slu_now_ms() < until)
		assert_int_equal(slu_loop_step(loop, 10), 0);
	assert_int_equal(slu_loop_connections(loop), 1);
	set_disk(false);
	stop();
	assert_int_equal(recorded, 1);
}

/* What was published before the loop is freed is in its file when that returns. */
static void ends_with_whole_files(void **state)
{
	uint64_t until = slu_now_ms() + PATIENCE_MS;
	struct stat st;

	(void)state;
	set_disk(false);
	start(NULL, 0);
	while (!(publishing && playing) && slu_now_ms() < until)
		turn();
	send_all(40);
	while (got < FRAMES && slu_now_ms() < until)
		turn();
	assert_int_equal(got, FRAMES);
	stop();
	assert_int_equal(recorded, 1);
	assert_int_equal(fstatat(kit_dir, "live/cam.flv", &st, 0), 0);
	assert_int_equal(st.st_size, 13 + 15 + 18 + SLU_RECORD_META_ROOM + FRAMES * (FRAME + 15));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(goes_on_while_a_file_is_made),
		KIT_TEST(goes_on_while_a_file_is_written),
		KIT_TEST(goes_on_while_a_file_is_closed),
		KIT_TEST(delays_no_live_stream),
		KIT_TEST(lets_a_film_wait),
		KIT_TEST(lets_a_film_wait_again),
		KIT_TEST(lets_no_film_wait_for_ever),
		KIT_TEST(a_film_that_breaks_off_while_it_waits),
		KIT_TEST(ends_with_whole_files),
	};

	return cmocka_run_group_tests_name("loop_record", tests, NULL, NULL);
}
